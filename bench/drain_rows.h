/* drain_rows.h -- owns the rows that a batch wrote: seen by SQLite's own hook while it is applied to a recorder's database. */
#ifndef BENCH_DRAIN_ROWS_H
#define BENCH_DRAIN_ROWS_H

#include "base/arena.h"
#include "base/err.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS_TABLES_MAX = 64, ROWS_COLUMNS_MAX = 40, ROWS_NAME_CHARS = 40, ROWS_MAX = 1 << 20 };

struct cell {
    bool is_null;
    int64_t number;
    struct str text; /* p NULL: a number */
};

struct written_table {
    char name[ROWS_NAME_CHARS];
    char columns[ROWS_COLUMNS_MAX][ROWS_NAME_CHARS];
    bool is_text[ROWS_COLUMNS_MAX];
    int key[ROWS_COLUMNS_MAX]; /* columns of the primary key */
    int n_columns, n_key;
    struct cell **rows; /* of the batch in hand, by primary key */
    size_t n_rows;
};

struct change {
    int table;
    sqlite3_int64 rowid;
};

struct recorder {
    sqlite3 *db;
    struct written_table tables[ROWS_TABLES_MAX];
    int n_tables;
    struct change *changes;
    size_t n_changes;
    struct arena arena; /* the batch's rows */
};

/* The connection that was opened last: the recorder's, right after its store is opened. */
static sqlite3 *rows_last_opened;

static inline int rows_note_connection(sqlite3 *db, char **why, const struct sqlite3_api_routines *api)
{
    (void)why;
    (void)api;
    rows_last_opened = db;
    return SQLITE_OK;
}

static inline void rows_on_change(void *arg, int what, const char *schema, const char *table, sqlite3_int64 rowid)
{
    struct recorder *r = arg;

    (void)schema;
    for (int i = 0; i < r->n_tables && what != SQLITE_DELETE && r->n_changes < ROWS_MAX; i++)
        if (strcmp(r->tables[i].name, table) == 0)
            r->changes[r->n_changes++] = (struct change){i, rowid};
}

static inline void rows_read_columns(struct recorder *r, struct written_table *t)
{
    sqlite3_stmt *st = NULL;

    sqlite3_prepare_v2(r->db, "SELECT name, type, pk FROM pragma_table_info(?1)", -1, &st, NULL);
    sqlite3_bind_text(st, 1, t->name, -1, SQLITE_STATIC);
    while (sqlite3_step(st) == SQLITE_ROW && t->n_columns < ROWS_COLUMNS_MAX) {
        int i = t->n_columns++, key = sqlite3_column_int(st, 2);

        snprintf(t->columns[i], ROWS_NAME_CHARS, "%s", (const char *)sqlite3_column_text(st, 0));
        t->is_text[i] = strcmp((const char *)sqlite3_column_text(st, 1), "TEXT") == 0;
        if (key) {
            t->key[key - 1] = i;
            t->n_key++;
        }
    }
    sqlite3_finalize(st);
}

/* Watches the connection r->db. */
static inline bool rows_watch(struct recorder *r)
{
    sqlite3_stmt *st = NULL;

    r->changes = calloc(ROWS_MAX, sizeof(*r->changes));
    arena_init(&r->arena, 512 << 20);
    if (!r->changes || sqlite3_prepare_v2(r->db, "SELECT name FROM sqlite_master WHERE type = 'table'", -1, &st, NULL))
        return false;
    while (sqlite3_step(st) == SQLITE_ROW && r->n_tables < ROWS_TABLES_MAX) {
        struct written_table *t = &r->tables[r->n_tables++];

        snprintf(t->name, sizeof(t->name), "%s", (const char *)sqlite3_column_text(st, 0));
        rows_read_columns(r, t);
    }
    sqlite3_finalize(st);
    sqlite3_update_hook(r->db, rows_on_change, r);
    return true;
}

static inline void rows_forget(struct recorder *r)
{
    r->n_changes = 0;
    arena_reset(&r->arena);
}

static inline void rows_release(struct recorder *r)
{
    free(r->changes);
    arena_release(&r->arena);
}

static inline int rows_compare_changes(const void *left, const void *right)
{
    const struct change *a = left, *b = right;

    if (a->table != b->table)
        return a->table - b->table;
    return (a->rowid > b->rowid) - (a->rowid < b->rowid);
}

static const struct written_table *rows_sorted; /* qsort has no argument for it */

static inline int rows_compare(const void *left, const void *right)
{
    const struct cell *a = *(struct cell *const *)left, *b = *(struct cell *const *)right;

    for (int i = 0; i < rows_sorted->n_key; i++) {
        const struct cell *x = &a[rows_sorted->key[i]], *y = &b[rows_sorted->key[i]];
        int c = rows_sorted->is_text[rows_sorted->key[i]] ? str_cmp(x->text, y->text)
                                                          : (x->number > y->number) - (x->number < y->number);

        if (c)
            return c;
    }
    return 0;
}

static inline bool rows_read_row(struct recorder *r, struct written_table *t, sqlite3_stmt *st)
{
    struct cell *row = arena_array(&r->arena, (size_t)t->n_columns, sizeof(*row));

    if (!row)
        return false;
    for (int i = 0; i < t->n_columns; i++) {
        row[i].is_null = sqlite3_column_type(st, i) == SQLITE_NULL;
        row[i].number = sqlite3_column_int64(st, i);
        if (t->is_text[i] && !row[i].is_null)
            row[i].text =
                arena_str(&r->arena, str_n((const char *)sqlite3_column_text(st, i), (size_t)sqlite3_column_bytes(st, i)));
    }
    t->rows[t->n_rows++] = row;
    return true;
}

static inline bool rows_read_table(struct recorder *r, struct written_table *t, const struct change *changes, size_t n)
{
    char sql[120];
    sqlite3_stmt *st = NULL;
    bool fine = true;

    t->rows = arena_array(&r->arena, n, sizeof(*t->rows));
    snprintf(sql, sizeof(sql), "SELECT * FROM %s WHERE rowid = ?1", t->name);
    if (!t->rows || sqlite3_prepare_v2(r->db, sql, -1, &st, NULL))
        return false;
    for (size_t i = 0; i < n && fine; i++) {
        if (i && changes[i].rowid == changes[i - 1].rowid)
            continue;
        sqlite3_reset(st);
        sqlite3_bind_int64(st, 1, changes[i].rowid);
        if (sqlite3_step(st) == SQLITE_ROW)
            fine = rows_read_row(r, t, st);
    }
    sqlite3_finalize(st);
    rows_sorted = t;
    qsort(t->rows, t->n_rows, sizeof(*t->rows), rows_compare);
    return fine;
}

/* Reads the rows that were changed since the last rows_forget, each once, as they are now. */
static inline bool rows_read(struct recorder *r)
{
    bool fine = r->n_changes < ROWS_MAX;

    qsort(r->changes, r->n_changes, sizeof(*r->changes), rows_compare_changes);
    for (int t = 0; t < r->n_tables; t++)
        r->tables[t].n_rows = 0;
    for (size_t i = 0, end; i < r->n_changes && fine; i = end) {
        for (end = i; end < r->n_changes && r->changes[end].table == r->changes[i].table; end++)
            continue;
        fine = rows_read_table(r, &r->tables[r->changes[i].table], &r->changes[i], end - i);
    }
    return fine;
}

#endif
