/* queue.c -- owns the streams seen from the event loop: durable append, pipelined, answered when Redis has answered (N1). */
#include "queue/queue.h"

#include "base/counters.h"
#include "base/log.h"
#include "queue/entry_codec.h"
#include "queue/keys.h"
#include "queue/queue_impl.h"
#include "queue/role_presence.h"
#include "queue/source_counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    REFUSAL_LOG_US = 1000000, /* at most one line a second about what Redis refuses */
    PROBE_TTL_MS = 60000
};

/* One question to Redis whose answer somebody waits for. `done` or `snapshot` is set, or none after queue_forget. */
struct queue_call {
    struct queue_call *next, *prev;
    struct queue *q;
    queue_done *done;
    queue_snapshot_done *snapshot;
    void *arg;
    int64_t known; /* snapshot: the asker's version */
};

static enum err call_new(struct queue *q, struct queue_call **out)
{
    struct queue_call *call = q->spare;

    if (call)
        q->spare = call->next;
    else
        call = malloc(sizeof(*call));
    if (!call)
        return ERR_MEMORY;
    *call = (struct queue_call){.q = q, .next = q->calls};
    if (q->calls)
        q->calls->prev = call;
    q->calls = call;
    *out = call;
    return OK;
}

/* Takes the call off the list and keeps its memory; what it said is the caller's copy. */
static struct queue_call call_end(struct queue_call *call)
{
    struct queue_call copy = *call;
    struct queue *q = call->q;

    if (call->prev)
        call->prev->next = call->next;
    else
        q->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
    call->next = q->spare;
    q->spare = call;
    return copy;
}

enum err queue_state(const struct queue *q)
{
    enum err state = ERR_QUEUE_DOWN;

    for (size_t i = 0; i < q->n_links; i++) {
        enum err err = redis_link_state(q->links[i]);

        if (err == ERR_QUEUE_UNSAFE)
            return err;
        if (!err)
            state = OK;
    }
    return state;
}

struct redis_link *queue_next_link(struct queue *q)
{
    do
        q->turn = (q->turn + 1) % q->n_links;
    while (redis_link_state(q->links[q->turn]));
    return q->links[q->turn];
}

enum err queue_send(struct queue *q, const struct str *args, size_t n, redis_reply_fn *fn, void *arg)
{
    enum err err = queue_state(q);

    if (!err)
        err = redis_link_command(queue_next_link(q), args, n, fn, arg);
    return err == ERR_TOO_LARGE ? ERR_QUEUE_FULL : err;
}

static void log_refusal(struct queue *q, enum err err, const redisReply *reply)
{
    int64_t now_us = clock_mono_us(q->clock);

    if (!err || (q->refusal_logged_us && now_us - q->refusal_logged_us < REFUSAL_LOG_US))
        return;
    q->refusal_logged_us = now_us;
    LOG(LOG_ERROR, "queue refused", KV_ERR(err), KV_TEXT("redis", reply && reply->str ? reply->str : "no answer"));
}

/* --- append and probe ------------------------------------------------------------------------------------------------- */

static void call_replied(void *arg, enum err err, const redisReply *reply)
{
    struct queue_call call = call_end(arg);

    call.q->pending--;
    log_refusal(call.q, err, reply);
    if (call.done)
        call.done(call.arg, err);
}

static enum err send_call(struct queue *q, const struct str *args, size_t n, queue_done *done, void *arg)
{
    struct queue_call *call = NULL;
    enum err err = call_new(q, &call);

    if (err)
        return err;
    call->done = done;
    call->arg = arg;
    err = queue_send(q, args, n, call_replied, call);
    if (err) {
        call_end(call);
        return err;
    }
    q->pending++;
    return OK;
}

bool queue_is_full(const struct queue *q, size_t more)
{
    size_t waiting = 0;

    for (size_t i = 0; i < q->n_links; i++)
        waiting += redis_link_unanswered_bytes(q->links[i]);
    return waiting > 0 && (waiting >= q->options.pipeline_max_bytes || more > q->options.pipeline_max_bytes - waiting);
}

