/* cart.h -- owns the timers of carts and what fired: when a cart is looked at, what was recorded of it, and its age. */
#ifndef STORE_CART_H
#define STORE_CART_H

#include "model/view.h"
#include "store/store.h"

/*
 * A cart that something happened to is looked at when it may be due; what is found then is derived anew from all facts (CA8). A look
 * too many changes nothing, so whatever may concern a cart wakes it: an order, an address that became known, a visitor's name.
 */

/* When a cart that was just changed is to be looked at: 0 = not until something else happens, 1 = at once. */
int64_t cart_look_after(const struct cart *c, int64_t delay_us);
enum { CART_LOOK_NOW = 1 };

/* Carts that are to be looked at, each by what leads to it. */
struct cart_wakes {
    struct db_rows customers; /* whose they are */
    struct db_rows strangers; /* a customer of whom the contact is still to be found */
    struct db_rows tokens, visitors;
};
/* Empty; what is noted lives in the arena. */
void cart_wakes_init(struct cart_wakes *wakes, struct arena *arena);
/* Notes the carts that what an event changed may concern. Borrows texts of the scope. ERR_MEMORY. */
enum err cart_wake_note(struct cart_wakes *wakes, const struct scope *scope) MUST_CHECK;
/* In the transaction of those events, after what they changed is written: has the carts looked at, and empties the notes. */
enum err cart_wake(struct store *store, struct cart_wakes *wakes, struct arena *arena) MUST_CHECK;
/* Has all carts of a source looked at: its delay was changed, or it was enabled again. */
enum err cart_wake_source(struct store *store, int64_t source_id) MUST_CHECK;

/* A cart whose time has come. In the arena. */
struct cart_due {
    int64_t source_id, look_us;
    struct str id;
};
/* Up to `max` carts to be looked at now, the oldest first (CA15), then by source and id, so that all sweepers agree. */
enum err cart_due_list(struct store *store, size_t max, struct arena *arena, struct cart_due *out, size_t *n) MUST_CHECK;
/* True when there is one; takes no lock. */
enum err cart_is_any_due(struct store *store, bool *any) MUST_CHECK;
/* The customer whose cart it is, and its contact; empty when nobody with an address is known. In the arena. */
enum err cart_contact(struct store *store, const struct cart_due *due, struct arena *arena, struct str *subject,
                      struct str *contact_id) MUST_CHECK;
enum err cart_look_at(struct store *store, const struct cart_due *due, int64_t look_us) MUST_CHECK;
/* CA14: from now on, for sources that never had carts swept. */
enum err cart_activate_sources(struct store *store) MUST_CHECK;

/* Records it with its line in the ledger; *first is false when it was recorded before (D7). Inside a transaction. */
enum err cart_fire(struct store *store, const struct cart_firing *firing, bool *first) MUST_CHECK;

enum { CART_DAYS = 30, FIRING_DAYS = 120, CART_FORGET_MAX = 5000 };
/* CA16: forgets carts of which nothing was heard for CART_DAYS, and firings after FIRING_DAYS; CART_FORGET_MAX of each at most (N9). */
enum err cart_forget(struct store *store, bool *more) MUST_CHECK;

#endif
