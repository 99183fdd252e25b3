/* queue_rejected.c -- owns the keeping of samples of rejected deliveries; best effort, behind every delivery. */
#include "queue/queue_impl.h"

#include "queue/keys.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    REJECTED_TTL_S = 86400,
    REJECTED_PENDING_MAX = 256 /* appends unanswered: more, and the queue is behind */
};

/* The sources that were pushed off the index by a newer one: their samples go. */
static void popped_replied(void *arg, enum err err, const redisReply *reply)
{
    struct queue *q = arg;

    for (size_t i = 0; !err && reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i += 2) {
        const redisReply *id = reply->element[i];
        struct key key = key_rejected(str_n(id->str, id->str ? (size_t)id->len : 0));
        struct str del[] = {STR("DEL"), key_str(&key)};

        if (queue_send(q, del, 2, queue_ignore_reply, q))
            return; /* they end by themselves within a day */
    }
    queue_ignore_reply(arg, err, reply);
}

static void indexed_replied(void *arg, enum err err, const redisReply *reply)
{
    struct queue *q = arg;
    char over[24];
    struct str pop[] = {STR("ZPOPMIN"), KEY_REJECTED, STR_NONE};

    if (!err && reply->type == REDIS_REPLY_INTEGER && reply->integer > REJECTED_SOURCES_MAX) {
        snprintf(over, sizeof(over), "%lld", reply->integer - REJECTED_SOURCES_MAX);
        pop[2] = str_of(over);
        if (queue_send(q, pop, 3, popped_replied, q))
            return; /* the next sample tries again */
    }
    queue_ignore_reply(arg, err, reply);
}

static struct str number_str(char text[24], int64_t value)
{
    int n = snprintf(text, 24, "%" PRId64, value);

    return str_n(text, (size_t)n);
}

/* Half of the pipeline is for deliveries alone. */
static bool is_behind(const struct queue *q, size_t more)
{
    return queue_state(q) || q->pending > REJECTED_PENDING_MAX || queue_is_full(q, more + q->options.pipeline_max_bytes / 2);
}

bool queue_keep_rejected(struct queue *q, struct str source_id, struct str sample)
{
    struct key key = key_rejected(source_id);
    int64_t now_s = clock_wall_us(q->clock) / US_PER_S;
    char last[24], ttl[24], now[24], past[24];
    struct str push[] = {STR("LPUSH"), key_str(&key), sample};
    struct str trim[] = {STR("LTRIM"), key_str(&key), STR("0"), number_str(last, REJECTED_OF_SOURCE_MAX - 1)};
    struct str expire[] = {STR("EXPIRE"), key_str(&key), number_str(ttl, REJECTED_TTL_S)};
    struct str add[] = {STR("ZADD"), KEY_REJECTED, number_str(now, now_s), source_id};
    struct str drop[] = {STR("ZREMRANGEBYSCORE"), KEY_REJECTED, STR("-inf"), number_str(past, now_s - REJECTED_TTL_S)};
    struct str count[] = {STR("ZCARD"), KEY_REJECTED};
    struct redis_link *link;
    enum err err;

    if (is_behind(q, sample.len))
        return false;
    link = queue_next_link(q); /* one link, so that they come in this order */
    err = redis_link_command(link, push, 3, queue_ignore_reply, q);
    if (!err)
        err = redis_link_command(link, trim, 4, queue_ignore_reply, q);
    if (!err)
        err = redis_link_command(link, expire, 3, queue_ignore_reply, q);
    if (!err)
        err = redis_link_command(link, add, 4, queue_ignore_reply, q);
    if (!err)
        err = redis_link_command(link, drop, 4, queue_ignore_reply, q);
    if (!err)
        err = redis_link_command(link, count, 2, indexed_replied, q);
    return !err;
}
