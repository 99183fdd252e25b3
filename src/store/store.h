/* store.h -- owns the open contact database: found by the configuration, brought to this program's schema. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "db/db.h"
#include "model/skip.h"

/* The account of an installation with one tenant. */
enum { ACCOUNT_DEFAULT = 1 };

enum { PURCHASE_STATES_BYTES = 63 };
struct facts;

/* One connection; one thread. What works on it: store/<subject>.h. */
struct store {
    struct db *db;
    const struct clock *clock;
    int64_t account_id;
    char purchase_states[PURCHASE_STATES_BYTES + 1]; /* K8; struct view_input */
    bool is_unlimited;             /* no limit of contacts, as this transaction has read: none are counted (account_limit.h) */
    const struct skip_rule *skips; /* G5; in `fixed` */
    struct arena fixed;
    struct facts *facts; /* of a batch at work (store/facts.h), else NULL */
};

/* Opens the database at db.url (a relative path is below storehook.dir) and applies missing migrations. Borrows clock.
 * On failure `why` says what and what to do. Errors: those of db_open and db_migrate. Returns owned. */
enum err store_open(const struct config *cfg, const struct clock *clock, struct store **out, struct buf *why) MUST_CHECK;
/* Appends the URL of a database as db.url is written: a relative path of SQLite is below storehook.dir. */
enum err store_url(const struct config *cfg, struct str given, struct buf *out) MUST_CHECK;
/* As store_open, with the URL said outright. */
enum err store_open_url(const char *url, int64_t timeout_ms, const struct clock *clock, struct store **out,
                        struct buf *why) MUST_CHECK;
/* NULL is fine. */
void store_close(struct store *store);
/* Commits when `err` is OK, else rolls back; returns the first error. The one end of every transaction of the store. */
enum err store_end(struct store *store, enum err err) MUST_CHECK;

enum { STORE_TRIES = 50 };
/* Runs `work` in a transaction of its own, and does all of it again while another one was ahead of it (ERR_DB_BUSY), STORE_TRIES
 * times at most. `work` begins anew each time: what it leaves in `arg` is of its last run. Returns its error, or the commit's. */
enum err store_transact(struct store *store, enum err (*work)(struct store *store, void *arg), void *arg) MUST_CHECK;

#endif
