/* handshake_read.c -- owns the reading of "handshakes". */
#include "route/config_ref.h"
#include "route/handshake.h"
#include "route/template_hmac.h"

static bool is_pointer(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.p[i] == '~' && (i + 1 == text.len || (text.p[i + 1] != '0' && text.p[i + 1] != '1')))
            return false;
    return text.len == 0 || text.p[0] == '/';
}

static bool check_pointer(struct reader *r, const struct place *p, struct str text)
{
    if (is_pointer(text))
        return true;
    read_problem(r, p, "\"%.*s\" is no pointer such as \"/challenge\"", STR_ARG(str_upto(text, 80)));
    return false;
}

/* --- templates -------------------------------------------------------------------------------------------------------- */

static bool check_name(struct reader *r, const struct place *p, const struct template_part *part)
{
    static const struct str config = {"config.", 7}, json = {"json.", 5};

    if (part->is_name && str_starts(part->text, config))
        return config_is_declared(r, p, str_from(part->text, config.len), false);
    if (part->is_name && str_starts(part->text, json))
        return check_pointer(r, p, str_from(part->text, json.len));
    return true;
}

static bool check_part(struct reader *r, const struct place *p, const struct template_part *part)
{
    bool good = part->hmac ? config_is_declared(r, p, part->hmac->secret, true) : check_name(r, p, part);

    for (size_t i = 0; part->hmac && i < part->hmac->n; i++)
        good &= check_name(r, p, &part->hmac->pieces[i]);
    return good;
}

static bool read_template(struct reader *r, const struct place *p, struct template *out)
{
    static const char *const names[] = {"query.", "form.", "json.", "header.", "config.", "url", "random", "hmac.", NULL};
    bool good = template_read(r, p, names, out);

    for (size_t i = 0; good && i < out->n; i++)
        good &= check_part(r, p, &out->parts[i]);
    return good;
}

/* --- conditions ------------------------------------------------------------------------------------------------------- */

static bool read_param_object(struct reader *r, const struct place *p, struct handshake_param *out)
{
    static const char *const known[] = {"is", "config", "secret", NULL};
    static const enum param_kind kinds[] = {PARAM_IS, PARAM_CONFIG, PARAM_SECRET};
    struct place member = {.json = NULL};

    if (!read_members(r, p, known))
        return false;
    if (json_object_size(p->json) != 1) {
        read_problem(r, p, "has one of is, config, secret");
        return false;
    }
    for (size_t i = 0; known[i] && !place_given(&member); i++) {
        member = place_member(p, known[i]);
        out->kind = kinds[i];
    }
    if (!place_given(&member)) /* the one member is unknown, which has been said */
        return false;
    if (out->kind == PARAM_IS)
        return read_scalar(r, &member, &out->text);
    out->text = read_text(r, &member);
    return out->text.len && config_is_declared(r, &member, out->text, out->kind == PARAM_SECRET);
}

static bool read_param(struct reader *r, const struct place *p, struct handshake_param *out)
{
    static const char *const kinds[] = {[PARAM_TEXT] = "text", [PARAM_DIGITS] = "digits", NULL};
    size_t index = 0;

    out->name = str_of(p->name);
    if (!json_is_string(p->json))
        return read_param_object(r, p, out);
    if (!read_choice(r, p, kinds, &index))
        return false;
    out->kind = (enum param_kind)index;
    return true;
}

/* Reads an object of conditions; absent is fine. */
static bool read_params(struct reader *r, const struct place *p, struct handshake_params *out)
{
    const char *name;
    json_t *value;
    bool good = true;

    if (!place_given(p))
        return true;
    if (!read_object(r, p))
        return false;
    if (json_object_size(p->json) > HANDSHAKE_PARAMS_MAX) {
        read_problem(r, p, "at most %d members", HANDSHAKE_PARAMS_MAX);
        return false;
    }
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};

        good &= read_param(r, &member, &out->at[out->n++]);
    }
    return good;
}

