/* spec.c -- owns the parameters of a scheme: one table row each, read strictly from a route file's push.verify element. */
#include "verify/scheme.h"

#include <stddef.h>

/* One bit a scheme, in the order of `schemes`. */
enum { HMAC = 1, TIMED = 2, STANDARD = 4, ALL = HMAC | TIMED | STANDARD };
enum { SPEC_MAX_BYTES = 16 << 10, TOLERANCE_MAX_S = 7 * 86400 };

static const struct scheme *const schemes[] = {&scheme_hmac, &scheme_timed, &scheme_standard};

/* Sets the scheme of that name; returns its bit in the table of parameters, or 0. */
static unsigned pick_scheme(struct verify_spec *spec, struct str name)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (str_eq(name, str_of(schemes[i]->name))) {
            spec->scheme = schemes[i];
            return 1u << i;
        }
    return 0;
}

/* Where a value is read to, and what is said when it is wrong. */
struct reading {
    struct verify_spec *spec;
    const struct param *param;
    struct str pointer; /* of the value */
    struct problems *problems;
};

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

/* Text of 1 to 256 characters without control characters. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return s.len > 0 && s.len <= 256;
}

static enum err copy(struct verify_spec *spec, struct str text, struct str *out)
{
    *out = arena_str(&spec->arena, text);
    return out->p ? OK : ERR_MEMORY;
}

static enum err read_text(const struct reading *r, const json_t *value)
{
    struct str text = json_text(value);

    return is_plain(text) ? copy(r->spec, text, field_of(r)) : wrong(r, "a text of 1 to 256 characters");
}

/* RFC 9110, 5.6.2: token. */
static bool is_header_name(struct str s)
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

    return is_header_name(name) ? copy(r->spec, name, field_of(r)) : wrong(r, "the name of a header");
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

static enum err read_seconds(const struct reading *r, const json_t *value)
{
    json_int_t seconds = json_integer_value(value);

    if (!json_is_integer(value) || seconds < 1 || seconds > TOLERANCE_MAX_S)
        return wrong(r, "whole seconds from 1 to 604800");
    *(int64_t *)field_of(r) = seconds;
    return OK;
}

static enum err add_required(struct verify_spec *spec, struct str name)
{
    if (spec->n_require == REQUIRE_MAX)
        return ERR_TOO_MANY;
    return copy(spec, name, &spec->require[spec->n_require++]);
}

static enum err read_header_list(const struct reading *r, const json_t *value)
{
    enum err err = OK;

