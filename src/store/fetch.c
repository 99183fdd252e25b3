/* fetch.c -- owns the fetch tasks: objects of a source of which a delivery said only that they changed. */
#include "store/fetch.h"

#include "store/row.h"

#define COLUMNS "source_id, object, object_id, generation, wanted_at_us, due_at_us, attempts, last_error, gone_at_us"
#define KEY "account_id = $1 AND source_id = $2 AND object = $3 AND object_id = $4"

enum err fetch_put(struct store *store, int64_t source_id, struct str object, struct str id)
{
    int64_t now = clock_wall_us(store->clock);

    return db_run(store->db,
                  "INSERT INTO fetch_task (account_id, source_id, object, object_id, generation, wanted_at_us, due_at_us, attempts,"
                  " last_error, gone_at_us) VALUES ($1, $2, $3, $4, 1, $5, $5, 0, '', 0)"
                  " ON CONFLICT (account_id, source_id, object, object_id) DO UPDATE SET"
                  " generation = fetch_task.generation + 1,"
                  " wanted_at_us = CASE WHEN fetch_task.gone_at_us > 0 THEN excluded.wanted_at_us ELSE fetch_task.wanted_at_us END,"
                  " due_at_us = CASE WHEN fetch_task.gone_at_us > 0 THEN excluded.due_at_us ELSE fetch_task.due_at_us END,"
                  " gone_at_us = 0",
                  "iissi", store->account_id, source_id, object, id, now);
}

static void read_task(struct row *r, struct fetch_task *task)
{
    task->source_id = row_int(r);
    task->object = row_str(r);
    task->id = row_str(r);
    task->generation = row_int(r);
    task->wanted_at_us = row_int(r);
    task->due_at_us = row_int(r);
    task->attempts = row_int(r);
    task->last_error = row_str(r);
    task->gone_at_us = row_int(r);
}

/* Takes the statement with its parameters bound. */
static enum err read_tasks(struct db_stmt *st, size_t max, struct arena *arena, struct fetch_task **out, size_t *n)
{
    bool row = false;
    enum err err;

    *n = 0;
    *out = arena_array(arena, max ? max : 1, sizeof(**out));
    err = *out ? OK : ERR_MEMORY;
    while (!err && *n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        read_task(&r, &(*out)[(*n)++]);
        err = r.err;
    }
    db_done(st);
    return err;
}

static enum err select_due(struct store *store, size_t max, struct arena *arena, struct fetch_task **out, size_t *n)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st,
                            "SELECT " COLUMNS " FROM fetch_task WHERE account_id = $1 AND gone_at_us = 0 AND due_at_us <= $2"
                            " AND EXISTS (SELECT 1 FROM source s WHERE s.account_id = $1 AND s.id = fetch_task.source_id"
                            " AND s.enabled = 1 AND s.removed_at_us IS NULL) ORDER BY due_at_us LIMIT $3",
                            "iii", store->account_id, clock_wall_us(store->clock), (int64_t)max);

    if (err)
        return err;
    return read_tasks(st, max, arena, out, n);
}

enum err fetch_claim(struct store *store, size_t max, int64_t lease_us, struct arena *arena, struct fetch_task **out, size_t *n)
{
    int64_t until = clock_wall_us(store->clock) + lease_us;
    enum err err = db_begin(store->db);

    *n = 0;
    if (err)
        return err;
    err = select_due(store, max, arena, out, n);
    for (size_t i = 0; i < *n && !err; i++) {
        err = db_run(store->db, "UPDATE fetch_task SET due_at_us = $5 WHERE " KEY, "iissi", store->account_id, (*out)[i].source_id,
                     (*out)[i].object, (*out)[i].id, until);
        (*out)[i].due_at_us = until;
    }
    err = store_end(store, err);
    *n = err ? 0 : *n;
    return err;
}

/* It was asked for again while it was fetched: due at once. Nothing happens to a task that is no more. */
static enum err fetch_again(struct store *store, const struct fetch_task *task)
{
    int64_t now = clock_wall_us(store->clock);

    return db_run(store->db,
                  "UPDATE fetch_task SET due_at_us = $6, wanted_at_us = $6, attempts = 0, last_error = '' WHERE " KEY
                  " AND generation <> $5 AND gone_at_us = 0",
                  "iissii", store->account_id, task->source_id, task->object, task->id, task->generation, now);
}