static bool read_body(struct reader *r, const struct place *p, struct handshake *out)
{
    static const char *const bodies[] = {[HANDSHAKE_EMPTY] = "empty", [HANDSHAKE_ANY_BODY] = "any", NULL};
    struct place body = place_member(p, "body"), form = place_member(p, "form"), json = place_member(p, "json");
    size_t index = HANDSHAKE_EMPTY;
    bool good = true;

    if (place_given(&body) + place_given(&form) + place_given(&json) > 1) {
        read_problem(r, p, "has only one of body, form, json");
        return false;
    }
    if (place_given(&body))
        good = read_choice(r, &body, bodies, &index);
    out->body = place_given(&form) ? HANDSHAKE_FORM : place_given(&json) ? HANDSHAKE_JSON : (enum handshake_body)index;
    good &= read_params(r, &form, &out->form);
    good &= read_params(r, &json, &out->json);
    for (size_t i = 0; i < out->json.n; i++)
        good &= check_pointer(r, &json, out->json.at[i].name);
    return good;
}

static bool read_conditions(struct reader *r, const struct place *p, struct handshake *out)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "POST", NULL};
    struct place method = place_member(p, "method"), type = place_member(p, "content_type");
    struct place absent = place_member(p, "absent_headers"), headers = place_member(p, "headers"), query = place_member(p, "query");
    size_t index = 0;
    bool good = read_choice(r, &method, methods, &index);

    out->method = str_of(methods[index]);
    if (place_given(&type))
        out->content_type = read_text(r, &type);
    if (place_given(&absent))
        good &= read_texts(r, &absent, &out->absent_headers, &out->n_absent);
    good &= read_params(r, &headers, &out->headers);
    good &= read_params(r, &query, &out->query);
    return read_body(r, p, out) && good;
}

/* --- signatures, secrets ---------------------------------------------------------------------------------------------- */

static bool read_verify(struct reader *r, const struct place *p, struct handshake *out)
{
    const struct verify_config config = config_defaults(r);
    struct buf pointer = BUF_INIT(1 << 10);
    enum err err = place_pointer(p, &pointer);

    if (!err)
        err = verify_spec_load_with(p->json, buf_str(&pointer), &config, r->problems, &out->verify);
    r->no_memory |= err == ERR_MEMORY;
    buf_release(&pointer);
    if (err || verify_spec_secret_name(out->verify).len == 0)
        return !err;
    return config_is_declared(r, p, verify_spec_secret_name(out->verify), true);
}

static bool read_signed(struct reader *r, const struct place *p, struct handshake *out)
{
    static const char *const words[] = {
        [HANDSHAKE_UNSIGNED] = "no", [HANDSHAKE_SIGNED] = "yes", [HANDSHAKE_EITHER] = "either", NULL};
    struct place is_signed = place_member(p, "signed"), verify = place_member(p, "verify");
    size_t index = HANDSHAKE_UNSIGNED;
    bool good = true;

    if (place_given(&verify)) {
        index = HANDSHAKE_ANY;
        good = read_verify(r, &verify, out);
    }
    if (place_given(&is_signed))
        good &= read_choice(r, &is_signed, words, &index);
    out->is_signed = (enum handshake_signed)index;
    return good;
}

/* A handshake that takes signed requests must tell them from deliveries, which it would swallow. */
static bool check_swallows(struct reader *r, const struct place *p, const struct handshake *h)
{
    bool takes_deliveries = h->is_signed == HANDSHAKE_SIGNED || h->is_signed == HANDSHAKE_EITHER;

    if (!takes_deliveries || h->headers.n + h->query.n + h->form.n + h->json.n > 0 || h->body == HANDSHAKE_EMPTY)
        return true;
    read_problem(r, p, "would answer every delivery; say in headers, query, form or json how it differs");
    return false;
}

static bool read_capture(struct reader *r, const struct place *p, struct handshake *out)
{
    static const char *const known[] = {"secret", "value", NULL}, *const whiles[] = {"pending", NULL};
    struct place capture = place_member(p, "capture"), pending = place_member(p, "while"), secret, value;
    size_t index;

    out->while_pending = place_given(&pending);
    if (out->while_pending && !read_choice(r, &pending, whiles, &index))
        return false;
    if (!place_given(&capture)) {
        if (out->while_pending)
            read_problem(r, &pending, "needs \"capture\", which says what secret is pending");
        return !out->while_pending;
    }
    if (!read_members(r, &capture, known))
        return false;
    secret = place_member(&capture, "secret");
    value = place_member(&capture, "value");
    out->capture = read_text(r, &secret);
    return out->capture.len && config_is_declared(r, &secret, out->capture, true) && read_template(r, &value, &out->capture_value);
}

