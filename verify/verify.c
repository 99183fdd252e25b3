/* verify.c -- owns the work on one request: key preparation, verifier, verdict. */
#include "verify/verify.h"

#include "base/clock.h"
#include "verify/digest.h"
#include "verify/scheme.h"
#include "verify/url.h"

#include <assert.h>

/* --- keys ------------------------------------------------------------------------------------------------------------- */

static enum err new_key(const struct verify_spec *spec, const struct secret *secret, bool can_sign, struct verify_key **out)
{
    struct verify_key *key = calloc(1, sizeof(*key));
    enum err err = key ? OK : ERR_MEMORY;

    if (!err && spec->scheme->key)
        err = secret || !spec->secret.len ? spec->scheme->key(spec, secret ? secret_bytes(secret) : STR_NONE, can_sign, key)
                                          : ERR_RANGE;
    if (err) {
        verify_key_free(key);
        return err;
    }
    *out = key;
    return OK;
}

enum err verify_key_new(const struct verify_spec *spec, const struct secret *secret, struct verify_key **out)
{
    return new_key(spec, secret, false, out);
}

enum err verify_key_new_signer(const struct verify_spec *spec, const struct secret *secret, struct verify_key **out)
{
    return new_key(spec, secret, true, out);
}

void verify_key_free(struct verify_key *key)
{
    if (!key)
        return;
    mac_key_release(&key->mac);
    secret_free(key->token);
    public_keys_release(&key->public);
    free(key);
}

/* --- the verifier ----------------------------------------------------------------------------------------------------- */

enum err verifier_new(struct verifier **out)
{
    struct verifier *v = calloc(1, sizeof(*v));

    if (!v)
        return ERR_MEMORY;
    v->err = ERR_INTERNAL; /* nothing begun */
    buf_init(&v->url, URL_MAX_BYTES);
    buf_init(&v->other_url, URL_MAX_BYTES);
    buf_init(&v->rest, URL_MAX_BYTES);
    buf_init(&v->text, SIGNED_TEXT_MAX_BYTES);
    *out = v;
    return OK;
}

/* Gives back what was taken for one request; what is small stays for the next one. */
static void forget(struct verifier *v)
{
    form_release(&v->query);
    form_release(&v->form);
    buf_release(&v->text);
}

void verifier_free(struct verifier *v)
{
    if (!v)
        return;
    forget(v);
    buf_release(&v->url);
    buf_release(&v->other_url);
    buf_release(&v->rest);
    for (size_t i = 0; i < VERIFY_KEYS_MAX; i++)
        EVP_MD_CTX_free(v->work[i]);
    free(v);
}

bool verifier_is_near(const struct verifier *v, int64_t at_us)
{
    int64_t limit_us = v->request.tolerance_us ? v->request.tolerance_us : v->spec->tolerance_s * US_PER_S, distance_us;

    if (__builtin_sub_overflow(v->request.now_us, at_us, &distance_us))
        return false;
    return distance_us <= limit_us && distance_us >= -limit_us;
}

/* --- before the body -------------------------------------------------------------------------------------------------- */

static enum err check_required(const struct verify_spec *spec, struct fields headers)
{
    struct str value;
    enum err err = OK;

    for (size_t i = 0; i < spec->n_require && !err; i++)
        err = claim_header(headers, spec->require[i], SIGNATURE_HEADER_MAX_BYTES, &value);
    return err;
}

static enum err check_pin(const struct pin *pin, struct fields headers)
{
    struct str url;
    enum err err;

    if (pin->header.len == 0)
        return OK;
    err = claim_header(headers, pin->header, SIGNATURE_HEADER_MAX_BYTES, &url);
    return err || pin_url_fits(pin, url) ? err : ERR_SIGNATURE;
}

static bool needs_query(const struct verify_spec *spec)
{
    return spec->query.len || spec->timestamp_query.len || spec->body_hash.len || signed_text_has(&spec->text, PART_QUERY);
}

static enum err read_query(struct verifier *v)
{
    enum err err = needs_query(v->spec) ? form_parse(v->request.query, &form_limits_default, &v->query) : OK;

    return err && err != ERR_MEMORY ? ERR_SIGNATURE_MALFORMED : err;
}

/* Reads what stands outside the body. */
static enum err read_claim(struct verifier *v)
{
    const struct scheme *scheme = v->spec->scheme;
    bool in_body = v->spec->form.len || v->spec->at.len || !scheme->read || (scheme == &scheme_jwt && v->spec->header.len == 0);
    enum err err;

    if (v->spec->form.len) /* the signature comes with the body */
        return claim_read_fields(v);
    err = scheme->read ? scheme->read(v) : OK;
    return err || in_body || v->claim.n ? err : ERR_SIGNATURE_MALFORMED; /* nothing in it has the form of a signature */
}

static enum err make_urls(struct verifier *v)
{
    const struct verify_spec *spec = v->spec;
    enum err err = OK;

    if (verify_spec_needs_url(spec))
        err = url_with_query(v->request.url, v->request.query, &v->url);
    if (!err && spec->url_port == URL_PORT_EITHER)
        err = url_other_port(buf_str(&v->url), &v->other_url);
    if (!err && signed_text_has(&spec->text, PART_QUERY_REST))
        err = url_query_rest(v->request.query, spec->query, &v->rest);
    return err == ERR_TOO_LARGE ? ERR_SIGNATURE_MALFORMED : err;
}

