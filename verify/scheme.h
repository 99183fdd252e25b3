/* scheme.h -- owns what the schemes share inside verify: parameters, key, claim and the table row of a scheme. */
#ifndef VERIFY_SCHEME_H
#define VERIFY_SCHEME_H

#include "base/arena.h"
#include "base/timefmt.h"
#include "verify/after.h"
#include "verify/mac.h"
#include "verify/pin.h"
#include "verify/public_key.h"
#include "verify/signed_text.h"
#include "verify/verify.h"

enum {
    SIGNATURE_HEADER_MAX_BYTES = 4096,
    TIMESTAMP_MAX_BYTES = 64,
    MESSAGE_ID_MAX_BYTES = 256,
    REQUIRE_MAX = 8,
    SIGNATURE_HEADERS_MAX = 4,
    URL_MAX_BYTES = 16 << 10,
    SIGNED_TEXT_MAX_BYTES = 32 << 20,
    JWT_MAX_BYTES = 4 << 20,
};

enum url_port { URL_PORT_GIVEN, URL_PORT_EITHER };
enum encoding { ENCODING_HEX, ENCODING_BASE64, ENCODING_EITHER, ENCODING__COUNT };
enum secret_form { SECRET_TEXT, SECRET_HEX, SECRET_BASE64, SECRET_WHSEC, SECRET_HTML, SECRET__COUNT };

struct scheme;

/* The header names of a parameter that is one or a list. */
struct header_names {
    struct str at[SIGNATURE_HEADERS_MAX];
    size_t n;
};

/* The parameters; which of them a scheme takes says the table in spec_param.c. All texts live in the arena. */
struct verify_spec {
    const struct scheme *scheme;
    struct arena arena;
    struct str loaded;                  /* the element's JSON text, filled */
    struct str element, pointer;        /* of an element with {{config.NAME}}: its JSON text and place; else empty */
    struct str secret;                  /* name of the config member, empty = none */
    struct str header;                  /* of the signature; empty where it stands elsewhere */
    struct header_names headers;        /* rsa: any of them; headers.at[0] is `header` */
    struct header_names key_headers;    /* rsa: which key, by the index of `headers` */
    struct str query, form, at;         /* the signature's member, when it is not in a header */
    struct str header_prefix;           /* standard: "webhook-" */
    struct str prefix;                  /* before the digest: "sha256=" */
    bool prefix_optional;               /* the prefix may be absent */
    char separator;                     /* between several signatures, 0 = only one */
    struct str timestamp_name;          /* timed: "t" */
    struct str signature_name;          /* timed: "v1" */
    struct str timestamp_header;        /* empty = none */
    struct str timestamp_query;         /* empty = none */
    struct str id_header;               /* empty = none */
    struct str signed_text;             /* as written */
    struct signed_text text;            /* compiled */
    struct str body_hash;               /* query member */
    struct str body_claim;              /* jwt */
    struct str known_key;               /* empty = none */
    int url_port;                       /* enum url_port */
    int hash;                           /* enum mac_hash */
    int mac;                            /* enum mac_kind */
    int encoding;                       /* enum encoding */
    int secret_form;                    /* enum secret_form, of a shared secret */
    int public_form;                    /* enum public_form, of a public key */
    int timestamp_format;               /* enum time_format */
    struct str when_header, when_value; /* applies only where this header has this value */
    struct str require[REQUIRE_MAX];    /* headers that must be there, once and not empty */
    size_t n_require;
    struct str certificate_name; /* pattern */
    struct pin pin;
    struct after after; /* what is held against the body once the signature has passed */
    int64_t tolerance_s;
};

/* One signature of the request. A digest and an Ed25519 signature are decoded; others stay as text until the end. */
struct signature {
    bool is_ed25519;
    size_t len;
    unsigned char bytes[DIGEST_MAX_BYTES];
    struct str text;     /* rsa, ecdsa, token, jwt: borrowed from the request */
    struct str key_name; /* rsa by path: which key, else empty */
};

/* What the signature headers of a request say. Texts are borrowed from the request. */
struct claim {
    struct str timestamp, id;
    int64_t signed_at_us;
    struct signature at[VERIFY_SIGNATURES_MAX];
    size_t n;
};

/* One secret, prepared; which members are filled is the scheme's business. */
struct verify_key {
    struct mac_key mac;
    struct secret *token;
    struct public_keys public;
};

struct verifier {
    const struct verify_spec *spec;
    const struct verify_key *const *keys; /* borrowed until the end */
    size_t n_keys;
    struct verify_request request; /* its texts are borrowed until the end */
    struct signed_values values;
    enum err err; /* what begin said */
    struct claim claim;
    struct form query, form;           /* taken apart when the spec needs it; released at the end */
    struct buf url, other_url, rest;   /* of the values */
    struct buf text;                   /* the signed text, where it cannot be fed */
    EVP_MD_CTX *work[VERIFY_KEYS_MAX]; /* made when first needed, then reused */
};

