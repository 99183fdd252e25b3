/* handshake.c -- owns a platform's question "is this URL yours?". */
#include "route/handshake.h"

#include <ctype.h>

enum { PARAM_MAX_BYTES = 2048 };

static bool read_param(struct reader *r, const struct place *p, struct handshake_param *out)
{
    static const char *const kinds[] = {[PARAM_TEXT] = "text", [PARAM_DIGITS] = "digits", NULL};
    static const char *const known[] = {"is", "config", NULL};
    struct place is, config;
    size_t index;

    out->name = str_of(p->name);
    if (json_is_string(p->json)) {
        if (!read_choice(r, p, kinds, &index))
            return false;
        out->kind = (enum param_kind)index;
        return true;
    }
    if (!read_members(r, p, known))
        return false;
    is = place_member(p, "is");
    config = place_member(p, "config");
    if (place_given(&is) == place_given(&config)) {
        read_problem(r, p, "has one of is, config");
        return false;
    }
    out->kind = place_given(&is) ? PARAM_IS : PARAM_CONFIG;
    out->text = read_text(r, place_given(&is) ? &is : &config);
    return out->text.len > 0;
}

static bool read_params(struct reader *r, const struct place *p, struct handshake_param *out, size_t *n)
{
    const char *name;
    json_t *value;
    bool good = true;

    if (!read_object(r, p))
        return false;
    if (json_object_size(p->json) > HANDSHAKE_PARAMS_MAX) {
        read_problem(r, p, "at most %d members", HANDSHAKE_PARAMS_MAX);
        return false;
    }
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};

        good &= read_param(r, &member, &out[(*n)++]);
    }
    return good;
}

static bool read_answer(struct reader *r, const struct place *p, struct handshake *out)
{
    static const char *const known[] = {"status", "content_type", "body", NULL};
    static const char *const names[] = {"query.", "form.", "config.", NULL};
    struct place status, type, body;

    if (!read_members(r, p, known))
        return false;
    status = place_member(p, "status");
    type = place_member(p, "content_type");
    body = place_member(p, "body");
    out->status = (int)read_int(r, &status, 200, 299, 200);
    out->answer_type = "text/plain; charset=utf-8"; /* what is echoed is never read as HTML */
    if (place_given(&type))
        out->answer_type = read_text(r, &type).p;
    return !place_given(&body) || template_read(r, &body, names, &out->answer);
}

static bool read_handshake(struct reader *r, const struct place *p, struct handshake *out)
{
    static const char *const known[] = {"method", "content_type", "absent_headers", "query", "form", "answer", NULL};
    static const char *const methods[] = {"GET", "HEAD", "POST", NULL};
    struct place method, type, absent, query, form, answer;
    size_t index;
    bool good;

    if (!read_members(r, p, known))
        return false;
    method = place_member(p, "method");
    type = place_member(p, "content_type");
    absent = place_member(p, "absent_headers");
    query = place_member(p, "query");
    form = place_member(p, "form");
    answer = place_member(p, "answer");
    good = read_choice(r, &method, methods, &index);
    if (good)
        out->method = str_of(methods[index]);
    if (place_given(&type))
        out->content_type = read_text(r, &type);
    if (place_given(&absent))
        good &= read_texts(r, &absent, &out->absent_headers, &out->n_absent);
    if (place_given(&query))
        good &= read_params(r, &query, out->query, &out->n_query);
    out->has_form = place_given(&form);
    if (out->has_form)
        good &= read_params(r, &form, out->form, &out->n_form);
    return read_answer(r, &answer, out) && good;
}

bool handshakes_read(struct reader *r, const struct place *p, struct handshakes *out)
{
    size_t n = json_array_size(p->json);
    struct handshake *all;
    bool good = true;

    if (!read_list(r, p))
        return false;
    all = read_array(r, n, sizeof(*all));
    if (!all)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct place element = place_element(p, i);

        good &= read_handshake(r, &element, &all[i]);
    }
    *out = (struct handshakes){.at = all, .n = n};
    return good;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX and + of one member's value. False for a broken escape, for NUL, or beyond the maximum. */
