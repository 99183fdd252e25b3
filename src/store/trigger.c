/* trigger.c -- owns the triggers in the database: added, listed, read by the drainer. */
#include "store/trigger.h"

#include "base/log.h"
#include "store/row.h"

#define LIVING " removed_at_us IS NULL"

static enum err ask(struct store *store, const char *sql, int64_t *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, sql, "i", store->account_id);

    if (!err)
        err = db_step(st, &row);
    if (!err)
        *out = db_column_int(st, 0);
    db_done(st);
    return err;
}

/* What is added. */
struct adding {
    struct str name, conditions, actions;
    enum happening_kind on;
};

static enum err insert(struct store *store, void *arg)
{
    const struct adding *a = arg;
    int64_t n = 0, id = 0;
    enum err err = ask(store, "SELECT count(*) FROM event_trigger WHERE account_id = $1 AND" LIVING, &n);

    if (!err && n >= TRIGGERS_MAX)
        return ERR_TOO_MANY;
    if (!err)
        err = ask(store, "SELECT coalesce(max(id), 0) FROM event_trigger WHERE account_id = $1", &id);
    if (err)
        return err;
    return db_run(store->db,
                  "INSERT INTO event_trigger (account_id, id, name, kind, conditions, actions, enabled, created_at_us, forgotten)"
                  " VALUES ($1, $2, $3, $4, $5, $6, 1, $7, 0)",
                  "iissssi", store->account_id, id + 1, a->name, str_of(happening_name(a->on)), a->conditions, a->actions,
                  clock_wall_us(store->clock));
}

enum err trigger_add(struct store *store, struct str name, enum happening_kind on, struct str conditions, struct str actions)
{
    struct adding adding = {.name = name, .on = on, .conditions = conditions, .actions = actions};

    return store_transact(store, insert, &adding);
}

static void read_trigger(struct row *r, struct trigger_row *t)
{
    t->id = row_int(r);
    t->name = row_str(r);
    t->kind = row_str(r);
    t->conditions = row_str(r);
    t->actions = row_str(r);
    t->enabled = row_int(r) != 0;
    t->created_us = row_int(r);
    t->fired = (uint64_t)row_int(r);
    t->last_fired_us = row_int(r);
}

#define COLUMNS                                                                                                       \
    "id, name, kind, conditions, actions, enabled, created_at_us, forgotten + (SELECT count(*) FROM trigger_firing f" \
    " WHERE f.account_id = t.account_id AND f.trigger_id = t.id), (SELECT max(fired_us) FROM trigger_firing f"        \
    " WHERE f.account_id = t.account_id AND f.trigger_id = t.id)"

enum err trigger_list(struct store *store, struct arena *arena, struct trigger_row **out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err;

    *n = 0;
    *out = arena_array(arena, TRIGGERS_MAX, sizeof(**out));
    err =
        *out ? db_query(store->db, &st, "SELECT " COLUMNS " FROM event_trigger t WHERE account_id = $1 AND" LIVING " ORDER BY name",
                        "i", store->account_id)
             : ERR_MEMORY;
    while (!err && *n < TRIGGERS_MAX && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        read_trigger(&r, &(*out)[(*n)++]);
        err = r.err;
    }
    db_done(st);
    return err;
}

enum err trigger_find(struct store *store, struct str name, struct arena *arena, struct trigger_row *out)
{
    struct db_stmt *st = NULL;
    bool found = false;
    enum err err =
        db_query(store->db, &st, "SELECT " COLUMNS " FROM event_trigger t WHERE account_id = $1 AND name = $2 AND" LIVING, "is",
                 store->account_id, name);

    if (!err)
        err = db_step(st, &found);
    if (!err && found) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        read_trigger(&r, out);
        err = r.err;
    }
    db_done(st);
    return err ? err : found ? OK : ERR_NOT_FOUND;
}

static enum err changed_one(struct store *store, enum err err)
{
    return err ? err : db_changes(store->db) > 0 ? OK : ERR_NOT_FOUND;
}

enum err trigger_set_enabled(struct store *store, struct str name, bool enabled)
{
    return changed_one(store,
                       db_run(store->db, "UPDATE event_trigger SET enabled = $3 WHERE account_id = $1 AND name = $2 AND" LIVING,
                              "isi", store->account_id, name, (int64_t)enabled));
}

enum err trigger_remove(struct store *store, struct str name)
{
    return changed_one(
        store,
        db_run(store->db, "UPDATE event_trigger SET enabled = 0, removed_at_us = $3 WHERE account_id = $1 AND name = $2 AND" LIVING,
               "isi", store->account_id, name, clock_wall_us(store->clock)));
}

/* False when it cannot be read. */
static bool compile(struct row *r, struct arena *arena, struct trigger *t, enum err *err)
{
    struct buf why = BUF_INIT(1000);
    struct str kind, conditions, actions;

    *t = (struct trigger){.id = row_int(r), .enabled = true};
    t->name = row_str(r);
    kind = row_str(r);
    conditions = row_str(r);
    actions = row_str(r);
    *err = r->err ? r->err : happening_parse(kind, &t->on);
    if (!*err)
        *err = trigger_read(conditions, actions, arena, t, &why);
    if (*err == ERR_NOT_FOUND || *err == ERR_CONFIG)
        LOG(LOG_ERROR, "trigger not readable, it does not fire", KV_STR("trigger", t->name), KV_STR("kind", kind),
            KV_TEXT("why", buf_text(&why)));
    buf_release(&why);
    return !*err;
}

enum err trigger_load_set(struct store *store, struct arena *arena, struct trigger_set *out)
{
    struct db_stmt *st = NULL;
    bool more = false;
    enum err err = db_query(store->db, &st,
                            "SELECT id, name, kind, conditions, actions FROM event_trigger WHERE account_id = $1 AND enabled = 1"
                            " ORDER BY id LIMIT $2",
                            "ii", store->account_id, (int64_t)TRIGGERS_MAX);

    *out = (struct trigger_set){.account_id = store->account_id};
    while (!err && !(err = db_step(st, &more)) && more) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        if (!out->at)
            out->at = arena_array(arena, TRIGGERS_MAX, sizeof(*out->at));
        if (!out->at)
            err = ERR_MEMORY;
        else if (compile(&r, arena, &out->at[out->n], &err))
            out->kinds |= HAPPENING_BIT(out->at[out->n++].on);
        if (err != ERR_MEMORY)
            err = OK;
    }
    db_done(st);
    return err;
}
