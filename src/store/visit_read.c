/* visit_read.c -- owns reading the visits of one contact, by whatever they name: its customers, their visitors, its addresses. */
#include "store/visit.h"

#include "model/event.h"

#define COLUMNS "v.source_id, v.at_us, v.type, v.url, v.title, v.referrer, v.product_id, v.product_name, v.visitor_id, v.id"

/* Whom the visits are handed to. */
struct visit_reader {
    struct store *store;
    struct arena *arena;
    visit_each *each;
    void *arg;
};

static struct visit read_visit(struct db_stmt *st)
{
    struct visit v = {.source_id = db_column_int(st, 0), .at_us = db_column_int(st, 1), .type = EVENT_PAGE_VISIT};
    struct str *const texts[] = {&v.url, &v.title, &v.referrer, &v.product_id, &v.product_name, &v.visitor_id, &v.id};

    if (event_type_parse(db_column_str(st, 2), &v.type))
        v.type = EVENT_PAGE_VISIT;
    for (int i = 0; i < (int)(sizeof(texts) / sizeof(*texts)); i++)
        *texts[i] = db_column_str(st, 3 + i);
    return v;
}

static enum err read_visits(const struct visit_reader *r, const char *sql, int64_t source_id, struct str key)
{
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err = db_query(r->store->db, &st, sql, "iis", r->store->account_id, source_id, key);

    if (err)
        return err;
    while (!(err = db_step(st, &row)) && row) {
        struct visit visit = read_visit(st);

        err = r->each(r->arg, &visit, r->arena);
        if (err)
            break;
    }
    db_done(st);
    return err;
}

/* Visits of an identified customer, by its id or by a visitor that was identified as it. */
static enum err of_customer(const struct visit_reader *r, const struct customer *c)
{
    enum err err = OK;

    if (c->external_id.len) /* a guest's are found by the address */
        err = read_visits(r, "SELECT " COLUMNS " FROM visit v WHERE v.account_id = $1 AND v.source_id = $2 AND v.subject = $3",
                          c->source_id, c->subject);
    if (err)
        return err;
    return read_visits(r,
                       "SELECT " COLUMNS
                       " FROM visitor w CROSS JOIN visit v WHERE v.account_id = w.account_id AND v.source_id = w.source_id"
                       " AND v.visitor_id = w.id AND w.account_id = $1 AND w.source_id = $2 AND w.subject = $3 AND v.subject = ''",
                       c->source_id, c->subject);
}

/* Visits that named only the address, whichever source told of them. */
static enum err of_address(const struct visit_reader *r, const struct address *a)
{
    struct buf subject = BUF_INIT(1024);
    enum err err = buf_printf(&subject, "g:%.*s", STR_ARG(a->key));

    if (!err)
        err = read_visits(r, "SELECT " COLUMNS " FROM visit v WHERE v.account_id = $1 AND v.source_id >= $2 AND v.subject = $3", 0,
                          buf_str(&subject));
    buf_release(&subject);
    return err;
}

enum err visits_of_contact(struct store *store, const struct scope *facts, struct arena *arena, visit_each *each, void *arg)
{
    const struct visit_reader r = {.store = store, .arena = arena, .each = each, .arg = arg};
    enum err err = OK;

    for (const struct customer *c = facts->customers; c && !err; c = c->next)
        err = of_customer(&r, c);
    for (const struct address *a = facts->addresses; a && !err; a = a->next)
        err = of_address(&r, a);
    return err;
}
