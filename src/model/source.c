/* source.c -- owns the source: its text, released once, and its form as an object of the snapshot. */
#include "model/source.h"

#include <stdio.h>
#include <stdlib.h>

struct str source_seal_context(int64_t source_id, char out[SOURCE_SEAL_CONTEXT_CHARS + 1])
{
    int n = snprintf(out, SOURCE_SEAL_CONTEXT_CHARS + 1, "source:%lld", (long long)source_id);

    return str_n(out, (size_t)n);
}

bool source_secret_is_valid(const struct source_secret *secret, int64_t now_us)
{
    return secret->from_us <= now_us && (secret->until_us == 0 || secret->until_us > now_us);
}

void source_release(struct source *s)
{
    free(s->key);
    free(s->platform);
    free(s->name);
    free(s->list);
    free(s->visits_key);
    free(s->visits_origins);
    free(s->field_map);
    json_decref(s->config);
    for (size_t i = 0; i < s->n_secrets; i++) {
        free(s->secrets[i].id);
        free(s->secrets[i].name);
        free(s->secrets[i].sealed);
    }
    for (size_t i = 0; i < s->n_old_keys; i++)
        free(s->old_keys[i].key);
    *s = (struct source){.id = 0};
}

static json_t *secrets_to_json(const struct source *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->n_secrets && list; i++) {
        const struct source_secret *secret = &s->secrets[i];
        json_t *item = json_pack("{ss ss ss sI sI}", "id", secret->id, "name", secret->name, "sealed", secret->sealed, "from_us",
                                 (json_int_t)secret->from_us, "until_us", (json_int_t)secret->until_us);

        if (json_array_append_new(list, item)) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_t *old_keys_to_json(const struct source *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->n_old_keys && list; i++)
        if (json_array_append_new(
                list, json_pack("{ss sI}", "key", s->old_keys[i].key, "until_us", (json_int_t)s->old_keys[i].until_us))) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

/* null when browsers never told of visits to it. */
static json_t *visits_to_json(const struct source *s)
{
    if (!s->visits_key || !*s->visits_key)
        return json_null();
    return json_pack("{sb ss ss}", "on", (int)s->visits_on, "key", s->visits_key, "origins", s->visits_origins);
}

json_t *source_to_json(const struct source *s)
{
    json_t *secrets = secrets_to_json(s), *old_keys = old_keys_to_json(s);

    if (!secrets || !old_keys) {
        json_decref(secrets);
        json_decref(old_keys);
        return NULL;
    }
    return json_pack("{sI sI ss ss ss ss sb si sI sI sI sI sO so so so}", "id", (json_int_t)s->id, "account_id",
                     (json_int_t)s->account_id, "key", s->key, "platform", s->platform, "name", s->name, "list", s->list, "enabled",
                     (int)s->enabled, "rank", s->rank, "cart_delay_ms", (json_int_t)s->cart_delay_ms, "cart_cooldown_ms",
                     (json_int_t)s->cart_cooldown_ms, "cart_back_ms", (json_int_t)s->cart_back_ms, "created_at_us",
                     (json_int_t)s->created_at_us, "config", s->config, "secrets", secrets, "old_keys", old_keys, "visits",
                     visits_to_json(s));
}

/* Copies object[key] to *out, which source_release frees. */
static enum err take_text(const json_t *object, const char *key, char **out)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value))
        return value ? ERR_TYPE : ERR_SYNTAX;
    *out = str_dup(json_text(value));
    return *out ? OK : ERR_MEMORY;
}

static enum err take_int(const json_t *object, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value))
        return value ? ERR_TYPE : ERR_SYNTAX;
    *out = json_integer_value(value);
    return OK;
}

/* A member of a struct and its name in the object. */
struct text_member {
    const char *key;
    char **at;
};
struct int_member {
    const char *key;
    int64_t *at;
};

static enum err take_all(const json_t *object, const struct text_member *texts, const struct int_member *ints)
{
    enum err err = json_is_object(object) ? OK : ERR_TYPE;

    for (; texts->key && !err; texts++)
        err = take_text(object, texts->key, texts->at);
    for (; ints->key && !err; ints++)
        err = take_int(object, ints->key, ints->at);
    return err;
}

