/* activity.c -- owns the activities: lines of a timeline that change nothing, kept with who they name. */
#include "store/activity.h"

#include "store/row.h"

#define COLUMNS "a.name, a.text, a.url, a.delivery_id, a.source_id, a.at_us, a.received_at_us, a.applied_at_us, a.id"
#define NOBODY "subject = '' AND address = ''"

static void read_line(struct row *r, struct activity_line *line)
{
    line->name = row_str(r);
    line->text = row_str(r);
    line->url = row_str(r);
    line->delivery_id = row_str(r);
    line->source_id = row_int(r);
    line->at_us = row_int(r);
    line->received_at_us = row_int(r);
    line->applied_at_us = row_int(r);
}

/* Takes the statement with its parameters bound. */
static enum err read_lines(struct db_stmt *st, size_t max, struct arena *arena, struct activity_line **out, size_t *n)
{
    bool row = false;
    enum err err;

    *n = 0;
    *out = arena_array(arena, max ? max : 1, sizeof(**out));
    err = *out ? OK : ERR_MEMORY;
    while (!err && *n < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        read_line(&r, &(*out)[(*n)++]);
        err = r.err;
    }
    db_done(st);
    return err;
}

enum err activity_of_source(struct store *store, int64_t source_id, size_t max, struct arena *arena, struct activity_line **out,
                            size_t *n)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st,
                            "SELECT " COLUMNS " FROM activity a WHERE a.account_id = $1 AND a.source_id = $2"
                            " ORDER BY a.at_us DESC, a.id DESC LIMIT $3",
                            "iii", store->account_id, source_id, (int64_t)max);

    if (err)
        return err;
    return read_lines(st, max, arena, out, n);
}

enum err activity_of_contact(struct store *store, struct str contact_id, size_t max, struct arena *arena,
                             struct activity_line **out, size_t *n)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st,
                            "SELECT " COLUMNS " FROM customer c JOIN activity a ON a.account_id = c.account_id"
                            " AND a.source_id = c.source_id AND a.subject = c.subject"
                            " WHERE c.account_id = $1 AND c.contact_id = $2"
                            " UNION SELECT " COLUMNS " FROM address d JOIN activity a ON a.account_id = d.account_id"
                            " AND a.address = d.address WHERE d.account_id = $1 AND d.contact_id = $2"
                            " ORDER BY 8 DESC, 9 DESC LIMIT $3",
                            "isi", store->account_id, contact_id, (int64_t)max);

    if (err)
        return err;
    return read_lines(st, max, arena, out, n);
}

enum err activity_forget(struct store *store)
{
    int64_t before = clock_wall_us(store->clock) - ACTIVITY_DAYS * 86400LL * US_PER_S;
    enum err err = db_run(store->db,
                          "DELETE FROM activity WHERE account_id = $1 AND at_us < $2"
                          " AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.account_id = $1 AND c.source_id = activity.source_id"
                          " AND c.subject = activity.subject AND c.contact_id <> '')"
                          " AND NOT EXISTS (SELECT 1 FROM address d WHERE d.account_id = $1 AND d.address = activity.address"
                          " AND d.contact_id <> '')",
                          "ii", store->account_id, before);

    if (err)
        return err;
    return db_run(store->db,
                  "DELETE FROM activity WHERE account_id = $1 AND " NOBODY
                  " AND at_us < (SELECT b.at_us FROM activity b WHERE b.account_id = $1 AND b.source_id = activity.source_id"
                  " AND b.subject = '' AND b.address = '' ORDER BY b.at_us DESC LIMIT 1 OFFSET $2)",
                  "ii", store->account_id, (int64_t)(ACTIVITIES_KEPT - 1));
}
