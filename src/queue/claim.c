/* claim.c -- owns taking entries out: claims in lane order, take-over from dead consumers, acknowledgement (N3, N8). */
#include "queue/stream_impl.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LIVE_WEIGHT = 8, /* live to bulk, when both wait: bulk never starves */
    BULK_WEIGHT = 1,
    RECLAIM_MAX_US = 5000000 /* dead consumers are looked for at least this often, while there is work */
};

/* A claim under way. */
struct batch {
    struct arena *arena;
    struct claimed *at;
    size_t n, max;
};

/* --- reading claimed entries ------------------------------------------------------------------------------------------ */

/* Takes one [id, [field, value...]] into the batch. An entry that is not ours keeps an empty id and body. */
static enum err take_entry(struct batch *b, const redisReply *item, int partition, enum lane lane)
{
    struct claimed *c = &b->at[b->n];
    struct field *pairs;
    size_t n;
    enum err err;

    if (!reply_is_array(item, 2))
        return ERR_QUEUE_DOWN;
    memset(c, 0, sizeof(*c));
    c->partition = partition;
    c->deliveries = 1;
    c->stream_id = arena_str(b->arena, reply_str(item->element[0]));
    err = c->stream_id.p ? reply_pairs(item->element[1], b->arena, &pairs, &n) : ERR_MEMORY;
    if (!err)
        err = pairs_keep(pairs, n, b->arena);
    if (!err)
        err = entry_decode(pairs, n, b->arena, &c->entry);
    if (err == ERR_MEMORY)
        return err;
    c->entry.lane = lane;
    b->n++;
    return OK;
}

/* Takes a list of entries; when the arena is full the rest stays claimed, and comes back when it is idle (N8). */
static enum err take_entries(struct batch *b, const redisReply *list, int partition, enum lane lane)
{
    enum err err = OK;

    for (size_t i = 0; reply_is_array(list, 1) && i < list->elements && b->n < b->max && !err; i++)
        if (list->element[i]->type != REDIS_REPLY_NIL) /* Redis before 7 says nil for a deleted one */
            err = take_entry(b, list->element[i], partition, lane);
    if (err == ERR_MEMORY && b->n > 0) {
        LOG(LOG_WARN, "claim cut short", KV_ERR(err), KV_UINT("entries", b->n));
        b->max = b->n;
        err = OK;
    }
    return err;
}

/* --- take-over from dead consumers ------------------------------------------------------------------------------------ */

/* #26 of the facts on reliability: a pending entry that somebody deleted is said to be lost, by its id. */
static void log_lost(const redisReply *deleted, struct str stream)
{
    for (size_t i = 0; reply_is_array(deleted, 1) && i < deleted->elements; i++)
        LOG(LOG_ERROR, "entry lost", KV_STR("stream", stream), KV_STR("stream_id", reply_str(deleted->element[i])),
            KV_TEXT("reason", "deleted while it was pending"));
}

/* Fills in how often the entries from `first` on were handed out. */
static enum err read_deliveries(struct stream *s, struct batch *b, size_t first, struct str stream)
{
    char count[24];
    struct str args[] = {STR("XPENDING"),      stream, KEY_GROUP, b->at[first].stream_id, b->at[b->n - 1].stream_id, STR_NONE,
                         key_str(&s->consumer)};
    struct redis_answer answer;
    enum err err;

    snprintf(count, sizeof(count), "%zu", b->n - first);
    args[5] = str_of(count);
    err = stream_call(s, args, 7, &answer);
    for (size_t i = 0; !err && reply_is_array(answer.reply, 1) && i < answer.reply->elements; i++) {
        const redisReply *row = answer.reply->element[i];

        for (size_t k = first; reply_is_array(row, 4) && k < b->n; k++)
            if (str_eq(b->at[k].stream_id, reply_str(row->element[0])))
                b->at[k].deliveries = reply_int(row->element[3]);
    }
    redis_answer_release(&answer);
    return err;
}

