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

enum err claim_member(const struct form *form, struct str name, size_t max_bytes, struct str *value)
{
    size_t n = form_get(form, name, value);

    if (n == 0)
        return ERR_SIGNATURE_MISSING;
    if (n > 1)
        return ERR_SIGNATURE_REPEATED;
    return value->len == 0 || value->len > max_bytes ? ERR_SIGNATURE_MALFORMED : OK;
}

enum err claim_text(const struct verifier *v, struct str *value)
{
    const struct verify_spec *spec = v->spec;

    if (spec->query.len)
        return claim_member(&v->query, spec->query, SIGNATURE_HEADER_MAX_BYTES, value);
    if (spec->form.len)
        return claim_member(&v->form, spec->form, SIGNATURE_HEADER_MAX_BYTES, value);
    return claim_header(v->request.headers, spec->header, SIGNATURE_HEADER_MAX_BYTES, value);
}

bool claim_has_query(struct str query, struct str name)
{
    struct str pair;

    while (str_split(&query, '&', &pair))
        if (str_eq(str_upto(pair, str_find(pair, '=')), name))
            return true;
    return false;
}

static bool is_form(struct fields headers)
{
    struct str type;

    return fields_get(headers, STR("Content-Type"), &type) == 1 &&
           str_eq_nocase(str_trim(str_upto(type, str_find(type, ';'))), STR("application/x-www-form-urlencoded"));
}

bool claim_is_there(const struct verify_spec *spec, const struct verify_request *request)
{
    if (spec->body_hash.len && !claim_has_query(request->query, spec->body_hash))
        return false;
    if (spec->query.len)
        return claim_has_query(request->query, spec->query);
    if (spec->form.len)
        return is_form(request->headers);
    return fields_get(request->headers, spec->header, NULL) > 0;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.len > 0;
}

enum err claim_time(int format, struct str text, int64_t *us)
{
    if (text.len > TIMESTAMP_MAX_BYTES)
        return ERR_TIMESTAMP_MALFORMED;
    if ((format == TIME_UNIX || format == TIME_UNIX_MS) && !all_digits(text))
        return ERR_TIMESTAMP_MALFORMED;
    return time_parse(text, (enum time_format)format, us) ? ERR_TIMESTAMP_MALFORMED : OK;
}

enum err claim_timestamp(const struct verify_spec *spec, struct str text, struct claim *claim)
{
    enum err err = claim_time(spec->timestamp_format, text, &claim->signed_at_us);

    if (!err)
        claim->timestamp = text;
    return err;
}

/* A dot in the id would make "id.timestamp.body" ambiguous. */
static bool is_message_id(struct str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (id.p[i] <= ' ' || id.p[i] > '~' || id.p[i] == '.')
            return false;
    return true;
}

static enum err read_id(struct verifier *v)
{
    enum err err = claim_header(v->request.headers, v->spec->id_header, MESSAGE_ID_MAX_BYTES, &v->claim.id);

    return err || is_message_id(v->claim.id) ? err : ERR_SIGNATURE_MALFORMED;
}

static enum err read_timestamp(struct verifier *v)
{
    const struct verify_spec *spec = v->spec;
    struct str timestamp;
    enum err err;

    if (spec->timestamp_query.len)
        err = claim_member(&v->query, spec->timestamp_query, TIMESTAMP_MAX_BYTES, &timestamp);
    else
        err = claim_header(v->request.headers, spec->timestamp_header, TIMESTAMP_MAX_BYTES, &timestamp);
    if (err)
        return err == ERR_SIGNATURE_MALFORMED ? ERR_TIMESTAMP_MALFORMED : err;
    return claim_timestamp(spec, timestamp, &v->claim);
}

enum err claim_read_fields(struct verifier *v)
{
    enum err err = v->spec->id_header.len ? read_id(v) : OK;

    if (err || (v->spec->timestamp_header.len == 0 && v->spec->timestamp_query.len == 0))
        return err;
    return read_timestamp(v);
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

enum err claim_ed25519(int encoding, struct str text, struct claim *claim)
{
    struct signature s = {.is_ed25519 = true, .len = 64};

    return add_signature(claim, &s,
                         encoding == ENCODING_HEX ? hex_decode(text, s.bytes, s.len) : decode_base64(text, s.bytes, s.len));
}

enum err claim_text_signature(struct str text, struct str key_name, struct claim *claim)
{
    return add_signature(claim, &(struct signature){.text = text, .key_name = key_name}, OK);
}
