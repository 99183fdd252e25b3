/* fetch.h -- owns the fetch tasks: objects of a source of which a delivery said only that they changed. */
#ifndef STORE_FETCH_H
#define STORE_FETCH_H

#include "base/arena.h"
#include "store/store.h"

/*
 *  fetch_put ──► due ──fetch_claim──► claimed ──fetch_done──► no row
 *                 ▲                      │ └───fetch_gone──► gone ──fetch_put──► due; forgotten after FETCH_GONE_DAYS
 *                 ├──fetch_failed────────┤
 *                 └──the claim's time ran out, or it was put again meanwhile: then it is due at once
 *
 * A task is one object. Each put raises its generation; done and gone end the task only while the generation is the one that was
 * claimed, so that what changed while it was fetched is fetched again.
 */
struct fetch_task {
    int64_t source_id;
    struct str object, id; /* a mapping of the source's route file; the platform's id */
    int64_t generation;
    int64_t wanted_at_us; /* asked for first, since it was last done */
    int64_t due_at_us;
    int64_t attempts;      /* failed ones in a row */
    struct str last_error; /* of the last attempt; empty = none */
    int64_t gone_at_us;    /* 0 = not gone */
};

enum { FETCH_GONE_DAYS = 30, FETCH_BACKOFF_S = 30, FETCH_BACKOFF_MAX_S = 6 * 3600, FETCH_ERROR_BYTES = 300 };

/* Asks for an object, in the caller's transaction (N4). A task that is waiting keeps its due time, also that of a back-off. */
enum err fetch_put(struct store *store, int64_t source_id, struct str object, struct str id) MUST_CHECK;
/* Claims up to `max` tasks that are due, the longest due first; they come back when `lease_us` has passed. Sources that are disabled
 * or removed wait. A transaction of its own. Everything is in the arena. */
enum err fetch_claim(struct store *store, size_t max, int64_t lease_us, struct arena *arena, struct fetch_task **out,
                     size_t *n) MUST_CHECK;
/* The document was queued. */
enum err fetch_done(struct store *store, const struct fetch_task *task) MUST_CHECK;
/* The platform has no such object (any more): kept for FETCH_GONE_DAYS for the operator to see. */
enum err fetch_gone(struct store *store, const struct fetch_task *task) MUST_CHECK;
/* It is tried again after a back-off that doubles up to FETCH_BACKOFF_MAX_S, or after `retry_after_s` when the platform asked for
 * more. `why` is told to the operator; it holds no secret. */
enum err fetch_failed(struct store *store, const struct fetch_task *task, struct str why, int64_t retry_after_s) MUST_CHECK;

struct fetch_counts {
    int64_t waiting; /* due now or later, claimed ones included */
    int64_t failing; /* of those: the last attempt failed */
    int64_t gone;
    int64_t oldest_at_us; /* the longest waiting was asked for then; 0 = none */
};
/* Of one source, or of all for 0. */
enum err fetch_count(struct store *store, int64_t source_id, struct fetch_counts *out) MUST_CHECK;
/* Up to `max` tasks of a source (0: of all), the longest due first. */
enum err fetch_list(struct store *store, int64_t source_id, size_t max, struct arena *arena, struct fetch_task **out,
                    size_t *n) MUST_CHECK;
/* Forgets what is gone for FETCH_GONE_DAYS, and what was asked of sources that are removed. */
enum err fetch_forget(struct store *store) MUST_CHECK;

#endif
