/* scope_save.c -- owns the way of changed facts into the database, inside the caller's transaction (N4). */
#include "store/scope.h"

#include "store/account_limit.h"
#include "store/activity.h"
#include "store/cart.h"
#include "store/row.h"
#include "store/scope_read.h"

static enum err save_contact(struct store *store, struct str contact_id)
{
    if (contact_id.len == 0)
        return OK;
    return db_run(store->db, "INSERT INTO contact (account_id, id, made_at_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", "isi",
                  store->account_id, contact_id, clock_wall_us(store->clock));
}

static enum err save_customer(struct store *store, const struct customer *c)
{
    return db_run(store->db,
                  "INSERT INTO customer (account_id, source_id, subject, external_id, contact_id, email, email_shown, email_class,"
                  " email_at_us, email_rank, email_receipt, seen_at_us, seen_rank, seen_receipt, deleted_at_us, deleted_rank,"
                  " deleted_receipt, merged_into, first_us, last_us)"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
                  " ON CONFLICT (account_id, source_id, subject) DO UPDATE SET contact_id = excluded.contact_id,"
                  " email = excluded.email, email_shown = excluded.email_shown, email_class = excluded.email_class,"
                  " email_at_us = excluded.email_at_us, email_rank = excluded.email_rank, email_receipt = excluded.email_receipt,"
                  " seen_at_us = excluded.seen_at_us, seen_rank = excluded.seen_rank, seen_receipt = excluded.seen_receipt,"
                  " deleted_at_us = excluded.deleted_at_us, deleted_rank = excluded.deleted_rank,"
                  " deleted_receipt = excluded.deleted_receipt, merged_into = excluded.merged_into,"
                  " first_us = excluded.first_us, last_us = excluded.last_us",
                  "iisssssiiisiisiissii", store->account_id, c->source_id, c->subject, not_null(c->external_id),
                  not_null(c->contact_id), not_null(c->email), not_null(c->email_shown), (int64_t)c->email_class, c->email_v.at_us,
                  (int64_t)c->email_v.rank, not_null(c->email_v.receipt), c->seen_v.at_us, (int64_t)c->seen_v.rank,
                  not_null(c->seen_v.receipt), c->deleted_v.at_us, (int64_t)c->deleted_v.rank, not_null(c->deleted_v.receipt),
                  not_null(c->merged_into), c->first_us, c->last_us);
}

static enum err save_people(struct store *store, const struct scope *s)
{
    enum err err = OK;

    for (struct customer *c = s->customers; c && !err; c = c->next) {
        if (!c->changed)
            continue;
        err = save_contact(store, c->contact_id);
        if (!err)
            err = save_customer(store, c);
    }
    for (struct address *a = s->addresses; a && !err; a = a->next) {
        if (!a->changed)
            continue;
        err = save_contact(store, a->contact_id);
        if (!err)
            err = db_run(store->db,
                         "INSERT INTO address (account_id, address, contact_id) VALUES ($1, $2, $3)"
                         " ON CONFLICT (account_id, address) DO UPDATE SET contact_id = excluded.contact_id",
                         "iss", store->account_id, a->key, not_null(a->contact_id));
    }
    for (struct claim *c = s->claims; c && !err; c = c->next)
        if (c->changed)
            err = db_run(
                store->db,
                "INSERT INTO claim (account_id, address, source_id, subject, class, first_us, said_at_us, said_rank, said_receipt,"
                " shown, apart) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
                " ON CONFLICT (account_id, address, source_id, subject)"
                " DO UPDATE SET class = excluded.class, first_us = excluded.first_us, said_at_us = excluded.said_at_us,"
                " said_rank = excluded.said_rank, said_receipt = excluded.said_receipt, shown = excluded.shown,"
                " apart = excluded.apart",
                "isisiiiissi", store->account_id, c->address, c->source_id, c->subject, (int64_t)c->class, c->first_us,
                c->said_v.at_us, (int64_t)c->said_v.rank, not_null(c->said_v.receipt), not_null(c->shown), (int64_t)c->apart);
    /* M6: an id that was merged away stays resolvable, and chains are flat */
    for (struct dropped_contact *d = s->dropped; d && !err; d = d->next)
        err = db_run(store->db, "UPDATE contact SET alias_of = $1 WHERE account_id = $2 AND (id = $3 OR alias_of = $3)", "sis",
                     d->into.len ? d->into : STR_NONE, store->account_id, d->id);
    return err;
}

static enum err save_fields(struct store *store, const struct scope *s)
{
    enum err err = OK;

