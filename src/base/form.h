/* form.h -- owns the urlencoded form: a query or body taken apart into decoded names and values, strictly. */
#ifndef BASE_FORM_H
#define BASE_FORM_H

#include "base/buf.h"

/* Offsets into the form's bytes. */
struct form_pair {
    size_t name, name_len, value, value_len;
};

/* Pairs in the order of the text; names may repeat. Brackets in a name mean nothing here. All zero = empty. */
struct form {
    char *bytes; /* decoded names and values; owned */
    struct form_pair *pairs;
    size_t n;
};

/* Limits of one parse (N9). */
struct form_limits {
    size_t max_bytes; /* of the text */
    size_t max_pairs;
};
extern const struct form_limits form_limits_default; /* 2 MiB, 20,000 pairs */

/*
 * Decodes `text`: pairs between "&", name and value between the first "=" (none: the value is empty), "+" is a blank, %XX a
 * byte. Fills `out`, which form_release frees; on an error it stays empty. An empty text has no pairs.
 * Bytes are not checked to be UTF-8.
 * Errors: ERR_SYNTAX for an escape without two hex digits, a NUL (raw or %00) and an empty pair; ERR_TOO_LARGE, ERR_TOO_MANY
 * past the limits, ERR_MEMORY.
 * Source: WHATWG URL Standard, 5.1 (application/x-www-form-urlencoded parsing), without its leniency.
 */
enum err form_parse(struct str text, const struct form_limits *limits, struct form *out) MUST_CHECK;
/* NULL is fine. */
void form_release(struct form *form);
/* Borrows from the form. */
struct str form_name(const struct form *form, size_t i);
struct str form_value(const struct form *form, size_t i);
/* Returns how many pairs have that name; `*value` is the first one's, STR_NONE when there is none. `value` may be NULL. */
size_t form_get(const struct form *form, struct str name, struct str *value);
/* Appends "name=value", after a "&" unless it is the first; in both, what is no letter, digit, "-", "_" or "." is escaped. */
enum err form_append(struct buf *out, struct str name, struct str value) MUST_CHECK;

#endif
