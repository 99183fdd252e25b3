/* hmac.c -- owns the scheme "hmac": a keyed digest in a header of its own, with or without a timestamp header. */
#include "verify/scheme.h"

static enum err complete_hmac(struct verify_spec *spec, struct str pointer, struct problems *problems)
{
    if (spec->prefix_optional && spec->prefix.len == 0 && spec->element.len == 0)
        problems_add(problems, pointer, "prefix_optional without prefix");
    if (spec->body_hash.len && signed_text_has_body(&spec->text))
        problems_add(problems, pointer, "body_hash stands for the body: signed has no part of it");
    if (spec->known_key.len)
        spec->secret = STR_NONE;
    check_places(spec, pointer, problems);
    return OK;
}

/* Reads one signature: prefix, then the digest. */
static enum err read_one(const struct verify_spec *spec, struct str text, struct claim *claim)
{
    if (str_starts(text, spec->prefix))
        text = str_from(text, spec->prefix.len);
    else if (!spec->prefix_optional)
        return OK; /* passed over, like one of another form */
    return claim_digest(spec, text, claim);
}

static enum err read_hmac(struct verifier *v)
{
    const struct verify_spec *spec = v->spec;
    struct str value, part;
    enum err err = claim_text(v, &value);

    if (err)
        return err;
    if (spec->separator == 0)
        err = read_one(spec, value, &v->claim);
    else
        while (!err && str_split(&value, spec->separator, &part))
            err = read_one(spec, part, &v->claim);
    return err ? err : claim_read_fields(v);
}

const struct scheme scheme_hmac = {
    .name = "hmac",
    .complete = complete_hmac,
    .applies = claim_is_there,
    .key = keyed_key,
    .read = read_hmac,
    .begin = keyed_begin,
    .feed = keyed_feed,
    .end = keyed_end,
    .sign = keyed_sign,
};
