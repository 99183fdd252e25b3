/* db.c -- owns what both back ends share: the choice of one, transactions, the statement cache. */
#include "db/backend.h"

#include <assert.h>
#include <stdarg.h>

enum { TROUBLE_BYTES = 1024 };

/* What a URL begins with -> who opens the rest of it. */
static const struct {
    const char *scheme;
    const struct db_backend *backend;
} schemes[] = {
    {"sqlite:", &db_backend_sqlite},
    {"postgres:", &db_backend_postgres},
    {"postgresql:", &db_backend_postgres},
};

enum err db_open(const char *url, int64_t timeout_ms, struct db **out, struct buf *why)
{
    struct str text = str_of(url);

    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        struct str scheme = str_of(schemes[i].scheme);

        if (str_starts(text, scheme))
            return schemes[i].backend->open(url + scheme.len, timeout_ms, out, why);
    }
    /* The URL itself may hold a password, so it is not repeated (N10). */
    enum err err =
        buf_append(why, STR("db.url has no scheme that is known; set it to sqlite:path or postgresql://user@host/database"));

    return err ? err : ERR_CONFIG;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    db_rollback(db);
    db->closing = true;
    for (size_t i = 0; i < db->n_cached; i++)
        db->backend->finalize(db->cache[i]);
    buf_release(&db->trouble);
    db->backend->close(db);
}

const char *db_trouble(const struct db *db)
{
    return buf_text(&db->trouble);
}

void db_set_trouble(struct db *db, struct str text)
{
    if (db->trouble.max == 0)
        buf_init(&db->trouble, TROUBLE_BYTES);
    buf_clear(&db->trouble);
    if (buf_append(&db->trouble, str_upto(text, TROUBLE_BYTES / 2)))
        buf_clear(&db->trouble);
}

static enum err begin(struct db *db, enum err (*how)(struct db *db))
{
    enum err err;

    assert(!db->in_transaction);
    err = how(db);
    db->in_transaction = !err;
    return err;
}

enum err db_begin(struct db *db)
{
    return begin(db, db->backend->begin);
}

enum err db_begin_reading(struct db *db)
{
    return begin(db, db->backend->begin_reading);
}

enum err db_begin_alone(struct db *db)
{
    return begin(db, db->backend->begin_alone);
}

enum err db_begin_frozen(struct db *db)
{
    enum err err = db_begin_alone(db);

    if (!err && db->backend->freeze_sql)
        err = db->backend->exec(db, db->backend->freeze_sql);
    if (err)
        db_rollback(db);
    return err;
}

bool db_has_partitions(const struct db *db)
{
    return db->backend->has_partitions;
}

enum err db_run_script(struct db *db, const char *sql)
{
    assert(db->in_transaction);
    return db->backend->exec(db, sql);
}

enum err db_columns(struct db *db, struct db_stmt **out)
{
    return db_prepare(db, db->backend->columns_sql, out);
}

enum err db_references(struct db *db, struct db_stmt **out)
{
    return db_prepare(db, db->backend->references_sql, out);
}

/* A failure on the way may have undone the transaction already; what came later must not be committed without what came before. */
static enum err still_in_transaction(struct db *db)
{
    if (!db->in_transaction || !db->backend->transaction_lost(db))
        return OK;
    db_set_trouble(db, STR("the transaction was rolled back by an earlier failure"));
    return ERR_DB_DOWN;
}

enum err db_commit(struct db *db)
{
    enum err err = still_in_transaction(db);

    assert(db->in_transaction && !db->in_savepoint);
    if (!err)
        err = db->backend->commit(db);
    db->in_transaction = false;
    return err;
}

void db_rollback(struct db *db)
{
    if (!db->in_transaction)
        return;
    db->backend->rollback(db);
    db->in_transaction = db->in_savepoint = false;
}

enum err db_savepoint(struct db *db)
{
    enum err err = still_in_transaction(db);

    assert(db->in_transaction && !db->in_savepoint);
    if (!err)
        err = db->backend->exec(db, "SAVEPOINT entry");
    db->in_savepoint = !err;
    return err;
}

static enum err savepoint_end(struct db *db, const char *sql)
{
    enum err err = still_in_transaction(db);

    assert(db->in_savepoint);
    db->in_savepoint = false;
    return err ? err : db->backend->exec(db, sql);
}

enum err db_savepoint_release(struct db *db)
{
    return savepoint_end(db, "RELEASE SAVEPOINT entry");
}

enum err db_savepoint_rollback(struct db *db)
{
    return savepoint_end(db, "ROLLBACK TO SAVEPOINT entry; RELEASE SAVEPOINT entry");
}

enum err db_empty_log(struct db *db)
{
    assert(!db->in_transaction);
    return db->backend->empty_log ? db->backend->empty_log(db) : OK;
}

enum err db_has_table(struct db *db, const char *name, bool *has)
{
    return db->backend->has_table(db, name, has);
}

