/* notice_list.c -- owns what a person sees of notices and does with them: listed, shown, counted, replayed, dropped. */
#include "store/notice_list.h"

#include "store/row.h"

#define COLUMNS                                                                                                                 \
    "d.notice_id, m.type, t.name, m.contact_id, m.address, d.target_id, d.state, d.attempts, d.due_us, d.claim, d.last_status," \
    " d.last_error, d.made_at_us, d.ended_at_us"
#define FROM                                                                                                           \
    " FROM notice_delivery d JOIN notice m ON m.account_id = d.account_id AND m.id = d.notice_id JOIN notice_target t" \
    " ON t.account_id = d.account_id AND t.id = d.target_id WHERE d.account_id = $1"
#define OF_TARGET " AND ($2 = 0 OR d.target_id = $2)"

static void read_one(struct row *r, struct notice_row *out)
{
    out->id = row_str(r);
    out->type = row_str(r);
    out->target = row_str(r);
    out->contact_id = row_str(r);
    out->address = row_str(r);
    out->target_id = row_int(r);
    out->state = (enum notice_state)row_int(r);
    out->attempts = row_int(r);
    out->due_us = row_int(r);
    out->in_work = row_str(r).len > 0;
    out->last_status = row_int(r);
    out->last_error = row_str(r);
    out->made_at_us = row_int(r);
    out->ended_at_us = row_int(r);
}

/* Takes the statement with its parameters bound. */
static enum err read_all(struct db_stmt *st, size_t max, bool with_body, struct arena *arena, struct notice_row *out, size_t *n)
{
    bool row = false;
    enum err err = OK;

    while (*n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        read_one(&r, &out[*n]);
        if (with_body)
            out[*n].body = row_str(&r);
        (*n)++;
        err = r.err;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

enum err notice_list(struct store *store, const struct notice_choice *choice, size_t max, struct arena *arena,
                     struct notice_row **out, size_t *n)
{
    struct db_stmt *st = NULL;
    int64_t account = store->account_id, most = (int64_t)max;
    enum err err;

    *n = 0;
    *out = arena_array(arena, max, sizeof(**out));
    if (!*out)
        return ERR_MEMORY;
    if (choice->state < 0)
        err = db_query(store->db, &st, "SELECT " COLUMNS FROM OF_TARGET " ORDER BY d.notice_id, d.target_id LIMIT $3", "iii",
                       account, choice->target_id, most);
    else if (choice->state == NOTICE_WAITING)
        err = db_query(store->db, &st, "SELECT " COLUMNS FROM OF_TARGET " AND d.state = 0 ORDER BY d.made_at_us LIMIT $3", "iii",
                       account, choice->target_id, most);
    else
        err = db_query(store->db, &st, "SELECT " COLUMNS FROM OF_TARGET " AND d.state = $4 ORDER BY d.ended_at_us LIMIT $3", "iiii",
                       account, choice->target_id, most, (int64_t)choice->state);
    return err ? err : read_all(st, max, false, arena, *out, n);
}

enum { TARGETS_SHOWN_MAX = 1000 };

enum err notice_get(struct store *store, struct str id, struct arena *arena, struct notice_row **out, size_t *n)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, "SELECT " COLUMNS ", m.body" FROM " AND d.notice_id = $2 ORDER BY d.target_id LIMIT $3",
                            "isi", store->account_id, id, (int64_t)TARGETS_SHOWN_MAX);

    *n = 0;
    *out = arena_array(arena, TARGETS_SHOWN_MAX, sizeof(**out));
    if (err || !*out) {
        db_done(st);
        return err ? err : ERR_MEMORY;
    }
    err = read_all(st, TARGETS_SHOWN_MAX, true, arena, *out, n);
    return err || *n ? err : ERR_NOT_FOUND;
}

enum err notice_replay(struct store *store, const struct notice_choice *choice, int64_t *n)
{
    static const char by_id[] = "UPDATE notice_delivery SET state = 0, attempts = 0, due_us = $3, made_at_us = $3, ended_at_us = 0"
                                " WHERE account_id = $1 AND ($2 = 0 OR target_id = $2) AND state = 2 AND notice_id = $4";
    static const char all[] = "UPDATE notice_delivery SET state = 0, attempts = 0, due_us = $3, made_at_us = $3, ended_at_us = 0"
                              " WHERE account_id = $1 AND ($2 = 0 OR target_id = $2) AND state = 2";
    int64_t now_us = clock_wall_us(store->clock);
    enum err err = choice->id.len ? db_run(store->db, by_id, "iiis", store->account_id, choice->target_id, now_us, choice->id)
                                  : db_run(store->db, all, "iii", store->account_id, choice->target_id, now_us);

    *n = err ? 0 : db_changes(store->db);
    return err;
}

/* What is dropped, and how many were. */
struct dropping {
    const struct notice_choice *choice;
    int64_t n;
};

/* Inside a transaction. */
static enum err drop(struct store *store, void *arg)
{
    static const char by_id[] =
        "DELETE FROM notice_delivery WHERE account_id = $1 AND ($2 = 0 OR target_id = $2) AND notice_id = $3";
    static const char by_state[] =
        "DELETE FROM notice_delivery WHERE account_id = $1 AND ($2 = 0 OR target_id = $2) AND state = $3";
    struct dropping *d = arg;
    const struct notice_choice *c = d->choice;
    enum err err = c->id.len ? db_run(store->db, by_id, "iis", store->account_id, c->target_id, c->id)
                             : db_run(store->db, by_state, "iii", store->account_id, c->target_id, (int64_t)c->state);

    d->n = err ? 0 : db_changes(store->db);
    return err ? err
               : db_run(store->db,
                        "DELETE FROM notice WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM notice_delivery d"
                        " WHERE d.account_id = $1 AND d.notice_id = notice.id)",
                        "i", store->account_id);
}

enum err notice_drop(struct store *store, const struct notice_choice *choice, int64_t *n)
{
    struct dropping d = {.choice = choice};
    enum err err = store_transact(store, drop, &d);

    *n = err ? 0 : d.n;
    return err;
}

/* Runs one statement of the pair: about one target, or about all. */
static enum err ask(struct store *store, const char *const pair[2], int64_t target_id, int64_t *first, int64_t *second)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, pair[target_id == 0], target_id ? "ii" : "i", store->account_id, target_id);

    if (!err)
        err = db_step(st, &row);
    if (!err && row) {
        *first = db_column_int(st, 0);
        *second = db_column_int(st, 1);
    }
    db_done(st);
    return err;
}

#define PAIR(what, state)                                                                                   \
    {                                                                                                       \
        "SELECT " what " FROM notice_delivery WHERE account_id = $1 AND target_id = $2 AND state = " state, \
            "SELECT " what " FROM notice_delivery WHERE account_id = $1 AND state = " state                 \
    }

enum err notice_count(struct store *store, int64_t target_id, struct notice_counts *out)
{
    static const char *const waiting[] = PAIR("COUNT(*), COUNT(CASE WHEN attempts > 0 THEN 1 END)", "0"),
                             *const oldest[] = PAIR("MIN(made_at_us), 0", "0"), *const dead[] = PAIR("COUNT(*), 0", "2");
    int64_t nothing = 0;
    enum err err;

    *out = (struct notice_counts){.waiting = 0};
    err = ask(store, waiting, target_id, &out->waiting, &out->failing);
    if (!err)
        err = ask(store, oldest, target_id, &out->oldest_at_us, &nothing);
    return err ? err : ask(store, dead, target_id, &out->dead, &nothing);
}