enum err queue_append(struct queue *q, const struct entry *entry, queue_done *done, void *arg)
{
    struct entry_pairs pairs;
    struct str args[ENTRY_XADD_MAX];
    struct key key = key_lane(q->partition_turn, entry->lane);
    size_t n;
    enum err err = entry_encode(entry, &pairs);

    if (err)
        return err;
    if (queue_is_full(q, entry->body.len))
        return ERR_QUEUE_FULL;
    q->partition_turn = (q->partition_turn + 1) % q->options.partitions;
    n = entry_xadd(key_str(&key), pairs.at, pairs.n, args);
    return send_call(q, args, n, done, arg);
}

void queue_forget(struct queue *q, void *arg)
{
    for (struct queue_call *call = q->calls; call; call = call->next)
        if (call->arg == arg) {
            call->done = NULL;
            call->snapshot = NULL;
        }
}

enum err queue_probe(struct queue *q, queue_done *done, void *arg)
{
    struct key key = key_probe((long)getpid());
    char value[24], ttl[24];
    struct str args[5] = {STR("SET"), key_str(&key), STR_NONE, STR("PX"), STR_NONE};

    snprintf(value, sizeof(value), "%" PRId64, clock_wall_us(q->clock));
    snprintf(ttl, sizeof(ttl), "%d", PROBE_TTL_MS);
    args[2] = str_of(value);
    args[4] = str_of(ttl);
    return send_call(q, args, 5, done, arg);
}

const char *queue_trouble(const struct queue *q)
{
    enum err state = queue_state(q);

    for (size_t i = 0; state && i < q->n_links; i++)
        if (redis_link_state(q->links[i]) == state)
            return redis_link_trouble(q->links[i]);
    return "";
}

size_t queue_pending(const struct queue *q)
{
    return q->pending;
}

/* --- the snapshot of sources ------------------------------------------------------------------------------------------ */

static int64_t reply_number(const redisReply *reply)
{
    int64_t value;

    if (!reply || !reply->str || str_to_i64(str_n(reply->str, (size_t)reply->len), &value))
        return 0;
    return value;
}

static void snapshot_end(struct queue_call *call, enum err err, int64_t version, struct str json)
{
    struct queue_call copy = call_end(call);

    if (copy.snapshot)
        copy.snapshot(copy.arg, err, version, json);
}

static void snapshot_text_replied(void *arg, enum err err, const redisReply *reply)
{
    struct str json = STR_NONE;
    int64_t version = 0;

    if (!err && (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2))
        err = ERR_QUEUE_DOWN;
    if (!err) {
        version = reply_number(reply->element[1]);
        json = str_n(reply->element[0]->str, reply->element[0]->str ? (size_t)reply->element[0]->len : 0);
    }
    snapshot_end(arg, err, version, json);
}

static void snapshot_version_replied(void *arg, enum err err, const redisReply *reply)
{
    const struct str text[3] = {STR("MGET"), KEY_SOURCES, KEY_SOURCES_VERSION};
    struct queue_call *call = arg;
    int64_t version = err ? 0 : reply_number(reply);

    if (!err && version != 0 && version != call->known && call->snapshot) {
        err = queue_send(call->q, text, 3, snapshot_text_replied, call);
        if (!err)
            return;
    }
    snapshot_end(call, err, version, STR_NONE);
}

enum err queue_snapshot(struct queue *q, int64_t known, queue_snapshot_done *done, void *arg)
{
    struct str args[2] = {STR("GET"), KEY_SOURCES_VERSION};
    struct queue_call *call = NULL;
    enum err err = call_new(q, &call);

    if (err)
        return err;
    call->snapshot = done;
    call->arg = arg;
    call->known = known;
    err = queue_send(q, args, 2, snapshot_version_replied, call);
    if (err)
        call_end(call);
    return err;
}

/* --- counters of sources: best effort ---------------------------------------------------------------------------------- */

void queue_ignore_reply(void *arg, enum err err, const redisReply *reply)
{
    log_refusal(arg, reply ? err : OK, reply);
}