    if (!json_is_array(value) || json_array_size(value) > REQUIRE_MAX)
        return wrong(r, "a list of at most 8 header names");
    for (size_t i = 0; i < json_array_size(value) && !err; i++) {
        struct str name = json_text(json_array_get(value, i));

        err = is_header_name(name) ? add_required(r->spec, name) : wrong(r, "a list of header names");
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
    {"scheme", ALL, ALL, read_nothing, 0, NULL},
    {"secret", ALL, 0, read_text, FIELD(secret), NULL},
    {"require", ALL, 0, read_header_list, FIELD(require), NULL},
    {"when_header", ALL, 0, read_header_name, FIELD(when_header), NULL},
    {"when_value", ALL, 0, read_text, FIELD(when_value), NULL},
    {"header", HMAC | TIMED, HMAC | TIMED, read_header_name, FIELD(header), NULL},
    {"hash", HMAC | TIMED, 0, read_choice, FIELD(hash), hash_names},
    {"mac", HMAC, 0, read_choice, FIELD(mac), mac_names},
    {"encoding", HMAC | TIMED, HMAC, read_choice, FIELD(encoding), encoding_names},
    {"prefix", HMAC, 0, read_text, FIELD(prefix), NULL},
    {"prefix_optional", HMAC, 0, read_bool, FIELD(prefix_optional), NULL},
    {"separator", HMAC | TIMED, 0, read_separator, FIELD(separator), NULL},
    {"signed", HMAC | TIMED, 0, read_text, FIELD(signed_text), NULL},
    {"secret_form", ALL, 0, read_choice, FIELD(secret_form), secret_form_names},
    {"timestamp_header", HMAC, 0, read_header_name, FIELD(timestamp_header), NULL},
    {"timestamp_format", HMAC | TIMED, 0, read_time_format, FIELD(timestamp_format), NULL},
    {"timestamp_name", TIMED, 0, read_text, FIELD(timestamp_name), NULL},
    {"signature_name", TIMED, 0, read_text, FIELD(signature_name), NULL},
    {"id_header", HMAC, 0, read_header_name, FIELD(id_header), NULL},
    {"header_prefix", STANDARD, 0, read_header_name, FIELD(header_prefix), NULL},
    {"tolerance_s", ALL, 0, read_seconds, FIELD(tolerance_s), NULL},
};
enum { PARAMS = sizeof(params) / sizeof(params[0]) };

/* What holds where the file says nothing. */
static void set_defaults(struct verify_spec *spec, unsigned scheme)
{
    spec->secret = STR("secret");
    spec->hash = HASH_SHA256;
    spec->timestamp_format = TIME_UNIX;
    spec->tolerance_s = 300;
    spec->signed_text = STR("{body}");
    if (scheme == TIMED) {
        spec->signed_text = STR("{timestamp}.{body}");
        spec->separator = ',';
        spec->timestamp_name = STR("t");
        spec->signature_name = STR("v1");
    } else if (scheme == STANDARD) {
        spec->signed_text = STR("{id}.{timestamp}.{body}");
        spec->header_prefix = STR("webhook-");
        spec->encoding = ENCODING_BASE64;
        spec->secret_form = SECRET_WHSEC;
    }
}

static const struct param *find_param(struct str name)
{
    for (size_t i = 0; i < PARAMS; i++)
        if (str_eq(name, str_of(params[i].name)))
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
    if (find_param(str_of(name)))
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

static enum err read_members(struct verify_spec *spec, unsigned scheme, const json_t *json, struct str at,
                             struct problems *problems)
{
    struct buf pointer = BUF_INIT(4096);
    const char *name;
    json_t *value;
    enum err err = OK;

    json_object_foreach((json_t *)json, name, value)
    {
        const struct param *param = find_param(str_of(name));

        buf_clear(&pointer);
        err = buf_append(&pointer, at);
        if (!err)
            err = push_name(&pointer, name);
        if (err)
            break;
        if (!param || !(param->schemes & scheme)) {
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

/* Compiles the template; the headers it names must be in every request. */
static enum err complete_signed_text(struct verify_spec *spec, struct str at, struct problems *problems)
{
    const char *why = NULL;
    enum err err = OK;

    if (signed_text_compile(spec->signed_text, &spec->text, &why)) {
        problems_add(problems, at, "signed: %s", why);
        return OK;
    }
    for (size_t i = 0; i < spec->text.n && !err; i++) {
        if (spec->text.at[i].kind != PART_HEADER)
            continue;
        if (!is_header_name(spec->text.at[i].text))
            problems_add(problems, at, "signed: {header:...} needs the name of a header");
        else if (spec->n_require == REQUIRE_MAX)
            problems_add(problems, at, "more than 8 required headers");
        else
            err = add_required(spec, spec->text.at[i].text);
    }
    if ((spec->when_header.len > 0) != (spec->when_value.len > 0))
        problems_add(problems, at, "when_header and when_value go together");
    return err ? err : spec->scheme->complete(spec, at, problems);
}

static enum err load(struct verify_spec *spec, const json_t *json, struct str pointer, struct problems *problems)
{
    struct str name = json_member_text(json, "scheme");
    size_t found = problems->n;
    unsigned scheme = pick_scheme(spec, name);
    enum err err;

    if (!scheme) {
        problems_add(problems, pointer, "scheme must be one of hmac, timed, standard");
        return ERR_CONFIG;
    }
    set_defaults(spec, scheme);
    err = read_members(spec, scheme, json, pointer, problems);
    if (err)
        return err;
    check_required_members(json, scheme, pointer, problems);
    if (problems->n == found)
        err = complete_signed_text(spec, pointer, problems);
    if (err)
        return err;
    return problems->n == found ? OK : ERR_CONFIG;
}

enum err verify_spec_load(const json_t *json, struct str pointer, struct problems *problems, struct verify_spec **out)
{
    struct verify_spec *spec = NULL;
    enum err err;

    if (!json_is_object(json)) {
        problems_add(problems, pointer, "must be an object");
        return ERR_CONFIG;
    }
    spec = calloc(1, sizeof(*spec));
    if (!spec)
        return ERR_MEMORY;
    arena_init(&spec->arena, SPEC_MAX_BYTES);
    err = load(spec, json, pointer, problems);
    if (err) {
        verify_spec_free(spec);
        return err;
    }
    *out = spec;
    return OK;
}

void verify_spec_free(struct verify_spec *spec)
{
    if (!spec)
        return;
    arena_release(&spec->arena);
    free(spec);
}

bool verify_spec_applies(const struct verify_spec *spec, struct fields headers)
{
    struct str value = STR_NONE;

    if (!spec->scheme->applies(spec, headers))
        return false;
    return spec->when_header.len == 0 || (fields_get(headers, spec->when_header, &value) && str_eq(value, spec->when_value));
}

struct str verify_spec_secret_name(const struct verify_spec *spec)
{
    return spec->secret;
}

const char *verify_spec_secret_form(const struct verify_spec *spec)
{
    return secret_form_names[spec->secret_form];
}

bool verify_spec_is_timed(const struct verify_spec *spec)
{
    return signed_text_has(&spec->text, PART_TIMESTAMP);
}
