/* source.h -- owns the sources in the database: added, found, changed, published to the receivers as a snapshot. */
#ifndef STORE_SOURCE_H
#define STORE_SOURCE_H

#include "base/secret.h"
#include "model/source.h"
#include "queue/stream.h"
#include "route/route.h"
#include "store/store.h"

enum { SOURCE_NAME_BYTES_MAX = 100 };

/* One secret as a person gave it. Borrowed. */
struct given_secret {
    const char *name; /* config member of the route that it is */
    const struct secret *secret;
};

/* What a source is made from. All is borrowed. */
struct source_plan {
    const struct route *route;
    struct str name, list;
    int rank;
    bool disabled;        /* nothing is taken for it over HTTP */
    const json_t *config; /* object: name -> text; never a secret */
    struct given_secret secrets[SOURCE_SECRETS_MAX];
    size_t n_secrets;
};

/* Holds the plan against the route: unknown or missing config, secrets of the wrong form, a name that cannot be printed.
 * ERR_CONFIG; `why` says what is wrong and what would be right. */
enum err source_check(const struct source_plan *plan, struct buf *why) MUST_CHECK;
/* Holds the config (name -> text) against the route: every member is known and a text, no secret. ERR_CONFIG; `why` says. */
enum err source_check_config(const struct route *route, const json_t *config, struct buf *why) MUST_CHECK;
/* Holds one secret against the route: its name, and the form that the signature needs. ERR_CONFIG; `why` says. */
enum err source_check_secret(const struct route *route, const struct given_secret *given, struct buf *why) MUST_CHECK;
/* Checks, then adds it with a new key, secrets sealed (N10), the route's defaults filled in. The caller releases `out`.
 * Errors: ERR_CONFIG (why says), ERR_EXISTS (a source has the name), those of the database. */
enum err source_add(struct store *store, const struct seal *seal, const struct source_plan *plan, struct source *out,
                    struct buf *why) MUST_CHECK;

/* Finds a source of the account that is not removed by its name. The caller releases `out`. ERR_NOT_FOUND. */
enum err source_find(struct store *store, struct str name, struct source *out) MUST_CHECK;
/* Finds a source of any account by its id, also a removed one: for entries and history. The caller releases `out`. ERR_NOT_FOUND. */
enum err source_get(struct store *store, int64_t id, struct source *out) MUST_CHECK;

struct source_list {
    struct source *at;
    size_t n;
};
/* The account's sources that are not removed, by id. The caller releases `out`, also after an error. */
enum err source_list_load(struct store *store, struct source_list *out) MUST_CHECK;
/* The same, of all accounts. */
enum err source_list_load_all(struct store *store, struct source_list *out) MUST_CHECK;
void source_list_release(struct source_list *list);

/* Takes visits of browsers from pages of these origins (separated by blanks), or none any more. The public key is made at the
 * first time and stays. ERR_NOT_FOUND. */
enum err source_visits_on(struct store *store, int64_t id, struct str origins) MUST_CHECK;
enum err source_visits_off(struct store *store, int64_t id) MUST_CHECK;
enum err source_set_enabled(struct store *store, int64_t id, bool enabled) MUST_CHECK;
/* How the carts of a source are waited for; meanings as in struct source. */
struct source_carts {
    int64_t delay_ms, cooldown_ms, back_ms;
};
/* ERR_NOT_FOUND. Counts for the carts that are there as well. */
enum err source_set_carts(struct store *store, int64_t id, const struct source_carts *carts) MUST_CHECK;
/* Where the source's fields go: the lines of model/field.h. ERR_NOT_FOUND. */
enum err source_set_fields(struct store *store, int64_t id, struct str map) MUST_CHECK;
/* Frees the name and forgets the secrets; the row stays for history. */
enum err source_remove(struct store *store, int64_t id) MUST_CHECK;
/* Adds a secret valid from now on; those of the same name end at now + grace_ms. `id` gets the new secret's id. A secret that has
 * ended stays, sealed, for a week: for the doctor, never for a receiver.
 * ERR_TOO_MANY while SOURCE_SECRETS_MAX secrets are still valid. */
enum err source_rotate(struct store *store, const struct seal *seal, int64_t source_id, const struct given_secret *given,
                       int64_t grace_ms, struct buf *id) MUST_CHECK;
/* True when the i-th secret is valid and a later one of its name is there. */
bool source_secret_is_old(const struct source *s, size_t i, int64_t now_us);
/* Ends the old secrets now: all but the latest of each name, or of `name` alone (NULL: of every name). */
enum err source_finish(struct store *store, int64_t source_id, const char *name) MUST_CHECK;
/* Gives the source a new key; the one before leads to it until now + grace_ms. ERR_TOO_MANY while SOURCE_OLD_KEYS_MAX do. */
enum err source_rotate_key(struct store *store, int64_t source_id, int64_t grace_ms) MUST_CHECK;
/* Ends the old keys now. */
enum err source_finish_key(struct store *store, int64_t source_id) MUST_CHECK;

/* A secret that a handshake brought, sealed by the receiver. Borrowed. */
struct brought_secret {
    struct str name, sealed;
    int64_t from_us; /* when it came: what the platform sends after it may be signed with it */
    bool first_only;
};
/* Inside a transaction: keeps it; those of the same name end an hour from now.
 * ERR_EXISTS when it counts only as the first and there is a valid one, ERR_TOO_MANY, ERR_NOT_FOUND for a removed source. */
enum err source_keep_secret(struct store *store, int64_t source_id, const struct brought_secret *brought) MUST_CHECK;

/* Appends {"sources":[...]}: the enabled sources of all accounts with the secrets that are or will be valid, sealed. */
enum err source_snapshot(struct store *store, struct buf *out) MUST_CHECK;
/* Publishes the snapshot, which the receivers take over within a second. Holds the write lock meanwhile, so that of two
 * commands at once the later change is also the later snapshot. */
enum err source_publish(struct store *store, struct stream *stream) MUST_CHECK;

#endif
