/* signed_text.c -- owns the signed-text template: which parts of a request are signed, in which order. */
#include "verify/signed_text.h"

/* Names that stand alone, and those that a member's name follows. */
static const struct {
    const char *name;
    enum part_kind kind;
} part_names[] =
    {
        {"body", PART_BODY},
        {"timestamp", PART_TIMESTAMP},
        {"id", PART_ID},
        {"method", PART_METHOD},
        {"url", PART_URL},
        {"url.decoded", PART_URL_DECODED},
        {"query.rest", PART_QUERY_REST},
        {"body.base64", PART_BODY_BASE64},
        {"body.crc32", PART_BODY_CRC32},
        {"body.sorted", PART_BODY_SORTED},
        {"form.sorted", PART_FORM_SORTED},
        {"form.php", PART_FORM_PHP},
},
  prefixes[] = {
      {"header.", PART_HEADER},
      {"query.", PART_QUERY},
      {"config.", PART_CONFIG},
      {"at:/", PART_AT},
};

static enum err named_part(struct str name, struct signed_part *out)
{
    for (size_t i = 0; i < sizeof(part_names) / sizeof(part_names[0]); i++)
        if (str_eq(name, str_of(part_names[i].name))) {
            *out = (struct signed_part){.kind = part_names[i].kind};
            return OK;
        }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        struct str prefix = str_of(prefixes[i].name);

        if (str_starts(name, prefix) && name.len > prefix.len) {
            *out = (struct signed_part){.kind = prefixes[i].kind, .text = str_from(name, prefix.len)};
            return OK;
        }
    }
    return ERR_SYNTAX;
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
        *why = "parts are {body} {timestamp} {id} {method} {url} {url.decoded} {header.NAME} {query.NAME} {query.rest} "
               "{config.NAME} {body.base64} {body.crc32} {body.sorted} {form.sorted} {form.php} {at:/name}";
        return ERR_SYNTAX;
    }
    *rest = str_from(*rest, close + 1);
    return OK;
}

enum err signed_text_compile(struct str text, struct signed_text *out, const char **why)
{
    struct signed_text t = {.n = 0};
    size_t bodies = 0, wholes = 0;

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
        wholes += t.at[t.n].kind >= PART_WHOLE;
        t.has |= 1u << t.at[t.n++].kind;
    }
    if ((t.has & ~(1u << PART_LITERAL)) == 0) {
        *why = "a text without parts is the same for every request";
        return ERR_SYNTAX;
    }
    t.is_fed = bodies == 1 && wholes == 0;
    *out = t;
    return OK;
}

bool signed_text_has_body(const struct signed_text *t)
{
    return t->has >> PART_BODY != 0;
}

bool signed_text_has_form(const struct signed_text *t)
{
    return signed_text_has(t, PART_FORM_SORTED) || signed_text_has(t, PART_FORM_PHP);
}

/* The characters whose escapes {url.decoded} decodes. */
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

static enum err expand_decoded(struct str url, signed_sink *sink, void *arg)
{
    enum err err = OK;

    while (!err && url.len) {
        size_t used = 0;

        err = sink(arg, unescape_next(url, &used));
        url = str_from(url, used);
    }
    return err;
}

static enum err query_value(const struct signed_values *values, struct str name, struct str *out)
{
    size_t n = values->query ? form_get(values->query, name, out) : 0;

    return n == 1 ? OK : n ? ERR_SIGNATURE_REPEATED : ERR_SIGNATURE_MISSING;
}

static enum err config_value(const struct signed_values *values, struct str name, struct str *out)
{
    *out = str_of(values->config ? values->config(values->config_arg, name) : NULL);
    return out->len ? OK : ERR_SIGNATURE;
}

static enum err part_value(const struct signed_part *part, const struct signed_values *values, struct str *out)
{
    switch (part->kind) {
    case PART_LITERAL:
        *out = part->text;
        return OK;
    case PART_TIMESTAMP:
        *out = values->timestamp;
        return OK;
    case PART_ID:
        *out = values->id;
        return OK;
    case PART_URL:
    case PART_URL_DECODED:
        *out = values->url;
        return OK;
    case PART_METHOD:
        *out = values->method;
        return OK;
    case PART_HEADER:
        fields_get(values->headers, part->text, out);
        return OK;
    case PART_QUERY:
        return query_value(values, part->text, out);
    case PART_QUERY_REST:
        *out = values->query_rest;
        return OK;
    case PART_CONFIG:
        return config_value(values, part->text, out);
    default:
        return ERR_INTERNAL; /* the body's parts are not asked for here */
    }
}

enum err signed_text_expand(const struct signed_text *t, size_t from, size_t to, const struct signed_values *values,
                            signed_sink *sink, void *arg)
{
    enum err err = OK;

    for (size_t i = from; i < to && !err; i++) {
        struct str value = STR_NONE;

        err = part_value(&t->at[i], values, &value);
        if (!err && t->at[i].kind == PART_URL_DECODED)
            err = expand_decoded(value, sink, arg);
        else if (!err && value.len)
            err = sink(arg, value);
    }
    return err;
}
