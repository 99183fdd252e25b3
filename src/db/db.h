/* db.h -- owns the thin SQL layer: one SQL text, two back ends; statements, transactions, migrations. */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/*
 * SQL is written once, for SQLite 3.40 and PostgreSQL 15: parameters $1 $2 ..., types BIGINT, TEXT; ON CONFLICT for upserts;
 * no AUTOINCREMENT, no dialect functions. Back ends: sqlite.c, postgres.c.
 * After a failed statement a transaction goes on only from a savepoint that is rolled back to, or not at all.
 */
struct db;      /* one connection; one thread */
struct db_stmt; /* a prepared statement, cached by its SQL text for the life of the connection */

/* Opens "sqlite:path" (WAL, synchronous FULL, foreign keys on) or "postgresql://user@host/database" or
 * "postgres:host=... dbname=...". `why` says what and what to do.
 * Errors: ERR_DB_DOWN, ERR_CONFIG. Returns owned. */
enum err db_open(const char *url, int64_t timeout_ms, struct db **out, struct buf *why) MUST_CHECK;
void db_close(struct db *db);
/* The text of the last failure, for the log. */
const char *db_trouble(const struct db *db);

/* SQLite takes the write lock at once: ERR_DB_BUSY after the timeout. PostgreSQL lets several go on side by side: ERR_DB_BUSY comes
 * from any later step or the commit of one whose reads no longer hold; roll back and do all of it again. ERR_DB_DOWN. */
enum err db_begin(struct db *db) MUST_CHECK;
/* A transaction that only reads, and sees the database as it was at its first statement; it holds up nobody. End it with db_rollback
 * or db_commit. ERR_DB_DOWN. */
enum err db_begin_reading(struct db *db) MUST_CHECK;
/* After any error but OK the transaction is rolled back. ERR_DB_DOWN: whether it committed is unknown; look, then decide. */
enum err db_commit(struct db *db) MUST_CHECK;
void db_rollback(struct db *db);
/* One level of savepoint inside a transaction: isolates one entry of a batch. */
enum err db_savepoint(struct db *db) MUST_CHECK;
enum err db_savepoint_release(struct db *db) MUST_CHECK;
enum err db_savepoint_rollback(struct db *db) MUST_CHECK;

/* Prepares or finds the statement, reset and with no values. `sql` is a literal: it is the cache's key by content. */
enum err db_prepare(struct db *db, const char *sql, struct db_stmt **out) MUST_CHECK;
/* Binds parameter `i` (from 1). Text is borrowed until the statement is done. */
void db_bind_int(struct db_stmt *st, int i, int64_t value);
void db_bind_str(struct db_stmt *st, int i, struct str value); /* p NULL binds NULL */
void db_bind_null(struct db_stmt *st, int i);
/* Steps: *row true when a row is there. Errors: ERR_DB_BUSY, ERR_DB_DOWN, ERR_EXISTS (unique constraint), ERR_DB. */
enum err db_step(struct db_stmt *st, bool *row) MUST_CHECK;
/* Columns count from 0. Borrows until the next step or reset. */
struct str db_column_str(struct db_stmt *st, int column); /* STR_NONE for NULL */
int64_t db_column_int(struct db_stmt *st, int column);    /* 0 for NULL */
bool db_column_null(struct db_stmt *st, int column);
/* Ends the use of a statement: resets it, forgets the bound values. NULL is fine. */
void db_done(struct db_stmt *st);
/* As db_prepare, with values bound by the letters of `types` (as db_run): for statements with rows. */
enum err db_query(struct db *db, struct db_stmt **out, const char *sql, const char *types, ...) MUST_CHECK;
/* Prepares, binds by the letters of `types` (i int64_t, s struct str, n no argument: NULL), steps once, done. For statements
 * without rows. */
enum err db_run(struct db *db, const char *sql, const char *types, ...) MUST_CHECK;
/* Rows changed by the last db_run or db_step. */
int64_t db_changes(const struct db *db);

/* One statement for many sets of values, kept in the memory of an arena. Texts are borrowed until they were used. */
enum { DB_VALUES_MAX = 40 };
struct db_value {
    int64_t number;
    struct str text;
};
struct db_rows {
    const char *types; /* letters i and s, as those of db_run; at most DB_VALUES_MAX */
    struct arena *arena;
    struct db_value *values; /* set after set */
    size_t n, room;          /* sets */
};
#define DB_ROWS(letters, memory) ((struct db_rows){.types = (letters), .arena = (memory)})
/* Adds one set. ERR_MEMORY. */
enum err db_rows_add(struct db_rows *rows, ...) MUST_CHECK;