/* Finds a cached statement that nobody uses; by the address of its text first, as texts are literals. */
static struct db_stmt *cache_find(struct db *db, const char *sql)
{
    for (size_t i = 0; i < db->n_cached; i++)
        if (db->literals[i] == sql && !db->cache[i]->in_use && strcmp(db->cache[i]->sql, sql) == 0)
            return db->cache[i];
    for (size_t i = 0; i < db->n_cached; i++)
        if (!db->cache[i]->in_use && strcmp(db->cache[i]->sql, sql) == 0) {
            db->literals[i] = sql;
            return db->cache[i];
        }
    return NULL;
}

/* Returns the slot for one more statement: a new one, or that of the statement unused for longest. DB_STATEMENTS_MAX: none. */
static size_t cache_slot(struct db *db)
{
    size_t oldest = DB_STATEMENTS_MAX;

    if (db->n_cached < DB_STATEMENTS_MAX)
        return db->n_cached++;
    for (size_t i = 0; i < db->n_cached; i++)
        if (!db->cache[i]->in_use && (oldest == DB_STATEMENTS_MAX || db->cache[i]->used < db->cache[oldest]->used))
            oldest = i;
    if (oldest < DB_STATEMENTS_MAX)
        db->backend->finalize(db->cache[oldest]);
    return oldest;
}

void db_gather(struct db *db, db_write_fn *write, void *arg)
{
    db->gathered = write;
    db->gathered_arg = arg;
}

enum err db_prepare(struct db *db, const char *sql, struct db_stmt **out)
{
    enum err err = db->gathered ? db->gathered(db->gathered_arg, str_starts(str_of(sql), STR("SELECT"))) : OK;

    return err ? err : db_prepare_now(db, sql, out);
}

enum err db_prepare_now(struct db *db, const char *sql, struct db_stmt **out)
{
    struct db_stmt *st = cache_find(db, sql);

    if (!st) {
        enum err err = db->backend->prepare(db, sql, &st);
        size_t slot;

        if (err)
            return err;
        slot = cache_slot(db);
        st->cached = slot < DB_STATEMENTS_MAX;
        if (st->cached) {
            db->cache[slot] = st;
            db->literals[slot] = sql;
        }
    }
    st->in_use = true;
    st->wrong = OK;
    st->used = ++db->tick;
    *out = st;
    return OK;
}

static void keep_first(struct db_stmt *st, enum err err)
{
    if (err && !st->wrong)
        st->wrong = err;
}

void db_bind_int(struct db_stmt *st, int i, int64_t value)
{
    keep_first(st, st->db->backend->bind_int(st, i, value));
}

void db_bind_str(struct db_stmt *st, int i, struct str value)
{
    keep_first(st, value.p ? st->db->backend->bind_str(st, i, value) : st->db->backend->bind_null(st, i));
}

void db_bind_null(struct db_stmt *st, int i)
{
    keep_first(st, st->db->backend->bind_null(st, i));
}

enum err db_step(struct db_stmt *st, bool *row)
{
    enum err err = st->wrong ? st->wrong : still_in_transaction(st->db);

    *row = false;
    return err ? err : st->db->backend->step(st, row);
}

struct str db_column_str(struct db_stmt *st, int column)
{
    return st->db->backend->column_str(st, column);
}

int64_t db_column_int(struct db_stmt *st, int column)
{
    return st->db->backend->column_int(st, column);
}

bool db_column_null(struct db_stmt *st, int column)
{
    return st->db->backend->column_null(st, column);
}

void db_done(struct db_stmt *st)
{
    if (!st)
        return;
    if (!st->cached) {
        st->db->backend->finalize(st);
        return;
    }
    st->db->backend->reset(st);
    st->in_use = false;
}

static void bind_all(struct db_stmt *st, const char *types, va_list args)
{
    for (int i = 1; *types; i++, types++) {
        assert(*types == 'i' || *types == 's' || *types == 'n');
        if (*types == 'i')
            db_bind_int(st, i, va_arg(args, int64_t));
        else if (*types == 's')
            db_bind_str(st, i, va_arg(args, struct str));
        else
            db_bind_null(st, i);
    }
}

enum err db_query(struct db *db, struct db_stmt **out, const char *sql, const char *types, ...)
{
    enum err err = db_prepare(db, sql, out);
    va_list args;

    if (err)
        return err;
    va_start(args, types);
    bind_all(*out, types, args);
    va_end(args);
    return OK;
}

enum err db_run(struct db *db, const char *sql, const char *types, ...)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_prepare(db, sql, &st);
    va_list args;

    if (err)
        return err;
    va_start(args, types);
    bind_all(st, types, args);
    va_end(args);
    err = db_step(st, &row);
    db_done(st);
    return err;
}

int64_t db_changes(const struct db *db)
{
    return db->backend->changes(db);
}
