/* load.c -- owns the loading of one route file: its sections, each once, strictly, all problems at once. */
#include "route/load.h"

#include "route/extend.h"

#include <stdlib.h>

enum {
    FILE_MAX_BYTES = 256 << 10,
    FILE_MAX_DEPTH = 16,
    ROUTE_ARENA_MAX = 16 << 20,
    PLATFORM_MAX = 40,
    ROUTE_FORMAT = 1,
    SECTIONS_MAX = 20
};

/* One member of the file, or of its section "push". */
struct section {
    const char *name;
    bool required;
    bool (*read)(struct reader *r, const struct place *p, struct route *route);
};

static bool read_format(struct reader *r, const struct place *p, struct route *route)
{
    (void)route;
    if (json_is_integer(p->json) && json_integer_value(p->json) == ROUTE_FORMAT)
        return true;
    read_problem(r, p, "must be %d, the format that this version reads", ROUTE_FORMAT);
    return false;
}

static bool check_name(struct reader *r, const struct place *p, struct str name)
{
    bool good = name.len <= PLATFORM_MAX;

    for (size_t i = 0; i < name.len; i++)
        good &= (name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= '0' && name.p[i] <= '9') || name.p[i] == '-';
    if (!good)
        read_problem(r, p, "a platform's name has 1 to %d characters of a-z, 0-9 and -", PLATFORM_MAX);
    return good && name.len;
}

/* What it says has been done when the members are read (extend.h); the name is known, so that a slip gets a hint. */
static bool read_extends(struct reader *r, const struct place *p, struct route *route)
{
    (void)r;
    (void)p;
    (void)route;
    return true;
}

static bool read_platform(struct reader *r, const struct place *p, struct route *route)
{
    struct str name = read_text(r, p);

    if (!check_name(r, p, name))
        return false;
    route->platform = name.p;
    return true;
}

static bool read_aliases(struct reader *r, const struct place *p, struct route *route)
{
    bool good = read_texts(r, p, &route->aliases, &route->n_aliases);

    if (good && route->n_aliases > ROUTE_ALIASES_MAX) {
        read_problem(r, p, "at most %d other names", ROUTE_ALIASES_MAX);
        route->n_aliases = 0;
        return false;
    }
    for (size_t i = 0; i < route->n_aliases && good; i++) {
        struct place element = place_element(p, i);

        good = check_name(r, &element, route->aliases[i]);
        if (good && str_eq(route->aliases[i], str_of(route->platform))) {
            read_problem(r, &element, "is the platform's own name");
            good = false;
        }
    }
    return good;
}

static bool read_title(struct reader *r, const struct place *p, struct route *route)
{
    struct str title = read_text(r, p);

    route->title = title.len ? title.p : "";
    return title.len > 0;
}

static bool read_setup(struct reader *r, const struct place *p, struct route *route)
{
    struct str setup = read_text(r, p);

    route->setup = setup.len ? setup.p : "";
    return setup.len > 0;
}

static bool read_config_member(struct reader *r, const struct place *p, struct route_config *out)
{
    static const char *const known[] = {"type", "required", "default", "doc", NULL};
    static const char *const types[] = {"text", "secret", NULL};
    struct place type, required, fallback, doc;
    size_t index = 0;
    bool good;

    out->name = p->name;
    if (!read_members(r, p, known))
        return false;
    type = place_member(p, "type");
    required = place_member(p, "required");
    fallback = place_member(p, "default");
    doc = place_member(p, "doc");
    good = read_choice(r, &type, types, &index);
    out->secret = index == 1;
    out->required = read_bool(r, &required, false);
    if (place_given(&fallback))
        out->fallback = read_text(r, &fallback).p;
    if (out->secret && place_given(&fallback)) {
        read_problem(r, &fallback, "a secret has no default");
        good = false;
    }
    out->doc = read_text(r, &doc).p;
    return good && out->doc;
}

static bool read_config(struct reader *r, const struct place *p, struct route *route)
{
    const char *name;
    json_t *value;
    bool good = true;

    if (!read_object(r, p))
        return false;
    if (json_object_size(p->json) > ROUTE_CONFIG_MAX) {
        read_problem(r, p, "at most %d members", ROUTE_CONFIG_MAX);
        return false;
    }
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};

        good &= read_config_member(r, &member, &route->config[route->n_config++]);
    }
    r->config = route->config;
    r->n_config = route->n_config;
    return good;
}

static bool read_topic(struct reader *r, const struct place *p, struct route *route)
{
    return delivery_read_topic(r, p, &route->delivery);
}

