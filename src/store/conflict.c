/* conflict.c -- owns the list of addresses that a customer named and another contact has (M3, H2). */
#include "store/conflict.h"

#include "store/row.h"

static enum err read_conflict(struct db_stmt *st, struct arena *arena, struct conflict *out)
{
    struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

    out->address = row_str(&r);
    out->holder_id = row_str(&r);
    out->source_id = row_int(&r);
    out->external_id = row_str(&r);
    out->contact_id = row_str(&r);
    out->why = (enum claim_apart)row_int(&r);
    out->first_us = row_int(&r);
    return r.err;
}

enum err conflict_list(struct store *store, struct str after, size_t max, struct arena *arena, struct conflict **out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT k.address, a.contact_id, k.source_id, c.external_id, c.contact_id, k.apart, k.first_us"
                            " FROM claim k JOIN customer c ON c.account_id = k.account_id AND c.source_id = k.source_id"
                            " AND c.subject = k.subject JOIN address a ON a.account_id = k.account_id AND a.address = k.address"
                            " WHERE k.account_id = $1 AND k.apart > 0 AND k.address > $2 AND a.contact_id <> c.contact_id"
                            " ORDER BY k.address, k.source_id, k.subject LIMIT $3",
                            "isi", store->account_id, not_null(after), (int64_t)max);

    *n = 0;
    *out = arena_array(arena, max, sizeof(**out));
    if (!err && !*out)
        err = ERR_MEMORY;
    while (!err && *n < max && !(err = db_step(st, &row)) && row)
        err = read_conflict(st, arena, &(*out)[(*n)++]);
    db_done(st);
    return err;
}
