/* server.c -- owns the HTTP server object: its listeners, how fast it accepts, its connections, its stop. */
#include "net/server.h"

#include "base/log.h"
#include "net/http_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 16384,     /* of one exchange, beyond the head's maximum: one TLS record */
    BODIES_IN_MEMORY = 128,   /* bodies of the maximum size that may be in memory at once */
    ACCEPTS_A_TURN = 32,      /* then connections get their turn */
    ACCEPT_PAUSE_MIN_MS = 50, /* first pause when descriptors are out; doubled up to the longest */
    ACCEPT_PAUSE_MAX_MS = 1000,
};

struct http_listener {
    struct http_server *server;
    int fd;
    struct tls_context *tls;
    struct loop_fd *watch;
    SLIST_ENTRY(http_listener) link;
};

static void turn_end(void *arg);
static void accept_again(void *arg);

enum err http_server_new(struct loop *loop, const struct http_limits *limits, const struct http_handler *handler, void *arg,
                         struct http_server **out)
{
    struct http_server *s = calloc(1, sizeof(*s));
    enum err err = ERR_MEMORY;

    if (!s)
        return ERR_MEMORY;
    s->loop = loop;
    s->limits = *limits;
    s->handler = handler;
    s->arg = arg;
    s->in_bytes = limits->head_max_bytes + BUFFER_BYTES;
    s->big_max_bytes = limits->body_max_bytes * BODIES_IN_MEMORY;
    s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    SLIST_INIT(&s->listeners);
    SLIST_INIT(&s->pool);
    TAILQ_INIT(&s->conns);
    TAILQ_INIT(&s->ready);
    TAILQ_INIT(&s->dead);
    err = loop_defer_new(loop, turn_end, s, &s->turn_end);
    if (err)
        goto done;
    err = loop_timer_new(loop, accept_again, s, &s->accept_timer);
    if (err)
        goto done;
    *out = s;
    s = NULL;
done:
    http_server_free(s);
    return err;
}

static void listener_free(struct http_listener *l)
{
    loop_fd_free(l->watch);
    close(l->fd);
    free(l);
}

static void free_listeners(struct http_server *s)
{
    struct http_listener *l;

    while ((l = SLIST_FIRST(&s->listeners)) != NULL) {
        SLIST_REMOVE_HEAD(&s->listeners, link);
        listener_free(l);
    }
}

static void free_dead(struct http_server *s)
{
    struct http_conn *c;

    while ((c = TAILQ_FIRST(&s->dead)) != NULL) {
        TAILQ_REMOVE(&s->dead, c, link);
        http_conn_free(c);
    }
}

void http_server_free(struct http_server *s)
{
    struct http_conn *c;

    if (!s)
        return;
    free_listeners(s);
    while ((c = TAILQ_FIRST(&s->conns)) != NULL)
        http_conn_close(c);
    free_dead(s);
    http_exchange_pool_free(s);
    loop_defer_free(s->turn_end);
    loop_timer_free(s->accept_timer);
    if (s->reserve_fd >= 0)
        close(s->reserve_fd);
    free(s);
}

size_t http_server_connections(const struct http_server *s)
{
    return s->n_conns;
}

/* Connections that were scheduled during this go on in the next turn, so that nobody holds up the others. */
static void resume_ready(struct http_server *s)
{
    struct http_conn *c;
    size_t n = 0;

    TAILQ_FOREACH(c, &s->ready, ready_link)
    n++;
    while (n-- && (c = TAILQ_FIRST(&s->ready)) != NULL) {
        TAILQ_REMOVE(&s->ready, c, ready_link);
        c->scheduled = false;
        if (s->stopping)
            http_conn_stop(c);
        else
            http_conn_resume(c);
    }
}

static void turn_end(void *arg)
{
    struct http_server *s = arg;

    resume_ready(s);
    free_dead(s);
    if (s->stopping && s->n_conns == 0 && s->stopped) {
        void (*stopped)(void *) = s->stopped;

        s->stopped = NULL;
        stopped(s->stopped_arg); /* may free the server */
    }
}

void http_server_schedule(struct http_server *s, struct http_conn *c)
{
    if (!c->scheduled)
        TAILQ_INSERT_TAIL(&s->ready, c, ready_link);
    c->scheduled = true;
    loop_defer_schedule(s->turn_end);
}

static void watch_listeners(struct http_server *s, int events)
{
    struct http_listener *l;

    SLIST_FOREACH(l, &s->listeners, link)
    if (loop_fd_watch(l->watch, events))
        LOG(LOG_ERROR, "listener not watched", KV_INT("fd", l->fd));
}

