/* stream.c -- owns the connection of a drainer or a command: opening, transactions, appends, the snapshot, presence. */
#include "queue/stream.h"

#include "base/log.h"
#include "queue/role_presence.h"
#include "queue/stream_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TXN_COMMANDS_MAX = 8, PUBLISH_TRIES = 5 };

int64_t reply_int(const redisReply *reply)
{
    int64_t value;

    if (reply && reply->type == REDIS_REPLY_INTEGER)
        return reply->integer;
    return str_to_i64(reply_str(reply), &value) ? 0 : value;
}

enum err reply_pairs(const redisReply *list, struct arena *arena, struct field **out, size_t *n)
{
    struct field *pairs;

    if (!reply_is_array(list, 0) || list->elements % 2)
        return ERR_SYNTAX;
    *n = list->elements / 2;
    *out = pairs = arena_array(arena, *n + 2, sizeof(*pairs)); /* two to spare: see stream_dead_replay */
    if (!pairs)
        return ERR_MEMORY;
    for (size_t i = 0; i < *n; i++)
        pairs[i] = (struct field){.name = reply_str(list->element[2 * i]), .value = reply_str(list->element[2 * i + 1])};
    return OK;
}

enum err pairs_keep(struct field *pairs, size_t n, struct arena *arena)
{
    for (size_t i = 0; i < n; i++) {
        pairs[i].name = arena_str(arena, pairs[i].name);
        pairs[i].value = arena_str(arena, pairs[i].value);
        if (!pairs[i].name.p || !pairs[i].value.p)
            return ERR_MEMORY;
    }
    return OK;
}

/* --- life ------------------------------------------------------------------------------------------------------------- */

enum err stream_open(const struct config *cfg, const struct clock *clock, struct stream **out, struct buf *why)
{
    struct stream *s = calloc(1, sizeof(*s));
    enum err err = ERR_MEMORY;

    if (!s)
        return ERR_MEMORY;
    s->clock = clock;
    s->claim_idle_ms = config_int(cfg, SET_DRAIN_CLAIM_IDLE);
    err = redis_options_load(cfg, &s->options, why);
    if (!err)
        err = redis_sync_new(clock, &s->options, &s->sync);
    if (!err)
        err = stream_reopen(s, why);
    if (err) {
        stream_close(s);
        return err;
    }
    *out = s;
    return OK;
}

enum err stream_reopen(struct stream *s, struct buf *why)
{
    enum err err = redis_sync_open(s->sync, why);

    s->interrupted = false;
    if (err)
        return err;
    /* early, because a full Redis refuses it later (facts on reliability, section 1); a claim tries again */
    err = stream_make_groups(s);
    if (err == ERR_QUEUE_FULL)
        LOG(LOG_WARN, "queue groups not made", KV_ERR(err));
    else if (err && buf_printf(why, "Redis does not make the consumer groups: %s", err_text(err)))
        buf_clear(why);
    return err == ERR_QUEUE_FULL ? OK : err;
}

void stream_interrupt(struct stream *s)
{
    redis_sync_close(s->sync);
    s->interrupted = true;
}

enum err stream_ensure(struct stream *s)
{
    struct buf why = BUF_INIT(512);
    enum err err = OK;

    if (s->interrupted)
        err = redis_sync_open(s->sync, &why);
    if (err)
        LOG(LOG_ERROR, "queue not ready", KV_STR("reason", buf_str(&why)));
    else
        s->interrupted = false;
    buf_release(&why);
    return err;
}

void stream_close(struct stream *s)
{
    if (!s)
        return;
    if (s->sync)
        consumer_leave(s);
    redis_sync_free(s->sync);
    redis_options_release(&s->options);
    free(s);
}

/* --- commands --------------------------------------------------------------------------------------------------------- */

enum err stream_call(struct stream *s, const struct str *args, size_t n, struct redis_answer *answer)
{
    enum err err = stream_ensure(s);

    *answer = (struct redis_answer){.err = ERR_QUEUE_DOWN};
    return err ? err : redis_sync_call(s->sync, args, n, answer);
}

/* The answer of EXEC: OK, or the error of the first command in it that failed, or of one that was not taken. */
static enum err judge_exec(const struct redis_answer *answers, size_t n)
{
    const redisReply *exec = answers[n - 1].reply;

    for (size_t i = 0; i + 1 < n; i++)
        if (answers[i].err)
            return answers[i].err;
    if (answers[n - 1].err)
        return answers[n - 1].err;
    if (exec->type == REDIS_REPLY_NIL)
        return ERR_EXISTS;
    for (size_t i = 0; exec->type == REDIS_REPLY_ARRAY && i < exec->elements; i++)
        if (exec->element[i]->type == REDIS_REPLY_ERROR)
            return redis_error(reply_str(exec->element[i]));
    return OK;
}

/* Sends the commands of a pipeline and waits for all answers. */
static enum err send_all(struct stream *s, const struct txn_command *commands, size_t n, struct redis_answer *answers)
{
    enum err err = n <= TXN_COMMANDS_MAX + 2 ? stream_ensure(s) : ERR_TOO_MANY;

    for (size_t i = 0; i < n && !err; i++) {
        err = redis_sync_send(s->sync, commands[i].args, commands[i].n, &answers[i]);
        if (err) /* a part of it went out: only a new connection is not in the middle of it */
            stream_interrupt(s);
    }
    return err ? err : redis_sync_wait(s->sync, 0, false);
}

