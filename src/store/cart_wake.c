/* cart_wake.c -- owns which carts are looked at again because of what a batch changed: an order, a person, a visitor's name. */
#include "store/cart.h"

#include "model/name_table.h"
#include "store/row.h"

void cart_wakes_init(struct cart_wakes *wakes, struct arena *arena)
{
    wakes->customers = wakes->strangers = wakes->tokens = wakes->visitors = DB_ROWS("iis", arena);
}

static enum err note(struct db_rows *rows, int64_t account_id, int64_t source_id, struct str text)
{
    return text.len ? db_rows_add(rows, account_id, source_id, text) : OK;
}

/* All customers of the contact that a customer belongs to; one without an address has no cart that could be due. */
static enum err note_contact(struct cart_wakes *w, const struct scope *s, int64_t source_id, struct str subject)
{
    const struct customer *customer = scope_customer(s, source_id, subject);
    enum err err = OK;

    if (!customer)
        return note(&w->strangers, s->account_id, source_id, subject);
    for (const struct customer *c = s->customers; c && customer->contact_id.len && !err; c = c->next)
        if (str_eq(c->contact_id, customer->contact_id))
            err = note(&w->customers, s->account_id, c->source_id, c->subject);
    return err;
}

/* Whose it is and what it names, before and after: either may have been completed by it, or be so no more. */
static enum err note_order(struct cart_wakes *w, const struct scope *s, const struct order *o)
{
    struct str tokens[] = {o->checkout_id, o->cart_id, o->loaded_checkout_id, o->loaded_cart_id};
    enum err err = note_contact(w, s, o->source_id, o->subject);

    if (!err && !str_eq(o->subject, o->loaded_subject))
        err = note_contact(w, s, o->source_id, o->loaded_subject);
    for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens) && !err; i++)
        if (i < 2 || !str_eq(tokens[i], tokens[i - 2]))
            err = note(&w->tokens, s->account_id, o->source_id, tokens[i]);
    return err;
}

/* True when customers came together, parted, or got their first address. */
static bool is_regrouped(const struct scope *s)
{
    for (const struct customer *c = s->customers; c; c = c->next)
        if (!str_eq(c->contact_id, c->loaded_contact_id))
            return true;
    return false;
}

/* The contacts that customers came to or left, and those of customers whose claims are new or count otherwise now. */
static enum err regrouped_contacts(const struct scope *s, struct name_table *out)
{
    size_t n = 0;
    enum err err;

    for (const struct customer *c = s->customers; c; c = c->next)
        n += 2;
    for (const struct claim *l = s->claims; l; l = l->next)
        n += l->changed;
    err = name_table_init(out, s->arena, n);
    for (const struct customer *c = s->customers; c && !err; c = c->next)
        if (!str_eq(c->contact_id, c->loaded_contact_id)) {
            name_table_add(out, 0, c->contact_id, 0);
            name_table_add(out, 0, c->loaded_contact_id, 0);
        }
    for (const struct claim *l = s->claims; l && !err; l = l->next) {
        const struct customer *c = l->changed ? scope_customer(s, l->source_id, l->subject) : NULL;

        if (c)
            name_table_add(out, 0, c->contact_id, 0);
    }
    return err;
}

/* All customers of those contacts: others of the group were only looked at. */
static enum err note_regrouped(struct cart_wakes *w, const struct scope *s)
{
    struct name_table contacts;
    enum err err = regrouped_contacts(s, &contacts);

    for (const struct customer *c = s->customers; c && !err; c = c->next)
        if (c->contact_id.len && name_table_find(&contacts, 0, c->contact_id, NULL))
            err = note(&w->customers, s->account_id, c->source_id, c->subject);
    return err;
}

enum err cart_wake_note(struct cart_wakes *w, const struct scope *s)
{
    enum err err = OK;

