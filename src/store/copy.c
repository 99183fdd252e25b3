/* copy.c -- owns the copy of a whole contact database into an empty one, of either back end. */
#include "store/copy.h"

#include "store/copy_tables.h"
#include "store/schema.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ARENA_BYTES = 64 << 20, SQL_BYTES = 512, PROGRESS_ROWS = 1000 };

/* One table under way, or read back. */
struct pass {
    const struct copy_watch *watch;
    struct db_bulk *bulk; /* NULL: only read */
    uint64_t rows, digest;
};

struct copy {
    struct db *from, *to;
    const struct copy_watch *watch;
    struct copy_sums *sums;
    struct buf *why;
    struct copy_table *tables;
    size_t n;
};

static enum err explain(struct copy *c, enum err err, const char *format, ...) __attribute__((format(printf, 3, 4)));
static enum err explain(struct copy *c, enum err err, const char *format, ...)
{
    enum err full;
    va_list args;

    va_start(args, format);
    full = c->why->len ? OK : buf_vprintf(c->why, format, args);
    va_end(args);
    return full ? full : err;
}

/* --- a row ------------------------------------------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.p[i]) * UINT64_C(1099511628211);
    return hash;
}

/* A row's digest; a table's is their sum, so the order does not matter, which differs between back ends. */
static uint64_t digest_row(const struct copy_table *t, const struct str *values)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < t->n_columns; i++) {
        uint64_t length = values[i].p ? values[i].len : UINT64_MAX;

        hash = mix(hash, str_n(&length, sizeof(length)));
        hash = mix(hash, values[i]);
    }
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ (hash >> 33);
}

/* Text that PostgreSQL cannot hold is copied as it would keep it, whichever way the copy goes. */
static enum err take_row(void *arg, const struct copy_table *t, const struct str *values)
{
    struct str whole[COPY_COLUMNS_MAX];
    char *mended[COPY_COLUMNS_MAX] = {NULL};
    struct pass *p = arg;
    enum err err = OK;

    memcpy(whole, values, sizeof(whole));
    for (size_t i = 0; i < t->n_columns; i++)
        if (values[i].p && !db_text_is_whole(values[i])) {
            mended[i] = db_text_mend(values[i]);
            whole[i].p = mended[i];
            err = mended[i] ? err : ERR_MEMORY;
        }
    if (!err) {
        p->digest += digest_row(t, whole);
        p->rows++;
        err = p->bulk ? db_bulk_row(p->bulk, whole) : OK;
    }
    for (size_t i = 0; i < t->n_columns; i++)
        free(mended[i]);
    if (p->rows % PROGRESS_ROWS == 0)
        p->watch->progress(p->watch->arg, p->rows);
    return err;
}

/* --- a table ---------------------------------------------------------------------------------------------------------------- */

static enum err fill(struct copy *c, const struct copy_table *t, struct pass *p)
{
    enum err err = db_bulk_begin(c->to, t->name, t->columns, t->n_columns, &p->bulk), ended;

    if (err)
        return explain(c, err, "table %.*s: the target: %s", STR_ARG(t->name), db_trouble(c->to));
    err = copy_read(c->from, t, take_row, p);
    ended = db_bulk_end(p->bulk);
    p->bulk = NULL;
    if (ended)
        return explain(c, ended, "table %.*s: the target: %s", STR_ARG(t->name), db_trouble(c->to));
    return err ? explain(c, err, "table %.*s: the source: %s", STR_ARG(t->name), db_trouble(c->from)) : OK;
}

static enum err copy_table(struct copy *c, size_t i)
{
    const struct copy_table *t = &c->tables[i];
    struct pass there = {.watch = c->watch}, back = {.watch = c->watch};
    enum err err;

