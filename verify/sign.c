/* sign.c -- owns the mirror of verify: the header fields that a platform's signature puts into a request. */
#include "verify/scheme.h"

#include "base/clock.h"
#include "base/encode.h"

/* Appends `us` in the format of the spec. */
static enum err write_time(enum time_format format, int64_t us, struct buf *out)
{
    char text[64];
    time_t seconds = (time_t)(us / US_PER_S);
    struct tm t;

    if (format == TIME_UNIX)
        return buf_printf(out, "%lld", (long long)seconds);
    if (format == TIME_UNIX_MS)
        return buf_printf(out, "%lld", (long long)(us / US_PER_MS));
    if (format == TIME_ISO)
        return buf_append(out, str_of(time_iso(us, text)));
    gmtime_r(&seconds, &t);
    strftime(text, sizeof(text), format == TIME_HTTP_DATE ? "%a, %d %b %Y %H:%M:%S GMT" : "%a, %d %b %Y %H:%M:%S +0000", &t);
    return buf_append(out, str_of(text));
}

static enum err update(void *work, struct str piece)
{
    return mac_update(work, piece);
}

/* Writes the encoded digest of the signed text. */
static enum err digest_text(const struct verify_spec *spec, const struct verify_key *key, const struct signed_values *values,
                            struct str body, char out[2 * DIGEST_MAX_BYTES + 1])
{
    unsigned char digest[DIGEST_MAX_BYTES] = {0};
    struct str bytes = str_n(digest, mac_digest_len((enum mac_hash)spec->hash));
    EVP_MD_CTX *work = EVP_MD_CTX_new();
    enum err err = work ? mac_start(&key->mac, work) : ERR_MEMORY;

    if (!err)
        err = signed_text_expand(&spec->text, 0, spec->text.body, values, update, work);
    if (!err)
        err = mac_update(work, body);
    if (!err)
        err = signed_text_expand(&spec->text, spec->text.body + 1, spec->text.n, values, update, work);
    if (!err)
        err = mac_finish(&key->mac, work, digest);
    if (!err) {
        if (spec->encoding == ENCODING_HEX)
            hex_encode(bytes, out);
        else
            base64_encode(bytes, out);
    }
    EVP_MD_CTX_free(work);
    return err;
}

/* Makes fields of the pieces that were appended to `values` in this order: signature, timestamp, id. */
static void point_fields(const struct verify_spec *spec, struct str pieces, const size_t len[3], struct field out[SIGN_FIELDS_MAX],
                         size_t *n)
{
    const struct str names[3] = {spec->header, spec->timestamp_header, spec->id_header};

    *n = 0;
    for (size_t i = 0; i < 3; i++) {
        if (names[i].len)
            out[(*n)++] = (struct field){.name = names[i], .value = str_upto(pieces, len[i])};
        pieces = str_from(pieces, len[i]);
    }
}

enum err verify_sign(const struct verify_spec *spec, const struct verify_key *key, const struct sign_request *request,
                     struct buf *values, struct field out[SIGN_FIELDS_MAX], size_t *n)
{
    struct signed_values parts = {.method = request->method, .url = request->url, .id = request->id, .headers = request->headers};
    char digest[2 * DIGEST_MAX_BYTES + 1];
    struct buf stamp = BUF_INIT(64);
    size_t start = values->len, len[3] = {0};
    enum err err;

    if (!key->mac.inner) /* a public key verifies, it does not sign */
        return ERR_NOT_IMPLEMENTED;
    err = write_time((enum time_format)spec->timestamp_format, request->now_us, &stamp);
    parts.timestamp = buf_str(&stamp);
    if (!err)
        err = digest_text(spec, key, &parts, request->body, digest);
    if (!err)
        err = spec->scheme->write(spec, str_of(digest), parts.timestamp, values);
    len[0] = values->len - start;
    if (!err && spec->timestamp_header.len) {
        err = buf_append(values, parts.timestamp);
        len[1] = stamp.len;
    }
    if (!err && spec->id_header.len) {
        err = buf_append(values, request->id);
        len[2] = request->id.len;
    }
    if (!err)
        point_fields(spec, str_from(buf_str(values), start), len, out, n);
    buf_release(&stamp);
    return err;
}
