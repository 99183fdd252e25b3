/* source_table.c -- owns one snapshot of sources as a table: read from its text, looked up by key, counted by its users. */
#include "engine/source_table.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

/* A key that leads to a source: its own, one that was replaced, or the public one that browsers use. */
struct door {
    struct str key;   /* borrowed from the source */
    int64_t until_us; /* 0 = open */
    uint32_t source;  /* place in `at` */
    bool is_public;
};

/* `slot` is an open-addressing table, at most half full, of places in `doors`, plus one; 0 is empty. */
struct source_table {
    const struct seal *seal;
    struct live_source *at;
    size_t n;
    struct door *doors;
    size_t n_doors;
    uint32_t *slot;
    size_t slots; /* a power of two */
    size_t uses;
};

/* FNV-1a; keys are ours and random, so nobody can make them collide. */
static size_t key_hash(struct str key)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.p[i]) * UINT64_C(1099511628211);
    return (size_t)(hash ^ hash >> 32);
}

static size_t find_slot(const struct source_table *t, struct str key)
{
    size_t i = key_hash(key) & (t->slots - 1);

    while (t->slot[i] && !str_eq(t->doors[t->slot[i] - 1].key, key))
        i = (i + 1) & (t->slots - 1);
    return i;
}

static enum err add_door(struct source_table *t, const char *key, int64_t until_us, bool is_public)
{
    size_t slot = find_slot(t, str_of(key));

    if (t->slot[slot])
        return ERR_DUPLICATE;
    t->doors[t->n_doors++] =
        (struct door){.key = str_of(key), .until_us = until_us, .source = (uint32_t)t->n, .is_public = is_public};
    t->slot[slot] = (uint32_t)t->n_doors;
    return OK;
}

static enum err add_source(struct source_table *t, const json_t *json, const struct routes *routes)
{
    struct live_source *live = &t->at[t->n];
    enum err err = source_from_json(json, &live->source);

    if (err)
        return err;
    err = add_door(t, live->source.key, 0, false);
    if (err) {
        source_release(&live->source);
        return err;
    }
    for (size_t i = 0; i < live->source.n_old_keys && !err; i++)
        err = add_door(t, live->source.old_keys[i].key, live->source.old_keys[i].until_us, false);
    if (!err && live->source.visits_on)
        err = add_door(t, live->source.visits_key, 0, true);
    snprintf(live->id_text, sizeof(live->id_text), "%lld", (long long)live->source.id);
    live->table = t;
    live->route = routes_find(routes, str_of(live->source.platform));
    t->n++;
    return err;
}

static enum err table_alloc(struct source_table *t, size_t sources, size_t doors)
{
    t->slots = 16;
    while (t->slots < 2 * doors)
        t->slots *= 2;
    t->at = calloc(sources ? sources : 1, sizeof(*t->at));
    t->doors = calloc(doors ? doors : 1, sizeof(*t->doors));
    t->slot = calloc(t->slots, sizeof(*t->slot));
    return t->at && t->doors && t->slot ? OK : ERR_MEMORY;
}

/* At most; a source that cannot be read has none. */
static size_t count_doors(const json_t *list)
{
    size_t n = json_array_size(list), i;
    const json_t *source;

    json_array_foreach(list, i, source)
    {
        size_t old = json_array_size(json_object_get(source, "old_keys"));

        n += 1 + (old < SOURCE_OLD_KEYS_MAX ? old : SOURCE_OLD_KEYS_MAX);
    }
    return n;
}

enum err source_table_new(struct str json, const struct routes *routes, const struct seal *seal, struct source_table **out)
{
    struct source_table *t = calloc(1, sizeof(*t));
    json_t *root = NULL, *list = NULL;
    enum err err = t ? json_parse(json, &root, NULL) : ERR_MEMORY;

    if (err)
        goto done;
    list = json_object_get(root, "sources");
    if (!json_is_array(list)) {
        err = ERR_SYNTAX;
        goto done;
    }
    t->seal = seal;
    t->uses = 1;
    err = table_alloc(t, json_array_size(list), count_doors(list));
    for (size_t i = 0; i < json_array_size(list) && !err; i++) {
        err = add_source(t, json_array_get(list, i), routes);
        if (err && err != ERR_MEMORY) {
            LOG(LOG_ERROR, "source not readable", KV_UINT("index", i), KV_ERR(err));
            err = OK;
        }
    }
    if (err)
        goto done;
    *out = t;
    t = NULL;
done:
    if (t)
        t->uses = 1;
    source_table_release(t);
    json_decref(root);
    return err;
}

struct live_source *source_table_find(struct source_table *t, struct str key, bool is_public, int64_t now_us)
{
    size_t slot = find_slot(t, key);
    const struct door *door = t->slot[slot] ? &t->doors[t->slot[slot] - 1] : NULL;
    struct live_source *live =
        door && door->is_public == is_public && (!door->until_us || door->until_us > now_us) ? &t->at[door->source] : NULL;

