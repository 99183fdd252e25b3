/* decimal.h -- owns the exact sum of decimal texts; no floating point (K1). */
#ifndef ROUTE_DECIMAL_H
#define ROUTE_DECIMAL_H

#include "base/arena.h"

struct decimal_sum {
    int64_t units;   /* of 10^-6 */
    unsigned places; /* most decimals seen; the result is written with as many */
};

/* Adds a plain decimal text. ERR_SYNTAX when it is none, ERR_RANGE past six decimals that are not zero, or on overflow. */
enum err decimal_add(struct decimal_sum *sum, struct str text) MUST_CHECK;
/* Returns the sum as text in the arena; .p is NULL when memory is out. */
struct str decimal_text(const struct decimal_sum *sum, struct arena *arena);

#endif
