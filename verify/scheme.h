/* scheme.h -- owns what the schemes share inside verify: parameters, key, claim and the table row of a scheme. */
#ifndef VERIFY_SCHEME_H
#define VERIFY_SCHEME_H

#include "base/arena.h"
#include "base/timefmt.h"
#include "verify/mac.h"
#include "verify/signed_text.h"
#include "verify/verify.h"

enum { SIGNATURE_HEADER_MAX_BYTES = 4096, TIMESTAMP_MAX_BYTES = 64, MESSAGE_ID_MAX_BYTES = 256, REQUIRE_MAX = 8 };

enum encoding { ENCODING_HEX, ENCODING_BASE64, ENCODING_EITHER, ENCODING__COUNT };
enum secret_form { SECRET_TEXT, SECRET_HEX, SECRET_BASE64, SECRET_WHSEC, SECRET_HTML, SECRET__COUNT };

struct scheme;

/* The parameters; which of them a scheme takes says the table in spec.c. All texts live in the arena. */
struct verify_spec {
    const struct scheme *scheme;
    struct arena arena;
    struct str secret;                  /* name of the config member */
    struct str header;                  /* of the signature */
    struct str header_prefix;           /* standard: "webhook-" */
    struct str prefix;                  /* before the digest: "sha256=" */
    bool prefix_optional;               /* the prefix may be absent */
    char separator;                     /* between several signatures, 0 = only one */
    struct str timestamp_name;          /* timed: "t" */
    struct str signature_name;          /* timed: "v1" */
    struct str timestamp_header;        /* empty = none */
    struct str id_header;               /* empty = none */
    struct str signed_text;             /* as written */
    struct signed_text text;            /* compiled */
    int hash;                           /* enum mac_hash */
    int mac;                            /* enum mac_kind */
    int encoding;                       /* enum encoding */
    int secret_form;                    /* enum secret_form */
    int timestamp_format;               /* enum time_format */
    struct str when_header, when_value; /* applies only where this header has this value */
    struct str require[REQUIRE_MAX];    /* headers that must be there, once and not empty */
    size_t n_require;
    int64_t tolerance_s;
};

/* One signature of the request, decoded. */
struct signature {
    bool is_ed25519;
    size_t len;
    unsigned char bytes[DIGEST_MAX_BYTES];
};

/* What the signature headers of a request say. Texts are borrowed from the headers. */
struct claim {
    struct str timestamp, id;
    int64_t signed_at_us;
    struct signature at[VERIFY_SIGNATURES_MAX];
    size_t n;
};

struct verify_key {
    struct mac_key mac;   /* empty when `public_key` is there */
    EVP_PKEY *public_key; /* Ed25519, or NULL */
};

struct verifier {
    const struct verify_spec *spec;
    const struct verify_key *const *keys; /* borrowed until the end */
    size_t n_keys;
    struct signed_values values; /* borrowed until the end */
    enum err err;                /* what begin said */
    struct claim claim;
    EVP_MD_CTX *work[VERIFY_KEYS_MAX]; /* made when first needed, then reused */
};

/* One way to sign. A scheme that needs the whole body has `begin` and `feed` NULL and does its work in `end`. */
struct scheme {
    const char *name;
    /* Checks what the parameters say together, and fills those that follow from others. Adds to `problems`. */
    enum err (*complete)(struct verify_spec *spec, struct str pointer, struct problems *problems);
    /* True when the request carries the scheme's headers. */
    bool (*applies)(const struct verify_spec *spec, struct fields headers);
    /* Prepares the key from the secret's bytes. */
    enum err (*key)(const struct verify_spec *spec, struct str secret, struct verify_key *key);
    /* Reads the signature headers. */
    enum err (*read)(const struct verify_spec *spec, struct fields headers, struct claim *claim);
    enum err (*begin)(struct verifier *v);
    enum err (*feed)(struct verifier *v, struct str chunk);
    /* OK when one signature matches one key, whose index goes to *key. */
    enum err (*end)(struct verifier *v, struct str body, size_t *key);
    /* Appends the value of the signature header; `digest` is encoded, `timestamp` as it goes into the request. */
    enum err (*write)(const struct verify_spec *spec, struct str digest, struct str timestamp, struct buf *out);
};

extern const struct scheme scheme_hmac, scheme_timed, scheme_standard;

/* claim.c: reading signature headers. */
/* Gets the only value of a header. ERR_SIGNATURE_MISSING, _REPEATED, or _MALFORMED when it is empty or over `max_bytes`. */
enum err claim_header(struct fields headers, struct str name, size_t max_bytes, struct str *value) MUST_CHECK;
/* Reads timestamp_header and id_header, where the spec has them. */
enum err claim_read_headers(const struct verify_spec *spec, struct fields headers, struct claim *claim) MUST_CHECK;
/* Parses a timestamp: whole number or the stated date, nothing else. ERR_TIMESTAMP_MALFORMED. */
enum err claim_timestamp(const struct verify_spec *spec, struct str text, struct claim *claim) MUST_CHECK;
/* Adds a digest in the spec's encoding; text of another form is passed over. ERR_SIGNATURE_MALFORMED past the maximum. */
enum err claim_digest(const struct verify_spec *spec, struct str text, struct claim *claim) MUST_CHECK;
/* As claim_digest for the base64 of an Ed25519 signature. */
enum err claim_ed25519(struct str text, struct claim *claim) MUST_CHECK;
/* True when the header is in the request at least once. */
bool claim_has_header(const struct verify_spec *spec, struct fields headers);

/* keyed.c: signatures over the template's text under one or several keys, fed as the body comes. */
enum err keyed_key(const struct verify_spec *spec, struct str secret, struct verify_key *key) MUST_CHECK;
enum err keyed_begin(struct verifier *v) MUST_CHECK;
enum err keyed_feed(struct verifier *v, struct str chunk) MUST_CHECK;
enum err keyed_end(struct verifier *v, struct str body, size_t *key) MUST_CHECK;

/* secret_form.c: from what the operator was given to the key's bytes. ERR_SYNTAX, ERR_RANGE when nothing is left. */
enum err secret_decode(enum secret_form form, struct str text, struct buf *out) MUST_CHECK;

#endif
