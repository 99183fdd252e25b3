/* visit_each.h -- owns the walk over what one contact looked at. */
#ifndef STORE_VISIT_EACH_H
#define STORE_VISIT_EACH_H

#include "model/contact.h"
#include "store/store.h"

enum { VISIT_EACH_MAX = 10000 };
/* False ends the walk. The texts are borrowed for the call. */
typedef bool visit_each_fn(void *arg, struct str id, struct str url, struct str product_id);
/*
 * Calls `fn` for the visits of a contact, in no order: those that named one of its customers or addresses, and those of visitors that were
 * identified as one; at most VISIT_EACH_MAX for each way (N9). `facts` has its customers and addresses. Errors: those of db_step.
 */
enum err visit_each(struct store *store, const struct scope *facts, visit_each_fn *fn, void *arg) MUST_CHECK;

#endif
