/* visit_token.h -- owns the short signed text in links of our own mailings that says which contact follows them. */
#ifndef MODEL_VISIT_TOKEN_H
#define MODEL_VISIT_TOKEN_H

#include "base/id.h"
#include "base/secret.h"

/* Contact id, end of its validity (Unix seconds), half of an HMAC-SHA-256 over both: all lower-case hex. */
enum {
    VISIT_TOKEN_END_CHARS = 8,
    VISIT_TOKEN_MAC_CHARS = 32,
    VISIT_TOKEN_CHARS = ID_CHARS + VISIT_TOKEN_END_CHARS + VISIT_TOKEN_MAC_CHARS
};

/* Writes the token and a NUL. ERR_SYNTAX when contact_id is none, ERR_RANGE when the end is not a time until 2106. */
enum err visit_token_make(const struct seal *seal, struct str contact_id, int64_t ends_at_us,
                          char out[VISIT_TOKEN_CHARS + 1]) MUST_CHECK;
/* Holds a token against the master key and the time. `contact_id` borrows from the token.
 * Errors: ERR_SYNTAX, ERR_SIGNATURE, ERR_TIMESTAMP_STALE when it is over. */
enum err visit_token_check(const struct seal *seal, struct str token, int64_t now_us, struct str *contact_id) MUST_CHECK;

#endif
