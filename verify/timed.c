/* timed.c -- owns the scheme "timed": one header "t=<time>,v1=<digest>[,v1=<digest>...]", names and separator as parameters. */
#include "verify/scheme.h"

static enum err complete_timed(struct verify_spec *spec, struct str pointer, struct problems *problems)
{
    if (!signed_text_has(&spec->text, PART_TIMESTAMP))
        problems_add(problems, pointer, "signed needs {timestamp}: an unsigned time proves nothing");
    if (signed_text_has(&spec->text, PART_ID))
        problems_add(problems, pointer, "this scheme has no {id}");
    if (str_eq(spec->timestamp_name, spec->signature_name))
        problems_add(problems, pointer, "timestamp_name and signature_name are the same");
    return OK;
}

/* Reads "name=value"; other names are other versions of the scheme and are passed over. */
static enum err read_pair(const struct verify_spec *spec, struct str pair, struct claim *claim)
{
    size_t equals = str_find(pair, '=');
    struct str name = str_upto(pair, equals), value = str_from(pair, equals + 1);

    if (equals == pair.len || equals == 0)
        return ERR_SIGNATURE_MALFORMED;
    if (str_eq(name, spec->signature_name))
        return claim_digest(spec, value, claim);
    if (!str_eq(name, spec->timestamp_name))
        return OK;
    return claim->timestamp.len ? ERR_SIGNATURE_MALFORMED : claim_timestamp(spec, value, claim);
}

static enum err read_timed(struct verifier *v)
{
    struct str value, pair;
    enum err err = claim_text(v, &value);

    while (!err && str_split(&value, v->spec->separator, &pair))
        err = read_pair(v->spec, pair, &v->claim);
    if (err)
        return err;
    return v->claim.timestamp.len ? OK : ERR_TIMESTAMP_MALFORMED;
}

static enum err write_timed(const struct verify_spec *spec, struct str digest, struct str timestamp, struct buf *out)
{
    return buf_printf(out, "%.*s=%.*s%c%.*s=%.*s", STR_ARG(spec->timestamp_name), STR_ARG(timestamp), spec->separator,
                      STR_ARG(spec->signature_name), STR_ARG(digest));
}

const struct scheme scheme_timed = {
    .name = "timed",
    .complete = complete_timed,
    .applies = claim_is_there,
    .key = keyed_key,
    .read = read_timed,
    .begin = keyed_begin,
    .feed = keyed_feed,
    .end = keyed_end,
    .sign = keyed_sign,
    .write = write_timed,
};
