/* postgres.c -- owns the PostgreSQL back end: transactions as if one at a time, statements prepared on the server. */
#include "db/postgres_copy.h"
#include "db/postgres_stmt.h"

/*
 * Every transaction is SERIALIZABLE: what commits is what some order, one after the other, would have made, so several drainers need
 * no locks of ours; who comes too late is told ERR_DB_BUSY and tries again (docs/decisions.md).
 * A failed statement spoils its transaction up to the savepoint: until then every other one fails, too.
 */
enum { TRIES_ALONE = 10, SCHEMA_LOCK = 1937009512 };

static enum err postgres_exec(struct db *db, const char *sql)
{
    struct postgres_db *p = connection(db);
    enum err err = db->in_transaction ? OK : postgres_link_ready(p);

    return err ? err : postgres_link_done(p, PQsendQuery(p->conn, sql));
}

static void postgres_close(struct db *db)
{
    PQfinish(connection(db)->conn);
    free(connection(db));
}

static enum err postgres_open(const char *place, int64_t timeout_ms, struct db **out, struct buf *why)
{
    struct postgres_db *p = calloc(1, sizeof(*p));
    enum err err;

    if (!p)
        return ERR_MEMORY;
    p->base.backend = &db_backend_postgres;
    p->busy_ms = timeout_ms;
    err = postgres_link_open(p, place, why);
    if (err)
        db_close(&p->base);
    else
        *out = &p->base;
    return err;
}

/* A connection that was lost while nobody used it shows here; nothing was begun, so it is begun on a new one. */
static enum err begin(struct db *db, const char *sql)
{
    enum err err = postgres_exec(db, sql);

    return err == ERR_DB_DOWN ? postgres_exec(db, sql) : err;
}

/* Rows are found by keys: a scan of a table, which a planner without fresh figures may prefer, meets every other writer. */
static enum err postgres_begin(struct db *db)
{
    return begin(db, "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL enable_seqscan = off");
}

