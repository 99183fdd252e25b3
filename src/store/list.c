/* list.c -- owns the lists of an account in the database: made, set, found, removed, and the policy that follows from them. */
#include "store/list.h"

#include "store/row.h"

/* --- the kind (C8) ---------------------------------------------------------------------------------------------------- */

/* A single list that never was double has no row. Two changes in one microsecond: the later one counts. */
static enum err set_kind(struct store *store, struct str name, bool is_double)
{
    return db_run(store->db,
                  "INSERT INTO list_kind (account_id, list, from_us, is_double) VALUES ($1, $2, $3, $4)"
                  " ON CONFLICT (account_id, list, from_us) DO UPDATE SET is_double = excluded.is_double",
                  "isii", store->account_id, name, clock_wall_us(store->clock), (int64_t)is_double);
}

static enum err read_kind(struct store *store, struct list_row *list)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT is_double, from_us FROM list_kind WHERE account_id = $1 AND list = $2"
                            " ORDER BY from_us DESC LIMIT 1",
                            "is", store->account_id, list->name);

    if (!err)
        err = db_step(st, &row);
    if (!err && row) {
        list->is_double = db_column_int(st, 0) != 0;
        list->kind_from_us = db_column_int(st, 1);
    }
    db_done(st);
    return err;
}

enum err policy_load(struct store *store, struct arena *arena, struct policy *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_prepare(store->db, "SELECT account_id, list, from_us, is_double FROM list_kind", &st);

    *out = policy_default;
    out->skips = store->skips;
    while (!err && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};
        struct list_kind *kind = arena_alloc(arena, sizeof(*kind));

        if (!kind) {
            err = ERR_MEMORY;
            break;
        }
        kind->next = out->lists;
        kind->account_id = row_int(&r);
        kind->list = row_str(&r);
        kind->from_us = row_int(&r);
        kind->is_double = row_int(&r) != 0;
        out->lists = kind;
        err = r.err;
    }
    db_done(st);
    return err;
}

/* --- the list --------------------------------------------------------------------------------------------------------- */

#define LIST_COLUMNS "name, title, created_at_us"

static enum err read_list(struct db_stmt *st, struct arena *arena, struct list_row *out)
{
    struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

    *out = (struct list_row){.name = row_str(&r)};
    out->title = row_str(&r);
    out->created_at_us = row_int(&r);
    return r.err;
}

enum err list_find(struct store *store, struct str name, struct arena *arena, struct list_row *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err =
        db_query(store->db, &st, "SELECT " LIST_COLUMNS " FROM list WHERE account_id = $1 AND name = $2 AND removed_at_us IS NULL",
                 "is", store->account_id, not_null(name));

    if (!err)
        err = db_step(st, &row);
    if (!err && row)
        err = read_list(st, arena, out);
    db_done(st);
    if (err)
        return err;
    return row ? read_kind(store, out) : ERR_NOT_FOUND;
}

enum err list_all(struct store *store, struct arena *arena, struct list_row **out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(
        store->db, &st, "SELECT " LIST_COLUMNS " FROM list WHERE account_id = $1 AND removed_at_us IS NULL ORDER BY name LIMIT $2",
        "ii", store->account_id, (int64_t)LISTS_MAX);

    *n = 0;
    *out = arena_array(arena, LISTS_MAX, sizeof(**out));
    if (!err && !*out)
        err = ERR_MEMORY;
    while (!err && *n < LISTS_MAX && !(err = db_step(st, &row)) && row)
        err = read_list(st, arena, &(*out)[(*n)++]);
    db_done(st);
    for (size_t i = 0; i < *n && !err; i++)
        err = read_kind(store, &(*out)[i]);
    return err;
}

static enum err insert(struct store *store, struct str name, struct str title)
{
    return db_run(store->db,
                  "INSERT INTO list (account_id, name, title, created_at_us) VALUES ($1, $2, $3, $4)"
                  " ON CONFLICT (account_id, name) DO UPDATE SET title = excluded.title, created_at_us = excluded.created_at_us,"
                  " removed_at_us = NULL",
                  "issi", store->account_id, name, not_null(title), clock_wall_us(store->clock));
}

/* Inside a transaction. */
static enum err add(struct store *store, struct str name, struct str title, bool is_double)
{
    struct list_row known = {.name = name};
    struct arena arena;
    enum err err;

    arena_init(&arena, 64 << 10);
    err = list_find(store, name, &arena, &known);
    arena_release(&arena);
    if (err != ERR_NOT_FOUND)
        return err ? err : ERR_EXISTS;
    known = (struct list_row){.name = name};
    err = insert(store, name, title);
    if (!err)
        err = read_kind(store, &known); /* that of a removed list of the name */
    return err || known.is_double == is_double ? err : set_kind(store, name, is_double);
}

enum err list_add(struct store *store, struct str name, struct str title, bool is_double)
{
    enum err err = list_name_is_valid(name) ? db_begin(store->db) : ERR_RANGE;

    return err ? err : store_end(store, add(store, name, title, is_double));
}

enum err list_ensure(struct store *store, struct str name)
{
    enum err err = list_name_is_valid(name) ? add(store, name, STR_NONE, false) : ERR_RANGE;

    return err == ERR_EXISTS ? OK : err;
}

/* Inside a transaction. */
static enum err change(struct store *store, struct str name, const struct list_change *change)
{
    struct list_row known = {.name = name};
    struct arena arena;
    enum err err;

    arena_init(&arena, 64 << 10);
    err = list_find(store, name, &arena, &known);
    arena_release(&arena);
    if (!err && change->title)
        err = db_run(store->db, "UPDATE list SET title = $3 WHERE account_id = $1 AND name = $2", "iss", store->account_id, name,
                     not_null(*change->title));
    if (!err && change->is_double && *change->is_double != known.is_double)
        err = set_kind(store, name, *change->is_double);
    return err;
}

enum err list_set(struct store *store, struct str name, const struct list_change *wanted)
{
    enum err err = db_begin(store->db);

    return err ? err : store_end(store, change(store, name, wanted));
}

/* The sources are few. */
static enum err find_source(struct store *store, struct str name, struct arena *arena, struct str *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, "SELECT name FROM source WHERE account_id = $1 AND list = $2 AND removed_at_us IS NULL",
                            "is", store->account_id, name);

    if (!err)
        err = db_step(st, &row);
    if (!err && row)
        *out = arena_str(arena, db_column_str(st, 0));
    db_done(st);
    return err ? err : row ? ERR_EXISTS : OK;
}

enum err list_remove(struct store *store, struct str name, struct arena *arena, struct str *source)
{
    enum err err = db_begin(store->db);

    *source = STR_NONE;
    if (err)
        return err;
    err = find_source(store, name, arena, source);
    if (!err)
        err = db_run(store->db, "UPDATE list SET removed_at_us = $3 WHERE account_id = $1 AND name = $2 AND removed_at_us IS NULL",
                     "isi", store->account_id, not_null(name), clock_wall_us(store->clock));
    if (!err && db_changes(store->db) == 0)
        err = ERR_NOT_FOUND;
    return store_end(store, err);
}
