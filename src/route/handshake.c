/* handshake.c -- owns a platform's question "is this URL yours?": which handshake a request is, and the answer. */
#include "route/handshake.h"

#include "base/form.h"
#include "base/jdoc.h"

#include <ctype.h>

enum { BODY_MAX_BYTES = 16 << 10, HEADERS_MAX_BYTES = 8 << 10, CAPTURE_MAX_BYTES = 4096, JSON_ARENA_BYTES = 256 << 10 };

/* Of what asks; what is larger is no handshake. */
static const struct form_limits asked_form = {.max_bytes = HANDSHAKE_BODY_MAX_BYTES, .max_pairs = 64};
static const struct jdoc_limits asked_json = {.max_bytes = HANDSHAKE_BODY_MAX_BYTES, .max_depth = 16, .max_nodes = 1000};

/* A request; its parts are taken apart once, when the first handshake wants to know them. */
struct asked {
    const struct handshake_request *request;
    const struct handshake *h; /* the one that is tried */
    struct form query, form;
    const struct jnode *json;
    struct arena arena;
    bool has_query, has_form, has_json; /* the part is what it should be, within the limits */
    bool took_query, took_body;
    struct secret *secret; /* the last one that was asked for */
    enum err trouble;      /* why it cannot be answered, when it is not the request's fault */
};

static void release(struct asked *a)
{
    form_release(&a->query);
    form_release(&a->form);
    arena_release(&a->arena);
    secret_free(a->secret);
}

static bool take_query(struct asked *a)
{
    if (!a->took_query)
        a->has_query = form_parse(a->request->query, &asked_form, &a->query) == OK;
    a->took_query = true;
    return a->has_query;
}

/* True when the body is what the handshake wants, as far as it can be without looking at members. */
static bool take_body(struct asked *a)
{
    struct str body = a->request->body;

    if (a->h->body == HANDSHAKE_EMPTY)
        return body.len == 0;
    if (a->h->body == HANDSHAKE_ANY_BODY)
        return body.len <= HANDSHAKE_BODY_MAX_BYTES;
    if (!a->took_body) {
        arena_init(&a->arena, JSON_ARENA_BYTES);
        a->has_form = form_parse(body, &asked_form, &a->form) == OK;
        a->has_json = jdoc_parse(&a->arena, body, &asked_json, &a->json, NULL) == OK;
    }
    a->took_body = true;
    return a->h->body == HANDSHAKE_FORM ? a->has_form && a->form.n == a->h->form.n : a->has_json;
}

/* --- which one -------------------------------------------------------------------------------------------------------- */

/* The newest valid secret of that name, until the next one is asked for. */
static struct str secret_of(struct asked *a, struct str name)
{
    enum err err;

    secret_free(a->secret);
    a->secret = NULL;
    err = a->request->secret(a->request->arg, name, &a->secret);
    if (err && err != ERR_NOT_FOUND)
        a->trouble = err;
    return err ? STR_NONE : secret_bytes(a->secret);
}

static bool is_digits(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!isdigit((unsigned char)value.p[i]))
            return false;
    return value.len > 0 && value.len <= 20;
}

/* ERR_NOT_FOUND: another shape. ERR_FORBIDDEN: the shape, but not the word that the source was given. */
static enum err value_fits(const struct handshake_param *param, struct str value, struct asked *a)
{
    struct str wanted = param->text;

    switch (param->kind) {
    case PARAM_TEXT:
        return value.len > 0 ? OK : ERR_NOT_FOUND;
    case PARAM_DIGITS:
        return is_digits(value) ? OK : ERR_NOT_FOUND;
    case PARAM_IS:
        return str_eq(value, wanted) ? OK : ERR_NOT_FOUND;
    case PARAM_CONFIG:
        wanted = str_of(a->request->config(a->request->arg, param->text));
        break;
    case PARAM_SECRET:
        wanted = secret_of(a, param->text);
        break;
    }
    return wanted.len && ct_equal(value, wanted) ? OK : ERR_FORBIDDEN;
}

