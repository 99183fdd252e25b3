/* apply_order.c -- owns what an event says of an order and its refunds (K1-K5, O9). */
#include "model/apply.h"

#include "base/json.h"
#include "model/money.h"

static struct order *order_ensure(struct apply *a)
{
    struct order *o = a->scope->orders;

    while (o && !(o->source_id == a->ctx->source_id && str_eq(o->id, a->refs->order_id)))
        o = o->next;
    if (o)
        return o;
    o = scope_add(a->scope, &a->scope->orders, sizeof(*o));
    if (o) {
        o->source_id = a->ctx->source_id;
        o->id = a->refs->order_id;
    }
    return o;
}

/* K1: decimal text to minor units; an amount that is none refuses the event. */
static int64_t amount(struct apply *a, enum member m, struct str currency)
{
    struct str text = member_text(a, m);
    struct money money = {0};

    if (text.len == 0)
        return 0;
    if (money_parse(text, currency, &money))
        apply_refuse(a, "mapping",
                     str_of(m == M_ORDER_TOTAL ? "order.total is no amount in order.currency"
                                               : "an amount of the order is none in order.currency"));
    return money.minor;
}

/* A status that comes without the order's state, such as a deletion: kept beside the state, the later one of both shows. */
static void apply_late_status(struct apply *a, struct order *o)
{
    struct str status = member_text(a, M_ORDER_STATUS);

    if (status.len == 0) {
        apply_refuse(a, "mapping", STR("order without order.total or order.status"));
        return;
    }
    if (!version_replaces(a->v, o->late_v)) {
        apply_stale(a, "order", o->id);
        return;
    }
    o->late_v = a->v;
    o->late_status = status;
    o->changed = true;
    scope_note(a->scope, a->ctx, STR_NONE, "K4", "order status", o->id, o->status, status);
}

/* O2: at equal times the same body says nothing new. */
static bool says_the_same(const struct order *a, const struct order *b)
{
    return version_is_set(a->v) && str_eq(a->status, b->status) && str_eq(a->currency, b->currency) && a->total == b->total &&
           a->tax == b->tax && a->shipping == b->shipping && a->discount == b->discount && a->refunded == b->refunded &&
           a->test == b->test && str_eq(a->number, b->number) && str_eq(a->items, b->items);
}

/* G4: the latest statement that names somebody says whose it is; one that names nobody takes it from nobody. True when it moved. */
static bool take_owner(struct apply *a, struct order *o)
{
    bool moved = a->customer && !str_eq(o->subject, a->customer->subject);

    if (!a->customer || !version_replaces(a->v, o->owner_v))
        return false;
    if (moved && version_is_set(o->v) && o->subject.len == 0)
        scope_note(a->scope, a->ctx, STR_NONE, "G4", "order attached", o->id, STR_NONE, STR_NONE);
    o->owner_v = a->v;
    o->subject = a->customer->subject;
    o->changed = true;
    return moved;
}

static void replace_state(struct apply *a, struct order *o, struct str currency, bool moved)
{
    struct order next = *o;

    next.v = a->v;
    next.currency = currency;
    next.total = amount(a, M_ORDER_TOTAL, currency);
    next.tax = amount(a, M_ORDER_TAX, currency);
    next.shipping = amount(a, M_ORDER_SHIPPING, currency);
    next.discount = amount(a, M_ORDER_DISCOUNT, currency);
    next.refunded = amount(a, M_ORDER_REFUNDED, currency);
    next.number = member_text(a, M_ORDER_NUMBER);
    next.status = member_text(a, M_ORDER_STATUS);
    if (str_eq(next.status, STR_NONE))
        next.status = STR("pending");
    next.shown_currency = member_text(a, M_ORDER_SHOWN_CURRENCY);
    next.shown_total = member_text(a, M_ORDER_SHOWN_TOTAL);
    next.cart_id = member_text(a, M_ORDER_CART_ID);
    next.checkout_id = member_text(a, M_ORDER_CHECKOUT_ID);
    next.url = member_text(a, M_ORDER_URL);
    next.test = a->event->m[M_ORDER_TEST].is == PRESENT && a->event->m[M_ORDER_TEST].number;
    next.items = items_json(a->scope, a->event);
    next.changed = true;
    if (a->out->effect == EFFECT_DEAD)
        return;
    if (!moved && says_the_same(o, &next))
        a->out->effect = EFFECT_NONE;
    else
        scope_note(a->scope, a->ctx, STR_NONE, version_is_set(o->v) ? "K4" : "O4", "order", o->id, o->status, next.status);
    *o = next;
}