static enum err secret_from_json(const json_t *json, struct source_secret *out)
{
    const struct text_member texts[] = {{"id", &out->id}, {"name", &out->name}, {"sealed", &out->sealed}, {NULL, NULL}};
    const struct int_member ints[] = {{"from_us", &out->from_us}, {"until_us", &out->until_us}, {NULL, NULL}};

    return take_all(json, texts, ints);
}

static enum err secrets_from_json(const json_t *list, struct source *out)
{
    enum err err = json_is_array(list) ? OK : ERR_TYPE;

    if (!err && json_array_size(list) > SOURCE_SECRETS_MAX)
        return ERR_TOO_MANY;
    for (size_t i = 0; !err && i < json_array_size(list); i++) {
        out->n_secrets++; /* what was filled is released also when the rest fails */
        err = secret_from_json(json_array_get(list, i), &out->secrets[i]);
    }
    return err;
}

/* A snapshot of an older program has no list of old keys. */
static enum err old_keys_from_json(const json_t *list, struct source *out)
{
    enum err err = !list || json_is_array(list) ? OK : ERR_TYPE;

    if (!err && json_array_size(list) > SOURCE_OLD_KEYS_MAX)
        return ERR_TOO_MANY;
    for (size_t i = 0; !err && i < json_array_size(list); i++) {
        struct source_old_key *old = &out->old_keys[out->n_old_keys++];
        const struct text_member texts[] = {{"key", &old->key}, {NULL, NULL}};
        const struct int_member ints[] = {{"until_us", &old->until_us}, {NULL, NULL}};

        err = take_all(json_array_get(list, i), texts, ints);
    }
    return err;
}

/* A snapshot of an older program has none. */
static enum err visits_from_json(const json_t *visits, struct source *out)
{
    const struct text_member texts[] = {{"key", &out->visits_key}, {"origins", &out->visits_origins}, {NULL, NULL}};
    const struct int_member ints[] = {{NULL, NULL}};

    if (visits && !json_is_null(visits)) {
        out->visits_on = json_is_true(json_object_get(visits, "on"));
        return take_all(visits, texts, ints);
    }
    out->visits_key = str_dup(STR(""));
    out->visits_origins = str_dup(STR(""));
    return out->visits_key && out->visits_origins ? OK : ERR_MEMORY;
}

static bool all_text(json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value) if (!json_is_string(value)) return false;
    return true;
}

enum err source_from_json(const json_t *json, struct source *out)
{
    struct source s = {.id = 0};
    int64_t rank = 0;
    const struct text_member texts[] = {
        {"key", &s.key}, {"platform", &s.platform}, {"name", &s.name}, {"list", &s.list}, {NULL, NULL}};
    const struct int_member ints[] = {{"id", &s.id},
                                      {"account_id", &s.account_id},
                                      {"rank", &rank},
                                      {"cart_delay_ms", &s.cart_delay_ms},
                                      {"created_at_us", &s.created_at_us},
                                      {NULL, NULL}};
    json_t *config = json_object_get(json, "config"), *enabled = json_object_get(json, "enabled");
    enum err err = take_all(json, texts, ints);

    if (!err && (!json_is_object(config) || !all_text(config) || !json_is_boolean(enabled)))
        err = ERR_TYPE;
    if (!err && (rank < INT32_MIN || rank > INT32_MAX))
        err = ERR_RANGE;
    if (!err)
        err = secrets_from_json(json_object_get(json, "secrets"), &s);
    if (!err)
        err = old_keys_from_json(json_object_get(json, "old_keys"), &s);
    if (!err)
        err = visits_from_json(json_object_get(json, "visits"), &s);
    if (err) {
        source_release(&s);
        return err;
    }
    s.rank = (int)rank;
    s.enabled = json_is_true(enabled);
    s.config = json_incref(config);
    *out = s;
    return OK;
}

const char *source_config(const struct source *s, const char *name)
{
    return json_string_value(json_object_get(s->config, name));
}

enum err source_secret_open(const struct seal *seal, int64_t source_id, const struct source_secret *of, struct secret **out)
{
    char context[SOURCE_SEAL_CONTEXT_CHARS + 1];

    return seal_open(seal, source_seal_context(source_id, context), str_of(of->sealed), out);
}
