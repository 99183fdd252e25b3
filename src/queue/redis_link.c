/* redis_link.c -- owns one connection to Redis on an event loop: flush once a turn, deadlines, checks, reconnecting. */
/*
 *   DOWN --connect_now--> CHECKING --finish_checks--> READY or UNSAFE --start_checks, every 2 s--> same, judged again
 *   any  --link_fail: error, end, or a reply past its deadline--> DOWN --back-off--> connect_now
 *
 * DOWN: no socket, the retry timer runs. CHECKING: connected or connecting; only greeting and checks are sent. READY: commands
 * are taken. UNSAFE: connected, commands are refused. The state stays READY or UNSAFE while a later round of checks is under way.
 */
#include "queue/redis_link.h"

#include "base/id.h"
#include "queue/redis_check.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum link_state { LINK_DOWN, LINK_CHECKING, LINK_READY, LINK_UNSAFE, LINK__COUNT };

enum { BACKOFF_FIRST_MS = 50, TROUBLE_CHARS = 199 };

/* What the reply of a check needs to know. */
struct check_slot {
    struct redis_link *link;
    size_t row;
};

struct redis_link {
    struct loop *loop;
    const struct clock *clock;
    const struct redis_options *options;
    struct redis_conn *conn;
    void (*changed)(void *arg);
    void *changed_arg;
    enum link_state state;
    struct loop_fd *watch;
    struct loop_timer *deadline; /* runs while something is unanswered */
    struct loop_timer *next;     /* DOWN: connect again; else: check again */
    struct loop_defer *flush;
    bool deadline_runs;
    int64_t backoff_ms;
    struct redis_check check;
    struct check_slot slots[REDIS_CHECKS];
    size_t checks_left;
    char trouble[TROUBLE_CHARS + 1];
};

static void set_state(struct redis_link *l, enum link_state next)
{
    static const unsigned from[LINK__COUNT] = {
        [LINK_DOWN] = 1u << LINK_DOWN | 1u << LINK_CHECKING | 1u << LINK_READY | 1u << LINK_UNSAFE,
        [LINK_CHECKING] = 1u << LINK_DOWN,
        [LINK_READY] = 1u << LINK_CHECKING | 1u << LINK_READY | 1u << LINK_UNSAFE,
        [LINK_UNSAFE] = 1u << LINK_CHECKING | 1u << LINK_READY | 1u << LINK_UNSAFE,
    };

    assert(from[next] & (1u << l->state));
    l->state = next;
}

static void set_trouble(struct redis_link *l, const char *why)
{
    if (strncmp(l->trouble, why, TROUBLE_CHARS) != 0)
        snprintf(l->trouble, sizeof(l->trouble), "%s", why);
    l->changed(l->changed_arg);
}

/* Half of the back-off is random, so that workers do not come back in step. */
static int64_t next_backoff_ms(struct redis_link *l)
{
    int64_t wait = l->backoff_ms;
    uint32_t random;

    random_bytes(&random, sizeof(random));
    l->backoff_ms = wait * 2 > REDIS_BACKOFF_MAX_MS ? REDIS_BACKOFF_MAX_MS : wait * 2;
    return wait / 2 + (int64_t)(random % (uint64_t)(wait / 2 + 1));
}

/* Ends the connection; every unanswered command hears ERR_QUEUE_DOWN. Not from within a reply. */
static void link_fail(struct redis_link *l, const char *why)
{
    set_state(l, LINK_DOWN);
    set_trouble(l, why);
    loop_fd_free(l->watch);
    l->watch = NULL;
    loop_timer_stop(l->deadline);
    l->deadline_runs = false;
    loop_timer_start(l->next, next_backoff_ms(l));
    redis_conn_close(l->conn);
}

static void watch_deadline(struct redis_link *l)
{
    int64_t left_us = redis_conn_deadline(l->conn) - clock_mono_us(l->clock);

    l->deadline_runs = redis_conn_unanswered(l->conn) > 0;
    if (l->deadline_runs)
        loop_timer_start(l->deadline, left_us > 0 ? left_us / US_PER_MS + 1 : 0);
}

/* N9: a server that does not answer in time (hung, stopped, cut off) loses the connection, so that no late reply is mistaken. */
static void deadline_fired(void *arg)
{
    struct redis_link *l = arg;

    if (redis_conn_deadline(l->conn) <= clock_mono_us(l->clock))
        link_fail(l, "Redis does not answer within redis.timeout");
    else
        watch_deadline(l);
}

static void flush_now(void *arg)
{
    struct redis_link *l = arg;

    if (l->state == LINK_DOWN)
        return;
    if (redis_conn_write(l->conn) || loop_fd_watch(l->watch, redis_conn_wants_write(l->conn) ? LOOP_READ | LOOP_WRITE : LOOP_READ))
        link_fail(l, "Redis closed the connection");
}

static void socket_ready(void *arg, int events)
{
    struct redis_link *l = arg;

    if ((events & LOOP_READ) && redis_conn_read(l->conn))
        link_fail(l, l->state == LINK_CHECKING && l->trouble[0] ? l->trouble : "Redis is not reachable");
    else if (events & LOOP_WRITE)
        flush_now(l);
}

static enum err send_command(struct redis_link *l, const struct str *args, size_t n, redis_reply_fn *fn, void *arg)
{
    int64_t deadline_us = clock_mono_us(l->clock) + l->options->timeout_ms * US_PER_MS;
    enum err err = redis_conn_command(l->conn, args, n, deadline_us, fn, arg);