static bool read_dedupe(struct reader *r, const struct place *p, struct route *route)
{
    return delivery_read_dedupe(r, p, &route->delivery);
}

static bool read_body(struct reader *r, const struct place *p, struct route *route)
{
    return body_read_kind(r, p, &route->body);
}

static bool read_decode(struct reader *r, const struct place *p, struct route *route)
{
    return body_read_decode(r, p, &route->body);
}

static bool read_each(struct reader *r, const struct place *p, struct route *route)
{
    return each_read(r, p, &route->each);
}

static bool read_max(struct reader *r, const struct place *p, struct route *route)
{
    return each_read_max(r, p, &route->each);
}

static bool read_time(struct reader *r, const struct place *p, struct route *route)
{
    return delivery_read_time(r, p, &route->delivery);
}

static bool read_keep(struct reader *r, const struct place *p, struct route *route)
{
    return delivery_read_keep(r, p, &route->delivery);
}

static bool read_handshakes(struct reader *r, const struct place *p, struct route *route)
{
    return handshakes_read(r, p, &route->handshakes);
}

/* Deliveries always may come by POST; a signed GET has its query for a body. */
static bool read_methods(struct reader *r, const struct place *p, struct route *route)
{
    static const char *const known[] = {"POST", "GET", NULL};
    size_t n = json_array_size(p->json), index;
    bool good = read_list(r, p), takes[2] = {false, false};

    for (size_t i = 0; good && i < n; i++) {
        struct place element = place_element(p, i);

        good = read_choice(r, &element, known, &index);
        takes[good ? index : 0] = true;
    }
    if (good && !takes[0]) {
        read_problem(r, p, "must hold POST");
        return false;
    }
    route->methods = takes[1] ? "POST, GET" : "POST";
    return good;
}

static bool read_answer(struct reader *r, const struct place *p, struct route *route)
{
    static const char *const known[] = {"status", "content_type", "body", NULL};
    struct place status, type, body;

    if (!read_members(r, p, known))
        return false;
    status = place_member(p, "status");
    type = place_member(p, "content_type");
    body = place_member(p, "body");
    route->answer_status = (int)read_int(r, &status, 200, 299, 200);
    if (place_given(&type))
        route->answer_type = read_text(r, &type);
    if (place_given(&body))
        route->answer_body = read_text(r, &body);
    return true;
}

static bool read_send(struct reader *r, const struct place *p, struct route *route)
{
    return send_read(r, p, &route->send);
}

static bool read_objects(struct reader *r, const struct place *p, struct route *route)
{
    return objects_read(r, p, route->platform, &route->objects);
}

static bool read_topics(struct reader *r, const struct place *p, struct route *route)
{
    return topics_read(r, p, &route->objects, route->each.n > 0, &route->topics);
}

static bool refuse_section(struct reader *r, const struct place *p, struct route *route)
{
    (void)route;
    read_problem(r, p, "not supported by this version");
    return false;
}

/* Reads the sections of one table in its order and refuses other members. */
static bool read_sections(struct reader *r, const struct place *p, const struct section *sections, size_t n, struct route *route)
{
    const char *known[SECTIONS_MAX + 1];
    bool good = true;

    for (size_t i = 0; i < n; i++)
        known[i] = sections[i].name;
    known[n] = NULL;
    if (!read_members(r, p, known))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct place member = place_member(p, sections[i].name);

        if (place_given(&member))
            good &= sections[i].read(r, &member, route);
        else if (sections[i].required) {
            read_problem(r, p, "\"%s\" missing", sections[i].name);
            good = false;
        }
    }
    return good;
}

static bool read_push(struct reader *r, const struct place *p, struct route *route)
{
    static const struct section sections[] = {
        {"body", false, read_body},         {"decode", false, read_decode},
        {"max", false, read_max},           {"each", false, read_each},
        {"verify", true, load_verify},      {"topic", true, read_topic},
        {"dedupe", true, read_dedupe},      {"time", false, read_time},
        {"keep_headers", false, read_keep}, {"handshakes", false, read_handshakes},
        {"answer", false, read_answer},     {"send", false, read_send},
        {"methods", false, read_methods},
    };

    return read_sections(r, p, sections, sizeof(sections) / sizeof(sections[0]), route);
}

/* In the order in which they build on each other; "poll" and "subscribe" are named so that they are refused in words. */
static const struct section file_sections[] = {
    {"route", true, read_format},     {"platform", true, read_platform},    {"title", true, read_title},
    {"aliases", false, read_aliases}, {"setup", false, read_setup},         {"config", true, read_config},
    {"push", true, read_push},        {"objects", true, read_objects},      {"topics", true, read_topics},
    {"poll", false, refuse_section},  {"subscribe", false, refuse_section}, {"extends", false, read_extends},
};

