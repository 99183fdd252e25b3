/* sent.c -- owns what triggers set off for one contact, for reading: firings, cycle starts, notices. */
#include "store/sent.h"

#include "store/row.h"

#define OF_CONTACT(table)                                                                        \
    " WHERE " table ".account_id = $1 AND (" table ".contact_id = $2 OR " table ".contact_id IN" \
    " (SELECT id FROM contact WHERE account_id = $1 AND alias_of = $2))"

static const struct {
    const char *name, *sql;
} kinds[SENT__COUNT] = {
    [SENT_TRIGGER] = {"trigger", "SELECT t.name, f.did, f.fired_us FROM trigger_firing f JOIN event_trigger t"
                                 " ON t.account_id = f.account_id AND t.id = f.trigger_id" OF_CONTACT(
                                     "f") " ORDER BY f.fired_us DESC LIMIT $3"},
    [SENT_CYCLE] = {"cycle",
                    "SELECT c.cycle, c.because, c.at_us FROM cycle_start c" OF_CONTACT("c") " ORDER BY c.at_us DESC LIMIT $3"},
    [SENT_NOTICE] = {"notice",
                     "SELECT m.type, m.body, m.made_at_us FROM notice m" OF_CONTACT("m") " ORDER BY m.made_at_us DESC LIMIT $3"},
};

const char *sent_kind_name(enum sent_kind kind)
{
    return kinds[kind].name;
}

static enum err read_kind(struct store *store, enum sent_kind kind, struct str contact_id, size_t max, struct arena *arena,
                          struct sent *out, size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    size_t before = *n;
    enum err err = db_query(store->db, &st, kinds[kind].sql, "isi", store->account_id, contact_id, (int64_t)max);

    if (err)
        return err;
    while (*n - before < max && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        out[*n].kind = kind;
        out[*n].name = row_str(&r);
        out[*n].text = row_str(&r);
        out[(*n)++].at_us = row_int(&r);
        err = r.err;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

enum err sent_of_contact(struct store *store, struct str contact_id, size_t max, struct arena *arena, struct sent **out, size_t *n)
{
    enum err err;

    *n = 0;
    *out = arena_array(arena, SENT__COUNT * (max ? max : 1), sizeof(**out));
    err = *out ? OK : ERR_MEMORY;
    for (enum sent_kind kind = SENT_TRIGGER; kind < SENT__COUNT && !err; kind++)
        err = read_kind(store, kind, contact_id, max, arena, *out, n);
    return err;
}
