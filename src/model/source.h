/* source.h -- owns the source: one connected store or account, its secrets (sealed), and its form in the snapshot. */
#ifndef MODEL_SOURCE_H
#define MODEL_SOURCE_H

#include "base/json.h"
#include "base/secret.h"
#include "base/str.h"

enum { SOURCE_SECRETS_MAX = 8, SOURCE_OLD_KEYS_MAX = 4 };

/* Several may be valid at a time (rotation); each is tried. */
struct source_secret {
    char *id;         /* short id for the use counters, e.g. "s1" */
    char *name;       /* config member that it is ("secret") */
    char *sealed;     /* base64, made by seal_close with source_seal_context */
    int64_t from_us;  /* valid from */
    int64_t until_us; /* valid until; 0 = open */
};

/* A key of the endpoint that was replaced and still leads to the source. */
struct source_old_key {
    char *key;
    int64_t until_us;
};

/* Owns all its text. Strings are never NULL after source_from_json or a load from the database. */
struct source {
    int64_t id, account_id;
    char *key;      /* the unguessable part of /in/<key> */
    char *platform; /* route */
    char *name;     /* unique in the account */
    char *list;     /* list that its contacts join; "" = none */
    bool enabled;
    int rank;                 /* F2: wins at equal times when higher */
    int64_t cart_delay_ms;    /* CA3; 0 = the setting drain.cart_delay */
    int64_t cart_cooldown_ms; /* CA9; -1 = the setting drain.cart_cooldown */
    int64_t cart_back_ms;     /* CA14: carts that were due this long before the source was watched still fire */
    int64_t created_at_us;
    json_t *config; /* object: name -> text, without secrets */
    struct source_secret secrets[SOURCE_SECRETS_MAX];
    size_t n_secrets;
    struct source_old_key old_keys[SOURCE_OLD_KEYS_MAX];
    size_t n_old_keys;
    char *visits_key;     /* the public part of /visit/<key>; "" = never made */
    char *visits_origins; /* the shop's sites, separated by blanks (model/page_url.h) */
    bool visits_on;
    char *field_map; /* where its fields go (model/field.h); NULL in the snapshot */
};

/* What a secret of the source is sealed for. Returns `out` as text. */
enum { SOURCE_SEAL_CONTEXT_CHARS = 40 };
struct str source_seal_context(int64_t source_id, char out[SOURCE_SEAL_CONTEXT_CHARS + 1]);

bool source_secret_is_valid(const struct source_secret *secret, int64_t now_us);
void source_release(struct source *s);
/* Returns owned: the source as an object, secrets sealed. NULL when memory is out. */
json_t *source_to_json(const struct source *s);
/* Fills `out` (which the caller releases). ERR_SYNTAX or ERR_TYPE for an object that is not one of ours. */
enum err source_from_json(const json_t *json, struct source *out) MUST_CHECK;
/* Opens a secret of the source. Returns owned. ERR_SEAL for another master key. */
enum err source_secret_open(const struct seal *seal, int64_t source_id, const struct source_secret *of,
                            struct secret **out) MUST_CHECK;
/* Borrows the text of a config member, or NULL. */
const char *source_config(const struct source *s, const char *name);

#endif
