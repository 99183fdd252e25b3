/* token.c -- owns the scheme "token": a header, or a member of the JSON body, equals the secret. */
#include "verify/scheme.h"

#include "base/secret.h"

static enum err complete_token(struct verify_spec *spec, struct str pointer, struct problems *problems)
{
    if (spec->at.len && (spec->header.len || spec->prefix.len))
        problems_add(problems, pointer, "at stands alone: without header and prefix");
    if (spec->at.len == 0 && spec->header.len == 0)
        spec->header = STR("Authorization");
    return OK;
}

static bool applies_token(const struct verify_spec *spec, const struct verify_request *request)
{
    return spec->at.len || fields_get(request->headers, spec->header, NULL);
}

static enum err token_key(const struct verify_spec *spec, struct str secret, bool can_sign, struct verify_key *key)
{
    (void)spec;
    (void)can_sign;
    return secret_new(secret, &key->token);
}

static enum err read_token(struct verifier *v)
{
    const struct verify_spec *spec = v->spec;
    struct str value;
    enum err err;

    if (spec->at.len)
        return OK;
    err = claim_text(v, &value);
    if (err)
        return err;
    if (str_starts(value, spec->prefix))
        value = str_from(value, spec->prefix.len);
    else if (!spec->prefix_optional)
        return ERR_SIGNATURE_MALFORMED;
    return claim_text_signature(value, STR_NONE, &v->claim);
}

static enum err end_token(struct verifier *v, struct str body, size_t *key)
{
    struct str text;
    enum err err = OK;

    if (v->spec->at.len)
        err = json_member_scan(body, str_from(v->spec->at, 1), &text);
    else
        text = v->claim.at[0].text;
    if (err)
        return err;
    for (size_t i = 0; i < v->n_keys; i++)
        if (ct_equal(text, secret_bytes(v->keys[i]->token))) {
            *key = i;
            return OK;
        }
    return ERR_SIGNATURE;
}

static enum err sign_token(const struct verify_spec *spec, const struct verify_key *key, struct str text, struct buf *out)
{
    (void)text;
    return spec->at.len ? OK : buf_append(out, secret_bytes(key->token)); /* at: the body holds it already */
}

const struct scheme scheme_token = {
    .name = "token",
    .complete = complete_token,
    .applies = applies_token,
    .key = token_key,
    .read = read_token,
    .end = end_token,
    .sign = sign_token,
};
