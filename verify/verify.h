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

enum { VERIFY_KEYS_MAX = 8, VERIFY_SIGNATURES_MAX = 16, VERIFY_NO_KEY = VERIFY_KEYS_MAX };

/* The config of one source: the text of a member, or NULL when it is not set. */
struct verify_config {
    const char *(*get)(void *arg, struct str name);
    void *arg;
};

/*
 * Loads one element of push.verify; `pointer` is where it stands in the file. Adds to `problems`, then ERR_CONFIG.
 * Schemes: h hmac, t timed, s standard, k token, u unsigned, r rsa, d ed25519, e ecdsa, j jwt. Members (* = required) and who
 * takes them; default in brackets:
 *   scheme*           all   see docs/signatures.md
 *   secret            all-u config member that holds the secret or public key ["secret"]
 *   secret_form       hts   text, hex, base64, whsec (prefix optional, then base64), html (entities decoded) [text; s: whsec]
 *                     rdej  pem, hex, base64, by_path [pem; d: hex; e: base64]; PEM is taken for each
 *   require           all   headers that must be there besides []
 *   when_header, when_value  all  the spec applies only where this header has this value []
 *   tolerance_s       all   [300]
 *   header            htrdekj  of the signature [k: Authorization; j: none, the body]; r: also a list, one good one suffices
 *   query, form       hrde  member of the query, of the urlencoded body, instead of a header
 *   at                k     member of the JSON body, instead of a header
 *   hash              htr   sha1, sha256, sha512 [sha256]
 *   encoding*         h(trde)  hex, base64, either (ht; by length) [td: hex; re: base64]
 *   signed            htrde signed text, see signed_text.h ["{body}"; t: "{timestamp}.{body}"]
 *   separator         ht    one character between several signatures or pairs [h: none, t: ","]
 *   timestamp_format  all   unix, unix_ms, iso, http_date, rfc2822 [unix]
 *   timestamp_header, timestamp_query, id_header  hrde  what {timestamp} and {id} stand for []
 *   prefix            hkj   before the digest or token, such as "sha256=" []
 *   prefix_optional   hk    [false]
 *   mac               h     hmac, secret_prefix (a digest of secret and text) [hmac]
 *   url_port          h     given, either (with, without and with the default port) [given]
 *   body_hash         h     query member with the hex SHA-256 of the body; the spec applies only where it is there []
 *   known_key         h     a key that everybody knows, instead of a secret []
 *   timestamp_name, signature_name  t  ["t", "v1"]
 *   header_prefix     s     of the names -id, -timestamp and -signature ["webhook-"]
 *   key_header        r     with by_path: header, or list of headers, that name the key []
 *   certificate_name  r     pattern that a certificate's name must match []
 *   pin               all   {header, host, path}: patterns of the https URL in a header []
 *   body_claim        j     with header: the claim that holds the hex SHA-256 of the body []
 *   expect            all   list of {at | header | form, config}: after the signature []
 *   timestamp_at      all   pointer of a time in the body, held against the tolerance after the signature []
 * "{{config.NAME}}" in a text is filled from `config` (NULL: nothing is set); a member that is then empty is left out.
 */
enum err verify_spec_load_with(const json_t *json, struct str pointer, const struct verify_config *config,
                               struct problems *problems, struct verify_spec **out) MUST_CHECK;
/* As verify_spec_load_with where no config is set. */
enum err verify_spec_load(const json_t *json, struct str pointer, struct problems *problems, struct verify_spec **out) MUST_CHECK;
/*
 * Loads the spec again with the config of one source, when its element names config; *out is NULL when it does not, and `spec`
 * itself is to be used. Returns owned. Errors as verify_spec_load_with.
 */
enum err verify_spec_for_source(const struct verify_spec *spec, const struct verify_config *config, struct problems *problems,
                                struct verify_spec **out) MUST_CHECK;
void verify_spec_free(struct verify_spec *spec);

