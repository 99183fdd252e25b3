/* spec_param.c -- owns the parameters of a scheme: one table row each, read strictly from a route file's push.verify element. */
#include "verify/spec_param.h"

#include <stddef.h>

enum {
    BIT_SIGNED = BIT_HMAC | BIT_TIMED | BIT_RSA | BIT_ED25519 | BIT_ECDSA,
    BIT_PAIRED = BIT_RSA | BIT_ED25519 | BIT_ECDSA,
    BIT_FIELDS = BIT_HMAC | BIT_PAIRED
};
enum { BIT_ALL = BIT_SIGNED | BIT_STANDARD | BIT_TOKEN | BIT_UNSIGNED | BIT_JWT, TOLERANCE_MAX_S = 7 * 86400 };

struct param {
    const char *name;
    unsigned schemes;  /* which schemes take it */
    unsigned required; /* which must have it */
    enum err (*read)(const struct reading *r, const json_t *value);
    size_t offset;              /* of the field in struct verify_spec */
    const char *const *choices; /* NULL-terminated */
};

static const char *const hash_names[] = {[HASH_SHA1] = "sha1", [HASH_SHA256] = "sha256", [HASH_SHA512] = "sha512", NULL};
static const char *const mac_names[] = {[MAC_HMAC] = "hmac", [MAC_SECRET_PREFIX] = "secret_prefix", NULL};
static const char *const encoding_names[] = {
    [ENCODING_HEX] = "hex", [ENCODING_BASE64] = "base64", [ENCODING_EITHER] = "either", NULL};
static const char *const plain_encoding_names[] = {[ENCODING_HEX] = "hex", [ENCODING_BASE64] = "base64", NULL};
static const char *const port_names[] = {[URL_PORT_GIVEN] = "given", [URL_PORT_EITHER] = "either", NULL};
static const char *const public_form_names[] = {
    [PUBLIC_PEM] = "pem", [PUBLIC_HEX] = "hex", [PUBLIC_BASE64] = "base64", [PUBLIC_BY_PATH] = "by_path", NULL};
static const char *const secret_form_names[] = {[SECRET_TEXT] = "text",   [SECRET_HEX] = "hex",   [SECRET_BASE64] = "base64",
                                                [SECRET_WHSEC] = "whsec", [SECRET_HTML] = "html", NULL};

static void *field_of(const struct reading *r)
{
    return (char *)r->spec + r->param->offset;
}

static enum err wrong(const struct reading *r, const char *expected)
{
    problems_add(r->problems, r->pointer, "%s must be %s", r->param->name, expected);
    return OK;
}

bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return s.len > 0 && s.len <= 256;
}

enum err param_copy(struct verify_spec *spec, struct str text, struct str *out)
{
    *out = arena_str(&spec->arena, text);
    return out->p ? OK : ERR_MEMORY;
}

static enum err read_text(const struct reading *r, const json_t *value)
{
    struct str text = json_text(value);

    return is_plain(text) ? param_copy(r->spec, text, field_of(r)) : wrong(r, "a text of 1 to 256 characters");
}

bool is_header_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return s.len > 0 && s.len <= 128;
}

static enum err read_header_name(const struct reading *r, const json_t *value)
{
    struct str name = json_text(value);

    return is_header_name(name) ? param_copy(r->spec, name, field_of(r)) : wrong(r, "the name of a header");
}

static enum err read_separator(const struct reading *r, const json_t *value)
{
    struct str text = json_text(value);

    if (text.len != 1 || !strchr(",; |", text.p[0]))
        return wrong(r, "one of \",\" \";\" \" \" \"|\"");
    *(char *)field_of(r) = text.p[0];
    return OK;
}

static enum err read_bool(const struct reading *r, const json_t *value)
{
    if (!json_is_boolean(value))
        return wrong(r, "true or false");
    *(bool *)field_of(r) = json_is_true(value);
    return OK;
}

static enum err read_choice(const struct reading *r, const json_t *value)
{
    struct str text = json_text(value);
    struct buf known = BUF_INIT(256);
    enum err err = OK;

    for (int i = 0; r->param->choices[i] && !err; i++) {
        if (str_eq(text, str_of(r->param->choices[i]))) {
            *(int *)field_of(r) = i;
            buf_release(&known);
            return OK;
        }
        err = buf_printf(&known, "%s%s", i ? ", " : "", r->param->choices[i]);
    }
    if (!err)
        problems_add(r->problems, r->pointer, "%s must be one of %s", r->param->name, buf_text(&known));
    buf_release(&known);
    return err;
}

static enum err read_time_format(const struct reading *r, const json_t *value)
{
    enum time_format format;

    if (time_format_parse(json_text(value), &format) || format == TIME_ISO_LOCAL || format == TIME_SQL || format == TIME_ANY)
        return wrong(r, "one of unix, unix_ms, iso, http_date, rfc2822");
    *(int *)field_of(r) = (int)format;
    return OK;
}

