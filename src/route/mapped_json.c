/* mapped_json.c -- owns what a mapped entry means as JSON. */
#include "route/mapped_json.h"

#include "base/timefmt.h"

/* Takes `value`; sets nothing and returns ERR_MEMORY when it is NULL. */
static enum err set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) ? ERR_MEMORY : OK;
}

static json_t *value_json(const struct value *value, enum member_type type)
{
    char iso[TIME_ISO_CHARS + 1];

    if (value->is == CLEARED)
        return json_null();
    if (type == MEMBER_TIME)
        return json_string(time_iso(value->number, iso));
    if (type == MEMBER_BOOL)
        return json_boolean(value->number != 0);
    return json_str(value->text);
}

static enum err set_members(json_t *object, const struct event *e)
{
    enum err err = OK;

    for (size_t i = 0; i < M__COUNT && !err; i++)
        if (e->m[i].is != ABSENT)
            err = set(object, event_member_name((enum member)i), value_json(&e->m[i], event_member_type((enum member)i)));
    return err;
}

static enum err set_fields(json_t *object, const char *name, const struct event_field *fields, size_t n)
{
    json_t *map = json_object();
    enum err err = map ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++)
        if (fields[i].value.is != ABSENT)
            err = json_object_setn_new(map, fields[i].name.p, fields[i].name.len, value_json(&fields[i].value, MEMBER_TEXT))
                      ? ERR_MEMORY
                      : OK;
    if (!err && json_object_size(map))
        return set(object, name, map);
    json_decref(map);
    return err;
}

static json_t *tags_json(const struct event *e)
{
    json_t *list = json_array();

    for (size_t i = 0; i < e->n_tags; i++)
        if (json_array_append_new(list, json_str(e->tags[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *item_json(const struct event_item *item)
{
    json_t *object = json_object();
    enum err err = object ? OK : ERR_MEMORY;

#define X(name)                 \
    if (!err && item->name.len) \
        err = set(object, #name, json_str(item->name));
    ITEM_MEMBERS(X)
#undef X
    if (!err)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *items_json(const struct event *e)
{
    json_t *list = json_array();

    for (size_t i = 0; i < e->n_items; i++)
        if (json_array_append_new(list, item_json(&e->items[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *refunds_json(const struct event *e)
{
    json_t *list = json_array();
    char iso[TIME_ISO_CHARS + 1];

    for (size_t i = 0; i < e->n_refunds; i++) {
        const struct event_refund *r = &e->refunds[i];

        if (json_array_append_new(list, json_pack("{so so ss}", "id", json_str(r->id), "amount", json_str(r->amount), "at",
                                                  r->at_us ? time_iso(r->at_us, iso) : ""))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Returns owned: the event with the names that route files use; NULL when memory is out. */
static json_t *event_json(const struct event *e)
{
    json_t *object = json_pack("{ss}", "type", event_type_name(e->type));
    enum err err = object ? set_members(object, e) : ERR_MEMORY;

    if (!err && e->tags_are != ABSENT)
        err = set(object, "contact.tags", e->tags_are == CLEARED ? json_null() : tags_json(e));
    if (!err)
        err = set_fields(object, "contact.fields", e->fields, e->n_fields);
    if (!err)
        err = set_fields(object, "form.fields", e->form_fields, e->n_form_fields);
    if (!err && e->items_are != ABSENT)
        err = set(object, "items", e->items_are == CLEARED ? json_null() : items_json(e));
    if (!err && e->refunds_are != ABSENT)
        err = set(object, "order.refunds", e->refunds_are == CLEARED ? json_null() : refunds_json(e));
    if (!err)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *events_json(const struct mapped *mapped)
{
    json_t *list = json_array();

    for (size_t i = 0; i < mapped->n; i++)
        if (json_array_append_new(list, event_json(&mapped->events[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *rejects_json(const struct mapped *mapped)
{
    json_t *list = json_array();

    for (size_t i = 0; i < mapped->n_rejects; i++) {
        const struct map_reject *r = &mapped->rejects[i];

        if (json_array_append_new(
                list, json_pack("{sI ss so}", "index", (json_int_t)r->index, "reason", r->reason, "detail", json_str(r->detail)))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *fetches_json(const struct mapped *mapped)
{
    json_t *list = json_array();

    for (size_t i = 0; i < mapped->n_fetches; i++) {
        const struct map_fetch *f = &mapped->fetches[i];

        if (json_array_append_new(list, json_pack("{ss so}", "object", f->object, "id", json_str(f->id)))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* What each element of the body gave; its events, rejects and fetches stand one after the other in the lists of the whole. */
static json_t *elements_json(const struct mapped *mapped)
{
    json_t *list = json_array();
    char iso[TIME_ISO_CHARS + 1];

    for (size_t i = 0; i < mapped->n_parts; i++) {
        const struct map_part *p = &mapped->parts[i];
        json_t *row = json_pack("{so so ss sI sI sI}", "topic", json_str(p->topic), "dedupe_key", json_str(p->dedupe_key), "time",
                                p->provider_at_us ? time_iso(p->provider_at_us, iso) : "", "events", (json_int_t)p->n_events,
                                "rejected", (json_int_t)p->n_rejects, "fetches", (json_int_t)p->n_fetches);

        if (json_array_append_new(list, row)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *mapped_json(const struct route *route, const struct mapped *m)
{
    char iso[TIME_ISO_CHARS + 1];

    return json_pack("{so ss so ss so so so so}", "topic", json_str(m->topic), "lane", lane_name(route_lane(route, m->topic)),
                     "dedupe_key", json_str(m->dedupe_key), "time", m->provider_at_us ? time_iso(m->provider_at_us, iso) : "",
                     "events", events_json(m), "rejected", rejects_json(m), "fetches", fetches_json(m), "elements",
                     elements_json(m));
}
