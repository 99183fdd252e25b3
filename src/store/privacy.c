/* privacy.c -- owns what persons asked for under the law: their data, or to be erased; and what was done about it (X2, X5). */
#include "store/privacy.h"

#include "store/row.h"

#define COLUMNS                                                                                                         \
    "id, kind, source_id, delivery_id, asked_by, asked_us, done_us, contact_id, tombstones, removed, samples, letters," \
    " searched_us, cleaned_us"
enum { JSON_BYTES = 1 << 20 };

static const char *const kind_names[PRIVACY__COUNT] = {
    [PRIVACY_DATA] = "data", [PRIVACY_ERASE] = "erase", [PRIVACY_SOURCE_ERASE] = "erase_source"};

const char *privacy_kind_name(enum privacy_kind kind)
{
    return kind_names[kind];
}

/* --- made ------------------------------------------------------------------------------------------------------------- */

static enum err put(struct store *store, const struct privacy_ask *ask, const struct privacy_request *r)
{
    return db_run(store->db,
                  "INSERT INTO privacy_request (account_id, " COLUMNS ")"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, 0)",
                  "isiissiisss", store->account_id, r->id, (int64_t)r->kind, ask->source_id, not_null(ask->delivery_id),
                  not_null(ask->by), ask->asked_us, r->done_us, not_null(r->contact_id), r->tombstones, r->removed);
}

enum err privacy_data_asked(struct store *store, const struct privacy_ask *ask, struct str contact_id, struct str tombstone)
{
    struct id id = id_new(clock_wall_us(store->clock));
    struct buf text = BUF_INIT(512);
    enum err err = tombstone.len ? buf_printf(&text, "[\"%.*s\"]", STR_ARG(tombstone)) : buf_append(&text, STR("[]"));

    if (!err)
        err = put(store, ask,
                  &(struct privacy_request){.id = id_str(&id),
                                            .kind = PRIVACY_DATA,
                                            .contact_id = contact_id,
                                            .tombstones = buf_str(&text),
                                            .removed = STR("{}")});
    buf_release(&text);
    return err;
}

enum err privacy_erased(struct store *store, const struct privacy_ask *ask, enum privacy_kind kind, const struct id *id,
                        const json_t *tombstones, const json_t *removed)
{
    struct buf dead = BUF_INIT(JSON_BYTES), counts = BUF_INIT(JSON_BYTES);
    enum err err = json_print(tombstones, &dead);

    if (!err)
        err = json_print(removed, &counts);
    if (!err)
        err = put(store, ask,
                  &(struct privacy_request){.id = id_str(id),
                                            .kind = kind,
                                            .done_us = clock_wall_us(store->clock),
                                            .tombstones = buf_str(&dead),
                                            .removed = buf_str(&counts)});
    buf_release(&counts);
    buf_release(&dead);
    return err;
}

/* --- done ------------------------------------------------------------------------------------------------------------- */

enum err privacy_data_given(struct store *store, struct str contact_id, size_t *closed)
{
    enum err err = db_run(store->db,
                          "UPDATE privacy_request SET done_us = $3 WHERE account_id = $1 AND contact_id <> '' AND contact_id = $2"
                          " AND done_us = 0",
                          "isi", store->account_id, contact_id, clock_wall_us(store->clock));

    *closed = err ? 0 : (size_t)db_changes(store->db);
    return err;
}

enum err privacy_close(struct store *store, struct str id)
{
    struct privacy_request r;
    struct arena arena;
    enum err err;

    arena_init(&arena, JSON_BYTES * 4);
    err = privacy_get(store, id, &arena, &r);
    if (!err && r.done_us)
        err = ERR_EXISTS;
    if (!err)
        err = db_run(store->db, "UPDATE privacy_request SET done_us = $3 WHERE account_id = $1 AND id = $2", "isi",
                     store->account_id, id, clock_wall_us(store->clock));
    arena_release(&arena);
    return err;
}

enum err privacy_searched(struct store *store, int64_t account_id, struct str id, size_t samples, size_t letters)
{
    if (id.len == 0)
        return OK;
    return db_run(store->db,
                  "UPDATE privacy_request SET samples = samples + $3, letters = letters + $4, searched_us = $5"
                  " WHERE account_id = $1 AND id = $2",
                  "isiii", account_id, id, (int64_t)samples, (int64_t)letters, clock_wall_us(store->clock));
}

enum err privacy_cleaned(struct store *store)
{
    return db_run(store->db, "UPDATE privacy_request SET cleaned_us = $1 WHERE searched_us > 0 AND cleaned_us = 0", "i",
                  clock_wall_us(store->clock));
}

/* --- read ------------------------------------------------------------------------------------------------------------- */

static void read_request(struct row *r, struct privacy_request *out)
{
    out->id = row_str(r);
    out->kind = (enum privacy_kind)row_int(r);
    out->source_id = row_int(r);
    out->delivery_id = row_str(r);
    out->asked_by = row_str(r);
    out->asked_us = row_int(r);
    out->done_us = row_int(r);
    out->contact_id = row_str(r);
    out->tombstones = row_str(r);
    out->removed = row_str(r);
    out->samples = row_int(r);
    out->letters = row_int(r);
    out->searched_us = row_int(r);
    out->cleaned_us = row_int(r);
}

enum err privacy_list(struct store *store, bool open, struct str before, size_t max, struct arena *arena,
                      struct privacy_request **out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err;

    *n = 0;
    *out = arena_array(arena, max ? max : 1, sizeof(**out));
    err = *out ? db_query(store->db, &st,
                          "SELECT " COLUMNS " FROM privacy_request WHERE account_id = $1 AND ($2 = '' OR id < $2)"
                          " AND ($3 = 0 OR done_us = 0) ORDER BY id DESC LIMIT $4",
                          "isii", store->account_id, not_null(before), (int64_t)open, (int64_t)max)
               : ERR_MEMORY;
    if (err)
        return err;
    while (*n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        read_request(&r, &(*out)[(*n)++]);
        err = r.err;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

enum err privacy_get(struct store *store, struct str id, struct arena *arena, struct privacy_request *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, "SELECT " COLUMNS " FROM privacy_request WHERE account_id = $1 AND id = $2", "is",
                            store->account_id, id);

    if (err)
        return err;
    err = db_step(st, &row);
    if (!err && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        read_request(&r, out);
        err = r.err;
    }
    db_done(st);
    return err ? err : row ? OK : ERR_NOT_FOUND;
}
