/* seen.c -- owns the memory of what was applied: dedupe keys, in the same transaction as the effects (N4, D3, D4). */
#include "store/seen.h"

#include "store/row.h"

static enum err who_took(struct store *store, int64_t source_id, struct str key, struct arena *arena, struct seen *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT delivery_id, reason, detail FROM seen WHERE account_id = $1 AND source_id = $2 AND key = $3",
                            "iis", store->account_id, source_id, key);

    if (err)
        return err;
    err = db_step(st, &row);
    if (!err && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        out->before = true;
        out->delivery_id = row_str(&r);
        out->reason = row_str(&r);
        out->detail = row_str(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

enum err seen_take(struct store *store, int64_t source_id, struct str key, struct str delivery_id, struct arena *arena,
                   struct seen *out)
{
    enum err err;

    *out = (struct seen){.before = false};
    err = db_run(
        store->db,
        "INSERT INTO seen (account_id, source_id, key, delivery_id, at_us, reason, detail) VALUES ($1, $2, $3, $4, $5, '', '')"
        " ON CONFLICT DO NOTHING",
        "iissi", store->account_id, source_id, key, delivery_id, clock_wall_us(store->clock));
    if (err || db_changes(store->db) > 0)
        return err;
    return who_took(store, source_id, key, arena, out);
}

enum err seen_delivery(struct store *store, struct str delivery_id, bool *before)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, "SELECT 1 FROM seen WHERE account_id = $1 AND delivery_id = $2 AND reason = '' LIMIT 1",
                            "is", store->account_id, not_null(delivery_id));

    *before = false;
    if (err)
        return err;
    err = db_step(st, before);
    db_done(st);
    return err;
}

enum err seen_set_reason(struct store *store, int64_t source_id, struct str key, struct str reason, struct str detail)
{
    return db_run(store->db, "UPDATE seen SET reason = $1, detail = $2 WHERE account_id = $3 AND source_id = $4 AND key = $5",
                  "ssiis", not_null(reason), not_null(detail), store->account_id, source_id, key);
}

enum err seen_range(struct store *store, int64_t source_id, struct str first, struct str last, size_t max, struct arena *arena,
                    struct seen_key **out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool more = false;
    enum err err;

    *n = 0;
    *out = arena_array(arena, max ? max : 1, sizeof(**out));
    if (!*out)
        return ERR_MEMORY;
    err = db_query(store->db, &st,
                   "SELECT key, delivery_id, reason, detail FROM seen"
                   " WHERE account_id = $1 AND source_id = $2 AND key >= $3 AND key <= $4 ORDER BY key LIMIT $5",
                   "iissi", store->account_id, source_id, first, last, (int64_t)max);
    if (err)
        return err;
    while (!(err = db_step(st, &more)) && more) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};
        struct seen_key *key = &(*out)[*n];

        key->key = row_str(&r);
        key->delivery_id = row_str(&r);
        key->reason = row_str(&r);
        key->detail = row_str(&r);
        err = r.err;
        if (err)
            break;
        ++*n;
    }
    db_done(st);
    return err;
}

enum err seen_forget(struct store *store, int64_t before_us, bool *more)
{
    enum err err = db_run(store->db,
                          "DELETE FROM seen WHERE (account_id, source_id, key) IN (SELECT account_id, source_id, key FROM seen"
                          " WHERE account_id = $1 AND at_us < $2 ORDER BY at_us LIMIT $3)",
                          "iii", store->account_id, before_us, (int64_t)SEEN_FORGET_MAX);

    *more = !err && db_changes(store->db) == SEEN_FORGET_MAX;
    return err;
}
