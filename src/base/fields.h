/* fields.h -- owns the list of header fields: borrowed name and value pairs, looked up without regard to case. */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include "base/str.h"

struct field {
    struct str name, value; /* value without surrounding blanks */
};

/* Borrows the array and all bytes. */
struct fields {
    const struct field *at;
    size_t n;
};

/* Returns how many fields have that name; `*value` is the first one's, STR_NONE when there is none. `value` may be NULL. */
size_t fields_get(struct fields fields, struct str name, struct str *value);

#endif
