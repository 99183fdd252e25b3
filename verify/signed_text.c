/* signed_text.c -- owns the signed-text template: which parts of a request are signed, in which order. */
#include "verify/signed_text.h"

static const struct {
    const char *name;
    enum part_kind kind;
} part_names[] = {
    {"body", PART_BODY}, {"timestamp", PART_TIMESTAMP},         {"id", PART_ID},
    {"url", PART_URL},   {"url_unescaped", PART_URL_UNESCAPED}, {"method", PART_METHOD},
};

static enum err named_part(struct str name, struct signed_part *out)
{
    struct str header = STR("header:");

    for (size_t i = 0; i < sizeof(part_names) / sizeof(part_names[0]); i++)
        if (str_eq(name, str_of(part_names[i].name))) {
            *out = (struct signed_part){.kind = part_names[i].kind};
            return OK;
        }
    if (!str_starts(name, header) || name.len == header.len)
        return ERR_SYNTAX;
    *out = (struct signed_part){.kind = PART_HEADER, .text = str_from(name, header.len)};
    return OK;
}

/* Cuts the next part off `rest`. */
static enum err next_part(struct str *rest, struct signed_part *out, const char **why)
{
    size_t open = str_find(*rest, '{'), close = str_find(*rest, '}');

    if (open > 0 && close < open) {
        *why = "a } without {";
        return ERR_SYNTAX;
    }
    if (open > 0) {
        *out = (struct signed_part){.kind = PART_LITERAL, .text = str_upto(*rest, open)};
        *rest = str_from(*rest, open);
        return OK;
    }
    if (close == rest->len || named_part(str_n(rest->p + 1, close - 1), out)) {
        *why = "parts are {body} {timestamp} {id} {url} {url_unescaped} {method} {header:Name}";
        return ERR_SYNTAX;
    }
    *rest = str_from(*rest, close + 1);
    return OK;
}

enum err signed_text_compile(struct str text, struct signed_text *out, const char **why)
{
    struct signed_text t = {.n = 0};
    size_t bodies = 0;

    while (text.len) {
        if (t.n == SIGNED_PARTS_MAX) {
            *why = "more than 12 parts";
            return ERR_SYNTAX;
        }
        if (next_part(&text, &t.at[t.n], why))
            return ERR_SYNTAX;
        if (t.at[t.n].kind == PART_BODY) {
            t.body = t.n;
            bodies++;
        }
        t.n++;
    }
    if (bodies != 1) {
        *why = "{body} must stand in it exactly once";
        return ERR_SYNTAX;
    }
    *out = t;
    return OK;
}

bool signed_text_has(const struct signed_text *t, enum part_kind kind)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i].kind == kind)
            return true;
    return false;
}

/* The characters whose escapes {url_unescaped} decodes. */
static const struct {
    const char *escape;
    char plain;
} unescaped[] = {{"%3A", ':'},  {"%2F", '/'}, {"%3F", '?'}, {"%40", '@'}, {"%21", '!'}, {"%24", '$'},
                 {"%27", '\''}, {"%28", '('}, {"%29", ')'}, {"%2A", '*'}, {"%2C", ','}, {"%3B", ';'}};

/* Returns the text that the URL's next bytes stand for; *used is how many they are. */
static struct str unescape_next(struct str url, size_t *used)
{
    size_t run = str_find(url, '%');

    *used = run;
    if (run > 0)
        return str_upto(url, run);
    *used = 3;
    for (size_t i = 0; i < sizeof(unescaped) / sizeof(unescaped[0]); i++)
        if (str_eq_nocase(str_upto(url, 3), str_of(unescaped[i].escape)))
            return str_n(&unescaped[i].plain, 1);
    *used = 1;
    return str_upto(url, 1);
}

static enum err expand_unescaped(struct str url, signed_sink *sink, void *arg)
{
    enum err err = OK;

    while (!err && url.len) {
        size_t used = 0;

        err = sink(arg, unescape_next(url, &used));
        url = str_from(url, used);
    }
    return err;
}

static struct str part_value(const struct signed_part *part, const struct signed_values *values)
{
    struct str value = STR_NONE;

    switch (part->kind) {
    case PART_LITERAL:
        return part->text;
    case PART_TIMESTAMP:
        return values->timestamp;
    case PART_ID:
        return values->id;
    case PART_URL:
    case PART_URL_UNESCAPED:
        return values->url;
    case PART_METHOD:
        return values->method;
    case PART_HEADER:
        fields_get(values->headers, part->text, &value);
        return value;
    case PART_BODY:
        break;
    }
    return STR_NONE;
}

enum err signed_text_expand(const struct signed_text *t, size_t from, size_t to, const struct signed_values *values,
                            signed_sink *sink, void *arg)
{
    enum err err = OK;

    for (size_t i = from; i < to && !err; i++) {
        struct str value = part_value(&t->at[i], values);

        if (t->at[i].kind == PART_URL_UNESCAPED)
            err = expand_unescaped(value, sink, arg);
        else if (value.len)
            err = sink(arg, value);
    }
    return err;
}
