/* after.c -- owns what is held against a request once its signature has passed: who it is meant for, and a time in its body. */
#include "verify/after.h"

#include "base/encode.h"
#include "base/form.h"
#include "base/jdoc.h"
#include "verify/scheme.h"

enum { ARENA_BYTES = 64 << 20 };

/* The body, taken apart as far as it was asked for. */
struct content {
    const struct after *after;
    const struct verify_request *request;
    struct arena arena;
    const struct jnode *root; /* NULL when the body is no JSON */
    struct form form;
};

/* Parses the body; one that is base64 text of JSON is decoded for it. */
static enum err parse(struct content *c, struct str body)
{
    size_t n = 0;
    char *decoded;
    enum err err = jdoc_parse(&c->arena, body, &jdoc_limits_default, &c->root, NULL);

    if (err != ERR_SYNTAX || body.len > jdoc_limits_default.max_bytes)
        return err == ERR_MEMORY ? err : OK;
    body = str_trim(body);
    decoded = arena_alloc(&c->arena, body.len + 1);
    if (!decoded)
        return ERR_MEMORY;
    if (base64_decode(body, decoded, body.len, &n) == OK)
        err = jdoc_parse(&c->arena, str_n(decoded, n), &jdoc_limits_default, &c->root, NULL);
    return err == ERR_MEMORY ? err : OK;
}

/* Finds the text or number at a pointer. */
static bool find_at(const struct content *c, struct str pointer, struct str *out)
{
    const struct jnode *node = c->root ? jnode_at(c->root, pointer) : NULL;

    if (!node || (node->type != J_STRING && node->type != J_NUMBER))
        return false;
    *out = node->text;
    return true;
}

static bool find_value(const struct content *c, const struct expectation *e, struct str *out)
{
    if (e->header.len)
        return fields_get(c->request->headers, e->header, out) == 1;
    if (e->form.len)
        return form_get(&c->form, e->form, out) == 1;
    for (size_t i = 0; i < e->n_at; i++)
        if (find_at(c, e->at[i], out))
            return true;
    return false;
}

static bool is_met(const struct content *c, const struct expectation *e)
{
    const struct verify_config *config = &c->request->config;
    struct str wanted = str_of(config->get ? config->get(config->arg, e->config) : NULL), value = STR_NONE;

    return wanted.len == 0 || (find_value(c, e, &value) && ct_equal(value, wanted));
}

static enum err check(const struct content *c, int timestamp_format, int64_t *signed_at_us)
{
    struct str text;

    for (size_t i = 0; i < c->after->n_expect; i++)
        if (!is_met(c, &c->after->expect[i]))
            return ERR_RECIPIENT;
    if (c->after->timestamp_at.len == 0 || !find_at(c, c->after->timestamp_at, &text))
        return OK;
    return claim_time(timestamp_format, text, signed_at_us);
}

static enum err take_apart(struct content *c, struct str body)
{
    bool json = c->after->timestamp_at.len > 0, form = false;
    enum err err = OK;

    for (size_t i = 0; i < c->after->n_expect; i++) {
        json |= c->after->expect[i].n_at > 0;
        form |= c->after->expect[i].form.len > 0;
    }
    if (json)
        err = parse(c, body);
    if (!err && form && form_parse(body, &form_limits_default, &c->form) == ERR_MEMORY)
        err = ERR_MEMORY;
    return err;
}

enum err after_check(const struct after *after, int timestamp_format, const struct verify_request *request, struct str body,
                     int64_t *signed_at_us)
{
    struct content c = {.after = after, .request = request};
    enum err err;

    arena_init(&c.arena, ARENA_BYTES);
    err = take_apart(&c, body);
    if (!err)
        err = check(&c, timestamp_format, signed_at_us);
    arena_release(&c.arena);
    form_release(&c.form);
    return err;
}
