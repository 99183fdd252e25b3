/* scope_load.c -- owns the way of one event's facts out of the database. */
#include "store/scope.h"

#include "model/phone.h"
#include "store/row.h"

#define CUSTOMER_COLUMNS                                                                                                        \
    "c.source_id, c.subject, c.external_id, c.contact_id, c.email, c.email_shown, c.email_class, c.email_at_us, c.email_rank, " \
    "c.email_receipt, c.seen_at_us, c.seen_rank, c.seen_receipt, c.deleted_at_us, c.deleted_rank, c.deleted_receipt, "          \
    "c.merged_into, c.first_us, c.last_us"

/* One load in progress: prepare, bind, then read_rows. */
typedef enum err read_row(struct scope *s, struct row *r);

static enum err read_rows(struct scope *s, struct db_stmt *st, read_row *read)
{
    enum err err = OK;
    bool row = false;

    while (!(err = db_step(st, &row)) && row) {
        struct row r = {.st = st, .arena = s->arena, .column = 0, .err = OK};

        err = read(s, &r);
        if (!err)
            err = r.err ? r.err : s->err;
        if (err)
            break;
    }
    db_done(st);
    return err;
}

static enum err read_customer(struct scope *s, struct row *r)
{
    int64_t source_id = row_int(r);
    struct str subject = row_str(r);
    struct customer *c;

    if (scope_customer(s, source_id, subject))
        return OK;
    c = scope_add(s, &s->customers, sizeof(*c));
    if (!c)
        return ERR_MEMORY;
    c->source_id = source_id;
    c->subject = subject;
    c->external_id = row_str(r);
    c->contact_id = row_str(r);
    c->email = row_str(r);
    c->email_shown = row_str(r);
    c->email_class = (enum claim_class)row_int(r);
    c->email_v = row_version(r);
    c->seen_v = row_version(r);
    c->deleted_v = row_version(r);
    c->merged_into = row_str(r);
    c->first_us = row_int(r);
    c->last_us = row_int(r);
    return OK;
}

static enum err read_address(struct scope *s, struct row *r)
{
    struct str key = row_str(r);
    struct address *a;

    if (scope_address(s, key))
        return OK;
    a = scope_add(s, &s->addresses, sizeof(*a));
    if (!a)
        return ERR_MEMORY;
    a->key = key;
    a->contact_id = row_str(r);
    return OK;
}

static enum err read_claim(struct scope *s, struct row *r)
{
    struct claim c = {0}, *claim;

    c.address = row_str(r);
    c.source_id = row_int(r);
    c.subject = row_str(r);
    c.class = (enum claim_class)row_int(r);
    c.first_us = row_int(r);
    for (claim = s->claims; claim; claim = claim->next)
        if (claim->source_id == c.source_id && str_eq(claim->subject, c.subject) && str_eq(claim->address, c.address))
            return OK;
    claim = scope_add(s, &s->claims, sizeof(*claim));
    if (!claim)
        return ERR_MEMORY;
    c.next = claim->next;
    *claim = c;
    return OK;
}

static enum err load_customer(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    struct db_stmt *st = NULL;
    enum err err;

    if (subject.len == 0 || scope_customer(s, source_id, subject))
        return OK;
    err = db_prepare(store->db,
                     "SELECT " CUSTOMER_COLUMNS " FROM customer c WHERE c.account_id = $1 AND c.source_id = $2 AND c.subject = $3",
                     &st);
    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_int(st, 2, source_id);
    db_bind_str(st, 3, subject);
    return read_rows(s, st, read_customer);
}

static enum err load_address(struct store *store, struct scope *s, struct str key)
{
    struct db_stmt *st = NULL;
    enum err err;

    if (key.len == 0 || scope_address(s, key))
        return OK;
    err = db_prepare(store->db, "SELECT address, contact_id FROM address WHERE account_id = $1 AND address = $2", &st);
    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_str(st, 2, key);
    return read_rows(s, st, read_address);
}

/* The customer's claims and the customers that the store merged with it. */
static enum err expand_customer(struct store *store, struct scope *s, struct customer *c)
{
    struct db_stmt *st = NULL;
    enum err err = db_prepare(store->db,
                              "SELECT address, source_id, subject, class, first_us FROM claim"
                              " WHERE account_id = $1 AND source_id = $2 AND subject = $3",
                              &st);

