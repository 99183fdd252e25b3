/* source_secret.c -- owns the secrets and the keys of a source in the database: added, rotated, ended, kept for a while. */
#include "base/id.h"
#include "store/source_rows.h"

/*
 * A secret that has ended is never sent to the receivers. It stays sealed for a week, because a sender that goes on with it is the
 * most frequent trouble after a rotation, and only the secret can show that it is this one.
 */
#define ENDED_KEEP_US (7 * 86400 * US_PER_S)

enum { SEALED_BYTES_MAX = 16 * 1024, BROUGHT_GRACE_MS = 3600 * 1000 };

enum err source_take_column(struct db_stmt *st, int column, char **out)
{
    *out = str_dup(db_column_str(st, column));
    return *out ? OK : ERR_MEMORY;
}

static enum err read_secret(struct db_stmt *st, struct source *s)
{
    struct source_secret *out = &s->secrets[s->n_secrets];
    char id[24];
    enum err err;

    if (s->n_secrets == SOURCE_SECRETS_MAX)
        return ERR_TOO_MANY;
    s->n_secrets++;
    snprintf(id, sizeof(id), "s%lld", (long long)db_column_int(st, 0));
    out->id = str_dup(str_of(id));
    out->from_us = db_column_int(st, 1);
    out->until_us = db_column_int(st, 2);
    err = source_take_column(st, 3, &out->name);
    if (!err)
        err = source_take_column(st, 4, &out->sealed);
    return out->id ? err : ERR_MEMORY;
}

static enum err read_old_key(struct db_stmt *st, struct source *s)
{
    if (s->n_old_keys == SOURCE_OLD_KEYS_MAX)
        return ERR_TOO_MANY;
    s->old_keys[s->n_old_keys].until_us = db_column_int(st, 1);
    return source_take_column(st, 0, &s->old_keys[s->n_old_keys++].key);
}

/* Gives every row of a statement about one source to `read`. */
static enum err load_rows(struct store *store, const char *sql, enum err (*read)(struct db_stmt *st, struct source *s),
                          struct source *s)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_prepare(store->db, sql, &st);

    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_int(st, 2, s->id);
    while (!(err = db_step(st, &row)) && row)
        if ((err = read(st, s)))
            break;
    db_done(st);
    return err;
}

enum err source_rows_load(struct store *store, struct source *s)
{
    enum err err = load_rows(store,
                             "SELECT number, from_us, until_us, name, sealed FROM source_secret"
                             " WHERE account_id = $1 AND source_id = $2 ORDER BY number",
                             read_secret, s);

    if (err)
        return err;
    return load_rows(store, "SELECT key, until_us FROM source_key WHERE account_id = $1 AND source_id = $2 ORDER BY until_us, key",
                     read_old_key, s);
}

enum err source_rows_forget(struct store *store, int64_t source_id)
{
    enum err err =
        db_run(store->db, "DELETE FROM source_secret WHERE account_id = $1 AND source_id = $2", "ii", store->account_id, source_id);

    if (err)
        return err;
    return db_run(store->db, "DELETE FROM source_key WHERE account_id = $1 AND source_id = $2", "ii", store->account_id, source_id);
}

static enum err insert_secret(struct store *store, int64_t source_id, int64_t number, struct str name, struct str sealed,
                              int64_t from_us)
{
    return db_run(store->db,
                  "INSERT INTO source_secret (account_id, source_id, number, name, sealed, from_us, until_us)"
                  " VALUES ($1, $2, $3, $4, $5, $6, 0)",
                  "iiissi", store->account_id, source_id, number, name, sealed, from_us);
}

enum err source_secret_put(struct store *store, const struct seal *seal, int64_t source_id, int64_t number,
                           const struct given_secret *given, int64_t now_us)
{
    struct buf sealed = BUF_INIT(SEALED_BYTES_MAX);
    char context[SOURCE_SEAL_CONTEXT_CHARS + 1];
    enum err err = seal_close(seal, source_seal_context(source_id, context), secret_bytes(given->secret), &sealed);

    if (!err)
        err = insert_secret(store, source_id, number, str_of(given->name), buf_str(&sealed), now_us);
    buf_release(&sealed);
    return err;
}

/* --- rotation --------------------------------------------------------------------------------------------------------- */

/* Inside a transaction: ends the secrets of that name at `until_us`. */
static enum err end_secrets(struct store *store, int64_t source_id, struct str name, int64_t until_us)
{
    return db_run(store->db,
                  "UPDATE source_secret SET until_us = $4 WHERE account_id = $1 AND source_id = $2 AND name = $3"
                  " AND (until_us = 0 OR until_us > $4)",
                  "iisi", store->account_id, source_id, name, until_us);
}

/* Inside a transaction: forgets the secrets that ended long ago, and the one that ended first while there is no room. */
static enum err make_room(struct store *store, int64_t source_id, int64_t now_us)
{
    int64_t left = 0;
    enum err err =
        db_run(store->db, "DELETE FROM source_secret WHERE account_id = $1 AND source_id = $2 AND until_us <> 0 AND until_us <= $3",
               "iii", store->account_id, source_id, now_us - ENDED_KEEP_US);

    if (!err)
        err =
            source_ask_int(store, "SELECT COUNT(*) FROM source_secret WHERE account_id = $1 AND source_id = $2", source_id, &left);
    if (err || left < SOURCE_SECRETS_MAX)
        return err;
    err =
        db_run(store->db,
               "DELETE FROM source_secret WHERE account_id = $1 AND source_id = $2 AND number = (SELECT number FROM source_secret"
               " WHERE account_id = $1 AND source_id = $2 AND until_us <> 0 AND until_us <= $3 ORDER BY until_us, number LIMIT 1)",
               "iii", store->account_id, source_id, now_us);
    return err || db_changes(store->db) ? err : ERR_TOO_MANY;
}

