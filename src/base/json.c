/* json.c -- owns our own JSON: jansson with our rules. */
#include "base/json.h"

#include "base/timefmt.h"

enum { JSON_MAX_BYTES = 16 << 20 };

enum err json_parse(struct str text, json_t **out, struct buf *where)
{
    json_error_t why;
    json_t *value;

    if (text.len > JSON_MAX_BYTES)
        return ERR_TOO_LARGE;
    value = json_loadb(text.p ? text.p : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (value) {
        *out = value;
        return OK;
    }
    if (json_error_code(&why) == json_error_out_of_memory)
        return ERR_MEMORY;
    if (where) {
        enum err err = buf_printf(where, "%d:%d: %s", why.line, why.column, why.text);

        if (err)
            return err;
    }
    return ERR_SYNTAX;
}

/* What a dump callback appends to, with the error that stopped it. */
struct printer {
    struct buf *out;
    enum err err;
};

static int append_piece(const char *bytes, size_t n, void *arg)
{
    struct printer *printer = arg;

    printer->err = buf_append(printer->out, str_n(bytes, n));
    return printer->err ? -1 : 0;
}

static enum err print(const json_t *value, size_t flags, struct buf *out)
{
    struct printer printer = {.out = out, .err = OK};

    if (json_dump_callback(value, append_piece, &printer, flags | JSON_ENCODE_ANY) == 0)
        return OK;
    return printer.err ? printer.err : ERR_MEMORY;
}

enum err json_print(const json_t *value, struct buf *out)
{
    return print(value, JSON_COMPACT, out);
}

enum err json_print_sorted(const json_t *value, struct buf *out)
{
    return print(value, JSON_COMPACT | JSON_SORT_KEYS, out);
}

enum err json_print_pretty(const json_t *value, struct buf *out)
{
    return print(value, JSON_INDENT(2), out);
}

/* Returns the length of the longest well-formed start of s. */
static size_t utf8_prefix(struct str s)
{
    size_t good = 0;

    while (good < s.len) {
        size_t n = 1;

        while (n <= 4 && good + n <= s.len && !str_is_utf8(str_n(s.p + good, n)))
            n++;
        if (n > 4 || good + n > s.len)
            break;
        good += n;
    }
    return good;
}

/* Appends s with each byte that belongs to no character replaced by U+FFFD. */
static enum err append_repaired(struct str s, struct buf *out)
{
    enum err err = OK;

    while (!err && s.len) {
        size_t good = utf8_prefix(s);

        err = buf_append(out, str_upto(s, good));
        s = str_from(s, good);
        if (!err && s.len) {
            err = buf_append(out, STR("\xef\xbf\xbd"));
            s = str_from(s, 1);
        }
    }
    return err;
}

json_t *json_str(struct str s)
{
    struct buf repaired;
    json_t *value = NULL;

    if (str_is_utf8(s))
        return json_stringn_nocheck(s.p ? s.p : "", s.len);
    if (s.len > JSON_MAX_BYTES)
        return NULL;
    buf_init(&repaired, 3 * s.len);
    if (append_repaired(s, &repaired) == OK)
        value = json_stringn_nocheck(buf_text(&repaired), repaired.len);
    buf_release(&repaired);
    return value;
}

struct str json_text(const json_t *value)
{
    if (!json_is_string(value))
        return STR_NONE;
    return str_n(json_string_value(value), json_string_length(value));
}

struct str json_member_text(const json_t *object, const char *key)
{
    return json_text(json_object_get(object, key));
}

json_t *json_time(int64_t us)
{
    char text[TIME_ISO_CHARS + 1];

    return us > 0 ? json_string(time_iso(us, text)) : json_null();
}