    c->watch->table(c->watch->arg, t->name, i + 1, c->n, false);
    err = fill(c, t, &there);
    if (err)
        return err;
    c->watch->table(c->watch->arg, t->name, i + 1, c->n, true);
    err = copy_read(c->to, t, take_row, &back);
    if (err)
        return explain(c, err, "table %.*s, read back: %s", STR_ARG(t->name), db_trouble(c->to));
    if (there.rows != back.rows || there.digest != back.digest)
        return explain(c, ERR_INTERNAL,
                       "table %.*s: %" PRIu64 " rows were read and %" PRIu64
                       " are there, or some differ; nothing was kept, try again",
                       STR_ARG(t->name), there.rows, back.rows);
    c->sums->tables++;
    c->sums->rows += there.rows;
    c->watch->done(c->watch->arg, t->name, there.rows, there.digest);
    return OK;
}

/* --- before ----------------------------------------------------------------------------------------------------------------- */

static enum err check_schemas(struct copy *c)
{
    bool all = false;
    enum err err = db_migrated(c->from, schema_migrations, schema_migrations_n, &all, c->why);

    if (!err && !all)
        err = explain(c, ERR_CONFIG, "the source is not at this program's tables; run `storehook db migrate` on it first");
    return err ? err : db_migrate(c->to, schema_migrations, schema_migrations_n, c->why);
}

/* What an empty database of this program holds: one row. */
static bool is_made_with_rows(struct str table)
{
    return str_eq(table, STR("account"));
}

static enum err count_rows(struct copy *c, const struct copy_table *t, int64_t *n)
{
    struct buf sql = BUF_INIT(SQL_BYTES);
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = buf_printf(&sql, "SELECT count(*) FROM (SELECT 1 FROM %.*s LIMIT 2) rows_there", STR_ARG(t->name));

    if (!err)
        err = db_prepare(c->to, buf_text(&sql), &st);
    if (!err)
        err = db_step(st, &row);
    *n = !err && row ? db_column_int(st, 0) : 0;
    db_done(st);
    buf_release(&sql);
    return err;
}

static enum err check_empty(struct copy *c)
{
    int64_t n = 0;
    enum err err = OK;

    for (size_t i = 0; i < c->n && !err; i++) {
        err = count_rows(c, &c->tables[i], &n);
        if (!err && n > is_made_with_rows(c->tables[i].name))
            err = explain(c, ERR_EXISTS, "the target is not empty: table %.*s has rows; name a new database",
                          STR_ARG(c->tables[i].name));
        else if (!err && n)
            err = db_run(c->to, "DELETE FROM account", "");
    }
    return err ? explain(c, err, "the target: %s", db_trouble(c->to)) : OK;
}

static enum err copy_all(struct copy *c, struct arena *arena)
{
    enum err err = copy_tables_read(c->from, arena, &c->tables, &c->n, c->why);

    if (err)
        return explain(c, err, "the tables of the source: %s", db_trouble(c->from));
    err = check_empty(c);
    for (size_t i = 0; i < c->n && !err; i++)
        err = copy_table(c, i);
    return err;
}

enum err copy_run(struct db *from, struct db *to, const struct copy_watch *watch, struct copy_sums *sums, struct buf *why)
{
    struct copy c = {.from = from, .to = to, .watch = watch, .sums = sums, .why = why};
    struct arena arena;
    enum err err = check_schemas(&c);

    *sums = (struct copy_sums){.tables = 0};
    if (err)
        return err;
    arena_init(&arena, ARENA_BYTES);
    err = db_begin_frozen(from);
    if (err)
        err = explain(&c, err, "the source is being written, or cannot be read: %s; stop `storehook up` and all drainers first",
                      db_trouble(from));
    if (!err) {
        err = db_begin_frozen(to);
        err = err ? explain(&c, err, "the target: %s", db_trouble(to)) : copy_all(&c, &arena);
    }
    if (!err)
        err = db_commit(to)
                  ? explain(&c, ERR_DB_DOWN, "the commit of the copy: %s; look whether the target is empty", db_trouble(to))
                  : OK;
    db_rollback(to);
    db_rollback(from);
    arena_release(&arena);
    return err;
}