    return live && live->source.enabled ? live : NULL;
}

void source_table_use(struct source_table *t)
{
    t->uses++;
}

size_t source_table_n(const struct source_table *t)
{
    return t->n;
}

static void live_source_release(struct live_source *live)
{
    for (size_t i = 0; i < SOURCE_SPECS_MAX; i++) {
        for (size_t k = 0; k < live->signing[i].n_keys; k++)
            verify_key_free(live->signing[i].keys[k].key);
        verify_spec_free(live->signing[i].own);
    }
    source_release(&live->source);
}

void source_table_release(struct source_table *t)
{
    if (!t || --t->uses > 0)
        return;
    for (size_t i = 0; i < t->n; i++)
        live_source_release(&t->at[i]);
    free(t->at);
    free(t->doors);
    free(t->slot);
    free(t);
}

/* --- secrets ---------------------------------------------------------------------------------------------------------- */

/* The value that the source has for a config member, else the default of its route. */
static const char *config_value(void *arg, struct str name)
{
    const struct live_source *live = arg;
    const struct route_config *c;

    for (size_t i = 0; live->route && (c = route_config_at(live->route, i)); i++) {
        const char *value;

        if (c->secret || !str_eq(name, str_of(c->name)))
            continue;
        value = source_config(&live->source, c->name);
        return value ? value : c->fallback;
    }
    return NULL;
}

struct verify_config live_source_config(const struct live_source *live)
{
    return (struct verify_config){.get = config_value, .arg = (void *)(uintptr_t)live};
}

const struct source_signing *live_source_signing(const struct live_source *live, const struct verify_request *request)
{
    for (size_t i = 0; i < SOURCE_SPECS_MAX && live->signing[i].spec; i++)
        if (verify_spec_applies(live->signing[i].spec, request))
            return &live->signing[i];
    return NULL;
}

/* Makes the ways to sign: those of the route, or the source's own where its config is part of them. */
static enum err prepare_specs(struct live_source *live)
{
    const struct verify_config config = live_source_config(live);
    const struct verify_spec *spec;
    struct problems problems;
    enum err err = OK;

    problems_init(&problems, STR("config"));
    for (size_t i = 0; i < SOURCE_SPECS_MAX && !err && (spec = route_verify_at(live->route, i)); i++) {
        err = verify_spec_for_source(spec, &config, &problems, &live->signing[i].own);
        live->signing[i].spec = live->signing[i].own ? live->signing[i].own : spec;
    }
    problems_release(&problems);
    return err;
}

/* Prepares one opened secret for every way to sign that it belongs to. */
static enum err prepare_secret(struct live_source *live, const struct source_secret *of, const struct secret *secret)
{
    enum err err = OK;

    for (size_t i = 0; i < SOURCE_SPECS_MAX && !err; i++) {
        struct source_signing *signing = &live->signing[i];

        if (!signing->spec || !str_eq(verify_spec_secret_name(signing->spec), str_of(of->name)))
            continue;
        err = verify_key_new(signing->spec, secret, &signing->keys[signing->n_keys].key);
        if (!err)
            signing->keys[signing->n_keys++].secret = of;
    }
    return err;
}

enum err live_source_open(const struct live_source *live, const struct source_secret *of, struct secret **out)
{
    return source_secret_open(live->table->seal, live->source.id, of, out);
}

enum err live_source_seal(const struct live_source *live, struct str text, struct buf *out)
{
    char context[SOURCE_SEAL_CONTEXT_CHARS + 1];

    return seal_close(live->table->seal, source_seal_context(live->source.id, context), text, out);
}

static enum err open_secret(struct live_source *live, const struct source_secret *of)
{
    struct secret *secret = NULL;
    enum err err = live_source_open(live, of, &secret);

    if (!err)
        err = prepare_secret(live, of, secret);
    secret_free(secret);
    return err;
}

void live_source_prepare(struct live_source *live)
{
    if (live->prepared)
        return;
    live->prepared = true;
    live->err = live->route ? prepare_specs(live) : ERR_CONFIG;
    for (size_t i = 0; i < live->source.n_secrets && !live->err; i++)
        live->err = open_secret(live, &live->source.secrets[i]);
    if (live->err)
        LOG(LOG_ERROR, "source not usable", KV_TEXT("source", live->id_text), KV_TEXT("platform", live->source.platform),
            KV_TEXT("reason", live->route ? err_text(live->err) : "no route for this platform"));
}

enum err source_table_try_seal(const struct source_table *t)
{
    struct secret *secret = NULL;
    enum err err = OK;
    size_t i = 0;

    while (i < t->n && t->at[i].source.n_secrets == 0)
        i++;
    if (i < t->n)
        err = source_secret_open(t->seal, t->at[i].source.id, &t->at[i].source.secrets[0], &secret);
    secret_free(secret);
    return err;
}