static size_t depth_of(const json_t *json)
{
    const char *name;
    json_t *value;
    size_t deepest = 0, depth;

    for (size_t i = 0; i < json_array_size(json); i++) {
        depth = depth_of(json_array_get(json, i));
        deepest = depth > deepest ? depth : deepest;
    }
    json_object_foreach((json_t *)json, name, value)
    {
        depth = depth_of(value);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + (json_is_array(json) || json_is_object(json));
}

/* Where a header that does not fit is told. */
struct keeping {
    struct reader *r;
    const struct place *push;
    struct delivery_form *form;
};

static void keep_header(void *arg, struct str header)
{
    struct keeping *k = arg;

    if (delivery_keep(k->form, header))
        read_problem(k->r, k->push, "more than %d headers are read", ENTRY_FIELDS_MAX);
}

/* What the mappings read from headers must be in the entry. */
static void keep_read_headers(struct reader *r, const struct place *file, struct route *route)
{
    struct place push = place_member(file, "push");
    struct keeping keeping = {.r = r, .push = &push, .form = &route->delivery};

    if (delivery_keep_own(&route->delivery))
        read_problem(r, &push, "more than %d headers are read", ENTRY_FIELDS_MAX);
    objects_headers(&route->objects, keep_header, &keeping);
    topics_headers(&route->topics, keep_header, &keeping);
}

/* "file:12:7: syntax: reason" */
static void syntax_problem(struct problems *problems, struct str where)
{
    struct str file = problems->file, place = str_upto(where, str_find_str(where, STR(": ")));
    struct buf at = BUF_INIT(4 << 10);

    if (buf_printf(&at, "%.*s:%.*s", STR_ARG(file), STR_ARG(place)) == OK)
        problems->file = buf_str(&at);
    problems_add(problems, STR_NONE, "syntax: %.*s", STR_ARG(str_from(where, place.len + 2)));
    problems->file = file;
    buf_release(&at);
}

static enum err parse_file(struct route *route, struct problems *problems)
{
    struct buf where = BUF_INIT(1 << 10);
    enum err err;

    if (route->text_len > FILE_MAX_BYTES) {
        problems_add(problems, STR_NONE, "a route file has at most %d KiB", FILE_MAX_BYTES >> 10);
        return ERR_CONFIG;
    }
    err = json_parse(str_n(route->text, route->text_len), &route->json, &where);
    if (err == ERR_SYNTAX) {
        syntax_problem(problems, buf_str(&where));
        err = ERR_CONFIG;
    } else if (!err && depth_of(route->json) > FILE_MAX_DEPTH) {
        problems_add(problems, STR(""), "nested more than %d deep", FILE_MAX_DEPTH);
        err = ERR_CONFIG;
    }
    buf_release(&where);
    return err;
}

static enum err compile_file(struct route *route, struct problems *problems)
{
    struct reader r = {.arena = &route->arena, .problems = problems, .no_memory = false};
    struct place file = {.json = route->json};
    size_t before = problems->n;

    read_sections(&r, &file, file_sections, sizeof(file_sections) / sizeof(file_sections[0]), route);
    if (problems->n == before)
        keep_read_headers(&r, &file, route);
    if (r.no_memory)
        return ERR_MEMORY;
    return problems->n > before ? ERR_CONFIG : OK;
}

enum err route_load(struct str text, struct problems *problems, struct route **out)
{
    struct route *route = calloc(1, sizeof(*route));
    enum err err = ERR_MEMORY;

    if (!route)
        return ERR_MEMORY;
    arena_init(&route->arena, ROUTE_ARENA_MAX);
    route->platform = route->title = route->setup = "";
    route->methods = "POST";
    route->text = str_dup(text);
    route->text_len = text.len;
    if (!route->text)
        goto done;
    err = parse_file(route, problems);
    if (!err)
        err = route_extend(&route->json, problems);
    if (!err)
        err = compile_file(route, problems);
    if (err)
        goto done;
    *out = route;
    route = NULL;
done:
    route_free(route);
    return err;
}

void route_free(struct route *route)
{
    if (!route)
        return;
    for (size_t i = 0; i < route->n_verify; i++)
        verify_spec_free(route->verify[i]);
    handshakes_release(&route->handshakes);
    json_decref(route->json);
    free(route->text);
    arena_release(&route->arena);
    free(route);
}