/* A number, or the text of one: what a source's config says is text. */
static enum err read_seconds(const struct reading *r, const json_t *value)
{
    int64_t seconds = json_integer_value(value);

    if ((!json_is_integer(value) && str_to_i64(json_text(value), &seconds)) || seconds < 1 || seconds > TOLERANCE_MAX_S)
        return wrong(r, "whole seconds from 1 to 604800");
    *(int64_t *)field_of(r) = seconds;
    return OK;
}

/* rsa takes a list of headers; the first one is `header`. */
static enum err read_header_names(const struct reading *r, const json_t *value)
{
    struct verify_spec *spec = r->spec;
    enum err err = read_names(r, value, &spec->headers);

    spec->header = spec->headers.at[0];
    return err;
}

static enum err read_key_headers(const struct reading *r, const json_t *value)
{
    return read_names(r, value, &r->spec->key_headers);
}

static enum err read_pointer(const struct reading *r, const json_t *value)
{
    struct str text = json_text(value);

    return is_plain(text) && text.p[0] == '/' ? param_copy(r->spec, text, field_of(r)) : wrong(r, "a pointer such as \"/name\"");
}

/* A member of the first level. */
static enum err read_member_pointer(const struct reading *r, const json_t *value)
{
    struct str text = json_text(value);
    bool good = is_plain(text) && text.p[0] == '/' && text.len > 1 && str_find(str_from(text, 1), '/') == text.len - 1;

    return good && str_find(text, '~') == text.len ? param_copy(r->spec, text, field_of(r))
                                                   : wrong(r, "one member, such as \"/token\"");
}

enum err params_require(struct verify_spec *spec, struct str name)
{
    if (spec->n_require == REQUIRE_MAX)
        return ERR_TOO_MANY;
    return param_copy(spec, name, &spec->require[spec->n_require++]);
}

static enum err read_header_list(const struct reading *r, const json_t *value)
{
    enum err err = OK;

    if (!json_is_array(value) || json_array_size(value) > REQUIRE_MAX)
        return wrong(r, "a list of at most 8 header names");
    for (size_t i = 0; i < json_array_size(value) && !err; i++) {
        struct str name = json_text(json_array_get(value, i));

        err = is_header_name(name) ? params_require(r->spec, name) : wrong(r, "a list of header names");
    }
    return err;
}

/* scheme itself is read first */
static enum err read_nothing(const struct reading *r, const json_t *value)
{
    (void)r;
    (void)value;
    return OK;
}

#define FIELD(name) offsetof(struct verify_spec, name)
static const struct param params[] = {
    {"scheme", BIT_ALL, BIT_ALL, read_nothing, 0, NULL},
    {"secret", BIT_ALL & ~BIT_UNSIGNED, 0, read_text, FIELD(secret), NULL},
    {"secret_form", BIT_HMAC | BIT_TIMED | BIT_STANDARD, 0, read_choice, FIELD(secret_form), secret_form_names},
    {"secret_form", BIT_PAIRED | BIT_JWT, 0, read_choice, FIELD(public_form), public_form_names},
    {"require", BIT_ALL, 0, read_header_list, FIELD(require), NULL},
    {"when_header", BIT_ALL, 0, read_header_name, FIELD(when_header), NULL},
    {"when_value", BIT_ALL, 0, read_text, FIELD(when_value), NULL},
    {"header", BIT_ALL & ~(BIT_STANDARD | BIT_UNSIGNED | BIT_RSA), BIT_TIMED, read_header_name, FIELD(header), NULL},
    {"header", BIT_RSA, 0, read_header_names, 0, NULL},
    {"query", BIT_FIELDS, 0, read_text, FIELD(query), NULL},
    {"form", BIT_FIELDS, 0, read_text, FIELD(form), NULL},
    {"at", BIT_TOKEN, 0, read_member_pointer, FIELD(at), NULL},
    {"hash", BIT_HMAC | BIT_TIMED | BIT_RSA, 0, read_choice, FIELD(hash), hash_names},
    {"mac", BIT_HMAC, 0, read_choice, FIELD(mac), mac_names},
    {"encoding", BIT_HMAC | BIT_TIMED, BIT_HMAC, read_choice, FIELD(encoding), encoding_names},
    {"encoding", BIT_PAIRED, 0, read_choice, FIELD(encoding), plain_encoding_names},
    {"prefix", BIT_HMAC | BIT_TOKEN | BIT_JWT, 0, read_text, FIELD(prefix), NULL},
    {"prefix_optional", BIT_HMAC | BIT_TOKEN, 0, read_bool, FIELD(prefix_optional), NULL},
    {"separator", BIT_HMAC | BIT_TIMED, 0, read_separator, FIELD(separator), NULL},
    {"signed", BIT_SIGNED, 0, read_text, FIELD(signed_text), NULL},
    {"timestamp_header", BIT_FIELDS, 0, read_header_name, FIELD(timestamp_header), NULL},
    {"timestamp_query", BIT_FIELDS, 0, read_text, FIELD(timestamp_query), NULL},
    {"timestamp_format", BIT_ALL, 0, read_time_format, FIELD(timestamp_format), NULL},
    {"timestamp_name", BIT_TIMED, 0, read_text, FIELD(timestamp_name), NULL},
    {"signature_name", BIT_TIMED, 0, read_text, FIELD(signature_name), NULL},
    {"id_header", BIT_FIELDS, 0, read_header_name, FIELD(id_header), NULL},
    {"header_prefix", BIT_STANDARD, 0, read_header_name, FIELD(header_prefix), NULL},
    {"url_port", BIT_HMAC, 0, read_choice, FIELD(url_port), port_names},
    {"body_hash", BIT_HMAC, 0, read_text, FIELD(body_hash), NULL},
    {"known_key", BIT_HMAC, 0, read_text, FIELD(known_key), NULL},
    {"key_header", BIT_RSA, 0, read_key_headers, 0, NULL},
    {"certificate_name", BIT_RSA, 0, read_text, FIELD(certificate_name), NULL},
    {"pin", BIT_ALL, 0, read_pin, 0, NULL},
    {"body_claim", BIT_JWT, 0, read_text, FIELD(body_claim), NULL},
    {"expect", BIT_ALL, 0, read_expect, 0, NULL},
    {"timestamp_at", BIT_ALL, 0, read_pointer, FIELD(after.timestamp_at), NULL},
    {"tolerance_s", BIT_ALL, 0, read_seconds, FIELD(tolerance_s), NULL},
};
enum { PARAMS = sizeof(params) / sizeof(params[0]) };

