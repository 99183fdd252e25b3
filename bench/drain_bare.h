/* drain_bare.h -- owns the bare batched write that bench/drain compares with: the rows of a batch, all in one transaction, with the
 * best plain statements of the database. */
#ifndef BENCH_DRAIN_BARE_H
#define BENCH_DRAIN_BARE_H

#include "drain_rows.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <libpq-fe.h>

/* One of the two is open. */
struct bare {
    sqlite3 *file;
    PGconn *server;
    sqlite3_stmt *statements[ROWS_TABLES_MAX];
    bool prepared[ROWS_TABLES_MAX];
};

static inline bool bare_names(const struct written_table *t, bool key_only, struct buf *out)
{
    bool fine = true;

    for (int i = 0; i < (key_only ? t->n_key : t->n_columns) && fine; i++)
        fine = !buf_printf(out, "%s%s", i ? ", " : "", t->columns[key_only ? t->key[i] : i]);
    return fine;
}

static inline bool bare_is_key(const struct written_table *t, int column)
{
    for (int i = 0; i < t->n_key; i++)
        if (t->key[i] == column)
            return true;
    return false;
}

static inline bool bare_sql(const struct written_table *t, bool arrays, struct buf *out)
{
    bool fine = !buf_printf(out, "INSERT INTO %s (", t->name) && bare_names(t, false, out) &&
                !buf_append(out, arrays ? STR(") SELECT * FROM unnest(") : STR(") VALUES ("));
    const char *comma = "";

    for (int i = 0; i < t->n_columns && fine; i++)
        fine = arrays ? !buf_printf(out, "%s$%d::%s[]", i ? ", " : "", i + 1, t->is_text[i] ? "text" : "bigint")
                      : !buf_printf(out, "%s?%d", i ? ", " : "", i + 1);
    fine = fine && !buf_append(out, STR(") ON CONFLICT (")) && bare_names(t, true, out) &&
           !buf_append(out, t->n_key < t->n_columns ? STR(") DO UPDATE SET ") : STR(") DO NOTHING"));
    for (int i = 0; i < t->n_columns && fine; i++)
        if (!bare_is_key(t, i)) {
            fine = !buf_printf(out, "%s%s = excluded.%s", comma, t->columns[i], t->columns[i]);
            comma = ", ";
        }
    return fine;
}

static inline bool bare_open_file(struct bare *b, const char *path)
{
    return sqlite3_open_v2(path, &b->file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
           sqlite3_exec(b->file,
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                        " PRAGMA secure_delete = ON",
                        NULL, NULL, NULL) == SQLITE_OK;
}

static inline bool bare_open_server(struct bare *b, const char *place)
{
    b->server = PQconnectdb(place);
    return PQstatus(b->server) == CONNECTION_OK;
}

static inline void bare_close(struct bare *b)
{
    for (int i = 0; i < ROWS_TABLES_MAX; i++)
        sqlite3_finalize(b->statements[i]);
    sqlite3_close(b->file);
    PQfinish(b->server);
}

static inline bool bare_file_table(struct bare *b, const struct written_table *t, sqlite3_stmt **st)
{
    struct buf sql = BUF_INIT(16 << 10);
    bool fine = *st || (bare_sql(t, false, &sql) &&
                        sqlite3_prepare_v3(b->file, buf_text(&sql), -1, SQLITE_PREPARE_PERSISTENT, st, NULL) == SQLITE_OK);

    for (size_t row = 0; row < t->n_rows && fine; row++) {
        for (int i = 0; i < t->n_columns; i++) {
            const struct cell *c = &t->rows[row][i];

            if (c->is_null)
                sqlite3_bind_null(*st, i + 1);
            else if (t->is_text[i])
                sqlite3_bind_text(*st, i + 1, c->text.p, (int)c->text.len, SQLITE_STATIC);
            else
                sqlite3_bind_int64(*st, i + 1, c->number);
        }
        fine = sqlite3_step(*st) == SQLITE_DONE;
        sqlite3_reset(*st);
    }
    buf_release(&sql);
    return fine;
}

static inline bool bare_number(struct buf *out, uint32_t number)
{
    number = htonl(number);
    return !buf_append(out, str_n((const char *)&number, sizeof(number)));
}

/* One column as an array in the server's binary form. */
static inline bool bare_array(const struct written_table *t, int column, struct buf *out)
{
    bool fine = bare_number(out, 1) && bare_number(out, 1) && bare_number(out, t->is_text[column] ? 25 : 20) &&
                bare_number(out, (uint32_t)t->n_rows) && bare_number(out, 1);

    for (size_t i = 0; i < t->n_rows && fine; i++) {
        const struct cell *c = &t->rows[i][column];

        if (c->is_null)
            fine = bare_number(out, UINT32_MAX);
        else if (t->is_text[column])
            fine = bare_number(out, (uint32_t)c->text.len) && !buf_append(out, c->text);
        else
            fine = bare_number(out, 8) && bare_number(out, (uint32_t)((uint64_t)c->number >> 32)) &&
                   bare_number(out, (uint32_t)c->number);
    }
    return fine;
}

static inline bool bare_done(PGresult *result)
{
    bool fine = PQresultStatus(result) == PGRES_COMMAND_OK;

    if (!fine)
        fprintf(stderr, "bench: %s", PQresultErrorMessage(result));
    PQclear(result);
    return fine;
}

static inline bool bare_server_table(struct bare *b, const struct written_table *t, bool *prepared)
{
    struct buf sql = BUF_INIT(16 << 10), arrays[ROWS_COLUMNS_MAX];
    const char *starts[ROWS_COLUMNS_MAX];
    int sizes[ROWS_COLUMNS_MAX], formats[ROWS_COLUMNS_MAX];
    bool fine = *prepared || (bare_sql(t, true, &sql) && bare_done(PQprepare(b->server, t->name, buf_text(&sql), 0, NULL)));

    *prepared = true;
    for (int i = 0; i < t->n_columns; i++) {
        arrays[i] = BUF_INIT(256 << 20);
        fine = fine && bare_array(t, i, &arrays[i]);
        starts[i] = arrays[i].p;
        sizes[i] = (int)arrays[i].len;
        formats[i] = 1;
    }
    fine = fine && bare_done(PQexecPrepared(b->server, t->name, t->n_columns, starts, sizes, formats, 0));
    for (int i = 0; i < t->n_columns; i++)
        buf_release(&arrays[i]);
    buf_release(&sql);
    return fine;
}

static inline bool bare_command(struct bare *b, const char *sql)
{
    return b->server ? bare_done(PQexec(b->server, sql)) : sqlite3_exec(b->file, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Writes the rows that the recorder holds. */
static inline bool bare_write(struct bare *b, const struct recorder *r)
{
    bool fine = bare_command(b, b->server ? "BEGIN" : "BEGIN IMMEDIATE");

    for (int i = 0; i < r->n_tables && fine; i++)
        if (r->tables[i].n_rows)
            fine = b->server ? bare_server_table(b, &r->tables[i], &b->prepared[i])
                             : bare_file_table(b, &r->tables[i], &b->statements[i]);
    return fine && bare_command(b, "COMMIT");
}

#endif
