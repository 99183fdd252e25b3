/* visit.h -- owns the age of what unknown visitors did. */
#ifndef STORE_VISIT_H
#define STORE_VISIT_H

#include "store/store.h"

enum { VISIT_FORGET_MAX = 5000 };
/*
 * Forgets visits and carts of the time from `from_us` to `before_us` of visitors that no event has tied to a customer,
 * VISIT_FORGET_MAX of each at most, so that nobody waits for the write lock (N9). *more is true when some may be left. What was
 * looked at once need not be looked at again: `from_us` is the end of the time before.
 */
enum err visit_forget(struct store *store, int64_t from_us, int64_t before_us, bool *more) MUST_CHECK;

#endif
