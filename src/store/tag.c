/* tag.c -- owns the tags of all contacts, read for lists of them: which there are, who has them, who says so (F5, M7). */
#include "store/tag.h"

#include "store/row.h"
#include "store/scope_read.h"

#include <stdlib.h>

enum { CONTACT_BYTES_MAX = 64 << 20 };

/* The contact in hand: its fields about tags are collected until the next contact's begin. */
struct collecting {
    struct arena arena;
    struct scope facts;
    struct str id;
    tag_visit *visit;
    void *arg;
};

static enum err finish(struct collecting *c)
{
    struct contact_view view = {.id = c->id};
    struct view_input in = {.id = c->id, .facts = &c->facts, .arena = &c->arena};
    enum err err = c->id.len ? view_tags(&in, &view) : OK;

    if (!err && view.n_tags)
        err = c->visit(c->arg, &view);
    arena_reset(&c->arena);
    c->facts = (struct scope){.arena = &c->arena};
    c->id = STR_NONE;
    return err;
}

static enum err take_row(struct collecting *c, struct db_stmt *st)
{
    struct row r = {.st = st, .arena = &c->arena, .column = 0, .err = OK};
    struct str id = db_column_str(st, 0);
    enum err err = c->id.len && !str_eq(c->id, id) ? finish(c) : OK;

    if (err)
        return err;
    id = row_str(&r);
    if (c->id.len == 0)
        c->id = id;
    err = scope_read_row(&c->facts, &r, FACT_FIELD);
    return err ? err : r.err;
}

enum err tag_each(struct store *store, tag_visit *visit, void *arg)
{
    struct collecting c = {.visit = visit, .arg = arg};
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT c.contact_id, f.source_id, f.subject, f.name, f.is_set, f.value, f.at_us, f.rank, f.receipt"
                            " FROM customer_field f CROSS JOIN customer c WHERE f.account_id = $1 AND substr(f.name, 1, 4) = '.tag'"
                            " AND c.account_id = f.account_id AND c.source_id = f.source_id AND c.subject = f.subject"
                            " AND c.contact_id <> '' ORDER BY c.contact_id",
                            "i", store->account_id);

    if (err)
        return err;
    arena_init(&c.arena, CONTACT_BYTES_MAX);
    c.facts.arena = &c.arena;
    while (!(err = db_step(st, &row)) && row && !(err = take_row(&c, st)))
        ;
    db_done(st);
    if (!err)
        err = finish(&c);
    arena_release(&c.arena);
    return err;
}

/* -- counts ------------------------------------------------------------------------------------------------------------- */

enum { SLOTS = 1 << 19 }; /* more than twice TAG_COUNTS_MAX */

struct counting {
    struct arena *arena;
    struct tag_count *rows; /* in order of their first sight */
    size_t n;
    uint32_t *slots; /* number of the row, from 1; 0 = free */
};

static size_t slot_of(struct str tag, int64_t source_id)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ (uint64_t)source_id;

    for (size_t i = 0; i < tag.len; i++)
        h = (h ^ (unsigned char)tag.p[i]) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 29) % SLOTS;
}

static enum err count_one(struct counting *c, struct str tag, int64_t source_id)
{
    size_t at = slot_of(tag, source_id);
    struct tag_count *row;

    for (; c->slots[at]; at = (at + 1) % SLOTS) {
        row = &c->rows[c->slots[at] - 1];
        if (row->source_id == source_id && str_eq(row->tag, tag)) {
            row->contacts++;
            return OK;
        }
    }
    if (c->n == TAG_COUNTS_MAX)
        return ERR_TOO_MANY;
    row = &c->rows[c->n++];
    *row = (struct tag_count){arena_str(c->arena, tag), source_id, 1};
    c->slots[at] = (uint32_t)c->n;
    return row->tag.p ? OK : ERR_MEMORY;
}

static enum err count_contact(void *arg, const struct contact_view *view)
{
    struct counting *c = arg;
    enum err err = OK;

    for (size_t i = 0; i < view->n_tags && !err; i++)
        err = count_one(c, view->tags[i], TAG_ANY_SOURCE);
    for (size_t i = 0; i < view->n_tag_owners && !err; i++)
        err = count_one(c, view->tag_owners[i].tag, view->tag_owners[i].source_id);
    return err;
}

static int compare_counts(const void *left, const void *right)
{
    const struct tag_count *a = left, *b = right;
    int c = str_cmp(a->tag, b->tag);

    return c ? c : (a->source_id > b->source_id) - (a->source_id < b->source_id);
}

enum err tag_counts(struct store *store, struct arena *arena, struct tag_count **out, size_t *n)
{
    struct counting c = {.arena = arena, .rows = arena_array(arena, TAG_COUNTS_MAX, sizeof(*c.rows))};
    enum err err;

    c.slots = arena_array(arena, SLOTS, sizeof(*c.slots));
    if (!c.rows || !c.slots)
        return ERR_MEMORY;
    err = tag_each(store, count_contact, &c);
    if (!err && c.n)
        qsort(c.rows, c.n, sizeof(*c.rows), compare_counts);
    *out = c.rows;
    *n = c.n;
    return err;
}
