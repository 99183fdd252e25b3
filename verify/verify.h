/* verify.h -- owns the signature schemes: bytes in, verdict out; no sockets, no clock of its own. */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "base/buf.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/problems.h"
#include "base/secret.h"

/* One way to sign, with its parameters, as a route file's push.verify element says it. Read-only after load, any thread. */
struct verify_spec;
/* One secret prepared for one spec: decoded, pre-keyed. Read-only after new, any thread. */
struct verify_key;
/* The work on one request; reusable; belongs to one thread. */
struct verifier;

enum { VERIFY_KEYS_MAX = 8, VERIFY_SIGNATURES_MAX = 16 };

/*
 * Loads one element of push.verify; `pointer` is where it stands in the file. Adds to `problems`, then ERR_CONFIG.
 * Members (h, t, s: taken by scheme hmac, timed, standard; * = required); default in brackets:
 *   scheme*           hts  hmac: a digest in a header of its own; timed: "t=<time>,v1=<digest>"; standard: Standard Webhooks
 *   secret            hts  config member that holds the secret ["secret"]
 *   secret_form       hts  text, hex, base64, whsec (prefix optional, then base64), html (entities decoded) [text; s: whsec]
 *   require           hts  headers that must be there besides []
 *   when_header, when_value  hts  the spec applies only where this header has this value []
 *   tolerance_s       hts  [300]
 *   header*           ht   of the signature
 *   hash              ht   sha1, sha256, sha512 [sha256]
 *   encoding*         h(t) hex, base64, either (by length) [t: hex]
 *   signed            ht   signed text, see signed_text.h [h: "{body}", t: "{timestamp}.{body}"]
 *   separator         ht   one character between several signatures or pairs [h: none, t: ","]
 *   timestamp_format  ht   unix, unix_ms, iso, http_date, rfc2822 [unix]
 *   timestamp_header, id_header  h  what {timestamp} and {id} stand for []
 *   prefix, prefix_optional      h  before the digest, such as "sha256=" [none, false]
 *   mac               h    hmac, secret_prefix (a digest of secret and text) [hmac]
 *   timestamp_name, signature_name  t  ["t", "v1"]
 *   header_prefix     s    of the names -id, -timestamp and -signature ["webhook-"]
 */
enum err verify_spec_load(const json_t *json, struct str pointer, struct problems *problems, struct verify_spec **out) MUST_CHECK;
void verify_spec_free(struct verify_spec *spec);
/* True when the request carries this spec's signature header: the first spec of a route that applies is the one used. */
bool verify_spec_applies(const struct verify_spec *spec, struct fields headers);
/* The name of the config member that holds the secret ("secret" unless the file says otherwise). */
struct str verify_spec_secret_name(const struct verify_spec *spec);
/* The form that the secret must have: the word of the route file, such as "hex". */
const char *verify_spec_secret_form(const struct verify_spec *spec);
/* True when the signed text carries a timestamp that is held against the clock. */
bool verify_spec_is_timed(const struct verify_spec *spec);

/* Prepares a secret. ERR_RANGE when it is empty, ERR_SYNTAX when it has not the form that the spec demands. */
enum err verify_key_new(const struct verify_spec *spec, const struct secret *secret, struct verify_key **out) MUST_CHECK;
void verify_key_free(struct verify_key *key);

/* What a verifier needs to know of a request before its body. Borrowed until verifier_end. */
struct verify_request {
    struct str method;     /* "POST" */
    struct str url;        /* the configured public URL of the endpoint, never from Host; may be empty */
    struct fields headers; /* as received, repeated ones included */
    int64_t now_us;        /* wall time */
    int64_t tolerance_us;  /* 0 = the spec's own */
};

enum err verifier_new(struct verifier **out) MUST_CHECK;
void verifier_free(struct verifier *v);
/*
 * Starts on one request: checks presence, form and timestamp of the signature headers, and starts one HMAC a key where the
 * signed text ends with the body. Tries every key. No allocation for HMAC schemes after the first requests.
 * Errors: the ERR_SIGNATURE_* and ERR_TIMESTAMP_* rows; then the body need not be fed and verifier_end returns the same.
 */
enum err verifier_begin(struct verifier *v, const struct verify_spec *spec, const struct verify_key *const *keys, size_t n_keys,
                        const struct verify_request *request) MUST_CHECK;
/* Takes the next bytes of the body, in order. */
enum err verifier_feed(struct verifier *v, struct str chunk) MUST_CHECK;

struct verdict {
    size_t key;           /* index of the key that matched */
    struct str id;        /* the signed message id (Standard Webhooks), else empty; borrowed from the headers */
    int64_t signed_at_us; /* the signed timestamp, 0 when there is none */
};
/* Ends with OK or a reason (constant-time compare against every signature and key, N2). `body` is the whole body, for schemes
 * that cannot be fed. `verdict` may be NULL. */
enum err verifier_end(struct verifier *v, struct str body, struct verdict *verdict) MUST_CHECK;

/* What a signer puts into a request, the mirror of verify: for `storehook send` and the tests. */
struct sign_request {
    struct str method, url, id, body; /* id: message id of Standard Webhooks */
    struct fields headers;            /* the other headers, where the signed text names one */
    int64_t now_us;
};
enum { SIGN_FIELDS_MAX = 6 };
/* Writes the header fields that carry the signature. Names are borrowed from the spec, values from `values`.
 * ERR_NOT_IMPLEMENTED for schemes where we hold no signing key. */
enum err verify_sign(const struct verify_spec *spec, const struct verify_key *key, const struct sign_request *request,
                     struct buf *values, struct field out[SIGN_FIELDS_MAX], size_t *n) MUST_CHECK;

#endif
