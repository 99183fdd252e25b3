/* field.c -- owns the fields of an account: which there are, of what type, and who made them (F3, F4). */
#include "store/field.h"

#include "base/log.h"
#include "store/row.h"

#include <stdlib.h>

enum { REGISTER_BYTES_MAX = 16 << 20 };

static int compare_names(const void *left, const void *right)
{
    return str_cmp(((const struct account_field *)left)->name, ((const struct account_field *)right)->name);
}

static void sort_fields(struct field_list *list)
{
    if (list->n)
        qsort(list->at, list->n, sizeof(*list->at), compare_names); /* the database's order may be another */
}

static enum err read_field(struct row *r, struct account_field *f)
{
    f->name = row_str(r);
    if (field_type_parse(row_str(r), &f->type))
        f->type = FIELD_TEXT; /* of a later version of this program: any text is taken */
    f->source_id = row_int(r);
    f->made_us = row_int(r);
    return r->err;
}

static enum err load(struct store *store, struct arena *arena, size_t room, struct field_list *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, "SELECT name, type, source_id, made_at_us FROM field WHERE account_id = $1 LIMIT $2",
                            "ii", store->account_id, (int64_t)room);

    *out = (struct field_list){.at = arena_array(arena, room, sizeof(*out->at))};
    if (!err && !out->at)
        err = ERR_MEMORY;
    while (!err && out->n < room && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        err = read_field(&r, &out->at[out->n++]);
    }
    db_done(st);
    sort_fields(out);
    return err;
}

enum err field_list_load(struct store *store, struct arena *arena, struct field_list *out)
{
    return load(store, arena, FIELDS_MAX, out);
}

const struct account_field *field_list_find(const struct field_list *list, struct str name)
{
    struct account_field key = {.name = name};

    return list->n ? bsearch(&key, list->at, list->n, sizeof(*list->at), compare_names) : NULL;
}

/* The list is sorted, and so are its types. */
static enum err types_of(const struct field_list *list, struct arena *arena, struct field_types *out)
{
    struct field_typed *at;
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        n += list->at[i].type != FIELD_TEXT;
    at = arena_array(arena, n, sizeof(*at));
    *out = (struct field_types){.at = at};
    for (size_t i = 0; at && i < list->n; i++)
        if (list->at[i].type != FIELD_TEXT)
            at[out->n++] = (struct field_typed){list->at[i].name, list->at[i].type};
    return at ? OK : ERR_MEMORY;
}

enum err field_types_load(struct store *store, struct arena *arena, struct field_types *out)
{
    struct field_list typed = {.n = 0};
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT name, type, source_id, made_at_us FROM field WHERE account_id = $1 AND type <> 'text' LIMIT $2",
                            "ii", store->account_id, (int64_t)FIELDS_MAX);

    *out = (struct field_types){.n = 0};
    while (!err && typed.n < FIELDS_MAX && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        if (!typed.at)
            typed.at = arena_array(arena, FIELDS_MAX, sizeof(*typed.at));
        err = typed.at ? read_field(&r, &typed.at[typed.n++]) : ERR_MEMORY;
    }
    db_done(st);
    sort_fields(&typed);
    return err ? err : types_of(&typed, arena, out);
}

/* -- by hand -------------------------------------------------------------------------------------------------------------- */

static enum err count_fields(struct store *store, int64_t *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, "SELECT count(*) FROM field WHERE account_id = $1", "i", store->account_id);

    if (err)
        return err;
    err = db_step(st, &row);
    *out = !err && row ? db_column_int(st, 0) : 0;
    db_done(st);
    return err;
}

static enum err put(struct store *store, struct str name, enum field_type type, int64_t source_id)
{
    return db_run(store->db,
                  "INSERT INTO field (account_id, name, type, source_id, made_at_us) VALUES ($1, $2, $3, $4, $5)"
                  " ON CONFLICT (account_id, name) DO NOTHING",
                  "issii", store->account_id, name, str_of(field_type_name(type)), source_id, clock_wall_us(store->clock));
}

enum err field_add(struct store *store, struct str name, enum field_type type)
{
    int64_t n = 0;
    enum err err;

    if (!field_name_is_valid(name))
        return ERR_RANGE;
    if (field_is_built_in(name))
        return ERR_EXISTS;
    err = count_fields(store, &n);
    if (!err && n >= FIELDS_MAX)
        return ERR_TOO_MANY;
    if (!err)
        err = put(store, name, type, SOURCE_OPERATOR);
    return !err && db_changes(store->db) == 0 ? ERR_EXISTS : err;
}

enum err field_set_type(struct store *store, struct str name, enum field_type type)
{
    enum err err = db_run(store->db, "UPDATE field SET type = $3 WHERE account_id = $1 AND name = $2", "iss", store->account_id,
                          name, str_of(field_type_name(type)));

    return !err && db_changes(store->db) == 0 ? ERR_NOT_FOUND : err;
}

