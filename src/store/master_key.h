/* master_key.h -- owns the check that the master key is the one which this database's secrets are sealed with (N10). */
#ifndef STORE_MASTER_KEY_H
#define STORE_MASTER_KEY_H

#include "base/secret.h"
#include "store/store.h"

/*
 * OK when it is, ERR_SEAL when it is another one: what it seals and the tombstones that it makes would fit nothing that is there.
 * A database that knows no key yet takes this one, if it opens the secrets that there are. Errors: also those of the database.
 */
enum err master_key_check(struct store *store, const struct seal *seal) MUST_CHECK;

#endif
