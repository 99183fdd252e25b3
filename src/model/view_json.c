/* view_json.c -- owns the contact's form as JSON: what `contacts show --json` prints. */
#include "model/view.h"

static json_t *text_or_null(struct str s)
{
    return s.len ? json_str(s) : json_null();
}

static json_t *amount(int64_t minor, struct str code)
{
    struct money m = {.minor = minor};
    char text[MONEY_TEXT_CHARS + 1];

    return currency_parse(code, &m.currency) ? json_null() : json_string(money_text(&m, text));
}

/* The array of items as it was stored; an empty one when it is none. */
static json_t *items(struct str text)
{
    json_t *list = NULL;

    if (text.len == 0 || json_parse(text, &list, NULL))
        return json_array();
    return list;
}

static json_t *consent_json(const struct view_consent *c, const struct view_source *sources, size_t n)
{
    json_t *object = json_object();

    json_object_set_new(object, "state", json_string(consent_state_name(c->state)));
    json_object_set_new(object, "at", json_time(c->at_us));
    json_object_set_new(object, "source", c->source_id ? json_str(view_source_name(sources, n, c->source_id)) : json_null());
    if (c->basis.len)
        json_object_set_new(object, "basis", json_str(c->basis));
    json_object_set_new(object, "confirmed", json_boolean(c->confirmed));
    return object;
}