enum err fetch_done(struct store *store, const struct fetch_task *task)
{
    enum err err = db_run(store->db, "DELETE FROM fetch_task WHERE " KEY " AND generation = $5", "iissi", store->account_id,
                          task->source_id, task->object, task->id, task->generation);

    return err || db_changes(store->db) > 0 ? err : fetch_again(store, task);
}

enum err fetch_gone(struct store *store, const struct fetch_task *task)
{
    enum err err =
        db_run(store->db, "UPDATE fetch_task SET gone_at_us = $6, attempts = 0, last_error = '' WHERE " KEY " AND generation = $5",
               "iissii", store->account_id, task->source_id, task->object, task->id, task->generation, clock_wall_us(store->clock));

    return err || db_changes(store->db) > 0 ? err : fetch_again(store, task);
}

static int64_t backoff_s(int64_t attempts, int64_t retry_after_s)
{
    int64_t wait = FETCH_BACKOFF_S;

    for (int64_t i = 0; i < attempts && wait < FETCH_BACKOFF_MAX_S; i++)
        wait *= 2;
    wait = wait > FETCH_BACKOFF_MAX_S ? FETCH_BACKOFF_MAX_S : wait;
    retry_after_s = retry_after_s > FETCH_BACKOFF_MAX_S ? FETCH_BACKOFF_MAX_S : retry_after_s;
    return retry_after_s > wait ? retry_after_s : wait;
}

enum err fetch_failed(struct store *store, const struct fetch_task *task, struct str why, int64_t retry_after_s)
{
    int64_t due = clock_wall_us(store->clock) + backoff_s(task->attempts, retry_after_s) * US_PER_S;

    return db_run(store->db, "UPDATE fetch_task SET due_at_us = $5, attempts = attempts + 1, last_error = $6 WHERE " KEY, "iissis",
                  store->account_id, task->source_id, task->object, task->id, due, not_null(str_upto(why, FETCH_ERROR_BYTES)));
}

enum err fetch_count(struct store *store, int64_t source_id, struct fetch_counts *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT COUNT(CASE WHEN gone_at_us = 0 THEN 1 END),"
                            " COUNT(CASE WHEN gone_at_us = 0 AND attempts > 0 THEN 1 END),"
                            " COUNT(CASE WHEN gone_at_us > 0 THEN 1 END), MIN(CASE WHEN gone_at_us = 0 THEN wanted_at_us END)"
                            " FROM fetch_task WHERE account_id = $1 AND (source_id = $2 OR $2 = 0)",
                            "ii", store->account_id, source_id);

    *out = (struct fetch_counts){.waiting = 0};

    if (err)
        return err;
    err = db_step(st, &row);
    if (!err && row)
        *out = (struct fetch_counts){.waiting = db_column_int(st, 0),
                                     .failing = db_column_int(st, 1),
                                     .gone = db_column_int(st, 2),
                                     .oldest_at_us = db_column_int(st, 3)};
    db_done(st);
    return err;
}

enum err fetch_list(struct store *store, int64_t source_id, size_t max, struct arena *arena, struct fetch_task **out, size_t *n)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st,
                            "SELECT " COLUMNS " FROM fetch_task WHERE account_id = $1 AND (source_id = $2 OR $2 = 0)"
                            " ORDER BY gone_at_us, due_at_us, source_id, object, object_id LIMIT $3",
                            "iii", store->account_id, source_id, (int64_t)max);

    if (err)
        return err;
    return read_tasks(st, max, arena, out, n);
}

enum err fetch_forget(struct store *store)
{
    int64_t before = clock_wall_us(store->clock) - FETCH_GONE_DAYS * 86400LL * US_PER_S;
    enum err err = db_run(store->db, "DELETE FROM fetch_task WHERE account_id = $1 AND gone_at_us > 0 AND gone_at_us < $2", "ii",
                          store->account_id, before);

    if (err)
        return err;
    return db_run(store->db,
                  "DELETE FROM fetch_task WHERE account_id = $1 AND EXISTS (SELECT 1 FROM source s WHERE s.account_id = $1"
                  " AND s.id = fetch_task.source_id AND s.removed_at_us IS NOT NULL)",
                  "i", store->account_id);
}
