/* redis_check.c -- owns the question whether a Redis server keeps what it accepts: live checks, and the meaning of its errors. */
#include "queue/redis_check.h"

#include <stdio.h>

static const struct error_row {
    struct str code;
    enum err err;
} error_rows[] = {
    {{"OOM", 3}, ERR_QUEUE_FULL},
    {{"MISCONF", 7}, ERR_QUEUE_UNSAFE},
    {{"READONLY", 8}, ERR_QUEUE_UNSAFE},
    {{"NOREPLICAS", 10}, ERR_QUEUE_UNSAFE},
};

static bool has_code(struct str text, struct str code)
{
    return str_eq(str_upto(text, str_find(text, ' ')), code);
}

enum err redis_error(struct str text)
{
    for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++)
        if (has_code(text, error_rows[i].code))
            return error_rows[i].err;
    return ERR_QUEUE_DOWN;
}

static struct str reply_text(const redisReply *reply)
{
    return reply && reply->str ? str_n(reply->str, (size_t)reply->len) : STR_NONE;
}

bool redis_error_is(const redisReply *reply, struct str code)
{
    return reply && reply->type == REDIS_REPLY_ERROR && has_code(reply_text(reply), code);
}

static void fail(struct redis_check *check, enum err err, const char *why, struct str found)
{
    if (check->verdict)
        return;
    check->verdict = err;
    snprintf(check->why, sizeof(check->why), "%s%.*s", why, STR_ARG(found));
}

/* The value after `name` in the flat list that CONFIG GET answers; STR_NONE when it is not there. */
static struct str listed(const redisReply *reply, struct str name)
{
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i += 2)
        if (str_eq(reply_text(reply->element[i]), name))
            return reply_text(reply->element[i + 1]);
    return STR_NONE;
}

static void judge_append(struct redis_check *check, const redisReply *reply)
{
    struct str on = listed(reply, STR("appendonly")), fsync = listed(reply, STR("appendfsync"));

    if (!str_eq(on, STR("yes"))) {
        check->aof_was_off = true;
        fail(check, ERR_QUEUE_UNSAFE, "Redis would lose entries: set appendonly yes; it is ", on);
    }
    if (!str_eq(fsync, STR("always")) && !(check->fsync_everysec_ok && str_eq(fsync, STR("everysec"))))
        fail(check, ERR_QUEUE_UNSAFE, "Redis would lose entries: set appendfsync as redis.require_fsync demands; it is ", fsync);
}

static void judge_policy(struct redis_check *check, const redisReply *reply)
{
    struct str policy = listed(reply, STR("maxmemory-policy"));

    if (!str_eq(policy, STR("noeviction")))
        fail(check, ERR_QUEUE_UNSAFE, "Redis would evict entries: set maxmemory-policy noeviction; it is ", policy);
}

/* The value of one "name:value" line of INFO. */
static struct str info_value(const redisReply *reply, struct str name)
{
    struct str rest = reply_text(reply), line;

    while (str_split(&rest, '\n', &line))
        if (str_starts(line, name))
            return str_trim(str_from(line, name.len));
    return STR_NONE;
}

static void judge_persistence(struct redis_check *check, const redisReply *reply)
{
    if (!str_eq(info_value(reply, STR("loading:")), STR("0")))
        fail(check, ERR_QUEUE_DOWN, "Redis is loading its data", STR_NONE);
    if (!str_eq(info_value(reply, STR("aof_rewrite_in_progress:")), STR("0")) && check->aof_was_off)
        fail(check, ERR_QUEUE_UNSAFE, "Redis is still writing its first append-only file", STR_NONE);
    if (!check->verdict)
        check->aof_was_off = false;
}

static void judge_role(struct redis_check *check, const redisReply *reply)
{
    struct str role = reply->type == REDIS_REPLY_ARRAY && reply->elements ? reply_text(reply->element[0]) : STR_NONE;

    if (!str_eq(role, STR("master")))
        fail(check, ERR_QUEUE_UNSAFE, "Redis is a replica: set redis.url to the primary; its role is ", role);
}

/* Source: Redis 7.0 command reference (CONFIG GET, INFO, ROLE); facts on reliability, requirement 2. */
static const struct check_row {
    struct str words[REDIS_CHECK_WORDS];
    size_t n;
    void (*judge)(struct redis_check *check, const redisReply *reply);
} check_rows[REDIS_CHECKS] = {
    {{{"CONFIG", 6}, {"GET", 3}, {"append*", 7}}, 3, judge_append},
    {{{"CONFIG", 6}, {"GET", 3}, {"maxmemory-policy", 16}}, 3, judge_policy},
    {{{"INFO", 4}, {"persistence", 11}}, 2, judge_persistence},
    {{{"ROLE", 4}}, 1, judge_role},
};

void redis_check_begin(struct redis_check *check)
{
    check->verdict = OK;
    check->why[0] = '\0';
}

const struct str *redis_check_command(size_t i, size_t *n)
{
    *n = check_rows[i].n;
    return check_rows[i].words;
}

void redis_check_reply(struct redis_check *check, size_t i, const redisReply *reply)
{
    if (!reply)
        fail(check, ERR_QUEUE_DOWN, "Redis closed the connection", STR_NONE);
    else if (reply->type == REDIS_REPLY_ERROR)
        fail(check, redis_error_is(reply, STR("NOPERM")) ? ERR_QUEUE_UNSAFE : ERR_QUEUE_DOWN,
             "Redis cannot be checked: ", reply_text(reply));
    else
        check_rows[i].judge(check, reply);
}
