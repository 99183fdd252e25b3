/* read.c -- owns the strict reading of a route file. */
#include "route/read.h"

enum { POINTER_MAX_BYTES = 4 << 10 };

struct place place_member(const struct place *up, const char *name)
{
    return (struct place){.up = up, .name = name, .json = json_object_get(up->json, name)};
}

struct place place_element(const struct place *up, size_t index)
{
    return (struct place){.up = up, .index = index, .json = json_array_get(up->json, index)};
}

static enum err append_escaped(struct buf *out, const char *name)
{
    enum err err = OK;

    for (; *name && !err; name++) {
        if (*name == '~')
            err = buf_append(out, STR("~0"));
        else if (*name == '/')
            err = buf_append(out, STR("~1"));
        else
            err = buf_append_c(out, *name);
    }
    return err;
}

enum err place_pointer(const struct place *p, struct buf *out)
{
    enum err err;

    if (!p->up)
        return OK;
    err = place_pointer(p->up, out);
    if (err)
        return err;
    if (!p->name)
        return buf_printf(out, "/%zu", p->index);
    err = buf_append_c(out, '/');
    return err ? err : append_escaped(out, p->name);
}

void read_problem(struct reader *r, const struct place *p, const char *format, ...)
{
    struct buf pointer = BUF_INIT(POINTER_MAX_BYTES), text = BUF_INIT(POINTER_MAX_BYTES);
    va_list args;
    enum err err;

    va_start(args, format);
    err = buf_vprintf(&text, format, args);
    va_end(args);
    if (!err)
        err = place_pointer(p, &pointer);
    if (err)
        problems_add(r->problems, STR_NONE, "%s", err_text(err));
    else
        problems_add(r->problems, str_of(buf_text(&pointer)), "%.*s", STR_ARG(buf_str(&text)));
    buf_release(&text);
    buf_release(&pointer);
}

static const char *kind_of(const json_t *json)
{
    static const char *const kinds[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list", [JSON_STRING] = "a text", [JSON_INTEGER] = "a number",
        [JSON_REAL] = "a number",    [JSON_TRUE] = "true",    [JSON_FALSE] = "false",   [JSON_NULL] = "null",
    };

    return kinds[json_typeof(json)];
}

void read_unexpected(struct reader *r, const struct place *p, const char *wanted)
{
    if (!p->json && p->name && p->up)
        read_problem(r, p->up, "\"%s\" missing", p->name);
    else if (!p->json)
        read_problem(r, p, "missing");
    else if (json_is_string(p->json) && json_string_length(p->json) == 0)
        read_problem(r, p, "must be %s, not an empty text", wanted);
    else
        read_problem(r, p, "must be %s, not %s", wanted, kind_of(p->json));
}

void *read_array(struct reader *r, size_t n, size_t size)
{
    void *memory = arena_array(r->arena, n ? n : 1, size);

    if (!memory)
        r->no_memory = true;
    return memory;
}

bool read_object(struct reader *r, const struct place *p)
{
    if (json_is_object(p->json))
        return true;
    read_unexpected(r, p, "an object");
    return false;
}

bool read_list(struct reader *r, const struct place *p)
{
    if (json_is_array(p->json))
        return true;
    read_unexpected(r, p, "a list");
    return false;
}

static bool is_among(const char *name, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(name, *known) == 0)
            return true;
    return false;
}

bool read_members(struct reader *r, const struct place *p, const char *const *known)
{
    const char *name;
    json_t *value;

    if (!read_object(r, p))
        return false;
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};
        const char *near;

        if (is_among(name, known))
            continue;
        near = nearest_name(str_of(name), known);
        if (near)
            read_problem(r, &member, "unknown member (did you mean %s?)", near);
        else
            read_problem(r, &member, "unknown member");
    }
    return true;
}

struct str read_text(struct reader *r, const struct place *p)
{
    struct str text = json_text(p->json);

    if (text.len)
        return text;
    read_unexpected(r, p, "a text");
    return STR_NONE;
}

bool read_texts(struct reader *r, const struct place *p, const struct str **out, size_t *n)
{
    size_t count = json_array_size(p->json);
    struct str *texts;
    bool good = true;

    if (!read_list(r, p))
        return false;
    texts = read_array(r, count, sizeof(*texts));
    if (!texts)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct place element = place_element(p, i);

        texts[i] = read_text(r, &element);
        good &= texts[i].len > 0;
    }
    *out = texts;
    *n = count;
    return good;
}

bool read_scalar(struct reader *r, const struct place *p, struct str *out)
{
    char digits[24];

    if (json_is_string(p->json))
        *out = json_text(p->json);
    else if (json_is_boolean(p->json))
        *out = json_is_true(p->json) ? STR("true") : STR("false");
    else if (json_is_integer(p->json)) {
        snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(p->json));
        *out = arena_str(r->arena, str_of(digits));
        r->no_memory |= !out->p;
    } else {
        read_unexpected(r, p, "a text, a whole number, true or false");
        return false;
    }
    return true;
}

bool read_scalars(struct reader *r, const struct place *p, const struct str **out, size_t *n)
{
    bool list = json_is_array(p->json), good = true;
    size_t count = list ? json_array_size(p->json) : 1;
    struct str *texts = read_array(r, count, sizeof(*texts));

    if (!texts)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct place element = list ? place_element(p, i) : *p;

        good &= read_scalar(r, &element, &texts[i]);
    }
    *out = texts;
    *n = count;
    return good;
}

bool read_bool(struct reader *r, const struct place *p, bool fallback)
{
    if (!p->json)
        return fallback;
    if (!json_is_boolean(p->json))
        read_unexpected(r, p, "true or false");
    return json_is_true(p->json);
}

int64_t read_int(struct reader *r, const struct place *p, int64_t min, int64_t max, int64_t fallback)
{
    int64_t n = json_integer_value(p->json);

    if (!p->json)
        return fallback;
    if (!json_is_integer(p->json))
        read_unexpected(r, p, "a whole number");
    else if (n < min || n > max)
        read_problem(r, p, "%lld is not between %lld and %lld", (long long)n, (long long)min, (long long)max);
    else
        return n;
    return fallback;
}

static void choice_problem(struct reader *r, const struct place *p, struct str given, const char *const *names)
{
    struct buf list = BUF_INIT(2 << 10);
    enum err err = OK;

    for (size_t i = 0; names[i] && !err; i++)
        err = buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    read_problem(r, p, "\"%.*s\" is not one of %s", STR_ARG(str_upto(given, 80)), err ? "those known" : buf_text(&list));
    buf_release(&list);
}

bool read_choice(struct reader *r, const struct place *p, const char *const *names, size_t *out)
{
    struct str given = read_text(r, p);

    if (given.len == 0)
        return false;
    for (size_t i = 0; names[i]; i++)
        if (str_eq(given, str_of(names[i]))) {
            *out = i;
            return true;
        }
    choice_problem(r, p, given, names);
    return false;
}

bool read_char(struct reader *r, const struct place *p, char *out)
{
    struct str text = read_text(r, p);

    if (text.len == 1 && (unsigned char)text.p[0] < 0x80) {
        *out = text.p[0];
        return true;
    }
    if (text.len)
        read_problem(r, p, "must be one ASCII character");
    return false;
}