static enum err has_row(struct store *store, const char *sql, struct str name, bool *has)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, sql, "is", store->account_id, name);

    if (err)
        return err;
    err = db_step(st, has);
    db_done(st);
    return err;
}

static enum err is_used(struct store *store, struct str name, bool *used)
{
    enum err err = has_row(
        store, "SELECT 1 FROM customer_field WHERE account_id = $1 AND (name = $2 OR name = '" FIELD_ASIDE "' || $2) LIMIT 1", name,
        used);

    if (err || *used)
        return err;
    return has_row(store,
                   "SELECT 1 FROM source WHERE account_id = $1 AND removed_at_us IS NULL"
                   " AND field_map LIKE '%=' || replace($2, '_', '!_') || '\n%' ESCAPE '!' LIMIT 1",
                   name, used);
}

enum err field_remove(struct store *store, struct str name)
{
    bool used = false;
    enum err err = db_begin(store->db);

    if (err)
        return err;
    err = is_used(store, name, &used);
    if (!err && used)
        err = ERR_EXISTS;
    if (!err)
        err = db_run(store->db, "DELETE FROM field WHERE account_id = $1 AND name = $2", "is", store->account_id, name);
    if (!err && db_changes(store->db) == 0)
        err = ERR_NOT_FOUND;
    return store_end(store, err);
}

enum err field_counts(struct store *store, struct arena *arena, struct field_count **out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT f.name, count(DISTINCT c.contact_id) FROM customer_field f CROSS JOIN customer c"
                            " WHERE f.account_id = $1 AND substr(f.name, 1, 1) <> '.' AND f.is_set = 1 AND f.value <> ''"
                            " AND c.account_id = f.account_id AND c.source_id = f.source_id AND c.subject = f.subject"
                            " AND c.contact_id <> '' GROUP BY f.name LIMIT $2",
                            "ii", store->account_id, (int64_t)FIELDS_MAX * 2);

    *n = 0;
    *out = arena_array(arena, (size_t)FIELDS_MAX * 2, sizeof(**out));
    if (!err && !*out)
        err = ERR_MEMORY;
    while (!err && *n < (size_t)FIELDS_MAX * 2 && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};
        struct field_count *count = &(*out)[(*n)++];

        count->name = row_str(&r);
        count->contacts = (uint64_t)row_int(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

/* -- the drainer's -------------------------------------------------------------------------------------------------------- */

void field_register_init(struct field_register *r)
{
    *r = (struct field_register){.account_id = 0};
    arena_init(&r->arena, REGISTER_BYTES_MAX);
}

void field_register_release(struct field_register *r)
{
    arena_release(&r->arena);
}

void field_register_forget(struct field_register *r)
{
    arena_reset(&r->arena);
    r->account_id = 0;
    r->known = (struct field_list){.n = 0};
    r->types = (struct field_types){.n = 0};
}

enum err field_register_open(struct field_register *r, struct store *store)
{
    enum err err;

    if (r->account_id == store->account_id)
        return OK;
    field_register_forget(r);
    r->room = FIELDS_MAX;
    err = load(store, &r->arena, r->room, &r->known);
    if (!err)
        err = types_of(&r->known, &r->arena, &r->types);
    if (!err)
        r->account_id = store->account_id;
    return err;
}

static void insert_sorted(struct field_register *r, struct account_field field)
{
    size_t at = r->known.n++;

    while (at && str_cmp(r->known.at[at - 1].name, field.name) > 0) {
        r->known.at[at] = r->known.at[at - 1];
        at--;
    }
    r->known.at[at] = field;
}

static enum err make(struct field_register *r, struct store *store, struct str name, int64_t source_id)
{
    struct account_field field = {.name = name, .type = FIELD_TEXT, .source_id = source_id};
    enum err err;

    if (r->known.n == r->room) {
        if (!r->full_told)
            LOG(LOG_WARN, "the account has too many fields, no more are listed; their values are kept",
                KV_INT("fields", FIELDS_MAX));
        r->full_told = true;
        return OK;
    }
    err = put(store, name, field.type, source_id);
    field.name = arena_str(&r->arena, name);
    if (!err && !field.name.p)
        err = ERR_MEMORY;
    if (!err)
        insert_sorted(r, field);
    return err;
}

enum err field_register_note(struct field_register *r, struct store *store, const struct scope *scope, int64_t source_id)
{
    enum err err = OK;

    for (const struct contact_field *f = scope->fields; f && !err; f = f->next) {
        bool aside = str_starts(f->name, STR(FIELD_ASIDE));
        struct str name = aside ? str_from(f->name, sizeof(FIELD_ASIDE) - 1) : f->name;

        if (!f->changed || str_starts(name, STR(".")) || field_is_built_in(name))
            continue;
        err = field_register_open(r, store);
        if (!err && !field_list_find(&r->known, name))
            err = make(r, store, name, source_id);
    }
    return err;
}
