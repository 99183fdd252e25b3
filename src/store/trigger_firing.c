/* trigger_firing.c -- owns what fired, once for each effect, and the cycles that were started (T4, D7). */
#include "store/trigger.h"

#include "base/id.h"
#include "store/row.h"

static enum err note(struct store *store, const struct trigger *t, const struct happening *h, struct str delivery_id,
                     int64_t now_us)
{
    struct id id = id_new(now_us);
    const char *kind = happening_name(h->kind);

    return db_run(store->db,
                  "INSERT INTO ledger (account_id, id, contact_id, source_id, delivery_id, type, rule, what, name, old_value,"
                  " new_value, event_at_us, received_at_us, applied_at_us)"
                  " VALUES ($1, $2, $3, $4, $5, $6, 'T4', 'trigger', $7, '', 'fired', $8, $9, $9)",
                  "issi"
                  "sssii",
                  store->account_id, id_str(&id), h->contact_id, h->source_id, not_null(delivery_id), str_of(kind), t->name,
                  h->at_us, now_us);
}

enum err trigger_fire(struct store *store, const struct trigger *t, const struct happening *h, struct str delivery_id, bool *first)
{
    int64_t now = clock_wall_us(store->clock);
    enum err err = db_run(store->db,
                          "INSERT INTO trigger_firing (account_id, trigger_id, effect, contact_id, source_id, at_us, fired_us, did)"
                          " VALUES ($1, $2, $3, $4, $5, $6, $7, '') ON CONFLICT DO NOTHING",
                          "iissiii", store->account_id, t->id, h->key, h->contact_id, h->source_id, h->at_us, now);

    *first = !err && db_changes(store->db) > 0;
    return *first ? note(store, t, h, delivery_id, now) : err;
}

enum err trigger_did(struct store *store, int64_t trigger_id, struct str effect, struct str did)
{
    return db_run(store->db, "UPDATE trigger_firing SET did = $4 WHERE account_id = $1 AND trigger_id = $2 AND effect = $3", "iiss",
                  store->account_id, trigger_id, effect, did);
}

static void read_firing(struct row *r, struct trigger_firing *f)
{
    f->trigger_id = row_int(r);
    f->effect = row_str(r);
    f->contact_id = row_str(r);
    f->source_id = row_int(r);
    f->at_us = row_int(r);
    f->fired_us = row_int(r);
    f->did = row_str(r);
}

enum err trigger_firings(struct store *store, int64_t trigger_id, size_t max, struct arena *arena, struct trigger_firing **out,
                         size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err;

    *n = 0;
    *out = arena_array(arena, max ? max : 1, sizeof(**out));
    err = *out ? db_query(store->db, &st,
                          "SELECT trigger_id, effect, contact_id, source_id, at_us, fired_us, did FROM trigger_firing"
                          " WHERE account_id = $1 AND trigger_id = $2 ORDER BY fired_us DESC, effect LIMIT $3",
                          "iii", store->account_id, trigger_id, (int64_t)max)
               : ERR_MEMORY;
    while (!err && *n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        read_firing(&r, &(*out)[(*n)++]);
        err = r.err;
    }
    db_done(st);
    return err;
}

/* --- cycles ------------------------------------------------------------------------------------------------------------ */

enum err cycle_start_put(struct store *store, const struct cycle_start *s)
{
    int64_t now = clock_wall_us(store->clock);
    struct id id = id_new(now);

    return db_run(store->db,
                  "INSERT INTO cycle_start (account_id, id, contact_id, address, cycle, day, because, source_id, at_us)"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                  "issssisii", store->account_id, id_str(&id), s->contact_id, s->address, s->cycle, s->day, s->because,
                  s->source_id, now);
}

static void read_start(struct row *r, struct cycle_start *s)
{
    s->id = row_str(r);
    s->contact_id = row_str(r);
    s->address = row_str(r);
    s->cycle = row_str(r);
    s->day = row_int(r);
    s->because = row_str(r);
    s->source_id = row_int(r);
    s->at_us = row_int(r);
}

enum err cycle_start_list(struct store *store, struct str after, size_t max, struct arena *arena, struct cycle_start **out,
                          size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err;

    *n = 0;
    *out = arena_array(arena, max ? max : 1, sizeof(**out));
    err = *out ? db_query(store->db, &st,
                          "SELECT id, contact_id, address, cycle, day, because, source_id, at_us FROM cycle_start"
                          " WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3",
                          "isi", store->account_id, not_null(after), (int64_t)max)
               : ERR_MEMORY;
    while (!err && *n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        read_start(&r, &(*out)[(*n)++]);
        err = r.err;
    }
    db_done(st);
    return err;
}

/* --- the end ----------------------------------------------------------------------------------------------------------- */

/* The oldest firings of all triggers, at most TRIGGER_FORGET_MAX: up to when. */
static enum err age_of_some(struct store *store, int64_t before_us, int64_t *until_us, bool *more)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT fired_us FROM trigger_firing WHERE account_id = $1 AND fired_us < $2 ORDER BY fired_us"
                            " LIMIT 1 OFFSET $3",
                            "iii", store->account_id, before_us, (int64_t)TRIGGER_FORGET_MAX);

    if (!err)
        err = db_step(st, &row);
    *until_us = !err && row ? db_column_int(st, 0) + 1 : before_us;
    *more = !err && row;
    db_done(st);
    return err;
}

/* One transaction: the number stays with the trigger. */
static enum err forget_firings(struct store *store, int64_t before_us, bool *more)
{
    int64_t until = before_us;
    enum err err = age_of_some(store, before_us, &until, more);

    if (!err)
        err =
            db_run(store->db,
                   "UPDATE event_trigger SET forgotten = forgotten + (SELECT count(*) FROM trigger_firing f"
                   " WHERE f.account_id = event_trigger.account_id AND f.trigger_id = event_trigger.id AND f.fired_us < $2)"
                   " WHERE account_id = $1 AND EXISTS (SELECT 1 FROM trigger_firing f WHERE f.account_id = event_trigger.account_id"
                   " AND f.trigger_id = event_trigger.id AND f.fired_us < $2)",
                   "ii", store->account_id, until);
    if (!err)
        err =
            db_run(store->db, "DELETE FROM trigger_firing WHERE account_id = $1 AND fired_us < $2", "ii", store->account_id, until);
    if (!err)
        err = db_run(store->db,
                     "DELETE FROM cycle_start WHERE account_id = $1 AND id IN (SELECT id FROM cycle_start"
                     " WHERE account_id = $1 AND at_us < $2 ORDER BY at_us LIMIT $3)",
                     "iii", store->account_id, before_us, (int64_t)TRIGGER_FORGET_MAX);
    *more |= !err && db_changes(store->db) == TRIGGER_FORGET_MAX;
    return err;
}

/* Takes no lock while there is nothing to forget. */
static enum err is_any_old(struct store *store, int64_t before_us, bool *any)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st,
                            "SELECT 1 WHERE EXISTS (SELECT 1 FROM trigger_firing WHERE account_id = $1 AND fired_us < $2)"
                            " OR EXISTS (SELECT 1 FROM cycle_start WHERE account_id = $1 AND at_us < $2)",
                            "ii", store->account_id, before_us);

    if (!err)
        err = db_step(st, any);
    db_done(st);
    return err;
}

enum err trigger_forget(struct store *store, int64_t before_us, bool *more)
{
    bool any = false;
    enum err err = is_any_old(store, before_us, &any);

    *more = false;
    if (err || !any)
        return err;
    err = db_begin(store->db);
    return err ? err : store_end(store, forget_firings(store, before_us, more));
}
