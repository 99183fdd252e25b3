/* account_limit.c -- owns an account's limit of contacts: what counts, how many there are, what happens at the limit (P13). */
#include "store/account_limit.h"

#include "base/id.h"
#include "base/timefmt.h"
#include "store/contact.h"
#include "store/notice.h"
#include "store/row.h"

enum { NOTICE_BYTES = 4096, DAY_CHARS = 10, SET_TRIES = 8 };

const char *const limit_policy_names[LIMIT_POLICIES + 1] = {
    [LIMIT_STOP] = "stop", [LIMIT_BILL] = "bill", [LIMIT_AUTO_RAISE] = "auto_raise"};

#define COLUMNS "contact_limit, contacts, raise_step, near_us, full_us, policy, removed_at_us"

static enum limit_policy policy_of(struct str name)
{
    enum limit_policy p = LIMIT_STOP;

    while (p < LIMIT_POLICIES && !str_eq(name, str_of(limit_policy_names[p])))
        p++;
    return p == LIMIT_POLICIES ? LIMIT_STOP : p;
}

static void read_limit(struct db_stmt *st, struct account_limit *out)
{
    *out = (struct account_limit){.limit = db_column_int(st, 0),
                                  .contacts = db_column_int(st, 1),
                                  .raise_step = db_column_int(st, 2),
                                  .near_us = db_column_int(st, 3),
                                  .full_us = db_column_int(st, 4),
                                  .policy = policy_of(db_column_str(st, 5)),
                                  .removed = !db_column_null(st, 6)};
}

/* The one row that a statement gives. */
static enum err load_one(struct db_stmt *st, struct account_limit *out)
{
    bool row = false;
    enum err err = db_step(st, &row);

    if (!err && row)
        read_limit(st, out);
    db_done(st);
    return err ? err : row ? OK : ERR_NOT_FOUND;
}

enum err account_limit_get(struct store *store, struct account_limit *out)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, "SELECT " COLUMNS " FROM account WHERE account_id = $1", "i", store->account_id);

    return err ? err : load_one(st, out);
}

/* --- what happened ---------------------------------------------------------------------------------------------------- */

/* For operators who are told by a notice. */
static enum err put_notice(struct store *store, const struct account_event *e)
{
    struct buf data = BUF_INIT(NOTICE_BYTES), effect = BUF_INIT(NOTICE_BYTES), type = BUF_INIT(NOTICE_TYPE_MAX + 1);
    enum err err = buf_printf(&data, "{\"account\":%lld,\"contacts\":%lld,\"contact_limit\":%lld}", (long long)store->account_id,
                              (long long)e->contacts, (long long)e->limit);

    if (!err)
        err = buf_printf(&effect, "account_event:%.*s", STR_ARG(e->id));
    if (!err)
        err = buf_printf(&type, "account.%.*s", STR_ARG(e->kind));
    if (!err)
        err = notice_put(
            store, &(struct notice){.type = buf_str(&type), .effect = buf_str(&effect), .data = buf_str(&data), .at_us = e->at_us},
            NULL);
    buf_release(&data);
    buf_release(&effect);
    buf_release(&type);
    return err;
}

/* Old ones make room; they are few, for each stands for a crossing or a day. */
static enum err forget_events(struct store *store)
{
    return db_run(store->db,
                  "DELETE FROM account_event WHERE account_id = $1 AND at_us < (SELECT at_us FROM account_event"
                  " WHERE account_id = $1 ORDER BY at_us DESC, id DESC LIMIT 1 OFFSET $2)",
                  "ii", store->account_id, (int64_t)ACCOUNT_EVENTS_KEPT);
}

/* `id` empty: a new one. Of one id the most contacts stay. */
static enum err put_event(struct store *store, const char *kind, struct str id, const struct account_limit *l)
{
    int64_t now_us = clock_wall_us(store->clock);
    struct id fresh = id_new(now_us);
    struct account_event e = {
        .id = id.len ? id : id_str(&fresh), .kind = str_of(kind), .at_us = now_us, .contacts = l->contacts, .limit = l->limit};
    enum err err = db_run(store->db,
                          "INSERT INTO account_event (account_id, id, kind, at_us, contacts, contact_limit, told)"
                          " VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT DO NOTHING",
                          "issiii", store->account_id, e.id, e.kind, e.at_us, e.contacts, e.limit);

