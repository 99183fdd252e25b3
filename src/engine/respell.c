/* respell.c -- owns the ways in which programs write the same JSON: white space and escapes differ, the tokens stay. */
#include "engine/respell.h"

#include "base/json.h"

enum { DEPTH_MAX = 64 };

/* Between tokens; indent < 0 = all in one line. */
static const struct space {
    const char *name, *comma, *colon;
    int indent;
    char with;
} spaces[] = {
    {"compact", ",", ":", -1, ' '},           {"with blanks after commas and colons", ", ", ": ", -1, ' '},
    {"indented by 2", ",", ": ", 2, ' '},     {"indented by 4", ",", ": ", 4, ' '},
    {"indented by tabs", ",", ": ", 1, '\t'},
};
/* Within texts. */
static const struct escape {
    bool ascii, slash, html;
} escapes[] = {
    {false, false, false}, {true, false, false}, {true, true, false}, {false, true, false}, {false, false, true},
};
enum { SPACES = sizeof(spaces) / sizeof(*spaces), ESCAPES = sizeof(escapes) / sizeof(*escapes) };

struct writer {
    const struct space *space;
    const struct escape *escape;
    struct buf *out;
    int depth;
};

/* --- texts ------------------------------------------------------------------------------------------------------------ */

static enum err put_escaped(struct writer *w, unsigned code)
{
    if (code < 0x10000)
        return buf_printf(w->out, "\\u%04x", code);
    code -= 0x10000;
    return buf_printf(w->out, "\\u%04x\\u%04x", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
}

/* Takes one character of well-formed UTF-8 off `s`. */
static unsigned take_utf8(struct str *s, size_t *len)
{
    unsigned char first = (unsigned char)s->p[0];
    unsigned code = first;

    *len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (*len > 1)
        code = first & (0xffu >> (*len + 1));
    for (size_t i = 1; i < *len && i < s->len; i++)
        code = code << 6 | ((unsigned char)s->p[i] & 0x3fu);
    *s = str_from(*s, *len);
    return code;
}

static enum err put_char(struct writer *w, struct str bytes, unsigned code)
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *at = code && code < 0x80 ? strchr(named, (int)code) : NULL;

    if (at)
        return buf_printf(w->out, "\\%c", letters[at - named]);
    if (code == '/' && w->escape->slash)
        return buf_append(w->out, STR("\\/"));
    if (code < ' ' || (code > 0x7e && w->escape->ascii) ||
        (w->escape->html && (code == '<' || code == '>' || code == '&' || code == 0x2028 || code == 0x2029)))
        return put_escaped(w, code);
    return buf_append(w->out, bytes);
}

/* Writes a text that was parsed, so that escapes are as this way has them. */
static enum err put_string(struct writer *w, struct str text)
{
    enum err err = buf_append_c(w->out, '"');

    while (!err && text.len) {
        const char *p = text.p;
        size_t len = 0;
        unsigned code = take_utf8(&text, &len);

        err = put_char(w, str_n(p, len), code);
    }
    return err ? err : buf_append_c(w->out, '"');
}

/* Cuts a text, from its quote on, off `rest`; its escapes are decoded by the parser that knows them. */
static enum err copy_string(struct writer *w, struct str *rest)
{
    struct buf wrapped = BUF_INIT(rest->len + 2);
    json_t *list = NULL;
    size_t end = 1;
    enum err err = buf_append_c(&wrapped, '[');

    while (end < rest->len && rest->p[end] != '"')
        end += rest->p[end] == '\\' ? 2 : 1;
    if (!err)
        err = end < rest->len ? buf_append(&wrapped, str_upto(*rest, end + 1)) : ERR_SYNTAX;
    if (!err)
        err = buf_append_c(&wrapped, ']');
    if (!err)
        err = json_parse(buf_str(&wrapped), &list, NULL);
    if (!err)
        err = put_string(w, json_text(json_array_get(list, 0)));
    json_decref(list);
    buf_release(&wrapped);
    *rest = str_from(*rest, end + 1);
    return err;
}

/* --- tokens ----------------------------------------------------------------------------------------------------------- */

static enum err new_line(struct writer *w)
{
    enum err err = w->space->indent < 0 ? OK : buf_append_c(w->out, '\n');

    for (int i = 0; i < w->depth * w->space->indent && !err; i++)
        err = buf_append_c(w->out, w->space->with);
    return err;
}

static enum err put_open(struct writer *w, char c, struct str *rest)
{
    enum err err = buf_append_c(w->out, c);

    *rest = str_trim(*rest);
    if (++w->depth > DEPTH_MAX)
        return ERR_SYNTAX;
    if (rest->len && (rest->p[0] == '}' || rest->p[0] == ']')) { /* empty: stays closed */
        w->depth--;
        c = rest->p[0];
        *rest = str_from(*rest, 1);
        return err ? err : buf_append_c(w->out, c);
    }
    return err ? err : new_line(w);
}

static enum err put_close(struct writer *w, char c)
{
    enum err err;

    w->depth--;
    err = new_line(w);
    return err ? err : buf_append_c(w->out, c);
}

/* Copies a number or a word as it stands. */
static enum err put_word(struct writer *w, struct str *rest)
{
    struct str word;
    size_t n = 0;

    while (n < rest->len && !memchr(",:{}[]\" \t\r\n", rest->p[n], 11))
        n++;
    word = str_upto(*rest, n);
    *rest = str_from(*rest, n);
    return buf_append(w->out, word);
}

static enum err put_token(struct writer *w, struct str *rest)
{
    char c = rest->p[0];
    enum err err;

    if (c == '"')
        return copy_string(w, rest);
    if (!strchr(",:{}[]", c))
        return put_word(w, rest);
    *rest = str_from(*rest, 1);
    if (c == '{' || c == '[')
        return put_open(w, c, rest);
    if (c == '}' || c == ']')
        return put_close(w, c);
    err = buf_append(w->out, str_of(c == ',' ? w->space->comma : w->space->colon));
    return err || c == ':' ? err : new_line(w);
}

size_t respell_ways(void)
{
    return SPACES * ESCAPES;
}

const char *respell_name(size_t way)
{
    return spaces[way / ESCAPES].name;
}

enum err respell(struct str json, size_t way, struct buf *out)
{
    struct writer w = {.space = &spaces[way / ESCAPES], .escape = &escapes[way % ESCAPES], .out = out};
    json_t *parsed = NULL;
    enum err err = json_parse(json, &parsed, NULL); /* so that the walk meets tokens of JSON only */

    json_decref(parsed);
    for (json = str_trim(json); json.len && !err; json = str_trim(json))
        err = put_token(&w, &json);
    return err;
}
