/* text.c -- owns what becomes of text that is no UTF-8, or has a NUL byte, where a back end cannot hold it. */
#include "db/db.h"

#include <stdlib.h>

bool db_text_is_whole(struct str text)
{
    return str_is_utf8(text) && (text.len == 0 || !memchr(text.p, '\0', text.len));
}

/* Bytes of the character that `s` begins with; 0 when it begins with none that PostgreSQL can hold. */
static size_t character(struct str s)
{
    for (size_t n = 1; *s.p && n <= 4 && n <= s.len; n++)
        if (str_is_utf8(str_upto(s, n)))
            return n;
    return 0;
}

/* A reason that was cut within a character, a name with a NUL byte: no cause to refuse the whole entry. Such bytes become "?". */
char *db_text_mend(struct str s)
{
    char *copy = malloc(s.len ? s.len : 1), *end = copy;

    while (copy && s.len) {
        size_t n = character(s);

        if (n)
            memcpy(end, s.p, n);
        else
            *end = '?';
        end += n ? n : 1;
        s = str_from(s, n ? n : 1);
    }
    return copy;
}
