/* paired.c -- owns signatures under the public half of a pair of keys: RSA, Ed25519, ECDSA. */
#include "verify/paired.h"

#include "base/encode.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

enum { SIGNATURE_MAX_BYTES = 1024 }; /* RSA of 8192 bits */

/* The kind of key that each scheme takes. */
static int key_type(const struct verify_spec *spec)
{
    if (spec->scheme == &scheme_ed25519 || spec->scheme == &scheme_standard)
        return EVP_PKEY_ED25519;
    return spec->scheme == &scheme_ecdsa ? EVP_PKEY_EC : EVP_PKEY_RSA;
}

enum err paired_key(const struct verify_spec *spec, struct str secret, bool can_sign, struct verify_key *key)
{
    const struct public_wanted wanted = {.form = (enum public_form)spec->public_form,
                                         .type = key_type(spec),
                                         .certificate_name = spec->certificate_name,
                                         .can_sign = can_sign};

    return public_keys_read(&wanted, secret, &key->public);
}

/* Ed25519 has its hash built in (RFC 8032). */
static const EVP_MD *digest_for(const struct verify_spec *spec, const EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : mac_digest((enum mac_hash)spec->hash);
}

bool paired_verify(const struct verify_spec *spec, EVP_PKEY *key, struct str signature, struct str text)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good =
        ctx && EVP_DigestVerifyInit(ctx, NULL, digest_for(spec, key), NULL, key) > 0 &&
        EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.len, (const unsigned char *)text.p, text.len) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

/* Decodes a signature; false when it is of another form. */
static bool decode(const struct verify_spec *spec, const struct signature *s, unsigned char out[SIGNATURE_MAX_BYTES], size_t *n)
{
    if (s->is_ed25519) {
        memcpy(out, s->bytes, s->len);
        *n = s->len;
        return true;
    }
    *n = s->text.len / 2;
    if (spec->encoding == ENCODING_HEX)
        return *n <= SIGNATURE_MAX_BYTES && hex_decode(s->text, out, *n) == OK;
    return base64_decode(s->text, out, SIGNATURE_MAX_BYTES, n) == OK;
}

bool paired_matches(const struct verifier *v, const struct verify_key *key, struct str text)
{
    bool match = false;

    for (size_t i = 0; i < v->claim.n && !match; i++) {
        const struct signature *s = &v->claim.at[i];
        const struct public_key *public = public_keys_find(&key->public, s->key_name, v->request.now_us);
        unsigned char bytes[SIGNATURE_MAX_BYTES];
        size_t n = 0;

        if (public && s->is_ed25519 == (EVP_PKEY_get_base_id(public->key) == EVP_PKEY_ED25519) && decode(v->spec, s, bytes, &n))
            match = paired_verify(v->spec, public->key, str_n(bytes, n), text);
    }
    return match;
}

enum err paired_end(struct verifier *v, struct str body, size_t *key)
{
    struct str text;
    enum err err = verifier_text(v, body, &text);

    if (err)
        return err;
    for (size_t i = 0; i < v->n_keys; i++)
        if (paired_matches(v, v->keys[i], text)) {
            *key = i;
            return OK;
        }
    return ERR_SIGNATURE;
}

enum err paired_make(const struct verify_spec *spec, const struct verify_key *key, struct str text, struct buf *out)
{
    const struct public_key *own = key->public.n ? &key->public.at[0] : NULL;
    EVP_MD_CTX *ctx = NULL;
    size_t n = SIGNATURE_MAX_BYTES;
    enum err err;

    if (!own || !own->can_sign)
        return ERR_NOT_IMPLEMENTED; /* a public key verifies, it does not sign */
    err = buf_reserve(out, n);
    ctx = EVP_MD_CTX_new();
    if (!err && (!ctx || EVP_DigestSignInit(ctx, NULL, digest_for(spec, own->key), NULL, own->key) <= 0 ||
                 EVP_DigestSign(ctx, (unsigned char *)out->p + out->len, &n, (const unsigned char *)text.p, text.len) <= 0))
        err = ERR_INTERNAL;
    if (!err)
        out->len += n;
    EVP_MD_CTX_free(ctx);
    return err;
}

enum err paired_sign(const struct verify_spec *spec, const struct verify_key *key, struct str text, struct buf *out)
{
    struct buf bytes = BUF_INIT(SIGNATURE_MAX_BYTES);
    char encoded[2 * SIGNATURE_MAX_BYTES + 1];
    enum err err = paired_make(spec, key, text, &bytes);

    if (!err) {
        if (spec->encoding == ENCODING_HEX)
            hex_encode(buf_str(&bytes), encoded);
        else
            base64_encode(buf_str(&bytes), encoded);
        err = buf_append(out, str_of(encoded));
    }
    buf_release(&bytes);
    return err;
}

/* Reads the one signature of the schemes that have but one. */
enum err paired_read(struct verifier *v)
{
    struct str value;
    enum err err = claim_text(v, &value);

    if (!err && v->spec->scheme == &scheme_ed25519)
        err = claim_ed25519(v->spec->encoding, value, &v->claim);
    else if (!err)
        err = claim_text_signature(value, STR_NONE, &v->claim);
    return err ? err : claim_read_fields(v);
}
