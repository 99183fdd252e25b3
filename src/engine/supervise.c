/* supervise.c -- owns the supervision of role processes: started, started again with back-off, stopped in order. */
#include "engine/supervise.h"

#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BACKOFF_MS_MIN = 100, BACKOFF_MS_MAX = 3000, CALM_MS = 5000, LINE_BYTES_MAX = 4096 };

/*
 *   WAITING --start_process--> RUNNING --process_ended--> WAITING (after the back-off) or ENDED (stopping, or failed)
 *   RUNNING --stop_process--> STOPPING --process_ended--> ENDED
 */
enum process_state { PROCESS_WAITING, PROCESS_RUNNING, PROCESS_STOPPING, PROCESS_ENDED };

struct process {
    struct supervisor *s;
    const struct role *role;
    enum process_state state;
    pid_t pid;
    int out; /* -1: none */
    struct loop_fd *watch;
    struct loop_timer *timer; /* WAITING: the next start; STOPPING: SIGKILL */
    struct buf line;
    int64_t started_us, backoff_ms;
    bool ready; /* has been, once */
};

struct supervisor {
    struct loop *loop;
    const struct clock *clock;
    const struct supervisor_handler *handler;
    void *arg;
    struct loop_signal *child_signal;
    struct process *processes[SUPERVISED_MAX];
    size_t n;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static void close_output(struct process *p)
{
    loop_fd_free(p->watch);
    p->watch = NULL;
    if (p->out >= 0)
        close(p->out);
    p->out = -1;
}

/* "ready ..." is for us; everything else is passed on. */
static void take_line(struct process *p, struct str line)
{
    struct str word = STR("ready");

    if (str_starts(line, word) && (line.len == word.len || line.p[word.len] == ' ')) {
        p->ready = true;
        p->s->handler->reported(p->s->arg, p->role, str_trim(str_from(line, word.len)));
        return;
    }
    printf("%.*s\n", STR_ARG(line));
    fflush(stdout);
}

static void take_lines(struct process *p)
{
    for (;;) {
        size_t end = str_find(buf_str(&p->line), '\n');

        if (end == p->line.len)
            return;
        take_line(p, str_upto(buf_str(&p->line), end));
        buf_drop(&p->line, end + 1);
    }
}

static void output_ready(void *arg, int events)
{
    struct process *p = arg;
    char bytes[1024];
    ssize_t n = read(p->out, bytes, sizeof(bytes));

    (void)events;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_output(p);
        return;
    }
    if (buf_append(&p->line, str_n(bytes, (size_t)n))) { /* a line without end: passed on in pieces */
        take_line(p, buf_str(&p->line));
        buf_clear(&p->line);
    }
    take_lines(p);
}

/* Ends the child at once, if there is one. */
static void end_process(struct process *p)
{
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    p->pid = -1;
    close_output(p);
}

static enum err start_process(struct process *p, struct buf *why)
{
    enum err err = child_start(&p->role->plan, &p->pid, &p->out, why);

    if (!err && p->out >= 0)
        err = loop_fd_new(p->s->loop, p->out, output_ready, p, &p->watch);
    if (err) {
        end_process(p); /* a child that cannot be heard must not stay beside the next one */
        return err;
    }
    p->state = PROCESS_RUNNING;
    p->started_us = clock_mono_us(p->s->clock);
    buf_clear(&p->line);
    LOG(LOG_INFO, "role started", KV_TEXT("role", p->role->name), KV_INT("pid", p->pid));
    return OK;
}

static void wait_backoff(struct process *p)
{
    p->state = PROCESS_WAITING;
    loop_timer_start(p->timer, p->backoff_ms);
    p->backoff_ms = p->backoff_ms * 2 < BACKOFF_MS_MAX ? p->backoff_ms * 2 : BACKOFF_MS_MAX;
}

static void timer_fired(void *arg)
{
    struct process *p = arg;
    struct buf why = BUF_INIT(LINE_BYTES_MAX);

    if (p->state == PROCESS_STOPPING) {
        LOG(LOG_WARN, "role did not stop in time and is killed", KV_TEXT("role", p->role->name), KV_INT("pid", p->pid));
        kill(p->pid, SIGKILL);
    } else if (p->state == PROCESS_WAITING && start_process(p, &why)) {
        LOG(LOG_ERROR, "role cannot be started", KV_TEXT("role", p->role->name), KV_TEXT("why", buf_text(&why)));
        wait_backoff(p);
    }
    buf_release(&why);
}

/* The lowest rank that still has a process; INT_MAX when none has. */
static int lowest_rank(const struct supervisor *s)
{
    int lowest = INT_MAX;

    for (size_t i = 0; i < s->n; i++)
        if (s->processes[i]->state != PROCESS_ENDED && s->processes[i]->role->stop_rank < lowest)
            lowest = s->processes[i]->role->stop_rank;
    return lowest;
}