static enum err postgres_begin_reading(struct db *db)
{
    return begin(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

static void postgres_rollback(struct db *db)
{
    PGconn *conn = connection(db)->conn;

    /* Fails only when the connection is lost, and with it the transaction. */
    if (PQtransactionStatus(conn) != PQTRANS_IDLE && postgres_link_done(connection(db), PQsendQuery(conn, "ROLLBACK")))
        connection(db)->changes = 0;
}

/* Each statement of a migration sees what another process committed while the lock was waited for. */
static enum err postgres_begin_alone(struct db *db)
{
    char sql[64];
    enum err err = begin(db, "BEGIN ISOLATION LEVEL READ COMMITTED");

    if (err)
        return err;
    snprintf(sql, sizeof(sql), "SELECT pg_advisory_xact_lock(%d)", SCHEMA_LOCK);
    err = postgres_link_done(connection(db), PQsendQuery(connection(db)->conn, sql));
    if (err)
        postgres_rollback(db);
    return err;
}

/* COMMIT of a spoiled transaction is no error to the server: it says that it rolled back. */
static enum err postgres_commit(struct db *db)
{
    struct postgres_db *p = connection(db);
    bool spoiled = PQtransactionStatus(p->conn) != PQTRANS_INTRANS;
    enum err err = postgres_link_done(p, PQsendQuery(p->conn, spoiled ? "ROLLBACK" : "COMMIT"));

    if (err)
        postgres_rollback(db);
    if (!err && spoiled) {
        db_set_trouble(db, STR("the transaction was spoiled by an earlier failure"));
        err = ERR_DB_DOWN;
    }
    return err;
}

static bool postgres_transaction_lost(const struct db *db)
{
    PGTransactionStatusType status = PQtransactionStatus(((const struct postgres_db *)db)->conn);

    return status == PQTRANS_IDLE || status == PQTRANS_UNKNOWN;
}

static enum err make_values(struct postgres_stmt *st, const PGresult *description)
{
    int n = PQnparams(description);
    size_t room = n > 0 ? (size_t)n : 1;

    st->values = calloc(room, sizeof(*st->values));
    st->starts = calloc(room, sizeof(*st->starts));
    st->sizes = calloc(room, sizeof(*st->sizes));
    st->formats = calloc(room, sizeof(*st->formats));
    st->types = calloc(room, sizeof(*st->types));
    if (!st->values || !st->starts || !st->sizes || !st->formats || !st->types)
        return ERR_MEMORY;
    st->n_values = n;
    for (int i = 0; i < n; i++)
        st->types[i] = PQparamtype(description, i);
    return OK;
}

enum err postgres_prepare_there(struct postgres_db *p, struct postgres_stmt *st)
{
    PGresult *description = NULL;
    enum err err;

    snprintf(st->name, sizeof(st->name), "s%llu", (unsigned long long)++p->n_prepared);
    err = postgres_link_done(p, PQsendPrepare(p->conn, st->name, st->base.sql, 0, NULL));
    if (!err && !st->values) {
        err = PQsendDescribePrepared(p->conn, st->name) ? postgres_link_answer(p, &description) : ERR_DB_DOWN;
        if (!err)
            err = make_values(st, description);
        PQclear(description);
    }
    st->generation = err ? 0 : p->generation;
    return err;
}

/* The server forgets the statement, too; when it cannot just now, it keeps a name that is never used again. */
static void forget_there(struct postgres_stmt *st)
{
    struct postgres_db *p = connection(st->base.db);
    char sql[NAME_CHARS + 16];

    if (p->base.closing || st->generation != p->generation || PQstatus(p->conn) != CONNECTION_OK ||
        PQtransactionStatus(p->conn) == PQTRANS_INERROR)
        return;
    snprintf(sql, sizeof(sql), "DEALLOCATE %s", st->name);
    if (postgres_link_done(p, PQsendQuery(p->conn, sql)))
        st->generation = 0;
}

static void postgres_finalize(struct db_stmt *base)
{
    struct postgres_stmt *st = statement(base);

    forget_there(st);
    PQclear(st->result);
    for (int i = 0; i < st->n_values; i++)
        free(st->values[i].mended);
    free(st->values);
    free(st->starts);
    free(st->sizes);
    free(st->formats);
    free(st->types);
    free(base->sql);
    free(st);
}

static enum err postgres_prepare(struct db *db, const char *sql, struct db_stmt **out)
{
    struct postgres_stmt *st = calloc(1, sizeof(*st));
    enum err err = !st ? ERR_MEMORY : db->in_transaction ? OK : postgres_link_ready(connection(db));

    if (err)
        goto done;
    st->base.db = db;
    st->base.sql = str_dup(str_of(sql));
    err = st->base.sql ? postgres_prepare_there(connection(db), st) : ERR_MEMORY;
    if (err == ERR_DB_DOWN && !db->in_transaction) { /* lost while nobody used it */
        err = postgres_link_ready(connection(db));
        if (!err)
            err = postgres_prepare_there(connection(db), st);
    }
    if (err)
        goto done;
    *out = &st->base;
    st = NULL;
done:
    if (st && st->base.db)
        postgres_finalize(&st->base);
    else
        free(st);
    return err;
}

static enum err postgres_has_table(struct db *db, const char *name, bool *has)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(db, &st,
                            "SELECT 1 FROM pg_catalog.pg_class WHERE relname = CAST($1 AS TEXT) AND relkind IN ('r', 'p')"
                            " AND pg_catalog.pg_table_is_visible(oid)",
                            "s", str_of(name));

    if (err)
        return err;
    err = db_step(st, has);
    db_done(st);
    return err;
}

static bool has_value(struct db_stmt *st, int i)
{
    if (i >= 1 && i <= statement(st)->n_values)
        return true;
    db_set_trouble(st->db, STR("the statement has no such parameter"));
    return false;
}

static enum err postgres_bind_int(struct db_stmt *base, int i, int64_t value)
{
    struct postgres_stmt *st = statement(base);

    if (!has_value(base, i))
        return ERR_DB;
    snprintf(st->values[i - 1].number, INT_CHARS, "%lld", (long long)value);
    st->starts[i - 1] = st->values[i - 1].number;
    st->formats[i - 1] = 0;
    return OK;
}

static enum err postgres_bind_str(struct db_stmt *base, int i, struct str value)
{
    struct postgres_stmt *st = statement(base);

