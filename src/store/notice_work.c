/* notice_work.c -- owns the work on notices that wait: claimed by one process at a time, settled, released. */
#include "store/notice_work.h"

#include "base/id.h"
#include "store/notice_rows.h"
#include "store/row.h"

enum { ERROR_BYTES = 300 };

#define KEY "account_id = $1 AND notice_id = $2 AND target_id = $3"

enum err notice_due_targets(struct store *store, size_t max, struct arena *arena, struct notice_due **out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT account_id, " NOTICE_TARGET_COLUMNS " FROM notice_target WHERE enabled = 1"
                            " AND paused_until_us <= $1 AND EXISTS (SELECT 1 FROM notice_delivery d"
                            " WHERE d.account_id = notice_target.account_id AND d.target_id = notice_target.id AND d.state = 0"
                            " AND d.due_us <= $1) ORDER BY account_id, id LIMIT $2",
                            "ii", clock_wall_us(store->clock), (int64_t)max);

    *n = 0;
    *out = arena_array(arena, max, sizeof(**out));
    if (!err && !*out)
        err = ERR_MEMORY;
    while (!err && *n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};
        struct notice_due *due = &(*out)[(*n)++];

        due->account_id = row_int(&r);
        notice_target_read(&r, &due->target);
        err = r.err;
    }
    db_done(st);
    return err;
}

/* What may be claimed, with the due time that it is claimed by. */
static enum err select_due(struct store *store, const struct notice_due *at, struct arena *arena, struct notice_task *tasks,
                           int64_t *due_us, size_t max, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT d.notice_id, d.attempts, d.due_us, m.body FROM notice_delivery d JOIN notice m"
                            " ON m.account_id = d.account_id AND m.id = d.notice_id WHERE d.account_id = $1 AND d.target_id = $2"
                            " AND d.state = 0 AND d.due_us <= $3 ORDER BY d.due_us LIMIT $4",
                            "iiii", at->account_id, at->target.id, clock_wall_us(store->clock), (int64_t)max);

    while (!err && *n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};
        struct notice_task *task = &tasks[*n];

        task->account_id = at->account_id;
        task->target_id = at->target.id;
        task->notice_id = row_str(&r);
        task->attempts = row_int(&r);
        due_us[(*n)++] = row_int(&r);
        task->body = row_str(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

/* Inside a transaction: takes what nobody else took since it was looked at. */
static enum err take(struct store *store, struct notice_task *tasks, const int64_t *due_us, size_t seen, int64_t until_us,
                     size_t *n)
{
    enum err err = OK;

    for (size_t i = 0; i < seen && !err; i++) {
        struct notice_task *task = &tasks[i];

        err = db_run(store->db, "UPDATE notice_delivery SET claim = $4, due_us = $5 WHERE " KEY " AND state = 0 AND due_us = $6",
                     "isisii", task->account_id, task->notice_id, task->target_id, task->claim, until_us, due_us[i]);
        if (!err && db_changes(store->db) > 0)
            tasks[(*n)++] = *task;
    }
    return err;
}

enum err notice_claim(struct store *store, const struct notice_due *at, size_t max, int64_t lease_us, struct arena *arena,
                      struct notice_task **out, size_t *n)
{
    int64_t now_us = clock_wall_us(store->clock), *due_us = arena_array(arena, max, sizeof(*due_us));
    struct id id = id_new(now_us);
    struct str claim = arena_str(arena, id_str(&id));
    size_t seen = 0;
    enum err err;

    *n = 0;
    *out = arena_array(arena, max, sizeof(**out));
    err = *out && due_us && claim.p ? select_due(store, at, arena, *out, due_us, max, &seen) : ERR_MEMORY;
    if (err || seen == 0)
        return err;
    for (size_t i = 0; i < seen; i++)
        (*out)[i].claim = claim;
    err = db_begin(store->db);
    if (!err)
        err = store_end(store, take(store, *out, due_us, seen, now_us + lease_us, n));
    *n = err ? 0 : *n;
    return err;
}

/* --- what came of it ---------------------------------------------------------------------------------------------------- */

int64_t notice_pause_us(const struct notice_pauses *pauses, int64_t failures)
{
    int64_t pause_us = pauses->first_us;

    if (failures < NOTICE_FAILURES_BEFORE_PAUSE)
        return 0;
    for (int64_t i = NOTICE_FAILURES_BEFORE_PAUSE; i < failures && pause_us < pauses->most_us; i++)
        pause_us *= 2;
    return pause_us < pauses->most_us ? pause_us : pauses->most_us;
}

/* False in *ours when somebody else has claimed it since. */
static enum err settle_delivery(struct store *store, const struct notice_outcome *o, int64_t now_us, bool *ours)
{
    bool ends = o->state != NOTICE_WAITING;
    enum err err =
        db_run(store->db,
               "UPDATE notice_delivery SET state = $4, attempts = attempts + $5, due_us = $6, claim = '', last_status = $7,"
               " last_error = $8, ended_at_us = $9 WHERE " KEY " AND state = 0 AND claim = $10",
               "isiiiiisis", o->task->account_id, o->task->notice_id, o->task->target_id, (int64_t)o->state,
               (int64_t)(o->state != NOTICE_DELIVERED), o->due_us, o->status, not_null(str_upto(o->error, ERROR_BYTES)),
               ends ? now_us : 0, o->task->claim);

    *ours = !err && db_changes(store->db) > 0;
    return err;
}

static enum err target_is_well(struct store *store, const struct notice_outcome *o, int64_t now_us)
{
    return db_run(store->db,
                  "UPDATE notice_target SET failures = 0, paused_until_us = 0, last_status = $3, last_error = '', last_at_us = $4,"
                  " delivered_at_us = $4 WHERE account_id = $1 AND id = $2",
                  "iiii", o->task->account_id, o->task->target_id, o->status, now_us);
}

static enum err failures_of(struct store *store, const struct notice_outcome *o, int64_t *failures, int64_t *paused_until_us)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, "SELECT failures, paused_until_us FROM notice_target WHERE account_id = $1 AND id = $2",
                            "ii", o->task->account_id, o->task->target_id);

    if (!err)
        err = db_step(st, &row);
    *failures = !err && row ? db_column_int(st, 0) : 0;
    *paused_until_us = !err && row ? db_column_int(st, 1) : 0;
    db_done(st);
    return err;
}