/* --- the answer ------------------------------------------------------------------------------------------------------- */

/* What is echoed is never read as HTML. */
static bool read_type(struct reader *r, const struct place *p, struct handshake *out)
{
    static const char *const types[] = {"text/plain", "text/plain; charset=utf-8", "application/json", NULL};
    size_t index = 1;

    if (place_given(p) && !read_choice(r, p, types, &index))
        return false;
    out->answer_type = types[index];
    out->answer_is_json = index == 2;
    return true;
}

/* The fields that the server itself writes are none of the handshake's. */
static bool check_header_name(struct reader *r, const struct place *p)
{
    static const char *const ours[] = {"content-type",      "content-length", "connection", "date",
                                       "transfer-encoding", "keep-alive",     "upgrade",    NULL};
    bool good = p->name[0] != '\0' && strlen(p->name) <= 100;

    for (const char *c = p->name; *c; c++)
        good &= (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-' || *c == '_';
    for (size_t i = 0; ours[i]; i++)
        good &= !str_eq_nocase(str_of(p->name), str_of(ours[i]));
    if (!good)
        read_problem(r, p, "no header that a handshake may answer");
    return good;
}

static bool read_answer_headers(struct reader *r, const struct place *p, struct handshake *out)
{
    const char *name;
    json_t *value;
    bool good = true;

    if (!read_object(r, p))
        return false;
    if (json_object_size(p->json) > HANDSHAKE_HEADERS_MAX) {
        read_problem(r, p, "at most %d headers", HANDSHAKE_HEADERS_MAX);
        return false;
    }
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};
        struct handshake_header *header = &out->answer_headers[out->n_answer_headers++];

        header->name = str_of(name);
        good &= check_header_name(r, &member) && read_template(r, &member, &header->value);
    }
    return good;
}

static bool read_answer(struct reader *r, const struct place *p, struct handshake *out)
{
    static const char *const known[] = {"status", "content_type", "body", "headers", NULL};
    struct place status, type, body, headers;
    bool good = true;

    if (!read_members(r, p, known))
        return false;
    status = place_member(p, "status");
    type = place_member(p, "content_type");
    body = place_member(p, "body");
    headers = place_member(p, "headers");
    out->status = (int)read_int(r, &status, 200, 299, 200);
    if (place_given(&body))
        good = read_type(r, &type, out) && read_template(r, &body, &out->answer);
    else if (place_given(&type)) {
        read_problem(r, &type, "needs \"body\"");
        good = false;
    }
    if (place_given(&headers))
        good &= read_answer_headers(r, &headers, out);
    return good;
}

static bool read_handshake(struct reader *r, const struct place *p, struct handshake *out)
{
    static const char *const known[] = {"method", "content_type", "absent_headers", "headers", "query",   "body",   "form",
                                        "json",   "signed",       "verify",         "while",   "capture", "answer", NULL};
    struct place answer;
    bool good;

    if (!read_members(r, p, known))
        return false;
    answer = place_member(p, "answer");
    good = read_conditions(r, p, out);
    good &= read_signed(r, p, out);
    good &= read_capture(r, p, out);
    good &= check_swallows(r, p, out);
    return read_answer(r, &answer, out) && good;
}

bool handshakes_read(struct reader *r, const struct place *p, struct handshakes *out)
{
    size_t n = json_array_size(p->json);
    bool good = true;

    if (!read_list(r, p))
        return false;
    out->at = read_array(r, n, sizeof(*out->at));
    out->n = out->at ? n : 0;
    for (size_t i = 0; i < out->n; i++) {
        struct place element = place_element(p, i);

        good &= read_handshake(r, &element, &out->at[i]);
    }
    return good && out->at;
}

void handshakes_release(struct handshakes *handshakes)
{
    for (size_t i = 0; i < handshakes->n; i++)
        verify_spec_free(handshakes->at[i].verify);
    handshakes->n = 0;
}
