/* spec.c -- owns the loading of one way to sign from a route file's push.verify element. */
#include "verify/spec_param.h"

enum { SPEC_MAX_BYTES = 32 << 10, ELEMENT_MAX_BYTES = 16 << 10 };

/* In the order of the bits in spec_param.h. */
static const struct scheme *const schemes[] = {&scheme_hmac, &scheme_timed,   &scheme_standard, &scheme_token, &scheme_unsigned,
                                               &scheme_rsa,  &scheme_ed25519, &scheme_ecdsa,    &scheme_jwt};

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

/* What holds where the file says nothing. */
static void set_defaults(struct verify_spec *spec, unsigned scheme)
{
    spec->secret = scheme == BIT_UNSIGNED ? STR_NONE : STR("secret");
    spec->hash = HASH_SHA256;
    spec->timestamp_format = TIME_UNIX;
    spec->tolerance_s = 300;
    if (scheme & (BIT_HMAC | BIT_RSA | BIT_ED25519 | BIT_ECDSA))
        spec->signed_text = STR("{body}");
    if (scheme & (BIT_STANDARD | BIT_RSA | BIT_ECDSA))
        spec->encoding = ENCODING_BASE64;
    if (scheme == BIT_ED25519)
        spec->public_form = PUBLIC_HEX;
    if (scheme == BIT_ECDSA)
        spec->public_form = PUBLIC_BASE64;
    if (scheme == BIT_TIMED) {
        spec->signed_text = STR("{timestamp}.{body}");
        spec->separator = ',';
        spec->timestamp_name = STR("t");
        spec->signature_name = STR("v1");
    } else if (scheme == BIT_STANDARD) {
        spec->signed_text = STR("{id}.{timestamp}.{body}");
        spec->header_prefix = STR("webhook-");
        spec->secret_form = SECRET_WHSEC;
    }
}

void check_places(const struct verify_spec *spec, struct str pointer, struct problems *problems)
{
    bool timed = spec->timestamp_header.len || spec->timestamp_query.len;

    if ((spec->header.len > 0) + (spec->query.len > 0) + (spec->form.len > 0) != 1)
        problems_add(problems, pointer, "header is missing, or query, or form: one of them holds the signature");
    if (spec->timestamp_header.len && spec->timestamp_query.len)
        problems_add(problems, pointer, "timestamp_header and timestamp_query exclude each other");
    if (signed_text_has(&spec->text, PART_TIMESTAMP) != timed)
        problems_add(problems, pointer, "timestamp_header and {timestamp} in signed go together: an unsigned time proves nothing");
    if (signed_text_has(&spec->text, PART_ID) != (spec->id_header.len > 0))
        problems_add(problems, pointer, "id_header and {id} in signed go together");
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
            problems_add(problems, at, "signed: {header.NAME} needs the name of a header");
        else if (spec->n_require == REQUIRE_MAX)
            problems_add(problems, at, "more than 8 required headers");
        else
            err = params_require(spec, spec->text.at[i].text);
    }
    return err;
}

/* Checks what the members say together. */
static enum err complete(struct verify_spec *spec, struct str at, struct problems *problems)
{
    size_t found = problems->n;
    enum err err = spec->signed_text.len ? complete_signed_text(spec, at, problems) : OK;

    if ((spec->when_header.len > 0) != (spec->when_value.len > 0))
        problems_add(problems, at, "when_header and when_value go together");
    if (err || problems->n != found || !spec->scheme->complete)
        return err;
    return spec->scheme->complete(spec, at, problems);
}

static enum err keep_text(struct verify_spec *spec, const json_t *json, struct str *out)
{
    struct buf text = BUF_INIT(ELEMENT_MAX_BYTES);
    enum err err = json_print(json, &text);

    if (!err) {
        *out = arena_str(&spec->arena, buf_str(&text));
        err = out->p ? OK : ERR_MEMORY;
    }
    buf_release(&text);
    return err;
}

