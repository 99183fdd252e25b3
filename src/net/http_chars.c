/* http_chars.c -- owns the classes of characters in HTTP/1.x text. */
#include "net/http_chars.h"

enum {
    ANY = HTTP_TOKEN | HTTP_VALUE | HTTP_PATH | HTTP_QUERY, /* allowed in all four */
    SUB = HTTP_VALUE | HTTP_PATH | HTTP_QUERY,              /* no token */
    ODD = HTTP_VALUE | HTTP_QUERY,                          /* neither token nor path */
    MARK = HTTP_TOKEN | HTTP_VALUE | HTTP_QUERY,            /* token, not path */
};

const unsigned char http_chars[256] = {
    ['\t'] = HTTP_VALUE,
    [' '] = HTTP_VALUE,
    ['!'] = ANY,
    ['"'] = ODD,
    ['#'] = HTTP_TOKEN | HTTP_VALUE,
    ['$'] = ANY,
    ['%'] = ANY,
    ['&'] = ANY,
    ['\''] = ANY,
    ['('] = SUB,
    [')'] = SUB,
    ['*'] = ANY,
    ['+'] = ANY,
    [','] = SUB,
    ['-'] = ANY | HTTP_HOST,
    ['.'] = ANY | HTTP_HOST,
    ['/'] = SUB,
    ['0' ... '9'] = ANY | HTTP_HOST | HTTP_HEX,
    [':'] = SUB,
    [';'] = SUB,
    ['<'] = ODD,
    ['='] = SUB,
    ['>'] = ODD,
    ['?'] = ODD,
    ['@'] = SUB,
    ['A' ... 'F'] = ANY | HTTP_HOST | HTTP_HEX,
    ['G' ... 'Z'] = ANY | HTTP_HOST,
    ['['] = ODD,
    ['\\'] = ODD,
    [']'] = ODD,
    ['^'] = MARK,
    ['_'] = ANY | HTTP_HOST,
    ['`'] = MARK,
    ['a' ... 'f'] = ANY | HTTP_HOST | HTTP_HEX,
    ['g' ... 'z'] = ANY | HTTP_HOST,
    ['{'] = ODD,
    ['|'] = MARK,
    ['}'] = ODD,
    ['~'] = ANY,
    [0x80 ... 0xff] = HTTP_VALUE,
};

bool http_all(struct str s, int mask)
{
    for (size_t i = 0; i < s.len; i++)
        if (!http_is(s.p[i], mask))
            return false;
    return true;
}
