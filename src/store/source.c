/* source.c -- owns the sources in the database: added, found, changed, published to the receivers as a snapshot. */
#include "store/source.h"

#include "base/id.h"
#include "store/cart.h"
#include "store/list.h"
#include "store/source_rows.h"

enum { CONFIG_BYTES_MAX = 64 * 1024, SNAPSHOT_BYTES_MAX = 64 << 20, SOURCES_MAX = 100000 };

#define SELECT_SOURCE                                                                                        \
    "SELECT id, account_id, rank, cart_delay_ms, created_at_us, enabled, key, platform, name, list, config," \
    " visits_on, visits_key, visits_origins, cart_cooldown_ms, cart_back_ms, field_map FROM source WHERE "

static enum err read_source(struct db_stmt *st, struct source *s)
{
    char **const texts[] = {&s->key, &s->platform, &s->name, &s->list};
    enum err err = OK;

    s->id = db_column_int(st, 0);
    s->account_id = db_column_int(st, 1);
    s->rank = (int)db_column_int(st, 2);
    s->cart_delay_ms = db_column_int(st, 3);
    s->created_at_us = db_column_int(st, 4);
    s->enabled = db_column_int(st, 5) != 0;
    for (int i = 0; i < 4 && !err; i++)
        err = source_take_column(st, 6 + i, texts[i]);
    s->visits_on = db_column_int(st, 11) != 0;
    s->cart_cooldown_ms = db_column_int(st, 14);
    s->cart_back_ms = db_column_int(st, 15);
    if (!err)
        err = source_take_column(st, 12, &s->visits_key);
    if (!err)
        err = source_take_column(st, 13, &s->visits_origins);
    if (!err)
        err = source_take_column(st, 16, &s->field_map);
    return err ? err : json_parse(db_column_str(st, 10), &s->config, NULL);
}

/* Takes the one row of a prepared statement. */
static enum err load_one(struct store *store, struct db_stmt *st, struct source *out)
{
    struct source s = {.id = 0};
    bool row = false;
    enum err err = db_step(st, &row);

    if (!err && !row)
        err = ERR_NOT_FOUND;
    if (!err)
        err = read_source(st, &s);
    if (!err)
        err = source_rows_load(store, &s);
    db_done(st);
    if (err)
        source_release(&s);
    else
        *out = s;
    return err;
}

enum err source_find(struct store *store, struct str name, struct source *out)
{
    struct db_stmt *st = NULL;
    enum err err = db_prepare(store->db, SELECT_SOURCE "account_id = $1 AND name = $2 AND removed_at_us IS NULL", &st);

    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    db_bind_str(st, 2, name);
    return load_one(store, st, out);
}

enum err source_get(struct store *store, int64_t id, struct source *out)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, SELECT_SOURCE "id = $1", "i", id);

    return err ? err : load_one(store, st, out);
}

static enum err grow(struct source_list *list)
{
    struct source *more;

    if (list->n & (list->n - 1)) /* room is there until n is a power of two */
        return OK;
    if (list->n >= SOURCES_MAX)
        return ERR_TOO_MANY;
    more = realloc(list->at, (list->n ? 2 * list->n : 1) * sizeof(*more));
    if (!more)
        return ERR_MEMORY;
    list->at = more;
    return OK;
}

/* Takes all rows of a prepared statement. */
static enum err load_list(struct store *store, struct db_stmt *st, struct source_list *out)
{
    bool row = false;
    enum err err;

    while (!(err = db_step(st, &row)) && row) {
        err = grow(out);
        if (err)
            break;
        out->at[out->n] = (struct source){.id = 0};
        err = read_source(st, &out->at[out->n]);
        out->n++;
        if (!err)
            err = source_rows_load(store, &out->at[out->n - 1]);
        if (err)
            break;
    }
    db_done(st);
    return err;
}

enum err source_list_load(struct store *store, struct source_list *out)
{
    struct db_stmt *st = NULL;
    enum err err =
        db_query(store->db, &st, SELECT_SOURCE "account_id = $1 AND removed_at_us IS NULL ORDER BY id", "i", store->account_id);

    *out = (struct source_list){.at = NULL};
    return err ? err : load_list(store, st, out);
}

enum err source_list_load_all(struct store *store, struct source_list *out)
{
    struct db_stmt *st = NULL;
    enum err err = db_prepare(store->db, SELECT_SOURCE "removed_at_us IS NULL ORDER BY id", &st);

