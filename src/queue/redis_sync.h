/* redis_sync.h -- owns one connection to Redis for callers that wait: every wait has a deadline. */
#ifndef QUEUE_REDIS_SYNC_H
#define QUEUE_REDIS_SYNC_H

#include "base/clock.h"
#include "queue/redis_conn.h"
#include "queue/redis_options.h"

struct redis_sync;

/* Not connected yet. Borrows options and clock. Returns owned. */
enum err redis_sync_new(const struct clock *clock, const struct redis_options *options, struct redis_sync **out) MUST_CHECK;
void redis_sync_free(struct redis_sync *s);
/* Connects (again), logs in, and checks that the server keeps what it accepts. On failure `why` says what and what to do.
 * Errors: ERR_QUEUE_DOWN, ERR_QUEUE_UNSAFE. */
enum err redis_sync_open(struct redis_sync *s, struct buf *why) MUST_CHECK;
/* Ends the connection; what is unanswered gets ERR_QUEUE_DOWN. */
void redis_sync_close(struct redis_sync *s);

/* One answer. Zeroed is the start. */
struct redis_answer {
    struct redis_sync *sync;
    redisReply *reply; /* owned; NULL before the answer, and when the connection ended */
    enum err err;      /* of the reply, see redis_check.h; ERR_QUEUE_DOWN until it is there */
};
/* Frees the reply. */
void redis_answer_release(struct redis_answer *a);

/* Adds a command to the pipeline. `answer` must stay until redis_sync_wait. */
enum err redis_sync_send(struct redis_sync *s, const struct str *args, size_t n, struct redis_answer *answer) MUST_CHECK;
/*
 * Waits until all that was sent is answered, `extra_ms` longer than redis.timeout. Error replies are in the answers, not here.
 * ERR_QUEUE_DOWN: the connection ended, or the deadline passed and it was closed; ERR_TIMEOUT: `interruptible` and a signal
 * came; then the connection is closed too, so that no reply can be mistaken for a later one.
 */
enum err redis_sync_wait(struct redis_sync *s, int64_t extra_ms, bool interruptible) MUST_CHECK;
/* Sends one command and waits for its answer. Returns the answer's error. */
enum err redis_sync_call(struct redis_sync *s, const struct str *args, size_t n, struct redis_answer *answer) MUST_CHECK;

#endif
