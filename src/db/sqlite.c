/* sqlite.c -- owns the SQLite back end: one file, WAL, every commit on disk before it is true. */
#include "db/backend.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

enum { SQL_BYTES_MAX = 64 * 1024, WAIT_STEP_MS = 5 };

struct sqlite_db {
    struct db base;
    sqlite3 *handle;
};

struct sqlite_stmt {
    struct db_stmt base;
    sqlite3_stmt *handle;
};

static struct sqlite_db *connection(struct db *db)
{
    return (struct sqlite_db *)db;
}

static sqlite3_stmt *statement(struct db_stmt *st)
{
    return ((struct sqlite_stmt *)st)->handle;
}

/* Result code -> our error. Everything that a person or time may mend is ERR_DB_DOWN, so that entries wait instead of dying. */
static const struct {
    int code;
    enum err err;
} results[] = {
    {SQLITE_BUSY, ERR_DB_BUSY},
    {SQLITE_LOCKED, ERR_DB_BUSY},
    {SQLITE_FULL, ERR_DB_DOWN},
    {SQLITE_IOERR, ERR_DB_DOWN},
    {SQLITE_READONLY, ERR_DB_DOWN},
    {SQLITE_CANTOPEN, ERR_DB_DOWN},
    {SQLITE_CORRUPT, ERR_DB_DOWN},
    {SQLITE_NOTADB, ERR_DB_DOWN},
    {SQLITE_PERM, ERR_DB_DOWN},
    {SQLITE_PROTOCOL, ERR_DB_DOWN},
    {SQLITE_NOMEM, ERR_MEMORY},
    {SQLITE_CONSTRAINT_UNIQUE, ERR_EXISTS},
    {SQLITE_CONSTRAINT_PRIMARYKEY, ERR_EXISTS},
    {SQLITE_CONSTRAINT_ROWID, ERR_EXISTS},
};

static enum err result(struct db *db, int code)
{
    enum err err = ERR_DB;

    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return OK;
    for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++)
        if (results[i].code == code || (results[i].code == (code & 0xff) && err == ERR_DB))
            err = results[i].err;
    db_set_trouble(db, str_of(sqlite3_errmsg(connection(db)->handle)));
    return err;
}

static enum err sqlite_exec(struct db *db, const char *sql)
{
    return result(db, sqlite3_exec(connection(db)->handle, sql, NULL, NULL, NULL));
}

/* The switch to WAL needs the file alone and does not use the busy handler, so two first starts at once meet here. */
static enum err set_wal(struct db *db, int64_t timeout_ms)
{
    enum err err;

    for (int64_t waited_ms = 0;; waited_ms += WAIT_STEP_MS) {
        err = sqlite_exec(db, "PRAGMA journal_mode = WAL");
        if (err != ERR_DB_BUSY || waited_ms >= timeout_ms)
            return err;
        sqlite3_sleep(WAIT_STEP_MS);
    }
}

static bool is_wal(struct sqlite_db *s)
{
    sqlite3_stmt *st = NULL;
    bool wal = sqlite3_prepare_v2(s->handle, "PRAGMA journal_mode", -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW &&
               str_eq(str_of((const char *)sqlite3_column_text(st, 0)), STR("wal"));

    sqlite3_finalize(st);
    return wal;
}

/* The file holds people's addresses: it is born readable by its owner only; WAL and shared memory inherit that. */
static enum err make_file(const char *path, struct buf *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    enum err err;

    if (fd >= 0) {
        close(fd);
        return OK;
    }
    err = buf_printf(why, "%s: %s; check db.url and the rights of its directory", path, strerror(errno));
    return err ? err : ERR_DB_DOWN;
}

static enum err set_up(struct sqlite_db *s, const char *path, int64_t timeout_ms)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &s->handle, flags, NULL);
    enum err err;

    if (code != SQLITE_OK)
        return s->handle ? result(&s->base, code) : ERR_MEMORY;
    sqlite3_busy_timeout(s->handle, timeout_ms > 0 ? (int)timeout_ms : 0);
    err = set_wal(&s->base, timeout_ms);
    if (!err)
        err = sqlite_exec(&s->base, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                                    " PRAGMA secure_delete = ON");
    if (!err && !is_wal(s)) {
        db_set_trouble(&s->base, STR("this file system cannot do write-ahead logging; put the database on a local disk"));
        err = ERR_CONFIG;
    }
    return err;
}

static enum err sqlite_open(const char *path, int64_t timeout_ms, struct db **out, struct buf *why)
{
    struct sqlite_db *s = NULL;
    enum err err = *path ? make_file(path, why) : buf_append(why, STR("db.url names no file; set it to sqlite:path"));

    if (err || !*path)
        return err ? err : ERR_CONFIG;
    s = calloc(1, sizeof(*s));
    if (!s)
        return ERR_MEMORY;
    s->base.backend = &db_backend_sqlite;
    err = set_up(s, path, timeout_ms);
    if (err) {
        enum err full = buf_printf(why, "%s: %s", path, *db_trouble(&s->base) ? db_trouble(&s->base) : err_text(err));

        db_close(&s->base);
        return full ? full : err;
    }
    *out = &s->base;
    return OK;
}

static void sqlite_close(struct db *db)
{
    sqlite3_close(connection(db)->handle);
    free(connection(db));
}