    *out = (struct source_list){.at = NULL};
    return err ? err : load_list(store, st, out);
}

void source_list_release(struct source_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        source_release(&list->at[i]);
    free(list->at);
    *list = (struct source_list){.at = NULL};
}

enum err source_ask_int(struct store *store, const char *sql, int64_t source_id, int64_t *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_prepare(store->db, sql, &st);

    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    if (source_id)
        db_bind_int(st, 2, source_id);
    err = db_step(st, &row);
    if (!err)
        *out = db_column_int(st, 0);
    db_done(st);
    return err;
}

/* Appends the config as text, with the route's defaults for what was not given. */
static enum err full_config(const struct source_plan *plan, struct buf *out)
{
    json_t *config = plan->config ? json_copy((json_t *)(uintptr_t)plan->config) : json_object();
    const struct route_config *c;
    enum err err = config ? OK : ERR_MEMORY;

    for (size_t i = 0; !err && (c = route_config_at(plan->route, i)); i++)
        if (c->fallback && !c->secret && !json_object_get(config, c->name))
            err = json_object_set_new(config, c->name, json_string(c->fallback)) ? ERR_MEMORY : OK;
    if (!err)
        err = json_print(config, out);
    json_decref(config);
    return err;
}

static enum err put_source(struct store *store, const struct source_plan *plan, int64_t id, int64_t now_us)
{
    struct buf config = BUF_INIT(CONFIG_BYTES_MAX);
    char key[KEY_CHARS + 1];
    enum err err = full_config(plan, &config);

    key_new(key);
    if (!err)
        err = db_run(store->db,
                     "INSERT INTO source (account_id, id, key, platform, name, list, config, enabled, rank, cart_delay_ms,"
                     " created_at_us, carts_from_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $10)",
                     "iisssssiii", store->account_id, id, str_of(key), str_of(route_platform(plan->route)), plan->name,
                     plan->list.p ? plan->list : STR(""), buf_str(&config), (int64_t)!plan->disabled, (int64_t)plan->rank, now_us);
    buf_release(&config);
    return err;
}

/* The lock is held, and removed sources keep their row, so no id is given out twice, in no account: an entry names nothing else. */
static enum err next_id(struct store *store, int64_t *id)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, "SELECT COALESCE(MAX(id), 0) + 1 FROM source", "");

    if (err)
        return err;
    err = db_step(st, &row);
    *id = err ? 0 : db_column_int(st, 0);
    db_done(st);
    return err;
}

/* What is added, and under which id. */
struct adding {
    const struct seal *seal;
    const struct source_plan *plan;
    int64_t now_us, id;
};

static enum err add(struct store *store, void *arg)
{
    struct adding *a = arg;
    enum err err = next_id(store, &a->id);

    if (!err)
        err = put_source(store, a->plan, a->id, a->now_us);
    if (!err && a->plan->list.len)
        err = list_ensure(store, a->plan->list);
    for (size_t i = 0; i < a->plan->n_secrets && !err; i++)
        err = source_secret_put(store, a->seal, a->id, (int64_t)i + 1, &a->plan->secrets[i], a->now_us);
    return err;
}

enum err source_add(struct store *store, const struct seal *seal, const struct source_plan *plan, struct source *out,
                    struct buf *why)
{
    struct adding adding = {.seal = seal, .plan = plan, .now_us = clock_wall_us(store->clock)};
    enum err err = source_check(plan, why);

    if (!err)
        err = store_transact(store, add, &adding);
    return err ? err : source_get(store, adding.id, out);
}

/* Turns "no row changed" into ERR_NOT_FOUND. */
static enum err need_change(struct store *store, enum err err)
{
    return err || db_changes(store->db) ? err : ERR_NOT_FOUND;
}

/* CA14: what became due while the source was disabled does not fire when it is enabled again. */
enum err source_set_enabled(struct store *store, int64_t id, bool enabled)
{
    enum err err = db_begin(store->db);

    if (err)
        return err;
    err = need_change(store,
                      db_run(store->db,
                             "UPDATE source SET carts_from_us = CASE WHEN enabled < $3 THEN $4 ELSE carts_from_us END, enabled = $3"
                             " WHERE account_id = $1 AND id = $2 AND removed_at_us IS NULL",
                             "iiii", store->account_id, id, (int64_t)enabled, clock_wall_us(store->clock)));
    if (!err && enabled)
        err = cart_wake_source(store, id);
    return store_end(store, err);
}

