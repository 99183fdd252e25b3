/* queue.h -- owns the streams seen from the event loop: durable append, pipelined, answered when Redis has answered (N1). */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include "base/config.h"
#include "model/entry.h"
#include "net/loop.h"

struct queue; /* one worker's links to Redis; belongs to the loop's thread */

/* Starts connecting (in the background, with jittered back-off for ever). Returns owned. */
enum err queue_open(struct loop *loop, const struct config *cfg, const struct clock *clock, struct queue **out) MUST_CHECK;
/* Pending appends are answered ERR_QUEUE_DOWN. NULL is fine. */
void queue_close(struct queue *q);

/* Called once: OK when the entry is durable; else ERR_QUEUE_DOWN, ERR_QUEUE_FULL, ERR_QUEUE_UNSAFE. */
typedef void queue_done(void *arg, enum err err);
/*
 * Appends one entry to its lane. Copies what it needs before it returns. `done` is called later from the loop, never from
 * within. Returns an error at once (and never calls done) when no link is up and safe, or the pipeline is at its maximum.
 */
enum err queue_append(struct queue *q, const struct entry *entry, queue_done *done, void *arg) MUST_CHECK;
/* Forgets the callback of appends with this arg (their sender is gone); the entries go on. */
void queue_forget(struct queue *q, void *arg);
/* Does a real write on a probe key; for /readyz. */
enum err queue_probe(struct queue *q, queue_done *done, void *arg) MUST_CHECK;
/* Why the queue is not ready, in words for the log and /readyz; "" when it is ready. */
const char *queue_trouble(const struct queue *q);
/* Calls `changed` from the loop whenever appends begin or cease to be possible: OK, or why not. At most one watcher. */
void queue_watch(struct queue *q, void (*changed)(void *arg, enum err state), void *arg);
/* Appends not yet answered. */
size_t queue_pending(const struct queue *q);

/* The snapshot of sources (N: serve needs Redis only). `version` grows with each publish. */
typedef void queue_snapshot_done(void *arg, enum err err, int64_t version, struct str json);
/* Fetches the version, and the text only when it is another than `known` (else json is empty); version 0 and no text when
 * nothing was published yet. The text is borrowed during the callback. */
enum err queue_snapshot(struct queue *q, int64_t known, queue_snapshot_done *done, void *arg) MUST_CHECK;
/* Counters reach Redis this late at most, when it answers. */
enum { QUEUE_COUNTS_FLUSH_MS = 1000 };
/* Adds to the counters of one source (verified, refused by reason, last delivery time, secret use); batched, best effort:
 * field names are made by the caller, values are added; fields that begin with "last_at_us" are set, not added. */
void queue_source_count(struct queue *q, struct str source_id, struct str field, int64_t by);
/* Sends what was counted now, instead of within the second; for the stop. */
void queue_flush_counts(struct queue *q);
/*
 * Keeps a sample of a rejected delivery, for the doctor: the last REJECTED_OF_SOURCE_MAX of a source for a day, of the last
 * REJECTED_SOURCES_MAX sources. Best effort, nobody waits. False when it was dropped: the queue is away, or behind.
 */
enum { REJECTED_OF_SOURCE_MAX = 5, REJECTED_SOURCES_MAX = 64 };
bool queue_keep_rejected(struct queue *q, struct str source_id, struct str sample);
/* Role presence: sets a key that lives for `ttl_ms`, so that `stats` and `up` see that the role is ready. Best effort. */
void queue_role_ready(struct queue *q, struct str role, int64_t ttl_ms);

#endif
