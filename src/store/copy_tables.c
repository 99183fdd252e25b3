/* copy_tables.c -- owns what a copy knows of tables: columns, keys, an order in which references hold; and reading them in pages. */
#include "store/copy_tables.h"

#include <stdlib.h>

enum { SQL_BYTES = 32 << 10, KEY_BYTES = 1 << 20, PAGE_FIRST = 50, PAGE_MAX = 2000, PAGE_BYTES = 4 << 20 };

static enum err add_column(struct copy_table *t, struct db_stmt *st, struct arena *arena)
{
    size_t i = t->n_columns;
    int64_t place = db_column_int(st, 3);

    if (i == COPY_COLUMNS_MAX || place > COPY_KEY_MAX)
        return ERR_TOO_MANY;
    t->columns[i] = arena_str(arena, db_column_str(st, 1));
    t->is_text[i] = db_column_int(st, 2) != 0;
    if (place > 0) {
        t->key[place - 1] = (int)i;
        t->n_key = (size_t)place > t->n_key ? (size_t)place : t->n_key;
    }
    t->n_columns++;
    return t->columns[i].p ? OK : ERR_MEMORY;
}

static enum err read_columns(struct db *db, struct arena *arena, struct copy_table *tables, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_columns(db, &st);

    *n = 0;
    while (!err && !(err = db_step(st, &row)) && row) {
        struct str name = db_column_str(st, 0);

        if (str_eq(name, STR("schema_migration")))
            continue;
        if (*n == 0 || !str_eq(tables[*n - 1].name, name)) {
            if (*n == COPY_TABLES_MAX)
                err = ERR_TOO_MANY;
            else
                tables[(*n)++].name = arena_str(arena, name);
        }
        if (!err)
            err = tables[*n - 1].name.p ? add_column(&tables[*n - 1], st, arena) : ERR_MEMORY;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

/* --- those that others refer to first ------------------------------------------------------------------------------------- */

struct reference {
    struct str table, to;
};

static enum err read_references(struct db *db, struct arena *arena, struct reference *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_references(db, &st);

    *n = 0;
    while (!err && *n < COPY_TABLES_MAX && !(err = db_step(st, &row)) && row) {
        out[*n].table = arena_str(arena, db_column_str(st, 0));
        out[*n].to = arena_str(arena, db_column_str(st, 1));
        err = out[*n].table.p && out[*n].to.p ? OK : ERR_MEMORY;
        ++*n;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

static struct copy_table *find(struct copy_table *tables, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(tables[i].name, name))
            return &tables[i];
    return NULL;
}

static bool may_come(struct copy_table *tables, size_t n, const struct copy_table *t, const struct reference *references,
                     size_t n_references)
{
    for (size_t i = 0; i < n_references; i++) {
        const struct copy_table *to = find(tables, n, references[i].to);

        if (str_eq(references[i].table, t->name) && to && to != t && !to->emitted)
            return false;
    }
    return true;
}

/* False when tables refer to each other in a circle. */
static bool put_in_order(struct copy_table *tables, size_t n, const struct reference *references, size_t n_references,
                         struct copy_table *out)
{
    size_t n_out = 0, before = n;

    while (n_out < n && n_out != before) {
        before = n_out;
        for (size_t i = 0; i < n; i++)
            if (!tables[i].emitted && may_come(tables, n, &tables[i], references, n_references)) {
                tables[i].emitted = true;
                out[n_out++] = tables[i];
            }
    }
    return n_out == n;
}

enum err copy_tables_read(struct db *db, struct arena *arena, struct copy_table **out, size_t *n, struct buf *why)
{
    struct copy_table *read = arena_array(arena, COPY_TABLES_MAX, sizeof(*read));
    struct reference *references = arena_array(arena, COPY_TABLES_MAX, sizeof(*references));
    size_t n_references = 0;
    enum err err = read && references ? read_columns(db, arena, read, n) : ERR_MEMORY;

    *out = arena_array(arena, COPY_TABLES_MAX, sizeof(**out));
    if (!err)
        err = *out ? read_references(db, arena, references, &n_references) : ERR_MEMORY;
    for (size_t i = 0; i < *n && !err; i++)
        if (read[i].n_key == 0) {
            err = buf_printf(why, "table %.*s has no primary key, so it cannot be copied; give it one", STR_ARG(read[i].name));
            err = err ? err : ERR_CONFIG;
        }
    if (!err && !put_in_order(read, *n, references, n_references, *out)) {
        err = buf_append(why, STR("tables refer to each other in a circle, so no order of copying holds"));
        err = err ? err : ERR_CONFIG;
    }
    return err;
}

/* --- pages ------------------------------------------------------------------------------------------------------------------ */

static enum err list_key(const struct copy_table *t, struct buf *sql)
{
    enum err err = OK;

    for (size_t k = 0; k < t->n_key && !err; k++)
        err = buf_printf(sql, "%s%.*s", k ? ", " : "", STR_ARG(t->columns[t->key[k]]));
    return err;
}

/* Parameters: the key of the last row, unless it is the first page; then how many. */
static enum err page_sql(const struct copy_table *t, bool first, struct buf *sql)
{
    enum err err = buf_append(sql, STR("SELECT "));

    for (size_t i = 0; i < t->n_columns && !err; i++)
        err = buf_printf(sql, "%s%.*s", i ? ", " : "", STR_ARG(t->columns[i]));
    if (!err)
        err = buf_printf(sql, " FROM %.*s%s", STR_ARG(t->name), first ? "" : " WHERE (");
    if (!err && !first)
        err = list_key(t, sql);
    for (size_t k = 0; k < t->n_key && !err && !first; k++)
        err = buf_printf(sql, "%s$%zu%s", k ? ", " : ") > (", k + 1, k + 1 < t->n_key ? "" : ")");
    if (!err)
        err = buf_append(sql, STR(" ORDER BY "));
    if (!err)
        err = list_key(t, sql);
    return err ? err : buf_printf(sql, " LIMIT $%zu", first ? 1 : t->n_key + 1);
}

struct pages {
    struct db *db;
    const struct copy_table *table;
    struct buf sql_first, sql_next;
    struct buf key; /* texts of the last row's key, end to end */
    size_t ends[COPY_KEY_MAX];
    size_t rows_max; /* of the next page */
    bool any;
};

static enum err bind_key(const struct pages *p, struct db_stmt *st)
{
    const struct copy_table *t = p->table;
    enum err err = OK;
    size_t at = 0;

    for (size_t k = 0; k < t->n_key && !err; k++) {
        struct str text = str_n(p->key.p ? p->key.p + at : "", p->ends[k] - at);
        int64_t number = 0;

        if (t->is_text[t->key[k]]) {
            db_bind_str(st, (int)k + 1, text);
        } else {
            err = str_to_i64(text, &number);
            db_bind_int(st, (int)k + 1, number);
        }
        at = p->ends[k];
    }
    return err;
}

static enum err keep_key(struct pages *p, const struct str *values)
{
    enum err err = OK;

    buf_clear(&p->key);
    for (size_t k = 0; k < p->table->n_key && !err; k++) {
        err = buf_append(&p->key, values[p->table->key[k]]);
        p->ends[k] = p->key.len;
    }
    return err;
}

static enum err start_page(struct pages *p, struct db_stmt **st)
{
    enum err err = db_prepare(p->db, buf_text(p->any ? &p->sql_next : &p->sql_first), st);

    if (!err && p->any)
        err = bind_key(p, *st);
    if (!err)
        db_bind_int(*st, p->any ? (int)p->table->n_key + 1 : 1, (int64_t)p->rows_max);
    return err;
}

/* The next page is smaller after one of many bytes, larger after one of few: PostgreSQL hands out a page as a whole. */
static void set_size(struct pages *p, size_t bytes)
{
    if (bytes > PAGE_BYTES && p->rows_max > 1)
        p->rows_max /= 2;
    else if (bytes < PAGE_BYTES / 4 && p->rows_max < PAGE_MAX)
        p->rows_max *= 2;
}

static enum err read_page(struct pages *p, copy_row *each, void *arg, size_t *n)
{
    struct str values[COPY_COLUMNS_MAX] = {STR_NONE};
    struct db_stmt *st = NULL;
    size_t bytes = 0;
    bool row = false;
    enum err err = start_page(p, &st);

    *n = 0;
    while (!err && !(err = db_step(st, &row)) && row) {
        for (size_t i = 0; i < p->table->n_columns; i++) {
            values[i] = db_column_str(st, (int)i);
            bytes += values[i].len;
        }
        err = each(arg, p->table, values);
        if (!err && ++*n == p->rows_max)
            err = keep_key(p, values);
        if (err)
            break;
    }
    db_done(st);
    p->any = true;
    set_size(p, bytes);
    return err;
}

enum err copy_read(struct db *db, const struct copy_table *table, copy_row *each, void *arg)
{
    struct pages p = {.db = db,
                      .table = table,
                      .sql_first = BUF_INIT(SQL_BYTES),
                      .sql_next = BUF_INIT(SQL_BYTES),
                      .key = BUF_INIT(KEY_BYTES),
                      .rows_max = PAGE_FIRST};
    size_t n = PAGE_FIRST, wanted = PAGE_FIRST;
    enum err err = page_sql(table, true, &p.sql_first);

    if (!err)
        err = page_sql(table, false, &p.sql_next);
    while (!err && n == wanted) {
        wanted = p.rows_max;
        err = read_page(&p, each, arg, &n);
    }
    buf_release(&p.key);
    buf_release(&p.sql_next);
    buf_release(&p.sql_first);
    return err;
}