static void set_cursor(struct stream *s, struct str cursor)
{
    s->reclaim_cursor.len = cursor.len < KEY_MAX ? cursor.len : 0;
    if (s->reclaim_cursor.len)
        memcpy(s->reclaim_cursor.text, cursor.p, s->reclaim_cursor.len);
}

/* One step of the take-over, in one lane of one partition; goes on with the next lane when this one is done. */
static enum err reclaim_step(struct stream *s, struct batch *b)
{
    enum lane lane = (enum lane)(s->reclaim_at % LANE__COUNT);
    int partition = (int)(s->reclaim_at / LANE__COUNT);
    struct key key = key_lane(partition, lane);
    char idle[24];
    struct str args[] = {STR("XAUTOCLAIM"), key_str(&key), KEY_GROUP,    key_str(&s->consumer),
                         STR_NONE,          STR("0-0"),    STR("COUNT"), STR("1")};
    struct redis_answer answer;
    size_t first = b->n;
    enum err err;

    snprintf(idle, sizeof(idle), "%" PRId64, s->claim_idle_ms);
    args[4] = str_of(idle);
    if (s->reclaim_cursor.len)
        args[5] = key_str(&s->reclaim_cursor);
    err = stream_call(s, args, 8, &answer);
    if (!err && !reply_is_array(answer.reply, 2))
        err = ERR_QUEUE_DOWN;
    if (redis_error_is(answer.reply, STR("NOGROUP")))
        err = ERR_NOT_FOUND;
    if (!err) {
        set_cursor(s, reply_str(answer.reply->element[0]));
        if (answer.reply->elements > 2)
            log_lost(answer.reply->element[2], key_str(&key));
        err = take_entries(b, answer.reply->element[1], partition, lane);
    }
    redis_answer_release(&answer);
    if (!err && b->n > first)
        err = read_deliveries(s, b, first, key_str(&key));
    if (!err && str_eq(key_str(&s->reclaim_cursor), STR("0-0"))) {
        s->reclaim_cursor.len = 0;
        s->reclaim_at++;
    }
    return err;
}

/* When it is due, takes over one entry that a consumer left idle past drain.claim_idle. One a claim: being handed out counts
 * against an entry, so it is only handed out to be tried, not beside another that may bring the drainer down before (N8). */
static enum err reclaim(struct stream *s, struct batch *b)
{
    int64_t now_us = clock_mono_us(s->clock), again_us = s->claim_idle_ms * US_PER_MS / 2;
    size_t lanes = (size_t)s->options.partitions * LANE__COUNT;
    enum err err = OK;

    if (now_us < s->reclaim_next_us)
        return OK;
    while (!err && b->n == 0 && s->reclaim_at < lanes)
        err = reclaim_step(s, b);
    if (err || s->reclaim_at < lanes) /* more to take: at once with the next claim */
        return err;
    s->reclaim_at = 0;
    s->reclaim_next_us = now_us + (again_us < RECLAIM_MAX_US ? again_us : RECLAIM_MAX_US);
    return OK;
}

/* --- new entries ------------------------------------------------------------------------------------------------------ */

/* The lane of a stream in a reply, by its name. ERR_QUEUE_DOWN for a name that was not asked for. */
static enum err find_lane(const struct stream *s, struct str stream, int *partition, enum lane *lane)
{
    for (int p = 0; p < s->options.partitions; p++)
        for (int l = 0; l < LANE__COUNT; l++) {
            struct key key = key_lane(p, (enum lane)l);

            if (!str_eq(key_str(&key), stream))
                continue;
            *partition = p;
            *lane = (enum lane)l;
            return OK;
        }
    return ERR_QUEUE_DOWN;
}

/* Takes the answer of XREADGROUP: [[stream, entries]...], or nil when there was nothing. */
static enum err take_streams(const struct stream *s, struct batch *b, const redisReply *reply)
{
    enum err err = OK;