    c->expanded = true;
    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_int(st, 2, c->source_id);
    db_bind_str(st, 3, c->subject);
    err = read_rows(s, st, read_claim);
    if (!err)
        err = load_customer(store, s, c->source_id, c->merged_into);
    if (!err)
        err = db_prepare(
            store->db,
            "SELECT " CUSTOMER_COLUMNS " FROM customer c WHERE c.account_id = $1 AND c.source_id = $2 AND c.merged_into = $3", &st);
    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_int(st, 2, c->source_id);
    db_bind_str(st, 3, c->subject);
    return read_rows(s, st, read_customer);
}

/* Everybody who ever had the address. */
static enum err expand_address(struct store *store, struct scope *s, struct address *a)
{
    struct db_stmt *st = NULL;
    enum err err = db_prepare(
        store->db, "SELECT address, source_id, subject, class, first_us FROM claim WHERE account_id = $1 AND address = $2", &st);

    a->expanded = true;
    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_str(st, 2, a->key);
    err = read_rows(s, st, read_claim);
    if (!err)
        err = db_prepare(store->db,
                         "SELECT " CUSTOMER_COLUMNS " FROM claim k JOIN customer c ON c.account_id = k.account_id"
                         " AND c.source_id = k.source_id AND c.subject = k.subject WHERE k.account_id = $1 AND k.address = $2",
                         &st);
    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_str(st, 2, a->key);
    return read_rows(s, st, read_customer);
}

static size_t count_nodes(const struct scope *s)
{
    size_t n = 0;

    for (struct customer *c = s->customers; c; c = c->next)
        n++;
    for (struct address *a = s->addresses; a; a = a->next)
        n++;
    return n;
}

static enum err load_claimed_addresses(struct store *store, struct scope *s)
{
    enum err err = OK;

    for (struct claim *c = s->claims; c && !err; c = c->next)
        err = load_address(store, s, c->address);
    return err;
}

/* Follows claims from customers to addresses and back until nothing new comes (or N9's maximum is reached). */
static enum err load_group(struct store *store, struct scope *s)
{
    bool more = true;
    enum err err = OK;

    while (more && !err && count_nodes(s) < SCOPE_NODES_MAX) {
        more = false;
        for (struct customer *c = s->customers; c && !err; c = c->next)
            if (!c->expanded) {
                err = expand_customer(store, s, c);
                more = true;
            }
        if (!err)
            err = load_claimed_addresses(store, s);
        for (struct address *a = s->addresses; a && !err; a = a->next)
            if (!a->expanded) {
                err = expand_address(store, s, a);
                more = true;
            }
    }
    return err;
}

static enum err read_field(struct scope *s, struct row *r)
{
    struct contact_field *f = scope_add(s, &s->fields, sizeof(*f));

    if (!f)
        return ERR_MEMORY;
    f->source_id = row_int(r);
    f->subject = row_str(r);
    f->name = row_str(r);
    f->is = row_int(r) ? PRESENT : CLEARED;
    f->value = row_str(r);
    f->v = row_version(r);
    return OK;
}

enum err scope_load_fields(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    struct db_stmt *st = NULL;
    enum err err = db_prepare(store->db,
                              "SELECT source_id, subject, name, is_set, value, at_us, rank, receipt FROM customer_field"
                              " WHERE account_id = $1 AND source_id = $2 AND subject = $3 ORDER BY name",
                              &st);

    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_int(st, 2, source_id);
    db_bind_str(st, 3, subject);
    return read_rows(s, st, read_field);
}

static void read_register(struct row *r, struct consent_register *reg)
{
    reg->set = row_int(r) != 0;
    reg->state = (enum consent_state)row_int(r);
    reg->at_us = row_int(r);
    reg->source_id = row_int(r);
    reg->confirmed = row_int(r) != 0;
    reg->basis = row_str(r);
    reg->receipt = row_str(r);
}

static enum err read_consent(struct scope *s, struct row *r)
{
    struct consent *c = scope_add(s, &s->consents, sizeof(*c));

    if (!c)
        return ERR_MEMORY;
    c->address = row_str(r);
    c->channel = row_str(r);
    c->list = row_str(r);
    c->since_us = row_int(r);
    for (size_t i = 0; i < CONSENT_KIND__COUNT; i++)
        read_register(r, &c->is[i]);
    return OK;
}

static enum err read_suppression(struct scope *s, struct row *r)
{
    struct suppression *p = scope_add(s, &s->suppressions, sizeof(*p));

    if (!p)
        return ERR_MEMORY;
    p->address = row_str(r);
    p->channel = row_str(r);
    p->reason = row_str(r);
    p->at_us = row_int(r);
    p->source_id = row_int(r);
    return OK;
}

enum err scope_load_consents(struct store *store, struct scope *s, struct str address)
{
    struct db_stmt *st = NULL;
    enum err err;

