/* secret_form.c -- owns the way from a secret as the platform shows it to the bytes of the key. */
#include "verify/scheme.h"

#include "base/encode.h"

static enum err decode_text(struct str text, struct buf *out)
{
    return buf_append(out, text);
}

static enum err decode_hex(struct str text, struct buf *out)
{
    enum err err = buf_reserve(out, text.len / 2);

    if (!err)
        err = hex_decode(text, out->p, text.len / 2);
    if (!err)
        out->len = text.len / 2;
    return err;
}

static enum err decode_base64(struct str text, struct buf *out)
{
    size_t n = 0;
    enum err err = buf_reserve(out, text.len);

    if (!err)
        err = base64_decode(text, out->p, text.len, &n);
    if (!err)
        out->len = n;
    return err;
}

static enum err decode_whsec(struct str text, struct buf *out)
{
    struct str prefix = STR("whsec_");

    return decode_base64(str_starts(text, prefix) ? str_from(text, prefix.len) : text, out);
}

/* The five characters that WordPress stores as entities, in its named and numeric spellings. */
static const struct {
    const char *name;
    unsigned code;
    char plain;
} entities[] = {
    {"amp", 38, '&'}, {"lt", 60, '<'}, {"gt", 62, '>'}, {"quot", 34, '"'}, {"apos", 39, '\''},
};

static unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* Parses "#39", "#039", "#x27" without `;`; 0 when it is no number. */
static unsigned numeric_entity(struct str name)
{
    unsigned base = 10, code = 0;

    if (name.len < 2 || name.p[0] != '#')
        return 0;
    name = str_from(name, 1);
    if (name.p[0] == 'x' || name.p[0] == 'X') {
        base = 16;
        name = str_from(name, 1);
    }
    for (size_t i = 0; i < name.len; i++) {
        unsigned digit = hex_digit(name.p[i]);

        if (digit >= base || code > 1000)
            return 0;
        code = code * base + digit;
    }
    return code;
}

/* Returns the character that `name` (between & and ;) stands for, or 0. */
static char entity_char(struct str name)
{
    unsigned code = numeric_entity(name);

    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
        if (code == entities[i].code || str_eq(name, str_of(entities[i].name)))
            return entities[i].plain;
    return 0;
}

/* One pass, so that "&amp;lt;" becomes "&lt;", as wp_specialchars_decode(..., ENT_QUOTES) does. */
static enum err decode_html(struct str text, struct buf *out)
{
    enum err err = OK;

    while (!err && text.len) {
        size_t ampersand = str_find(text, '&'), end;
        char plain = 0;

        err = buf_append(out, str_upto(text, ampersand));
        text = str_from(text, ampersand);
        if (err || text.len == 0)
            break;
        end = str_find(text, ';');
        if (end < text.len)
            plain = entity_char(str_n(text.p + 1, end - 1));
        err = buf_append_c(out, plain ? plain : '&');
        text = str_from(text, plain ? end + 1 : 1);
    }
    return err;
}

enum err secret_decode(enum secret_form form, struct str text, struct buf *out)
{
    static enum err (*const decoders[SECRET__COUNT])(struct str, struct buf *) = {
        [SECRET_TEXT] = decode_text,   [SECRET_HEX] = decode_hex,   [SECRET_BASE64] = decode_base64,
        [SECRET_WHSEC] = decode_whsec, [SECRET_HTML] = decode_html,
    };
    enum err err = decoders[form](text, out);

    if (err)
        return err == ERR_RANGE ? ERR_SYNTAX : err;
    return out->len == 0 ? ERR_RANGE : OK; /* an HMAC under an empty key can be computed by anyone */
}