    if (err)
        return err;
    loop_defer_schedule(l->flush);
    if (!l->deadline_runs)
        watch_deadline(l);
    return OK;
}

static void finish_checks(struct redis_link *l)
{
    enum err verdict = l->check.verdict;

    if (verdict == ERR_QUEUE_DOWN) { /* loading, or it cannot be asked: begin again after the back-off */
        set_trouble(l, l->check.why);
        redis_conn_break(l->conn);
        return;
    }
    set_state(l, verdict ? LINK_UNSAFE : LINK_READY);
    set_trouble(l, l->check.why);
    l->backoff_ms = BACKOFF_FIRST_MS;
    loop_timer_start(l->next, REDIS_CHECK_MS);
}

static void check_replied(void *arg, enum err err, const redisReply *reply)
{
    struct check_slot *slot = arg;

    if (!reply) /* link_fail is at work */
        return;
    redis_check_reply(&slot->link->check, slot->row, reply);
    if (--slot->link->checks_left == 0)
        finish_checks(slot->link);
    (void)err; /* the reply says more than its class */
}

static enum err start_checks(struct redis_link *l)
{
    enum err err = OK;

    redis_check_begin(&l->check);
    l->checks_left = REDIS_CHECKS;
    for (size_t i = 0; i < REDIS_CHECKS && !err; i++) {
        size_t n;
        const struct str *words = redis_check_command(i, &n);

        err = send_command(l, words, n, check_replied, &l->slots[i]);
    }
    return err;
}

static void greeting_replied(void *arg, enum err err, const redisReply *reply)
{
    struct redis_link *l = arg;
    char why[TROUBLE_CHARS + 1];

    if (!err || !reply)
        return;
    snprintf(why, sizeof(why), "Redis refuses the log-in or database of redis.url: %s", reply->str);
    set_trouble(l, why);
    redis_conn_break(l->conn);
}

static enum err send_greeting(struct redis_link *l)
{
    struct str words[2][3];
    size_t n[2];
    size_t commands = redis_address_greeting(&l->options->address, words, n);
    enum err err = OK;

    for (size_t i = 0; i < commands && !err; i++)
        err = send_command(l, words[i], n[i], greeting_replied, l);
    return err;
}

static void connect_now(struct redis_link *l)
{
    enum err err = redis_conn_connect(l->conn, &l->options->address);

    if (!err)
        err = loop_fd_new(l->loop, redis_conn_fd(l->conn), socket_ready, l, &l->watch);
    if (!err) {
        set_state(l, LINK_CHECKING);
        err = send_greeting(l);
    }
    if (!err)
        err = start_checks(l);
    if (err)
        link_fail(l, "Redis is not reachable");
}

static void next_fired(void *arg)
{
    struct redis_link *l = arg;

    if (l->state == LINK_DOWN)
        connect_now(l);
    else if (l->checks_left == 0 && start_checks(l))
        link_fail(l, "out of memory");
}

enum err redis_link_new(struct loop *loop, const struct clock *clock, const struct redis_options *options,
                        void (*changed)(void *arg), void *arg, struct redis_link **out)
{
    struct redis_link *l = calloc(1, sizeof(*l));
    enum err err = ERR_MEMORY;

    if (!l)
        goto done;
    l->loop = loop;
    l->clock = clock;
    l->options = options;
    l->changed = changed;
    l->changed_arg = arg;
    l->backoff_ms = BACKOFF_FIRST_MS;
    l->check.fsync_everysec_ok = options->fsync_everysec_ok;
    snprintf(l->trouble, sizeof(l->trouble), "not connected to Redis yet");
    for (size_t i = 0; i < REDIS_CHECKS; i++)
        l->slots[i] = (struct check_slot){.link = l, .row = i};
    err = redis_conn_new(options->out_max_bytes, &l->conn);
    if (!err)
        err = loop_timer_new(loop, deadline_fired, l, &l->deadline);
    if (!err)
        err = loop_timer_new(loop, next_fired, l, &l->next);
    if (!err)
        err = loop_defer_new(loop, flush_now, l, &l->flush);
    if (err)
        goto done;
    loop_timer_start(l->next, 0);
    *out = l;
    l = NULL;
done:
    redis_link_free(l);
    return err;
}

void redis_link_free(struct redis_link *l)
{
    if (!l)
        return;
    l->state = LINK_DOWN;
    loop_fd_free(l->watch);
    redis_conn_free(l->conn);
    loop_timer_free(l->deadline);
    loop_timer_free(l->next);
    loop_defer_free(l->flush);
    free(l);
}

enum err redis_link_state(const struct redis_link *l)
{
    static const enum err errs[LINK__COUNT] = {
        [LINK_DOWN] = ERR_QUEUE_DOWN, [LINK_CHECKING] = ERR_QUEUE_DOWN, [LINK_READY] = OK, [LINK_UNSAFE] = ERR_QUEUE_UNSAFE};

    return errs[l->state];
}

const char *redis_link_trouble(const struct redis_link *l)
{
    return l->trouble;
}

enum err redis_link_command(struct redis_link *l, const struct str *args, size_t n, redis_reply_fn *fn, void *arg)
{
    enum err err = redis_link_state(l);

    return err ? err : send_command(l, args, n, fn, arg);
}

size_t redis_link_unanswered_bytes(const struct redis_link *l)
{
    return redis_conn_unanswered_bytes(l->conn);
}
