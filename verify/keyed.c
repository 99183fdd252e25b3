/* keyed.c -- owns signatures over a template's text under one or several shared keys, fed as the body comes where that is possible. */
#include "verify/paired.h"

#include "base/encode.h"

enum err keyed_key(const struct verify_spec *spec, struct str secret, bool can_sign, struct verify_key *key)
{
    struct buf bytes = BUF_INIT(8192);
    enum err err;

    (void)can_sign;
    if (spec->known_key.len)
        secret = spec->known_key;
    err = buf_reserve(&bytes, secret.len); /* never longer: no growth leaves a copy behind (N10) */
    if (!err)
        err = secret_decode((enum secret_form)spec->secret_form, secret, &bytes);
    if (!err)
        err = mac_key_init(&key->mac, (enum mac_kind)spec->mac, (enum mac_hash)spec->hash, buf_str(&bytes));
    buf_wipe(&bytes);
    return err;
}

/* True when the digest can begin before the body has come. */
static bool is_fed(const struct verify_spec *spec)
{
    return spec->text.is_fed && spec->url_port == URL_PORT_GIVEN;
}

static enum err update(void *work, struct str piece)
{
    return mac_update(work, piece);
}

static enum err start(struct verifier *v, size_t i)
{
    if (!v->work[i])
        v->work[i] = EVP_MD_CTX_new();
    return v->work[i] ? mac_start(&v->keys[i]->mac, v->work[i]) : ERR_MEMORY;
}

enum err keyed_begin(struct verifier *v)
{
    enum err err = OK;

    for (size_t i = 0; i < v->n_keys && is_fed(v->spec) && !err; i++) {
        if (!v->keys[i]->mac.inner)
            continue;
        err = start(v, i);
        if (!err)
            err = signed_text_expand(&v->spec->text, 0, v->spec->text.body, &v->values, update, v->work[i]);
    }
    return err;
}

enum err keyed_feed(struct verifier *v, struct str chunk)
{
    enum err err = OK;

    for (size_t i = 0; i < v->n_keys && is_fed(v->spec) && !err; i++)
        if (v->keys[i]->mac.inner)
            err = mac_update(v->work[i], chunk);
    return err;
}

/* Compares the i-th key's digest with every signature of the request. */
static enum err compare(struct verifier *v, size_t i, bool *match)
{
    unsigned char digest[DIGEST_MAX_BYTES];
    size_t len = mac_digest_len((enum mac_hash)v->spec->hash);
    enum err err = mac_finish(&v->keys[i]->mac, v->work[i], digest);

    for (size_t s = 0; s < v->claim.n && !err; s++)
        if (!v->claim.at[s].is_ed25519)
            *match |= ct_equal(str_n(v->claim.at[s].bytes, v->claim.at[s].len), str_n(digest, len));
    return err;
}

static enum err end_fed(struct verifier *v, size_t i, bool *match)
{
    const struct signed_text *text = &v->spec->text;
    enum err err = signed_text_expand(text, text->body + 1, text->n, &v->values, update, v->work[i]);

    return err ? err : compare(v, i, match);
}

static enum err end_whole(struct verifier *v, size_t i, struct str text, bool *match)
{
    enum err err = start(v, i);

    if (!err)
        err = mac_update(v->work[i], text);
    return err ? err : compare(v, i, match);
}

/* Judges the i-th key: a public one, or one that was fed, or over `text`. */
static enum err end_one(struct verifier *v, size_t i, struct str text, bool *match)
{
    if (v->keys[i]->public.n) {
        *match = paired_matches(v, v->keys[i], text);
        return OK;
    }
    return is_fed(v->spec) ? end_fed(v, i, match) : end_whole(v, i, text, match);
}

/* True when a key needs the whole text at once. */
static bool needs_text(const struct verifier *v)
{
    for (size_t i = 0; i < v->n_keys; i++)
        if (v->keys[i]->public.n)
            return true;
    return !is_fed(v->spec);
}

static enum err end_with(struct verifier *v, struct str body, size_t *key)
{
    struct str text = STR_NONE;
    enum err err = needs_text(v) ? verifier_text(v, body, &text) : OK;

    for (size_t i = 0; i < v->n_keys && !err; i++) {
        bool match = false;

        err = end_one(v, i, text, &match);
        if (match && !err) {
            *key = i;
            return OK;
        }
    }
    return err ? err : ERR_SIGNATURE;
}

enum err keyed_end(struct verifier *v, struct str body, size_t *key)
{
    enum err err = end_with(v, body, key);

    if (err != ERR_SIGNATURE || v->spec->url_port == URL_PORT_GIVEN || v->other_url.len == 0)
        return err;
    v->values.url = buf_str(&v->other_url);
    return end_with(v, body, key);
}

enum err keyed_sign(const struct verify_spec *spec, const struct verify_key *key, struct str text, struct buf *out)
{
    unsigned char digest[DIGEST_MAX_BYTES] = {0};
    char encoded[2 * DIGEST_MAX_BYTES + 1];
    struct str bytes = str_n(digest, mac_digest_len((enum mac_hash)spec->hash));
    EVP_MD_CTX *work = NULL;
    enum err err;

    if (!key->mac.inner) /* a public key verifies, it does not sign */
        return ERR_NOT_IMPLEMENTED;
    work = EVP_MD_CTX_new();
    err = work ? mac_start(&key->mac, work) : ERR_MEMORY;
    if (!err)
        err = mac_update(work, text);
    if (!err)
        err = mac_finish(&key->mac, work, digest);
    EVP_MD_CTX_free(work);
    if (err)
        return err;
    if (spec->encoding == ENCODING_HEX)
        hex_encode(bytes, encoded);
    else
        base64_encode(bytes, encoded);
    return buf_append(out, str_of(encoded));
}