static enum err sqlite_empty_log(struct db *db)
{
    return result(db, sqlite3_wal_checkpoint_v2(connection(db)->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
}

static enum err sqlite_begin(struct db *db)
{
    return sqlite_exec(db, "BEGIN IMMEDIATE");
}

static enum err sqlite_begin_reading(struct db *db)
{
    return sqlite_exec(db, "BEGIN DEFERRED");
}

static void sqlite_rollback(struct db *db)
{
    /* Fails only when nothing is open any more, which is what is wanted. */
    if (!sqlite3_get_autocommit(connection(db)->handle))
        sqlite3_exec(connection(db)->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* A commit that failed for want of space is rolled back already; one that found the file busy is still open. */
static enum err sqlite_commit(struct db *db)
{
    enum err err = sqlite_exec(db, "COMMIT");

    if (err)
        sqlite_rollback(db);
    return err;
}

static bool sqlite_transaction_lost(const struct db *db)
{
    return sqlite3_get_autocommit(((const struct sqlite_db *)db)->handle) != 0;
}

/* Returns the end of the quoted text or comment that starts at `p`, or `p` when none does. */
static const char *skip_quoted(const char *p)
{
    const char *end;

    if (*p == '\'' || *p == '"') {
        end = strchr(p + 1, *p);
        return end ? end + 1 : p + strlen(p);
    }
    if (p[0] == '-' && p[1] == '-')
        return p + strcspn(p, "\n");
    if (p[0] == '/' && p[1] == '*') {
        end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    return p;
}

/* Copies `sql` with $1 as ?1: SQLite would take "$1" for a name and number names in the order they appear. */
static enum err translate(const char *sql, struct buf *out)
{
    enum err err = OK;

    while (*sql && !err) {
        const char *end = skip_quoted(sql);

        if (end > sql) {
            err = buf_append(out, str_n(sql, (size_t)(end - sql)));
            sql = end;
        } else {
            bool parameter = sql[0] == '$' && isdigit((unsigned char)sql[1]);

            err = buf_append_c(out, parameter ? '?' : *sql);
            sql++;
        }
    }
    return err;
}

static void sqlite_finalize(struct db_stmt *st)
{
    sqlite3_finalize(statement(st));
    free(st->sql);
    free(st);
}

static enum err sqlite_prepare(struct db *db, const char *sql, struct db_stmt **out)
{
    struct sqlite_stmt *st = calloc(1, sizeof(*st));
    struct buf text = BUF_INIT(SQL_BYTES_MAX);
    enum err err = st ? translate(sql, &text) : ERR_MEMORY;

    if (err)
        goto done;
    st->base.db = db;
    st->base.sql = str_dup(str_of(sql));
    err = st->base.sql ? OK : ERR_MEMORY;
    if (!err)
        err = result(
            db, sqlite3_prepare_v3(connection(db)->handle, text.p, (int)text.len, SQLITE_PREPARE_PERSISTENT, &st->handle, NULL));
    if (err)
        goto done;
    *out = &st->base;
    st = NULL;
done:
    if (st)
        sqlite_finalize(&st->base);
    buf_release(&text);
    return err;
}

static enum err sqlite_has_table(struct db *db, const char *name, bool *has)
{
    struct db_stmt *st = NULL;
    enum err err = db_prepare(db, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", &st);

    if (err)
        return err;
    db_bind_str(st, 1, str_of(name));
    err = db_step(st, has);
    db_done(st);
    return err;
}

static enum err sqlite_bind_int(struct db_stmt *st, int i, int64_t value)
{
    return result(st->db, sqlite3_bind_int64(statement(st), i, value));
}

static enum err sqlite_bind_str(struct db_stmt *st, int i, struct str value)
{
    return result(st->db, sqlite3_bind_text64(statement(st), i, value.p, value.len, SQLITE_STATIC, SQLITE_UTF8));
}

static enum err sqlite_bind_null(struct db_stmt *st, int i)
{
    return result(st->db, sqlite3_bind_null(statement(st), i));
}

static enum err sqlite_step(struct db_stmt *st, bool *row)
{
    int code = sqlite3_step(statement(st));

    *row = code == SQLITE_ROW;
    return result(st->db, code);
}

static struct str sqlite_column_str(struct db_stmt *st, int column)
{
    const char *p = (const char *)sqlite3_column_text(statement(st), column);

    return p ? str_n(p, (size_t)sqlite3_column_bytes(statement(st), column)) : STR_NONE;
}

static int64_t sqlite_column_int(struct db_stmt *st, int column)
{
    return sqlite3_column_int64(statement(st), column);
}

static bool sqlite_column_null(struct db_stmt *st, int column)
{
    return sqlite3_column_type(statement(st), column) == SQLITE_NULL;
}

static void sqlite_reset(struct db_stmt *st)
{
    sqlite3_reset(statement(st)); /* repeats the error of the last step, which the caller has */
    sqlite3_clear_bindings(statement(st));
}

static int64_t sqlite_changes(const struct db *db)
{
    return sqlite3_changes64(((const struct sqlite_db *)db)->handle);
}

const struct db_backend db_backend_sqlite = {
    .open = sqlite_open,
    .close = sqlite_close,
    .begin = sqlite_begin,
    .begin_reading = sqlite_begin_reading,
    .begin_alone = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .transaction_lost = sqlite_transaction_lost,
    .exec = sqlite_exec,
    .has_table = sqlite_has_table,
    .prepare = sqlite_prepare,
    .finalize = sqlite_finalize,
    .bind_int = sqlite_bind_int,
    .bind_str = sqlite_bind_str,
    .bind_null = sqlite_bind_null,
    .step = sqlite_step,
    .column_str = sqlite_column_str,
    .column_int = sqlite_column_int,
    .column_null = sqlite_column_null,
    .reset = sqlite_reset,
    .changes = sqlite_changes,
    .empty_log = sqlite_empty_log,
    .columns_sql = "SELECT t.name, c.name, c.type = 'TEXT', c.pk FROM sqlite_master t, pragma_table_info(t.name) c"
                   " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
    .references_sql = "SELECT t.name, f.\"table\" FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
};
