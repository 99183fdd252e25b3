/* backend.h -- owns the seam between the SQL layer and its back ends: one table of functions each. Only src/db includes it. */
#ifndef DB_BACKEND_H
#define DB_BACKEND_H

#include "db/db.h"

enum { DB_STATEMENTS_MAX = 128 };

struct db_backend;

/* What every connection has; a back end's own struct starts with it. */
struct db {
    const struct db_backend *backend;
    struct buf trouble; /* text of the last failure */
    struct db_stmt *cache[DB_STATEMENTS_MAX];
    const char *literals[DB_STATEMENTS_MAX]; /* where the SQL text of cache[i] was last seen: found without a hash */
    size_t n_cached;
    uint64_t tick; /* grows with each use, for the eviction of the statement unused for longest */
    bool in_transaction, in_savepoint;
    bool closing;          /* nothing needs to be told to the server any more */
    db_write_fn *gathered; /* db_gather */
    void *gathered_arg;
};

/* What every statement has. */
struct db_stmt {
    struct db *db;
    char *sql;      /* as given; the cache's key */
    uint64_t used;  /* tick of its last use */
    enum err wrong; /* first failed bind; told by the next step */
    bool cached, in_use;
};

/* All functions get the structs that the back end itself made. */
struct db_backend {
    bool has_partitions;
    enum err (*open)(const char *place, int64_t timeout_ms, struct db **out, struct buf *why);
    void (*close)(struct db *db);
    enum err (*begin)(struct db *db);
    enum err (*begin_reading)(struct db *db);
    enum err (*begin_alone)(struct db *db); /* no other begin_alone until its end: for migrations */
    enum err (*commit)(struct db *db);      /* on failure nothing stays open */
    void (*rollback)(struct db *db);
    bool (*transaction_lost)(const struct db *db); /* inside a transaction: it was undone by a failure on the way */
    enum err (*exec)(struct db *db, const char *sql);
    enum err (*has_table)(struct db *db, const char *name, bool *has);
    enum err (*prepare)(struct db *db, const char *sql, struct db_stmt **out);
    void (*finalize)(struct db_stmt *st);
    enum err (*bind_int)(struct db_stmt *st, int i, int64_t value);
    enum err (*bind_str)(struct db_stmt *st, int i, struct str value);
    enum err (*bind_null)(struct db_stmt *st, int i);
    enum err (*step)(struct db_stmt *st, bool *row);
    struct str (*column_str)(struct db_stmt *st, int column);
    int64_t (*column_int)(struct db_stmt *st, int column);
    bool (*column_null)(struct db_stmt *st, int column);
    void (*reset)(struct db_stmt *st);
    int64_t (*changes)(const struct db *db);
    enum err (*run_many)(struct db *db, const struct db_many *list, size_t n); /* NULL: one by one */
    enum err (*empty_log)(struct db *db);                                      /* NULL: it has none of its own to empty */
    const char *columns_sql, *references_sql;                                  /* of db_columns, db_references */
    const char *freeze_sql;                                                    /* of db_begin_frozen; NULL: begin_alone does it */
    /* NULL: row by row, as a statement. Else the rows as they come; `end` also after an error. */
    enum err (*bulk_begin)(struct db *db, const char *table_and_columns);
    enum err (*bulk_row)(struct db *db, const struct str *values, size_t n);
    enum err (*bulk_end)(struct db *db, enum err err);
};

extern const struct db_backend db_backend_sqlite, db_backend_postgres;

/* As db_begin, while no other connection is inside one of these: for migrations. */
enum err db_begin_alone(struct db *db) MUST_CHECK;

/* As db_prepare, without asking who gathers. */
enum err db_prepare_now(struct db *db, const char *sql, struct db_stmt **out) MUST_CHECK;
/* Binds set `set` of the rows. */
void db_bind_set(struct db_stmt *st, const struct db_rows *rows, size_t set);
/* Each set of one statement by itself. */
enum err db_run_sets(struct db *db, const struct db_many *many) MUST_CHECK;

/* Keeps `text` for db_trouble. */
void db_set_trouble(struct db *db, struct str text);

#endif
