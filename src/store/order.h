/* order.h -- owns how long orders are kept that are of nobody (G4). */
#ifndef STORE_ORDER_H
#define STORE_ORDER_H

#include "store/store.h"

/* Forgets orders, with their refunds, that were last heard of without a contact before `before_us` and are still without one; at most
 * ORDERS_FORGOTTEN at once. *more: some may be left. In a transaction of its own. */
enum { ORDERS_FORGOTTEN = 200 };
enum err order_forget(struct store *store, int64_t before_us, bool *more) MUST_CHECK;

#endif