    for (size_t i = 0; reply_is_array(reply, 1) && i < reply->elements && !err; i++) {
        const redisReply *one = reply->element[i];
        int partition = 0;
        enum lane lane = LANE_LIVE;

        err = reply_is_array(one, 2) ? find_lane(s, reply_str(one->element[0]), &partition, &lane) : ERR_QUEUE_DOWN;
        if (!err)
            err = take_entries(b, one->element[1], partition, lane);
    }
    return err;
}

/* Reads up to `want` new entries of one lane. ERR_NOT_FOUND when the group is missing. */
static enum err read_lane(struct stream *s, struct batch *b, int partition, enum lane lane, size_t want)
{
    struct key key = key_lane(partition, lane);
    char count[24];
    struct str args[] = {STR("XREADGROUP"), STR("GROUP"),  KEY_GROUP, key_str(&s->consumer), STR("COUNT"), STR_NONE,
                         STR("STREAMS"),    key_str(&key), STR(">")};
    struct redis_answer answer;
    enum err err;

    if (want == 0)
        return OK;
    snprintf(count, sizeof(count), "%zu", want);
    args[5] = str_of(count);
    err = stream_call(s, args, 9, &answer);
    if (redis_error_is(answer.reply, STR("NOGROUP")))
        err = ERR_NOT_FOUND;
    if (!err)
        err = take_streams(s, b, answer.reply);
    redis_answer_release(&answer);
    return err;
}

/* Bulk's share of `room`: one in nine, also when the batches are small. */
static size_t bulk_share(struct stream *s, size_t room)
{
    size_t share;

    s->bulk_credit += room * BULK_WEIGHT;
    share = s->bulk_credit / (LIVE_WEIGHT + BULK_WEIGHT);
    s->bulk_credit %= LIVE_WEIGHT + BULK_WEIGHT;
    return share;
}

/* Reads one partition: urgent first, then live and bulk by weight; what one lane leaves the other takes. */
static enum err read_partition(struct stream *s, struct batch *b, int partition)
{
    enum err err = read_lane(s, b, partition, LANE_URGENT, b->max - b->n);
    size_t room = b->max - b->n, bulk = bulk_share(s, room), before = b->n;

    if (!err)
        err = read_lane(s, b, partition, LANE_LIVE, room - bulk);
    if (!err)
        err = read_lane(s, b, partition, LANE_BULK, b->max - b->n);
    if (!err && b->n - before < room)
        err = read_lane(s, b, partition, LANE_LIVE, b->max - b->n);
    return err;
}

/* Waits for the first entries of any lane. A signal ends it early with none. */
static enum err read_waiting(struct stream *s, struct batch *b, int64_t wait_ms)
{
    size_t lanes = (size_t)s->options.partitions * LANE__COUNT, each = b->max / lanes, n = 0;
    struct key *keys = arena_array(b->arena, lanes, sizeof(*keys));
    struct str *args = arena_array(b->arena, 9 + 2 * lanes, sizeof(*args));
    char count[24], block[24];
    struct redis_answer answer;
    enum err err;

    if (!keys || !args)
        return ERR_MEMORY;
    snprintf(count, sizeof(count), "%zu", each ? each : 1);
    snprintf(block, sizeof(block), "%" PRId64, wait_ms);
    for (size_t i = 0; i < lanes; i++) {
        keys[i] = key_lane((int)(i / LANE__COUNT), (enum lane)(i % LANE__COUNT));
        args[9 + i] = key_str(&keys[i]);
        args[9 + lanes + i] = STR(">");
    }
    for (struct str head[] = {STR("XREADGROUP"), STR("GROUP"), KEY_GROUP, key_str(&s->consumer), STR("COUNT"), str_of(count),
                              STR("BLOCK"), str_of(block), STR("STREAMS")};
         n < 9; n++)
        args[n] = head[n];
    err = stream_ensure(s);
    if (!err)
        err = redis_sync_send(s->sync, args, 9 + 2 * lanes, &answer);
    if (err)
        return err;
    if (b->max < lanes) /* one of each lane may come at once */
        b->max = lanes;
    err = redis_sync_wait(s->sync, wait_ms, true);
    s->interrupted = err == ERR_TIMEOUT;
    if (s->interrupted)
        err = OK;
    else if (!err)
        err = redis_error_is(answer.reply, STR("NOGROUP")) ? ERR_NOT_FOUND : answer.err;
    if (!err)
        err = take_streams(s, b, answer.reply);
    redis_answer_release(&answer);
    return err;
}

