/* seen.c -- owns the memory of what was applied: dedupe keys, in the same transaction as the effects (N4, D3, D4). */
#include "store/seen.h"

#include "store/facts.h"

enum { REASON_ARENA_BYTES = 1 << 20 };

/* The row of the key; NULL while nobody took it. */
static enum err find(struct facts *f, int64_t source_id, struct str key, const struct seen_row **out)
{
    const struct fact_list *list = facts_list(f, BY_SEEN, source_id, key);
    struct str kept = list ? list->key.text : arena_str(f->arena, key);
    enum err err = kept.p ? facts_want(f, BY_SEEN, source_id, kept) : ERR_MEMORY;

    if (!err)
        err = facts_load(f);
    list = err ? NULL : facts_list(f, BY_SEEN, source_id, key);
    *out = list && list->n ? list->at[0]->row : NULL;
    return err;
}

/* Texts live as long as the facts. */
static enum err put(struct facts *f, const struct facts *own, const struct seen_row *row)
{
    struct seen_row kept = *row;
    enum err err;

    kept.key = arena_str(f->arena, row->key);
    kept.reason = arena_str(f->arena, not_null(row->reason));
    kept.detail = arena_str(f->arena, not_null(row->detail));
    kept.delivery_id = arena_str(f->arena, not_null(row->delivery_id));
    if (!kept.key.p || !kept.reason.p || !kept.detail.p || !kept.delivery_id.p)
        return ERR_MEMORY;
    err = facts_put(f, FACT_SEEN, &kept, NULL);
    return err || f != own ? err : facts_write(f);
}

enum err seen_want(struct store *store, int64_t source_id, struct str key)
{
    return facts_want(store->facts, BY_SEEN, source_id, key);
}

enum err seen_take(struct store *store, int64_t source_id, struct str key, struct str delivery_id, struct arena *arena,
                   struct seen *out)
{
    struct facts own, *f = facts_of(store, &own, arena);
    struct seen_row row = {.source_id = source_id, .key = key, .delivery_id = delivery_id, .at_us = clock_wall_us(store->clock)};
    const struct seen_row *before = NULL;
    enum err err = find(f, source_id, key, &before);

    *out = (struct seen){.before = false};
    if (err || !before)
        return err ? err : put(f, &own, &row);
    *out = (struct seen){.before = true,
                         .delivery_id = arena_str(arena, not_null(before->delivery_id)),
                         .reason = arena_str(arena, not_null(before->reason)),
                         .detail = arena_str(arena, not_null(before->detail))};
    return out->delivery_id.p && out->reason.p && out->detail.p ? OK : ERR_MEMORY;
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
    struct arena arena;
    struct facts own, *f;
    const struct seen_row *before = NULL;
    struct seen_row row;
    enum err err;

    arena_init(&arena, REASON_ARENA_BYTES);
    f = facts_of(store, &own, &arena);
    err = find(f, source_id, key, &before);
    if (!err && before) {
        row = *before;
        row.reason = reason;
        row.detail = detail;
        err = put(f, &own, &row);
    }
    arena_release(&arena);
    return err;
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
