/* fact_write.c -- owns the way of each kind of fact into the database: the statement that adds or replaces one row, and its values. */
#include "store/scope_read.h"

const char fact_insert_customer[] =
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
    " first_us = excluded.first_us, last_us = excluded.last_us";

enum err fact_bind_customer(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct customer *c = row;

    (void)look_us;
    return db_rows_add(rows, account_id, c->source_id, c->subject, not_null(c->external_id), not_null(c->contact_id),
                       not_null(c->email), not_null(c->email_shown), (int64_t)c->email_class, c->email_v.at_us,
                       (int64_t)c->email_v.rank, not_null(c->email_v.receipt), c->seen_v.at_us, (int64_t)c->seen_v.rank,
                       not_null(c->seen_v.receipt), c->deleted_v.at_us, (int64_t)c->deleted_v.rank, not_null(c->deleted_v.receipt),
                       not_null(c->merged_into), c->first_us, c->last_us);
}

const char fact_insert_address[] = "INSERT INTO address (account_id, address, contact_id) VALUES ($1, $2, $3)"
                                   " ON CONFLICT (account_id, address) DO UPDATE SET contact_id = excluded.contact_id";

enum err fact_bind_address(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct address *a = row;

    (void)look_us;
    return db_rows_add(rows, account_id, a->key, not_null(a->contact_id));
}

const char fact_insert_claim[] =
    "INSERT INTO claim (account_id, address, source_id, subject, class, first_us, said_at_us, said_rank, said_receipt, shown, "
    "apart)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (account_id, address, source_id, subject)"
    " DO UPDATE SET class = excluded.class, first_us = excluded.first_us, said_at_us = excluded.said_at_us,"
    " said_rank = excluded.said_rank, said_receipt = excluded.said_receipt, shown = excluded.shown, apart = excluded.apart";

enum err fact_bind_claim(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct claim *c = row;

    (void)look_us;
    return db_rows_add(rows, account_id, c->address, c->source_id, c->subject, (int64_t)c->class, c->first_us, c->said_v.at_us,
                       (int64_t)c->said_v.rank, not_null(c->said_v.receipt), not_null(c->shown), (int64_t)c->apart);
}

const char fact_insert_field[] =
    "INSERT INTO customer_field (account_id, source_id, subject, name, is_set, value, at_us, rank, receipt)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT (account_id, source_id, subject, name) DO UPDATE SET is_set = excluded.is_set,"
    " value = excluded.value, at_us = excluded.at_us, rank = excluded.rank, receipt = excluded.receipt";

enum err fact_bind_field(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct contact_field *f = row;

    (void)look_us;
    return db_rows_add(rows, account_id, f->source_id, f->subject, f->name, field_is_set(f->is), not_null(f->value), f->v.at_us,
                       (int64_t)f->v.rank, f->v.receipt);
}

const char fact_insert_consent[] =
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
    " asked_receipt = excluded.asked_receipt";

enum err fact_bind_consent(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct consent *c = row;
    const struct consent_register *r = &c->is[CONSENT_RESTRICT], *o = &c->is[CONSENT_OPT_IN], *w = &c->is[CONSENT_WEAK],
                                  *a = &c->is[CONSENT_ASKED];

    (void)look_us;
    return db_rows_add(rows, account_id, c->address, c->channel, not_null(c->list), c->since_us, (int64_t)r->set, (int64_t)r->state,
                       r->at_us, r->source_id, (int64_t)r->confirmed, not_null(r->basis), not_null(r->receipt), (int64_t)o->set,
                       (int64_t)o->state, o->at_us, o->source_id, (int64_t)o->confirmed, not_null(o->basis), not_null(o->receipt),
                       (int64_t)w->set, (int64_t)w->state, w->at_us, w->source_id, (int64_t)w->confirmed, not_null(w->basis),
                       not_null(w->receipt), (int64_t)a->set, (int64_t)a->state, a->at_us, a->source_id, (int64_t)a->confirmed,
                       not_null(a->basis), not_null(a->receipt));
}

const char fact_insert_suppression[] = "INSERT INTO suppression (account_id, address, channel, reason, at_us, source_id)"
                                       " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, address, channel, reason)"
                                       " DO UPDATE SET at_us = excluded.at_us, source_id = excluded.source_id";

enum err fact_bind_suppression(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct suppression *p = row;

    (void)look_us;
    return db_rows_add(rows, account_id, p->address, p->channel, p->reason, p->at_us, p->source_id);
}

