/* proof.h -- owns signed statements of this installation: anybody can check one, only the master key can make it (Ed25519). */
#ifndef BASE_PROOF_H
#define BASE_PROOF_H

#include "base/secret.h"

enum { PROOF_KEY_BYTES = 32, PROOF_BYTES = 64 };

/* The public half of the key, and the signature. */
struct proof {
    unsigned char key[PROOF_KEY_BYTES], signature[PROOF_BYTES];
};

/* Signs `text` with a key that is derived from the master key for this purpose alone. The same text gives the same proof.
 * ERR_MEMORY. Source: RFC 8032. */
enum err proof_make(const struct seal *seal, struct str purpose, struct str text, struct proof *out) MUST_CHECK;
/* ERR_SIGNATURE when `text` was not signed with this key. Who trusts the answer must know the key. ERR_MEMORY. */
enum err proof_check(const struct proof *proof, struct str text) MUST_CHECK;

#endif
