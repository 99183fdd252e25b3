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
static bool any_header(const struct verify_spec *spec, const struct verify_request *request)
{
    const struct str *const names[] = {&spec->header, &spec->id_header, &spec->timestamp_header};

    for (size_t i = 0; i < 3; i++)
        if (fields_get(request->headers, *names[i], NULL))
            return true;
    return false;
}

static enum err ed25519_key(struct str text, struct verify_key *key)
{
    const struct public_wanted wanted = {.form = PUBLIC_HEX, .type = EVP_PKEY_ED25519};
    unsigned char bytes[32];
    char hex[2 * sizeof(bytes) + 1];
    size_t n = 0;

    if (base64_decode(text, bytes, sizeof(bytes), &n) || n != sizeof(bytes))
        return ERR_SYNTAX;
    hex_encode(str_n(bytes, n), hex);
    return public_keys_read(&wanted, str_of(hex), &key->public);
}

static enum err standard_key(const struct verify_spec *spec, struct str secret, bool can_sign, struct verify_key *key)
{
    struct str public_prefix = STR("whpk_");

    if (spec->secret_form == SECRET_WHSEC && str_starts(secret, public_prefix))
        return ed25519_key(str_from(secret, public_prefix.len), key);
    return keyed_key(spec, secret, can_sign, key);
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
    return str_eq(version, STR("v1a")) ? claim_ed25519(ENCODING_BASE64, value, claim) : OK;
}

static enum err read_standard(struct verifier *v)
{
    struct str value, entry;
    enum err err = claim_text(v, &value);

    while (!err && str_split(&value, ' ', &entry))
        err = read_entry(v->spec, entry, &v->claim);
    return err ? err : claim_read_fields(v);
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
    .sign = keyed_sign,
    .write = write_standard,
};
