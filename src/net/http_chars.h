/* http_chars.h -- owns the classes of characters in HTTP/1.x text. */
#ifndef NET_HTTP_CHARS_H
#define NET_HTTP_CHARS_H

#include "base/str.h"

enum {
    HTTP_TOKEN = 1, /* tchar, RFC 9110 5.6.2 */
    HTTP_VALUE = 2, /* field value: visible, blank, TAB, 0x80..0xff; no control characters */
    HTTP_PATH = 4,  /* pchar and "/", RFC 3986 3.3 */
    HTTP_QUERY = 8, /* any visible ASCII but "#" */
    HTTP_HOST = 16, /* letters, digits, "-", ".", "_" */
    HTTP_HEX = 32,  /* hexadecimal digits */
};

extern const unsigned char http_chars[256];

static inline bool http_is(char c, int mask)
{
    return http_chars[(unsigned char)c] & mask;
}

/* True when every byte of s has one of the classes; true for an empty s. */
bool http_all(struct str s, int mask);

#endif
