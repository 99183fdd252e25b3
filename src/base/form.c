/* form.c -- owns the urlencoded form: a query or body taken apart into decoded names and values, strictly. */
#include "base/form.h"

#include <stdlib.h>

const struct form_limits form_limits_default = {.max_bytes = 2 << 20, .max_pairs = 20000};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes the escape that `text` starts with; -1 when it is none. */
static int escaped_byte(struct str text)
{
    int high = text.len >= 3 ? hex_digit(text.p[1]) : -1, low = high < 0 ? -1 : hex_digit(text.p[2]);

    return low < 0 ? -1 : high * 16 + low;
}

/* Decodes to `out`, which has room for text.len bytes. */
static enum err decode(struct str text, char *out, size_t *out_len)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        int c = text.p[i] == '+' ? ' ' : (unsigned char)text.p[i];

        if (c == '%') {
            c = escaped_byte(str_from(text, i));
            i += 2;
        }
        if (c <= 0)
            return ERR_SYNTAX;
        out[n++] = (char)c;
    }
    *out_len = n;
    return OK;
}

/* Decodes one pair to the form's bytes from `at` on; the decoded text is never longer than the encoded one. */
static enum err read_pair(struct form *form, struct str text, size_t *at)
{
    size_t equals = str_find(text, '=');
    struct form_pair pair = {.name = *at};
    enum err err = text.len ? decode(str_upto(text, equals), form->bytes + *at, &pair.name_len) : ERR_SYNTAX;

    if (err)
        return err;
    pair.value = *at + pair.name_len;
    err = decode(str_from(text, equals + 1), form->bytes + pair.value, &pair.value_len);
    if (err)
        return err;
    *at = pair.value + pair.value_len;
    form->pairs[form->n++] = pair;
    return OK;
}

static size_t count_pairs(struct str text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.len; i++)
        n += text.p[i] == '&';
    return n;
}

enum err form_parse(struct str text, const struct form_limits *limits, struct form *out)
{
    struct form form = {.n = 0};
    size_t n_pairs = count_pairs(text), at = 0;
    enum err err = OK;

    *out = form;
    if (text.len == 0)
        return OK;
    if (text.len > limits->max_bytes)
        return ERR_TOO_LARGE;
    if (n_pairs > limits->max_pairs)
        return ERR_TOO_MANY;
    form.bytes = malloc(text.len);
    form.pairs = calloc(n_pairs, sizeof(*form.pairs));
    if (!form.bytes || !form.pairs)
        err = ERR_MEMORY;
    while (!err && form.n < n_pairs) {
        size_t end = str_find(text, '&');

        err = read_pair(&form, str_upto(text, end), &at);
        text = str_from(text, end + 1);
    }
    if (err)
        form_release(&form);
    *out = form;
    return err;
}

void form_release(struct form *form)
{
    if (!form)
        return;
    free(form->bytes);
    free(form->pairs);
    *form = (struct form){.n = 0};
}

struct str form_name(const struct form *form, size_t i)
{
    return str_n(form->bytes + form->pairs[i].name, form->pairs[i].name_len);
}

struct str form_value(const struct form *form, size_t i)
{
    return str_n(form->bytes + form->pairs[i].value, form->pairs[i].value_len);
}

size_t form_get(const struct form *form, struct str name, struct str *value)
{
    struct str first = STR_NONE;
    size_t found = 0;

    for (size_t i = 0; i < form->n; i++)
        if (str_eq(form_name(form, i), name) && found++ == 0)
            first = form_value(form, i);
    if (value)
        *value = first;
    return found;
}

static enum err append_escaped(struct buf *out, struct str text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    enum err err = OK;

    for (size_t i = 0; i < text.len && !err; i++)
        err = buf_printf(out, memchr(plain, text.p[i], sizeof(plain) - 1) ? "%c" : "%%%02X", (unsigned char)text.p[i]);
    return err;
}

enum err form_append(struct buf *out, struct str name, struct str value)
{
    enum err err = out->len ? buf_append_c(out, '&') : OK;

    if (!err)
        err = append_escaped(out, name);
    if (!err)
        err = buf_append_c(out, '=');
    return err ? err : append_escaped(out, value);
}
