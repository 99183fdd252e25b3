/* verify.c -- owns the work on one request: key preparation, verifier, verdict. */
#include "verify/verify.h"

#include "base/clock.h"
#include "verify/scheme.h"

#include <assert.h>

enum err verify_key_new(const struct verify_spec *spec, const struct secret *secret, struct verify_key **out)
{
    struct verify_key *key = calloc(1, sizeof(*key));
    enum err err;

    if (!key)
        return ERR_MEMORY;
    err = spec->scheme->key(spec, secret_bytes(secret), key);
    if (err) {
        verify_key_free(key);
        return err;
    }
    *out = key;
    return OK;
}

void verify_key_free(struct verify_key *key)
{
    if (!key)
        return;
    mac_key_release(&key->mac);
    EVP_PKEY_free(key->public_key);
    free(key);
}

enum err verifier_new(struct verifier **out)
{
    struct verifier *v = calloc(1, sizeof(*v));

    if (!v)
        return ERR_MEMORY;
    v->err = ERR_INTERNAL; /* nothing begun */
    *out = v;
    return OK;
}

void verifier_free(struct verifier *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < VERIFY_KEYS_MAX; i++)
        EVP_MD_CTX_free(v->work[i]);
    free(v);
}

static enum err check_required(const struct verify_spec *spec, struct fields headers)
{
    struct str value;
    enum err err = OK;

    for (size_t i = 0; i < spec->n_require && !err; i++)
        err = claim_header(headers, spec->require[i], SIGNATURE_HEADER_MAX_BYTES, &value);
    return err;
}

/* Both directions, the limit included (I8). */
static enum err check_timestamp(const struct verifier *v, int64_t now_us, int64_t tolerance_us)
{
    int64_t at_us = v->claim.signed_at_us, limit_us = tolerance_us ? tolerance_us : v->spec->tolerance_s * US_PER_S;
    int64_t distance_us;

    if (!verify_spec_is_timed(v->spec))
        return OK;
    if (__builtin_sub_overflow(now_us, at_us, &distance_us))
        return ERR_TIMESTAMP_STALE;
    return distance_us > limit_us || distance_us < -limit_us ? ERR_TIMESTAMP_STALE : OK;
}

static enum err begin(struct verifier *v, const struct verify_request *request)
{
    const struct scheme *scheme = v->spec->scheme;
    enum err err = check_required(v->spec, request->headers);

    if (!err)
        err = scheme->read(v->spec, request->headers, &v->claim);
    if (!err && v->claim.n == 0)
        err = ERR_SIGNATURE_MALFORMED; /* nothing in it has the form of a signature */
    if (!err)
        err = check_timestamp(v, request->now_us, request->tolerance_us);
    if (err)
        return err;
    v->values = (struct signed_values){
        .method = request->method,
        .url = request->url,
        .timestamp = v->claim.timestamp,
        .id = v->claim.id,
        .headers = request->headers,
    };
    return scheme->begin ? scheme->begin(v) : OK;
}

enum err verifier_begin(struct verifier *v, const struct verify_spec *spec, const struct verify_key *const *keys, size_t n_keys,
                        const struct verify_request *request)
{
    assert(n_keys <= VERIFY_KEYS_MAX);
    v->spec = spec;
    v->keys = keys;
    v->n_keys = n_keys;
    v->claim.n = 0;
    v->claim.timestamp = v->claim.id = STR_NONE;
    v->claim.signed_at_us = 0;
    v->err = begin(v, request);
    return v->err;
}

enum err verifier_feed(struct verifier *v, struct str chunk)
{
    if (!v->err && v->spec->scheme->feed)
        v->err = v->spec->scheme->feed(v, chunk);
    return v->err;
}

enum err verifier_end(struct verifier *v, struct str body, struct verdict *verdict)
{
    struct verdict found = {.key = 0};
    enum err err = v->err;

    if (!err)
        err = v->spec->scheme->end(v, body, &found.key);
    v->err = ERR_INTERNAL; /* ended: one verdict a request */
    if (err)
        return err;
    found.id = v->claim.id;
    found.signed_at_us = v->claim.signed_at_us;
    if (verdict)
        *verdict = found;
    return OK;
}
