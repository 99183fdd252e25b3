/* encode.h -- owns strict hex, base64 and base64url: one right form in, everything else refused. */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include "base/buf.h"
#include "base/str.h"

/* Lower-case hex into `out`, which holds 2 * bytes.len + 1 characters; NUL-terminated. */
void hex_encode(struct str bytes, char *out);
/* Decodes lower-case hex of exactly 2 * out_len digits. ERR_SYNTAX otherwise (upper case too). */
enum err hex_decode(struct str text, void *out, size_t out_len) MUST_CHECK;

/* Characters that base64 of n bytes takes, without NUL. */
#define BASE64_LEN(n) (((n) + 2) / 3 * 4)
/* Standard alphabet with padding into `out`, which holds BASE64_LEN(bytes.len) + 1; NUL-terminated. */
void base64_encode(struct str bytes, char *out);
/* Decodes canonical base64 (padding present, unused bits zero, no white space) of any length into out (capacity out_cap).
 * ERR_SYNTAX when it is not canonical, ERR_RANGE when it does not fit. */
enum err base64_decode(struct str text, void *out, size_t out_cap, size_t *out_len) MUST_CHECK;
/* As base64_decode for the URL alphabet without padding (RFC 7515, 2), as JSON web tokens use it. */
enum err base64url_decode(struct str text, void *out, size_t out_cap, size_t *out_len) MUST_CHECK;
/* The URL alphabet without padding into `out`, which holds BASE64_LEN(bytes.len) + 1; NUL-terminated; returns the length. */
size_t base64url_encode(struct str bytes, char *out);

#endif