/* --- claim and acknowledge -------------------------------------------------------------------------------------------- */

static enum err claim_once(struct stream *s, struct batch *b, int64_t wait_ms)
{
    enum err err = consumers_tidy(s);

    if (!err)
        err = reclaim(s, b);
    if (b->n) /* it goes alone */
        return err;
    for (int p = 0; p < s->options.partitions && !err && b->n < b->max; p++)
        err = read_partition(s, b, p);
    if (!err && b->n == 0 && wait_ms > 0)
        err = read_waiting(s, b, wait_ms);
    return err;
}

enum err stream_claim(struct stream *s, struct str consumer, size_t max, int64_t wait_ms, struct arena *arena, struct claimed **out,
                      size_t *n)
{
    size_t lanes = (size_t)s->options.partitions * LANE__COUNT;
    struct batch b = {.arena = arena, .max = max}; /* a few places more: see read_waiting */
    enum err err;

    *out = NULL;
    *n = 0;
    if (max == 0 || consumer.len == 0 || consumer.len >= KEY_MAX)
        return ERR_RANGE;
    memcpy(s->consumer.text, consumer.p, consumer.len);
    s->consumer.len = consumer.len;
    b.at = arena_array(arena, max + lanes, sizeof(*b.at));
    err = b.at ? claim_once(s, &b, wait_ms) : ERR_MEMORY;
    if (err == ERR_NOT_FOUND && b.n == 0) { /* NOGROUP: somebody removed the stream or the group */
        LOG(LOG_ERROR, "queue group missing", KV_STR("group", KEY_GROUP), KV_TEXT("action", "made again from 0"));
        err = stream_make_groups(s);
        if (!err)
            err = claim_once(s, &b, wait_ms);
    }
    if (err && b.n == 0)
        return err;
    if (err) /* what was claimed is handed out; the next claim meets the trouble again */
        LOG(LOG_WARN, "claim cut short", KV_ERR(err), KV_UINT("entries", b.n));
    *out = b.at;
    *n = b.n;
    return OK;
}

/* --- acknowledge ------------------------------------------------------------------------------------------------------- */

/* XACK and XDEL of the entries among `entries` that are of this lane; in one MULTI, so that none stays behind undeleted. */
static enum err done_lane(struct stream *s, const struct claimed *const *entries, size_t n, int partition, enum lane lane)
{
    struct key key = key_lane(partition, lane);
    struct str *ack = calloc(5 + 2 * n, sizeof(*ack)), *del = ack ? ack + 3 + n : NULL;
    struct txn_command commands[] = {{ack, 3}, {del, 2}};
    struct redis_answer answer = {.err = OK};
    enum err err = OK;

    if (!ack)
        return ERR_MEMORY;
    ack[0] = STR("XACK");
    ack[1] = del[1] = key_str(&key);
    ack[2] = KEY_GROUP;
    del[0] = STR("XDEL");
    for (size_t i = 0; i < n; i++)
        if (entries[i]->partition == partition && entries[i]->entry.lane == lane)
            ack[commands[0].n++] = del[commands[1].n++] = entries[i]->stream_id;
    if (commands[1].n > 2)
        err = stream_transact(s, commands, 2, &answer);
    if (err == ERR_QUEUE_FULL) /* a full Redis takes no MULTI, but it takes these, which make room */
        err = stream_pipeline(s, commands, 2);
    redis_answer_release(&answer);
    free(ack);
    return err;
}

enum err stream_done(struct stream *s, const struct claimed *const *entries, size_t n)
{
    enum err err = OK;

    for (int p = 0; n && p < s->options.partitions && !err; p++)
        for (int lane = 0; lane < LANE__COUNT && !err; lane++)
            err = done_lane(s, entries, n, p, (enum lane)lane);
    return err;
}
