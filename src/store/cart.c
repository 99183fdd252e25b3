/* cart.c -- owns the timers of carts and what fired: when a cart is looked at, what was recorded of it, and its age. */
#include "store/cart.h"

#include "base/id.h"
#include "store/row.h"

int64_t cart_look_after(const struct cart *c, int64_t delay_us)
{
    if (c->completed_us) /* it may be recovered */
        return CART_LOOK_NOW;
    if (c->abandoned_us && c->abandoned_us >= c->active_us)
        return c->abandoned_us;
    return c->n_items && c->active_us ? c->active_us + delay_us : 0;
}

enum err cart_wake_source(struct store *store, int64_t source_id)
{
    return db_run(store->db, "UPDATE cart SET look_us = 1 WHERE account_id = $1 AND source_id = $2", "ii", store->account_id,
                  source_id);
}

enum err cart_is_any_due(struct store *store, bool *any)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, "SELECT 1 FROM cart WHERE account_id = $1 AND look_us > 0 AND look_us <= $2 LIMIT 1",
                            "ii", store->account_id, clock_wall_us(store->clock));

    *any = false;
    if (err)
        return err;
    err = db_step(st, any);
    db_done(st);
    return err;
}

enum err cart_due_list(struct store *store, size_t max, struct arena *arena, struct cart_due *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT source_id, id, look_us FROM cart WHERE account_id = $1 AND look_us > 0 AND look_us <= $2"
                            " ORDER BY look_us, source_id, id LIMIT $3",
                            "iii", store->account_id, clock_wall_us(store->clock), (int64_t)max);

    *n = 0;
    if (err)
        return err;
    while (*n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};
        struct cart_due *due = &out[(*n)++];

        due->source_id = row_int(&r);
        due->id = row_str(&r);
        due->look_us = row_int(&r);
        err = r.err;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

enum err cart_contact(struct store *store, const struct cart_due *due, struct arena *arena, struct str *subject,
                      struct str *contact_id)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err =
        db_query(store->db, &st,
                 "SELECT k.subject, k.contact_id FROM cart c LEFT JOIN visitor v ON c.subject = '' AND v.account_id = c.account_id"
                 " AND v.source_id = c.source_id AND v.id = c.visitor_id JOIN customer k"
                 " ON k.account_id = c.account_id AND k.source_id = c.source_id"
                 " AND k.subject = CASE WHEN c.subject = '' THEN v.subject ELSE c.subject END"
                 " WHERE c.account_id = $1 AND c.source_id = $2 AND c.id = $3",
                 "iis", store->account_id, due->source_id, due->id);

    *subject = *contact_id = STR_NONE;
    if (err)
        return err;
    err = db_step(st, &row);
    if (!err && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        *subject = row_str(&r);
        *contact_id = row_str(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

enum err cart_look_at(struct store *store, const struct cart_due *due, int64_t look_us)
{
    return db_run(store->db, "UPDATE cart SET look_us = $4 WHERE account_id = $1 AND source_id = $2 AND id = $3", "iisi",
                  store->account_id, due->source_id, due->id, look_us);
}

enum err cart_activate_sources(struct store *store)
{
    return db_run(store->db, "UPDATE source SET carts_from_us = $2 WHERE account_id = $1 AND carts_from_us = 0", "ii",
                  store->account_id, clock_wall_us(store->clock));
}

/* The words of the ledger: what the state was, what it is, by which rule. */
struct told {
    const char *type, *rule, *old, *new;
};

static struct told tell(const struct cart_firing *f)
{
    static const struct told abandoned[] = {
        [NOT_QUIET] = {"cart_abandoned", "CA3", "active", "abandoned"},
        [QUIET_COOL_DOWN] = {"cart_abandoned", "CA9", "active", "abandoned, starts nothing during the cool-down"},
        [QUIET_LATE] = {"cart_abandoned", "CA5", "active", "active, told too late to start anything"},
        [QUIET_OLD] = {"cart_abandoned", "CA14", "active", "active, from before the source was watched"},
    };

    if (f->kind == FIRING_RECOVERED)
        return (struct told){"cart_recovered", "CA12", "abandoned", "recovered"};
    return abandoned[f->quiet];
}

static enum err note(struct store *store, const struct cart_firing *f)
{
    struct told told = tell(f);
    struct id id = id_new(f->fired_us);

    return db_run(
        store->db,
        "INSERT INTO ledger (account_id, id, contact_id, source_id, delivery_id, type, rule, what, name, old_value, new_value,"
        " event_at_us, received_at_us, applied_at_us) VALUES ($1, $2, $3, $4, '', $5, $6, 'cart', $7, $8, $9, $10, $11, $11)",
        "issi"
        "sssssii",
        store->account_id, id_str(&id), f->contact_id, f->source_id, str_of(told.type), str_of(told.rule), f->cart_id,
        str_of(told.old), str_of(told.new), f->due_us, f->fired_us);
}

enum err cart_fire(struct store *store, const struct cart_firing *f, bool *first)
{
    struct id id = id_new(f->fired_us);
    enum err err =
        db_run(store->db,
               "INSERT INTO cart_firing (account_id, source_id, cart_id, kind, episode_us, id, subject, contact_id,"
               " due_us, fired_us, quiet, mailable, order_id)"
               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
               "iisiisss"
               "iiiis",
               store->account_id, f->source_id, f->cart_id, (int64_t)f->kind, f->episode_us, id_str(&id), not_null(f->subject),
               f->contact_id, f->due_us, f->fired_us, (int64_t)f->quiet, (int64_t)f->mailable, not_null(f->order_id));

    *first = !err && db_changes(store->db) > 0;
    return *first ? note(store, f) : err;
}

static enum err forget(struct store *store, const char *sql, int64_t days, bool *more)
{
    enum err err = db_run(store->db, sql, "iii", store->account_id, clock_wall_us(store->clock) - days * 86400 * US_PER_S,
                          (int64_t)CART_FORGET_MAX);

    *more |= !err && db_changes(store->db) == CART_FORGET_MAX;
    return err;
}

enum err cart_forget(struct store *store, bool *more)
{
    enum err err;

    *more = false;
    err = forget(store,
                 "DELETE FROM cart WHERE (account_id, source_id, id) IN (SELECT account_id, source_id, id FROM cart"
                 " WHERE account_id = $1 AND heard_us < $2 AND active_us < $2 ORDER BY heard_us LIMIT $3)",
                 CART_DAYS, more);
    return err ? err
               : forget(store,
                        "DELETE FROM cart_firing WHERE (account_id, id) IN (SELECT account_id, id FROM cart_firing"
                        " WHERE account_id = $1 AND fired_us < $2 ORDER BY fired_us LIMIT $3)",
                        FIRING_DAYS, more);
}
