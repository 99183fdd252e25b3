/* migrate.c -- owns the migrations: what is applied, what is missing, and a database that is newer than the program. */
#include "db/backend.h"

static enum err say(struct buf *why, enum err err, struct str reason)
{
    enum err full = buf_append(why, reason);

    return full ? full : err;
}

static enum err trouble(struct db *db, struct buf *why, enum err err)
{
    return say(why, err, str_of(db_trouble(db)));
}

static enum err make_table(struct db *db)
{
    return db->backend->exec(
        db, "CREATE TABLE IF NOT EXISTS schema_migration (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)");
}

static const struct db_migration *find(const struct db_migration *list, size_t n, int64_t number)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].number == number)
            return &list[i];
    return NULL;
}

static enum err check_row(struct db_stmt *st, const struct db_migration *list, size_t n, struct buf *why)
{
    int64_t number = db_column_int(st, 0);
    struct str name = db_column_str(st, 1);
    const struct db_migration *known = find(list, n, number);
    enum err err;

    if (known && str_eq(str_of(known->name), name))
        return OK;
    if (known)
        err = buf_printf(why, "migration %d of the database is \"%.*s\", of this program \"%s\"; use the program that made it",
                         known->number, STR_ARG(name), known->name);
    else
        err = buf_printf(why, "the database is newer than this program (migration %lld \"%.*s\"); use the newer program",
                         (long long)number, STR_ARG(name));
    return err ? err : ERR_CONFIG;
}

/* Sets *n_applied; refuses what this program does not know. */
static enum err check_applied(struct db *db, const struct db_migration *list, size_t n, size_t *n_applied, struct buf *why)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_prepare(db, "SELECT number, name FROM schema_migration ORDER BY number", &st);

    *n_applied = 0;
    if (err)
        return trouble(db, why, err);
    while (!(err = db_step(st, &row)) && row) {
        err = check_row(st, list, n, why);
        if (err)
            goto done;
        ++*n_applied;
    }
    if (err)
        err = trouble(db, why, err);
done:
    db_done(st);
    return err;
}

static enum err is_applied(struct db *db, int number, bool *applied)
{
    struct db_stmt *st = NULL;
    enum err err = db_prepare(db, "SELECT 1 FROM schema_migration WHERE number = $1", &st);

    if (err)
        return err;
    db_bind_int(st, 1, number);
    err = db_step(st, applied);
    db_done(st);
    return err;
}

/* One migration and its record are one transaction; another process may have applied it while we waited for the lock. */
static enum err apply(struct db *db, const struct db_migration *m)
{
    bool applied = false;
    enum err err = db_begin_alone(db);

    if (err)
        return err;
    err = make_table(db);
    if (!err)
        err = is_applied(db, m->number, &applied);
    if (!err && !applied)
        err = db->backend->exec(db, m->sql);
    if (!err && !applied)
        err = db_run(db, "INSERT INTO schema_migration (number, name) VALUES ($1, $2)", "is", (int64_t)m->number, str_of(m->name));
    if (!err)
        return db_commit(db);
    db_rollback(db);
    return err;
}

enum err db_migrated(struct db *db, const struct db_migration *list, size_t n, bool *all, struct buf *why)
{
    size_t n_applied = 0;
    bool has = false;
    enum err err = db_has_table(db, "schema_migration", &has);

    if (err)
        return trouble(db, why, err);
    if (has)
        err = check_applied(db, list, n, &n_applied, why);
    *all = n_applied == n;
    return err;
}

enum err db_migrate(struct db *db, const struct db_migration *list, size_t n, struct buf *why)
{
    size_t n_applied = 0;
    bool has = false;
    enum err err = db_has_table(db, "schema_migration", &has);

    if (err)
        return trouble(db, why, err);
    if (has)
        err = check_applied(db, list, n, &n_applied, why);
    for (size_t i = 0; i < n && !err && n_applied < n; i++) {
        err = apply(db, &list[i]);
        if (err) {
            enum err full = buf_printf(why, "migration %d \"%s\": %s", list[i].number, list[i].name, db_trouble(db));

            err = full ? full : err;
        }
    }
    return err;
}
