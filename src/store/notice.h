/* notice.h -- owns the notices in the database: made once, listed, replayed, dropped, forgotten. */
#ifndef STORE_NOTICE_H
#define STORE_NOTICE_H

#include "base/arena.h"
#include "store/store.h"

/*
 * A notice is one message of a trigger. It has one delivery for each target that it goes to (store/notice_target.h):
 *
 *  notice_put ──► WAITING ──answer 2xx──► DELIVERED ──► forgotten by age and number
 *                  ▲   └────last attempt failed────► DEAD ──► forgotten by age and number, with a line in the log
 *                  └──────────notice_replay─────────────┘
 *
 * The id of the notice is the webhook-id of every attempt at every target.
 */
enum notice_state { NOTICE_WAITING, NOTICE_DELIVERED, NOTICE_DEAD, NOTICE_STATES };
extern const char *const notice_state_names[NOTICE_STATES + 1]; /* ends with NULL */

enum { NOTICE_BODY_MAX = 64 << 10, NOTICE_TYPE_MAX = 64, NOTICE_ID_CHARS = 36 };

/* What a notice is made from. All is borrowed. */
struct notice {
    struct str type;                /* as "cart_abandoned"; see notice_type_check */
    struct str effect;              /* what it is made for, such as "trigger:3:<event id>": the same text makes a notice once */
    struct str target;              /* name of the one target that it goes to; empty: each enabled target that wants the type */
    struct str contact_id, address; /* whose it is, for the erasure; empty where it is nobody's */
    struct str data;                /* a JSON object: the member "data" of what is sent */
    int64_t at_us;                  /* when it happened: the member "timestamp" */
};

/* A type is words of [A-Za-z0-9_] with dots between them, at most NOTICE_TYPE_MAX bytes. ERR_SYNTAX. */
enum err notice_type_check(struct str type) MUST_CHECK;
/*
 * Makes the notice in the caller's transaction (N4): its effects and the notice commit together. `*n` (may be NULL) is the number of
 * targets that it goes to: 0 when it was made before, when no target wants it, or none has the name. A target of that name that is
 * disabled gets it when it is enabled again.
 * Errors: ERR_SYNTAX (type), ERR_TOO_LARGE (data), those of the database.
 */
enum err notice_put(struct store *store, const struct notice *notice, size_t *n) MUST_CHECK;

/* Forgets the notices of a contact and of those that became it, whatever their state, in the caller's transaction (X2). */
enum err notice_erase_contact(struct store *store, struct str contact_id) MUST_CHECK;
/* The same for those that stand under an address. */
enum err notice_erase_address(struct store *store, struct str address) MUST_CHECK;

#endif
