/* personal.c -- owns personalisation tags: %NAME% and %NAME|default% in a text, replaced by a contact's values (F3). */
#include "model/personal.h"

#include "model/field.h"

#include <stdio.h>

_Static_assert(PERSONAL_TAG_CHARS >= FIELD_NAME_BYTES_MAX + 2, "a tag holds any name");

/* A tag found in the text. */
struct tag {
    struct str name, fallback;
    size_t len; /* of all of it, both '%' included */
};

static bool is_tag_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* `text` begins with '%'. False when that is no tag. */
static bool read_tag(struct str text, struct tag *out)
{
    size_t n = 1;

    while (n < text.len && is_tag_char(text.p[n]))
        n++;
    if (n == 1 || n == text.len || n - 1 > FIELD_NAME_BYTES_MAX || text.p[1] < 'A' || text.p[1] > 'Z')
        return false;
    *out = (struct tag){.name = {text.p + 1, n - 1}};
    if (text.p[n] == '|') {
        size_t from = ++n;

        while (n < text.len && text.p[n] != '%' && text.p[n] != '\n' && text.p[n] != '\r')
            n++;
        out->fallback = str_n(text.p + from, n - from);
    }
    out->len = n + 1;
    return n < text.len && text.p[n] == '%';
}

static enum err append_html(struct str value, struct buf *out)
{
    static const struct {
        char c;
        const char *as;
    } escaped[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    enum err err = OK;

    for (size_t i = 0; i < value.len && !err; i++) {
        struct str one = str_n(value.p + i, 1);

        for (size_t k = 0; k < sizeof(escaped) / sizeof(*escaped); k++)
            if (value.p[i] == escaped[k].c)
                one = str_of(escaped[k].as);
        err = buf_append(out, one);
    }
    return err;
}

/* Appends what the tag stands for, or the tag itself when it names no field. */
static enum err append_tag(const struct tag *tag, struct str as_written, enum personal_form form, personal_value *value, void *arg,
                           struct buf *out)
{
    char name[FIELD_NAME_BYTES_MAX];
    struct str text = STR_NONE;
    enum err err;

    for (size_t i = 0; i < tag->name.len; i++)
        name[i] = tag->name.p[i] >= 'A' && tag->name.p[i] <= 'Z' ? (char)(tag->name.p[i] + ('a' - 'A')) : tag->name.p[i];
    err = value(arg, str_n(name, tag->name.len), &text);
    if (err == ERR_NOT_FOUND)
        return buf_append(out, as_written);
    if (err)
        return err;
    if (text.len == 0)
        return buf_append(out, tag->fallback);
    return form == PERSONAL_HTML ? append_html(text, out) : buf_append(out, text);
}

enum err personal_render(struct str text, enum personal_form form, personal_value *value, void *arg, struct buf *out)
{
    enum err err = OK;

    while (text.len && !err) {
        size_t plain = str_find(text, '%');
        struct tag tag;

        err = buf_append(out, str_upto(text, plain));
        text = str_from(text, plain);
        if (err || text.len == 0)
            break;
        if (read_tag(text, &tag)) {
            err = append_tag(&tag, str_upto(text, tag.len), form, value, arg, out);
            text = str_from(text, tag.len);
        } else {
            err = buf_append_c(out, '%');
            text = str_from(text, 1);
        }
    }
    return err;
}

const char *personal_tag(struct str name, char out[PERSONAL_TAG_CHARS + 1])
{
    size_t n = 0;

    out[n++] = '%';
    for (size_t i = 0; i < name.len && n < PERSONAL_TAG_CHARS - 1; i++)
        out[n++] = name.p[i] >= 'a' && name.p[i] <= 'z' ? (char)(name.p[i] - ('a' - 'A')) : name.p[i];
    out[n++] = '%';
    out[n] = '\0';
    return out;
}
