/* send.c -- owns the example deliveries of a platform. */
#include "route/send.h"

#include "base/form.h"

enum { EXAMPLE_TEXT_MAX = 4 << 10, SCRATCH_BYTES = 64 << 10 };

static const char *const names[] = {"topic", "id", "email", "n", "now", "secret", NULL};

static bool read_headers(struct reader *r, const struct place *p, struct send_form *out)
{
    const char *name;
    json_t *value;
    bool good = true;

    if (!read_object(r, p))
        return false;
    if (json_object_size(p->json) > ROUTE_SEND_FIELDS_MAX) {
        read_problem(r, p, "at most %d headers", ROUTE_SEND_FIELDS_MAX);
        return false;
    }
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};
        struct send_header *header = &out->headers[out->n_headers++];

        header->name = name;
        good &= template_read(r, &member, names, &header->value);
    }
    return good;
}

/* Checks every template of an example's body. */
static bool check_example(struct reader *r, const struct place *p)
{
    struct template ignored = {NULL, 0};
    const char *name;
    json_t *value;
    bool good = true;

    if (json_is_string(p->json))
        return template_read(r, p, names, &ignored);
    for (size_t i = 0; i < json_array_size(p->json); i++) {
        struct place element = place_element(p, i);

        good &= check_example(r, &element);
    }
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};

        good &= check_example(r, &member);
    }
    return good;
}

bool send_read(struct reader *r, const struct place *p, struct send_form *out)
{
    static const char *const known[] = {"headers", "examples", "body", "demo", NULL}, *const bodies[] = {"json", "form", NULL};
    struct place headers, examples, body, demo;
    size_t index = 0;
    bool good = true;

    if (!read_members(r, p, known))
        return false;
    headers = place_member(p, "headers");
    examples = place_member(p, "examples");
    demo = place_member(p, "demo");
    out->demo = read_bool(r, &demo, false);
    body = place_member(p, "body");
    if (place_given(&body))
        good &= read_choice(r, &body, bodies, &index);
    out->as_form = index == 1;
    if (place_given(&headers))
        good &= read_headers(r, &headers, out);
    if (!read_object(r, &examples))
        return false;
    out->examples = examples.json;
    return check_example(r, &examples) && good;
}

/* The values of one call, with room for the number's text. */
struct sending {
    const struct route_send *send;
    char number[24];
};

static bool lookup(void *arg, struct str name, struct template_value *out)
{
    struct sending *s = arg;

    snprintf(s->number, sizeof(s->number), "%llu", (unsigned long long)s->send->n);
    *out = (struct template_value){.text = s->send->topic};
    if (str_eq(name, STR("id")))
        out->text = s->send->id;
    else if (str_eq(name, STR("email")))
        out->text = s->send->email;
    else if (str_eq(name, STR("n")))
        out->text = str_of(s->number);
    else if (str_eq(name, STR("secret")))
        out->text = s->send->secret;
    else if (str_eq(name, STR("now")))
        *out = (struct template_value){.time_us = s->send->now_us, .is_time = true};
    return true;
}

enum err send_headers(const struct send_form *form, const struct route_send *send, struct buf *values,
                      struct field out[ROUTE_SEND_FIELDS_MAX], size_t *n)
{
    size_t ends[ROUTE_SEND_FIELDS_MAX], start = values->len;
    struct sending sending = {.send = send};

    for (size_t i = 0; i < form->n_headers; i++) {
        enum err err = template_fill(&form->headers[i].value, lookup, &sending, values);

        if (err)
            return err;
        ends[i] = values->len;
    }
    for (size_t i = 0; i < form->n_headers; i++) { /* only now: the buffer may have moved while it grew */
        out[i] = (struct field){.name = str_of(form->headers[i].name), .value = str_n(values->p + start, ends[i] - start)};
        start = ends[i];
    }
    *n = form->n_headers;
    return OK;
}

/* What alone becomes a number, as platforms write it. */
static bool is_number(struct str text)
{
    return str_eq(text, STR("{{n}}")) || str_eq(text, STR("{{now|unix}}")) || str_eq(text, STR("{{now|unix_ms}}"));
}

