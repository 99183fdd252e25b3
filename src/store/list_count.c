/* list_count.c -- owns the numbers of a list: each of its contacts is derived, so they are those that `contacts show` shows. */
#include "store/list.h"

#include "store/contact.h"
#include "store/row.h"

enum { PAGE = 500, PAGE_BYTES = 4 << 20, CONTACT_BYTES = 64 << 20 };

/* One member row: an address, or a customer for whom no address was named. */
struct list_member {
    struct str address, contact_id;
};

enum err list_members(struct store *store, struct str name, uint64_t *out)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st, "SELECT count(*) FROM consent WHERE account_id = $1 AND list = $2 AND list <> ''", "is",
                            store->account_id, not_null(name));

    if (!err)
        err = db_step(st, &row);
    *out = !err && row ? (uint64_t)db_column_int(st, 0) : 0;
    db_done(st);
    return err;
}

/* "#<source>:<subject>" */
static enum err find_customer(struct store *store, struct arena *arena, struct list_member *m)
{
    struct db_stmt *st = NULL;
    size_t cut = str_find(m->address, ':');
    int64_t source_id = 0;
    bool row = false;
    enum err err;

    if (cut >= m->address.len || str_to_i64(str_n(m->address.p + 1, cut - 1), &source_id))
        return OK;
    err = db_query(store->db, &st, "SELECT contact_id FROM customer WHERE account_id = $1 AND source_id = $2 AND subject = $3",
                   "iis", store->account_id, source_id, str_from(m->address, cut + 1));
    if (!err)
        err = db_step(st, &row);
    if (!err && row)
        m->contact_id = arena_str(arena, db_column_str(st, 0));
    db_done(st);
    return err;
}

static enum err read_page(struct store *store, struct str name, struct str after, struct arena *arena, struct list_member *page,
                          size_t *n)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(store->db, &st,
                            "SELECT l.address, a.contact_id FROM consent l LEFT JOIN address a ON a.account_id = l.account_id"
                            " AND a.address = l.address WHERE l.account_id = $1 AND l.list = $2 AND l.list <> '' AND l.address > $3"
                            " ORDER BY l.address LIMIT $4",
                            "issi", store->account_id, name, not_null(after), (int64_t)PAGE);

    *n = 0;
    while (!err && *n < PAGE && !(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = arena, .column = 0, .err = OK};

        page[*n] = (struct list_member){.address = row_str(&r)};
        page[(*n)++].contact_id = row_str(&r);
        err = r.err;
    }
    db_done(st);
    for (size_t i = 0; i < *n && !err; i++)
        if (str_starts(page[i].address, STR("#")))
            err = find_customer(store, arena, &page[i]);
    return err;
}

/* A contact is counted once: by the first of its rows about mails. */
static bool is_first(const struct scope *facts, struct str list, struct str address)
{
    bool is_its_own = false;

    for (const struct consent *c = facts->consents; c; c = c->next) {
        if (!str_eq(c->list, list) || !str_eq(c->channel, STR("email")))
            continue;
        if (str_cmp(c->address, address) < 0)
            return false;
        is_its_own |= str_eq(c->address, address);
    }
    return is_its_own;
}

static enum err count_one(struct store *store, struct str list, const struct list_member *m, const struct view_source *sources,
                          size_t n_sources, struct arena *work, struct list_counts *out)
{
    struct contact_view view;
    struct scope facts;
    enum err err;

    if (m->contact_id.len == 0)
        return OK;
    arena_reset(work);
    err = contact_load_facts(store, m->contact_id, sources, n_sources, work, &facts, &view);
    if (err)
        return err == ERR_NOT_FOUND ? OK : err; /* erased meanwhile */
    for (size_t i = 0; i < view.n_lists && is_first(&facts, list, m->address); i++)
        if (str_eq(view.lists[i].list, list)) {
            out->states[view.lists[i].state]++;
            out->mailable += view.lists[i].mailable;
        }
    return OK;
}

enum err list_count(struct store *store, struct str name, const struct view_source *sources, size_t n_sources,
                    struct list_counts *out)
{
    struct arena pages[2], work;
    struct list_member *page = NULL;
    struct str after = STR_NONE;
    size_t n = PAGE;
    enum err err = OK;

    *out = (struct list_counts){.mailable = 0};
    arena_init(&pages[0], PAGE_BYTES);
    arena_init(&pages[1], PAGE_BYTES);
    arena_init(&work, CONTACT_BYTES);
    for (size_t turn = 0; n == PAGE && !err; turn++) { /* `after` is in the other arena */
        struct arena *arena = &pages[turn % 2];

        arena_reset(arena);
        page = arena_array(arena, PAGE, sizeof(*page));
        err = page ? read_page(store, name, after, arena, page, &n) : ERR_MEMORY;
        for (size_t i = 0; i < n && !err; i++)
            if (i == 0 || !str_eq(page[i].address, page[i - 1].address)) /* one row a channel */
                err = count_one(store, name, &page[i], sources, n_sources, &work, out);
        after = n ? page[n - 1].address : after;
    }
    arena_release(&work);
    arena_release(&pages[1]);
    arena_release(&pages[0]);
    return err;
}
