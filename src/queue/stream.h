/* stream.h -- owns the streams seen from a drainer or a command: claim, acknowledge, dead letters, snapshot, figures. Waits. */
#ifndef QUEUE_STREAM_H
#define QUEUE_STREAM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/config.h"
#include "model/entry.h"

struct stream; /* one blocking connection; every call has the deadline redis.timeout */

/* Connects and checks persistence (appendonly, fsync, noeviction). On failure `why` says what and what to do.
 * Errors: ERR_QUEUE_DOWN, ERR_QUEUE_UNSAFE. Returns owned. */
enum err stream_open(const struct config *cfg, const struct clock *clock, struct stream **out, struct buf *why) MUST_CHECK;
void stream_close(struct stream *s);
/* Connects again after an error, and checks again. */
enum err stream_reopen(struct stream *s, struct buf *why) MUST_CHECK;

/* One claimed entry. Everything lives in the arena that was given to stream_claim. */
struct claimed {
    struct entry entry;
    struct str stream_id; /* "1714641068000-0" */
    int partition;
    int64_t deliveries; /* times handed out, this one included */
};
/*
 * Claims up to `max` entries for `consumer`: first those of dead consumers (idle past drain.claim_idle), then new ones in lane
 * order with weights. Waits up to `wait_ms` when there is none; returns OK with *n 0 then. Makes missing streams and groups
 * (NOGROUP: from 0). An entry whose fields are not ours comes back with an empty body and entry.id empty.
 */
enum err stream_claim(struct stream *s, struct str consumer, size_t max, int64_t wait_ms, struct arena *arena, struct claimed **out,
                      size_t *n) MUST_CHECK;
/* XACK and XDEL in one round trip. Only after the database has committed (N3). */
enum err stream_done(struct stream *s, const struct claimed *const *entries, size_t n) MUST_CHECK;
/* Moves one entry to the dead letters: XADD dead, XACK, XDEL in one MULTI. */
enum err stream_bury(struct stream *s, const struct claimed *entry, struct str reason, struct str detail) MUST_CHECK;

/* One dead letter, newest last. Texts live in the arena. */
struct dead_letter {
    struct str dead_id; /* stream id in the dead stream, with its partition: "0:1714641068000-0" */
    struct entry entry;
    struct str reason, detail;
    int64_t died_at_us;
};
struct dead_filter {
    struct str reason, source_id; /* empty = any */
    struct str after;             /* dead_id to go on after; empty = from the start */
    size_t max;
};
enum err stream_dead_list(struct stream *s, const struct dead_filter *filter, struct arena *arena, struct dead_letter **out,
                          size_t *n) MUST_CHECK;
/* ERR_NOT_FOUND. `id` is a dead_id or a delivery id. */
enum err stream_dead_get(struct stream *s, struct str id, struct arena *arena, struct dead_letter *out) MUST_CHECK;
/* Puts the entry back in its lane, marked replay, and removes the letter, in one MULTI. `fire`: triggers fire for it (T1). */
enum err stream_dead_replay(struct stream *s, const struct dead_letter *letter, bool fire) MUST_CHECK;
enum err stream_dead_drop(struct stream *s, const struct dead_letter *letter) MUST_CHECK;
/* Writes all letters anew, with their ids, so that nothing of those that are gone is left in Redis. ERR_EXISTS when letters came or
 * went all the time: try later. ERR_TOO_MANY beyond 10,000 letters of a partition, for everything would wait meanwhile. */
enum err stream_dead_rewrite(struct stream *s) MUST_CHECK;

/* Appends an entry and waits for the answer (commands, poll): a poller moves its cursor only after OK (N7). */
enum err stream_append(struct stream *s, const struct entry *entry) MUST_CHECK;
/* The same for many, in as few round trips as STREAM_APPEND_MAX allows. After an error some may be in the queue, the first ones. */
enum { STREAM_APPEND_MAX = 100 };
enum err stream_append_all(struct stream *s, const struct entry *entries, size_t n) MUST_CHECK;

/* Lets Redis write its append-only file anew in the background, without what was deleted. ERR_EXISTS while it does so already. */
enum err stream_rewrite_file(struct stream *s) MUST_CHECK;

/* Publishes the snapshot of sources and raises its version. */
enum err stream_publish_sources(struct stream *s, struct str json, int64_t *version) MUST_CHECK;
/* Appends the snapshot's text; nothing when there is none. */
enum err stream_sources(struct stream *s, struct buf *out) MUST_CHECK;
/* True in *present when a snapshot is there. */
enum err stream_sources_present(struct stream *s, bool *present) MUST_CHECK;

struct lane_stats {
    uint64_t waiting;     /* entries in the stream */
    uint64_t pending;     /* claimed, not acknowledged */
    int64_t oldest_at_us; /* 0 = empty */
};
struct stream_stats {
    struct lane_stats lanes[LANE__COUNT];
    uint64_t dead;
    uint64_t memory_bytes;
};
enum err stream_stats(struct stream *s, struct stream_stats *out) MUST_CHECK;
/* Calls `each` for every counter of a source kept by queue_source_count. */
enum err stream_source_counts(struct stream *s, struct str source_id, void (*each)(void *arg, struct str field, int64_t value),
                              void *arg) MUST_CHECK;
/* Shows the samples of rejected deliveries that queue_keep_rejected keeps, the latest first; one for which `each` returns true is
 * removed. It borrows what it is shown. */
typedef bool rejected_fn(void *arg, struct str sample);
enum err stream_rejected(struct stream *s, struct str source_id, rejected_fn *each, void *arg) MUST_CHECK;
/* The same for all sources; *removed says how many were removed. */
enum err stream_rejected_all(struct stream *s, rejected_fn *each, void *arg, size_t *removed) MUST_CHECK;
/* Forgets the samples of one source. */
enum err stream_rejected_forget(struct stream *s, struct str source_id) MUST_CHECK;
/* Role presence: sets a key that lives for `ttl_ms` and holds this process's counters, so that `stats` sees which roles are ready
 * and what they did. */
enum err stream_role_ready(struct stream *s, struct str role, int64_t ttl_ms) MUST_CHECK;
/* One process of a role. `counters` is what counters_write says there: "name=value name=value". */
struct role_seen {
    struct str role, counters;
    int64_t pid;
};
/* Calls `each` for every process of a role that is there; it borrows what it is shown. */
enum err stream_roles(struct stream *s, void (*each)(void *arg, const struct role_seen *seen), void *arg) MUST_CHECK;

#endif
