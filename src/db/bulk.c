/* bulk.c -- owns many rows into one table: as the back end takes them best, or row by row. */
#include "db/backend.h"

#include <stdlib.h>

enum { SQL_BYTES = 16384 };

struct db_bulk {
    struct db *db;
    struct db_stmt *insert; /* NULL: the back end has a way of its own */
    size_t n;
    enum err err; /* the first */
};

static enum err write_columns(struct buf *out, struct str table, const struct str *columns, size_t n)
{
    enum err err = buf_printf(out, "%.*s (", STR_ARG(table));

    for (size_t i = 0; i < n && !err; i++)
        err = buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARG(columns[i]));
    return err ? err : buf_append_c(out, ')');
}

static enum err prepare_insert(struct db_bulk *b, struct buf *sql, struct str table, const struct str *columns)
{
    enum err err = buf_append(sql, STR("INSERT INTO "));

    if (!err)
        err = write_columns(sql, table, columns, b->n);
    for (size_t i = 0; i < b->n && !err; i++)
        err = buf_printf(sql, "%s$%zu", i ? ", " : " VALUES (", i + 1);
    if (!err)
        err = buf_append_c(sql, ')');
    return err ? err : db_prepare(b->db, buf_text(sql), &b->insert);
}

enum err db_bulk_begin(struct db *db, struct str table, const struct str *columns, size_t n, struct db_bulk **out)
{
    struct db_bulk *b = calloc(1, sizeof(*b));
    struct buf sql = BUF_INIT(SQL_BYTES);
    enum err err = OK;

    if (!b)
        return ERR_MEMORY;
    b->db = db;
    b->n = n;
    if (db->backend->bulk_begin) {
        err = write_columns(&sql, table, columns, n);
        if (!err)
            err = db->backend->bulk_begin(db, buf_text(&sql));
    } else {
        err = prepare_insert(b, &sql, table, columns);
    }
    buf_release(&sql);
    if (err)
        free(b);
    else
        *out = b;
    return err;
}

static enum err insert(struct db_bulk *b, const struct str *values)
{
    bool row = false;
    enum err err;

    for (size_t i = 0; i < b->n; i++)
        db_bind_str(b->insert, (int)i + 1, values[i]);
    err = db_step(b->insert, &row);
    b->db->backend->reset(b->insert);
    return err;
}

enum err db_bulk_row(struct db_bulk *b, const struct str *values)
{
    if (!b->err)
        b->err = b->insert ? insert(b, values) : b->db->backend->bulk_row(b->db, values, b->n);
    return b->err;
}

enum err db_bulk_end(struct db_bulk *b)
{
    enum err err = b->err;

    if (b->insert)
        db_done(b->insert);
    else
        err = b->db->backend->bulk_end(b->db, err);
    free(b);
    return err;
}
