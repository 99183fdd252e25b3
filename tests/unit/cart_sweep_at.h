/* cart_sweep_at.h -- owns the sweep of carts at a given second of a test. */
#ifndef TESTS_CART_SWEEP_AT_H
#define TESTS_CART_SWEEP_AT_H

#include "contact_fixture.h"

#include "engine/cart_sweep.h"

static const struct cart_settings settings = {.delay_us = 3600 * US_PER_S, .cooldown_us = INT64_C(7) * 86400 * US_PER_S};

/* Sweeps at that second until nothing is left; returns what was done. */
static inline struct cart_swept sweep_at(struct fixture *f, int64_t seconds)
{
    struct cart_swept all = {.looked = 0}, one;

    receive_at(f, seconds);
    do {
        assert_int_equal(cart_sweep(f->store, &settings, 3, &one), OK);
        all.looked += one.looked;
        all.abandoned += one.abandoned;
        all.quiet += one.quiet;
        all.recovered += one.recovered;
    } while (one.more);
    return all;
}

#endif
