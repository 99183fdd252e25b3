/* erase_task.c -- owns what an erasure leaves to be done outside of the database: in the queue, and in files (X2). */
#include "store/erase_task.h"

#include "store/privacy.h"
#include "store/row.h"

static enum err put(struct store *store, int64_t account_id, int64_t source_id, struct str address, struct str request)
{
    return db_run(
        store->db,
        "INSERT INTO erase_task (account_id, source_id, address, request_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        "iiss", account_id, source_id, not_null(address), not_null(request));
}

enum err erase_task_put(struct store *store, int64_t source_id, struct str address, struct str request)
{
    return source_id || address.len ? put(store, store->account_id, source_id, address, request) : OK;
}

enum err erase_task_list(struct store *store, size_t max, struct arena *arena, struct erase_task **out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err;

    *n = 0;
    *out = arena_array(arena, max ? max : 1, sizeof(**out));
    err = *out ? db_query(store->db, &st,
                          "SELECT account_id, source_id, address, request_id FROM erase_task WHERE source_id <> 0 OR address <> ''"
                          " LIMIT $1",
                          "i", (int64_t)max)
               : ERR_MEMORY;
    while (!err && *n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        (*out)[*n].account_id = row_int(&r);
        (*out)[*n].source_id = row_int(&r);
        (*out)[*n].address = row_str(&r);
        (*out)[(*n)++].request = row_str(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

struct searched {
    const struct erase_task *tasks;
    size_t n;
};

static enum err note_searched(struct store *store, void *arg)
{
    const struct searched *s = arg;
    enum err err = OK;

    for (size_t i = 0; i < s->n && !err; i++) {
        const struct erase_task *task = &s->tasks[i];

        err = db_run(store->db, "DELETE FROM erase_task WHERE account_id = $1 AND source_id = $2 AND address = $3", "iis",
                     task->account_id, task->source_id, not_null(task->address));
        if (!err)
            err = privacy_searched(store, task->account_id, task->request, task->samples, task->letters);
    }
    return err ? err : put(store, ACCOUNT_DEFAULT, 0, STR_NONE, STR_NONE); /* the files are those of all accounts */
}

enum err erase_task_searched(struct store *store, const struct erase_task *tasks, size_t n)
{
    return store_transact(store, note_searched, &(struct searched){.tasks = tasks, .n = n});
}

enum err erase_files_due(struct store *store, bool *due)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, "SELECT 1 FROM erase_task WHERE account_id = $1 AND source_id = 0 AND address = ''",
                            "i", (int64_t)ACCOUNT_DEFAULT);

    *due = false;
    if (err)
        return err;
    err = db_step(st, due);
    db_done(st);
    return err;
}

static enum err note_cleaned(struct store *store, void *arg)
{
    enum err err = db_run(store->db, "DELETE FROM erase_task WHERE account_id = $1 AND source_id = 0 AND address = ''", "i",
                          (int64_t)ACCOUNT_DEFAULT);

    (void)arg;
    return err ? err : privacy_cleaned(store);
}

enum err erase_files_cleaned(struct store *store)
{
    return store_transact(store, note_cleaned, NULL);
}
