/* master_key.c -- owns the check that the master key is the one which this database's secrets are sealed with (N10). */
#include "store/master_key.h"

#include "store/source.h"

/* One key for all accounts, noted with the first. ERR_NOT_FOUND when the database knows no key, ERR_SEAL when it knows another one. */
static enum err compare(struct store *store, struct str fingerprint)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err =
        db_query(store->db, &st, "SELECT fingerprint FROM master_key WHERE account_id = $1", "i", (int64_t)ACCOUNT_DEFAULT);

    if (err)
        return err;
    err = db_step(st, &row);
    if (!err)
        err = !row ? ERR_NOT_FOUND : str_eq(db_column_str(st, 0), fingerprint) ? OK : ERR_SEAL;
    db_done(st);
    return err;
}

/* Opens the first secret that there is; OK when there is none. */
static enum err try_secrets(struct store *store, const struct seal *seal)
{
    struct source_list list;
    struct secret *secret = NULL;
    enum err err = source_list_load_all(store, &list);
    size_t i = 0;

    while (!err && i < list.n && list.at[i].n_secrets == 0)
        i++;
    if (!err && i < list.n)
        err = source_secret_open(seal, list.at[i].id, &list.at[i].secrets[0], &secret);
    secret_free(secret);
    source_list_release(&list);
    return err;
}

/* What is noted. */
struct noting {
    const struct seal *seal;
    struct str fingerprint;
};

/* Inside a transaction, as another process may do the same. */
static enum err take(struct store *store, void *arg)
{
    const struct noting *n = arg;
    enum err err = compare(store, n->fingerprint);

    if (err != ERR_NOT_FOUND)
        return err;
    err = try_secrets(store, n->seal);
    return err ? err
               : db_run(store->db, "INSERT INTO master_key (account_id, fingerprint) VALUES ($1, $2)", "is",
                        (int64_t)ACCOUNT_DEFAULT, n->fingerprint);
}

enum err master_key_check(struct store *store, const struct seal *seal)
{
    char fingerprint[SEAL_FINGERPRINT_CHARS + 1];
    struct noting noting = {.seal = seal, .fingerprint = str_n(fingerprint, SEAL_FINGERPRINT_CHARS)};
    enum err err = seal_fingerprint(seal, fingerprint);

    if (!err)
        err = compare(store, noting.fingerprint);
    return err == ERR_NOT_FOUND ? store_transact(store, take, &noting) : err;
}
