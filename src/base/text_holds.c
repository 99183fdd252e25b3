/* text_holds.c -- owns finding a word in a text that may be written as URLs and JSON are. */
#include "base/text_holds.h"

static unsigned hex_value(struct str digits)
{
    unsigned value = 0;

    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.p[i], lower = (char)(c | 0x20);

        if (c >= '0' && c <= '9')
            value = value * 16 + (unsigned)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value * 16 + (unsigned)(lower - 'a') + 10;
        else
            return 0;
    }
    return value;
}

/* Takes one character off `s`: itself, or what %40 or \u0040 stands for. */
static char next_plain(struct str *s)
{
    unsigned code = 0;
    size_t used = 1;

    if (s->p[0] == '%' && s->len >= 3) {
        code = hex_value(str_n(s->p + 1, 2));
        used = 3;
    } else if (s->len >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
        code = hex_value(str_n(s->p + 2, 4));
        used = 6;
    }
    if (code == 0 || code > 0x7f) {
        code = (unsigned char)s->p[0];
        used = 1;
    }
    *s = str_from(*s, used);
    return (char)code;
}

static bool starts_plain(struct str s, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c;

        if (s.len == 0)
            return false;
        c = next_plain(&s);
        if (!str_eq_nocase(str_n(&c, 1), str_n(text.p + i, 1)))
            return false;
    }
    return true;
}

/* A cheap look, as there may be megabytes: no spelling of the word begins with another byte than these. */
static bool may_start(char c, struct str word)
{
    return c == '%' || c == '\\' || c == word.p[0] || str_eq_nocase(str_n(&c, 1), str_upto(word, 1));
}

bool text_holds(struct str text, struct str word)
{
    if (word.len == 0)
        return false;
    for (; text.len; text = str_from(text, 1))
        if (may_start(text.p[0], word) && starts_plain(text, word))
            return true;
    return false;
}
