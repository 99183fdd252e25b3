/* figures_account.h -- owns the figures of accounts: contacts, what is to be fetched, where they stand at their limit. */
#ifndef ENGINE_FIGURES_ACCOUNT_H
#define ENGINE_FIGURES_ACCOUNT_H

#include "base/json.h"
#include "store/fetch.h"

/* Returns owned, of the store's account: {"contact_limit" (0 = none), "policy", "raise_step", "over", "near", "full", "parked" (persons),
 * "parked_letters"}. */
enum err figures_limit(struct store *store, json_t **out) MUST_CHECK;

/* Over all accounts. */
struct figures_accounts {
    uint64_t contacts;
    struct fetch_counts fetches;
    json_t *limits; /* owned: as figures_limit, with "name" and "contacts", of those that have a limit or parked persons */
};
/* The caller releases `out->limits`, also after an error. */
enum err figures_accounts(struct store *store, struct figures_accounts *out) MUST_CHECK;

#endif