/* Gets the only value of a name in one part of the request; false when there is none, or several. */
typedef bool get_value(struct asked *a, struct str name, struct str *value);

static bool get_query(struct asked *a, struct str name, struct str *value)
{
    return take_query(a) && form_get(&a->query, name, value) == 1;
}

static bool get_form(struct asked *a, struct str name, struct str *value)
{
    return form_get(&a->form, name, value) == 1;
}

static bool get_header(struct asked *a, struct str name, struct str *value)
{
    return fields_get(a->request->headers, name, value) == 1;
}

static bool get_json(struct asked *a, struct str pointer, struct str *value)
{
    const struct jnode *node = a->json ? jnode_at(a->json, pointer) : NULL;

    if (!node || node->type == J_ARRAY || node->type == J_OBJECT || node->type == J_NULL)
        return false;
    *value = node->type == J_TRUE ? STR("true") : node->type == J_FALSE ? STR("false") : node->text;
    return true;
}

/* As value_fits, for all; another shape outweighs a wrong word. */
static enum err params_fit(const struct handshake_params *params, get_value *get, struct asked *a)
{
    enum err said = OK;

    for (size_t i = 0; i < params->n; i++) {
        struct str value;
        enum err err = get(a, params->at[i].name, &value) ? value_fits(&params->at[i], value, a) : ERR_NOT_FOUND;

        if (err == ERR_NOT_FOUND)
            return err;
        said = said ? said : err;
    }
    return said;
}

static bool type_fits(struct str wanted, struct str given)
{
    return wanted.len == 0 || str_eq_nocase(wanted, str_trim(str_upto(given, str_find(given, ';'))));
}

static bool signed_fits(enum handshake_signed wanted, const struct handshake_request *request)
{
    switch (wanted) {
    case HANDSHAKE_UNSIGNED:
        return request->is_unsigned;
    case HANDSHAKE_SIGNED:
        return request->is_verified;
    case HANDSHAKE_EITHER:
        return request->is_unsigned || request->is_verified;
    case HANDSHAKE_ANY:
        return true;
    }
    return false;
}

/* The cheap part first: most requests are deliveries. */
static bool head_fits(const struct handshake *h, const struct handshake_request *request)
{
    if (!str_eq(h->method, request->method) || !signed_fits(h->is_signed, request) ||
        !type_fits(h->content_type, request->content_type))
        return false;
    for (size_t i = 0; i < h->n_absent; i++)
        if (fields_get(request->headers, h->absent_headers[i], NULL))
            return false;
    return true;
}

static bool is_pending(struct asked *a)
{
    return secret_of(a, a->h->capture).len == 0;
}

/*
 * Exactly this shape and no other: an unsigned request must not get in by resembling one (I4). ERR_NOT_FOUND when it is another;
 * else why the request, which has the shape, is refused: ERR_FORBIDDEN, ERR_SIGNATURE... (I5: also when nothing is pending).
 */
static enum err matches(struct asked *a)
{
    const struct handshake *h = a->h;
    const struct {
        const struct handshake_params *params;
        get_value *get;
    } parts[] = {{&h->headers, get_header}, {&h->query, get_query}, {&h->form, get_form}, {&h->json, get_json}};
    enum err said = OK, err;

    if (!head_fits(h, a->request) || !take_body(a))
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        err = params_fit(parts[i].params, parts[i].get, a);
        if (err == ERR_NOT_FOUND)
            return err;
        said = said ? said : err;
    }
    if (!said && h->verify)
        said = a->request->verify(a->request->arg, h->verify);
    if (!said && h->while_pending && !is_pending(a))
        said = ERR_SIGNATURE;
    return a->trouble ? a->trouble : said;
}

/* --- the answer ------------------------------------------------------------------------------------------------------- */

static bool lookup_url(struct asked *a, struct str *out)
{
    *out = a->request->url;
    if (out->len == 0)
        a->trouble = ERR_CONFIG; /* no public URL is set */
    return out->len > 0;
}

