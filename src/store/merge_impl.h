/* merge_impl.h -- owns what making and undoing a merge share; not for use outside src/store/merge*.c. */
#ifndef STORE_MERGE_IMPL_H
#define STORE_MERGE_IMPL_H

#include "store/merge.h"
#include "store/scope.h"

/* One merge in hand. */
struct merge_job {
    const struct merge_desk *desk;
    struct merge_result *out;
    struct event event; /* for the ledger: an edit of the operator */
    struct event_context ctx;
    struct str subject; /* the customer whose claims join */
};
void merge_job_start(struct merge_job *job, const struct merge_desk *desk, struct merge_result *out);

/* Runs `work` in a transaction, again while others are in the way; a refusal rolls back. */
enum err merge_run(struct merge_job *job, enum err (*work)(struct merge_job *job, void *arg), void *arg) MUST_CHECK;

/* The contact as it is shown; NULL and ERR_NOT_FOUND when there is none. Returns owned. */
enum err merge_show(const struct merge_desk *desk, struct str contact_id, json_t **out) MUST_CHECK;
/* Adds the members that differ to `out->members`; orders, carts, visits and what follows from them are not compared. */
void merge_compare(json_t *before, json_t *now, struct merge_result *out);

/* Loads all that the merge's customer leads to. */
enum err merge_load(const struct merge_job *job, struct scope *out) MUST_CHECK;

#endif