static bool send_count(void *arg, struct str source_id, struct str field, int64_t value, bool set)
{
    struct queue *q = arg;
    struct key key = key_source_counts(source_id);
    char number[24];
    struct str args[4] = {set ? STR("HSET") : STR("HINCRBY"), key_str(&key), field, STR_NONE};

    snprintf(number, sizeof(number), "%" PRId64, value);
    args[3] = str_of(number);
    return !queue_send(q, args, 4, queue_ignore_reply, q);
}

void queue_flush_counts(struct queue *q)
{
    loop_timer_stop(q->counts_timer);
    source_counts_flush(q->counts, send_count, q);
    if (source_counts_n(q->counts)) /* Redis away: they wait */
        loop_timer_start(q->counts_timer, QUEUE_COUNTS_FLUSH_MS);
}

static void counts_fired(void *arg)
{
    queue_flush_counts(arg);
}

void queue_source_count(struct queue *q, struct str source_id, struct str field, int64_t by)
{
    if (source_counts_n(q->counts) == 0)
        loop_timer_start(q->counts_timer, QUEUE_COUNTS_FLUSH_MS);
    if (source_counts_add(q->counts, source_id, field, by))
        return;
    queue_flush_counts(q);
    if (!source_counts_add(q->counts, source_id, field, by))
        LOG(LOG_WARN, "source count lost", KV_STR("source", source_id), KV_STR("field", field));
}

/* --- presence of the role: best effort ---------------------------------------------------------------------------------- */

void queue_role_ready(struct queue *q, struct str role, int64_t ttl_ms)
{
    struct role_presence p;

    role_presence_init(&p, role, ttl_ms);
    if (queue_send(q, p.args, ROLE_PRESENCE_ARGS, queue_ignore_reply, q))
        return; /* not ready is what the missing key says */
}

void queue_watch(struct queue *q, void (*changed)(void *arg, enum err state), void *arg)
{
    q->watch = changed;
    q->watch_arg = arg;
}

/* --- life ------------------------------------------------------------------------------------------------------------- */

/* One line a change, not one a link. */
static void link_changed(void *arg)
{
    struct queue *q = arg;
    enum err state = queue_state(q);

    if (state == q->state_logged)
        return;
    q->state_logged = state;
    if (q->watch)
        q->watch(q->watch_arg, state);
    if (state)
        LOG(LOG_ERROR, "queue not ready", KV_ERR(state), KV_TEXT("reason", queue_trouble(q)));
    else
        LOG(LOG_INFO, "queue ready", KV_UINT("connections", q->n_links));
}

enum err queue_open(struct loop *loop, const struct config *cfg, const struct clock *clock, struct queue **out)
{
    struct buf why = BUF_INIT(256);
    struct queue *q = calloc(1, sizeof(*q));
    size_t links = (size_t)config_int(cfg, SET_REDIS_CONNECTIONS);
    enum err err;

    if (!q)
        return ERR_MEMORY;
    q->clock = clock;
    q->state_logged = ERR_QUEUE_DOWN;
    err = redis_options_load(cfg, &q->options, &why);
    if (err)
        LOG(LOG_ERROR, "queue not usable", KV_STR("reason", buf_str(&why)));
    buf_release(&why);
    if (!err)
        err = source_counts_new(&q->counts);
    if (!err)
        err = loop_timer_new(loop, counts_fired, q, &q->counts_timer);
    for (; !err && q->n_links < links && q->n_links < QUEUE_LINKS_MAX; q->n_links += err ? 0 : 1)
        err = redis_link_new(loop, clock, &q->options, link_changed, q, &q->links[q->n_links]);
    if (err) {
        queue_close(q);
        return err;
    }
    *out = q;
    return OK;
}

static void free_calls(struct queue_call *call)
{
    while (call) {
        struct queue_call *next = call->next;

        free(call);
        call = next;
    }
}

void queue_close(struct queue *q)
{
    if (!q)
        return;
    while (q->n_links) /* a callback may append: not on the link that is being freed */
        redis_link_free(q->links[--q->n_links]);
    loop_timer_free(q->counts_timer);
    source_counts_free(q->counts);
    redis_options_release(&q->options);
    free_calls(q->calls);
    free_calls(q->spare);
    free(q);
}