    for (struct contact_field *f = s->fields; f && !err; f = f->next)
        if (f->changed)
            err = db_run(store->db,
                         "INSERT INTO customer_field (account_id, source_id, subject, name, is_set, value, at_us, rank, receipt)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                         " ON CONFLICT (account_id, source_id, subject, name) DO UPDATE SET is_set = excluded.is_set,"
                         " value = excluded.value, at_us = excluded.at_us, rank = excluded.rank, receipt = excluded.receipt",
                         "iissisiis", store->account_id, f->source_id, f->subject, f->name, field_is_set(f->is), not_null(f->value),
                         f->v.at_us, (int64_t)f->v.rank, f->v.receipt);
    return err;
}

static enum err save_consent(struct store *store, const struct consent *c)
{
    const struct consent_register *r = &c->is[CONSENT_RESTRICT], *o = &c->is[CONSENT_OPT_IN], *w = &c->is[CONSENT_WEAK],
                                  *a = &c->is[CONSENT_ASKED];

    return db_run(
        store->db,
        "INSERT INTO consent (account_id, address, channel, list, since_us,"
        " restrict_set, restrict_state, restrict_at_us, restrict_source, restrict_confirmed, restrict_basis, restrict_receipt,"
        " opt_in_set, opt_in_state, opt_in_at_us, opt_in_source, opt_in_confirmed, opt_in_basis, opt_in_receipt,"
        " weak_set, weak_state, weak_at_us, weak_source, weak_confirmed, weak_basis, weak_receipt,"
        " asked_set, asked_state, asked_at_us, asked_source, asked_confirmed, asked_basis, asked_receipt)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,"
        " $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)"
        " ON CONFLICT (account_id, address, channel, list) DO UPDATE SET since_us = excluded.since_us,"
        " restrict_set = excluded.restrict_set, restrict_state = excluded.restrict_state,"
        " restrict_at_us = excluded.restrict_at_us, restrict_source = excluded.restrict_source,"
        " restrict_confirmed = excluded.restrict_confirmed, restrict_basis = excluded.restrict_basis,"
        " restrict_receipt = excluded.restrict_receipt, opt_in_set = excluded.opt_in_set,"
        " opt_in_state = excluded.opt_in_state, opt_in_at_us = excluded.opt_in_at_us,"
        " opt_in_source = excluded.opt_in_source, opt_in_confirmed = excluded.opt_in_confirmed,"
        " opt_in_basis = excluded.opt_in_basis, opt_in_receipt = excluded.opt_in_receipt, weak_set = excluded.weak_set,"
        " weak_state = excluded.weak_state, weak_at_us = excluded.weak_at_us, weak_source = excluded.weak_source,"
        " weak_confirmed = excluded.weak_confirmed, weak_basis = excluded.weak_basis, weak_receipt = excluded.weak_receipt,"
        " asked_set = excluded.asked_set, asked_state = excluded.asked_state, asked_at_us = excluded.asked_at_us,"
        " asked_source = excluded.asked_source, asked_confirmed = excluded.asked_confirmed, asked_basis = excluded.asked_basis,"
        " asked_receipt = excluded.asked_receipt",
        "isssiiiiiissiiiiissiiiiissiiiiiss", store->account_id, c->address, c->channel, not_null(c->list), c->since_us,
        (int64_t)r->set, (int64_t)r->state, r->at_us, r->source_id, (int64_t)r->confirmed, not_null(r->basis), not_null(r->receipt),
        (int64_t)o->set, (int64_t)o->state, o->at_us, o->source_id, (int64_t)o->confirmed, not_null(o->basis), not_null(o->receipt),
        (int64_t)w->set, (int64_t)w->state, w->at_us, w->source_id, (int64_t)w->confirmed, not_null(w->basis), not_null(w->receipt),
        (int64_t)a->set, (int64_t)a->state, a->at_us, a->source_id, (int64_t)a->confirmed, not_null(a->basis),
        not_null(a->receipt));
}

static enum err save_statements(struct store *store, const struct scope *s)
{
    enum err err = OK;

    for (struct consent *c = s->consents; c && !err; c = c->next)
        if (c->changed)
            err = save_consent(store, c);
    for (struct suppression *p = s->suppressions; p && !err; p = p->next)
        if (p->changed)
            err = db_run(store->db,
                         "INSERT INTO suppression (account_id, address, channel, reason, at_us, source_id)"
                         " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, address, channel, reason)"
                         " DO UPDATE SET at_us = excluded.at_us, source_id = excluded.source_id",
                         "isssii", store->account_id, p->address, p->channel, p->reason, p->at_us, p->source_id);
    return err;
}

