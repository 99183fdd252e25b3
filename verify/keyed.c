/* keyed.c -- owns signatures over a template's text under one or several keys, fed as the body comes. */
#include "verify/scheme.h"

#include <openssl/evp.h>

enum err keyed_key(const struct verify_spec *spec, struct str secret, struct verify_key *key)
{
    struct buf bytes = BUF_INIT(8192);
    enum err err = buf_reserve(&bytes, secret.len); /* never longer: no growth leaves a copy behind (N10) */

    if (!err)
        err = secret_decode((enum secret_form)spec->secret_form, secret, &bytes);
    if (!err)
        err = mac_key_init(&key->mac, (enum mac_kind)spec->mac, (enum mac_hash)spec->hash, buf_str(&bytes));
    buf_wipe(&bytes);
    return err;
}

static enum err update(void *work, struct str piece)
{
    return mac_update(work, piece);
}

/* Starts the i-th key's digest with what is signed before the body. */
static enum err begin_one(struct verifier *v, size_t i)
{
    const struct mac_key *mac = &v->keys[i]->mac;
    enum err err;

    if (!mac->inner)
        return OK;
    if (!v->work[i])
        v->work[i] = EVP_MD_CTX_new();
    if (!v->work[i])
        return ERR_MEMORY;
    err = mac_start(mac, v->work[i]);
    if (!err)
        err = signed_text_expand(&v->spec->text, 0, v->spec->text.body, &v->values, update, v->work[i]);
    return err;
}

enum err keyed_begin(struct verifier *v)
{
    enum err err = OK;

    for (size_t i = 0; i < v->n_keys && !err; i++)
        err = begin_one(v, i);
    return err;
}

enum err keyed_feed(struct verifier *v, struct str chunk)
{
    enum err err = OK;

    for (size_t i = 0; i < v->n_keys && !err; i++)
        if (v->keys[i]->mac.inner)
            err = mac_update(v->work[i], chunk);
    return err;
}

/* Compares the i-th key's digest with every signature of the request. */
static enum err end_mac(struct verifier *v, size_t i, bool *match)
{
    const struct signed_text *text = &v->spec->text;
    unsigned char digest[DIGEST_MAX_BYTES];
    enum err err = signed_text_expand(text, text->body + 1, text->n, &v->values, update, v->work[i]);

    if (!err)
        err = mac_finish(&v->keys[i]->mac, v->work[i], digest);
    if (err)
        return err;
    for (size_t s = 0; s < v->claim.n; s++)
        if (!v->claim.at[s].is_ed25519)
            *match |= ct_equal(str_n(v->claim.at[s].bytes, v->claim.at[s].len),
                               str_n(digest, mac_digest_len((enum mac_hash)v->spec->hash)));
    return OK;
}

static enum err append(void *out, struct str piece)
{
    return buf_append(out, piece);
}

/* Returns the whole signed text in `out`. */
static enum err whole_text(const struct verifier *v, struct str body, struct buf *out)
{
    const struct signed_text *text = &v->spec->text;
    enum err err = signed_text_expand(text, 0, text->body, &v->values, append, out);

    if (!err)
        err = buf_append(out, body);
    if (!err)
        err = signed_text_expand(text, text->body + 1, text->n, &v->values, append, out);
    return err;
}

static bool ed25519_matches(EVP_PKEY *key, const struct signature *s, struct str text)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool match = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) > 0 &&
                 EVP_DigestVerify(ctx, s->bytes, s->len, (const unsigned char *)text.p, text.len) == 1;

    EVP_MD_CTX_free(ctx);
    return match;
}

/* Ed25519 reads its text twice, so it takes the body at the end (RFC 8032, 5.1.6). */
static enum err end_ed25519(struct verifier *v, size_t i, struct str body, bool *match)
{
    struct buf text = BUF_INIT(body.len + SIGNATURE_HEADER_MAX_BYTES);
    enum err err = whole_text(v, body, &text);

    for (size_t s = 0; s < v->claim.n && !err; s++)
        if (v->claim.at[s].is_ed25519)
            *match |= ed25519_matches(v->keys[i]->public_key, &v->claim.at[s], buf_str(&text));
    buf_release(&text);
    return err;
}

enum err keyed_end(struct verifier *v, struct str body, size_t *key)
{
    for (size_t i = 0; i < v->n_keys; i++) {
        bool match = false;
        enum err err = v->keys[i]->public_key ? end_ed25519(v, i, body, &match) : end_mac(v, i, &match);

        if (err)
            return err;
        if (match) {
            *key = i;
            return OK;
        }
    }
    return ERR_SIGNATURE;
}