/* When it was placed, as it says; else the time of the event that it was placed by, since it completes older carts (CA6). */
static int64_t placed_at(const struct apply *a)
{
    int64_t created = member_time(a, M_ORDER_CREATED_AT);

    return created || a->event->type != EVENT_ORDER_CREATED ? created : a->v.at_us;
}

void apply_order(struct apply *a)
{
    struct str currency = member_text(a, M_ORDER_CURRENCY);
    int64_t created = placed_at(a);
    struct order *o;
    bool moved;

    if (a->refs->order_id.len == 0) {
        apply_refuse(a, "mapping", STR("order without order.id"));
        return;
    }
    if (a->event->m[M_ORDER_TOTAL].is == CLEARED) { /* K1: null and "" are no amounts */
        apply_refuse(a, "mapping", STR("order.total is empty"));
        return;
    }
    if (a->event->m[M_ORDER_TOTAL].is == ABSENT) {
        o = order_ensure(a);
        if (o)
            apply_late_status(a, o);
        return;
    }
    if (!a->customer && a->refs->email_err == ERR_SYNTAX) /* require_address says why */
        return;
    o = order_ensure(a);
    if (!o)
        return;
    moved = take_owner(a, o);
    if (created && (o->created_us == 0 || created < o->created_us)) { /* O4 */
        o->created_us = created;
        o->changed = true;
    }
    if (version_replaces(a->v, o->v))
        replace_state(a, o, currency, moved);
    else if (!moved)
        apply_stale(a, "order", o->id);
}

void apply_anonymous_order(struct apply *a)
{
    for (struct order *o = a->scope->orders; o; o = o->next) {
        const struct customer *c = scope_customer(a->scope, o->source_id, o->subject);

        if (!o->changed || !str_eq(o->id, a->refs->order_id) || (o->subject.len && !c))
            continue;
        if (c && c->contact_id.len)
            o->anonymous_us = 0;
        else if (a->ctx->received_at_us > o->anonymous_us)
            o->anonymous_us = a->ctx->received_at_us;
    }
}

static void take_refund(struct apply *a, struct str id, struct str text)
{
    struct scope *s = a->scope;
    struct refund *r = s->refunds;

    while (r && !(r->source_id == a->ctx->source_id && str_eq(r->order_id, a->refs->order_id) && str_eq(r->id, id)))
        r = r->next;
    if (!r) {
        r = scope_add(s, &s->refunds, sizeof(*r));
        if (!r)
            return;
        r->source_id = a->ctx->source_id;
        r->order_id = a->refs->order_id;
        r->id = id;
    }
    if (!version_replaces(a->v, r->v))
        return;
    r->v = a->v; /* also when it says the same again: what lies between is older (N5) */
    r->changed = true;
    if (str_eq(r->amount, text))
        return;
    r->amount = text;
    scope_note(s, a->ctx, STR_NONE, "K5", "refund", r->order_id, id, text);
}

/* K5: refunds are keyed by their own id, so that a repetition takes nothing back twice. */
void apply_refund(struct apply *a)
{
    const struct event *e = a->event;

    if (a->refs->order_id.len == 0) {
        apply_refuse(a, "mapping", STR("refund without order.id"));
        return;
    }
    for (size_t i = 0; i < e->n_refunds; i++)
        if (e->refunds[i].id.len && e->refunds[i].amount.len)
            take_refund(a, e->refunds[i].id, e->refunds[i].amount);
    if (e->type == EVENT_ORDER_REFUNDED && e->m[M_ORDER_REFUNDED].is == PRESENT)
        take_refund(a, STR_NONE, member_text(a, M_ORDER_REFUNDED));
}

static json_t *item_json(const struct event_item *item)
{
    json_t *object = json_object();

#define X(name)         \
    if (item->name.len) \
        json_object_set_new(object, #name, json_str(text_limit(item->name)));
    ITEM_MEMBERS(X)
#undef X
    return object;
}

struct str items_json(struct scope *s, const struct event *event)
{
    struct buf text = BUF_INIT(4 << 20);
    json_t *list = json_array();
    struct str out = STR_NONE;

    for (size_t i = 0; list && i < event->n_items; i++)
        json_array_append_new(list, item_json(&event->items[i]));
    if (!list || json_print(list, &text))
        s->err = ERR_MEMORY;
    else
        out = scope_join(s, buf_str(&text), STR_NONE);
    json_decref(list);
    buf_release(&text);
    return out;
}