enum err stream_transact(struct stream *s, const struct txn_command *commands, size_t n, struct redis_answer *result)
{
    static const struct str multi = {"MULTI", 5}, exec = {"EXEC", 4};
    struct txn_command all[TXN_COMMANDS_MAX + 2] = {{&multi, 1}};
    struct redis_answer answers[TXN_COMMANDS_MAX + 2] = {{.err = OK}};
    enum err err = n <= TXN_COMMANDS_MAX ? OK : ERR_TOO_MANY;

    for (size_t i = 0; i < n && !err; i++)
        all[1 + i] = commands[i];
    if (!err) {
        all[1 + n] = (struct txn_command){&exec, 1};
        err = send_all(s, all, n + 2, answers);
    }
    if (!err)
        err = judge_exec(answers, n + 2);
    *result = (struct redis_answer){.err = err};
    if (!err) {
        *result = answers[1 + n];
        answers[1 + n].reply = NULL;
    }
    for (size_t i = 0; i < TXN_COMMANDS_MAX + 2; i++)
        redis_answer_release(&answers[i]);
    return err;
}

enum err stream_pipeline(struct stream *s, const struct txn_command *commands, size_t n)
{
    struct redis_answer answers[TXN_COMMANDS_MAX + 2] = {{.err = OK}};
    enum err err = send_all(s, commands, n, answers);

    for (size_t i = 0; i < TXN_COMMANDS_MAX + 2; i++) {
        if (!err)
            err = answers[i].err;
        redis_answer_release(&answers[i]);
    }
    return err;
}

static enum err make_group(struct stream *s, int partition, enum lane lane)
{
    struct key key = key_lane(partition, lane);
    struct str args[] = {STR("XGROUP"), STR("CREATE"), key_str(&key), KEY_GROUP, STR("0"), STR("MKSTREAM")};
    struct redis_answer answer;
    enum err err = stream_call(s, args, sizeof(args) / sizeof(args[0]), &answer);

    if (redis_error_is(answer.reply, STR("BUSYGROUP")))
        err = OK; /* it is there */
    else if (!err)
        LOG(LOG_DEBUG, "queue group made", KV_STR("stream", key_str(&key)));
    redis_answer_release(&answer);
    return err;
}

enum err stream_make_groups(struct stream *s)
{
    enum err err = OK;

    for (int p = 0; p < s->options.partitions && !err; p++)
        for (int lane = 0; lane < LANE__COUNT && !err; lane++)
            err = make_group(s, p, (enum lane)lane);
    return err;
}

enum err stream_rewrite_file(struct stream *s)
{
    struct str command = STR("BGREWRITEAOF");
    struct redis_answer answer = {.err = OK};
    enum err err = stream_call(s, &command, 1, &answer);

    if (err && str_find_str(reply_str(answer.reply), STR("already in progress")) < reply_str(answer.reply).len)
        err = ERR_EXISTS;
    redis_answer_release(&answer);
    return err;
}

/* --- snapshot and presence -------------------------------------------------------------------------------------------- */

/* One try; ERR_EXISTS when another publisher was faster. The version is the wall time, so that it grows even when Redis lost the
 * last one, and two snapshots never share one. */
static enum err publish_once(struct stream *s, struct str json, int64_t *version)
{
    struct str watch[] = {STR("WATCH"), KEY_SOURCES_VERSION}, get[] = {STR("GET"), KEY_SOURCES_VERSION};
    char number[24];
    struct str set_text[] = {STR("SET"), KEY_SOURCES, json}, set_version[] = {STR("SET"), KEY_SOURCES_VERSION, STR_NONE};
    struct txn_command commands[] = {{set_text, 3}, {set_version, 3}};
    struct redis_answer answer;
    enum err err = stream_call(s, watch, 2, &answer);

    redis_answer_release(&answer);
    if (err)
        return err;
    err = stream_call(s, get, 2, &answer);
    *version = reply_int(answer.reply) + 1;
    redis_answer_release(&answer);
    if (err)
        return err;
    if (*version < clock_wall_us(s->clock))
        *version = clock_wall_us(s->clock);
    snprintf(number, sizeof(number), "%" PRId64, *version);
    set_version[2] = str_of(number);
    err = stream_transact(s, commands, 2, &answer);
    redis_answer_release(&answer);
    return err;
}

enum err stream_publish_sources(struct stream *s, struct str json, int64_t *version)
{
    enum err err = ERR_EXISTS;

    for (int i = 0; i < PUBLISH_TRIES && err == ERR_EXISTS; i++)
        err = publish_once(s, json, version);
    return err;
}

enum err stream_sources(struct stream *s, struct buf *out)
{
    struct str args[] = {STR("GET"), KEY_SOURCES};
    struct redis_answer answer;
    enum err err = stream_call(s, args, 2, &answer);

    if (!err && answer.reply->type == REDIS_REPLY_STRING)
        err = buf_append(out, reply_str(answer.reply));
    redis_answer_release(&answer);
    return err;
}

enum err stream_sources_present(struct stream *s, bool *present)
{
    struct str args[] = {STR("EXISTS"), KEY_SOURCES, KEY_SOURCES_VERSION};
    struct redis_answer answer;
    enum err err = stream_call(s, args, 3, &answer);

    *present = !err && reply_int(answer.reply) == 2;
    redis_answer_release(&answer);
    return err;
}

enum err stream_role_ready(struct stream *s, struct str role, int64_t ttl_ms)
{
    struct role_presence p;
    struct redis_answer answer;
    enum err err;

    role_presence_init(&p, role, ttl_ms);
    err = stream_call(s, p.args, ROLE_PRESENCE_ARGS, &answer);
    redis_answer_release(&answer);
    return err;
}
