/* script_orders.h -- owns what the shops of the script say of orders, refunds, carts and visits. */
#ifndef TESTS_PROPERTY_SCRIPT_ORDERS_H
#define TESTS_PROPERTY_SCRIPT_ORDERS_H

#include "script_customers.h"

/* A status in the platform's words, and in those of the canonical event. */
struct status_word {
    const char *said, *means;
};
static const struct status_word status_words[PLATFORMS][8] = {
    {{"pending", "pending"},
     {"authorized", "pending"},
     {"paid", "paid"},
     {"paid", "paid"},
     {"partially_refunded", "partially_refunded"},
     {"refunded", "refunded"},
     {"voided", "cancelled"},
     {"", "cancelled"}},
    {{"pending", "pending"},
     {"on-hold", "pending"},
     {"processing", "paid"},
     {"completed", "completed"},
     {"refunded", "refunded"},
     {"failed", "failed"},
     {"cancelled", "cancelled"},
     {"trash", "cancelled"}},
    {{"pending", "pending"},
     {"paid", "paid"},
     {"completed", "completed"},
     {"paid", "paid"},
     {"refunded", "refunded"},
     {"partially_refunded", "partially_refunded"},
     {"cancelled", "cancelled"},
     {"failed", "failed"}},
};

static inline const char *shop_currency(size_t source)
{
    static const char *const currencies[SOURCES] = {"SEK", "EUR", "JPY", "EUR", "USD", "KWD", "EUR", "GBP"};

    return currencies[source];
}

static inline const char *order_amount(struct script *s, const struct made_order *o, int64_t minor)
{
    return amount_text(s, minor, o->currency);
}

/* Returns owned: items of any shop. */
static inline json_t *line_items(struct script *s)
{
    json_t *list = json_array();

    for (int i = 1 + pick(s, 2); i > 0; i--)
        json_array_append_new(list, json_pack("{s:i,s:s,s:s,s:i,s:s}", "product_id", pick(s, 50), "sku",
                                              text_of(s, "SKU-%d", pick(s, 50)), "name", "Mug", "quantity", 1 + pick(s, 3), "price",
                                              "9.50"));
    return list;
}

static inline struct made_order *order_new(struct script *s, size_t source, int person)
{
    struct made_order *o = &s->orders[s->n_orders++];

    *o = (struct made_order){.source = source,
                             .person = person,
                             .address = address_of(person, pick(s, 3)),
                             .guest = chance(s, 35) || s->accounts[source][person].closed,
                             .test = chance(s, 4),
                             .number = 5000 + ++s->numbers,
                             .created_us = s->now_us,
                             .total = 500 + pick(s, 100000),
                             .currency = shop_currency(source),
                             .cart = NOBODY};
    for (int i = 0; i < s->n_carts; i++)
        if (s->carts[i].source == source && s->carts[i].person == person && chance(s, 60))
            o->cart = i;
    return o;
}

static inline json_t *shopify_refund(struct script *s, const struct made_order *o, int i)
{
    return json_pack("{s:I,s:I,s:s,s:s,s:[{s:s,s:s,s:s,s:s}]}", "id", (json_int_t)(o->number * 10 + i), "order_id",
                     (json_int_t)o->number, "created_at", iso(s, s->now_us), "processed_at", iso(s, s->now_us), "transactions",
                     "kind", "refund", "status", "success", "amount", order_amount(s, o, o->refund[i]), "currency", o->currency);
}

static inline void shopify_order(struct script *s, struct made_order *o, const struct status_word *word)
{
    const char *address = address_typed(s, o->address), *topic = o->placed ? "orders/updated" : "orders/create";
    bool cancelled = word->said[0] == 0;
    json_t *body =
        json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "id", (json_int_t)o->number, "name", "#1", "currency", o->currency,
                  "total_price", order_amount(s, o, o->total), "total_tax", order_amount(s, o, o->total / 5), "created_at",
                  iso(s, o->created_us), "updated_at", iso(s, s->now_us), "test", (int)o->test);
    json_t *refunds = json_array();

    put_text(body, "email", address);
    put_text(body, "financial_status", cancelled ? "paid" : word->said);
    put_text(body, "cancelled_at", cancelled ? iso(s, s->now_us) : NULL);
    put(body, "buyer_accepts_marketing", json_boolean(chance(s, 30)));
    if (o->cart != NOBODY) {
        put_text(body, "checkout_token", chance(s, 70) ? text_of(s, "co%lld", (long long)s->carts[o->cart].number) : NULL);
        put_text(body, "cart_token", text_of(s, "ca%lld", (long long)s->carts[o->cart].number));
    }
    if (!o->guest)
        put(body, "customer",
            json_pack("{s:I,s:s,s:s}", "id", (json_int_t)external_id(o->person), "email", address, "first_name", first_name(s)));
    put(body, "line_items", line_items(s));
    for (int i = 0; i < o->n_refunds; i++)
        json_array_append_new(refunds, shopify_refund(s, o, i));
    put(body, "refunds", refunds);
    if (!o->placed || !chance(s, 20)) {
        deliver_shopify(s, o->source, topic, body);
    } else { /* D2: one change, two topics, one body */
        deliver_shopify(s, o->source, topic, json_incref(body));
        if (s->n < DELIVERIES)
            deliver_shopify(s, o->source, "orders/paid", json_incref(body));
        json_decref(body);
    }
}

