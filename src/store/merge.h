/* merge.h -- owns the operator's merges of contacts, and their undoing (M10). */
#ifndef STORE_MERGE_H
#define STORE_MERGE_H

#include "model/view.h"
#include "store/store.h"

enum { MERGE_DAYS = 7, MERGE_MEMBERS_MAX = 16 };

/* Why it was not done. */
enum merge_refusal {
    MERGE_DONE,
    MERGE_NOBODY,    /* no contact has this address or id: `who` */
    MERGE_ONE,       /* both are one contact already */
    MERGE_TOO_LARGE, /* the contact would have more customers and addresses than one may have */
    MERGE_NONE,      /* nobody joined this contact by hand */
    MERGE_LATE,      /* more than MERGE_DAYS ago: `at_us` */
    MERGE_CHANGED    /* `members` changed since */
};

struct merge_result {
    enum merge_refusal refusal;
    struct str who, by;
    struct str kept_id, gone_id; /* what stands under gone_id now; after an undoing both are contacts again */
    int64_t at_us;               /* of the merge */
    const char *members[MERGE_MEMBERS_MAX];
    size_t n_members;
};

/* What both work with. Borrowed; results live in the arena. */
struct merge_desk {
    struct store *store;
    const struct view_source *sources;
    size_t n_sources;
    struct arena *arena;
};

/*
 * Makes two contacts one, each named by an address or an id, in a transaction of its own, repeated while others are in the way. The
 * merge is one more fact: a customer of the account's own source whose claims lead to both. An address stands for the contact that
 * has it, a contact without an address of its own for its customer. Fires nothing (M9).
 * Errors: those of the database, ERR_MEMORY. That it could not be done is no error: `out->refusal`.
 */
enum err merge_contacts(const struct merge_desk *desk, struct str left, struct str right, struct str by,
                        struct merge_result *out) MUST_CHECK;

/*
 * Takes back the latest merge of the contact if that was in the last MERGE_DAYS and no field of it changed since: both contacts are
 * then as they were, with their ids. Orders, carts and visits that came since stay with their customers and are in nobody's way.
 * As merge_contacts.
 */
enum err merge_undo(const struct merge_desk *desk, struct str who, struct merge_result *out) MUST_CHECK;

/* Forgets what is needed to undo merges that can no longer be undone. */
enum err merge_forget(struct store *store) MUST_CHECK;

#endif
