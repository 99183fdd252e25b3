/* rsa.c -- owns the scheme "rsa": RSA PKCS #1 v1.5; several headers may carry signatures, one good one suffices. */
#include "verify/paired.h"

static enum err complete_rsa(struct verify_spec *spec, struct str pointer, struct problems *problems)
{
    bool by_path = spec->public_form == PUBLIC_BY_PATH;

    check_places(spec, pointer, problems);
    if (by_path != (spec->key_headers.n > 0))
        problems_add(problems, pointer, "secret_form by_path and key_header go together");
    else if (by_path && spec->key_headers.n != spec->headers.n)
        problems_add(problems, pointer, "key_header needs as many headers as header has");
    return OK;
}

static bool applies_rsa(const struct verify_spec *spec, const struct verify_request *request)
{
    for (size_t i = 0; i < spec->headers.n; i++)
        if (fields_get(request->headers, spec->headers.at[i], NULL))
            return true;
    return spec->headers.n == 0 && claim_is_there(spec, request);
}

/* Reads the i-th signature; a header that is absent is passed over, as another may be there. */
static enum err read_one(struct verifier *v, size_t i)
{
    const struct verify_spec *spec = v->spec;
    struct fields headers = v->request.headers;
    struct str value, name = STR_NONE;
    enum err err = claim_header(headers, spec->headers.at[i], SIGNATURE_HEADER_MAX_BYTES, &value);

    if (err)
        return err == ERR_SIGNATURE_MISSING ? OK : err;
    if (spec->key_headers.n)
        err = claim_header(headers, spec->key_headers.at[i], PUBLIC_KEY_NAME_MAX, &name);
    if (err)
        return err == ERR_SIGNATURE_REPEATED ? err : OK; /* one without the name of its key is none */
    return claim_text_signature(value, name, &v->claim);
}

static enum err read_rsa(struct verifier *v)
{
    enum err err = OK;

    if (v->spec->headers.n == 0)
        return paired_read(v);
    if (!applies_rsa(v->spec, &v->request))
        return ERR_SIGNATURE_MISSING;
    for (size_t i = 0; i < v->spec->headers.n && !err; i++)
        err = read_one(v, i);
    return err ? err : claim_read_fields(v);
}

const struct scheme scheme_rsa = {
    .name = "rsa",
    .complete = complete_rsa,
    .applies = applies_rsa,
    .key = paired_key,
    .read = read_rsa,
    .end = paired_end,
    .sign = paired_sign,
};
