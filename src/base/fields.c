/* fields.c -- owns the list of header fields: borrowed name and value pairs, looked up without regard to case. */
#include "base/fields.h"

size_t fields_get(struct fields fields, struct str name, struct str *value)
{
    struct str first = STR_NONE;
    size_t found = 0;

    for (size_t i = 0; i < fields.n; i++)
        if (str_eq_nocase(fields.at[i].name, name) && found++ == 0)
            first = fields.at[i].value;
    if (value)
        *value = first;
    return found;
}
