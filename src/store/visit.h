/* visit.h -- owns visits in the database: those of a contact, and how long they are kept. */
#ifndef STORE_VISIT_H
#define STORE_VISIT_H

#include "base/buf.h"
#include "model/contact.h"
#include "store/store.h"

enum { VISIT_FORGET_MAX = 5000 };
/*
 * Forgets visits and carts of the time from `from_us` to `before_us` of visitors that no event has tied to a customer,
 * VISIT_FORGET_MAX of each at most, so that nobody waits for the write lock (N9). *more is true when some may be left. What was
 * looked at once need not be looked at again: `from_us` is the end of the time before.
 */
enum err visit_forget(struct store *store, int64_t from_us, int64_t before_us, bool *more) MUST_CHECK;

/* What is kept of the visits of one customer, guest or known visitor. */
struct visit_keep {
    int64_t before_us; /* nothing older */
    int64_t most;      /* the latest so many, and those of the same time as the oldest of them; at least 1 */
};
struct visit_group {
    int64_t account_id, source_id;
    struct str key; /* subject or visitor id */
};
enum { VISIT_GROUPS_MAX = 500 };
/* Where a walk through all accounts is; it begins again when it has come to the end. */
struct visit_walk {
    size_t kind;
    int64_t account_id, source_id;
    struct buf key;
    struct visit_group last; /* of the turn at work */
};
void visit_walk_init(struct visit_walk *walk);
void visit_walk_release(struct visit_walk *walk);
/* Looks at the next VISIT_GROUPS_MAX customers or visitors, and forgets what is over the limits. Errors: those of the database. */
enum err visit_forget_known(struct store *store, struct visit_walk *walk, const struct visit_keep *keep) MUST_CHECK;

/* Texts of the visit are good until the call returns; `arena` is for what is to stay. */
typedef enum err visit_each(void *arg, const struct visit *visit, struct arena *arena);
/* Hands on each visit of the contact whose facts are loaded, in no order; stops at the first error of `each`. */
enum err visits_of_contact(struct store *store, const struct scope *facts, struct arena *arena, visit_each *each,
                           void *arg) MUST_CHECK;

#endif