    if (address.len == 0)
        return OK;
    err = db_prepare(store->db,
                     "SELECT address, channel, list, since_us, restrict_set, restrict_state, restrict_at_us, restrict_source,"
                     " restrict_confirmed, restrict_basis, restrict_receipt, opt_in_set, opt_in_state, opt_in_at_us, opt_in_source,"
                     " opt_in_confirmed, opt_in_basis, opt_in_receipt, weak_set, weak_state, weak_at_us, weak_source,"
                     " weak_confirmed, weak_basis, weak_receipt FROM consent WHERE account_id = $1 AND address = $2",
                     &st);
    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_str(st, 2, address);
    err = read_rows(s, st, read_consent);
    if (!err)
        err = db_prepare(
            store->db, "SELECT address, channel, reason, at_us, source_id FROM suppression WHERE account_id = $1 AND address = $2",
            &st);
    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_str(st, 2, address);
    return read_rows(s, st, read_suppression);
}

enum err scope_load_phone_consents(struct store *store, struct scope *s, struct str phone)
{
    char normal[PHONE_CHARS + 1];

    return phone_normalise(phone, normal) ? OK : scope_load_consents(store, s, arena_str(s->arena, str_of(normal)));
}

static enum err load_statements(struct store *store, struct scope *s, const struct event *event, const struct event_refs *refs,
                                int64_t source_id)
{
    const struct value *phone = &event->m[M_CONTACT_PHONE];
    enum err err = scope_load_consents(store, s, refs->email);

    if (!err && phone->is == PRESENT)
        err = scope_load_phone_consents(store, s, phone->text);
    if (!err && refs->subject.len)
        err = scope_load_consents(store, s, consent_subject_address(s->arena, source_id, refs->subject));
    return err;
}

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
static enum err load_keyed(struct store *store, struct scope *s, const char *sql, int64_t source_id, struct str key, read_row *read)
{
    struct db_stmt *st = NULL;
    enum err err;

    if (key.len == 0)
        return OK;
    err = db_prepare(store->db, sql, &st);
    if (err)
        return err;
    db_bind_int(st, 1, s->account_id);
    db_bind_int(st, 2, source_id);
    db_bind_str(st, 3, key);
    return read_rows(s, st, read);
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

#define CART_COLUMNS                                                                                                      \
    "source_id, id, at_us, rank, receipt, subject, visitor_id, cart_id, currency, url, items, total, n_items, first_us, " \
    "active_us, completed_us, abandoned_us"

enum err scope_load_carts_of(struct store *store, struct scope *s, int64_t source_id, struct str subject)
{
    return load_keyed(store, s,
                      "SELECT " CART_COLUMNS " FROM cart WHERE account_id = $1 AND source_id = $2 AND subject = $3"
                      " ORDER BY active_us DESC, id",
                      source_id, subject, read_cart);
}

static enum err load_objects(struct store *store, struct scope *s, const struct event_refs *refs, int64_t source_id)
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

enum err scope_load(struct store *store, const struct event *event, const struct event_refs *refs, int64_t source_id,
                    struct arena *arena, struct scope *out)
{
    enum err err;

    *out = (struct scope){.arena = arena, .account_id = store->account_id};
    err = load_customer(store, out, source_id, refs->subject);
    if (!err)
        err = load_customer(store, out, source_id, refs->merged);
    if (!err)
        err = load_address(store, out, refs->email);
    if (!err)
        err = load_group(store, out);
    if (!err && refs->subject.len)
        err = scope_load_fields(store, out, source_id, refs->subject);
    if (!err)
        err = load_statements(store, out, event, refs, source_id);
    if (!err)
        err = load_objects(store, out, refs, source_id);
    return err;
}

enum err scope_load_contact(struct store *store, struct str contact_id, struct arena *arena, struct scope *out)
{
    struct db_stmt *st = NULL;
    enum err err = db_prepare(
        store->db, "SELECT address, contact_id FROM address WHERE account_id = $1 AND contact_id = $2 ORDER BY address", &st);

    *out = (struct scope){.arena = arena, .account_id = store->account_id};
    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    db_bind_str(st, 2, contact_id);
    err = read_rows(out, st, read_address);
    if (!err)
        err = db_prepare(store->db,
                         "SELECT " CUSTOMER_COLUMNS " FROM customer c WHERE c.account_id = $1 AND c.contact_id = $2"
                         " ORDER BY c.source_id DESC, c.subject DESC",
                         &st);
    if (err)
        return err;
    db_bind_int(st, 1, store->account_id);
    db_bind_str(st, 2, contact_id);
    return read_rows(out, st, read_customer);
}