/* Returns owned: the text filled, or a number. NULL when memory is out. */
static json_t *fill_text(const json_t *text, const struct route_send *send, struct arena *arena)
{
    struct buf filled = BUF_INIT(EXAMPLE_TEXT_MAX);
    struct sending sending = {.send = send};
    struct problems problems;
    struct reader r = {.arena = arena, .problems = &problems};
    struct place place = {.json = text};
    struct template t = {NULL, 0};
    json_t *value = NULL;
    uint64_t number;

    problems_init(&problems, STR("example"));
    if (template_read(&r, &place, names, &t) && template_fill(&t, lookup, &sending, &filled) == OK)
        value = is_number(json_text(text)) && str_to_u64(buf_str(&filled), &number) == OK ? json_integer((json_int_t)number)
                                                                                          : json_str(buf_str(&filled));
    problems_release(&problems);
    buf_release(&filled);
    return value;
}

static json_t *fill_value(const json_t *value, const struct route_send *send, struct arena *arena);

static json_t *fill_object(const json_t *object, const struct route_send *send, struct arena *arena)
{
    json_t *copy = json_object(), *member;
    const char *name;

    json_object_foreach((json_t *)object, name, member)
    {
        if (json_object_set_new(copy, name, fill_value(member, send, arena))) {
            json_decref(copy);
            return NULL;
        }
    }
    return copy;
}

static json_t *fill_list(const json_t *list, const struct route_send *send, struct arena *arena)
{
    json_t *copy = json_array();

    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_array_append_new(copy, fill_value(json_array_get(list, i), send, arena))) {
            json_decref(copy);
            return NULL;
        }
    return copy;
}

static json_t *fill_value(const json_t *value, const struct route_send *send, struct arena *arena)
{
    if (json_is_string(value))
        return fill_text(value, send, arena);
    if (json_is_object(value))
        return fill_object(value, send, arena);
    if (json_is_array(value))
        return fill_list(value, send, arena);
    return json_deep_copy(value);
}

static enum err append_member(const json_t *value, struct str name, struct buf *out);

/* The members of an object, or the elements of a list, under their names in brackets. */
static enum err append_members(const json_t *value, struct str outer, struct buf *out)
{
    struct buf name = BUF_INIT(EXAMPLE_TEXT_MAX);
    enum err err = OK;
    const char *key;
    json_t *member;

    for (size_t i = 0; i < json_array_size(value) && !err; i++) {
        buf_clear(&name);
        err = buf_printf(&name, "%.*s[]", STR_ARG(outer));
        if (!err)
            err = append_member(json_array_get(value, i), buf_str(&name), out);
    }
    json_object_foreach((json_t *)value, key, member)
    {
        buf_clear(&name);
        if (!err)
            err = buf_printf(&name, outer.len ? "%.*s[%s]" : "%.*s%s", STR_ARG(outer), key);
        if (!err)
            err = append_member(member, buf_str(&name), out);
    }
    buf_release(&name);
    return err;
}

static enum err append_member(const json_t *value, struct str name, struct buf *out)
{
    struct buf number = BUF_INIT(EXAMPLE_TEXT_MAX);
    enum err err = OK;

    if (json_is_object(value) || json_is_array(value))
        return append_members(value, name, out);
    if (json_is_string(value))
        return form_append(out, name, json_text(value));
    if (!json_is_null(value))
        err = json_print(value, &number);
    if (!err)
        err = form_append(out, name, buf_str(&number));
    buf_release(&number);
    return err;
}

enum err send_example(const struct send_form *form, const struct route_send *send, struct buf *body)
{
    const json_t *example = form->examples ? json_object_getn(form->examples, send->topic.p, send->topic.len) : NULL;
    struct arena arena;
    json_t *filled;
    enum err err = ERR_MEMORY;

    if (!example)
        return ERR_NOT_FOUND;
    arena_init(&arena, SCRATCH_BYTES);
    filled = fill_value(example, send, &arena);
    if (filled)
        err = form->as_form ? append_members(filled, STR_NONE, body) : json_print(filled, body);
    json_decref(filled);
    arena_release(&arena);
    return err;
}

struct str send_topic(const struct send_form *form, size_t i)
{
    void *at = json_object_iter((json_t *)form->examples);

    while (at && i--)
        at = json_object_iter_next((json_t *)form->examples, at);
    return at ? str_of(json_object_iter_key(at)) : STR_NONE;
}
