/* scope_objects.c -- owns the way of orders, refunds, carts, their firings and visitors out of the database. */
#include "store/scope_read.h"

#define ORDER_COLUMNS                                                                                                             \
    "source_id, id, at_us, rank, receipt, subject, number, status, currency, shown_currency, shown_total, cart_id, checkout_id, " \
    "url, items, total, tax, shipping, discount, refunded, test, created_us, late_at_us, late_rank, late_receipt, late_status"

static enum err read_order(struct scope *s, struct row *r)
{
    struct order *o = scope_add(s, &s->orders, sizeof(*o));

    if (!o)
        return ERR_MEMORY;
    o->source_id = row_int(r);
    o->id = row_str(r);
    o->v = row_version(r);
    o->subject = o->loaded_subject = row_str(r);
    o->number = row_str(r);
    o->status = row_str(r);
    o->currency = row_str(r);
    o->shown_currency = row_str(r);
    o->shown_total = row_str(r);
    o->cart_id = o->loaded_cart_id = row_str(r);
    o->checkout_id = o->loaded_checkout_id = row_str(r);
    o->url = row_str(r);
    o->items = row_str(r);
    o->total = row_int(r);
    o->tax = row_int(r);
    o->shipping = row_int(r);
    o->discount = row_int(r);
    o->refunded = row_int(r);
    o->test = row_int(r) != 0;
    o->created_us = row_int(r);
    o->late_v = row_version(r);
    o->late_status = row_str(r);
    return OK;
}

static enum err read_refund(struct scope *s, struct row *r)
{
    struct refund *f = scope_add(s, &s->refunds, sizeof(*f));

    if (!f)
        return ERR_MEMORY;
    f->source_id = row_int(r);
    f->order_id = row_str(r);
    f->id = row_str(r);
    f->amount = row_str(r);
    f->v = row_version(r);
    return OK;
}

static enum err read_cart(struct scope *s, struct row *r)
{
    struct cart *c = scope_add(s, &s->carts, sizeof(*c));

    if (!c)
        return ERR_MEMORY;
    c->source_id = row_int(r);
    c->id = row_str(r);
    c->v = row_version(r);
    c->subject = row_str(r);
    c->visitor_id = row_str(r);
    c->cart_id = row_str(r);
    c->currency = row_str(r);
    c->url = row_str(r);
    c->items = row_str(r);
    c->total = row_int(r);
    c->n_items = (size_t)row_int(r);
    c->first_us = row_int(r);
    c->active_us = row_int(r);
    c->completed_us = row_int(r);
    c->abandoned_us = row_int(r);
    c->owner_v = row_version(r);
    c->active_received_us = row_int(r);
    c->abandoned_received_us = row_int(r);
    c->heard_us = row_int(r);
    return OK;
}

static enum err read_visitor(struct scope *s, struct row *r)
{
    struct visitor *v = scope_add(s, &s->visitors, sizeof(*v));

    if (!v)
        return ERR_MEMORY;
    v->source_id = row_int(r);
    v->id = row_str(r);
    v->subject = row_str(r);
    v->v = row_version(r);
    return OK;
}

/* Runs a SELECT whose parameters are account, source and one text. */
static enum err load_keyed(struct store *store, struct scope *s, const char *sql, int64_t source_id, struct str key,
                           scope_row *read)
{
    struct db_stmt *st = NULL;
    enum err err;

    if (key.len == 0)
        return OK;
    err = db_query(store->db, &st, sql, "iis", s->account_id, source_id, key);
    return err ? err : scope_read(s, st, read);
}

enum err scope_load_orders_of(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    return load_keyed(store, s,
                      "SELECT " ORDER_COLUMNS " FROM shop_order WHERE account_id = $1 AND source_id = $2 AND subject = $3"
                      " ORDER BY created_us DESC, id DESC",
                      source_id, subject, read_order);
}

enum err scope_load_orders_naming(struct store *store, struct scope *s, int64_t source_id, struct str token)
{
    enum err err = load_keyed(
        store, s, "SELECT " ORDER_COLUMNS " FROM shop_order WHERE account_id = $1 AND source_id = $2 AND checkout_id = $3",
        source_id, token, read_order);

    if (err)
        return err;
    return load_keyed(store, s,
                      "SELECT " ORDER_COLUMNS " FROM shop_order WHERE account_id = $1 AND source_id = $2 AND cart_id = $3",
                      source_id, token, read_order);
}

