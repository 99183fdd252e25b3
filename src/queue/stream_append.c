/* stream_append.c -- owns the appending of entries by those who wait for the answer. */
#include "queue/stream_impl.h"

#include <stdlib.h>

enum err stream_append(struct stream *s, const struct entry *entry)
{
    return stream_append_all(s, entry, 1);
}

/* Adds one XADD to what is sent. */
static enum err send_entry(struct stream *s, const struct entry *entry, struct redis_answer *answer)
{
    struct entry_pairs pairs;
    struct str args[ENTRY_XADD_MAX];
    struct key key = key_lane(s->append_turn, entry->lane);
    enum err err = entry_encode(entry, &pairs);

    if (err)
        return err;
    s->append_turn = (s->append_turn + 1) % s->options.partitions;
    return redis_sync_send(s->sync, args, entry_xadd(key_str(&key), pairs.at, pairs.n, args), answer);
}

/* One round trip. */
static enum err append_some(struct stream *s, const struct entry *entries, size_t n)
{
    struct redis_answer answers[STREAM_APPEND_MAX] = {{.err = OK}};
    enum err err = stream_ensure(s), waited;
    size_t sent = 0;

    while (!err && sent < n) {
        err = send_entry(s, &entries[sent], &answers[sent]);
        sent += !err;
    }
    waited = sent ? redis_sync_wait(s->sync, 0, false) : OK;
    if (!err)
        err = waited;
    for (size_t i = 0; i < sent; i++) {
        if (!err)
            err = answers[i].err;
        redis_answer_release(&answers[i]);
    }
    return err;
}

enum err stream_append_all(struct stream *s, const struct entry *entries, size_t n)
{
    enum err err = OK;

    for (size_t at = 0; at < n && !err; at += STREAM_APPEND_MAX)
        err = append_some(s, entries + at, n - at < STREAM_APPEND_MAX ? n - at : STREAM_APPEND_MAX);
    return err;
}
