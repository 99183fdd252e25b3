/* account.c -- owns the accounts (tenants) of an installation: added, found, listed, walked. */
#include "store/account.h"

#include <stdlib.h>

#define SELECT_ACCOUNT "SELECT account_id, name, created_at_us, removed_at_us FROM account WHERE "

bool account_name_is_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return name.len > 0 && name.len <= ACCOUNT_NAME_MAX;
}

static void read_account(struct db_stmt *st, struct account *out)
{
    *out = (struct account){.id = db_column_int(st, 0), .created_at_us = db_column_int(st, 2), .removed = !db_column_null(st, 3)};
    snprintf(out->name, sizeof(out->name), "%.*s", STR_ARG(db_column_str(st, 1)));
}

static enum err load_one(struct db_stmt *st, struct account *out)
{
    bool row = false;
    enum err err = db_step(st, &row);

    if (!err && row)
        read_account(st, out);
    db_done(st);
    return err ? err : row ? OK : ERR_NOT_FOUND;
}

enum err account_find(struct store *store, struct str name, struct account *out)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, SELECT_ACCOUNT "name = $1 AND removed_at_us IS NULL", "s", name);

    return err ? err : load_one(st, out);
}

enum err account_get(struct store *store, int64_t id, struct account *out)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, SELECT_ACCOUNT "account_id = $1", "i", id);

    return err ? err : load_one(st, out);
}

enum err account_list_load(struct store *store, struct account_list *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_prepare(store->db, SELECT_ACCOUNT "removed_at_us IS NULL ORDER BY account_id", &st);

    *out = (struct account_list){.at = NULL};
    while (!err && !(err = db_step(st, &row)) && row) {
        struct account *more = realloc(out->at, (out->n + 1) * sizeof(*more));

        if (!more)
            err = ERR_MEMORY;
        else
            read_account(st, &(out->at = more)[out->n++]);
    }
    db_done(st);
    return err;
}

void account_list_release(struct account_list *list)
{
    free(list->at);
    *list = (struct account_list){.at = NULL};
}

/* The one number that a statement gives. */
static enum err ask(struct store *store, const char *sql, int64_t account_id, int64_t *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, sql, "i", account_id);

    if (err)
        return err;
    err = db_step(st, &row);
    *out = err ? 0 : db_column_int(st, 0);
    db_done(st);
    return err;
}

static enum err put(struct store *store, struct str name)
{
    int64_t last = 0;
    enum err err = ask(store, "SELECT COALESCE(MAX(account_id), 0) FROM account WHERE account_id >= $1", 0, &last);

    if (!err && last >= ACCOUNTS_MAX)
        return ERR_TOO_MANY;
    return err ? err
               : db_run(store->db,
                        "INSERT INTO account (account_id, name, contact_limit, policy, raise_step, contacts, near_us, full_us,"
                        " created_at_us) VALUES ($1, $2, 0, 'stop', 0, 0, 0, 0, $3)",
                        "isi", last + 1, name, clock_wall_us(store->clock));
}

enum err account_add(struct store *store, struct str name, struct account *out)
{
    enum err err = account_name_is_valid(name) ? db_begin(store->db) : ERR_SYNTAX;

    if (err)
        return err;
    err = store_end(store, put(store, name));
    return err ? err : account_find(store, name, out);
}

static enum err remove_account(struct store *store, int64_t id)
{
    int64_t left = 0;
    enum err err = ask(store,
                       "SELECT (SELECT count(*) FROM source WHERE account_id = $1 AND removed_at_us IS NULL)"
                       " + (SELECT count(*) FROM (SELECT 1 FROM contact WHERE account_id = $1 LIMIT 1) c)",
                       id, &left);

    if (err)
        return err;
    if (left)
        return ERR_EXISTS;
    err = db_run(store->db, "UPDATE account SET removed_at_us = $2 WHERE account_id = $1 AND removed_at_us IS NULL", "ii", id,
                 clock_wall_us(store->clock));
    return err || db_changes(store->db) ? err : ERR_NOT_FOUND;
}

enum err account_remove(struct store *store, int64_t id)
{
    enum err err = id == ACCOUNT_DEFAULT ? ERR_RANGE : db_begin(store->db);

    return err ? err : store_end(store, remove_account(store, id));
}

void store_enter(struct store *store, int64_t account_id)
{
    store->account_id = account_id;
    store->is_unlimited = false; /* not known */
}

/* Up to `max` ids after `after`, in order. The statement is over before anything else is done. */
static enum err next_ids(struct store *store, int64_t after, int64_t *ids, size_t max, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, "SELECT account_id FROM account WHERE account_id > $1 ORDER BY account_id LIMIT $2",
                            "ii", after, (int64_t)max);

    *n = 0;
    while (!err && *n < max && !(err = db_step(st, &row)) && row)
        ids[(*n)++] = db_column_int(st, 0);
    db_done(st);
    return err;
}

enum err account_walk(struct store *store, size_t max, int64_t *after, account_fn *work, void *arg)
{
    int64_t *ids = calloc(max ? max : 1, sizeof(*ids)), before = store->account_id;
    size_t n = 0;
    enum err err = ids ? next_ids(store, *after, ids, max, &n) : ERR_MEMORY;

    *after = !err && n == max ? ids[n - 1] : 0;
    for (size_t i = 0; i < n && !err; i++) {
        store_enter(store, ids[i]);
        err = work(store, arg);
    }
    store_enter(store, before);
    free(ids);
    return err;
}

enum err account_each(struct store *store, account_fn *work, void *arg)
{
    int64_t after = 0;

    return account_walk(store, ACCOUNTS_MAX, &after, work, arg);
}