static enum err load_filled(struct verify_spec *spec, const json_t *json, struct str pointer, struct problems *problems)
{
    struct str name = json_member_text(json, "scheme");
    size_t found = problems->n;
    unsigned scheme = pick_scheme(spec, name);
    enum err err;

    if (!scheme) {
        problems_add(problems, pointer, "scheme must be one of hmac, timed, standard, token, unsigned, rsa, ed25519, ecdsa, jwt");
        return ERR_CONFIG;
    }
    set_defaults(spec, scheme);
    err = params_read(spec, scheme, json, pointer, problems);
    if (!err && problems->n == found)
        err = complete(spec, pointer, problems);
    if (!err)
        err = keep_text(spec, json, &spec->loaded);
    if (err)
        return err;
    return problems->n == found ? OK : ERR_CONFIG;
}

/* Keeps the element's text, to be filled again for each source. */
static enum err keep_element(struct verify_spec *spec, const json_t *json, struct str pointer)
{
    spec->pointer = arena_str(&spec->arena, pointer);
    return spec->pointer.p ? keep_text(spec, json, &spec->element) : ERR_MEMORY;
}

static enum err load(struct verify_spec *spec, const json_t *json, struct str pointer, const struct verify_config *config,
                     struct problems *problems)
{
    json_t *filled = NULL;
    enum err err;

    if (!fill_is_needed(json))
        return load_filled(spec, json, pointer, problems);
    err = keep_element(spec, json, pointer);
    if (!err)
        err = fill_element(json, pointer, config, problems, &filled);
    if (!err)
        err = load_filled(spec, filled, pointer, problems);
    json_decref(filled);
    return err;
}

enum err verify_spec_load_with(const json_t *json, struct str pointer, const struct verify_config *config,
                               struct problems *problems, struct verify_spec **out)
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
    err = load(spec, json, pointer, config, problems);
    if (err) {
        verify_spec_free(spec);
        return err;
    }
    *out = spec;
    return OK;
}

enum err verify_spec_load(const json_t *json, struct str pointer, struct problems *problems, struct verify_spec **out)
{
    return verify_spec_load_with(json, pointer, NULL, problems, out);
}

enum err verify_spec_for_source(const struct verify_spec *spec, const struct verify_config *config, struct problems *problems,
                                struct verify_spec **out)
{
    json_t *json = NULL;
    enum err err;

    *out = NULL;
    if (spec->element.len == 0)
        return OK;
    err = json_parse(spec->element, &json, NULL);
    if (!err)
        err = verify_spec_load_with(json, spec->pointer, config, problems, out);
    json_decref(json);
    return err;
}

void verify_spec_free(struct verify_spec *spec)
{
    if (!spec)
        return;
    arena_release(&spec->arena);
    free(spec);
}

bool verify_spec_applies(const struct verify_spec *spec, const struct verify_request *request)
{
    struct str value = STR_NONE;

    if (!spec->scheme->applies(spec, request))
        return false;
    return spec->when_header.len == 0 ||
           (fields_get(request->headers, spec->when_header, &value) && str_eq(value, spec->when_value));
}

struct str verify_spec_secret_name(const struct verify_spec *spec)
{
    return spec->secret;
}

struct str verify_spec_element(const struct verify_spec *spec)
{
    return spec->loaded;
}

bool verify_spec_sends_secret(const struct verify_spec *spec, struct str *header)
{
    *header = spec->header;
    return spec->scheme == &scheme_token;
}

const char *verify_spec_secret_form(const struct verify_spec *spec)
{
    return params_secret_form(spec);
}

bool verify_spec_is_timed(const struct verify_spec *spec)
{
    return signed_text_has(&spec->text, PART_TIMESTAMP);
}

bool verify_spec_is_open(const struct verify_spec *spec)
{
    return spec->scheme == &scheme_unsigned;
}

bool verify_spec_proves(const struct verify_spec *spec)
{
    return spec->secret.len > 0;
}

bool verify_spec_needs_url(const struct verify_spec *spec)
{
    return signed_text_has(&spec->text, PART_URL) || signed_text_has(&spec->text, PART_URL_DECODED);
}
