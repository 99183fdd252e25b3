/* public_key.h -- owns public keys as an operator gives them: PEM, certificate, base64, hex, or several by path. */
#ifndef VERIFY_PUBLIC_KEY_H
#define VERIFY_PUBLIC_KEY_H

#include "base/str.h"

#include <openssl/evp.h>

enum { PUBLIC_KEYS_MAX = 8, PUBLIC_KEY_NAME_MAX = 256 };

enum public_form { PUBLIC_PEM, PUBLIC_HEX, PUBLIC_BASE64, PUBLIC_BY_PATH };

struct public_key {
    char *name; /* path, "" when there is only one */
    EVP_PKEY *key;
    bool can_sign;             /* it is a whole pair */
    int64_t from_us, until_us; /* validity of a certificate; 0, 0 = no certificate */
};

/* Owns the keys. All zero = none. */
struct public_keys {
    struct public_key at[PUBLIC_KEYS_MAX];
    size_t n;
};

/* What a key must be. */
struct public_wanted {
    enum public_form form;       /* PEM is read whatever it is */
    int type;                    /* EVP_PKEY_RSA, EVP_PKEY_ED25519, EVP_PKEY_EC (then P-256) */
    struct str certificate_name; /* pattern; empty = any */
    bool can_sign;               /* a private key is taken, too */
};

/*
 * Reads `text`. RSA has 2048 to 8192 bits.
 * ERR_SYNTAX when it is not of that form or kind, or a certificate for another name; ERR_TOO_MANY; ERR_MEMORY.
 */
enum err public_keys_read(const struct public_wanted *wanted, struct str text, struct public_keys *out) MUST_CHECK;
/* NULL is fine. */
void public_keys_release(struct public_keys *keys);
/* The key of that name that is valid then, or NULL. */
const struct public_key *public_keys_find(const struct public_keys *keys, struct str name, int64_t now_us);

#endif