/* What a verifier needs to know of a request before its body. Borrowed until verifier_end. */
struct verify_request {
    struct str method;           /* "POST" */
    struct str url;              /* of the endpoint as the platform knows it, without query; never from Host; may be empty */
    struct str query;            /* of the request, as sent, without "?" */
    struct fields headers;       /* as received, repeated ones included */
    struct verify_config config; /* of the source; may be all NULL */
    int64_t now_us;              /* wall time */
    int64_t tolerance_us;        /* 0 = the spec's own */
};

/* True when this spec decides about the request: it carries the signature's header or member. The first of a route is used. */
bool verify_spec_applies(const struct verify_spec *spec, const struct verify_request *request);
/* The name of the config member that holds the secret ("secret" unless the file says otherwise); empty when there is none. */
struct str verify_spec_secret_name(const struct verify_spec *spec);
/* The element's JSON text, as it was loaded: filled. */
struct str verify_spec_element(const struct verify_spec *spec);
/* True when the request carries the secret itself, in *header, or in its body where that is empty: it must be kept nowhere. */
bool verify_spec_sends_secret(const struct verify_spec *spec, struct str *header);
/* The form that the secret must have: the word of the route file, such as "hex". */
const char *verify_spec_secret_form(const struct verify_spec *spec);
/* True when the signed text carries a timestamp that is held against the clock. */
bool verify_spec_is_timed(const struct verify_spec *spec);
/* True for scheme unsigned: the URL is the only secret. */
bool verify_spec_is_open(const struct verify_spec *spec);
/* True when a request that passes proves that the sender knows a secret: neither scheme unsigned nor known_key. */
bool verify_spec_proves(const struct verify_spec *spec);
/* True when the endpoint's URL is part of the signed text, so that it must be known. */
bool verify_spec_needs_url(const struct verify_spec *spec);

/* Prepares a secret; `secret` is NULL where the spec has none (unsigned, known_key). ERR_RANGE when it is empty, ERR_SYNTAX when
 * it has not the form that the spec demands, or is a certificate for another name. */
enum err verify_key_new(const struct verify_spec *spec, const struct secret *secret, struct verify_key **out) MUST_CHECK;
/* As verify_key_new for verify_sign: where a platform signs with a private key, `secret` is one in PEM; it verifies as well. */
enum err verify_key_new_signer(const struct verify_spec *spec, const struct secret *secret, struct verify_key **out) MUST_CHECK;
void verify_key_free(struct verify_key *key);

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
    size_t key;           /* index of the key that matched; VERIFY_NO_KEY for scheme unsigned */
    struct str id;        /* the signed message id (Standard Webhooks), else empty; borrowed from the headers */
    int64_t signed_at_us; /* the signed timestamp, 0 when there is none */
};
/* Ends with OK or a reason (constant-time compare against every signature and key, N2). `body` is the whole body, for schemes
 * that cannot be fed. `verdict` may be NULL. ERR_RECIPIENT when the signature is good and what is expected is not there. */
enum err verifier_end(struct verifier *v, struct str body, struct verdict *verdict) MUST_CHECK;

/* What a signer is given, the mirror of verify_request: for `storehook send` and the tests. */
struct sign_request {
    struct str method, url, query, id, body; /* url, query as in verify_request; id: message id of Standard Webhooks */
    struct fields headers;                   /* the other headers, where the signed text names one */
    struct verify_config config;
    int64_t now_us;
    /* Where a signature goes that is not in a header; NULL: such a spec gives ERR_NOT_IMPLEMENTED. */
    struct buf *signed_query; /* gets the query's new member appended */
    struct buf *signed_body;  /* gets the whole new body: the form with its new member, or the token made of the body */
};
enum { SIGN_FIELDS_MAX = 6 };
/*
 * Writes the header fields that carry the signature. Names are borrowed from the spec, values from `values` and the request.
 * ERR_NOT_IMPLEMENTED for schemes where we hold no signing key; errors of the body as verifier_end. A token that is a member of
 * the body is there already: nothing is written.
 */
enum err verify_sign(const struct verify_spec *spec, const struct verify_key *key, const struct sign_request *request,
                     struct buf *values, struct field out[SIGN_FIELDS_MAX], size_t *n) MUST_CHECK;

#endif