static void stop_process(struct process *p)
{
    if (p->state == PROCESS_WAITING) {
        loop_timer_stop(p->timer);
        p->state = PROCESS_ENDED;
    } else if (p->state == PROCESS_RUNNING) {
        p->state = PROCESS_STOPPING;
        kill(p->pid, SIGTERM);
        loop_timer_start(p->timer, p->role->stop_timeout_ms);
    }
}

/* Tells the next rank to stop once the one before has ended. */
static void stop_next(struct supervisor *s)
{
    void (*stopped)(void *arg) = s->stopped;
    int rank;

    for (rank = lowest_rank(s); rank != INT_MAX; rank = lowest_rank(s)) {
        bool waits = false;

        for (size_t i = 0; i < s->n; i++) {
            if (s->processes[i]->role->stop_rank == rank)
                stop_process(s->processes[i]);
            waits = waits || s->processes[i]->state == PROCESS_STOPPING;
        }
        if (waits)
            return;
    }
    s->stopped = NULL;
    if (stopped)
        stopped(s->stopped_arg);
}

static void log_end(const struct process *p, int status)
{
    enum log_level level = p->state == PROCESS_STOPPING ? LOG_INFO : LOG_ERROR;

    if (WIFSIGNALED(status))
        LOG(level, "role ended by a signal", KV_TEXT("role", p->role->name), KV_INT("pid", p->pid),
            KV_INT("signal", WTERMSIG(status)));
    else
        LOG(level, "role ended", KV_TEXT("role", p->role->name), KV_INT("pid", p->pid), KV_INT("exit", WEXITSTATUS(status)));
}

static void process_ended(struct process *p, int status)
{
    bool by_itself = WIFEXITED(status) && WEXITSTATUS(status) != 0;

    log_end(p, status);
    if (p->out >= 0)
        output_ready(p, LOOP_READ); /* its last words */
    close_output(p);
    loop_timer_stop(p->timer);
    p->pid = -1;
    if (p->state == PROCESS_STOPPING) {
        p->state = PROCESS_ENDED;
    } else if (by_itself && !p->ready) {
        p->state = PROCESS_ENDED;
        p->s->handler->failed(p->s->arg, p->role);
    } else {
        if (clock_mono_us(p->s->clock) - p->started_us >= CALM_MS * US_PER_MS)
            p->backoff_ms = BACKOFF_MS_MIN;
        wait_backoff(p);
    }
}

static void child_ended(void *arg)
{
    struct supervisor *s = arg;
    int status;

    for (size_t i = 0; i < s->n; i++)
        if (s->processes[i]->pid > 0 && waitpid(s->processes[i]->pid, &status, WNOHANG) == s->processes[i]->pid)
            process_ended(s->processes[i], status);
    if (s->stopping)
        stop_next(s);
}

enum err supervisor_new(struct loop *loop, const struct clock *clock, const struct supervisor_handler *handler, void *arg,
                        struct supervisor **out)
{
    struct supervisor *s = calloc(1, sizeof(*s));
    enum err err = s ? loop_signal_new(loop, SIGCHLD, child_ended, s, &s->child_signal) : ERR_MEMORY;

    if (err) {
        free(s);
        return err;
    }
    s->loop = loop;
    s->clock = clock;
    s->handler = handler;
    s->arg = arg;
    *out = s;
    return OK;
}

static void process_free(struct process *p)
{
    end_process(p);
    loop_timer_free(p->timer);
    buf_release(&p->line);
    free(p);
}

void supervisor_free(struct supervisor *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        process_free(s->processes[i]);
    loop_signal_free(s->child_signal);
    free(s);
}

static enum err add_process(struct supervisor *s, const struct role *role, struct buf *why)
{
    struct process *p = s->n < SUPERVISED_MAX ? calloc(1, sizeof(*p)) : NULL;
    enum err err;

    if (!p)
        return s->n < SUPERVISED_MAX ? ERR_MEMORY : ERR_TOO_MANY;
    *p = (struct process){.s = s, .role = role, .pid = -1, .out = -1, .backoff_ms = BACKOFF_MS_MIN};
    p->line = BUF_INIT(LINE_BYTES_MAX);
    s->processes[s->n++] = p;
    err = loop_timer_new(s->loop, timer_fired, p, &p->timer);
    if (!err)
        err = start_process(p, why);
    if (err)
        p->state = PROCESS_ENDED;
    return err;
}

enum err supervisor_start(struct supervisor *s, const struct role *role, struct buf *why)
{
    enum err err = OK;

    for (int i = 0; i < role->copies && !err; i++)
        err = add_process(s, role, why);
    return err;
}

void supervisor_mark_ready(struct supervisor *s, const struct role *role)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->processes[i]->role == role)
            s->processes[i]->ready = true;
}

bool supervisor_all_ready(const struct supervisor *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (!s->processes[i]->ready)
            return false;
    return true;
}

void supervisor_stop(struct supervisor *s, void (*stopped)(void *arg), void *arg)
{
    if (s->stopping)
        return;
    s->stopping = true;
    s->stopped = stopped;
    s->stopped_arg = arg;
    stop_next(s);
}
