/* claim.c -- owns reading what a request claims: its signatures, timestamp and message id, strictly. */
#include "verify/scheme.h"

#include "base/encode.h"

enum err claim_header(struct fields headers, struct str name, size_t max_bytes, struct str *value)
{
    size_t n = fields_get(headers, name, value);

    if (n == 0)
        return ERR_SIGNATURE_MISSING;
    if (n > 1)
        return ERR_SIGNATURE_REPEATED;
    return value->len == 0 || value->len > max_bytes ? ERR_SIGNATURE_MALFORMED : OK;
}

bool claim_has_header(const struct verify_spec *spec, struct fields headers)
{
    return fields_get(headers, spec->header, NULL) > 0;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.len > 0;
}

enum err claim_timestamp(const struct verify_spec *spec, struct str text, struct claim *claim)
{
    enum time_format format = (enum time_format)spec->timestamp_format;

    if (text.len > TIMESTAMP_MAX_BYTES)
        return ERR_TIMESTAMP_MALFORMED;
    if ((format == TIME_UNIX || format == TIME_UNIX_MS) && !all_digits(text))
        return ERR_TIMESTAMP_MALFORMED;
    if (time_parse(text, format, &claim->signed_at_us))
        return ERR_TIMESTAMP_MALFORMED;
    claim->timestamp = text;
    return OK;
}

/* A dot in the id would make "id.timestamp.body" ambiguous. */
static bool is_message_id(struct str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (id.p[i] <= ' ' || id.p[i] > '~' || id.p[i] == '.')
            return false;
    return true;
}

enum err claim_read_headers(const struct verify_spec *spec, struct fields headers, struct claim *claim)
{
    struct str timestamp;
    enum err err = OK;

    if (spec->id_header.len) {
        err = claim_header(headers, spec->id_header, MESSAGE_ID_MAX_BYTES, &claim->id);
        if (!err && !is_message_id(claim->id))
            err = ERR_SIGNATURE_MALFORMED;
    }
    if (err || spec->timestamp_header.len == 0)
        return err;
    err = claim_header(headers, spec->timestamp_header, TIMESTAMP_MAX_BYTES, &timestamp);
    if (err)
        return err == ERR_SIGNATURE_MALFORMED ? ERR_TIMESTAMP_MALFORMED : err;
    return claim_timestamp(spec, timestamp, claim);
}

static enum err decode_base64(struct str text, unsigned char *out, size_t len)
{
    size_t n = 0;

    if (text.len != BASE64_LEN(len) || base64_decode(text, out, len, &n) || n != len)
        return ERR_SYNTAX;
    return OK;
}

/* Adds `s` when `decoded` is OK: one signature of another form beside a good one does no harm. */
static enum err add_signature(struct claim *claim, const struct signature *s, enum err decoded)
{
    if (decoded)
        return OK;
    if (claim->n == VERIFY_SIGNATURES_MAX)
        return ERR_SIGNATURE_MALFORMED;
    claim->at[claim->n++] = *s;
    return OK;
}

enum err claim_digest(const struct verify_spec *spec, struct str text, struct claim *claim)
{
    struct signature s = {.is_ed25519 = false, .len = mac_digest_len((enum mac_hash)spec->hash)};
    bool hex = spec->encoding == ENCODING_HEX || (spec->encoding == ENCODING_EITHER && text.len == 2 * s.len);

    return add_signature(claim, &s, hex ? hex_decode(text, s.bytes, s.len) : decode_base64(text, s.bytes, s.len));
}

enum err claim_ed25519(struct str text, struct claim *claim)
{
    struct signature s = {.is_ed25519 = true, .len = 64};

    return add_signature(claim, &s, decode_base64(text, s.bytes, s.len));
}
