/* stream_impl.h -- owns what the files behind stream.h share: the connection, transactions, reading of replies. */
#ifndef QUEUE_STREAM_IMPL_H
#define QUEUE_STREAM_IMPL_H

#include "queue/entry_codec.h"
#include "queue/keys.h"
#include "queue/redis_check.h"
#include "queue/redis_sync.h"
#include "queue/stream.h"

struct stream {
    const struct clock *clock;
    struct redis_options options;
    struct redis_sync *sync;
    int64_t claim_idle_ms;
    bool interrupted; /* we ended the connection (a signal, half a MULTI): connect before the next command */
    int append_turn;  /* partition of the next append */
    /* claim.c */
    struct key consumer;       /* as named in the last claim; empty before */
    size_t reclaim_at;         /* partition * LANE__COUNT + lane where taking over goes on */
    struct key reclaim_cursor; /* of XAUTOCLAIM there */
    int64_t reclaim_next_us;   /* monotonic; when the next look at dead consumers is due */
    int64_t tidy_next_us;      /* monotonic; when dead consumers are removed next */
    size_t bulk_credit;        /* entries that bulk has yet to get, in ninths */
};

/* Ends the connection; the next command connects again. */
void stream_interrupt(struct stream *s);
/* Connects again after stream_interrupt. ERR_QUEUE_DOWN, ERR_QUEUE_UNSAFE. */
enum err stream_ensure(struct stream *s) MUST_CHECK;
/* stream_ensure, then one command. */
enum err stream_call(struct stream *s, const struct str *args, size_t n, struct redis_answer *answer) MUST_CHECK;
/* Makes the group of every lane that has none, from 0, so that nothing that is there is passed over. */
enum err stream_make_groups(struct stream *s) MUST_CHECK;

/* Now and then removes consumers that are dead for a day and hold nothing. Errors: those of the connection only. */
enum err consumers_tidy(struct stream *s) MUST_CHECK;
/* Removes our own consumer where it holds nothing. */
void consumer_leave(struct stream *s);

/* A MULTI that goes out in one round trip. */
struct txn_command {
    const struct str *args;
    size_t n;
};
/*
 * Runs `commands` in one MULTI. `result` gets the answer of EXEC (an array, one element a command); release it.
 * Errors: ERR_EXISTS when a watched key was changed (nothing was done then); else those of the command that failed.
 */
enum err stream_transact(struct stream *s, const struct txn_command *commands, size_t n, struct redis_answer *result) MUST_CHECK;
/* Runs `commands` in one round trip without MULTI. Returns the first error. */
enum err stream_pipeline(struct stream *s, const struct txn_command *commands, size_t n) MUST_CHECK;

/* Borrows the text of a string or status reply; STR_NONE for any other. */
static inline struct str reply_str(const redisReply *reply)
{
    return reply && reply->str ? str_n(reply->str, (size_t)reply->len) : STR_NONE;
}
/* The number of an integer reply, or of a text that is one; 0 for any other. */
int64_t reply_int(const redisReply *reply);
static inline bool reply_is_array(const redisReply *reply, size_t least)
{
    return reply && reply->type == REDIS_REPLY_ARRAY && reply->elements >= least;
}

/* Reads the flat list of fields of one stream entry. Borrows the reply; the pairs, with room for one more, are in the arena.
 * ERR_SYNTAX, ERR_MEMORY. */
enum err reply_pairs(const redisReply *list, struct arena *arena, struct field **out, size_t *n) MUST_CHECK;
/* Copies the texts of the pairs into the arena. ERR_MEMORY. */
enum err pairs_keep(struct field *pairs, size_t n, struct arena *arena) MUST_CHECK;

#endif