static enum err save_order(struct store *store, const struct order *o)
{
    return db_run(store->db,
                  "INSERT INTO shop_order (account_id, source_id, id, at_us, rank, receipt, subject, number, status, currency,"
                  " shown_currency, shown_total, cart_id, checkout_id, url, items, total, tax, shipping, discount, refunded, test,"
                  " created_us, late_at_us, late_rank, late_receipt, late_status)"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,"
                  " $23, $24, $25, $26, $27)"
                  " ON CONFLICT (account_id, source_id, id) DO UPDATE SET at_us = excluded.at_us, rank = excluded.rank,"
                  " receipt = excluded.receipt, subject = excluded.subject, number = excluded.number, status = excluded.status,"
                  " currency = excluded.currency, shown_currency = excluded.shown_currency, shown_total = excluded.shown_total,"
                  " cart_id = excluded.cart_id, checkout_id = excluded.checkout_id, url = excluded.url, items = excluded.items,"
                  " total = excluded.total, tax = excluded.tax, shipping = excluded.shipping, discount = excluded.discount,"
                  " refunded = excluded.refunded, test = excluded.test, created_us = excluded.created_us,"
                  " late_at_us = excluded.late_at_us, late_rank = excluded.late_rank, late_receipt = excluded.late_receipt,"
                  " late_status = excluded.late_status",
                  "iisiisssssssssssiiiiiiiiiss", store->account_id, o->source_id, o->id, o->v.at_us, (int64_t)o->v.rank,
                  not_null(o->v.receipt), not_null(o->subject), not_null(o->number), not_null(o->status), not_null(o->currency),
                  not_null(o->shown_currency), not_null(o->shown_total), not_null(o->cart_id), not_null(o->checkout_id),
                  not_null(o->url), not_null(o->items), o->total, o->tax, o->shipping, o->discount, o->refunded, (int64_t)o->test,
                  o->created_us, o->late_v.at_us, (int64_t)o->late_v.rank, not_null(o->late_v.receipt), not_null(o->late_status));
}

static enum err save_cart(struct store *store, const struct cart *c, int64_t delay_us)
{
    return db_run(
        store->db,
        "INSERT INTO cart (account_id, source_id, id, at_us, rank, receipt, subject, visitor_id, cart_id, currency, url,"
        " items, total, n_items, first_us, active_us, completed_us, abandoned_us, owner_at_us, owner_rank, owner_receipt,"
        " active_received_us, abandoned_received_us, heard_us, look_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
        " $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)"
        " ON CONFLICT (account_id, source_id, id) DO UPDATE SET at_us = excluded.at_us, rank = excluded.rank,"
        " receipt = excluded.receipt, subject = excluded.subject, visitor_id = excluded.visitor_id,"
        " cart_id = excluded.cart_id, currency = excluded.currency, url = excluded.url, items = excluded.items,"
        " total = excluded.total, n_items = excluded.n_items, first_us = excluded.first_us,"
        " active_us = excluded.active_us, completed_us = excluded.completed_us, abandoned_us = excluded.abandoned_us,"
        " owner_at_us = excluded.owner_at_us, owner_rank = excluded.owner_rank, owner_receipt = excluded.owner_receipt,"
        " active_received_us = excluded.active_received_us, abandoned_received_us = excluded.abandoned_received_us,"
        " heard_us = excluded.heard_us, look_us = CASE WHEN cart.look_us = 1 THEN 1 ELSE excluded.look_us END",
        "iisiissssss"
        "siiiiiiiisiiii",
        store->account_id, c->source_id, c->id, c->v.at_us, (int64_t)c->v.rank, not_null(c->v.receipt), not_null(c->subject),
        not_null(c->visitor_id), not_null(c->cart_id), not_null(c->currency), not_null(c->url), not_null(c->items), c->total,
        (int64_t)c->n_items, c->first_us, c->active_us, c->completed_us, c->abandoned_us, c->owner_v.at_us,
        (int64_t)c->owner_v.rank, not_null(c->owner_v.receipt), c->active_received_us, c->abandoned_received_us, c->heard_us,
        cart_look_after(c, delay_us));
}

static enum err save_visits(struct store *store, const struct scope *s)
{
    enum err err = OK;