void http_server_bury(struct http_server *s, struct http_conn *c)
{
    if (c->scheduled)
        TAILQ_REMOVE(&s->ready, c, ready_link);
    c->scheduled = false;
    TAILQ_REMOVE(&s->conns, c, link);
    TAILQ_INSERT_TAIL(&s->dead, c, link);
    s->n_conns--;
    if (s->full) {
        s->full = false;
        watch_listeners(s, LOOP_READ);
    }
    loop_defer_schedule(s->turn_end);
}

/* At most one line a second, however many are turned away (facts: reliability 2, 18). */
static void log_accept_trouble(struct http_server *s, const char *what)
{
    int64_t now_us = clock_mono_us(&clock_system);

    if (s->accept_logged_us && now_us - s->accept_logged_us < US_PER_S)
        return;
    s->accept_logged_us = now_us;
    LOG(LOG_WARN, "accepting is paused", KV_TEXT("reason", what), KV_UINT("connections", s->n_conns));
}

/* Descriptors or memory are out: one client is turned away with the reserve descriptor, then nobody is accepted for a while. */
static void pause_accepting(struct http_server *s, int listener_fd, int error)
{
    if ((error == EMFILE || error == ENFILE) && s->reserve_fd >= 0) {
        int refused;

        close(s->reserve_fd);
        refused = accept4(listener_fd, NULL, NULL, SOCK_CLOEXEC);
        if (refused >= 0)
            close(refused);
        s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    log_accept_trouble(s, strerror(error));
    s->accept_pause_ms = s->accept_pause_ms ? s->accept_pause_ms * 2 : ACCEPT_PAUSE_MIN_MS;
    if (s->accept_pause_ms > ACCEPT_PAUSE_MAX_MS)
        s->accept_pause_ms = ACCEPT_PAUSE_MAX_MS;
    watch_listeners(s, 0);
    loop_timer_start(s->accept_timer, s->accept_pause_ms);
}

static void accept_again(void *arg)
{
    struct http_server *s = arg;

    if (!s->full)
        watch_listeners(s, LOOP_READ);
}

/* One client; false when there is none, or none may come in. */
static bool accept_one(struct http_listener *l)
{
    struct http_server *s = l->server;
    struct sockaddr_storage address;
    socklen_t address_len = sizeof(address);
    char peer[NET_ADDRESS_CHARS];
    int fd = accept4(l->fd, (struct sockaddr *)&address, &address_len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        int error = errno;

        if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM)
            pause_accepting(s, l->fd, error);
        return error == ECONNABORTED || error == EINTR;
    }
    s->accept_pause_ms = 0;
    net_peer_text(&address, peer, sizeof(peer));
    if (http_conn_new(s, fd, l->tls, peer))
        log_accept_trouble(s, "memory is out");
    return true;
}

static void acceptable(void *arg, int events)
{
    struct http_listener *l = arg;
    struct http_server *s = l->server;
    int left = ACCEPTS_A_TURN;

    (void)events;
    while (left-- && s->n_conns < s->limits.connections && accept_one(l))
        ;
    if (s->n_conns >= s->limits.connections) {
        s->full = true;
        log_accept_trouble(s, "connection limit");
        watch_listeners(s, 0);
    }
}

enum err http_server_accept(struct http_server *s, int fd, struct tls_context *tls)
{
    struct http_listener *l = calloc(1, sizeof(*l));
    enum err err = ERR_MEMORY;

    if (!l)
        goto done;
    *l = (struct http_listener){.server = s, .fd = fd, .tls = tls};
    err = loop_fd_new(s->loop, fd, acceptable, l, &l->watch);
    if (err)
        goto done;
    SLIST_INSERT_HEAD(&s->listeners, l, link);
    return OK;
done:
    free(l);
    close(fd);
    return err;
}

void http_server_stop(struct http_server *s, void (*stopped)(void *arg), void *arg)
{
    struct http_conn *c;

    s->stopping = true;
    s->stopped = stopped;
    s->stopped_arg = arg;
    loop_timer_stop(s->accept_timer);
    free_listeners(s);
    for (c = TAILQ_FIRST(&s->conns); c; c = TAILQ_NEXT(c, link))
        http_server_schedule(s, c);
    loop_defer_schedule(s->turn_end);
}

struct str http_server_date(struct http_server *s)
{
    int64_t now_s = clock_wall_us(&clock_system) / US_PER_S;

    if (now_s != s->date_s) {
        http_date(now_s, s->date);
        s->date_s = now_s;
    }
    return str_n(s->date, HTTP_DATE_CHARS);
}
