/* phone.c -- owns the phone number: which text is one, and its E.164 form. */
#include "model/phone.h"

static bool is_separator(char c)
{
    return c != '\0' && strchr(" .-()[]", c) != NULL;
}

enum err phone_normalise(struct str raw, char out[PHONE_CHARS + 1])
{
    struct str text = str_trim(raw), rest = str_from(text, 1);
    size_t digits = 0;

    if (!str_starts(text, STR("+")) || str_find_str(rest, STR("(0)")) < rest.len || str_find_str(rest, STR("[0]")) < rest.len)
        return ERR_SYNTAX;
    out[0] = '+';
    for (size_t i = 0; i < rest.len; i++) {
        if (is_separator(rest.p[i]))
            continue;
        if (rest.p[i] < '0' || rest.p[i] > '9' || digits == PHONE_DIGITS_MAX)
            return ERR_SYNTAX;
        out[1 + digits++] = rest.p[i];
    }
    out[1 + digits] = '\0';
    return digits >= PHONE_DIGITS_MIN && out[1] != '0' ? OK : ERR_SYNTAX; /* no country code starts with 0 */
}