static inline void woo_order(struct script *s, struct made_order *o, const struct status_word *word)
{
    json_t *refunds = json_array();
    json_t *body =
        json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:{s:s,s:s,s:s,s:s}}", "id", (json_int_t)o->number, "number", "1", "status",
                  word->said, "currency", o->currency, "total", order_amount(s, o, o->total), "date_created_gmt",
                  iso_local(s, o->created_us), "date_modified_gmt", iso_local(s, s->now_us), "customer_id",
                  (json_int_t)(o->guest ? 0 : external_id(o->person)), "billing", "first_name", first_name(s), "company", "",
                  "email", address_text(s, o->address), "phone", chance(s, 30) ? phone(s, o->person) : "");

    put(body, "line_items", line_items(s));
    for (int i = 0; i < o->n_refunds; i++)
        json_array_append_new(refunds, json_pack("{s:I,s:s}", "id", (json_int_t)(o->number * 10 + i), "total",
                                                 text_of(s, "-%s", order_amount(s, o, o->refund[i]))));
    put(body, "refunds", refunds);
    o->test = false;
    deliver_woo(s, o->source, o->placed ? (chance(s, 10) ? "order.restored" : "order.updated") : "order.created", body);
}

static inline void push_order(struct script *s, struct made_order *o, const struct status_word *word)
{
    bool purchase = !o->placed && chance(s, 30);
    json_t *event = event_of(s, purchase ? "purchase" : o->placed ? "order_updated" : "order_created");
    json_t *order = json_pack("{s:s,s:s,s:s,s:s,s:s,s:b}", "id", text_of(s, "o-%lld", (long long)o->number), "currency",
                              o->currency, "total", order_amount(s, o, o->total), "created_at", iso(s, o->created_us), "updated_at",
                              iso(s, s->now_us), "test", (int)o->test);

    if (!purchase)
        put_text(order, "status", word->said);
    o->told_in_state = chance(s, 20) ? pick(s, (int)o->total) : 0;
    if (o->told_in_state)
        put_text(order, "refunded", order_amount(s, o, o->told_in_state));
    if (o->cart != NOBODY)
        put_text(order, "cart_id", text_of(s, "k-%lld", (long long)s->carts[o->cart].number));
    put(order, "accepts_marketing", json_boolean(chance(s, 30)));
    put(order, "items", line_items(s));
    put(event, "order", order);
    put(event, "contact", contact_named(s, o->guest ? NOBODY : o->person, o->address));
    o->status = purchase ? "paid" : word->means;
    deliver_events(s, o->source, event);
}

static inline void say_of_order(struct script *s, struct made_order *o)
{
    static void (*const say[PLATFORMS])(struct script *, struct made_order *, const struct status_word *) = {shopify_order,
                                                                                                             woo_order, push_order};
    enum platform platform = script_sources[o->source].platform;
    const struct status_word *word = &status_words[platform][pick(s, 8)];

    if (chance(s, 10))
        o->total += 100; /* edited */
    o->status = word->means;
    say[platform](s, o, word);
    o->placed = true;
}

/* K5: a refund by its id, or (our own protocol) the total so far, which may also go down again. */
static inline void say_refund(struct script *s, struct made_order *o)
{
    if (script_sources[o->source].platform == STOREHOOK) {
        json_t *event = event_of(s, "order_refunded");

        if (o->told == 0 || chance(s, 70))
            o->told = 1 + pick(s, (int)o->total);
        put(event, "order",
            json_pack("{s:s,s:s,s:s,s:s}", "id", text_of(s, "o-%lld", (long long)o->number), "currency", o->currency, "refunded",
                      order_amount(s, o, o->told), "updated_at", iso(s, s->now_us)));
        put(event, "contact", contact_named(s, o->person, NOBODY));
        deliver_events(s, o->source, event);
        return;
    }
    if (o->n_refunds < REFUNDS_MAX && (o->n_refunds == 0 || chance(s, 60)))
        o->refund[o->n_refunds++] = 1 + pick(s, (int)o->total);
    if (script_sources[o->source].platform == SHOPIFY)
        deliver_shopify(s, o->source, "refunds/create", shopify_refund(s, o, o->n_refunds - 1));
    else
        say_of_order(s, o);
}