/* Attempts that were under way together when it began to fail count as one step of the pause. */
static enum err target_failed(struct store *store, const struct notice_pauses *pauses, const struct notice_outcome *o,
                              int64_t now_us)
{
    int64_t failures = 0, until_us = 0;
    enum err err = failures_of(store, o, &failures, &until_us);

    if (err)
        return err;
    if (until_us <= now_us)
        until_us = now_us + notice_pause_us(pauses, ++failures);
    return db_run(
        store->db,
        "UPDATE notice_target SET failures = $3, paused_until_us = $4, last_status = $5, last_error = $6, last_at_us = $7,"
        " enabled = CASE WHEN $8 = '' THEN enabled ELSE 0 END,"
        " disabled_why = CASE WHEN $8 = '' THEN disabled_why ELSE $8 END WHERE account_id = $1 AND id = $2",
        "iiiiisis", o->task->account_id, o->task->target_id, failures, until_us > now_us ? until_us : 0, o->status,
        not_null(str_upto(o->error, ERROR_BYTES)), now_us, not_null(o->disable));
}

static enum err settle_all(struct store *store, const struct notice_pauses *pauses, const struct notice_outcome *outcomes, size_t n)
{
    int64_t now_us = clock_wall_us(store->clock);
    enum err err = OK;

    for (size_t i = 0; i < n && !err; i++) {
        bool ours = false;

        err = settle_delivery(store, &outcomes[i], now_us, &ours);
        if (!err && ours)
            err = outcomes[i].state == NOTICE_DELIVERED ? target_is_well(store, &outcomes[i], now_us)
                                                        : target_failed(store, pauses, &outcomes[i], now_us);
    }
    return err;
}

enum err notice_settle(struct store *store, const struct notice_pauses *pauses, const struct notice_outcome *outcomes, size_t n)
{
    enum err err = n ? db_begin(store->db) : OK;

    return err || n == 0 ? err : store_end(store, settle_all(store, pauses, outcomes, n));
}

enum err notice_release(struct store *store, const struct notice_task *task)
{
    return db_run(store->db, "UPDATE notice_delivery SET claim = '', due_us = $4 WHERE " KEY " AND state = 0 AND claim = $5",
                  "isiis", task->account_id, task->notice_id, task->target_id, clock_wall_us(store->clock), task->claim);
}