static bool lookup_plain(struct asked *a, struct str name, struct str *out)
{
    struct str section = str_upto(name, str_find(name, '.')), member = str_from(name, section.len + 1);

    if (str_eq(section, STR("query")))
        return get_query(a, member, out);
    if (str_eq(section, STR("form")))
        return get_form(a, member, out);
    if (str_eq(section, STR("json")))
        return get_json(a, member, out);
    if (str_eq(section, STR("header")))
        return get_header(a, member, out);
    if (str_eq(section, STR("url")))
        return lookup_url(a, out);
    if (str_eq(section, STR("random")))
        *out = a->request->random;
    else if (str_eq(section, STR("secret")))
        *out = secret_of(a, member);
    else
        *out = str_of(a->request->config(a->request->arg, member));
    return out->len > 0;
}

static bool lookup(void *arg, struct str name, struct template_value *out)
{
    return lookup_plain(arg, name, &out->text);
}

static bool lookup_in_json(void *arg, struct str name, struct template_value *out)
{
    out->in_json = true;
    return lookup(arg, name, out);
}

/* A value that came with the request must not begin another header. */
static bool is_header_value(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.p[i] < ' ' || value.p[i] > '~')
            return false;
    return true;
}

static enum err write_headers(struct asked *a, struct buf *out)
{
    enum err err = OK;

    for (size_t i = 0; i < a->h->n_answer_headers && !err; i++) {
        const struct handshake_header *header = &a->h->answer_headers[i];
        size_t start;

        err = buf_printf(out, "%.*s: ", STR_ARG(header->name));
        start = out->len;
        if (!err)
            err = template_fill(&header->value, lookup, a, out);
        if (!err && !is_header_value(str_from(buf_str(out), start)))
            err = ERR_NOT_FOUND;
        if (!err)
            err = buf_append(out, STR("\r\n"));
    }
    return err;
}

/* Rooms are made first: growing would leave copies of a secret. */
static enum err write_answer(struct asked *a, struct handshake_answer *out)
{
    const struct handshake *h = a->h;
    enum err err = buf_reserve(&out->body, BODY_MAX_BYTES);

    if (!err)
        err = buf_reserve(&out->headers, HEADERS_MAX_BYTES);
    if (!err && h->capture.len)
        err = buf_reserve(&out->secret, CAPTURE_MAX_BYTES);
    if (!err)
        err = template_fill(&h->answer, h->answer_is_json ? lookup_in_json : lookup, a, &out->body);
    if (!err)
        err = write_headers(a, &out->headers);
    if (!err && h->capture.len)
        err = template_fill(&h->capture_value, lookup, a, &out->secret);
    if (err)
        return a->trouble ? a->trouble : err == ERR_TOO_LARGE ? ERR_NOT_FOUND : err;
    out->status = h->status;
    out->content_type = h->answer_type;
    out->capture = h->capture;
    out->first_only = h->while_pending;
    return OK;
}

void handshake_answer_init(struct handshake_answer *answer)
{
    *answer = (struct handshake_answer){.status = 0,
                                        .body = BUF_INIT(BODY_MAX_BYTES),
                                        .headers = BUF_INIT(HEADERS_MAX_BYTES),
                                        .secret = BUF_INIT(CAPTURE_MAX_BYTES)};
}

void handshake_answer_release(struct handshake_answer *answer)
{
    buf_wipe(&answer->body);
    buf_wipe(&answer->headers);
    buf_wipe(&answer->secret);
}

enum err handshakes_answer(const struct handshakes *handshakes, const struct handshake_request *request,
                           struct handshake_answer *answer)
{
    struct asked a = {.request = request, .arena = {.max_bytes = JSON_ARENA_BYTES}};
    enum err said = ERR_NOT_FOUND;

    for (size_t i = 0; i < handshakes->n; i++) {
        enum err err;

        a.h = &handshakes->at[i];
        err = matches(&a);
        if (!err) {
            handshake_answer_release(answer);
            err = write_answer(&a, answer);
        }
        said = said == ERR_NOT_FOUND || !err ? err : said; /* the first that has the shape says why it is refused */
        if (!err)
            break;
    }
    release(&a);
    return said;
}