/* The last that is said of the order: a deletion by id has no time (see script.h). */
static inline void say_order_deleted(struct script *s, struct made_order *o)
{
    if (script_sources[o->source].platform == STOREHOOK)
        return;
    o->deleted = true;
    if (script_sources[o->source].platform == SHOPIFY)
        deliver_shopify(s, o->source, "orders/delete", json_pack("{s:I}", "id", (json_int_t)o->number));
    else
        deliver_woo(s, o->source, "order.deleted", json_pack("{s:I}", "id", (json_int_t)o->number));
}

static inline json_t *cart_items(struct script *s)
{
    return chance(s, 10) ? json_array() : line_items(s);
}

static inline void shopify_cart(struct script *s, const struct made_cart *c, bool new)
{
    bool checkout = chance(s, 60), known = chance(s, 60);
    json_t *body = json_pack("{s:s,s:s,s:s,s:o}", "token", text_of(s, "%s%lld", checkout ? "co" : "ca", (long long)c->number),
                             "created_at", iso(s, c->made_us), "updated_at", iso(s, s->now_us), "line_items", cart_items(s));

    if (checkout) {
        put_text(body, "cart_token", text_of(s, "ca%lld", (long long)c->number));
        put_text(body, "currency", shop_currency(c->source));
        put_text(body, "total_price", amount_text(s, pick(s, 9999), shop_currency(c->source)));
        put_text(body, "completed_at", chance(s, 10) ? iso(s, s->now_us) : NULL);
        put_text(body, "email", known ? address_typed(s, address_of(c->person, pick(s, 2))) : NULL);
        if (known && chance(s, 50))
            put(body, "customer", json_pack("{s:I}", "id", (json_int_t)external_id(c->person)));
    }
    deliver_shopify(s, c->source,
                    checkout ? (new ? "checkouts/create" : "checkouts/update")
                    : new    ? "carts/create"
                             : "carts/update",
                    body);
}

static inline void push_cart(struct script *s, const struct made_cart *c)
{
    json_t *event = event_of(s, chance(s, 20) ? "cart_abandoned" : "cart_updated");
    json_t *cart =
        json_pack("{s:s,s:s,s:s,s:s}", "id", text_of(s, "k-%lld", (long long)c->number), "currency", shop_currency(c->source),
                  "total", amount_text(s, pick(s, 9999), shop_currency(c->source)), "updated_at", iso(s, s->now_us));

    put(cart, "items", cart_items(s));
    if (chance(s, 40))
        put_text(cart, "created_at", iso(s, c->made_us));
    put(event, "cart", cart);
    if (chance(s, 60))
        put_text(event, "visitor_id", text_of(s, "v-%d", c->person));
    if (chance(s, 50))
        put(event, "contact", contact_named(s, chance(s, 50) ? c->person : NOBODY, address_of(c->person, pick(s, 2))));
    deliver_events(s, c->source, event);
}

static inline void say_of_cart(struct script *s, size_t source, int person)
{
    struct made_cart *c = NULL;
    bool new;

    if (script_sources[source].platform == WOOCOMMERCE)
        return;
    for (int i = 0; i < s->n_carts; i++)
        if (s->carts[i].source == source && s->carts[i].person == person && chance(s, 60))
            c = &s->carts[i];
    new = !c;
    if (new) {
        c = &s->carts[s->n_carts++];
        *c = (struct made_cart){.source = source, .person = person, .number = ++s->numbers, .made_us = s->now_us};
    }
    if (script_sources[source].platform == SHOPIFY)
        shopify_cart(s, c, new);
    else
        push_cart(s, c);
}

static inline void say_visit(struct script *s, size_t source, int person)
{
    bool product = chance(s, 30);
    json_t *event;

    if (script_sources[source].platform != STOREHOOK)
        return;
    event = event_of(s, product ? "product_viewed" : "page_visit");
    put_text(event, "visitor_id", text_of(s, "v-%d", person + pick(s, 2)));
    if (chance(s, 20))
        put(event, "contact", contact_named(s, chance(s, 50) ? person : NOBODY, address_of(person, 0)));
    put(event, product ? "product" : "page",
        json_pack("{s:s,s:s}", "id", "7", "url", text_of(s, "https://shop.example/%d", pick(s, 99))));
    deliver_events(s, source, event);
}

#endif
