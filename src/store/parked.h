/* parked.h -- owns who waits for room in an account at its limit of contacts, and who was called in (P13, AC-27, AC-28). */
#ifndef STORE_PARKED_H
#define STORE_PARKED_H

#include "base/secret.h"
#include "model/contact.h"
#include "store/store.h"

/*
 * A person is parked with the dead letters (reason "contact_limit") whose events would make the contact:
 *
 *   WAITING --parked_call, parked_call_known--> CALLED --the letter is put back: parked_back--> BACK --applied: parked_forget--> no row
 *      ^------------------------ the entry found no room after all: parked_put -------------------|
 *
 * All letters of a person are called together. For whom parked_call called a place is kept until the letter was applied, so that nobody
 * takes it meanwhile. A row of which nothing becomes (its letter was dropped) is forgotten after PARKED_LOST_S: the letter is what counts, the
 * row only finds it.
 */
enum parked_state { PARKED_WAITING = 0, PARKED_CALLED = 1, PARKED_BACK = 2 };
enum {
    PARKED_CALL_MAX = 100,      /* persons of one account that are called at once */
    PARKED_ROWS_MAX = 256,      /* letters that are called at once */
    PARKED_IN_FLIGHT_MAX = 500, /* persons of an account that are called and not yet applied */
    PARKED_LOOK_AGAIN_S = 10,   /* whoever called a letter and did not put it back in this time has gone */
    PARKED_LOST_S = 3600
};

/* How the tables know whom an event is about: hashes that tell nothing without the master key. */
enum { PARKED_HASH_CHARS = 64 };
struct parked_key {
    char person[PARKED_HASH_CHARS + 1];   /* of the address, or of the customer that has none */
    char customer[PARKED_HASH_CHARS + 1]; /* of the customer in its source; "" for a guest */
    char merged[PARKED_HASH_CHARS + 1];   /* of the customer that a merge takes away; "" when there is none */
};
enum err parked_key(const struct seal *seal, const struct event_refs *refs, int64_t source_id, struct arena *arena,
                    struct parked_key *out) MUST_CHECK;

/* Parks; in the transaction of the refusal (N4, N8). */
enum err parked_put(struct store *store, const struct parked_key *key, struct str delivery_id, int64_t received_at_us) MUST_CHECK;
/* In the transaction of an event that was applied to a contact: what waits of the same person needs no room now, and is called. */
enum err parked_call_known(struct store *store, const struct parked_key *key) MUST_CHECK;
/* True when somebody waits or is called in the store's account. */
enum err parked_any(struct store *store, bool *any) MUST_CHECK;
/* The letter of that delivery, of any account, is an entry again, or is gone for good. */
enum err parked_forget(struct store *store, struct str delivery_id) MUST_CHECK;

struct parked_letter {
    struct str delivery_id;
    struct id caller; /* this call of it */
    bool found;       /* the caller's: it was put back */
};
/*
 * Calls in those for whom there is room, in every account, the ones that wait longest first (by receipt); takes over those who were
 * called by somebody who did not finish; forgets the lost. *out are the letters to be put back, at most PARKED_ROWS_MAX, in the arena.
 * *more: others can be called at once. A transaction of its own, and none when there is nothing to do.
 */
enum err parked_call(struct store *store, struct arena *arena, struct parked_letter **out, size_t *n, bool *more) MUST_CHECK;
/* These were put back where `found` is set. A transaction of its own. */
enum err parked_back(struct store *store, const struct parked_letter *letters, size_t n) MUST_CHECK;

struct parked_counts {
    int64_t persons, letters;
};
/* Of the store's account, whatever their state. */
enum err parked_count(struct store *store, struct parked_counts *out) MUST_CHECK;

#endif
