/* entity.c -- owns the decoding of HTML character references. */
#include "route/entity.h"

enum { REFERENCE_MAX_CHARS = 12 };

/* Names of U+00A0 to U+00FF, in order (HTML 4.01, section 24.2). */
static const char *const latin1[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",   "ordf",   "laquo",
    "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",   "acute",  "micro",  "para",   "middot",
    "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
    "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave", "Iacute", "Icirc",  "Iuml",
    "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",
    "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
    "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",    "ntilde", "ograve", "oacute",
    "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave", "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml",
};

static const struct {
    const char *name;
    uint32_t code;
} others[] = {
    {"amp", '&'},       {"lt", '<'},       {"gt", '>'},        {"quot", '"'},      {"apos", '\''},     {"ndash", 0x2013},
    {"mdash", 0x2014},  {"lsquo", 0x2018}, {"rsquo", 0x2019},  {"sbquo", 0x201a},  {"ldquo", 0x201c},  {"rdquo", 0x201d},
    {"bdquo", 0x201e},  {"bull", 0x2022},  {"hellip", 0x2026}, {"prime", 0x2032},  {"Prime", 0x2033},  {"lsaquo", 0x2039},
    {"rsaquo", 0x203a}, {"euro", 0x20ac},  {"trade", 0x2122},  {"larr", 0x2190},   {"rarr", 0x2192},   {"minus", 0x2212},
    {"hearts", 0x2665}, {"OElig", 0x0152}, {"oelig", 0x0153},  {"Scaron", 0x0160}, {"scaron", 0x0161}, {"Yuml", 0x0178},
    {"ensp", 0x2002},   {"emsp", 0x2003},  {"thinsp", 0x2009}, {"zwnj", 0x200c},   {"zwj", 0x200d},    {"permil", 0x2030},
};

static uint32_t named_code(struct str name)
{
    for (size_t i = 0; i < sizeof(latin1) / sizeof(latin1[0]); i++)
        if (str_eq(name, str_of(latin1[i])))
            return 0xa0 + (uint32_t)i;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (str_eq(name, str_of(others[i].name)))
            return others[i].code;
    return 0;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Reads the digits after "&#" (or "&#x"); 0 when they name no character that may stand in a text. */
static uint32_t numbered_code(struct str digits)
{
    bool hex = digits.len > 1 && (digits.p[0] | 0x20) == 'x';
    uint32_t code = 0, base = hex ? 16 : 10;

    digits = str_from(digits, hex ? 1 : 0);
    if (digits.len == 0 || digits.len > 8)
        return 0;
    for (size_t i = 0; i < digits.len; i++) {
        uint32_t value = (uint32_t)digit_value(digits.p[i]);

        if (value >= base)
            return 0;
        code = code * base + value;
        if (code > 0x10ffff)
            return 0;
    }
    if (code >= 0xd800 && code <= 0xdfff)
        return 0;
    return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : code;
}

static size_t put_utf8(uint32_t code, char *to)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xe0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3f));
        to[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 0x3f));
    to[2] = (char)(0x80 | (code >> 6 & 0x3f));
    to[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* Decodes the reference at the start of `text` to `to`; returns how many bytes it took, 0 when it is none. A character never
 * takes more bytes than its reference. */
static size_t decode_one(struct str text, char *to, size_t *written)
{
    struct str inner = str_upto(str_from(text, 1), REFERENCE_MAX_CHARS);
    size_t end = str_find(inner, ';');
    uint32_t code;

    if (end == inner.len || end == 0)
        return 0;
    inner = str_upto(inner, end);
    code = inner.p[0] == '#' ? numbered_code(str_from(inner, 1)) : named_code(inner);
    if (code == 0)
        return 0;
    *written = put_utf8(code, to);
    return end + 2;
}

enum err entity_decode(struct str text, struct arena *arena, struct str *out)
{
    size_t n = 0;
    char *to;

    *out = text;
    if (str_find(text, '&') == text.len)
        return OK;
    to = arena_alloc(arena, text.len);
    if (!to)
        return ERR_MEMORY;
    while (text.len) {
        size_t written = 1, taken = text.p[0] == '&' ? decode_one(text, to + n, &written) : 0;

        if (taken == 0) {
            to[n] = text.p[0];
            taken = 1;
        }
        n += written;
        text = str_from(text, taken);
    }
    *out = str_n(to, n);
    return OK;
}
