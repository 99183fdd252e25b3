/* order.c -- owns how long orders are kept that are of nobody (G4). */
#include "store/order.h"

#include "store/row.h"

enum { ARENA_BYTES = 4 << 20 };

/* An order that was of nobody when it was last heard of. */
struct old_order {
    int64_t source_id;
    struct str id, contact_id; /* contact_id: its customer has one by now */
};

static enum err find(struct store *store, int64_t before_us, struct arena *arena, struct old_order *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT o.source_id, o.id, k.contact_id FROM shop_order o LEFT JOIN customer k"
                            " ON k.account_id = o.account_id AND k.source_id = o.source_id AND k.subject = o.subject"
                            " WHERE o.account_id = $1 AND o.anonymous_us > 0 AND o.anonymous_us < $2"
                            " ORDER BY o.anonymous_us LIMIT $3",
                            "iii", store->account_id, before_us, (int64_t)ORDERS_FORGOTTEN);

    while (!err && *n < ORDERS_FORGOTTEN && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        out[*n].source_id = row_int(&r);
        out[*n].id = row_str(&r);
        out[(*n)++].contact_id = row_str(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

static enum err settle(struct store *store, const struct old_order *o)
{
    enum err err;

    if (o->contact_id.len)
        return db_run(store->db, "UPDATE shop_order SET anonymous_us = 0 WHERE account_id = $1 AND source_id = $2 AND id = $3",
                      "iis", store->account_id, o->source_id, o->id);
    err = db_run(store->db, "DELETE FROM refund WHERE account_id = $1 AND source_id = $2 AND order_id = $3", "iis",
                 store->account_id, o->source_id, o->id);
    return err ? err
               : db_run(store->db, "DELETE FROM shop_order WHERE account_id = $1 AND source_id = $2 AND id = $3", "iis",
                        store->account_id, o->source_id, o->id);
}

enum err order_forget(struct store *store, int64_t before_us, bool *more)
{
    struct old_order old[ORDERS_FORGOTTEN];
    struct arena arena;
    size_t n = 0;
    enum err err = db_begin(store->db);

    *more = false;
    if (err)
        return err;
    arena_init(&arena, ARENA_BYTES);
    err = find(store, before_us, &arena, old, &n);
    for (size_t i = 0; i < n && !err; i++)
        err = settle(store, &old[i]);
    *more = n == ORDERS_FORGOTTEN;
    arena_release(&arena);
    return store_end(store, err);
}