/* Borrows value `i` (from 0) of a set. */
const struct db_value *db_rows_value(const struct db_rows *rows, size_t set, size_t i);

/* Called for each row of a SELECT; `set`: which set of values it belongs to, from 0. Columns as in the statement. */
typedef enum err db_row_fn(void *arg, struct db_stmt *st, size_t set);
struct db_many {
    const char *sql; /* as for one set of values; an INSERT has one list VALUES (...), and its sets differ in their keys */
    const struct db_rows *rows;
    db_row_fn *each; /* for a SELECT, else NULL */
    void *arg;
};
/*
 * Runs each of the statements for each of its sets, in order, inside a transaction. PostgreSQL gets all of them at once, each
 * INSERT and SELECT with arrays instead of single values, and waits once; SQLite runs them one by one.
 * `each` runs no statement. Errors: those of db_step, and the first of `each`.
 */
enum err db_run_many(struct db *db, const struct db_many *list, size_t n) MUST_CHECK;

/*
 * Before any statement but those of db_run_many `write` is called, until it is NULL again: for who gathers what is to be written.
 * `reads`: the statement is a SELECT. Its error is that of the statement.
 */
typedef enum err db_write_fn(void *arg, bool reads);
void db_gather(struct db *db, db_write_fn *write, void *arg);

/* Brings the log of changes into the database and empties it, so that no file holds what was deleted. Outside of a transaction.
 * ERR_DB_BUSY while somebody reads, after the timeout: then it stays as it is. */
enum err db_empty_log(struct db *db) MUST_CHECK;

/* Sets *has when there is a table of that name. */
enum err db_has_table(struct db *db, const char *name, bool *has) MUST_CHECK;

/* Text that every back end keeps as it is: UTF-8 without NUL. PostgreSQL keeps other text with "?" for each byte that is none. */
bool db_text_is_whole(struct str text);
/* The text as PostgreSQL keeps it. Returns owned; NULL when memory is out. */
char *db_text_mend(struct str text) MUST_CHECK;

/*
 * What a database holds, for a copy of it. db_columns: rows of table, column, whether it is text (else a whole number), and its place in
 * the primary key (0: not in it), in the order of tables and columns. db_references: rows of table, and the one that it refers to.
 * Ended as a query.
 */
enum err db_columns(struct db *db, struct db_stmt **out) MUST_CHECK;
enum err db_references(struct db *db, struct db_stmt **out) MUST_CHECK;
/* Begins a transaction during which nobody else writes any of the tables. ERR_DB_BUSY when somebody does, after the timeout. */
enum err db_begin_frozen(struct db *db) MUST_CHECK;

/* True when its tables can be hash-partitioned. */
bool db_has_partitions(const struct db *db);
/* Several statements without values and rows, inside a transaction. Errors as db_step. */
enum err db_run_script(struct db *db, const char *sql) MUST_CHECK;

/* Many rows into one table, inside a transaction; nothing else is asked of the connection until the end. */
struct db_bulk;
/* `columns` are borrowed until the end. Returns owned. */
enum err db_bulk_begin(struct db *db, struct str table, const struct str *columns, size_t n, struct db_bulk **out) MUST_CHECK;
/* One value a column, whole numbers as text; p NULL is NULL. */
enum err db_bulk_row(struct db_bulk *bulk, const struct str *values) MUST_CHECK;
/* Ends it, also after an error. Errors: those of the rows that were under way. */
enum err db_bulk_end(struct db_bulk *bulk) MUST_CHECK;

/* One numbered migration; sql may hold several statements. */
struct db_migration {
    int number;
    const char *name, *sql;
};
/* Applies what is missing, each in its own transaction, recorded in schema_migration. ERR_CONFIG when the database is newer
 * than this program. */
enum err db_migrate(struct db *db, const struct db_migration *list, size_t n, struct buf *why) MUST_CHECK;
/* Sets *all when none is missing; applies nothing. Errors as db_migrate. */
enum err db_migrated(struct db *db, const struct db_migration *list, size_t n, bool *all, struct buf *why) MUST_CHECK;

#endif
