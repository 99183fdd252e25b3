/* postgres_copy.c -- owns what a copy of a whole database asks of PostgreSQL: its tables, the lock on all of them, rows by COPY. */
#include "db/postgres_copy.h"

#include "db/postgres_link.h"

#include <stdlib.h>

enum { SEND_BYTES = 64 << 10, LINE_BYTES = 256 << 20, SQL_BYTES = 16384 };

/* The parts of a partitioned table are not tables of their own. */
#define OWN_TABLES "t.relkind IN ('r', 'p') AND NOT t.relispartition AND t.relnamespace = current_schema()::regnamespace"

const char postgres_columns_sql[] =
    "SELECT t.relname, c.attname, c.atttypid = 'text'::regtype,"
    " coalesce((SELECT k.place FROM unnest(i.indkey::smallint[]) WITH ORDINALITY k(column_number, place)"
    " WHERE k.column_number = c.attnum), 0)"
    " FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped"
    " LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary WHERE " OWN_TABLES
    " ORDER BY t.relname COLLATE \"C\", c.attnum";

const char postgres_references_sql[] = "SELECT t.relname, o.relname FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid"
                                       " JOIN pg_class o ON o.oid = f.confrelid WHERE f.contype = 'f' AND " OWN_TABLES;

const char postgres_freeze_sql[] =
    "DO $$ DECLARE one record; BEGIN FOR one IN SELECT t.oid::regclass AS name FROM pg_class t WHERE " OWN_TABLES
    " LOOP EXECUTE 'LOCK TABLE ' || one.name || ' IN SHARE MODE'; END LOOP; END $$";

/* Values are people's, so only the message is told. */
static enum err failed(struct postgres_db *p, PGresult *result)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    enum err err = PQstatus(p->conn) == CONNECTION_OK ? ERR_DB : ERR_DB_DOWN;

    db_set_trouble(&p->base, str_of(message ? message : err_text(err)));
    PQclear(result);
    return err;
}

/* libpq waits by itself here; how long a connection may be silent is bounded by tcp_user_timeout. */
enum err postgres_bulk_begin(struct db *db, const char *table_and_columns)
{
    struct postgres_db *p = (struct postgres_db *)db;
    struct buf sql = BUF_INIT(SQL_BYTES);
    enum err err = buf_printf(&sql, "COPY %s FROM STDIN", table_and_columns);
    PGresult *result;

    if (err)
        return err;
    PQsetnonblocking(p->conn, 0);
    result = PQexec(p->conn, buf_text(&sql));
    buf_release(&sql);
    if (PQresultStatus(result) != PGRES_COPY_IN)
        return failed(p, result);
    PQclear(result);
    buf_init(&p->lines, LINE_BYTES);
    return OK;
}

static enum err send_lines(struct postgres_db *p)
{
    if (p->lines.len && PQputCopyData(p->conn, p->lines.p, (int)p->lines.len) != 1) {
        db_set_trouble(&p->base, STR("the connection to the database was lost"));
        return ERR_DB_DOWN;
    }
    buf_clear(&p->lines);
    return OK;
}

/* What the text format of COPY gives a meaning to, is written with a backslash. */
static enum err append_value(struct buf *out, struct str value)
{
    static const char special[] = "\b\f\n\r\t\v\\", letters[] = "bfnrtv\\";
    size_t from = 0;
    enum err err = OK;

    if (!value.p)
        return buf_append(out, STR("\\N"));
    for (size_t i = 0; i < value.len && !err; i++) {
        const char *at = value.p[i] ? strchr(special, value.p[i]) : NULL;

        if (!at)
            continue;
        err = buf_append(out, str_n(value.p + from, i - from));
        if (!err)
            err = buf_printf(out, "\\%c", letters[at - special]);
        from = i + 1;
    }
    return err ? err : buf_append(out, str_n(value.p + from, value.len - from));
}

enum err postgres_bulk_row(struct db *db, const struct str *values, size_t n)
{
    struct postgres_db *p = (struct postgres_db *)db;
    enum err err = OK;

    for (size_t i = 0; i < n && !err; i++) {
        err = append_value(&p->lines, values[i]);
        if (!err)
            err = buf_append_c(&p->lines, i + 1 < n ? '\t' : '\n');
    }
    return err || p->lines.len < SEND_BYTES ? err : send_lines(p);
}

enum err postgres_bulk_end(struct db *db, enum err err)
{
    struct postgres_db *p = (struct postgres_db *)db;
    PGresult *result, *bad = NULL;

    if (!err)
        err = send_lines(p);
    buf_release(&p->lines);
    if (PQputCopyEnd(p->conn, err ? "given up" : NULL) != 1 && !err)
        err = ERR_DB_DOWN;
    while ((result = PQgetResult(p->conn))) {
        if (!bad && PQresultStatus(result) != PGRES_COMMAND_OK)
            bad = result;
        else
            PQclear(result);
    }
    PQsetnonblocking(p->conn, 1);
    if (!bad)
        return err;
    if (!err)
        return failed(p, bad);
    PQclear(bad);
    return err;
}
