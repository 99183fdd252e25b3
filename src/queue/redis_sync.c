/* redis_sync.c -- owns one connection to Redis for callers that wait: every wait has a deadline. */
#include "queue/redis_sync.h"

#include "queue/redis_check.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct redis_sync {
    const struct clock *clock;
    const struct redis_options *options;
    struct redis_conn *conn;
    struct redis_check check;
};

enum err redis_sync_new(const struct clock *clock, const struct redis_options *options, struct redis_sync **out)
{
    struct redis_sync *s = calloc(1, sizeof(*s));
    enum err err;

    if (!s)
        return ERR_MEMORY;
    s->clock = clock;
    s->options = options;
    s->check.fsync_everysec_ok = options->fsync_everysec_ok;
    err = redis_conn_new(options->out_max_bytes, &s->conn);
    if (err) {
        redis_sync_free(s);
        return err;
    }
    *out = s;
    return OK;
}

void redis_sync_free(struct redis_sync *s)
{
    if (!s)
        return;
    redis_conn_free(s->conn);
    free(s);
}

void redis_sync_close(struct redis_sync *s)
{
    redis_conn_close(s->conn);
}

void redis_answer_release(struct redis_answer *a)
{
    freeReplyObject(a->reply);
    a->reply = NULL;
}

static void answer_replied(void *arg, enum err err, const redisReply *reply)
{
    struct redis_answer *answer = arg;

    answer->err = err;
    if (reply)
        answer->reply = redis_conn_take_reply(answer->sync->conn);
}

enum err redis_sync_send(struct redis_sync *s, const struct str *args, size_t n, struct redis_answer *answer)
{
    *answer = (struct redis_answer){.sync = s, .err = ERR_QUEUE_DOWN};
    return redis_conn_command(s->conn, args, n, INT64_MAX, answer_replied, answer);
}

static enum err wait_ready(struct redis_sync *s, int64_t deadline_us, bool interruptible)
{
    struct pollfd p = {.fd = redis_conn_fd(s->conn), .events = POLLIN};
    int64_t left_us = deadline_us - clock_mono_us(s->clock), left_ms = left_us / US_PER_MS + 1;
    int n;

    if (left_us <= 0)
        return ERR_QUEUE_DOWN;
    if (redis_conn_wants_write(s->conn))
        p.events |= POLLOUT;
    n = poll(&p, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
    if (n < 0 && errno == EINTR)
        return interruptible ? ERR_TIMEOUT : OK;
    if (n < 0)
        return ERR_QUEUE_DOWN;
    return n > 0 && (p.revents & ~POLLOUT) ? redis_conn_read(s->conn) : OK;
}

enum err redis_sync_wait(struct redis_sync *s, int64_t extra_ms, bool interruptible)
{
    int64_t deadline_us = clock_mono_us(s->clock) + (s->options->timeout_ms + extra_ms) * US_PER_MS;
    enum err err = OK;

    while (!err && redis_conn_unanswered(s->conn)) {
        err = redis_conn_write(s->conn);
        if (!err)
            err = wait_ready(s, deadline_us, interruptible);
    }
    if (err)
        redis_conn_close(s->conn);
    return err;
}

enum err redis_sync_call(struct redis_sync *s, const struct str *args, size_t n, struct redis_answer *answer)
{
    enum err err = redis_sync_send(s, args, n, answer);

    if (!err)
        err = redis_sync_wait(s, 0, false);
    return err ? err : answer->err;
}

/* Says why not; words that do not fit are lost, the error is not. */
static enum err refuse(struct buf *why, enum err err, const char *text, const char *detail)
{
    if (buf_printf(why, "%s%s", text, detail))
        buf_clear(why);
    return err;
}

static enum err greet(struct redis_sync *s, struct buf *why)
{
    const struct redis_address *a = &s->options->address;
    struct redis_answer answers[2] = {{.err = OK}, {.err = OK}};
    struct str words[2][3];
    size_t n[2];
    size_t commands = redis_address_greeting(a, words, n);
    enum err err = OK;

    for (size_t i = 0; i < commands && !err; i++)
        err = redis_sync_call(s, words[i], n[i], &answers[i]);
    for (size_t i = 0; i < 2; i++) {
        if (answers[i].reply && answers[i].err)
            err = refuse(why, ERR_QUEUE_DOWN, "Redis refuses the log-in or database of redis.url: ", answers[i].reply->str);
        redis_answer_release(&answers[i]);
    }
    if (err && why->len == 0)
        err = refuse(why, ERR_QUEUE_DOWN, "Redis is not reachable at redis.url", "");
    return err;
}

static enum err run_checks(struct redis_sync *s, struct buf *why)
{
    struct redis_answer answer = {.err = OK};
    enum err err = OK;

    redis_check_begin(&s->check);
    for (size_t i = 0; i < REDIS_CHECKS && !err; i++) {
        size_t n;
        const struct str *words = redis_check_command(i, &n);

        err = redis_sync_call(s, words, n, &answer);
        redis_check_reply(&s->check, i, answer.reply);
        redis_answer_release(&answer);
        err = s->check.verdict;
    }
    return err ? refuse(why, err, s->check.why, "") : OK;
}

enum err redis_sync_open(struct redis_sync *s, struct buf *why)
{
    enum err err = redis_conn_connect(s->conn, &s->options->address);

    if (err)
        return refuse(why, err, "Redis is not reachable at redis.url", "");
    err = greet(s, why);
    if (!err)
        err = run_checks(s, why);
    if (err)
        redis_conn_close(s->conn);
    return err;
}
