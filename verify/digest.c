/* digest.c -- owns the plain digest of bytes. */
#include "verify/digest.h"

#include "base/encode.h"

#include <openssl/evp.h>

enum err sha256_hex(struct str bytes, char out[SHA256_HEX_CHARS + 1])
{
    unsigned char digest[32];

    if (!EVP_Digest(bytes.p ? bytes.p : "", bytes.len, digest, NULL, EVP_sha256(), NULL))
        return ERR_MEMORY;
    hex_encode(str_n(digest, sizeof(digest)), out);
    return OK;
}
