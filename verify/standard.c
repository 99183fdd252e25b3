/* standard.c -- owns the scheme "standard": Standard Webhooks, also under other header names (Svix). */

/* Source: standard-webhooks/standard-webhooks, spec/standard-webhooks.md; svix/svix-docs. */
#include "verify/scheme.h"

#include "base/encode.h"

static enum err joined(struct verify_spec *spec, const char *name, struct str *out)
{
    struct buf text = BUF_INIT(256);
    enum err err = buf_append(&text, spec->header_prefix);

    if (!err)
        err = buf_append(&text, str_of(name));
    if (!err) {
        *out = arena_str(&spec->arena, buf_str(&text));
        err = out->p ? OK : ERR_MEMORY;
    }
    buf_release(&text);
    return err;
}

static enum err complete_standard(struct verify_spec *spec, struct str pointer, struct problems *problems)
{
    enum err err = joined(spec, "id", &spec->id_header);

    (void)pointer;
    (void)problems;
    if (!err)
        err = joined(spec, "timestamp", &spec->timestamp_header);
    if (!err)
        err = joined(spec, "signature", &spec->header);
    return err;
}

/* Any of the three: then this spec decides, and a mixture of two families is refused for the header it lacks. */
static bool any_header(const struct verify_spec *spec, struct fields headers)
{
    return claim_has_header(spec, headers) || fields_get(headers, spec->id_header, NULL) ||
           fields_get(headers, spec->timestamp_header, NULL);
}

static enum err ed25519_key(struct str text, struct verify_key *key)
{
    unsigned char bytes[32];
    size_t n = 0;

    if (base64_decode(text, bytes, sizeof(bytes), &n) || n != sizeof(bytes))
        return ERR_SYNTAX;
    key->public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, n);
    return key->public_key ? OK : ERR_SYNTAX;
}

static enum err standard_key(const struct verify_spec *spec, struct str secret, struct verify_key *key)
{
    struct str public_prefix = STR("whpk_");

    if (spec->secret_form == SECRET_WHSEC && str_starts(secret, public_prefix))
        return ed25519_key(str_from(secret, public_prefix.len), key);
    return keyed_key(spec, secret, key);
}

/* Reads "version,value"; unknown versions are passed over. */
static enum err read_entry(const struct verify_spec *spec, struct str entry, struct claim *claim)
{
    size_t comma = str_find(entry, ',');
    struct str version = str_upto(entry, comma), value = str_from(entry, comma + 1);

    if (comma == entry.len)
        return OK;
    if (str_eq(version, STR("v1")))
        return claim_digest(spec, value, claim);
    return str_eq(version, STR("v1a")) ? claim_ed25519(value, claim) : OK;
}

static enum err read_standard(const struct verify_spec *spec, struct fields headers, struct claim *claim)
{
    struct str value, entry;
    enum err err = claim_header(headers, spec->header, SIGNATURE_HEADER_MAX_BYTES, &value);

    while (!err && str_split(&value, ' ', &entry))
        err = read_entry(spec, entry, claim);
    return err ? err : claim_read_headers(spec, headers, claim);
}

static enum err write_standard(const struct verify_spec *spec, struct str digest, struct str timestamp, struct buf *out)
{
    (void)spec;
    (void)timestamp;
    return buf_printf(out, "v1,%.*s", STR_ARG(digest));
}

const struct scheme scheme_standard = {
    .name = "standard",
    .complete = complete_standard,
    .applies = any_header,
    .key = standard_key,
    .read = read_standard,
    .begin = keyed_begin,
    .feed = keyed_feed,
    .end = keyed_end,
    .write = write_standard,
};
