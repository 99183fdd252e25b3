/* notice_forget.c -- owns the end of notices: given up after waiting too long, forgotten by age and number (N9). */
#include "store/notice_work.h"
#include "store/row.h"

/* One row of notice_delivery. */
struct old_row {
    struct str notice_id;
    int64_t target_id;
};

static enum err read_rows(struct db_stmt *st, struct arena *arena, struct old_row *rows, size_t *n)
{
    bool row = false;
    enum err err = OK;

    while (*n < NOTICE_FORGET_MAX && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        rows[*n].notice_id = row_str(&r);
        rows[(*n)++].target_id = row_int(&r);
        err = r.err;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

static enum err give_up(struct store *store, const struct notice_keep *keep, struct arena *arena, struct old_row *rows, size_t *n)
{
    int64_t now_us = clock_wall_us(store->clock);
    struct db_stmt *st = NULL;
    enum err err =
        db_query(store->db, &st,
                 "SELECT notice_id, target_id FROM notice_delivery WHERE account_id = $1 AND state = 0 AND made_at_us < $2"
                 " ORDER BY made_at_us LIMIT $3",
                 "iii", store->account_id, now_us - keep->give_up_us, (int64_t)NOTICE_FORGET_MAX);

    if (!err)
        err = read_rows(st, arena, rows, n);
    for (size_t i = 0; i < *n && !err; i++)
        err = db_run(store->db,
                     "UPDATE notice_delivery SET state = 2, claim = '', ended_at_us = $4, last_error = CASE WHEN last_error = ''"
                     " THEN 'it waited too long' ELSE 'it waited too long; last: ' || last_error END"
                     " WHERE account_id = $1 AND notice_id = $2 AND target_id = $3 AND state = 0",
                     "isii", store->account_id, rows[i].notice_id, rows[i].target_id, now_us);
    return err;
}

/* What ended before this is forgotten: the age, or the end of the first that is one too many. */
static enum err find_cut(struct store *store, const struct notice_keep *keep, enum notice_state state, int64_t *cut_us)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT ended_at_us FROM notice_delivery WHERE account_id = $1 AND state = $2 ORDER BY ended_at_us DESC"
                            " LIMIT 1 OFFSET $3",
                            "iii", store->account_id, (int64_t)state, keep->keep_n);

    *cut_us = clock_wall_us(store->clock) - keep->keep_us;
    if (!err)
        err = db_step(st, &row);
    if (!err && row && db_column_int(st, 0) >= *cut_us)
        *cut_us = db_column_int(st, 0) + 1;
    db_done(st);
    return err;
}

static enum err forget_one(struct store *store, const struct old_row *old)
{
    enum err err = db_run(store->db, "DELETE FROM notice_delivery WHERE account_id = $1 AND notice_id = $2 AND target_id = $3",
                          "isi", store->account_id, old->notice_id, old->target_id);

    return err ? err
               : db_run(store->db,
                        "DELETE FROM notice WHERE account_id = $1 AND id = $2 AND NOT EXISTS"
                        " (SELECT 1 FROM notice_delivery WHERE account_id = $1 AND notice_id = $2)",
                        "is", store->account_id, old->notice_id);
}

static enum err forget_state(struct store *store, const struct notice_keep *keep, enum notice_state state, struct arena *arena,
                             struct old_row *rows, size_t *n)
{
    struct db_stmt *st = NULL;
    int64_t cut_us = 0;
    enum err err = find_cut(store, keep, state, &cut_us);

    if (!err)
        err = db_query(store->db, &st,
                       "SELECT notice_id, target_id FROM notice_delivery WHERE account_id = $1 AND state = $2 AND ended_at_us < $3"
                       " ORDER BY ended_at_us LIMIT $4",
                       "iiii", store->account_id, (int64_t)state, cut_us, (int64_t)NOTICE_FORGET_MAX);
    if (!err)
        err = read_rows(st, arena, rows, n);
    for (size_t i = 0; i < *n && !err; i++)
        err = forget_one(store, &rows[i]);
    return err;
}

static enum err forget_effects(struct store *store, bool *more)
{
    int64_t before_us = clock_wall_us(store->clock) - NOTICE_EFFECT_DAYS * 86400LL * US_PER_S;
    enum err err = db_run(store->db,
                          "DELETE FROM notice_effect WHERE account_id = $1 AND effect IN (SELECT effect FROM notice_effect"
                          " WHERE account_id = $1 AND made_at_us < $2 ORDER BY made_at_us LIMIT $3)",
                          "iii", store->account_id, before_us, (int64_t)NOTICE_FORGET_MAX);

    *more |= !err && db_changes(store->db) == NOTICE_FORGET_MAX;
    return err;
}

/* Inside a transaction. */
static enum err forget_all(struct store *store, const struct notice_keep *keep, struct arena *arena, struct notice_forgotten *out)
{
    struct old_row *rows = arena_array(arena, NOTICE_FORGET_MAX, sizeof(*rows));
    enum err err = rows ? give_up(store, keep, arena, rows, &out->given_up) : ERR_MEMORY;

    if (!err)
        err = forget_state(store, keep, NOTICE_DELIVERED, arena, rows, &out->delivered);
    if (!err)
        err = forget_state(store, keep, NOTICE_DEAD, arena, rows, &out->dead);
    out->more = out->given_up == NOTICE_FORGET_MAX || out->delivered == NOTICE_FORGET_MAX || out->dead == NOTICE_FORGET_MAX;
    return err ? err : forget_effects(store, &out->more);
}

enum err notice_forget(struct store *store, const struct notice_keep *keep, struct notice_forgotten *out)
{
    struct arena arena;
    enum err err;

    *out = (struct notice_forgotten){.given_up = 0};
    err = db_begin(store->db);
    if (err)
        return err;
    arena_init(&arena, 4 << 20);
    err = store_end(store, forget_all(store, keep, &arena, out));
    arena_release(&arena);
    return err;
}
