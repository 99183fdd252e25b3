/* cart_sweep.h -- owns the round in which carts whose time has come are looked at, and recorded as abandoned or recovered. */
#ifndef ENGINE_CART_SWEEP_H
#define ENGINE_CART_SWEEP_H

#include "store/store.h"

/* The settings, for sources without their own. */
struct cart_settings {
    int64_t delay_us, cooldown_us;
};

enum { CART_SWEEP_MAX = 100 };
/* What one round did. */
struct cart_swept {
    uint64_t looked, abandoned, quiet, recovered;
    bool more; /* some are left that are due now */
};

/*
 * Looks at up to `max` carts that are due, the oldest first, in one transaction that holds the write lock (CA8): what is found, its
 * line in the ledger and the cart's next look commit together, so any number of sweepers and any crash record each once (CA9, CA15,
 * N4). Nothing is done, and no lock taken, while none is due.
 * Errors: ERR_DB_BUSY, ERR_DB_DOWN: nothing was recorded, try again later.
 */
enum err cart_sweep(struct store *store, const struct cart_settings *settings, size_t max, struct cart_swept *out) MUST_CHECK;

#endif
