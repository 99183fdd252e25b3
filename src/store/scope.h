/* scope.h -- owns the way of one event's facts between the database and model/contact.h. */
#ifndef STORE_SCOPE_H
#define STORE_SCOPE_H

#include "model/contact.h"
#include "store/store.h"

/*
 * Loads what the event refers to: its customer, address, and all that their claims connect (`too_large` is
 * set when these are more than GROUP_NODES_MAX, and they are not all there), the customer's fields, consent, and the order, cart and visitor. Inside a transaction (the rows are to be changed).
 * Everything is put in the arena. Errors: those of db_step, ERR_MEMORY.
 */
enum err scope_load(struct store *store, const struct event *event, const struct event_refs *refs, int64_t source_id,
                    struct arena *arena, struct scope *out) MUST_CHECK;

/* Says beforehand that the event will be loaded, inside of facts_begin and facts_end (store/facts.h): facts_load_wanted then loads what
 * all such events need at once. ERR_MEMORY. */
enum err scope_want(struct store *store, const struct event *event, const struct event_refs *refs, int64_t source_id,
                    struct arena *arena) MUST_CHECK;

/* How many contacts more (or fewer, after a merge) there are when the scope has been saved. In the caller's transaction. */
enum err scope_growth(struct store *store, const struct scope *scope, int64_t *out) MUST_CHECK;

/* Writes back what changed, and the ledger, and counts the account's contacts, in the caller's transaction (N4). */
enum err scope_save(struct store *store, const struct scope *scope, const struct event_context *ctx,
                    struct str delivery_id) MUST_CHECK;

/* Loads the whole group that `contact_id` is, for reading: customers, addresses, claims. */
enum err scope_load_contact(struct store *store, struct str contact_id, struct arena *arena, struct scope *out) MUST_CHECK;

/* The pieces, for those who read contacts. Each adds to the scope's lists. */
enum err scope_load_fields(struct store *store, struct scope *s, int64_t source_id, struct str subject) MUST_CHECK;
enum err scope_load_consents(struct store *store, struct scope *s, struct str address) MUST_CHECK;
enum err scope_load_orders_of(struct store *store, struct scope *s, int64_t source_id, struct str subject) MUST_CHECK;
/* Orders of the source whose checkout or cart token is `token`. */
enum err scope_load_orders_naming(struct store *store, struct scope *s, int64_t source_id, struct str token) MUST_CHECK;
/* What was said of a customer without naming an address. */
enum err scope_load_subject_consents(struct store *store, struct scope *s, int64_t source_id, struct str subject) MUST_CHECK;
/* What was said for a phone number, if it is one. */
enum err scope_load_phone_consents(struct store *store, struct scope *s, struct str phone) MUST_CHECK;
enum err scope_load_refunds(struct store *store, struct scope *s, int64_t source_id, struct str order_id) MUST_CHECK;
enum err scope_load_carts_of(struct store *store, struct scope *s, int64_t source_id, struct str subject) MUST_CHECK;
/* Carts of nobody whose visitor turned out to be the customer. */
enum err scope_load_carts_of_visitors(struct store *store, struct scope *s, int64_t source_id, struct str subject) MUST_CHECK;

/* What was recorded of the carts in the scope, and of any cart of its customers; each once. */
enum err scope_load_firings(struct store *store, struct scope *s) MUST_CHECK;

#endif
