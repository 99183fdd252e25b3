/* paired.h -- owns signatures under the public half of a pair of keys, for the schemes that have one. */
#ifndef VERIFY_PAIRED_H
#define VERIFY_PAIRED_H

#include "verify/scheme.h"

enum err paired_key(const struct verify_spec *spec, struct str secret, bool can_sign, struct verify_key *key) MUST_CHECK;
/* Reads one signature, timestamp and id. */
enum err paired_read(struct verifier *v) MUST_CHECK;
enum err paired_end(struct verifier *v, struct str body, size_t *key) MUST_CHECK;
/* True when one signature of the claim is that of one of the keys over `text`. */
bool paired_matches(const struct verifier *v, const struct verify_key *key, struct str text);
/* True when `signature` is that of `key` over `text`; RSA is PKCS #1 v1.5. */
bool paired_verify(const struct verify_spec *spec, EVP_PKEY *key, struct str signature, struct str text);
/* Appends the bytes of a signature. ERR_NOT_IMPLEMENTED when the key has no private half. */
enum err paired_make(const struct verify_spec *spec, const struct verify_key *key, struct str text, struct buf *out) MUST_CHECK;
/* As paired_make, encoded as the spec says. */
enum err paired_sign(const struct verify_spec *spec, const struct verify_key *key, struct str text, struct buf *out) MUST_CHECK;

#endif
