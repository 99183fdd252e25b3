/* json_member.c -- owns the walk over a JSON object's text to one of its members, before the body is verified. */

/*
 * Nothing is built, decoded or kept: the walk goes once over the text, at most 32 levels deep. It takes less than
 * RFC 8259 does, never more: what it finds a parser finds as well. A member's name with an escape is refused on the first level,
 * so that no other spelling of the name can hide there.
 */
#include "verify/signed_text.h"

enum { BODY_MAX_BYTES = 256 << 10, DEPTH_MAX = 32, MEMBER_MAX_BYTES = 256 };

/* What is left of the text. */
struct walk {
    struct str rest;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct walk *w)
{
    size_t n = 0;

    while (n < w->rest.len && memchr(" \t\r\n", w->rest.p[n], 4))
        n++;
    w->rest = str_from(w->rest, n);
}

static bool take(struct walk *w, char c)
{
    skip_blanks(w);
    if (w->rest.len == 0 || w->rest.p[0] != c)
        return false;
    w->rest = str_from(w->rest, 1);
    return true;
}

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.p[i]) && !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f'))
            return false;
    return true;
}

/* Returns how many bytes the escape takes that `s` starts with, 0 when it is none. */
static size_t escape_len(struct str s)
{
    if (s.len < 2 || s.p[1] == '\0' || !strchr("\"\\/bfnrtu", s.p[1]))
        return 0;
    if (s.p[1] != 'u')
        return 2;
    return s.len >= 6 && is_hex(str_n(s.p + 2, 4)) ? 6 : 0;
}

/* Takes a string; *out is what is between the quotes, escapes as written. */
static bool take_string(struct walk *w, struct str *out)
{
    size_t i = 0;

    if (!take(w, '"'))
        return false;
    while (i < w->rest.len && w->rest.p[i] != '"') {
        size_t n = w->rest.p[i] == '\\' ? escape_len(str_from(w->rest, i)) : (unsigned char)w->rest.p[i] >= ' ';

        if (n == 0)
            return false;
        i += n;
    }
    if (i >= w->rest.len)
        return false;
    *out = str_upto(w->rest, i);
    w->rest = str_from(w->rest, i + 1);
    return true;
}

static size_t count_digits(struct str s, size_t from)
{
    size_t n = from;

    while (n < s.len && is_digit(s.p[n]))
        n++;
    return n - from;
}

/* Returns how many bytes of `s` are a number, 0 when it is none (RFC 8259, 6). */
static size_t number_len(struct str s)
{
    size_t at = s.len && s.p[0] == '-', n = count_digits(s, at);

    if (n == 0 || (n > 1 && s.p[at] == '0'))
        return 0;
    at += n;
    if (at < s.len && s.p[at] == '.') {
        n = count_digits(s, at + 1);
        if (n == 0)
            return 0;
        at += n + 1;
    }
    if (at < s.len && (s.p[at] | 0x20) == 'e') {
        size_t sign = at + 1 < s.len && (s.p[at + 1] == '+' || s.p[at + 1] == '-');

        n = count_digits(s, at + 1 + sign);
        return n ? at + 1 + sign + n : 0;
    }
    return at;
}

/* Takes a number or a word; *out is its text. */
static bool take_plain(struct walk *w, struct str *out)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t n;

    skip_blanks(w);
    n = number_len(w->rest);
    for (size_t i = 0; i < 3; i++)
        if (str_starts(w->rest, str_of(words[i])))
            n = strlen(words[i]);
    *out = str_upto(w->rest, n);
    w->rest = str_from(w->rest, n);
    return n > 0;
}

static bool starts_with(struct walk *w, char c)
{
    skip_blanks(w);
    return w->rest.len && w->rest.p[0] == c;
}

static bool take_value(struct walk *w, unsigned depth);

static bool take_key(struct walk *w, struct str *key)
{
    return take_string(w, key) && take(w, ':');
}

/* Takes the rest of an object or list, whose opening was taken. */
static bool take_nested(struct walk *w, bool is_object, unsigned depth)
{
    char close = is_object ? '}' : ']';
    struct str key;

    if (depth == DEPTH_MAX)
        return false;
    if (take(w, close))
        return true;
    do {
        if ((is_object && !take_key(w, &key)) || !take_value(w, depth + 1))
            return false;
    } while (take(w, ','));
    return take(w, close);
}

static bool take_value(struct walk *w, unsigned depth)
{
    struct str text;

    if (starts_with(w, '"'))
        return take_string(w, &text);
    if (take(w, '{'))
        return take_nested(w, true, depth);
    return take(w, '[') ? take_nested(w, false, depth) : take_plain(w, &text);
}

static bool is_plain_text(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '\\')
            return false;
    return s.len > 0 && s.len <= MEMBER_MAX_BYTES;
}

/* Takes the member's value: a text without escapes, or a whole number. */
static bool take_scalar(struct walk *w, struct str *out)
{
    if (starts_with(w, '"'))
        return take_string(w, out) && is_plain_text(*out);
    return take_plain(w, out) && out->len <= MEMBER_MAX_BYTES &&
           count_digits(*out, out->p[0] == '-') == out->len - (out->p[0] == '-');
}

/* Takes one member of the first level. */
static bool take_member(struct walk *w, struct str name, struct str *out, size_t *found)
{
    struct str key;

    if (!take_key(w, &key) || str_find(key, '\\') < key.len)
        return false;
    if (!str_eq(key, name))
        return take_value(w, 1);
    return (*found)++ == 0 && take_scalar(w, out);
}

enum err json_member_scan(struct str body, struct str name, struct str *out)
{
    struct walk w = {.rest = body};
    size_t found = 0;

    if (body.len > BODY_MAX_BYTES || !take(&w, '{'))
        return ERR_SIGNATURE_MALFORMED;
    do {
        if (!take_member(&w, name, out, &found))
            return ERR_SIGNATURE_MALFORMED;
    } while (take(&w, ','));
    if (!take(&w, '}') || found != 1)
        return ERR_SIGNATURE_MALFORMED;
    skip_blanks(&w);
    return w.rest.len == 0 ? OK : ERR_SIGNATURE_MALFORMED;
}
