/* loop.c -- owns the event loop (libevent): descriptors, timers, deferred calls, signals. */
#include "net/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/queue.h>
#include <unistd.h>

struct loop_defer {
    struct loop *loop;
    void (*fn)(void *arg);
    void *arg;
    struct defer_list *in; /* the list it waits in; NULL = not scheduled */
    TAILQ_ENTRY(loop_defer) link;
};

TAILQ_HEAD(defer_list, loop_defer);

struct loop {
    struct event_base *base;
    struct event wake_event;
    int wake_read, wake_write;
    struct defer_list scheduled, running;
    bool stop;
};

/* What one wake writes into the pipe: at most PIPE_BUF bytes, so the kernel never mixes two. */
struct wake {
    void (*fn)(void *arg);
    void *arg;
};

enum { WAKES_A_READ = 64 };

static void wake_ready(evutil_socket_t fd, short events, void *arg)
{
    struct wake wakes[WAKES_A_READ];
    ssize_t n = read(fd, wakes, sizeof(wakes));

    (void)events;
    (void)arg;
    for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(*wakes); i++)
        wakes[i].fn(wakes[i].arg);
}

/* The reading end never blocks; the writing end does when 4096 wakes wait, which holds back their senders (N9). */
static enum err wake_open(struct loop *loop)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return ERR_IO;
    loop->wake_read = ends[0];
    loop->wake_write = ends[1];
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK))
        return ERR_IO;
    if (event_assign(&loop->wake_event, loop->base, ends[0], EV_READ | EV_PERSIST, wake_ready, loop))
        return ERR_INTERNAL;
    return event_add(&loop->wake_event, NULL) ? ERR_IO : OK;
}

enum err loop_new(struct loop **out)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    enum err err = ERR_MEMORY;

    if (!loop)
        return ERR_MEMORY;
    loop->wake_read = loop->wake_write = -1;
    TAILQ_INIT(&loop->scheduled);
    TAILQ_INIT(&loop->running);
    signal(SIGPIPE, SIG_IGN); /* a peer that left is an error of the write, never a signal */
    loop->base = event_base_new();
    if (!loop->base)
        goto done;
    err = wake_open(loop);
    if (err)
        goto done;
    *out = loop;
    loop = NULL;
done:
    loop_free(loop);
    return err;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    if (event_initialized(&loop->wake_event))
        event_del(&loop->wake_event);
    if (loop->wake_read >= 0)
        close(loop->wake_read);
    if (loop->wake_write >= 0)
        close(loop->wake_write);
    if (loop->base)
        event_base_free(loop->base);
    free(loop);
}

/* Runs what was scheduled before now; what these calls schedule runs at the end of the next turn, which does not wait. */
static void run_deferred(struct loop *loop)
{
    struct loop_defer *d;

    TAILQ_CONCAT(&loop->running, &loop->scheduled, link);
    TAILQ_FOREACH(d, &loop->running, link)
    d->in = &loop->running;
    while ((d = TAILQ_FIRST(&loop->running)) != NULL) {
        TAILQ_REMOVE(&loop->running, d, link);
        d->in = NULL;
        d->fn(d->arg);
    }
}

enum err loop_run(struct loop *loop)
{
    enum err err = OK;

    while (!loop->stop && !err) {
        int flags = TAILQ_EMPTY(&loop->scheduled) ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK;

        if (event_base_loop(loop->base, flags) < 0)
            err = ERR_IO;
        run_deferred(loop);
    }
    loop->stop = false;
    return err;
}

void loop_stop(struct loop *loop)
{
    loop->stop = true;
}

void loop_wake(struct loop *loop, void (*fn)(void *arg), void *arg)
{
    struct wake wake = {.fn = fn, .arg = arg};
    ssize_t n;

    do
        n = write(loop->wake_write, &wake, sizeof(wake));
    while (n < 0 && errno == EINTR);
}

struct loop_fd {
    struct event read_event, write_event;
    int watched; /* LOOP_READ and LOOP_WRITE as added now */
    void (*ready)(void *arg, int events);
    void *arg;
};

static void fd_ready(evutil_socket_t fd, short events, void *arg)
{
    struct loop_fd *w = arg;

    (void)fd;
    w->ready(w->arg, (events & EV_READ ? LOOP_READ : 0) | (events & EV_WRITE ? LOOP_WRITE : 0));
}

