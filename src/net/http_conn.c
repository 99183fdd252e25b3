/* http_conn.c -- owns the states of one client connection (picture in http_conn.h). */
#include "net/http_conn.h"

#include "base/counters.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

enum {
    REQUESTS_MAX = 1000,      /* on one connection */
    READS_A_TURN = 16,        /* then other connections get their turn */
    LINGER_TIMEOUT_MS = 2000, /* for the sender to read the last answer */
};

#define TO(state) (1u << STATE_##state)

/* Which states may follow which; CLOSED may follow every one. */
static const unsigned next_states[] = {
    [STATE_HANDSHAKE] = TO(HANDSHAKE) | TO(HEAD),
    [STATE_HEAD] = TO(BODY) | TO(QUEUED) | TO(REPLY),
    [STATE_BODY] = TO(QUEUED) | TO(REPLY),
    [STATE_QUEUED] = TO(REPLY),
    [STATE_REPLY] = TO(IDLE) | TO(LINGER),
    [STATE_IDLE] = TO(HEAD),
    [STATE_LINGER] = 0,
    [STATE_CLOSED] = 0,
};

static int64_t state_timeout_ms(const struct http_limits *limits, enum http_state state)
{
    const int64_t timeouts[] = {
        [STATE_HANDSHAKE] = limits->handshake_timeout_ms,
        [STATE_HEAD] = limits->head_timeout_ms,
        [STATE_BODY] = limits->body_timeout_ms,
        [STATE_QUEUED] = limits->write_timeout_ms, /* the handler's own deadline is shorter; this one only ends what hangs */
        [STATE_REPLY] = limits->write_timeout_ms,
        [STATE_IDLE] = limits->idle_timeout_ms,
        [STATE_LINGER] = LINGER_TIMEOUT_MS,
    };

    return timeouts[state];
}

static void start_timer(struct http_conn *c, int64_t now_us)
{
    c->timer_us = c->deadline_us;
    loop_timer_start(c->timer, (c->deadline_us - now_us + US_PER_MS - 1) / US_PER_MS);
}

/* The timer is only moved to fire earlier; when it fires before the deadline it starts again. This keeps it off the hot path. */
void http_conn_set_state(struct http_conn *c, enum http_state next)
{
    int64_t now_us = clock_mono_us(&clock_system);

    assert(next == STATE_CLOSED || (next_states[c->state] & (1u << next)));
    c->state = next;
    if (next == STATE_CLOSED)
        return;
    c->deadline_us = now_us + state_timeout_ms(&c->server->limits, next) * US_PER_MS;
    if (c->timer_us == 0 || c->deadline_us < c->timer_us)
        start_timer(c, now_us);
}

static bool reads(const struct http_conn *c)
{
    return c->state == STATE_HEAD || c->state == STATE_BODY || c->state == STATE_IDLE;
}

bool http_conn_has_unread(const struct http_conn *c)
{
    return c->x && c->x->len > c->x->read_at;
}

static void release_exchange(struct http_conn *c)
{
    http_exchange_put(c->x);
    c->x = NULL;
}

void http_conn_close(struct http_conn *c)
{
    if (c->state == STATE_CLOSED)
        return;
    http_conn_set_state(c, STATE_CLOSED);
    if (c->accepted) {
        c->accepted = false;
        c->server->handler->gone(c->server->arg, c->x);
    }
    loop_fd_free(c->watch);
    loop_timer_free(c->timer);
    c->watch = NULL;
    c->timer = NULL;
    release_exchange(c);
    io_close(&c->io);
    http_server_bury(c->server, c);
}

void http_conn_free(struct http_conn *c)
{
    free(c);
}

static void watch(struct http_conn *c, int events)
{
    if (c->state != STATE_CLOSED && loop_fd_watch(c->watch, events))
        http_conn_close(c);
}

