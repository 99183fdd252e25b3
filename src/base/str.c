/* str.c -- owns the borrowed byte string: pointer and length, not NUL-terminated. */
#include "base/str.h"

#include <stdlib.h>

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.p, b.p, n) : 0;

    if (c)
        return c;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_upto(s, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix);
}

uint64_t str_hash(uint64_t h, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(1099511628211);
    return h;
}

size_t str_find(struct str s, char c)
{
    const char *hit = s.len ? memchr(s.p, c, s.len) : NULL;

    return hit ? (size_t)(hit - s.p) : s.len;
}

size_t str_find_str(struct str s, struct str needle)
{
    const char *hit = NULL;

    if (needle.len == 0)
        return 0;
    for (size_t at = 0; s.len - at >= needle.len; at++) {
        hit = memchr(s.p + at, needle.p[0], s.len - at - needle.len + 1);
        if (!hit)
            break;
        at = (size_t)(hit - s.p);
        if (memcmp(hit, needle.p, needle.len) == 0)
            return at;
    }
    return s.len;
}

struct str str_from(struct str s, size_t from)
{
    if (from >= s.len)
        return (struct str){.p = s.p ? s.p + s.len : NULL, .len = 0};
    return (struct str){.p = s.p + from, .len = s.len - from};
}

struct str str_upto(struct str s, size_t n)
{
    return (struct str){.p = s.p, .len = n < s.len ? n : s.len};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len && is_blank(s.p[0]))
        s = str_from(s, 1);
    while (s.len && is_blank(s.p[s.len - 1]))
        s.len--;
    return s;
}

bool str_split(struct str *rest, char sep, struct str *part)
{
    size_t at;

    if (rest->p == NULL)
        return false;
    at = str_find(*rest, sep);
    *part = str_upto(*rest, at);
    *rest = at < rest->len ? str_from(*rest, at + 1) : STR_NONE;
    return true;
}

enum err str_to_u64(struct str s, uint64_t *out)
{
    uint64_t n = 0;

    if (s.len == 0)
        return ERR_SYNTAX;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

        if (digit > 9)
            return ERR_SYNTAX;
        if (n > (UINT64_MAX - digit) / 10)
            return ERR_RANGE;
        n = n * 10 + digit;
    }
    *out = n;
    return OK;
}

enum err str_to_i64(struct str s, int64_t *out)
{
    bool minus = s.len && s.p[0] == '-';
    uint64_t n = 0;
    enum err err = str_to_u64(minus ? str_from(s, 1) : s, &n);

    if (err)
        return err;
    if (n > (uint64_t)INT64_MAX + (minus ? 1 : 0))
        return ERR_RANGE;
    *out = minus ? (int64_t)(0 - n) : (int64_t)n;
    return OK;
}

char *str_dup(struct str s)
{
    char *copy = s.len < SIZE_MAX ? malloc(s.len + 1) : NULL;

    if (!copy)
        return NULL;
    if (s.len)
        memcpy(copy, s.p, s.len);
    copy[s.len] = '\0';
    return copy;
}

/* Returns how many bytes the sequence at p takes (Unicode 15, table 3-7), 0 when it is malformed. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    if (left >= 2 && p[0] >= 0xc2 && p[0] <= 0xdf)
        return (p[1] & 0xc0) == 0x80 ? 2 : 0;
    if (left >= 3 && (p[0] & 0xf0) == 0xe0) {
        unsigned char low = p[0] == 0xe0 ? 0xa0 : 0x80, high = p[0] == 0xed ? 0x9f : 0xbf;

        return p[1] >= low && p[1] <= high && (p[2] & 0xc0) == 0x80 ? 3 : 0;
    }
    if (left >= 4 && p[0] >= 0xf0 && p[0] <= 0xf4) {
        unsigned char low = p[0] == 0xf0 ? 0x90 : 0x80, high = p[0] == 0xf4 ? 0x8f : 0xbf;

        return p[1] >= low && p[1] <= high && (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80 ? 4 : 0;
    }
    return 0;
}

bool str_is_utf8(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;

    for (size_t at = 0; at < s.len;) {
        size_t n = utf8_length(p + at, s.len - at);

        if (n == 0)
            return false;
        at += n;
    }
    return true;
}

size_t str_distance(struct str a, struct str b, size_t max)
{
    size_t row[65];

    if (a.len > 64 || b.len > 64)
        return max + 1;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.p[i - 1] != b.p[j - 1]);

            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[b.len] <= max ? row[b.len] : max + 1;
}
