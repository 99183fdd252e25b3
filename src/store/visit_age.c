/* visit_age.c -- owns how long, and how many, visits of those who are known are kept. */
#include "store/visit.h"

/* Whose visits: of a customer or guest by subject, or of a visitor, told before anybody knew who it was. */
static const struct {
    const char *groups, *forget;
} kinds[] = {
    {"SELECT account_id, source_id, subject, count(*), min(at_us) FROM visit WHERE subject <> ''"
     " AND (account_id, subject, source_id) > ($1, $3, $2) GROUP BY account_id, subject, source_id"
     " ORDER BY account_id, subject, source_id LIMIT $4",
     "DELETE FROM visit WHERE account_id = $1 AND source_id = $2 AND subject = $3 AND (at_us < $4 OR at_us <"
     " (SELECT b.at_us FROM visit b WHERE b.account_id = $1 AND b.source_id = $2 AND b.subject = $3"
     " ORDER BY b.at_us + 0 DESC LIMIT 1 OFFSET $5))"},
    {"SELECT account_id, source_id, visitor_id, count(*), min(at_us) FROM visit WHERE subject = ''"
     " AND (account_id, source_id, visitor_id) > ($1, $2, $3) GROUP BY account_id, source_id, visitor_id"
     " ORDER BY account_id, source_id, visitor_id LIMIT $4",
     "DELETE FROM visit WHERE account_id = $1 AND source_id = $2 AND visitor_id = $3 AND subject = '' AND (at_us < $4 OR at_us <"
     " (SELECT b.at_us FROM visit b WHERE b.account_id = $1 AND b.source_id = $2 AND b.visitor_id = $3 AND b.subject = ''"
     " ORDER BY b.at_us + 0 DESC LIMIT 1 OFFSET $5))"},
};
/* "+ 0" keeps the back end from walking an index by time through everybody's visits. */
enum { KINDS = sizeof(kinds) / sizeof(*kinds), KEY_BYTES = 8192 };

void visit_walk_init(struct visit_walk *walk)
{
    *walk = (struct visit_walk){.key = BUF_INIT(KEY_BYTES)};
}

void visit_walk_release(struct visit_walk *walk)
{
    buf_release(&walk->key);
}

/* Reads some groups that come after where the walk is; those with too much in them are put on the list. */
static enum err next_groups(struct store *store, struct visit_walk *walk, const struct visit_keep *keep, struct arena *arena,
                            struct visit_group *out, size_t *n, size_t *read)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, kinds[walk->kind].groups, "iisi", walk->account_id, walk->source_id,
                            buf_str(&walk->key), (int64_t)VISIT_GROUPS_MAX);

    *n = *read = 0;
    if (err)
        return err;
    while (!(err = db_step(st, &row)) && row) {
        struct visit_group g = {.account_id = db_column_int(st, 0), .source_id = db_column_int(st, 1)};
        bool over = db_column_int(st, 3) > keep->most || db_column_int(st, 4) < keep->before_us;

        ++*read;
        g.key = arena_str(arena, db_column_str(st, 2));
        err = g.key.p ? OK : ERR_MEMORY;
        if (err)
            break;
        if (over)
            out[(*n)++] = g;
        walk->last = g;
    }
    db_done(st);
    return err;
}

/* The next turn begins behind the last group; past the end with the other kind. */
static enum err move(struct visit_walk *walk, size_t read)
{
    if (read < VISIT_GROUPS_MAX) {
        walk->kind = (walk->kind + 1) % KINDS;
        walk->account_id = walk->source_id = 0;
        buf_clear(&walk->key);
        return OK;
    }
    walk->account_id = walk->last.account_id;
    walk->source_id = walk->last.source_id;
    buf_clear(&walk->key);
    return buf_append(&walk->key, walk->last.key);
}

enum err visit_forget_known(struct store *store, struct visit_walk *walk, const struct visit_keep *keep)
{
    struct visit_group *groups;
    struct arena arena;
    size_t n = 0, read = 0;
    enum err err;

    arena_init(&arena, (size_t)VISIT_GROUPS_MAX * KEY_BYTES);
    groups = arena_array(&arena, VISIT_GROUPS_MAX, sizeof(*groups));
    err = groups ? next_groups(store, walk, keep, &arena, groups, &n, &read) : ERR_MEMORY;
    for (size_t i = 0; i < n && !err; i++)
        err = db_run(store->db, kinds[walk->kind].forget, "iisii", groups[i].account_id, groups[i].source_id, groups[i].key,
                     keep->before_us, keep->most - 1);
    if (!err)
        err = move(walk, read);
    arena_release(&arena);
    return err;
}