static bool decode(struct str text, char out[PARAM_MAX_BYTES], struct str *decoded)
{
    size_t n = 0;

    if (text.len > PARAM_MAX_BYTES)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int c = text.p[i] == '+' ? ' ' : (unsigned char)text.p[i];

        if (c == '%') {
            int high = i + 2 < text.len ? hex_digit(text.p[i + 1]) : -1, low = high < 0 ? -1 : hex_digit(text.p[i + 2]);

            if (high < 0 || low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c == 0)
            return false;
        out[n++] = (char)c;
    }
    *decoded = str_n(out, n);
    return true;
}

/* Finds a member of a query or form by its undecoded name, which platforms do not escape; *count says how many there are. */
static struct str member_of(struct str text, struct str name, size_t *count)
{
    struct str pair, first = STR_NONE;

    *count = 0;
    while (str_split(&text, '&', &pair)) {
        size_t at = str_find(pair, '=');

        if (str_eq(str_upto(pair, at), name) && (*count)++ == 0)
            first = str_from(pair, at + 1);
    }
    return first;
}

static bool value_fits(const struct handshake_param *param, struct str value, const struct handshake_request *request)
{
    const char *config;

    switch (param->kind) {
    case PARAM_TEXT:
        return value.len > 0;
    case PARAM_DIGITS:
        for (size_t i = 0; i < value.len; i++)
            if (!isdigit((unsigned char)value.p[i]))
                return false;
        return value.len > 0 && value.len <= 20;
    case PARAM_IS:
        return str_eq(value, param->text);
    case PARAM_CONFIG:
        config = request->config ? request->config(request->arg, param->text) : NULL;
        return config && config[0] && str_eq(value, str_of(config));
    }
    return false;
}

static bool params_fit(const struct handshake_param *params, size_t n, struct str text, const struct handshake_request *request)
{
    char room[PARAM_MAX_BYTES];

    for (size_t i = 0; i < n; i++) {
        size_t count;
        struct str value = member_of(text, params[i].name, &count);

        if (count != 1 || !decode(value, room, &value) || !value_fits(&params[i], value, request))
            return false;
    }
    return true;
}

static size_t count_members(struct str text)
{
    struct str pair;
    size_t n = 0;

    if (text.len == 0)
        return 0;
    while (str_split(&text, '&', &pair)) /* an empty one after a last "&" counts */
        n++;
    return n;
}

static bool type_fits(struct str wanted, struct str given)
{
    return wanted.len == 0 || str_eq_nocase(wanted, str_trim(str_upto(given, str_find(given, ';'))));
}

/* Exactly this shape and no other: an unsigned request must not get in by resembling one (I4). */
static bool matches(const struct handshake *h, const struct handshake_request *request)
{
    if (!str_eq(h->method, request->method) || !type_fits(h->content_type, request->content_type))
        return false;
    for (size_t i = 0; i < h->n_absent; i++)
        if (fields_get(request->headers, h->absent_headers[i], NULL))
            return false;
    if (h->has_form ? count_members(request->body) != h->n_form : request->body.len > 0)
        return false;
    return params_fit(h->query, h->n_query, request->query, request) && params_fit(h->form, h->n_form, request->body, request);
}

/* Where {{query.x}}, {{form.x}} and {{config.x}} come from, with room for one decoded value at a time. */
struct answering {
    const struct handshake_request *request;
    char room[PARAM_MAX_BYTES];
};

static bool lookup(void *arg, struct str name, struct template_value *out)
{
    struct answering *a = arg;
    struct str section = str_upto(name, str_find(name, '.')), member = str_from(name, section.len + 1);
    size_t count;

    if (str_eq(section, STR("config"))) {
        const char *value = a->request->config ? a->request->config(a->request->arg, member) : NULL;

        out->text = str_of(value);
        return value != NULL;
    }
    out->text = member_of(str_eq(section, STR("query")) ? a->request->query : a->request->body, member, &count);
    return count == 1 && decode(out->text, a->room, &out->text);
}

bool handshakes_answer(const struct handshakes *handshakes, const struct handshake_request *request, int *status,
                       const char **content_type, struct buf *answer)
{
    for (size_t i = 0; i < handshakes->n; i++) {
        const struct handshake *h = &handshakes->at[i];
        struct answering answering;
        size_t before = answer->len;

        if (!matches(h, request))
            continue;
        answering.request = request;
        if (template_fill(&h->answer, lookup, &answering, answer)) {
            answer->len = before;
            continue;
        }
        *status = h->status;
        *content_type = h->answer_type;
        return true;
    }
    return false;
}