/* One way to sign. A scheme that needs the whole body has `begin` and `feed` NULL and does its work in `end`. */
struct scheme {
    const char *name;
    /* Checks what the parameters say together, and fills those that follow from others. Adds to `problems`. NULL: nothing. */
    enum err (*complete)(struct verify_spec *spec, struct str pointer, struct problems *problems);
    /* True when the request carries the scheme's signature. */
    bool (*applies)(const struct verify_spec *spec, const struct verify_request *request);
    /* Prepares the key from the secret's bytes; `can_sign`: for signing, too. NULL: there is none. */
    enum err (*key)(const struct verify_spec *spec, struct str secret, bool can_sign, struct verify_key *key);
    /* Reads the signatures that stand outside the body. NULL: they are in the body, or there are none. */
    enum err (*read)(struct verifier *v);
    enum err (*begin)(struct verifier *v);
    enum err (*feed)(struct verifier *v, struct str chunk);
    /* OK when one signature matches one key, whose index goes to *key. */
    enum err (*end)(struct verifier *v, struct str body, size_t *key);
    /* The body that `after` looks into, when it is not the request's: appended to `out`. NULL: the request's. */
    enum err (*payload)(const struct verify_spec *spec, struct str body, struct buf *out);
    /* Appends the encoded signature of the whole signed text. NULL: cannot be signed for. */
    enum err (*sign)(const struct verify_spec *spec, const struct verify_key *key, struct str text, struct buf *out);
    /* Appends the value of the signature header; `signature` is encoded, `timestamp` as it goes into the request. */
    enum err (*write)(const struct verify_spec *spec, struct str signature, struct str timestamp, struct buf *out);
};

extern const struct scheme scheme_hmac, scheme_timed, scheme_standard, scheme_token, scheme_unsigned, scheme_rsa, scheme_ed25519,
    scheme_ecdsa, scheme_jwt;

/* claim.c: reading what carries a signature. */
/* Gets the only value of a header. ERR_SIGNATURE_MISSING, _REPEATED, or _MALFORMED when it is empty or over `max_bytes`. */
enum err claim_header(struct fields headers, struct str name, size_t max_bytes, struct str *value) MUST_CHECK;
/* As claim_header for a member of a form or query. */
enum err claim_member(const struct form *form, struct str name, size_t max_bytes, struct str *value) MUST_CHECK;
/* Reads the only text that the spec's header, query member or form member holds. A form's is there from the end of the body on. */
enum err claim_text(const struct verifier *v, struct str *value) MUST_CHECK;
/* Reads timestamp_header, timestamp_query and id_header, where the spec has them. */
enum err claim_read_fields(struct verifier *v) MUST_CHECK;
/* Parses a timestamp: whole number or the stated date, nothing else. ERR_TIMESTAMP_MALFORMED. */
enum err claim_timestamp(const struct verify_spec *spec, struct str text, struct claim *claim) MUST_CHECK;
/* Parses a time of that format as claim_timestamp does. */
enum err claim_time(int format, struct str text, int64_t *us) MUST_CHECK;
/* Adds a digest in the spec's encoding; text of another form is passed over. ERR_SIGNATURE_MALFORMED past the maximum. */
enum err claim_digest(const struct verify_spec *spec, struct str text, struct claim *claim) MUST_CHECK;
/* As claim_digest for an Ed25519 signature in that encoding. */
enum err claim_ed25519(int encoding, struct str text, struct claim *claim) MUST_CHECK;
/* Adds a signature that is decoded at the end. ERR_SIGNATURE_MALFORMED past the maximum. */
enum err claim_text_signature(struct str text, struct str key_name, struct claim *claim) MUST_CHECK;
/* True when the header, or the query member, is in the request at least once; a form member is looked for in any form. */
bool claim_is_there(const struct verify_spec *spec, const struct verify_request *request);
/* True when the raw query has a member of that name. */
bool claim_has_query(struct str query, struct str name);

/* keyed.c: HMAC over the template's text under one or several keys, fed as the body comes where that is possible. */
enum err keyed_key(const struct verify_spec *spec, struct str secret, bool can_sign, struct verify_key *key) MUST_CHECK;
enum err keyed_begin(struct verifier *v) MUST_CHECK;
enum err keyed_feed(struct verifier *v, struct str chunk) MUST_CHECK;
enum err keyed_end(struct verifier *v, struct str body, size_t *key) MUST_CHECK;
enum err keyed_sign(const struct verify_spec *spec, const struct verify_key *key, struct str text, struct buf *out) MUST_CHECK;

/* verify.c */
/* The whole signed text; borrowed from `body` or the verifier, until the next call. Errors as signed_text_whole. */
enum err verifier_text(struct verifier *v, struct str body, struct str *out) MUST_CHECK;
/* True when a time is within the tolerance of now, both ways, the limit included (I8). */
bool verifier_is_near(const struct verifier *v, int64_t at_us);

/* spec.c */
/* For `complete`: exactly one of header, query, form; {timestamp} and {id} go together with what they stand for. */
void check_places(const struct verify_spec *spec, struct str pointer, struct problems *problems);

/* secret_form.c: from what the operator was given to the key's bytes. ERR_SYNTAX, ERR_RANGE when nothing is left. */
enum err secret_decode(enum secret_form form, struct str text, struct buf *out) MUST_CHECK;

/* fill.c: {{config.NAME}}. */
/* True when a text of the element names config. */
bool fill_is_needed(const json_t *element);
/* Returns owned: a copy of the element with its texts filled; members whose text is then empty are left out. */
enum err fill_element(const json_t *element, struct str pointer, const struct verify_config *config, struct problems *problems,
                      json_t **out) MUST_CHECK;

#endif
