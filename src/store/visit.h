/* visit.h -- owns visits in the database: those of a contact, and how long they are kept. */
#ifndef STORE_VISIT_H
#define STORE_VISIT_H

#include "model/contact.h"
#include "store/store.h"

enum { VISIT_FORGET_MAX = 5000 };
/*
 * Forgets visits and carts of the time from `from_us` to `before_us` of visitors that no event has tied to a customer,
 * VISIT_FORGET_MAX of each at most, so that nobody waits for the write lock (N9). *more is true when some may be left. What was
 * looked at once need not be looked at again: `from_us` is the end of the time before.
 */
enum err visit_forget(struct store *store, int64_t from_us, int64_t before_us, bool *more) MUST_CHECK;

/* Texts of the visit are good until the call returns; `arena` is for what is to stay. */
typedef enum err visit_each(void *arg, const struct visit *visit, struct arena *arena);
/* Hands on each visit of the contact whose facts are loaded, in no order; stops at the first error of `each`. */
enum err visits_of_contact(struct store *store, const struct scope *facts, struct arena *arena, visit_each *each,
                           void *arg) MUST_CHECK;

#endif