    if (!err && db_changes(store->db) == 0)
        return db_run(store->db,
                      "UPDATE account_event SET contacts = $3, contact_limit = $4"
                      " WHERE account_id = $1 AND id = $2 AND contacts < $3",
                      "isii", store->account_id, e.id, e.contacts, e.limit);
    if (!err)
        err = put_notice(store, &e);
    return err ? err : forget_events(store);
}

/* GR-08: one line a day, so that a bill can be made of it, with the most there were on that day (UTC). */
static enum err put_overage(struct store *store, const struct account_limit *l)
{
    char day[TIME_ISO_CHARS + 1], id[DAY_CHARS + 16];

    time_iso(clock_wall_us(store->clock), day);
    snprintf(id, sizeof(id), "overage:%.*s", DAY_CHARS, day);
    return put_event(store, "overage", str_of(id), l);
}

/* --- at the limit ----------------------------------------------------------------------------------------------------- */

/* Where the contacts crossed a mark, upwards or downwards; *since is when it was crossed upwards. True when something changed. */
static bool cross(bool above, int64_t now_us, int64_t *since)
{
    bool was = *since > 0;

    if (was != above)
        *since = above ? now_us : 0;
    return was != above;
}

static bool is_near(const struct account_limit *l)
{
    return l->limit > 0 && l->contacts >= l->limit - l->limit / 100 * (100 - LIMIT_NEAR_PERCENT) -
                                              l->limit % 100 * (100 - LIMIT_NEAR_PERCENT) / 100;
}

/* AC-26: by as many steps as are needed. */
static enum err raise_limit(struct store *store, struct account_limit *l)
{
    int64_t step = l->raise_step > 0 ? l->raise_step : 1, over = l->contacts - l->limit;

    l->limit += (over + step - 1) / step * step;
    return put_event(store, "limit_raised", STR_NONE, l);
}

/* AC-29: once a crossing. */
static enum err mark(struct store *store, struct account_limit *l)
{
    int64_t now_us = clock_wall_us(store->clock);
    bool near = cross(is_near(l), now_us, &l->near_us), full = cross(l->limit > 0 && l->contacts >= l->limit, now_us, &l->full_us);
    enum err err = OK;

    if (near && l->near_us)
        err = put_event(store, "limit_near", STR_NONE, l);
    if (!err && full && l->full_us)
        err = put_event(store, "limit_reached", STR_NONE, l);
    return err;
}

/* Brings limit, marks and events to the number of contacts. */
static enum err settle(struct store *store, struct account_limit *l)
{
    struct account_limit before = *l;
    enum err err = OK;

    if (l->limit && l->policy == LIMIT_AUTO_RAISE && l->contacts > l->limit)
        err = raise_limit(store, l);
    if (!err)
        err = mark(store, l);
    if (!err && l->limit && l->policy == LIMIT_BILL && l->contacts > l->limit)
        err = put_overage(store, l);
    if (err || (l->limit == before.limit && l->near_us == before.near_us && l->full_us == before.full_us))
        return err;
    return db_run(store->db, "UPDATE account SET contact_limit = $2, near_us = $3, full_us = $4 WHERE account_id = $1", "iiii",
                  store->account_id, l->limit, l->near_us, l->full_us);
}

enum err contact_grow(struct store *store, int64_t growth)
{
    struct account_limit now;
    struct db_stmt *st = NULL;
    enum err err;

    if (growth == 0 || store->is_unlimited)
        return OK;
    err = db_query(store->db, &st,
                   "UPDATE account SET contacts = contacts + $2 WHERE account_id = $1 AND contact_limit > 0 RETURNING " COLUMNS,
                   "ii", store->account_id, growth);
    if (!err)
        err = load_one(st, &now);
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    return settle(store, &now);
}

static enum err set_contacts(struct store *store, struct account_limit *l)
{
    uint64_t contacts = 0;
    enum err err = l->limit ? contact_count(store, &contacts) : OK;

    l->contacts = (int64_t)contacts;
    if (!err)
        err = db_run(store->db,
                     "UPDATE account SET contact_limit = $2, policy = $3, raise_step = $4, contacts = $5 WHERE account_id = $1",
                     "iisii", store->account_id, l->limit, str_of(limit_policy_names[l->policy]), l->raise_step, l->contacts);
    return err ? err : settle(store, l);
}

enum err contact_recount(struct store *store)
{
    struct account_limit l;
    enum err err = account_limit_get(store, &l);

    return err || !l.limit ? err : set_contacts(store, &l);
}

static enum err set_limit(struct store *store, const struct account_limit *wanted, struct account_limit *out)
{
    enum err err = account_limit_get(store, out);

