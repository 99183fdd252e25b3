/* digest.c -- owns the plain digest of bytes. */
#include "verify/digest.h"

#include "base/encode.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct sha256 {
    EVP_MD_CTX *ctx;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->ctx = EVP_MD_CTX_new();
    if (s->ctx && EVP_DigestInit_ex(s->ctx, EVP_sha256(), NULL))
        return s;
    sha256_free(s);
    return NULL;
}

void sha256_free(struct sha256 *s)
{
    if (!s)
        return;
    EVP_MD_CTX_free(s->ctx);
    free(s);
}

enum err sha256_add(struct sha256 *s, struct str bytes)
{
    return bytes.len == 0 || EVP_DigestUpdate(s->ctx, bytes.p, bytes.len) ? OK : ERR_MEMORY;
}

enum err sha256_end(struct sha256 *s, char out[SHA256_HEX_CHARS + 1])
{
    unsigned char digest[32];

    if (!EVP_DigestFinal_ex(s->ctx, digest, NULL))
        return ERR_MEMORY;
    hex_encode(str_n(digest, sizeof(digest)), out);
    return OK;
}

enum err sha256_hex(struct str bytes, char out[SHA256_HEX_CHARS + 1])
{
    unsigned char digest[32];

    if (!EVP_Digest(bytes.p ? bytes.p : "", bytes.len, digest, NULL, EVP_sha256(), NULL))
        return ERR_MEMORY;
    hex_encode(str_n(digest, sizeof(digest)), out);
    return OK;
}