enum err scope_load_refunds(struct store *store, struct scope *s, int64_t source_id, struct str order_id)
{
    return load_keyed(store, s,
                      "SELECT source_id, order_id, id, amount, at_us, rank, receipt FROM refund"
                      " WHERE account_id = $1 AND source_id = $2 AND order_id = $3",
                      source_id, order_id, read_refund);
}

#define CART_COLUMNS                                                                                                             \
    "source_id, id, at_us, rank, receipt, subject, visitor_id, cart_id, currency, url, items, total, n_items, first_us, "        \
    "active_us, completed_us, abandoned_us, owner_at_us, owner_rank, owner_receipt, active_received_us, abandoned_received_us, " \
    "heard_us"

enum err scope_load_carts_of(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    return load_keyed(store, s,
                      "SELECT " CART_COLUMNS " FROM cart WHERE account_id = $1 AND source_id = $2 AND subject = $3"
                      " ORDER BY active_us DESC, id",
                      source_id, subject, read_cart);
}

enum err scope_load_carts_of_visitors(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    return load_keyed(store, s,
                      "SELECT " CART_COLUMNS
                      " FROM cart WHERE account_id = $1 AND source_id = $2 AND subject = '' AND visitor_id IN"
                      " (SELECT id FROM visitor WHERE account_id = $1 AND source_id = $2 AND subject = $3)"
                      " ORDER BY active_us DESC, id",
                      source_id, subject, read_cart);
}

#define FIRING_COLUMNS "source_id, cart_id, kind, episode_us, subject, contact_id, due_us, fired_us, quiet, mailable, order_id"

static bool has_firing(const struct scope *s, const struct cart_firing *one)
{
    for (const struct cart_firing *f = s->firings; f; f = f->next)
        if (f->source_id == one->source_id && f->kind == one->kind && f->episode_us == one->episode_us &&
            str_eq(f->cart_id, one->cart_id))
            return true;
    return false;
}

static enum err read_firing(struct scope *s, struct row *r)
{
    struct cart_firing one = {.source_id = row_int(r)}, *f;

    one.cart_id = row_str(r);
    one.kind = (enum firing_kind)row_int(r);
    one.episode_us = row_int(r);
    one.subject = row_str(r);
    one.contact_id = row_str(r);
    one.due_us = row_int(r);
    one.fired_us = row_int(r);
    one.quiet = (enum firing_quiet)row_int(r);
    one.mailable = row_int(r) != 0;
    one.order_id = row_str(r);
    if (has_firing(s, &one))
        return OK;
    f = scope_add(s, &s->firings, sizeof(*f));
    if (!f)
        return ERR_MEMORY;
    one.next = f->next;
    *f = one;
    return OK;
}

enum err scope_load_firings(struct store *store, struct scope *s)
{
    enum err err = OK;

    for (const struct cart *c = s->carts; c && !err; c = c->next)
        err = load_keyed(store, s,
                         "SELECT " FIRING_COLUMNS " FROM cart_firing WHERE account_id = $1 AND source_id = $2 AND cart_id = $3",
                         c->source_id, c->id, read_firing);
    for (const struct customer *c = s->customers; c && !err; c = c->next)
        err = load_keyed(store, s,
                         "SELECT " FIRING_COLUMNS " FROM cart_firing WHERE account_id = $1 AND source_id = $2 AND subject = $3",
                         c->source_id, c->subject, read_firing);
    return err;
}

enum err scope_load_objects(struct store *store, struct scope *s, const struct event_refs *refs, int64_t source_id)
{
    enum err err =
        load_keyed(store, s, "SELECT " ORDER_COLUMNS " FROM shop_order WHERE account_id = $1 AND source_id = $2 AND id = $3",
                   source_id, refs->order_id, read_order);

    if (!err)
        err = scope_load_refunds(store, s, source_id, refs->order_id);
    if (!err)
        err = load_keyed(store, s, "SELECT " CART_COLUMNS " FROM cart WHERE account_id = $1 AND source_id = $2 AND id = $3",
                         source_id, refs->cart_id, read_cart);
    if (!err)
        err = load_keyed(store, s,
                         "SELECT source_id, id, subject, at_us, rank, receipt FROM visitor"
                         " WHERE account_id = $1 AND source_id = $2 AND id = $3",
                         source_id, refs->visitor_id, read_visitor);
    return err;
}
