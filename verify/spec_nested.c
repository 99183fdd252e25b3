/* spec_nested.c -- owns the parameters whose values are objects or lists: pin, expect, lists of headers. */
#include "verify/spec_param.h"

/* Says what a value must be; the rest of the file is still read. */
static enum err wrong(const struct reading *r, const char *expected)
{
    problems_add(r->problems, r->pointer, "must be %s", expected);
    return OK;
}

enum err read_names(const struct reading *r, const json_t *value, struct header_names *out)
{
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    enum err err = OK;

    if (n == 0 || n > SIGNATURE_HEADERS_MAX)
        return wrong(r, "the name of a header, or a list of 1 to 4");
    for (size_t i = 0; i < n && !err; i++) {
        struct str name = json_text(json_is_array(value) ? json_array_get(value, i) : value);

        if (!is_header_name(name))
            return wrong(r, "the name of a header, or a list of 1 to 4");
        err = param_copy(r->spec, name, &out->at[i]);
    }
    out->n = n;
    return err;
}

/* True when the object has just these members (NULL-terminated). */
static bool has_only(const json_t *value, const char *const *names)
{
    size_t known = 0;

    for (size_t i = 0; names[i]; i++)
        known += json_object_get(value, names[i]) != NULL;
    return known == json_object_size(value);
}

/* "*" is followed by "/" or the end, so that it can only be read in one way. */
static bool is_path_pattern(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] == '*' && i + 1 < s.len && s.p[i + 1] != '/')
            return false;
    return is_plain(s) && s.p[0] == '/';
}

enum err read_pin(const struct reading *r, const json_t *value)
{
    static const char *const names[] = {"header", "host", "path", NULL};
    struct pin *pin = &r->spec->pin;
    struct str header = json_member_text(value, "header"), host = json_member_text(value, "host");
    struct str path = json_member_text(value, "path");
    enum err err;

    if (!json_is_object(value) || !has_only(value, names) || !is_header_name(header) || !is_plain(host) || !is_path_pattern(path))
        return wrong(
            r, "{\"header\": NAME, \"host\": \"*.example.com\", \"path\": \"/keys/*\"}, with * in the path before / or at the end");
    err = param_copy(r->spec, header, &pin->header);
    if (!err)
        err = param_copy(r->spec, host, &pin->host);
    return err ? err : param_copy(r->spec, path, &pin->path);
}

static bool is_pointer(struct str s)
{
    return is_plain(s) && s.p[0] == '/';
}

/* Reads one pointer or a list of them. */
static enum err read_pointers(const struct reading *r, const json_t *value, struct expectation *out, bool *good)
{
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    enum err err = OK;

    *good = n > 0 && n <= EXPECT_POINTERS_MAX;
    for (size_t i = 0; i < n && *good && !err; i++) {
        struct str pointer = json_text(json_is_array(value) ? json_array_get(value, i) : value);

        *good = is_pointer(pointer);
        if (*good)
            err = param_copy(r->spec, pointer, &out->at[out->n_at++]);
    }
    return err;
}

static enum err read_expectation(const struct reading *r, const json_t *value, struct expectation *out, bool *good)
{
    static const char *const names[] = {"at", "header", "form", "config", NULL};
    const json_t *at = json_object_get(value, "at");
    struct str header = json_member_text(value, "header"), form = json_member_text(value, "form");
    struct str config = json_member_text(value, "config");
    enum err err;

    *good = json_is_object(value) && has_only(value, names) && json_object_size(value) == 2 && is_plain(config);
    if (!*good)
        return OK;
    err = param_copy(r->spec, config, &out->config);
    if (err)
        return err;
    if (at)
        return read_pointers(r, at, out, good);
    *good = header.p ? is_header_name(header) : is_plain(form);
    if (!*good)
        return OK;
    return header.p ? param_copy(r->spec, header, &out->header) : param_copy(r->spec, form, &out->form);
}

enum err read_expect(const struct reading *r, const json_t *value)
{
    struct after *after = &r->spec->after;
    bool good = json_is_array(value) && json_array_size(value) <= EXPECT_MAX;
    enum err err = OK;

    for (size_t i = 0; i < json_array_size(value) && good && !err; i++)
        err = read_expectation(r, json_array_get(value, i), &after->expect[after->n_expect++], &good);
    if (err || good)
        return err;
    return wrong(r,
                 "a list of at most 4 of {\"at\": \"/pointer\" or a list, \"config\": NAME}, {\"header\": NAME, \"config\": NAME}, "
                 "{\"form\": MEMBER, \"config\": NAME}");
}
