/* digest.h -- owns the plain digest of bytes, for keys that must be short; no secrets here. */
#ifndef VERIFY_DIGEST_H
#define VERIFY_DIGEST_H

#include "base/str.h"

enum { SHA256_HEX_CHARS = 64 };

/* Writes SHA-256 of the bytes as lower-case hex and a NUL. ERR_MEMORY. */
enum err sha256_hex(struct str bytes, char out[SHA256_HEX_CHARS + 1]) MUST_CHECK;

#endif
