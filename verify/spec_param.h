/* spec_param.h -- owns what the readers of parameters share: where a value goes and what is said when it is wrong. */
#ifndef VERIFY_SPEC_PARAM_H
#define VERIFY_SPEC_PARAM_H

#include "verify/scheme.h"

/* The bit of a scheme in the table, in the order of the list in spec.c. */
enum {
    BIT_HMAC = 1,
    BIT_TIMED = 2,
    BIT_STANDARD = 4,
    BIT_TOKEN = 8,
    BIT_UNSIGNED = 16,
    BIT_RSA = 32,
    BIT_ED25519 = 64,
    BIT_ECDSA = 128,
    BIT_JWT = 256,
};

struct param;

/* Where a value is read to, and what is said when it is wrong. */
struct reading {
    struct verify_spec *spec;
    const struct param *param;
    struct str pointer; /* of the value */
    struct problems *problems;
};

/* Reads the members of `json`; `scheme` is its bit. Adds to `problems`. ERR_MEMORY. */
enum err params_read(struct verify_spec *spec, unsigned scheme, const json_t *json, struct str pointer,
                     struct problems *problems) MUST_CHECK;
/* The word for the form that the secret must have; "text" where there is no choice. */
const char *params_secret_form(const struct verify_spec *spec);
/* Adds a header that must be there. ERR_TOO_MANY, ERR_MEMORY. */
enum err params_require(struct verify_spec *spec, struct str name) MUST_CHECK;
/* RFC 9110, 5.6.2: token. */
bool is_header_name(struct str s);
/* Text of 1 to 256 characters without control characters. */
bool is_plain(struct str s);
/* Copies into the spec's arena. */
enum err param_copy(struct verify_spec *spec, struct str text, struct str *out) MUST_CHECK;

/* spec_nested.c: values that are objects or lists. */
enum err read_pin(const struct reading *r, const json_t *value) MUST_CHECK;
enum err read_expect(const struct reading *r, const json_t *value) MUST_CHECK;
/* One header name, or a list of them, to `out`. */
enum err read_names(const struct reading *r, const json_t *value, struct header_names *out) MUST_CHECK;

#endif
