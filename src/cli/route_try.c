/* route_try.c -- owns `storehook route try`: what a body means to a route file, without signature, queue or database. */
#include "cli/route.h"

#include "base/file.h"
#include "base/timefmt.h"

#include <unistd.h>

enum { BODY_BYTES_MAX = 4 << 20, HEADERS_MAX = 32 };

/* What is tried, and what comes of it. */
struct trial {
    struct routes *routes; /* when a platform was named instead of a file */
    struct route *file;
    const struct route *route;
    struct buf body;
    struct arena arena;
    struct field headers[HEADERS_MAX];
    size_t n_headers;
    struct mapped mapped;
    struct map_failure failure;
};

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

static json_t *trial_json(const struct trial *t)
{
    const struct mapped *m = &t->mapped;
    char iso[TIME_ISO_CHARS + 1];

    return json_pack("{so ss so ss so so}", "topic", json_str(m->topic), "lane", lane_name(route_lane(t->route, m->topic)),
                     "dedupe_key", json_str(m->dedupe_key), "time", m->provider_at_us ? time_iso(m->provider_at_us, iso) : "",
                     "events", events_json(m), "rejected", rejects_json(m));
}

/* Cuts "Name: value" apart; both are borrowed. */
static int add_header(struct trial *t, const char *given)
{
    struct str line = str_of(given), name = str_trim(str_upto(line, str_find(line, ':')));

    if (name.len == 0 || str_find(line, ':') == line.len)
        return cli_wrong("--header \"%s\" is not \"Name: value\"", given);
    if (t->n_headers == HEADERS_MAX)
        return cli_wrong("--header may be given at most %d times", HEADERS_MAX);
    t->headers[t->n_headers++] = (struct field){.name = name, .value = str_trim(str_from(line, str_find(line, ':') + 1))};
    return CLI_GO;
}

/* `what` is a file, or the name of a platform. */
static int open_route(struct cli *cli, struct trial *t, const char *what)
{
    int code;

    if (access(what, F_OK) == 0) {
        code = route_open_file(what, &t->file);
        t->route = t->file;
        return code;
    }
    code = cli_open_routes(cli, &t->routes);
    return code == CLI_GO ? cli_find_route(t->routes, what, &t->route) : code;
}

static int try_body(struct trial *t, const char *topic)
{
    struct fields received = {.at = t->headers, .n = t->n_headers};
    struct entry entry = {.id = STR("00000000000000000000000000000000"), .source_id = STR("0"), .body = buf_str(&t->body)};
    struct field kept[ENTRY_FIELDS_MAX];
    enum err err;

    entry.topic = topic ? str_of(topic) : route_header_topic(t->route, received);
    entry.headers = (struct fields){.at = kept, .n = route_keep_headers(t->route, received, kept)};
    err = route_map(t->route, &entry, &t->arena, &t->mapped, &t->failure);
    if (err == ERR_SYNTAX)
        return cli_fail("%s: %.*s%s", t->failure.reason, STR_ARG(t->failure.detail),
                        t->mapped.topic.len ? "" : "; name it with --topic");
    return err ? cli_fail_why(err, NULL) : cli_print_json(trial_json(t));
}

int route_try_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "route try FILE BODY [--topic TOPIC] [--header \"NAME: VALUE\"]...",
        "Tells, as JSON, which events a body gives under a route file (or the platform of that name), as the drainer would\n"
        "map it. BODY is a file, - is standard input. Nothing is stored.",
        "storehook route try routes/myshop.json order.json --topic order.created", 2, 2};
    const char *topic = NULL;
    struct flag_values headers = {.n = 0};
    const struct cli_flag flags[] = {
        {"topic", FLAG_TEXT, &topic, "TOPIC", "the topic; by default what headers and body say"},
        {"header", FLAG_EACH, &headers, "\"NAME: VALUE\"", "a header of the request"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct trial t = {.body = BUF_INIT(BODY_BYTES_MAX)};
    enum err err = OK;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    arena_init(&t.arena, ROUTE_MAP_ARENA_BYTES);
    for (size_t i = 0; i < headers.n && code == CLI_GO; i++)
        code = add_header(&t, headers.at[i]);
    if (code == CLI_GO)
        code = open_route(cli, &t, argv[0]);
    if (code == CLI_GO)
        err = file_read(argv[1], &t.body);
    if (err)
        code = cli_fail("%s: %s", argv[1], err_text(err));
    if (code == CLI_GO)
        code = try_body(&t, topic);
    arena_release(&t.arena);
    buf_release(&t.body);
    route_free(t.file);
    routes_free(t.routes);
    return code;
}