/* Asks for writability only after the socket was full. */
bool http_conn_send(struct http_conn *c)
{
    struct http_exchange *x = c->x;
    enum io_result result = IO_DONE;
    size_t n;

    while (x->out_sent < x->out.len && result == IO_DONE) {
        result = io_write(&c->io, x->out.p + x->out_sent, x->out.len - x->out_sent, &n);
        x->out_sent += n;
    }
    if (result == IO_DONE) {
        buf_clear(&x->out);
        x->out_sent = 0;
        watch(c, LOOP_READ);
        return c->state != STATE_CLOSED;
    }
    if (result == IO_WAIT_WRITE)
        watch(c, c->state == STATE_BODY ? LOOP_READ | LOOP_WRITE : LOOP_WRITE);
    else if (result == IO_WAIT_READ)
        watch(c, LOOP_READ);
    else
        http_conn_close(c);
    return false;
}

static void linger(struct http_conn *c)
{
    http_conn_set_state(c, STATE_LINGER);
    release_exchange(c);
    io_finish(&c->io);
}

/* REPLY: the rest of the answer. True when there may be more to do. */
static bool act_reply(struct http_conn *c)
{
    if (!http_conn_send(c))
        return false;
    if (c->close_after) {
        linger(c);
        return false;
    }
    http_exchange_next(c->x);
    http_conn_set_state(c, STATE_IDLE);
    return true;
}

void http_conn_answer(struct http_conn *c, const struct http_answer *answer, bool last)
{
    struct http_exchange *x = c->x;
    bool body_to_come = c->state == STATE_BODY || (c->state == STATE_HEAD && http_head_has_body(&x->head));
    struct http_answer_frame frame = {
        .date = http_server_date(c->server),
        .allow = x->allow,
        .head_only = x->head.method == HTTP_HEAD,
        .keep_alive_asked = x->head.minor == 0,
    };

    c->accepted = false;
    c->close_after = last || body_to_come || !x->head.keep_alive || c->requests >= REQUESTS_MAX || c->server->stopping;
    frame.close = c->close_after;
    http_conn_set_state(c, STATE_REPLY);
    if (http_answer_write(&x->out, answer, &frame)) {
        http_conn_close(c);
        return;
    }
    if (c->running || !act_reply(c))
        return;
    if (http_conn_has_unread(c) || io_pending(&c->io))
        http_server_schedule(c->server, c);
    else
        release_exchange(c);
}

void http_conn_refuse(struct http_conn *c, enum err err)
{
    struct http_answer answer = http_answer_refusal(err);

    if (c->accepted) {
        c->accepted = false;
        c->server->handler->gone(c->server->arg, c->x);
    }
    http_conn_answer(c, &answer, true);
}

/* IDLE: another request may be there already; else the buffer goes back to the pool. */
static bool act_idle(struct http_conn *c)
{
    if (http_conn_has_unread(c)) {
        http_conn_set_state(c, STATE_HEAD);
        return true;
    }
    release_exchange(c);
    return false;
}

/* What a state does with the bytes at hand; true when it moved and there may be more to do. NULL = it waits for others. */
static bool (*const acts[])(struct http_conn *c) = {
    [STATE_HEAD] = http_request_head,
    [STATE_BODY] = http_request_body,
    [STATE_QUEUED] = NULL,
    [STATE_REPLY] = act_reply,
    [STATE_IDLE] = act_idle,
    [STATE_LINGER] = NULL,
    [STATE_CLOSED] = NULL,
};

static void act(struct http_conn *c)
{
    while (acts[c->state] && acts[c->state](c))
        ;
}

/* One read into the buffer; false when nothing came. */
static bool fill(struct http_conn *c)
{
    enum io_result result;
    size_t room, n = 0;

    if (!c->x)
        c->x = http_exchange_take(c);
    room = c->x ? http_exchange_room(c->x) : 0;
    if (room == 0) {
        http_conn_close(c); /* memory is out; the sender will try again */
        return false;
    }
    result = io_read(&c->io, c->x->in + c->x->len, room, &n);
    c->x->len += n;
    if (result == IO_END || result == IO_FAILED) {
        http_conn_close(c);
        return false;
    }
    if (c->x->len == 0)
        release_exchange(c);
    return result == IO_DONE;
}

/* Reads and acts until nothing is left that the socket would not announce again: TLS may hold a second record of the same
 * segment, so it is asked before waiting (DESIGN 5a). */
