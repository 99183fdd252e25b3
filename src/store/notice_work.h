/* notice_work.h -- owns the work on notices that wait: claimed by one process at a time, settled, given up, forgotten. */
#ifndef STORE_NOTICE_WORK_H
#define STORE_NOTICE_WORK_H

#include "store/notice.h"
#include "store/notice_target.h"

/*
 *  due ──notice_claim──► claimed ──notice_settle──► delivered, dead, or due again later
 *   ▲                      ├──notice_release──► due at once
 *   └──────────────────────┴──the lease ran out: the process is gone; the same notice goes out again, under its id
 *
 * Every claim has a token of its own, and only who holds the token settles: a process that comes back late changes nothing.
 * These functions work in every account; the store's own is left as it is.
 */
struct notice_due {
    int64_t account_id;
    struct notice_target target;
};
/* The targets that are enabled, not paused, and have something due now; at most `max`. In the arena. */
enum err notice_due_targets(struct store *store, size_t max, struct arena *arena, struct notice_due **out, size_t *n) MUST_CHECK;

struct notice_task {
    int64_t account_id, target_id;
    struct str notice_id, claim, body;
    int64_t attempts; /* failed so far */
};
/* Claims up to `max` notices that are due at the target, the longest due first, until `lease_us` from now. In the arena. */
enum err notice_claim(struct store *store, const struct notice_due *at, size_t max, int64_t lease_us, struct arena *arena,
                      struct notice_task **out, size_t *n) MUST_CHECK;

/* What came of one attempt. Borrowed. */
struct notice_outcome {
    const struct notice_task *task;
    enum notice_state state; /* WAITING: it is tried again */
    int64_t due_us;          /* when, for WAITING */
    int64_t status;          /* of the answer; 0 = none */
    struct str error;        /* what went wrong; empty = nothing */
    struct str disable;      /* not empty: the target asked not to be called any more; why */
};
/* When a target fails again and again, nothing is tried for a while; see notice_pause_us. */
struct notice_pauses {
    int64_t first_us, most_us; /* first_us 0: never */
};
enum { NOTICE_FAILURES_BEFORE_PAUSE = 5 };
/* How long a target is left alone after so many failures in a row: not at all, then the first pause, doubled with each failure up to
 * the longest. */
int64_t notice_pause_us(const struct notice_pauses *pauses, int64_t failures);
/* Records the outcomes and what they say of their targets; one transaction. What was claimed by another meanwhile is left alone. */
enum err notice_settle(struct store *store, const struct notice_pauses *pauses, const struct notice_outcome *outcomes,
                       size_t n) MUST_CHECK;
/* Gives a claim back: it is due at once, no attempt is counted. */
enum err notice_release(struct store *store, const struct notice_task *task) MUST_CHECK;

enum { NOTICE_EFFECT_DAYS = 30, NOTICE_FORGET_MAX = 2000 };
struct notice_keep {
    int64_t give_up_us; /* what waits for longer is dead */
    int64_t keep_us;    /* what is delivered or dead is forgotten after this time */
    int64_t keep_n;     /* and when so many newer ones are there, in each account */
};
struct notice_forgotten {
    size_t given_up, delivered, dead;
    bool more; /* call again soon */
};
/* In the store's account: at most NOTICE_FORGET_MAX of each kind (N9). Effects are remembered for NOTICE_EFFECT_DAYS. */
enum err notice_forget(struct store *store, const struct notice_keep *keep, struct notice_forgotten *out) MUST_CHECK;

#endif
