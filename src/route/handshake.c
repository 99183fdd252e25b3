/* handshake.c -- owns a platform's question "is this URL yours?". */
#include "route/handshake.h"

#include "base/form.h"

#include <ctype.h>

/* Of a query or form that asks; what is larger is none. */
static const struct form_limits asked_limits = {.max_bytes = 8192, .max_pairs = 64};

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

static bool params_fit(const struct handshake_param *params, size_t n, const struct form *form,
                       const struct handshake_request *request)
{
    for (size_t i = 0; i < n; i++) {
        struct str value;

        if (form_get(form, params[i].name, &value) != 1 || !value_fits(&params[i], value, request))
            return false;
    }
    return true;
}

static bool type_fits(struct str wanted, struct str given)
{
    return wanted.len == 0 || str_eq_nocase(wanted, str_trim(str_upto(given, str_find(given, ';'))));
}

/* A request taken apart once for all handshakes. */
struct asked {
    const struct handshake_request *request;
    struct form query, form;
    bool has_form; /* the body is a form within the limits */
};

/* Exactly this shape and no other: an unsigned request must not get in by resembling one (I4). */
static bool matches(const struct handshake *h, const struct asked *asked)
{
    const struct handshake_request *request = asked->request;

    if (!str_eq(h->method, request->method) || !type_fits(h->content_type, request->content_type))
        return false;
    for (size_t i = 0; i < h->n_absent; i++)
        if (fields_get(request->headers, h->absent_headers[i], NULL))
            return false;
    if (h->has_form ? !asked->has_form || asked->form.n != h->n_form : request->body.len > 0)
        return false;
    return params_fit(h->query, h->n_query, &asked->query, request) && params_fit(h->form, h->n_form, &asked->form, request);
}

/* Where {{query.x}}, {{form.x}} and {{config.x}} come from. */
static bool lookup(void *arg, struct str name, struct template_value *out)
{
    const struct asked *asked = arg;
    struct str section = str_upto(name, str_find(name, '.')), member = str_from(name, section.len + 1);

    if (str_eq(section, STR("config"))) {
        const char *value = asked->request->config ? asked->request->config(asked->request->arg, member) : NULL;

        out->text = str_of(value);
        return value != NULL;
    }
    return form_get(str_eq(section, STR("query")) ? &asked->query : &asked->form, member, &out->text) == 1;
}

static bool answer_first(const struct handshakes *handshakes, struct asked *asked, int *status, const char **content_type,
                         struct buf *answer)
{
    for (size_t i = 0; i < handshakes->n; i++) {
        const struct handshake *h = &handshakes->at[i];
        size_t before = answer->len;

        if (!matches(h, asked))
            continue;
        if (template_fill(&h->answer, lookup, asked, answer)) {
            answer->len = before;
            continue;
        }
        *status = h->status;
        *content_type = h->answer_type;
        return true;
    }
    return false;
}

bool handshakes_answer(const struct handshakes *handshakes, const struct handshake_request *request, int *status,
                       const char **content_type, struct buf *answer)
{
    struct asked asked = {.request = request};
    bool answered = false;

    if (handshakes->n && form_parse(request->query, &asked_limits, &asked.query) == OK) {
        asked.has_form = form_parse(request->body, &asked_limits, &asked.form) == OK;
        answered = answer_first(handshakes, &asked, status, content_type, answer);
    }
    form_release(&asked.query);
    form_release(&asked.form);
    return answered;
}
