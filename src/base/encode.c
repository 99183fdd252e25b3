/* encode.c -- owns strict hex and base64: one right form in, everything else refused. */
#include "base/encode.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_encode(struct str bytes, char *out)
{
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.p[i];

        *out++ = hex_digits[c >> 4];
        *out++ = hex_digits[c & 15];
    }
    *out = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

enum err hex_decode(struct str text, void *out, size_t out_len)
{
    unsigned char *bytes = out;

    if (text.len / 2 != out_len || text.len % 2)
        return ERR_SYNTAX;
    for (size_t i = 0; i < out_len; i++) {
        int high = hex_value(text.p[2 * i]), low = hex_value(text.p[2 * i + 1]);

        if (high < 0 || low < 0)
            return ERR_SYNTAX;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return OK;
}

void base64_encode(struct str bytes, char *out)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t i = 0;

    for (; i + 2 < bytes.len; i += 3) {
        *out++ = base64_digits[p[i] >> 2];
        *out++ = base64_digits[(p[i] & 3) << 4 | p[i + 1] >> 4];
        *out++ = base64_digits[(p[i + 1] & 15) << 2 | p[i + 2] >> 6];
        *out++ = base64_digits[p[i + 2] & 63];
    }
    if (i < bytes.len) {
        bool two = bytes.len - i == 2;

        *out++ = base64_digits[p[i] >> 2];
        *out++ = base64_digits[(p[i] & 3) << 4 | (two ? p[i + 1] >> 4 : 0)];
        *out++ = two ? base64_digits[(p[i + 1] & 15) << 2] : '=';
        *out++ = '=';
    }
    *out = '\0';
}

static int base64_value(char c)
{
    const char *at = c ? memchr(base64_digits, c, 64) : NULL;

    return at ? (int)(at - base64_digits) : -1;
}

/* Decodes one group of four; returns how many bytes it holds, 0 when it is not canonical. */
static size_t base64_group(const char *in, bool last, unsigned char out[3])
{
    int a = base64_value(in[0]), b = base64_value(in[1]);
    int c = in[2] == '=' ? -2 : base64_value(in[2]), d = in[3] == '=' ? -2 : base64_value(in[3]);

    if (a < 0 || b < 0 || c == -1 || d == -1)
        return 0;
    if ((c == -2 || d == -2) && !last)
        return 0;
    out[0] = (unsigned char)(a << 2 | b >> 4);
    if (c == -2)
        return d == -2 && (b & 15) == 0 ? 1 : 0;
    out[1] = (unsigned char)((b & 15) << 4 | c >> 2);
    if (d == -2)
        return (c & 3) == 0 ? 2 : 0;
    out[2] = (unsigned char)((c & 3) << 6 | d);
    return 3;
}

enum err base64_decode(struct str text, void *out, size_t out_cap, size_t *out_len)
{
    unsigned char *bytes = out, group[3] = {0};
    size_t total = 0;

    if (text.len % 4)
        return ERR_SYNTAX;
    for (size_t i = 0; i < text.len; i += 4) {
        size_t n = base64_group(text.p + i, i + 4 == text.len, group);

        if (n == 0)
            return ERR_SYNTAX;
        if (n > out_cap - total)
            return ERR_RANGE;
        memcpy(bytes + total, group, n);
        total += n;
    }
    *out_len = total;
    return OK;
}

static char from_url_alphabet(char c)
{
    switch (c) {
    case '-':
        return '+';
    case '_':
        return '/';
    case '+':
    case '/':
    case '=':
        return '\0'; /* not of this alphabet */
    default:
        return c;
    }
}

enum err base64url_decode(struct str text, void *out, size_t out_cap, size_t *out_len)
{
    unsigned char *bytes = out;
    size_t total = 0;
    enum err err;

    while (text.len) {
        char four[4] = {'=', '=', '=', '='};
        size_t n = 0, len = text.len < 4 ? text.len : 4;

        for (size_t i = 0; i < len; i++)
            four[i] = from_url_alphabet(text.p[i]);
        text = str_from(text, len);
        err = base64_decode(str_n(four, 4), bytes + total, out_cap - total, &n);
        if (err)
            return err;
        total += n;
    }
    *out_len = total;
    return OK;
}

size_t base64url_encode(struct str bytes, char *out)
{
    size_t n;

    base64_encode(bytes, out);
    n = strcspn(out, "=");
    out[n] = '\0';
    for (size_t i = 0; i < n; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
    return n;
}
