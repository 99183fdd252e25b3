/* version.h -- owns the order of two statements about one thing: provider time, source rank, receipt (O1, O2, F2). */
#ifndef MODEL_VERSION_H
#define MODEL_VERSION_H

#include "base/str.h"

/* Unset when receipt is empty. `receipt` grows with the time of receipt: delivery id, then the event's place in it. */
struct version {
    int64_t at_us; /* the provider's modification time, cut to milliseconds */
    int rank;      /* of the source */
    struct str receipt;
};

static inline bool version_is_set(struct version v)
{
    return v.receipt.len > 0;
}

/* Orders like strcmp; an unset version is before every other. */
int version_cmp(struct version a, struct version b);
/* True when `next` replaces what was said at `now` (O1: greater; O2: at equal times the later receipt). */
bool version_replaces(struct version next, struct version now);

#endif