static void fill_values(struct verifier *v)
{
    const struct verify_request *request = &v->request;

    v->values = (struct signed_values){
        .method = request->method,
        .url = buf_str(&v->url),
        .timestamp = v->claim.timestamp,
        .id = v->claim.id,
        .query_rest = buf_str(&v->rest),
        .headers = request->headers,
        .query = &v->query,
        .form = &v->form,
        .skip = v->spec->form,
        .config = request->config.get,
        .config_arg = request->config.arg,
    };
}

static enum err begin(struct verifier *v)
{
    const struct scheme *scheme = v->spec->scheme;
    enum err err = check_required(v->spec, v->request.headers);

    if (!err)
        err = check_pin(&v->spec->pin, v->request.headers);
    if (!err)
        err = read_query(v);
    if (!err)
        err = read_claim(v);
    if (!err && signed_text_has(&v->spec->text, PART_TIMESTAMP) && !verifier_is_near(v, v->claim.signed_at_us))
        err = ERR_TIMESTAMP_STALE;
    if (!err)
        err = make_urls(v);
    if (err)
        return err;
    fill_values(v);
    return scheme->begin ? scheme->begin(v) : OK;
}

enum err verifier_begin(struct verifier *v, const struct verify_spec *spec, const struct verify_key *const *keys, size_t n_keys,
                        const struct verify_request *request)
{
    assert(n_keys <= VERIFY_KEYS_MAX);
    forget(v);
    v->spec = spec;
    v->keys = keys;
    v->n_keys = n_keys;
    v->request = *request;
    v->claim.n = 0;
    v->claim.timestamp = v->claim.id = STR_NONE;
    v->claim.signed_at_us = 0;
    v->err = begin(v);
    return v->err;
}

enum err verifier_feed(struct verifier *v, struct str chunk)
{
    if (!v->err && v->spec->scheme->feed)
        v->err = v->spec->scheme->feed(v, chunk);
    return v->err;
}

/* --- the whole body --------------------------------------------------------------------------------------------------- */

enum err verifier_text(struct verifier *v, struct str body, struct str *out)
{
    const struct signed_text *text = &v->spec->text;
    enum err err;

    *out = body;
    if (text->n == 1 && text->at[0].kind == PART_BODY)
        return OK;
    buf_clear(&v->text);
    err = signed_text_whole(text, &v->values, body, &v->text);
    *out = buf_str(&v->text);
    return err == ERR_TOO_LARGE ? ERR_SIGNATURE_MALFORMED : err;
}

/* Takes the body apart as a form, where the signature or a part of its text is in it. */
static enum err read_form(struct verifier *v, struct str body)
{
    enum err err;

    if (v->spec->form.len == 0 && !signed_text_has_form(&v->spec->text))
        return OK;
    err = form_parse(body, &form_limits_default, &v->form);
    if (err)
        return err == ERR_MEMORY ? err : ERR_SIGNATURE_MALFORMED;
    if (v->spec->form.len)
        err = v->spec->scheme->read(v);
    return err || v->spec->form.len == 0 || v->claim.n ? err : ERR_SIGNATURE_MALFORMED;
}

/* A body that no part of the signed text speaks of must be empty, or have the hash that the signed URL names. */
static enum err check_body(const struct verifier *v, struct str body)
{
    char digest[SHA256_HEX_CHARS + 1];
    struct str claimed;
    enum err err;

    if (v->spec->text.n == 0 || signed_text_has_body(&v->spec->text))
        return OK;
    if (v->spec->body_hash.len == 0)
        return body.len ? ERR_SIGNATURE : OK;
    err = claim_member(&v->query, v->spec->body_hash, SHA256_HEX_CHARS, &claimed);
    if (!err)
        err = sha256_hex(body, digest);
    return err || ct_equal(claimed, str_of(digest)) ? err : ERR_SIGNATURE;
}

static bool has_after(const struct after *after)
{
    return after->n_expect || after->timestamp_at.len;
}

/* What is held against the request once its signature has passed. */
static enum err check_after(struct verifier *v, struct str body)
{
    const struct scheme *scheme = v->spec->scheme;
    struct buf payload = BUF_INIT(JWT_MAX_BYTES);
    int64_t at_us = 0;
    enum err err = OK;

    if (!has_after(&v->spec->after))
        return OK;
    if (scheme->payload)
        err = scheme->payload(v->spec, body, &payload);
    if (!err)
        err = after_check(&v->spec->after, v->spec->timestamp_format, &v->request, scheme->payload ? buf_str(&payload) : body,
                          &at_us);
    if (!err && at_us) {
        err = verifier_is_near(v, at_us) ? OK : ERR_TIMESTAMP_STALE;
        v->claim.signed_at_us = at_us;
    }
    buf_release(&payload);
    return err;
}

static enum err end(struct verifier *v, struct str body, size_t *key)
{
    enum err err = read_form(v, body);

    if (!err)
        err = check_body(v, body);
    if (!err)
        err = v->spec->scheme->end(v, body, key);
    return err ? err : check_after(v, body);
}

enum err verifier_end(struct verifier *v, struct str body, struct verdict *verdict)
{
    struct verdict found = {.key = 0};
    enum err err = v->err;

    if (!err)
        err = end(v, body, &found.key);
    forget(v);
    v->err = ERR_INTERNAL; /* ended: one verdict a request */
    if (err)
        return err;
    found.id = v->claim.id;
    found.signed_at_us = v->claim.signed_at_us;
    if (verdict)
        *verdict = found;
    return OK;
}
