/* scope_objects.c -- owns the way of orders, refunds, carts, their firings and visitors out of the database. */
#include "store/scope_read.h"

void fact_read_order(struct row *r, void *row)
{
    struct order *o = row;

    o->source_id = row_int(r);
    o->id = row_str(r);
    o->v = row_version(r);
    o->subject = row_str(r);
    o->number = row_str(r);
    o->status = row_str(r);
    o->currency = row_str(r);
    o->shown_currency = row_str(r);
    o->shown_total = row_str(r);
    o->cart_id = row_str(r);
    o->checkout_id = row_str(r);
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
    o->owner_v = row_version(r);
    o->anonymous_us = row_int(r);
}

void fact_read_refund(struct row *r, void *row)
{
    struct refund *f = row;

    f->source_id = row_int(r);
    f->order_id = row_str(r);
    f->id = row_str(r);
    f->amount = row_str(r);
    f->v = row_version(r);
}

void fact_read_cart(struct row *r, void *row)
{
    struct cart *c = row;

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
}

void fact_read_visitor(struct row *r, void *row)
{
    struct visitor *v = row;

    v->source_id = row_int(r);
    v->id = row_str(r);
    v->subject = row_str(r);
    v->v = row_version(r);
}

/* Runs a SELECT whose parameters are account, source and one text. */
static enum err load_keyed(struct store *store, struct scope *s, const char *sql, int64_t source_id, struct str key,
                           enum fact_kind kind)
{
    struct db_stmt *st = NULL;
    enum err err;

    if (key.len == 0)
        return OK;
    err = db_query(store->db, &st, sql, "iis", s->account_id, source_id, key);
    return err ? err : scope_read(s, st, kind);
}

enum err scope_load_orders_of(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    return load_keyed(store, s,
                      "SELECT " ORDER_COLUMNS " FROM shop_order WHERE account_id = $1 AND source_id = $2 AND subject = $3"
                      " ORDER BY created_us DESC, id DESC",
                      source_id, subject, FACT_ORDER);
}

enum err scope_load_orders_naming(struct store *store, struct scope *s, int64_t source_id, struct str token)
{
    enum err err = load_keyed(
        store, s, "SELECT " ORDER_COLUMNS " FROM shop_order WHERE account_id = $1 AND source_id = $2 AND checkout_id = $3",
        source_id, token, FACT_ORDER);

    if (err)
        return err;
    return load_keyed(store, s,
                      "SELECT " ORDER_COLUMNS " FROM shop_order WHERE account_id = $1 AND source_id = $2 AND cart_id = $3",
                      source_id, token, FACT_ORDER);
}

enum err scope_load_refunds(struct store *store, struct scope *s, int64_t source_id, struct str order_id)
{
    return load_keyed(store, s,
                      "SELECT " REFUND_COLUMNS " FROM refund"
                      " WHERE account_id = $1 AND source_id = $2 AND order_id = $3",
                      source_id, order_id, FACT_REFUND);
}

enum err scope_load_carts_of(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    return load_keyed(store, s,
                      "SELECT " CART_COLUMNS " FROM cart WHERE account_id = $1 AND source_id = $2 AND subject = $3"
                      " ORDER BY active_us DESC, id",
                      source_id, subject, FACT_CART);
}

enum err scope_load_carts_of_visitors(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    return load_keyed(store, s,
                      "SELECT " CART_COLUMNS
                      " FROM cart WHERE account_id = $1 AND source_id = $2 AND subject = '' AND visitor_id IN"
                      " (SELECT id FROM visitor WHERE account_id = $1 AND source_id = $2 AND subject = $3)"
                      " ORDER BY active_us DESC, id",
                      source_id, subject, FACT_CART);
}

#define FIRING_COLUMNS "source_id, cart_id, kind, episode_us, subject, contact_id, due_us, fired_us, quiet, mailable, order_id"

void fact_read_firing(struct row *r, void *row)
{
    struct cart_firing *f = row;

    f->source_id = row_int(r);
    f->cart_id = row_str(r);
    f->kind = (enum firing_kind)row_int(r);
    f->episode_us = row_int(r);
    f->subject = row_str(r);
    f->contact_id = row_str(r);
    f->due_us = row_int(r);
    f->fired_us = row_int(r);
    f->quiet = (enum firing_quiet)row_int(r);
    f->mailable = row_int(r) != 0;
    f->order_id = row_str(r);
}

enum err scope_load_firings(struct store *store, struct scope *s)
{
    enum err err = OK;

    for (const struct cart *c = s->carts; c && !err; c = c->next)
        err = load_keyed(store, s,
                         "SELECT " FIRING_COLUMNS " FROM cart_firing WHERE account_id = $1 AND source_id = $2 AND cart_id = $3",
                         c->source_id, c->id, FACT_FIRING);
    for (const struct customer *c = s->customers; c && !err; c = c->next)
        err = load_keyed(store, s,
                         "SELECT " FIRING_COLUMNS " FROM cart_firing WHERE account_id = $1 AND source_id = $2 AND subject = $3",
                         c->source_id, c->subject, FACT_FIRING);
    return err;
}