static void run(struct http_conn *c)
{
    int left = READS_A_TURN;

    c->running = true;
    act(c);
    while (reads(c) && left-- && fill(c)) {
        act(c);
        if (!reads(c) || !io_pending(&c->io))
            break;
    }
    c->running = false;
    if (reads(c) && left < 0)
        http_server_schedule(c->server, c);
}

void http_conn_resume(struct http_conn *c)
{
    c->running = true;
    act(c);
    c->running = false;
    if (reads(c) && io_pending(&c->io))
        run(c);
}

static void shake_hands(struct http_conn *c)
{
    enum io_result result = io_handshake(&c->io);

    switch (result) {
    case IO_DONE:
        http_conn_set_state(c, STATE_HEAD);
        watch(c, LOOP_READ);
        if (io_pending(&c->io))
            run(c);
        return;
    case IO_WAIT_READ:
        watch(c, LOOP_READ);
        return;
    case IO_WAIT_WRITE:
        watch(c, LOOP_WRITE);
        return;
    default:
        http_conn_close(c);
    }
}

static void drop_input(struct http_conn *c)
{
    enum io_result result = IO_DONE;

    for (int left = READS_A_TURN; left > 0 && result == IO_DONE; left--)
        result = io_discard(&c->io);
    if (result == IO_END || result == IO_FAILED)
        http_conn_close(c);
}

/* The socket is ready. Reading that is paused stops being watched only now, when more has really come. */
static void ready(void *arg, int events)
{
    struct http_conn *c = arg;

    if (c->state == STATE_HANDSHAKE) {
        shake_hands(c);
    } else if (c->state == STATE_LINGER) {
        drop_input(c);
    } else if (c->state == STATE_QUEUED) {
        watch(c, 0);
    } else if (c->state == STATE_BODY && (events & LOOP_WRITE)) {
        http_conn_send(c);
    } else {
        run(c);
    }
}

/* More of a request has come than the blank lines that may precede it. */
static bool has_begun(const struct http_conn *c)
{
    return c->x && (c->x->head.has_request_line || c->x->len > c->x->head.line_at);
}

static void expired(struct http_conn *c)
{
    if (c->state == STATE_BODY || (c->state == STATE_HEAD && has_begun(c)))
        http_conn_refuse(c, ERR_TIMEOUT);
    else if (c->state == STATE_QUEUED)
        http_conn_refuse(c, ERR_QUEUE_DOWN);
    else
        http_conn_close(c);
}

static void timer_fired(void *arg)
{
    struct http_conn *c = arg;
    int64_t now_us = clock_mono_us(&clock_system);

    c->timer_us = 0;
    if (now_us < c->deadline_us)
        start_timer(c, now_us);
    else
        expired(c);
}

void http_conn_stop(struct http_conn *c)
{
    if (reads(c))
        run(c);
    if (c->state == STATE_HANDSHAKE || c->state == STATE_IDLE || (c->state == STATE_HEAD && !has_begun(c)))
        http_conn_close(c);
}

enum err http_conn_new(struct http_server *s, int fd, struct tls_context *tls, const char *peer)
{
    struct http_conn *c = calloc(1, sizeof(*c));
    enum err err = ERR_MEMORY;

    if (!c)
        goto done;
    c->server = s;
    c->io.fd = -1;
    snprintf(c->peer, sizeof(c->peer), "%s", peer);
    err = loop_fd_new(s->loop, fd, ready, c, &c->watch);
    if (err)
        goto done;
    err = loop_timer_new(s->loop, timer_fired, c, &c->timer);
    if (err)
        goto done;
    err = io_open(&c->io, fd, tls);
    if (err)
        goto done;
    fd = -1; /* the connection owns it now */
    TAILQ_INSERT_TAIL(&s->conns, c, link);
    s->n_conns++;
    counter_add(COUNTER_CONNECTIONS, 1);
    http_conn_set_state(c, STATE_HANDSHAKE);
    if (!tls)
        shake_hands(c);
    c = NULL;
done:
    if (c) {
        loop_fd_free(c->watch);
        loop_timer_free(c->timer);
        free(c);
    }
    if (fd >= 0)
        close(fd);
    return err;
}