/* Inside a transaction: ends those of that name after `grace_ms`, and gives a number to the one that follows them. */
static enum err begin_secret(struct store *store, int64_t source_id, struct str name, int64_t grace_ms, int64_t *number)
{
    int64_t now_us = clock_wall_us(store->clock);
    enum err err =
        source_ask_int(store, "SELECT COALESCE(MAX(number), 0) + 1 FROM source_secret WHERE account_id = $1 AND source_id = $2",
                       source_id, number);

    if (!err)
        err = end_secrets(store, source_id, name, now_us + grace_ms * US_PER_MS);
    return err ? err : make_room(store, source_id, now_us);
}

enum err source_rotate(struct store *store, const struct seal *seal, int64_t source_id, const struct given_secret *given,
                       int64_t grace_ms, struct buf *id)
{
    int64_t number = 0;
    enum err err = db_begin(store->db);

    if (err)
        return err;
    err = begin_secret(store, source_id, str_of(given->name), grace_ms, &number);
    if (!err)
        err = source_secret_put(store, seal, source_id, number, given, clock_wall_us(store->clock));
    if (!err)
        err = buf_printf(id, "s%lld", (long long)number);
    return store_end(store, err);
}

/* ERR_NOT_FOUND for a removed source, ERR_EXISTS when a first secret is not the first of that name that is valid. */
static enum err check_brought(struct store *store, int64_t source_id, const struct brought_secret *brought)
{
    int64_t now_us = clock_wall_us(store->clock), there = 0;
    struct source s = {.id = 0};
    enum err err = source_ask_int(store, "SELECT COUNT(*) FROM source WHERE account_id = $1 AND id = $2 AND removed_at_us IS NULL",
                                  source_id, &there);

    if (!err)
        err = there ? source_get(store, source_id, &s) : ERR_NOT_FOUND;
    for (size_t i = 0; i < s.n_secrets && !err && brought->first_only; i++)
        if (str_eq(str_of(s.secrets[i].name), brought->name) && source_secret_is_valid(&s.secrets[i], now_us))
            err = ERR_EXISTS;
    source_release(&s);
    return err;
}

enum err source_keep_secret(struct store *store, int64_t source_id, const struct brought_secret *brought)
{
    int64_t number = 0;
    enum err err = check_brought(store, source_id, brought);

    if (!err)
        err = begin_secret(store, source_id, brought->name, BROUGHT_GRACE_MS, &number);
    return err ? err : insert_secret(store, source_id, number, brought->name, brought->sealed, brought->from_us);
}

bool source_secret_is_old(const struct source *s, size_t i, int64_t now_us)
{
    const struct source_secret *secret = &s->secrets[i];

    if (secret->until_us && secret->until_us <= now_us)
        return false;
    for (size_t k = i + 1; k < s->n_secrets; k++) /* they stand in the order in which they came */
        if (strcmp(s->secrets[k].name, secret->name) == 0)
            return true;
    return false;
}

enum err source_finish(struct store *store, int64_t source_id, const char *name)
{
    return db_run(store->db,
                  "UPDATE source_secret SET until_us = $3 WHERE account_id = $1 AND source_id = $2"
                  " AND (until_us = 0 OR until_us > $3) AND ($4 = '' OR name = $4) AND number < (SELECT MAX(number)"
                  " FROM source_secret n WHERE n.account_id = $1 AND n.source_id = $2 AND n.name = source_secret.name)",
                  "iiis", store->account_id, source_id, clock_wall_us(store->clock), str_of(name ? name : ""));
}

/* Inside a transaction: keeps the present key as an old one until `until_us`. */
static enum err keep_key(struct store *store, int64_t source_id, int64_t until_us)
{
    int64_t n = 0;
    enum err err = source_ask_int(store, "SELECT COUNT(*) FROM source_key WHERE account_id = $1 AND source_id = $2", source_id, &n);

    if (!err && n >= SOURCE_OLD_KEYS_MAX)
        return ERR_TOO_MANY;
    if (err)
        return err;
    return db_run(store->db,
                  "INSERT INTO source_key (account_id, source_id, key, until_us)"
                  " SELECT account_id, id, key, $3 FROM source WHERE account_id = $1 AND id = $2",
                  "iii", store->account_id, source_id, until_us);
}

enum err source_rotate_key(struct store *store, int64_t source_id, int64_t grace_ms)
{
    int64_t now_us = clock_wall_us(store->clock);
    char key[KEY_CHARS + 1];
    enum err err = db_begin(store->db);

    if (err)
        return err;
    key_new(key);
    err = db_run(store->db, "DELETE FROM source_key WHERE account_id = $1 AND source_id = $2 AND until_us <= $3", "iii",
                 store->account_id, source_id, now_us);
    if (!err && grace_ms)
        err = keep_key(store, source_id, now_us + grace_ms * US_PER_MS);
    if (!err)
        err = db_run(store->db, "UPDATE source SET key = $3 WHERE account_id = $1 AND id = $2", "iis", store->account_id, source_id,
                     str_of(key));
    return store_end(store, err);
}

enum err source_finish_key(struct store *store, int64_t source_id)
{
    return db_run(store->db, "DELETE FROM source_key WHERE account_id = $1 AND source_id = $2", "ii", store->account_id, source_id);
}
