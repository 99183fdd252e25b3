/* visit_each.c -- owns the walk over what one contact looked at. */
#include "store/visit_each.h"

#include "store/row.h"

/* One walk. */
struct walk {
    struct store *store;
    visit_each_fn *fn;
    void *arg;
    bool over;
};

static enum err walk_rows(struct walk *w, const char *sql, int64_t source_id, struct str key)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err;

    if (w->over || key.len == 0)
        return OK;
    err = db_query(w->store->db, &st, sql, "iisi", w->store->account_id, source_id, key, (int64_t)VISIT_EACH_MAX);
    while (!err && !w->over && !(err = db_step(st, &row)) && row)
        w->over = !w->fn(w->arg, db_column_str(st, 0), db_column_str(st, 1), db_column_str(st, 2));
    db_done(st);
    return err;
}

static enum err walk_customer(struct walk *w, const struct customer *c)
{
    enum err err = OK;

    if (c->external_id.len) /* a guest's are found by the address */
        err =
            walk_rows(w, "SELECT id, url, product_id FROM visit WHERE account_id = $1 AND source_id = $2 AND subject = $3 LIMIT $4",
                      c->source_id, c->subject);
    return err ? err
               : walk_rows(w,
                           "SELECT v.id, v.url, v.product_id FROM visitor w CROSS JOIN visit v WHERE v.account_id = w.account_id"
                           " AND v.source_id = w.source_id AND v.visitor_id = w.id AND w.account_id = $1 AND w.source_id = $2"
                           " AND w.subject = $3 AND v.subject = '' LIMIT $4",
                           c->source_id, c->subject);
}

/* Visits that named only the address, whichever source told of them. No source of visits has the id 0. */
static enum err walk_address(struct walk *w, const struct address *a)
{
    struct buf subject = BUF_INIT(1024);
    enum err err = buf_printf(&subject, "g:%.*s", STR_ARG(a->key));

    if (!err)
        err = walk_rows(w,
                        "SELECT id, url, product_id FROM visit WHERE account_id = $1 AND source_id <> $2 AND subject = $3 LIMIT $4",
                        0, buf_str(&subject));
    buf_release(&subject);
    return err;
}

enum err visit_each(struct store *store, const struct scope *facts, visit_each_fn *fn, void *arg)
{
    struct walk w = {.store = store, .fn = fn, .arg = arg};
    enum err err = OK;

    for (const struct customer *c = facts->customers; c && !err; c = c->next)
        err = walk_customer(&w, c);
    for (const struct address *a = facts->addresses; a && !err; a = a->next)
        err = walk_address(&w, a);
    return err;
}
