/* account_limit.h -- owns an account's limit of contacts: what counts, how many there are, what happens at the limit (P13). */
#ifndef STORE_ACCOUNT_LIMIT_H
#define STORE_ACCOUNT_LIMIT_H

#include "base/arena.h"
#include "store/store.h"

/*
 * A contact counts while it exists: not merged into another, not erased. One that is archived counts as well, for its history is kept
 * and it comes back by itself. The number is kept beside the limit, and only while there is one (so an account without a limit pays
 * nothing for it), in the transaction of whatever changes it: contact_grow is called by scope_save, by erasures, and must be by anything
 * else that makes, revives, merges or removes a contact.
 */
enum limit_policy { LIMIT_STOP, LIMIT_BILL, LIMIT_AUTO_RAISE, LIMIT_POLICIES };
extern const char *const limit_policy_names[LIMIT_POLICIES + 1]; /* "stop", ...; ends with NULL */

enum { LIMIT_NEAR_PERCENT = 90 };

struct account_limit {
    int64_t limit; /* 0 = none; then contacts is 0 */
    enum limit_policy policy;
    int64_t raise_step;       /* LIMIT_AUTO_RAISE: the limit grows by so many */
    int64_t contacts;         /* how many there are */
    int64_t near_us, full_us; /* since when the contacts are at 90 % and at all of the limit; 0 = below */
    bool removed;             /* the account is */
};

/* Of the store's account. ERR_NOT_FOUND. */
enum err account_limit_get(struct store *store, struct account_limit *out) MUST_CHECK;
/* Sets limit, policy and step of the store's account and counts its contacts, in a transaction of its own, repeated while others are in
 * the way. `out` is another object. ERR_NOT_FOUND. */
enum err account_limit_set(struct store *store, const struct account_limit *wanted, struct account_limit *out) MUST_CHECK;

/* True in *room when `growth` contacts more may be made: there is no limit, it does not stop, or there is room besides that for the
 * persons who were called in (parked.h) and are not `person`. In the caller's transaction. */
enum err contact_room(struct store *store, int64_t growth, struct str person, bool *room) MUST_CHECK;
/*
 * In the caller's transaction: the store's account has `growth` contacts more (or fewer). Raises the limit where the policy says so, and
 * notes what happened (account_event). Does nothing for an account without a limit.
 */
enum err contact_grow(struct store *store, int64_t growth) MUST_CHECK;
/* In the caller's transaction: counts the contacts anew, after a change that cannot tell by how much. */
enum err contact_recount(struct store *store) MUST_CHECK;
/* How many contacts the store's account has by its tables, and by what is kept (-1 without a limit): for the check of a database. */
enum err contact_count_check(struct store *store, int64_t *counted, int64_t *kept) MUST_CHECK;

/*
 * What happened at a limit, for operators: "limit_set", "limit_near" (90 %), "limit_reached", "limit_raised", "overage" (LIMIT_BILL: one a
 * day, with the most contacts of that day). The latest EVENTS_KEPT of an account stay.
 */
enum { ACCOUNT_EVENTS_KEPT = 1000 };
struct account_event {
    int64_t account_id, at_us, contacts, limit;
    struct str id, kind;
};
/* The latest `max` of the store's account, the newest first. In the arena. */
enum err account_events(struct store *store, size_t max, struct arena *arena, struct account_event **out, size_t *n) MUST_CHECK;
/* Up to `max` of any account that no log has told of; from now on they are told. In a transaction of its own. */
enum err account_events_untold(struct store *store, size_t max, struct arena *arena, struct account_event **out,
                               size_t *n) MUST_CHECK;

#endif
