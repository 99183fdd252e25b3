/* hmac.c -- owns the scheme "hmac": a keyed digest in a header of its own, with or without a timestamp header. */
#include "verify/scheme.h"

static enum err complete_hmac(struct verify_spec *spec, struct str pointer, struct problems *problems)
{
    if (spec->prefix_optional && spec->prefix.len == 0)
        problems_add(problems, pointer, "prefix_optional without prefix");
    if (signed_text_has(&spec->text, PART_TIMESTAMP) != (spec->timestamp_header.len > 0))
        problems_add(problems, pointer, "timestamp_header and {timestamp} in signed go together: an unsigned time proves nothing");
    if (signed_text_has(&spec->text, PART_ID) != (spec->id_header.len > 0))
        problems_add(problems, pointer, "id_header and {id} in signed go together");
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

static enum err read_hmac(const struct verify_spec *spec, struct fields headers, struct claim *claim)
{
    struct str value, part;
    enum err err = claim_header(headers, spec->header, SIGNATURE_HEADER_MAX_BYTES, &value);

    if (err)
        return err;
    if (spec->separator == 0)
        err = read_one(spec, value, claim);
    else
        while (!err && str_split(&value, spec->separator, &part))
            err = read_one(spec, part, claim);
    return err ? err : claim_read_headers(spec, headers, claim);
}

static enum err write_hmac(const struct verify_spec *spec, struct str digest, struct str timestamp, struct buf *out)
{
    enum err err = buf_append(out, spec->prefix);

    (void)timestamp;
    return err ? err : buf_append(out, digest);
}

const struct scheme scheme_hmac = {
    .name = "hmac",
    .complete = complete_hmac,
    .applies = claim_has_header,
    .key = keyed_key,
    .read = read_hmac,
    .begin = keyed_begin,
    .feed = keyed_feed,
    .end = keyed_end,
    .write = write_hmac,
};
