/* stream_rejected.c -- owns the look at the samples of rejected deliveries, and their removal. */
#include "queue/stream_impl.h"

/* A sample that is gone since it was read is fine. */
static enum err remove_sample(struct stream *s, const struct key *key, struct str sample)
{
    struct str args[] = {STR("LREM"), key_str(key), STR("0"), sample};
    struct redis_answer answer;
    enum err err = stream_call(s, args, 4, &answer);

    redis_answer_release(&answer);
    return err;
}

/* Shows every sample of a list; one that `each` wants gone is removed. */
static enum err walk(struct stream *s, struct str source_id, rejected_fn *each, void *arg, size_t *removed)
{
    struct key key = key_rejected(source_id);
    struct str args[] = {STR("LRANGE"), key_str(&key), STR("0"), STR("-1")};
    struct redis_answer answer;
    enum err err = stream_call(s, args, 4, &answer);

    for (size_t i = 0; !err && reply_is_array(answer.reply, i + 1); i++) {
        struct str sample = reply_str(answer.reply->element[i]);

        if (!each(arg, sample))
            continue;
        err = remove_sample(s, &key, sample);
        ++*removed;
    }
    redis_answer_release(&answer);
    return err;
}

enum err stream_rejected(struct stream *s, struct str source_id, rejected_fn *each, void *arg)
{
    size_t removed = 0;

    return walk(s, source_id, each, arg, &removed);
}

enum err stream_rejected_all(struct stream *s, rejected_fn *each, void *arg, size_t *removed)
{
    struct str args[] = {STR("ZRANGE"), KEY_REJECTED, STR("0"), STR("-1")};
    struct redis_answer answer;
    enum err err = stream_call(s, args, 4, &answer);

    *removed = 0;
    for (size_t i = 0; !err && reply_is_array(answer.reply, i + 1); i++)
        err = walk(s, reply_str(answer.reply->element[i]), each, arg, removed);
    redis_answer_release(&answer);
    return err;
}

enum err stream_rejected_forget(struct stream *s, struct str source_id)
{
    struct key key = key_rejected(source_id);
    struct str del[] = {STR("DEL"), key_str(&key)}, drop[] = {STR("ZREM"), KEY_REJECTED, source_id};
    struct txn_command commands[] = {{del, 2}, {drop, 3}};

    return stream_pipeline(s, commands, 2);
}