enum err source_set_carts(struct store *store, int64_t id, const struct source_carts *carts)
{
    enum err err = db_begin(store->db);

    if (err)
        return err;
    err = need_change(store, db_run(store->db,
                                    "UPDATE source SET cart_delay_ms = $3, cart_cooldown_ms = $4, cart_back_ms = $5"
                                    " WHERE account_id = $1 AND id = $2 AND removed_at_us IS NULL",
                                    "iiiii", store->account_id, id, carts->delay_ms, carts->cooldown_ms, carts->back_ms));
    if (!err)
        err = cart_wake_source(store, id);
    return store_end(store, err);
}

enum err source_visits_on(struct store *store, int64_t id, struct str origins)
{
    char key[KEY_CHARS + 1];

    key_new(key);
    return need_change(store, db_run(store->db,
                                     "UPDATE source SET visits_on = 1, visits_origins = $3,"
                                     " visits_key = CASE WHEN visits_key = '' THEN $4 ELSE visits_key END"
                                     " WHERE account_id = $1 AND id = $2 AND removed_at_us IS NULL",
                                     "iiss", store->account_id, id, origins, str_of(key)));
}

enum err source_visits_off(struct store *store, int64_t id)
{
    return need_change(store, db_run(store->db,
                                     "UPDATE source SET visits_on = 0"
                                     " WHERE account_id = $1 AND id = $2 AND removed_at_us IS NULL",
                                     "ii", store->account_id, id));
}

enum err source_remove(struct store *store, int64_t id)
{
    enum err err = db_begin(store->db);

    if (err)
        return err;
    err = need_change(store, db_run(store->db,
                                    "UPDATE source SET enabled = 0, removed_at_us = $3"
                                    " WHERE account_id = $1 AND id = $2 AND removed_at_us IS NULL",
                                    "iii", store->account_id, id, clock_wall_us(store->clock)));
    if (!err)
        err = source_rows_forget(store, id);
    return store_end(store, err);
}

static void drop_secret(struct source *s, size_t i)
{
    free(s->secrets[i].id);
    free(s->secrets[i].name);
    free(s->secrets[i].sealed);
    s->n_secrets--;
    memmove(&s->secrets[i], &s->secrets[i + 1], (s->n_secrets - i) * sizeof(s->secrets[i]));
}

static void drop_old_keys(struct source *s, int64_t now_us)
{
    for (size_t i = s->n_old_keys; i-- > 0;)
        if (s->old_keys[i].until_us <= now_us) {
            free(s->old_keys[i].key);
            s->old_keys[i] = s->old_keys[--s->n_old_keys];
        }
}

static enum err append_enabled(struct source_list *list, int64_t now_us, json_t *array)
{
    for (size_t i = 0; i < list->n; i++) {
        struct source *s = &list->at[i];

        if (!s->enabled)
            continue;
        drop_old_keys(s, now_us);
        for (size_t k = s->n_secrets; k-- > 0;)
            if (s->secrets[k].until_us && s->secrets[k].until_us <= now_us)
                drop_secret(s, k);
        if (json_array_append_new(array, source_to_json(s)))
            return ERR_MEMORY;
    }
    return OK;
}

enum err source_snapshot(struct store *store, struct buf *out)
{
    struct source_list list = {.at = NULL};
    json_t *array = json_array(), *snapshot = json_pack("{so}", "sources", array);
    enum err err = snapshot ? source_list_load_all(store, &list) : ERR_MEMORY;

    if (!err)
        err = append_enabled(&list, clock_wall_us(store->clock), array);
    if (!err)
        err = json_print(snapshot, out);
    json_decref(snapshot);
    source_list_release(&list);
    return err;
}

enum err source_publish(struct store *store, struct stream *stream)
{
    struct buf json = BUF_INIT(SNAPSHOT_BYTES_MAX);
    int64_t version = 0;
    enum err err = db_begin(store->db);

    if (err)
        return err;
    err = source_snapshot(store, &json);
    if (!err)
        err = stream_publish_sources(stream, buf_str(&json), &version);
    buf_release(&json);
    return store_end(store, err);
}

enum err source_set_fields(struct store *store, int64_t id, struct str map)
{
    return need_change(store, db_run(store->db,
                                     "UPDATE source SET field_map = $3 WHERE account_id = $1 AND id = $2 AND removed_at_us IS NULL",
                                     "iis", store->account_id, id, map));
}
