/* mac.h -- owns keyed digests: a key hashed once, copied per request. */
#ifndef VERIFY_MAC_H
#define VERIFY_MAC_H

#include "base/str.h"

#include <openssl/evp.h>

enum { DIGEST_MAX_BYTES = 64 };

enum mac_hash { HASH_SHA1, HASH_SHA256, HASH_SHA512, HASH__COUNT };
enum mac_kind {
    MAC_HMAC,          /* RFC 2104 */
    MAC_SECRET_PREFIX, /* digest of key and text: no HMAC, but what some platforms send */
    MAC__COUNT
};

/* The hash itself. */
const EVP_MD *mac_digest(enum mac_hash hash);
/* Bytes of one digest. */
size_t mac_digest_len(enum mac_hash hash);

/* The states after the key; read-only after init, any thread. All NULL = no key. */
struct mac_key {
    EVP_MD_CTX *inner, *outer; /* outer is NULL for MAC_SECRET_PREFIX */
};
enum err mac_key_init(struct mac_key *key, enum mac_kind kind, enum mac_hash hash, struct str bytes) MUST_CHECK;
/* Wipes and frees. */
void mac_key_release(struct mac_key *key);

/* Starts on a new text in `work`, which may have been used before. */
enum err mac_start(const struct mac_key *key, EVP_MD_CTX *work) MUST_CHECK;
enum err mac_update(EVP_MD_CTX *work, struct str bytes) MUST_CHECK;
/* Writes the digest; `work` needs another mac_start afterwards. */
enum err mac_finish(const struct mac_key *key, EVP_MD_CTX *work, unsigned char out[DIGEST_MAX_BYTES]) MUST_CHECK;

#endif
