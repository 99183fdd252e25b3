/* scope_save.c -- owns the way of changed facts out of a scope: to the facts of the batch, or into the database (N4). */
#include "store/scope.h"

#include "base/id.h"
#include "store/account_limit.h"
#include "store/cart.h"
#include "store/facts.h"
#include "store/scope_write.h"

const char scope_insert_contact[] = "INSERT INTO contact (account_id, id, made_at_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
/* M6: an id that was merged away stays resolvable, and chains are flat. */
const char scope_drop_contact[] = "UPDATE contact SET alias_of = $1 WHERE account_id = $2 AND (id = $3 OR alias_of = $3)";
const char scope_insert_visit[] = "INSERT INTO visit (account_id, source_id, id, type, at_us, subject, visitor_id, url, title, "
                                  "referrer, product_id, product_name)"
                                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
const char scope_insert_activity[] =
    "INSERT INTO activity (account_id, source_id, id, at_us, subject, address, name, text, url, delivery_id, received_at_us,"
    " applied_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
const char scope_insert_ledger[] =
    "INSERT INTO ledger (account_id, id, contact_id, source_id, delivery_id, type, rule, what, name, old_value, new_value,"
    " event_at_us, received_at_us, applied_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

/* One event's scope on its way. */
struct saving {
    struct facts *facts;
    const struct scope *scope;
    const struct event_context *ctx;
    struct str delivery_id;
    int64_t now_us;
};

/* Most customers come with their address, so the same id comes twice. */
static enum err save_contact(struct saving *v, struct str id)
{
    struct db_rows *rows = &v->facts->contacts;

    if (id.len == 0 || (rows->n && str_eq(db_rows_value(rows, rows->n - 1, 1)->text, id)))
        return OK;
    return db_rows_add(rows, v->scope->account_id, id, v->now_us);
}

static enum err save_contacts(struct saving *v)
{
    enum err err = OK;

    for (const struct customer *c = v->scope->customers; c && !err; c = c->next)
        if (c->changed && !str_eq(c->contact_id, c->loaded_contact_id))
            err = save_contact(v, c->contact_id);
    for (const struct address *a = v->scope->addresses; a && !err; a = a->next)
        if (a->changed)
            err = save_contact(v, a->contact_id);
    for (const struct dropped_contact *d = v->scope->dropped; d && !err; d = d->next)
        err = db_rows_add(&v->facts->dropped, d->into.len ? d->into : STR_NONE, v->scope->account_id, d->id);
    return err;
}

/* The cart's timer keeps what an earlier change of the batch asked for. */
static enum err save_cart(struct saving *v, const struct cart *c)
{
    struct fact *fact = NULL;
    enum err err = facts_put(v->facts, FACT_CART, c, &fact);
    int64_t look_us = cart_look_after(c, v->ctx->cart_delay_us);

    if (!err && fact->look_us != CART_LOOK_NOW)
        fact->look_us = look_us;
    return err;
}

static enum err save_kind(struct saving *v, enum fact_kind kind)
{
    const struct fact_type *type = &fact_types[kind];
    enum err err = OK;

    if (!type->insert || !type->changed)
        return OK;
    for (void *const *row = *(void *const *const *)((const char *)v->scope + type->list); row && !err; row = *row)
        if (*(const bool *)((const char *)row + type->changed))
            err = kind == FACT_CART ? save_cart(v, (const void *)row) : facts_put(v->facts, kind, row, NULL);
    return err;
}

static enum err save_visits(struct saving *v)
{
    enum err err = OK;

    for (const struct visit *i = v->scope->visits; i && !err; i = i->next)
        err = db_rows_add(&v->facts->visits, v->scope->account_id, i->source_id, i->id, str_of(event_type_name(i->type)), i->at_us,
                          not_null(i->subject), not_null(i->visitor_id), not_null(i->url), not_null(i->title),
                          not_null(i->referrer), not_null(i->product_id), not_null(i->product_name));
    return err;
}

static enum err save_activities(struct saving *v)
{
    enum err err = OK;

    for (const struct activity *a = v->scope->activities; a && !err; a = a->next)
        err = db_rows_add(&v->facts->activities, v->scope->account_id, a->source_id, a->id, a->at_us, not_null(a->subject),
                          not_null(a->address), not_null(a->name), not_null(a->text), not_null(a->url), v->delivery_id,
                          v->ctx->received_at_us, v->now_us);
    return err;
}

static enum err save_ledger(struct saving *v)
{
    enum err err = OK;

    for (const struct ledger_row *row = v->scope->ledger; row && !err; row = row->next) {
        struct id id = id_new(v->now_us);
        struct str kept = arena_str(v->facts->arena, id_str(&id));

        err = kept.p ? db_rows_add(&v->facts->ledger, v->scope->account_id, kept, not_null(row->contact_id), v->ctx->source_id,
                                   v->delivery_id, str_of(event_type_name(v->ctx->event->type)), str_of(row->rule),
                                   str_of(row->what), not_null(row->name), not_null(row->old), not_null(row->new), row->at_us,
                                   v->ctx->received_at_us, v->now_us)
                     : ERR_MEMORY;
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
    struct facts own;
    struct saving v = {.facts = facts_of(store, &own, scope->arena),
                       .scope = scope,
                       .ctx = ctx,
                       .delivery_id = delivery_id,
                       .now_us = clock_wall_us(store->clock)};
    enum err err = count_growth(store, scope);

    if (!err)
        err = save_contacts(&v);

    for (int kind = 0; kind < FACT_KIND__COUNT && !err; kind++)
        err = save_kind(&v, (enum fact_kind)kind);
    if (!err)
        err = save_visits(&v);
    if (!err)
        err = save_activities(&v);
    if (!err)
        err = save_ledger(&v);
    if (!err)
        err = cart_wake_note(&v.facts->wakes, scope);
    return err || v.facts != &own ? err : facts_write(&own);
}
