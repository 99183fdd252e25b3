/* body.c -- owns the way from the raw body to a document. */
#include "route/body.h"

#include "base/encode.h"
#include "base/form_doc.h"

#include <stdarg.h>

enum { DETAIL_MAX_BYTES = 600, DECODED_NODES_MAX = 100000 };

bool body_read_kind(struct reader *r, const struct place *p, struct body_form *out)
{
    static const char *const kinds[] = {
        [BODY_JSON] = "json",
        [BODY_FORM] = "form",
        [BODY_JSON_OR_FORM] = "json_or_form",
        [BODY_JSON_OR_BASE64] = "json_or_base64",
        [BODY_JWT] = "jwt",
        NULL,
    };
    size_t index = 0;

    if (!read_choice(r, p, kinds, &index))
        return false;
    out->kind = (enum body_kind)index;
    return true;
}

bool body_read_decode(struct reader *r, const struct place *p, struct body_form *out)
{
    size_t n = json_array_size(p->json);
    bool good = read_list(r, p);

    if (good && (n == 0 || n > BODY_DECODE_MAX)) {
        read_problem(r, p, "1 to %d pointers to texts that hold JSON", BODY_DECODE_MAX);
        good = false;
    }
    for (size_t i = 0; i < n && n <= BODY_DECODE_MAX; i++) {
        struct place element = place_element(p, i);

        good &= pointer_read(r, &element, &out->decode[out->n_decode++]);
    }
    return good;
}

enum err map_fail(struct map_failure *failure, struct arena *arena, const char *reason, const char *format, ...)
{
    char line[DETAIL_MAX_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    failure->reason = reason;
    failure->detail = arena_str(arena, str_of(line));
    return failure->detail.p ? ERR_SYNTAX : ERR_MEMORY;
}

/* One call's work. */
struct parse {
    const struct entry *entry;
    struct arena *arena;
    const struct jnode *root;
    struct map_failure *failure;
};

static enum err parse_json(struct parse *p, struct str text)
{
    struct jdoc_error why = {0, ""};
    enum err err = jdoc_parse(p->arena, text, &jdoc_limits_default, &p->root, &why);

    if (!err || err == ERR_MEMORY)
        return err;
    return map_fail(p->failure, p->arena, err == ERR_TOO_LARGE ? "too_large" : "not_json", "at byte %zu: %s", why.at, why.why);
}

static enum err parse_form(struct parse *p, struct str text)
{
    struct jdoc_error why = {0, ""};
    enum err err = form_doc_parse(p->arena, text, &p->root, &why);

    if (!err || err == ERR_MEMORY)
        return err;
    return map_fail(p->failure, p->arena, err == ERR_TOO_LARGE ? "too_large" : "not_json", "form, pair %zu: %s", why.at, why.why);
}

/* Decodes base64; `url` is the alphabet of tokens, which leave the padding out. */
static enum err parse_base64(struct parse *p, struct str text, bool url)
{
    size_t padded = (text.len + 3) / 4 * 4, n = 0;
    char *copy = url ? arena_alloc(p->arena, padded + 1) : NULL;
    void *bytes = arena_alloc(p->arena, padded + 1);
    enum err err;

    if (!bytes || (url && !copy))
        return ERR_MEMORY;
    for (size_t i = 0; url && i < padded; i++) {
        char c = i < text.len ? text.p[i] : '=';

        copy[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    err = base64_decode(url ? str_n(copy, padded) : text, bytes, padded, &n);
    if (err)
        return map_fail(p->failure, p->arena, "not_json", "%s",
                        url ? "the token's payload is no base64" : "neither JSON nor base64");
    return parse_json(p, str_n(bytes, n));
}

/* The payload of "header.payload.signature"; the signature was checked when the delivery came. */
static enum err parse_jwt(struct parse *p, struct str text)
{
    struct str header, payload;
    bool parts = str_split(&text, '.', &header) && str_split(&text, '.', &payload) && text.len;

    if (!parts || str_find(text, '.') < text.len || payload.len == 0)
        return map_fail(p->failure, p->arena, "not_json", "no token of three parts");
    return parse_base64(p, payload, true);
}

static bool starts_json(struct str text)
{
    return text.len && (text.p[0] == '{' || text.p[0] == '[');
}

static bool says_form(struct str content_type)
{
    struct str form = STR("application/x-www-form-urlencoded");

    return str_eq_nocase(str_trim(str_upto(content_type, str_find(content_type, ';'))), form);
}

static enum err parse_bytes(struct parse *p, enum body_kind kind)
{
    struct str body = p->entry->body, trimmed = str_trim(body);

    switch (kind) {
    case BODY_JSON:
        break;
    case BODY_FORM:
        return parse_form(p, trimmed);
    case BODY_JSON_OR_FORM:
        if (says_form(p->entry->content_type))
            return parse_form(p, trimmed);
        break;
    case BODY_JSON_OR_BASE64:
        if (trimmed.len && !starts_json(trimmed))
            return parse_base64(p, trimmed, false);
        break;
    case BODY_JWT:
        return parse_jwt(p, trimmed);
    }
    return parse_json(p, body);
}

/* Puts what the text at the pointer holds in its place; a text that is not there or empty is fine. */
static enum err decode_text(struct parse *p, const struct pointer *at, size_t max_nodes)
{
    struct jdoc_limits limits = {jdoc_limits_default.max_bytes, jdoc_limits_default.max_depth, max_nodes};
    struct jnode *node = (struct jnode *)(uintptr_t)pointer_follow(at, p->root);
    struct jdoc_error why = {0, ""};
    const struct jnode *inner;
    enum err err;

    if (!node || node->type != J_STRING || str_trim(node->text).len == 0)
        return OK;
    err = jdoc_parse(p->arena, node->text, &limits, &inner, &why);
    if (err == ERR_MEMORY)
        return err;
    if (err)
        return map_fail(p->failure, p->arena, "mapping", "%.*s must be a text that holds JSON: at byte %zu: %s",
                        STR_ARG(str_upto(at->text, 200)), why.at, why.why);
    node->type = inner->type;
    node->text = inner->text;
    node->child = inner->child;
    node->n = inner->n;
    return OK;
}

enum err body_parse(const struct body_form *form, const struct entry *entry, struct arena *arena, const struct jnode **out,
                    struct map_failure *failure)
{
    struct parse p = {.entry = entry, .arena = arena, .failure = failure};
    enum err err = parse_bytes(&p, form->kind);

    for (size_t i = 0; i < form->n_decode && !err; i++)
        err = decode_text(&p, &form->decode[i], DECODED_NODES_MAX / form->n_decode);
    *out = err ? NULL : p.root;
    return err;
}
