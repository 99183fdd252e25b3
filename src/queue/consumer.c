/* consumer.c -- owns the end of consumers: those that hold nothing are removed, so that they do not pile up. */
#include "queue/stream_impl.h"

#include "base/log.h"

enum {
    TIDY_US = 600000000, /* how often dead consumers are looked for */
    CONSUMER_IDLE_MAX_MS = 86400000
};

/*
 * Removes one consumer that has nothing pending, unless the stream changes meanwhile: removing one that has would take its
 * entries away from everybody (N8).
 */
static enum err remove_consumer(struct stream *s, struct str stream, struct str consumer)
{
    struct str watch[] = {STR("WATCH"), stream}, unwatch = STR("UNWATCH");
    struct str pending[] = {STR("XPENDING"), stream, KEY_GROUP, STR("-"), STR("+"), STR("1"), consumer};
    struct str remove[] = {STR("XGROUP"), STR("DELCONSUMER"), stream, KEY_GROUP, consumer};
    struct txn_command command = {remove, 5};
    struct redis_answer answer;
    enum err err = stream_call(s, watch, 2, &answer);
    bool none;

    redis_answer_release(&answer);
    if (err)
        return err;
    err = stream_call(s, pending, 7, &answer);
    none = !err && reply_is_array(answer.reply, 0) && answer.reply->elements == 0;
    redis_answer_release(&answer);
    if (!none) {
        err = stream_call(s, &unwatch, 1, &answer);
        redis_answer_release(&answer);
        return err;
    }
    err = stream_transact(s, &command, 1, &answer);
    redis_answer_release(&answer);
    return err == ERR_EXISTS ? OK : err;
}

/* The value after `name` in a flat list of a reply, as XINFO gives; NULL when it is not there. */
static const redisReply *listed(const redisReply *list, struct str name)
{
    for (size_t i = 0; reply_is_array(list, 2) && i + 1 < list->elements; i += 2)
        if (str_eq(reply_str(list->element[i]), name))
            return list->element[i + 1];
    return NULL;
}

static enum err tidy_lane(struct stream *s, struct str stream)
{
    struct str args[] = {STR("XINFO"), STR("CONSUMERS"), stream, KEY_GROUP};
    struct redis_answer answer;
    enum err err = stream_call(s, args, 4, &answer);

    for (size_t i = 0; !err && reply_is_array(answer.reply, 1) && i < answer.reply->elements; i++) {
        const redisReply *one = answer.reply->element[i];

        if (reply_int(listed(one, STR("pending"))) == 0 && reply_int(listed(one, STR("idle"))) > CONSUMER_IDLE_MAX_MS)
            err = remove_consumer(s, stream, reply_str(listed(one, STR("name"))));
    }
    if (answer.reply && err) /* Redis said no: there is no such group */
        err = OK;
    redis_answer_release(&answer);
    return err;
}

enum err consumers_tidy(struct stream *s)
{
    int64_t now_us = clock_mono_us(s->clock);
    enum err err = OK;

    if (now_us < s->tidy_next_us)
        return OK;
    s->tidy_next_us = now_us + TIDY_US;
    for (int p = 0; p < s->options.partitions && !err; p++)
        for (int lane = 0; lane < LANE__COUNT && !err; lane++) {
            struct key key = key_lane(p, (enum lane)lane);

            err = tidy_lane(s, key_str(&key));
        }
    return err;
}

void consumer_leave(struct stream *s)
{
    enum err err = OK;

    for (int p = 0; s->consumer.len && p < s->options.partitions && !err; p++)
        for (int lane = 0; lane < LANE__COUNT && !err; lane++) {
            struct key key = key_lane(p, (enum lane)lane);

            err = remove_consumer(s, key_str(&key), key_str(&s->consumer));
        }
    if (err) /* another drainer removes it a day later */
        LOG(LOG_DEBUG, "consumer not removed", KV_ERR(err));
}
