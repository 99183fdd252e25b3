/* notice_target.h -- owns the targets of notices in the database: the operator's URLs, and the secrets that we sign with. */
#ifndef STORE_NOTICE_TARGET_H
#define STORE_NOTICE_TARGET_H

#include "base/arena.h"
#include "base/secret.h"
#include "store/store.h"

/* True for 1 to NOTICE_TARGET_NAME_MAX letters, digits, '.', '_' and '-'. */
bool notice_target_name_is_valid(struct str name);

enum {
    NOTICE_TARGET_NAME_MAX = 64,
    NOTICE_TARGET_URL_MAX = 2000,
    NOTICE_TARGET_TYPES_MAX = 2000,
    NOTICE_TARGETS_MAX = 1000,
    NOTICE_SECRETS_MAX = 4 /* valid at the same time, during a rotation */
};

/* Where notices go. Texts are in the arena of the call that made it. */
struct notice_target {
    int64_t id;
    struct str name, url;
    struct str types; /* separated by blanks; empty = all */
    bool enabled;
    struct str disabled_why; /* empty: the operator did it */
    int64_t created_at_us;
    int64_t failures;                    /* failed attempts in a row, of whatever notice */
    int64_t paused_until_us;             /* nothing is tried before, as it fails; 0 = not paused */
    int64_t last_status;                 /* HTTP status of the last attempt; 0 = no answer, or none yet */
    struct str last_error;               /* of the last attempt, when it failed */
    int64_t last_at_us, delivered_at_us; /* the last attempt, the last good one; 0 = none yet */
};

/* What a target is made from. Borrowed. */
struct notice_target_plan {
    struct str name, url, types;
    const struct secret *secret; /* "whsec_" and base64 of 24 to 64 bytes; NULL: one is made */
};

/* Adds it with its first secret, sealed (N10). The URL has been judged by the caller. `*secret` gets the secret, owned by the caller.
 * Errors: ERR_EXISTS (name), ERR_SYNTAX (secret), ERR_TOO_MANY, those of the database. */
enum err notice_target_add(struct store *store, const struct seal *seal, const struct notice_target_plan *plan,
                           struct secret **secret) MUST_CHECK;
/* By name. ERR_NOT_FOUND. */
enum err notice_target_find(struct store *store, struct str name, struct arena *arena, struct notice_target *out) MUST_CHECK;
/* All of them, by name. */
enum err notice_target_list(struct store *store, struct arena *arena, struct notice_target **out, size_t *n) MUST_CHECK;
/* Enabling also ends its pause. `why` is empty when the operator disables it. ERR_NOT_FOUND. */
enum err notice_target_set_enabled(struct store *store, int64_t id, bool enabled, struct str why) MUST_CHECK;
/* With its secrets and what waits for it or is remembered of it. ERR_NOT_FOUND. */
enum err notice_target_remove(struct store *store, int64_t id) MUST_CHECK;
/* Adds a secret that is signed with from now on; those before end after `grace_ms`. NULL: one is made. `*out` as above.
 * ERR_TOO_MANY while NOTICE_SECRETS_MAX are valid. */
enum err notice_target_rotate(struct store *store, const struct seal *seal, int64_t id, const struct secret *given,
                              int64_t grace_ms, struct secret **out) MUST_CHECK;

/* One secret of a target. */
struct notice_secret {
    struct str sealed;
    int64_t number, from_us, until_us; /* until 0 = without end */
};
/* Those that are valid now, the latest first. In the arena. */
enum err notice_target_secrets(struct store *store, int64_t id, struct arena *arena,
                               struct notice_secret *out /* NOTICE_SECRETS_MAX */, size_t *n) MUST_CHECK;
/* Opens one. Returns owned. ERR_SEAL. */
enum err notice_secret_open(const struct store *store, const struct seal *seal, int64_t target_id, const struct notice_secret *s,
                            struct secret **out) MUST_CHECK;

#endif