    for (struct visit *v = s->visits; v && !err; v = v->next)
        err = db_run(store->db,
                     "INSERT INTO visit (account_id, source_id, id, type, at_us, subject, visitor_id, url, title, referrer,"
                     " product_id, product_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
                     "iississsssss", store->account_id, v->source_id, v->id, str_of(event_type_name(v->type)), v->at_us,
                     not_null(v->subject), not_null(v->visitor_id), not_null(v->url), not_null(v->title), not_null(v->referrer),
                     not_null(v->product_id), not_null(v->product_name));
    for (struct visitor *v = s->visitors; v && !err; v = v->next)
        if (v->changed)
            err = db_run(
                store->db,
                "INSERT INTO visitor (account_id, source_id, id, subject, at_us, rank, receipt) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                " ON CONFLICT (account_id, source_id, id) DO UPDATE SET subject = excluded.subject, at_us = excluded.at_us,"
                " rank = excluded.rank, receipt = excluded.receipt",
                "iissiis", store->account_id, v->source_id, v->id, v->subject, v->v.at_us, (int64_t)v->v.rank, v->v.receipt);
    return err;
}

static enum err save_objects(struct store *store, const struct scope *s, int64_t cart_delay_us)
{
    enum err err = OK;

    for (struct order *o = s->orders; o && !err; o = o->next)
        if (o->changed)
            err = save_order(store, o);
    for (struct refund *r = s->refunds; r && !err; r = r->next)
        if (r->changed)
            err = db_run(store->db,
                         "INSERT INTO refund (account_id, source_id, order_id, id, amount, at_us, rank, receipt)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account_id, source_id, order_id, id) DO UPDATE SET"
                         " amount = excluded.amount, at_us = excluded.at_us, rank = excluded.rank, receipt = excluded.receipt",
                         "iisssiis", store->account_id, r->source_id, r->order_id, not_null(r->id), r->amount, r->v.at_us,
                         (int64_t)r->v.rank, r->v.receipt);
    for (struct cart *c = s->carts; c && !err; c = c->next)
        if (c->changed)
            err = save_cart(store, c, cart_delay_us);
    return err ? err : save_visits(store, s);
}

static enum err save_ledger(struct store *store, const struct scope *s, const struct event_context *ctx, struct str delivery_id)
{
    int64_t now = clock_wall_us(store->clock);
    enum err err = OK;

    for (struct ledger_row *row = s->ledger; row && !err; row = row->next) {
        struct id id = id_new(now);

        err = db_run(
            store->db,
            "INSERT INTO ledger (account_id, id, contact_id, source_id, delivery_id, type, rule, what, name, old_value, new_value,"
            " event_at_us, received_at_us, applied_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            "issi"
            "sssssssiii",
            store->account_id, id_str(&id), not_null(row->contact_id), ctx->source_id, delivery_id,
            str_of(event_type_name(ctx->event->type)), str_of(row->rule), str_of(row->what), not_null(row->name),
            not_null(row->old), not_null(row->new), row->at_us, ctx->received_at_us, now);
    }
    return err;
}

/* An id that was merged away before is not merged away again. */
static enum err is_contact(struct store *store, struct str id, bool *is)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(store->db, &st, "SELECT 1 FROM contact WHERE account_id = $1 AND id = $2 AND alias_of IS NULL", "is",
                            store->account_id, id);

    if (err)
        return err;
    err = db_step(st, is);
    db_done(st);
    return err;
}

enum err scope_growth(struct store *store, const struct scope *scope, int64_t *out)
{
    enum err err = OK;

    *out = (int64_t)scope->made;
    for (const struct dropped_contact *d = scope->dropped; d && !err; d = d->next) {
        bool is = false;

        err = is_contact(store, d->id, &is);
        *out -= is;
    }
    return err;
}

/* Before anything is written: what is dropped is still a contact. */
static enum err count_growth(struct store *store, const struct scope *scope)
{
    int64_t growth = 0;
    enum err err = store->is_unlimited ? OK : scope_growth(store, scope, &growth);

    return err ? err : contact_grow(store, growth);
}

enum err scope_save(struct store *store, const struct scope *scope, const struct event_context *ctx, struct str delivery_id)
{
    enum err err = count_growth(store, scope);

    if (!err)
        err = save_people(store, scope);
    if (!err)
        err = save_fields(store, scope);
    if (!err)
        err = save_statements(store, scope);
    if (!err)
        err = save_objects(store, scope, ctx->cart_delay_us);
    for (struct activity *a = scope->activities; a && !err; a = a->next)
        err = activity_save(store, a, ctx, delivery_id);
    if (!err)
        err = cart_wake(store, scope);
    if (!err)
        err = save_ledger(store, scope, ctx, delivery_id);
    return err;
}
