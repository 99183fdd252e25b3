/* digest.h -- owns the plain digest of bytes, for keys that must be short; no secrets here. */
#ifndef VERIFY_DIGEST_H
#define VERIFY_DIGEST_H

#include "base/str.h"

enum { SHA256_HEX_CHARS = 64 };

/* A digest of bytes that come in pieces. */
struct sha256;
/* Returns owned; NULL when memory is out. */
struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *s);
enum err sha256_add(struct sha256 *s, struct str bytes) MUST_CHECK;
/* Ends it: writes hex as sha256_hex does; nothing more can be added. */
enum err sha256_end(struct sha256 *s, char out[SHA256_HEX_CHARS + 1]) MUST_CHECK;

/* Writes SHA-256 of the bytes as lower-case hex and a NUL. ERR_MEMORY. */
enum err sha256_hex(struct str bytes, char out[SHA256_HEX_CHARS + 1]) MUST_CHECK;

#endif