    if (!has_value(base, i))
        return ERR_DB;
    if (st->types[i - 1] != TEXT_OID || value.len > INT32_MAX) {
        db_set_trouble(base->db, STR("text for a parameter that takes none"));
        return ERR_DB;
    }
    if (!db_text_is_whole(value)) {
        free(st->values[i - 1].mended);
        st->values[i - 1].mended = db_text_mend(value);
        value.p = st->values[i - 1].mended;
    }
    if (!value.p)
        return ERR_MEMORY;
    st->starts[i - 1] = value.p;
    st->sizes[i - 1] = (int)value.len;
    st->formats[i - 1] = 1;
    return OK;
}

static enum err postgres_bind_null(struct db_stmt *base, int i)
{
    if (!has_value(base, i))
        return ERR_DB;
    statement(base)->starts[i - 1] = NULL;
    return OK;
}

static enum err run_once(struct postgres_db *p, struct postgres_stmt *st)
{
    enum err err = p->base.in_transaction ? OK : postgres_link_ready(p);

    if (!err && st->generation != p->generation)
        err = postgres_prepare_there(p, st);
    if (err)
        return err;
    if (!PQsendQueryPrepared(p->conn, st->name, st->n_values, st->starts, st->sizes, st->formats, 0))
        return PQstatus(p->conn) == CONNECTION_OK ? ERR_DB : ERR_DB_DOWN;
    return postgres_link_answer(p, &st->result);
}

/* Outside of a transaction a statement that came too late changed nothing, and is tried again; one that only reads also after the
 * connection was lost. */
static enum err run(struct postgres_stmt *st)
{
    struct postgres_db *p = connection(st->base.db);
    bool alone = !p->base.in_transaction, reads = str_starts(str_of(st->base.sql), STR("SELECT"));
    enum err err = run_once(p, st);

    if (err == ERR_DB_DOWN && alone && reads)
        err = run_once(p, st);
    for (int i = 0; err == ERR_DB_BUSY && alone && i < TRIES_ALONE; i++)
        err = run_once(p, st);
    return err;
}

static enum err postgres_step(struct db_stmt *base, bool *row)
{
    struct postgres_stmt *st = statement(base);
    int64_t changes = 0;
    enum err err;

    if (!st->result) {
        err = run(st);
        if (err)
            return err;
        st->row = -1;
        if (str_to_i64(str_of(PQcmdTuples(st->result)), &changes))
            changes = 0; /* a command that counts nothing */
        connection(base->db)->changes = changes;
    }
    if (st->row < PQntuples(st->result))
        st->row++;
    *row = st->row < PQntuples(st->result);
    return OK;
}

static bool postgres_column_null(struct db_stmt *base, int column)
{
    return PQgetisnull(statement(base)->result, statement(base)->row, column) != 0;
}

static struct str postgres_column_str(struct db_stmt *base, int column)
{
    struct postgres_stmt *st = statement(base);

    if (postgres_column_null(base, column))
        return STR_NONE;
    return str_n(PQgetvalue(st->result, st->row, column), (size_t)PQgetlength(st->result, st->row, column));
}

static int64_t postgres_column_int(struct db_stmt *base, int column)
{
    struct str text = postgres_column_str(base, column);
    int64_t value = 0;

    if (str_eq(text, STR("t")))
        return 1;
    return str_to_i64(text, &value) ? 0 : value;
}

static void postgres_reset(struct db_stmt *base)
{
    struct postgres_stmt *st = statement(base);

    PQclear(st->result);
    st->result = NULL;
    for (int i = 0; i < st->n_values; i++)
        st->starts[i] = NULL;
}

static int64_t postgres_changes(const struct db *db)
{
    return ((const struct postgres_db *)db)->changes;
}

const struct db_backend db_backend_postgres = {
    .has_partitions = true,
    .open = postgres_open,
    .close = postgres_close,
    .begin = postgres_begin,
    .begin_reading = postgres_begin_reading,
    .begin_alone = postgres_begin_alone,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .transaction_lost = postgres_transaction_lost,
    .exec = postgres_exec,
    .has_table = postgres_has_table,
    .prepare = postgres_prepare,
    .finalize = postgres_finalize,
    .bind_int = postgres_bind_int,
    .bind_str = postgres_bind_str,
    .bind_null = postgres_bind_null,
    .step = postgres_step,
    .column_str = postgres_column_str,
    .column_int = postgres_column_int,
    .column_null = postgres_column_null,
    .reset = postgres_reset,
    .changes = postgres_changes,
    .run_many = postgres_run_many,
    .columns_sql = postgres_columns_sql,
    .references_sql = postgres_references_sql,
    .freeze_sql = postgres_freeze_sql,
    .bulk_begin = postgres_bulk_begin,
    .bulk_row = postgres_bulk_row,
    .bulk_end = postgres_bulk_end,
};