    if (err)
        return err;
    out->limit = wanted->limit;
    out->policy = wanted->policy;
    out->raise_step = wanted->raise_step;
    err = set_contacts(store, out);
    return err ? err : put_event(store, "limit_set", STR_NONE, out);
}

enum err account_limit_set(struct store *store, const struct account_limit *wanted, struct account_limit *out)
{
    enum err err = ERR_DB_BUSY;

    for (int i = 0; i < SET_TRIES && err == ERR_DB_BUSY; i++) { /* drainers that add contacts are in the way */
        err = db_begin(store->db);
        if (!err)
            err = store_end(store, set_limit(store, wanted, out));
    }
    return err;
}

enum err contact_room(struct store *store, int64_t growth, struct str person, bool *room)
{
    struct db_stmt *st = NULL;
    struct account_limit l;
    int64_t kept = 0;
    bool row = false;
    enum err err;

    *room = true;
    if (growth <= 0 || store->is_unlimited)
        return OK;
    err = db_query(store->db, &st,
                   "SELECT " COLUMNS ", (SELECT count(DISTINCT p.person) FROM parked p WHERE p.account_id = $1 AND p.state > 0"
                   " AND p.keeps = 1 AND p.person <> $2) FROM account WHERE account_id = $1",
                   "is", store->account_id, not_null(person));
    if (err)
        return err;
    err = db_step(st, &row);
    if (!err && row) {
        read_limit(st, &l);
        kept = db_column_int(st, 7);
        *room = l.limit == 0 || l.policy != LIMIT_STOP || l.contacts + growth + kept <= l.limit;
    }
    db_done(st);
    return err;
}

enum err contact_count_check(struct store *store, int64_t *counted, int64_t *kept)
{
    struct account_limit l = {.limit = 0};
    uint64_t contacts = 0;
    enum err err = contact_count(store, &contacts);

    if (!err)
        err = account_limit_get(store, &l);
    *counted = (int64_t)contacts;
    *kept = l.limit ? l.contacts : -1;
    return err;
}

/* --- events ----------------------------------------------------------------------------------------------------------- */

static enum err read_events(struct db_stmt *st, size_t max, struct arena *arena, struct account_event *out, size_t *n)
{
    bool more = false;
    enum err err = OK;

    while (!err && *n < max && !(err = db_step(st, &more)) && more) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};
        struct account_event *e = &out[(*n)++];

        e->account_id = row_int(&r);
        e->id = row_str(&r);
        e->kind = row_str(&r);
        e->at_us = row_int(&r);
        e->contacts = row_int(&r);
        e->limit = row_int(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

#define SELECT_EVENT "SELECT account_id, id, kind, at_us, contacts, contact_limit FROM account_event WHERE "

enum err account_events(struct store *store, size_t max, struct arena *arena, struct account_event **out, size_t *n)
{
    struct db_stmt *st = NULL;
    enum err err;

    *n = 0;
    *out = arena_array(arena, max ? max : 1, sizeof(**out));
    if (!*out)
        return ERR_MEMORY;
    err = db_query(store->db, &st, SELECT_EVENT "account_id = $1 ORDER BY at_us DESC, id DESC LIMIT $2", "ii", store->account_id,
                   (int64_t)max);
    return err ? err : read_events(st, max, arena, *out, n);
}

static enum err untold(struct store *store, size_t max, struct arena *arena, struct account_event *out, size_t *n)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, SELECT_EVENT "told = 0 ORDER BY at_us LIMIT $1", "i", (int64_t)max);

    *n = 0;
    return err ? err : read_events(st, max, arena, out, n);
}

/* Read once more under the lock: another drainer may have told them. */
static enum err take_untold(struct store *store, size_t max, struct arena *arena, struct account_event *out, size_t *n)
{
    enum err err = untold(store, max, arena, out, n);

    for (size_t i = 0; i < *n && !err; i++)
        err = db_run(store->db, "UPDATE account_event SET told = 1 WHERE account_id = $1 AND id = $2", "is", out[i].account_id,
                     out[i].id);
    return err;
}

enum err account_events_untold(struct store *store, size_t max, struct arena *arena, struct account_event **out, size_t *n)
{
    enum err err;

    *n = 0;
    *out = arena_array(arena, max ? max : 1, sizeof(**out));
    err = *out ? untold(store, max, arena, *out, n) : ERR_MEMORY;
    if (err || *n == 0)
        return err;
    err = db_begin(store->db);
    return err ? err : store_end(store, take_untold(store, max, arena, *out, n));
}
