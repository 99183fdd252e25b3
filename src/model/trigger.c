/* trigger.c -- owns the question whether a trigger's conditions hold (GR-42, GR-48). */
#include "model/trigger.h"

#include "base/json.h"

/* "*" stands for any run of characters. Goes back to the last star only, so the time is bounded by the product of the lengths. */
static bool glob_fits(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = pattern.len, after = 0;

    while (t < text.len) {
        if (p < pattern.len && pattern.p[p] == '*') {
            star = p++;
            after = t;
        } else if (p < pattern.len && pattern.p[p] == text.p[t]) {
            p++;
            t++;
        } else if (star < pattern.len) {
            p = star + 1;
            t = ++after;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.p[p] == '*')
        p++;
    return p == pattern.len;
}

/* What stands behind scheme and host; the whole when it has none. */
static struct str path_of(struct str url)
{
    size_t colon = str_find_str(url, STR("://"));
    struct str rest = str_from(url, colon + 3);

    return colon == url.len ? url : str_from(rest, str_find(rest, '/'));
}

static bool url_fits(struct str pattern, struct str url)
{
    if (pattern.len == 0)
        return true;
    return glob_fits(pattern, str_starts(pattern, STR("/")) ? path_of(url) : url);
}

/* True also when it is about no list. */
static bool is_about(const struct happening *h, struct str list)
{
    for (size_t i = 0; i < h->n_lists; i++)
        if (str_eq(h->lists[i], list))
            return true;
    return h->n_lists == 0;
}

static bool list_fits(const struct trigger_when *w, const struct happening *h)
{
    return w->list.len == 0 || (h->n_lists && is_about(h, w->list));
}

static bool amount_fits(const struct trigger_when *w, const struct happening *h)
{
    if (w->amount_is == AMOUNT_ANY)
        return true;
    if (!str_eq_nocase(h->currency, str_of(w->than.currency.code))) /* K2: never converted */
        return false;
    switch (w->amount_is) {
    case AMOUNT_LEAST:
        return h->amount >= w->than.minor;
    case AMOUNT_MOST:
        return h->amount <= w->than.minor;
    case AMOUNT_MORE:
        return h->amount > w->than.minor;
    case AMOUNT_LESS:
        return h->amount < w->than.minor;
    default:
        return h->amount == w->than.minor;
    }
}

static bool item_fits(struct str product, const json_t *item)
{
    static const char *const members[] = {"product_id", "variant_id", "sku"};

    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
        if (str_eq(product, json_member_text(item, members[i])))
            return true;
    return false;
}

static bool items_fit(struct str product, struct str items)
{
    json_t *list = NULL;
    bool fits = false;

    if (items.len == 0 || json_parse(items, &list, NULL))
        return false;
    for (size_t i = 0; i < json_array_size(list) && !fits; i++)
        fits = item_fits(product, json_array_get(list, i));
    json_decref(list);
    return fits;
}

static bool product_fits(const struct trigger_when *w, const struct happening *h)
{
    if (w->product.len == 0)
        return true;
    return str_eq(w->product, h->product_id) || str_eq(w->product, h->variant_id) || items_fit(w->product, h->items);
}

bool trigger_fits(const struct trigger *t, const struct happening *h)
{
    const struct trigger_when *w = &t->when;

    if (t->on != h->kind || (w->source_id && w->source_id != h->source_id))
        return false;
    if (w->tag_name.len && !str_eq(w->tag_name, h->tag))
        return false;
    return list_fits(w, h) && url_fits(w->url, h->url) && amount_fits(w, h) && product_fits(w, h);
}

bool trigger_asks_contact(const struct trigger *t)
{
    const struct trigger_when *w = &t->when;

    return w->mailable || w->n_tags || w->n_no_tags || (w->first && t->on == HAPPENING_PURCHASE);
}

bool trigger_asks_visits(const struct trigger *t)
{
    return t->when.first && t->on != HAPPENING_PURCHASE;
}

bool trigger_fits_visit(const struct trigger *t, struct str url, struct str product_id)
{
    return url_fits(t->when.url, url) && (t->when.product.len == 0 || str_eq(t->when.product, product_id));
}

static bool has_tag(const struct contact_view *contact, struct str tag)
{
    for (size_t i = 0; i < contact->n_tags; i++)
        if (str_eq(contact->tags[i], tag))
            return true;
    return false;
}

static bool tags_fit(const struct trigger_when *w, const struct contact_view *contact)
{
    for (size_t i = 0; i < w->n_tags; i++)
        if (!has_tag(contact, w->tags[i]))
            return false;
    for (size_t i = 0; i < w->n_no_tags; i++)
        if (has_tag(contact, w->no_tags[i]))
            return false;
    return true;
}

/* History counts: an order that came as history was a purchase all the same. */
static bool is_first_purchase(const struct happening *h, const struct contact_view *contact)
{
    for (size_t i = 0; i < contact->n_orders; i++) {
        const struct view_order *v = &contact->orders[i];

        if (v->counted && !(v->order->source_id == h->source_id && str_eq(v->order->id, h->order_id)))
            return false;
    }
    return true;
}

bool happening_may_mail(const struct happening *h, const struct contact_view *contact)
{
    for (size_t i = 0; i < contact->n_lists; i++)
        if (contact->lists[i].mailable && is_about(h, contact->lists[i].list))
            return true;
    return contact->mailable;
}

bool trigger_fits_contact(const struct trigger *t, const struct happening *h, const struct contact_view *contact)
{
    const struct trigger_when *w = &t->when;

    if (w->mailable && !happening_may_mail(h, contact))
        return false;
    if (w->first && t->on == HAPPENING_PURCHASE && !is_first_purchase(h, contact))
        return false;
    return tags_fit(w, contact);
}