static json_t *lists_json(const struct contact_view *v)
{
    json_t *list = json_array();

    for (size_t i = 0; i < v->n_lists; i++) {
        json_t *object = json_object();

        json_object_set_new(object, "list", json_str(v->lists[i].list));
        json_object_set_new(object, "status", json_string(consent_state_name(v->lists[i].state)));
        json_object_set_new(object, "since", json_time(v->lists[i].since_us));
        json_object_set_new(object, "mailable", json_boolean(v->lists[i].mailable));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *texts_json(const struct str *at, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_str(at[i]));
    return list;
}

/* Under each tag the sources that say it. */
static json_t *tag_sources_json(const struct contact_view *v, const struct view_source *sources, size_t n)
{
    json_t *object = json_object();

    for (size_t i = 0; i < v->n_tag_owners; i++) {
        char *tag = str_dup(v->tag_owners[i].tag);
        json_t *list = tag ? json_object_get(object, tag) : NULL;

        if (tag && !list) {
            list = json_array();
            json_object_set_new(object, tag, list);
        }
        if (list)
            json_array_append_new(list, json_str(view_source_name(sources, n, v->tag_owners[i].source_id)));
        free(tag);
    }
    return object;
}

static json_t *fields_json(const struct contact_field *const *fields, size_t n)
{
    json_t *object = json_object();

    for (size_t i = 0; i < n; i++) {
        char *name = str_dup(fields[i]->name);

        if (name)
            json_object_set_new(object, name, json_str(fields[i]->value));
        free(name);
    }
    return object;
}

static json_t *customers_json(const struct contact_view *v, const struct view_source *sources, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < v->n_customers; i++) {
        json_t *object = json_object();

        json_object_set_new(object, "source", json_str(view_source_name(sources, n, v->customers[i]->source_id)));
        json_object_set_new(object, "external_id", json_str(v->customers[i]->external_id));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *order_json(const struct view_order *o, const struct view_source *sources, size_t n)
{
    json_t *object = json_object();

    json_object_set_new(object, "source", json_str(view_source_name(sources, n, o->order->source_id)));
    json_object_set_new(object, "id", json_str(o->order->id));
    json_object_set_new(object, "number", text_or_null(o->order->number));
    json_object_set_new(object, "status", json_str(o->status));
    json_object_set_new(object, "currency", text_or_null(o->order->currency));
    json_object_set_new(object, "total", amount(o->order->total, o->order->currency));
    json_object_set_new(object, "refunded", amount(o->refunded, o->order->currency));
    json_object_set_new(object, "net", amount(o->net, o->order->currency));
    if (o->order->shown_currency.len) { /* K2 */
        json_object_set_new(object, "presentment_currency", json_str(o->order->shown_currency));
        json_object_set_new(object, "presentment_total", text_or_null(o->order->shown_total));
    }
    json_object_set_new(object, "test", json_boolean(o->order->test));
    json_object_set_new(object, "counted", json_boolean(o->counted));
    if (o->over_refunded)
        json_object_set_new(object, "over_refunded", json_true());
    json_object_set_new(object, "created_at", json_time(o->order->created_us));
    json_object_set_new(object, "updated_at", json_time(o->order->v.at_us));
    json_object_set_new(object, "items", items(o->order->items));
    return object;
}

static json_t *orders_json(const struct contact_view *v, const struct view_source *sources, size_t n)
{
    json_t *object = json_object(), *net = json_object(), *list = json_array();

    for (size_t i = 0; i < v->n_net; i++)
        json_object_set_new(net, v->net[i].currency.code, amount(v->net[i].minor, str_of(v->net[i].currency.code)));
    for (size_t i = 0; i < v->n_orders; i++)
        json_array_append_new(list, order_json(&v->orders[i], sources, n));
    json_object_set_new(object, "count", json_integer((json_int_t)v->orders_counted));
    json_object_set_new(object, "net", net);
    json_object_set_new(object, "last_at", json_time(v->last_order_us));
    json_object_set_new(object, "orders", list);
    return object;
}

static json_t *carts_json(const struct contact_view *v, const struct view_source *sources, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < v->n_carts; i++) {
        const struct view_cart *c = &v->carts[i];
        json_t *object = json_object();

        json_object_set_new(object, "source", json_str(view_source_name(sources, n, c->cart->source_id)));
        json_object_set_new(object, "id", json_str(c->cart->id));
        json_object_set_new(object, "state", json_string(cart_state_name(c->state)));
        json_object_set_new(object, "value", amount(c->cart->total, c->cart->currency));
        json_object_set_new(object, "currency", text_or_null(c->cart->currency));
        json_object_set_new(object, "due_at", json_time(c->due_us));
        json_object_set_new(object, "active_at", json_time(c->cart->active_us));
        json_object_set_new(object, "order_id", c->order ? json_str(c->order->id) : json_null());
        json_object_set_new(object, "url", text_or_null(c->cart->url));
        json_object_set_new(object, "items", items(c->cart->items));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *visits_json(const struct contact_view *v)
{
    json_t *object = json_object();

    json_object_set_new(object, "count", json_integer((json_int_t)v->visits));
    json_object_set_new(object, "last_at", json_time(v->last_visit_us));
    json_object_set_new(object, "last_url", text_or_null(v->last_url));
    return object;
}

json_t *view_json(const struct contact_view *v, const struct view_source *sources, size_t n)
{
    json_t *object = json_object();

    json_object_set_new(object, "id", json_str(v->id));
    json_object_set_new(object, "email", text_or_null(v->email));
    json_object_set_new(object, "first_name", text_or_null(v->first_name));
    json_object_set_new(object, "last_name", text_or_null(v->last_name));
    json_object_set_new(object, "phone", text_or_null(v->phone));
    json_object_set_new(object, "created_at", json_time(v->created_us));
    json_object_set_new(object, "updated_at", json_time(v->updated_us));
    json_object_set_new(object, "archived", json_boolean(v->archived));
    json_object_set_new(object, "lists", lists_json(v));
    json_object_set_new(object, "consent", consent_json(&v->consent, sources, n));
    json_object_set_new(object, "consent_sms", consent_json(&v->sms, sources, n));
    json_object_set_new(object, "suppressions", texts_json(v->suppressions, v->n_suppressions));
    json_object_set_new(object, "mailable", json_boolean(v->mailable));
    json_object_set_new(object, "tags", texts_json(v->tags, v->n_tags));
    json_object_set_new(object, "tag_sources", tag_sources_json(v, sources, n));
    json_object_set_new(object, "fields", fields_json(v->fields, v->n_fields));
    if (v->n_asides)
        json_object_set_new(object, "fields_aside", fields_json(v->asides, v->n_asides));
    json_object_set_new(object, "sources", customers_json(v, sources, n));
    json_object_set_new(object, "orders", orders_json(v, sources, n));
    json_object_set_new(object, "carts", carts_json(v, sources, n));
    json_object_set_new(object, "visits", visits_json(v));
    json_object_set_new(object, "products", view_products_json(v, sources, n));
    return object;
}
