/* seen.h -- owns the memory of what was applied: dedupe keys, in the same transaction as the effects (N4, D3, D4). */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include "base/arena.h"
#include "store/store.h"

struct seen {
    bool before;               /* the key was there */
    struct str delivery_id;    /* of the delivery that took it first */
    struct str reason, detail; /* not empty: that delivery became a dead letter */
};

/* Inside of facts_begin and facts_end: says beforehand that the key will be taken. Borrows it. ERR_MEMORY. */
enum err seen_want(struct store *store, int64_t source_id, struct str key) MUST_CHECK;
/* Takes the key for this delivery, or tells who took it. Texts are put in the arena. Inside a transaction. */
enum err seen_take(struct store *store, int64_t source_id, struct str key, struct str delivery_id, struct arena *arena,
                   struct seen *out) MUST_CHECK;
/* True in *before when this delivery itself was committed, whatever became of its acknowledgement. */
enum err seen_delivery(struct store *store, struct str delivery_id, bool *before) MUST_CHECK;
/* Remembers that the delivery became a dead letter (empty reason: no longer), so that a crash before the letter was written
 * is made good at the next claim. Without a reason `detail` is what became of an imported row. */
enum err seen_set_reason(struct store *store, int64_t source_id, struct str key, struct str reason, struct str detail) MUST_CHECK;
/* One key that was taken, and what became of it. */
struct seen_key {
    struct str key, delivery_id, reason, detail;
};
/* The keys of the source from `first` to `last`, both included, in order; at most `max`, in the arena. */
enum err seen_range(struct store *store, int64_t source_id, struct str first, struct str last, size_t max, struct arena *arena,
                    struct seen_key **out, size_t *n) MUST_CHECK;
enum { SEEN_FORGET_MAX = 5000 };
/* Forgets keys older than `before_us` (D4), the oldest first and SEEN_FORGET_MAX at most, so that nobody waits for the write lock
 * (N9). *more is true when some may be left. */
enum err seen_forget(struct store *store, int64_t before_us, bool *more) MUST_CHECK;

#endif
