/* stream_stats.c -- owns the figures of the queue: lanes, dead letters, memory, counters of a source. */
#include "queue/stream_impl.h"

static enum err read_int(struct stream *s, const struct str *args, size_t n, uint64_t *sum)
{
    struct redis_answer answer;
    enum err err = stream_call(s, args, n, &answer);

    if (!err)
        *sum += (uint64_t)reply_int(answer.reply);
    redis_answer_release(&answer);
    return err;
}

/* Adds what is claimed and not acknowledged; a lane without a group has none. */
static enum err add_pending(struct stream *s, struct str stream, uint64_t *sum)
{
    struct str args[] = {STR("XPENDING"), stream, KEY_GROUP};
    struct redis_answer answer;
    enum err err = stream_call(s, args, 3, &answer);

    if (redis_error_is(answer.reply, STR("NOGROUP")))
        err = OK;
    else if (!err && reply_is_array(answer.reply, 1))
        *sum += (uint64_t)reply_int(answer.reply->element[0]);
    redis_answer_release(&answer);
    return err;
}

/* Lowers `oldest_at_us` to the time of the first entry: the first part of a stream id is milliseconds of the wall clock. */
static enum err note_oldest(struct stream *s, struct str stream, int64_t *oldest_at_us)
{
    struct str args[] = {STR("XRANGE"), stream, STR("-"), STR("+"), STR("COUNT"), STR("1")};
    struct redis_answer answer;
    uint64_t ms = 0;
    enum err err = stream_call(s, args, 6, &answer);

    if (!err && reply_is_array(answer.reply, 1) && reply_is_array(answer.reply->element[0], 2)) {
        struct str id = reply_str(answer.reply->element[0]->element[0]);

        if (str_to_u64(str_upto(id, str_find(id, '-')), &ms) || ms > INT64_MAX / US_PER_MS)
            ms = 0;
        if (ms && (*oldest_at_us == 0 || (int64_t)ms * US_PER_MS < *oldest_at_us))
            *oldest_at_us = (int64_t)ms * US_PER_MS;
    }
    redis_answer_release(&answer);
    return err;
}

static enum err add_lane(struct stream *s, int partition, enum lane lane, struct lane_stats *out)
{
    struct key key = key_lane(partition, lane);
    struct str length[] = {STR("XLEN"), key_str(&key)};
    enum err err = read_int(s, length, 2, &out->waiting);

    if (!err)
        err = add_pending(s, key_str(&key), &out->pending);
    return err ? err : note_oldest(s, key_str(&key), &out->oldest_at_us);
}

static enum err read_memory(struct stream *s, uint64_t *out)
{
    static const struct str name = {"used_memory:", 12};
    struct str args[] = {STR("INFO"), STR("memory")}, rest, line;
    struct redis_answer answer;
    enum err err = stream_call(s, args, 2, &answer);

    rest = err ? STR_NONE : reply_str(answer.reply);
    while (str_split(&rest, '\n', &line))
        if (str_starts(line, name) && str_to_u64(str_trim(str_from(line, name.len)), out))
            err = ERR_QUEUE_DOWN;
    redis_answer_release(&answer);
    return err;
}

enum err stream_stats(struct stream *s, struct stream_stats *out)
{
    enum err err = OK;

    memset(out, 0, sizeof(*out));
    for (int p = 0; p < s->options.partitions && !err; p++) {
        struct key dead = key_dead(p);
        struct str length[] = {STR("XLEN"), key_str(&dead)};

        err = read_int(s, length, 2, &out->dead);
        for (int lane = 0; lane < LANE__COUNT && !err; lane++)
            err = add_lane(s, p, (enum lane)lane, &out->lanes[lane]);
    }
    return err ? err : read_memory(s, &out->memory_bytes);
}

enum err stream_source_counts(struct stream *s, struct str source_id, void (*each)(void *arg, struct str field, int64_t value),
                              void *arg)
{
    struct key key = key_source_counts(source_id);
    struct str args[] = {STR("HGETALL"), key_str(&key)};
    struct redis_answer answer;
    enum err err = stream_call(s, args, 2, &answer);

    for (size_t i = 0; !err && reply_is_array(answer.reply, 2) && i + 1 < answer.reply->elements; i += 2)
        each(arg, reply_str(answer.reply->element[i]), reply_int(answer.reply->element[i + 1]));
    redis_answer_release(&answer);
    return err;
}