enum err loop_fd_new(struct loop *loop, int fd, void (*ready)(void *arg, int events), void *arg, struct loop_fd **out)
{
    struct loop_fd *w = calloc(1, sizeof(*w));
    enum err err = ERR_MEMORY;

    if (!w)
        return ERR_MEMORY;
    w->ready = ready;
    w->arg = arg;
    err = ERR_IO;
    if (event_assign(&w->read_event, loop->base, fd, EV_READ | EV_PERSIST, fd_ready, w) ||
        event_assign(&w->write_event, loop->base, fd, EV_WRITE | EV_PERSIST, fd_ready, w))
        goto done;
    err = loop_fd_watch(w, LOOP_READ);
    if (err)
        goto done;
    *out = w;
    w = NULL;
done:
    loop_fd_free(w);
    return err;
}

/* Adds or removes one of the two events so that it is as `want` says. */
static enum err fd_toggle(struct loop_fd *w, struct event *event, int bit, int want)
{
    if (!((w->watched ^ want) & bit))
        return OK;
    if (want & bit ? event_add(event, NULL) : event_del(event))
        return ERR_IO;
    w->watched ^= bit;
    return OK;
}

enum err loop_fd_watch(struct loop_fd *w, int events)
{
    enum err err = fd_toggle(w, &w->read_event, LOOP_READ, events);

    return err ? err : fd_toggle(w, &w->write_event, LOOP_WRITE, events);
}

void loop_fd_free(struct loop_fd *w)
{
    if (!w)
        return;
    if (event_initialized(&w->read_event))
        event_del(&w->read_event);
    if (event_initialized(&w->write_event))
        event_del(&w->write_event);
    free(w);
}

struct loop_timer {
    struct event event;
    void (*fire)(void *arg);
    void *arg;
};

static void timer_fired(evutil_socket_t fd, short events, void *arg)
{
    struct loop_timer *t = arg;

    (void)fd;
    (void)events;
    t->fire(t->arg);
}

enum err loop_timer_new(struct loop *loop, void (*fire)(void *arg), void *arg, struct loop_timer **out)
{
    struct loop_timer *t = calloc(1, sizeof(*t));

    if (!t)
        return ERR_MEMORY;
    t->fire = fire;
    t->arg = arg;
    if (evtimer_assign(&t->event, loop->base, timer_fired, t)) {
        free(t);
        return ERR_INTERNAL;
    }
    *out = t;
    return OK;
}

void loop_timer_start(struct loop_timer *t, int64_t after_ms)
{
    int64_t ms = after_ms < 0 ? 0 : after_ms;
    struct timeval after = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

    evtimer_add(&t->event, &after);
}

void loop_timer_stop(struct loop_timer *t)
{
    evtimer_del(&t->event);
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t)
        return;
    evtimer_del(&t->event);
    free(t);
}

enum err loop_defer_new(struct loop *loop, void (*fn)(void *arg), void *arg, struct loop_defer **out)
{
    struct loop_defer *d = calloc(1, sizeof(*d));

    if (!d)
        return ERR_MEMORY;
    d->loop = loop;
    d->fn = fn;
    d->arg = arg;
    *out = d;
    return OK;
}

void loop_defer_schedule(struct loop_defer *d)
{
    if (d->in)
        return;
    TAILQ_INSERT_TAIL(&d->loop->scheduled, d, link);
    d->in = &d->loop->scheduled;
}

void loop_defer_free(struct loop_defer *d)
{
    if (!d)
        return;
    if (d->in)
        TAILQ_REMOVE(d->in, d, link);
    free(d);
}

struct loop_signal {
    struct event event;
    void (*fn)(void *arg);
    void *arg;
};

static void signal_arrived(evutil_socket_t number, short events, void *arg)
{
    struct loop_signal *s = arg;

    (void)number;
    (void)events;
    s->fn(s->arg);
}

enum err loop_signal_new(struct loop *loop, int signal_number, void (*fn)(void *arg), void *arg, struct loop_signal **out)
{
    struct loop_signal *s = calloc(1, sizeof(*s));

    if (!s)
        return ERR_MEMORY;
    s->fn = fn;
    s->arg = arg;
    if (evsignal_assign(&s->event, loop->base, signal_number, signal_arrived, s) || event_add(&s->event, NULL)) {
        free(s);
        return ERR_IO;
    }
    *out = s;
    return OK;
}

void loop_signal_free(struct loop_signal *s)
{
    if (!s)
        return;
    event_del(&s->event);
    free(s);
}
