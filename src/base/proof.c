/* proof.c -- owns signed statements of this installation: anybody can check one, only the master key can make it (Ed25519). */
#include "base/proof.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

static enum err sign(EVP_PKEY *key, struct str text, struct proof *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n_key = sizeof(out->key), n = sizeof(out->signature);
    bool done = ctx && EVP_PKEY_get_raw_public_key(key, out->key, &n_key) == 1 &&
                EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(ctx, out->signature, &n, (const unsigned char *)text.p, text.len) == 1;

    EVP_MD_CTX_free(ctx);
    return done ? OK : ERR_MEMORY;
}

enum err proof_make(const struct seal *seal, struct str purpose, struct str text, struct proof *out)
{
    unsigned char seed[SEAL_MAC_BYTES];
    EVP_PKEY *key = NULL;
    enum err err = seal_mac(seal, purpose, STR("ed25519"), seed);

    if (!err)
        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    OPENSSL_cleanse(seed, sizeof(seed));
    if (!err)
        err = key ? sign(key, text, out) : ERR_MEMORY;
    EVP_PKEY_free(key);
    return err;
}

enum err proof_check(const struct proof *proof, struct str text)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, proof->key, sizeof(proof->key));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum err err = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 ? OK : ERR_MEMORY;

    if (!err && EVP_DigestVerify(ctx, proof->signature, sizeof(proof->signature), (const unsigned char *)text.p, text.len) != 1)
        err = ERR_SIGNATURE;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return err;
}