const char fact_insert_order[] =
    "INSERT INTO shop_order (account_id, source_id, id, at_us, rank, receipt, subject, number, status, currency,"
    " shown_currency, shown_total, cart_id, checkout_id, url, items, total, tax, shipping, discount, refunded, test,"
    " created_us, late_at_us, late_rank, late_receipt, late_status, owner_at_us, owner_rank, owner_receipt, anonymous_us)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,"
    " $23, $24, $25, $26, $27, $28, $29, $30, $31)"
    " ON CONFLICT (account_id, source_id, id) DO UPDATE SET at_us = excluded.at_us, rank = excluded.rank,"
    " receipt = excluded.receipt, subject = excluded.subject, number = excluded.number, status = excluded.status,"
    " currency = excluded.currency, shown_currency = excluded.shown_currency, shown_total = excluded.shown_total,"
    " cart_id = excluded.cart_id, checkout_id = excluded.checkout_id, url = excluded.url, items = excluded.items,"
    " total = excluded.total, tax = excluded.tax, shipping = excluded.shipping, discount = excluded.discount,"
    " refunded = excluded.refunded, test = excluded.test, created_us = excluded.created_us,"
    " late_at_us = excluded.late_at_us, late_rank = excluded.late_rank, late_receipt = excluded.late_receipt,"
    " late_status = excluded.late_status, owner_at_us = excluded.owner_at_us, owner_rank = excluded.owner_rank,"
    " owner_receipt = excluded.owner_receipt, anonymous_us = excluded.anonymous_us";

enum err fact_bind_order(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct order *o = row;

    (void)look_us;
    return db_rows_add(rows, account_id, o->source_id, o->id, o->v.at_us, (int64_t)o->v.rank, not_null(o->v.receipt),
                       not_null(o->subject), not_null(o->number), not_null(o->status), not_null(o->currency),
                       not_null(o->shown_currency), not_null(o->shown_total), not_null(o->cart_id), not_null(o->checkout_id),
                       not_null(o->url), not_null(o->items), o->total, o->tax, o->shipping, o->discount, o->refunded,
                       (int64_t)o->test, o->created_us, o->late_v.at_us, (int64_t)o->late_v.rank, not_null(o->late_v.receipt),
                       not_null(o->late_status), o->owner_v.at_us, (int64_t)o->owner_v.rank, not_null(o->owner_v.receipt),
                       o->anonymous_us);
}

const char fact_insert_refund[] =
    "INSERT INTO refund (account_id, source_id, order_id, id, amount, at_us, rank, receipt)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account_id, source_id, order_id, id) DO UPDATE SET"
    " amount = excluded.amount, at_us = excluded.at_us, rank = excluded.rank, receipt = excluded.receipt";

enum err fact_bind_refund(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct refund *r = row;

    (void)look_us;
    return db_rows_add(rows, account_id, r->source_id, r->order_id, not_null(r->id), r->amount, r->v.at_us, (int64_t)r->v.rank,
                       r->v.receipt);
}

const char fact_insert_cart[] =
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
    " heard_us = excluded.heard_us, look_us = CASE WHEN cart.look_us = 1 THEN 1 ELSE excluded.look_us END";

enum err fact_bind_cart(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct cart *c = row;

    return db_rows_add(rows, account_id, c->source_id, c->id, c->v.at_us, (int64_t)c->v.rank, not_null(c->v.receipt),
                       not_null(c->subject), not_null(c->visitor_id), not_null(c->cart_id), not_null(c->currency), not_null(c->url),
                       not_null(c->items), c->total, (int64_t)c->n_items, c->first_us, c->active_us, c->completed_us,
                       c->abandoned_us, c->owner_v.at_us, (int64_t)c->owner_v.rank, not_null(c->owner_v.receipt),
                       c->active_received_us, c->abandoned_received_us, c->heard_us, look_us);
}

const char fact_insert_visitor[] =
    "INSERT INTO visitor (account_id, source_id, id, subject, at_us, rank, receipt) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    " ON CONFLICT (account_id, source_id, id) DO UPDATE SET subject = excluded.subject, at_us = excluded.at_us,"
    " rank = excluded.rank, receipt = excluded.receipt";

enum err fact_bind_visitor(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct visitor *v = row;

    (void)look_us;
    return db_rows_add(rows, account_id, v->source_id, v->id, v->subject, v->v.at_us, (int64_t)v->v.rank, v->v.receipt);
}

/* The first delivery with the key keeps it; what became of it may be said later. */
const char fact_insert_seen[] = "INSERT INTO seen (account_id, source_id, key, delivery_id, at_us, reason, detail)"
                                " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, source_id, key) DO UPDATE SET"
                                " reason = excluded.reason, detail = excluded.detail";

enum err fact_bind_seen(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us)
{
    const struct seen_row *s = row;

    (void)look_us;
    return db_rows_add(rows, account_id, s->source_id, s->key, s->delivery_id, s->at_us, not_null(s->reason), not_null(s->detail));
}