    for (const struct order *o = s->orders; o && !err; o = o->next)
        if (o->changed)
            err = note_order(w, s, o);
    if (!err && is_regrouped(s))
        err = note_regrouped(w, s);
    for (const struct visitor *v = s->visitors; v && !err; v = v->next)
        if (v->changed)
            err = note(&w->visitors, s->account_id, v->source_id, v->id);
    return err;
}

/* -- carrying it out: one step of look-ups after the other ------------------------------------------------------------------------ */

/* Where the rows of a look-up go: account and source as they are asked, and a text. */
struct finding {
    const struct db_rows *asked;
    struct db_rows *found;
    bool of_source; /* the row names its source; else it is that of the question */
    struct arena *arena;
};

static enum err take(void *arg, struct db_stmt *st, size_t set)
{
    struct finding *f = arg;
    struct row r = {.st = st, .arena = f->arena, .column = 0, .err = OK};
    int64_t source_id = f->of_source ? row_int(&r) : db_rows_value(f->asked, set, 1)->number;
    struct str text = row_str(&r);

    return r.err ? r.err : note(f->found, db_rows_value(f->asked, set, 0)->number, source_id, text);
}

static enum err find(struct store *store, const char *sql, const struct db_rows *asked, bool of_source, struct db_rows *found)
{
    struct finding f = {.asked = asked, .found = found, .of_source = of_source, .arena = found->arena};
    struct db_many many = {.sql = sql, .rows = asked, .each = take, .arg = &f};

    return db_run_many(store->db, &many, 1);
}

/* $2 says nothing. As one statement with joins no planner without figures finds the indexes, and each order read every cart of its source. */
static enum err find_customers_of_strangers(struct store *store, struct cart_wakes *w)
{
    struct db_rows contacts = DB_ROWS("iis", w->strangers.arena);
    enum err err = find(store,
                        "SELECT contact_id FROM customer WHERE account_id = $1 AND source_id = $2 AND subject = $3"
                        " AND contact_id <> ''",
                        &w->strangers, false, &contacts);

    return err ? err
               : find(store, "SELECT source_id, subject FROM customer WHERE account_id = $1 AND $2 = $2 AND contact_id = $3",
                      &contacts, true, &w->customers);
}

static enum err find_carts(struct store *store, struct cart_wakes *w, struct db_rows *carts)
{
    enum err err = find(store, "SELECT id FROM cart WHERE account_id = $1 AND source_id = $2 AND subject = $3 AND look_us <> 1",
                        &w->customers, false, carts);

    if (!err)
        err = find(store, "SELECT id FROM visitor WHERE account_id = $1 AND source_id = $2 AND subject = $3", &w->customers, false,
                   &w->visitors);
    if (!err)
        err = find(store,
                   "SELECT id FROM cart WHERE account_id = $1 AND source_id = $2 AND visitor_id = $3 AND subject = ''"
                   " AND look_us <> 1",
                   &w->visitors, false, carts);
    if (!err)
        err = find(store, "SELECT id FROM cart WHERE account_id = $1 AND source_id = $2 AND id = $3 AND look_us <> 1", &w->tokens,
                   false, carts);
    return err ? err
               : find(store, "SELECT id FROM cart WHERE account_id = $1 AND source_id = $2 AND cart_id = $3 AND look_us <> 1",
                      &w->tokens, false, carts);
}

enum err cart_wake(struct store *store, struct cart_wakes *w, struct arena *arena)
{
    struct db_rows carts = DB_ROWS("iis", arena);
    struct db_many wake = {.sql = "UPDATE cart SET look_us = 1 WHERE account_id = $1 AND source_id = $2 AND id = $3",
                           .rows = &carts};
    enum err err = OK;

    if (w->customers.n + w->strangers.n + w->tokens.n + w->visitors.n == 0)
        return OK;
    err = find_customers_of_strangers(store, w);
    if (!err)
        err = find_carts(store, w, &carts);
    if (!err)
        err = db_run_many(store->db, &wake, 1);
    w->customers.n = w->strangers.n = w->tokens.n = w->visitors.n = 0;
    return err;
}
