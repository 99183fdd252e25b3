/* apply_cart.c -- owns what an event says of a cart, a visit and a visitor (CA1, CA2, CA4-CA7). */
#include "model/apply.h"

#include "model/money.h"

static struct cart *cart_ensure(struct apply *a)
{
    struct cart *c = a->scope->carts;

    while (c && !(c->source_id == a->ctx->source_id && str_eq(c->id, a->refs->cart_id)))
        c = c->next;
    if (c)
        return c;
    c = scope_add(a->scope, &a->scope->carts, sizeof(*c));
    if (c) {
        c->source_id = a->ctx->source_id;
        c->id = a->refs->cart_id;
    }
    return c;
}

/* A cart's value is for reading only, so an amount that is none counts as unknown. */
static int64_t cart_total(const struct apply *a)
{
    struct money money = {0};

    if (money_parse(member_text(a, M_CART_TOTAL), member_text(a, M_CART_CURRENCY), &money))
        return 0;
    return money.minor;
}

/* True when the event says what is in the cart. One that says only that it was abandoned or completed leaves what was said. */
static bool says_state(const struct apply *a)
{
    static const enum member of_state[] = {M_CART_TOTAL, M_CART_CURRENCY, M_CART_URL};

    for (size_t i = 0; i < sizeof(of_state) / sizeof(of_state[0]); i++)
        if (a->event->m[of_state[i]].is != ABSENT)
            return true;
    return a->event->items_are != ABSENT || a->refs->visitor_id.len > 0;
}

static void replace_state(struct apply *a, struct cart *c)
{
    c->v = a->v;
    c->visitor_id = a->refs->visitor_id;
    c->cart_id = member_text(a, M_CART_CART_ID);
    c->currency = member_text(a, M_CART_CURRENCY);
    c->url = member_text(a, M_CART_URL);
    c->total = cart_total(a);
    c->n_items = a->event->n_items;
    c->items = items_json(a->scope, a->event);
    scope_note(a->scope, a->ctx, STR_NONE, "CA1", "cart", c->id, STR_NONE, c->n_items ? STR("items") : STR("empty"));
}

/* True when the platform itself says when it happened; a time of receipt says that for a repetition and a poll as well. */
static bool has_own_time(const struct apply *a)
{
    return a->event->m[M_CART_UPDATED_AT].is == PRESENT || a->event->m[M_OCCURRED_AT].is == PRESENT || a->ctx->provider_at_us;
}

/* CA4: what a shopper does has a new time on the platform, or changes the cart. */
static bool is_activity(struct apply *a, const struct cart *c)
{
    if (a->event->type != EVENT_CART_UPDATED)
        return false;
    if (has_own_time(a) || !version_is_set(c->v))
        return true;
    return !str_eq(c->items, items_json(a->scope, a->event)) || (a->customer && !str_eq(c->subject, a->customer->subject));
}

/* Raises one of the cart's times; at equal times the first receipt counts, whichever is applied first (CA5, N5). */
static void move_to(const struct apply *a, int64_t at_us, int64_t *slot, int64_t *received_us)
{
    int64_t received = a->ctx->received_at_us;

    if (at_us > *slot || (at_us && at_us == *slot && received < *received_us)) {
        *slot = at_us;
        *received_us = received;
    }
}

void apply_cart(struct apply *a)
{
    int64_t created = member_time(a, M_CART_CREATED_AT), completed = member_time(a, M_CART_COMPLETED_AT);
    int64_t abandoned = member_time(a, M_CART_ABANDONED_AT);
    struct cart *c;

    if (a->refs->cart_id.len == 0) {
        apply_refuse(a, "mapping", STR("cart without cart.id, contact or visitor"));
        return;
    }
    c = cart_ensure(a);
    if (!c)
        return;
    if (a->event->type == EVENT_CART_ABANDONED && abandoned == 0)
        abandoned = a->v.at_us;
    if (c->first_us == 0 || a->v.at_us < c->first_us)
        c->first_us = a->v.at_us;
    if (created && created < c->first_us)
        c->first_us = created;
    if (is_activity(a, c))
        move_to(a, a->v.at_us, &c->active_us, &c->active_received_us);
    move_to(a, abandoned, &c->abandoned_us, &c->abandoned_received_us);
    if (completed > c->completed_us)
        c->completed_us = completed;
    if (a->ctx->received_at_us > c->heard_us)
        c->heard_us = a->ctx->received_at_us;
    if (a->customer && version_replaces(a->v, c->owner_v)) { /* N5: a later anonymous state does not take it away */
        c->subject = a->customer->subject;
        c->owner_v = a->v;
    }
    if (!says_state(a))
        scope_note(a->scope, a->ctx, STR_NONE, "CA1", "cart", c->id, STR_NONE, completed ? STR("completed") : STR("abandoned"));
    else if (version_replaces(a->v, c->v))
        replace_state(a, c);
    else
        apply_stale(a, "cart", c->id);
    c->changed = true;
}

/* D6, D7: a visit is known by its event's id, else by its delivery's key, so two equal visits are two and a repeated one is one. */
void apply_visit(struct apply *a)
{
    struct str id = member_text(a, M_ID);
    struct visit *v;

    if (a->refs->visitor_id.len == 0 && a->refs->subject.len == 0) {
        apply_refuse(a, "mapping", STR("visit without visitor_id or contact"));
        return;
    }
    v = scope_add(a->scope, &a->scope->visits, sizeof(*v));
    if (!v)
        return;
    v->source_id = a->ctx->source_id;
    v->id = id.len ? scope_join(a->scope, STR("e:"), id) : a->ctx->effect_key;
    v->type = a->event->type;
    v->at_us = a->v.at_us;
    v->subject = a->refs->subject;
    v->visitor_id = a->refs->visitor_id;
    v->url = member_text(a, a->event->type == EVENT_PRODUCT_VIEWED ? M_PRODUCT_URL : M_PAGE_URL);
    if (v->url.len == 0)
        v->url = member_text(a, M_PAGE_URL);
    v->title = member_text(a, M_PAGE_TITLE);
    v->referrer = member_text(a, M_PAGE_REFERRER);
    v->product_id = member_text(a, M_PRODUCT_ID);
    v->product_name = member_text(a, M_PRODUCT_NAME);
}

/* A signed event that names both ties the visitor's visits and carts to the customer; the latest statement counts. */
void apply_identify(struct apply *a)
{
    struct scope *s = a->scope;
    struct visitor *v = s->visitors;

    if (a->refs->visitor_id.len == 0 || !a->customer)
        return;
    while (v && !(v->source_id == a->ctx->source_id && str_eq(v->id, a->refs->visitor_id)))
        v = v->next;
    if (!v) {
        v = scope_add(s, &s->visitors, sizeof(*v));
        if (!v)
            return;
        v->source_id = a->ctx->source_id;
        v->id = a->refs->visitor_id;
    }
    if (!version_replaces(a->v, v->v))
        return;
    v->subject = a->customer->subject;
    v->v = a->v;
    v->changed = true;
}
