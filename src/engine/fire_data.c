/* fire_data.c -- owns what a notice says of a happening: the member "data". */
#include "engine/fire_parts.h"

#include "store/notice.h"

enum { ITEMS_BYTES_MAX = NOTICE_BODY_MAX / 2 };

static struct str source_name(const struct fire *f, int64_t id)
{
    for (size_t i = 0; i < f->n_sources; i++)
        if (f->sources[i].id == id)
            return f->sources[i].name;
    return STR_NONE;
}

static void set_text(json_t *object, const char *name, struct str text)
{
    if (text.len)
        json_object_set_new(object, name, json_str(text));
}

static json_t *contact_json(const struct contact_view *c, bool mailable)
{
    json_t *object = json_pack("{so sb}", "id", json_str(c->id), "mailable", mailable);

    set_text(object, "email", c->email);
    set_text(object, "first_name", c->first_name);
    set_text(object, "last_name", c->last_name);
    return object;
}

static void set_amount(json_t *object, const struct happening *h)
{
    char text[MONEY_TEXT_CHARS + 1];
    struct money m = {.minor = h->amount};

    if (currency_parse(h->currency, &m.currency))
        return;
    json_object_set_new(object, "amount", json_string(money_text(&m, text)));
    json_object_set_new(object, "currency", json_string(m.currency.code));
}

/* Of an order of hundreds of items it says only that there are some: a notice has a maximum. */
static void set_items(json_t *object, struct str items)
{
    json_t *list = NULL;

    if (items.len > ITEMS_BYTES_MAX)
        json_object_set_new(object, "items_left_out", json_true());
    else if (items.len && !json_parse(items, &list, NULL))
        json_object_set_new(object, "items", list);
}

static void set_lists(json_t *object, const struct happening *h)
{
    json_t *list = h->n_lists ? json_array() : NULL;

    for (size_t i = 0; list && i < h->n_lists; i++)
        json_array_append_new(list, json_str(h->lists[i]));
    if (list)
        json_object_set_new(object, "lists", list);
}

static json_t *describe(const struct fire *f, struct str because, const struct happening *h, const struct trigger_action *cycle)
{
    json_t *object = json_pack("{so ss so so}", "because", json_str(because), "happening", happening_name(h->kind), "happened_at",
                               json_time(h->at_us), "contact", contact_json(f->contact, happening_may_mail(h, f->contact)));

    set_text(object, "source", source_name(f, h->source_id));
    set_text(object, "order_id", h->order_id);
    set_text(object, "cart_id", h->cart_id);
    set_text(object, "product_id", h->product_id);
    set_text(object, "variant_id", h->variant_id);
    set_text(object, "url", h->url);
    set_text(object, "tag", h->tag);
    set_amount(object, h);
    set_lists(object, h);
    set_items(object, h->items);
    if (cycle) {
        set_text(object, "cycle", cycle->name);
        json_object_set_new(object, "day", json_integer(cycle->day));
    }
    return object;
}

enum err fire_data(const struct fire *f, struct str because, const struct happening *h, const struct trigger_action *cycle,
                   struct buf *out)
{
    json_t *object = describe(f, because, h, cycle);
    enum err err = object ? json_print(object, out) : ERR_MEMORY;

    json_decref(object);
    return err;
}