/* The row of that name for the scheme; for 0, the first one for any. */
static const struct param *find_param(struct str name, unsigned scheme)
{
    for (size_t i = 0; i < PARAMS; i++)
        if (str_eq(name, str_of(params[i].name)) && (!scheme || params[i].schemes & scheme))
            return &params[i];
    return NULL;
}

static void add_unknown(struct str pointer, const char *name, unsigned scheme, struct problems *problems)
{
    const char *names[PARAMS + 1];
    const char *nearest;
    size_t n = 0;

    for (size_t i = 0; i < PARAMS; i++)
        if (params[i].schemes & scheme)
            names[n++] = params[i].name;
    names[n] = NULL;
    nearest = nearest_name(str_of(name), names);
    if (find_param(str_of(name), 0))
        problems_add(problems, pointer, "%s does not belong to this scheme", name);
    else if (nearest)
        problems_add(problems, pointer, "unknown member; did you mean %s?", nearest);
    else
        problems_add(problems, pointer, "unknown member");
}

/* Appends "/name" with the escapes of RFC 6901. */
static enum err push_name(struct buf *pointer, const char *name)
{
    enum err err = buf_append_c(pointer, '/');

    for (; *name && !err; name++) {
        if (*name == '~' || *name == '/')
            err = buf_append(pointer, *name == '~' ? STR("~0") : STR("~1"));
        else
            err = buf_append_c(pointer, *name);
    }
    return err;
}

static enum err read_all(struct verify_spec *spec, unsigned scheme, const json_t *json, struct str at, struct problems *problems)
{
    struct buf pointer = BUF_INIT(4096);
    const char *name;
    json_t *value;
    enum err err = OK;

    json_object_foreach((json_t *)json, name, value)
    {
        const struct param *param = find_param(str_of(name), scheme);

        buf_clear(&pointer);
        err = buf_append(&pointer, at);
        if (!err)
            err = push_name(&pointer, name);
        if (err)
            break;
        if (!param) {
            add_unknown(buf_str(&pointer), name, scheme, problems);
            continue;
        }
        err = param->read(&(struct reading){spec, param, buf_str(&pointer), problems}, value);
        if (err)
            break;
    }
    buf_release(&pointer);
    return err;
}

static void check_required_members(const json_t *json, unsigned scheme, struct str at, struct problems *problems)
{
    for (size_t i = 0; i < PARAMS; i++)
        if (params[i].required & scheme && !json_object_get(json, params[i].name))
            problems_add(problems, at, "%s is missing", params[i].name);
}

enum err params_read(struct verify_spec *spec, unsigned scheme, const json_t *json, struct str pointer, struct problems *problems)
{
    enum err err = read_all(spec, scheme, json, pointer, problems);

    if (!err)
        check_required_members(json, scheme, pointer, problems);
    return err;
}

const char *params_secret_form(const struct verify_spec *spec)
{
    bool paired = spec->scheme == &scheme_rsa || spec->scheme == &scheme_ed25519 || spec->scheme == &scheme_ecdsa ||
                  spec->scheme == &scheme_jwt;

    return paired ? public_form_names[spec->public_form] : secret_form_names[spec->secret_form];
}
