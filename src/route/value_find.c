/* value_find.c -- owns the evaluation of value forms on a document: no pointer is parsed here, no value is told in an error. */
#include "route/value.h"

#include "model/money.h"
#include "route/decimal.h"
#include "route/entity.h"

struct str describe_text(struct arena *arena, struct str text)
{
    size_t characters = 0;
    char line[64];
    struct str copy;

    for (size_t i = 0; i < text.len; i++)
        characters += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    snprintf(line, sizeof(line), "a text of %zu character%s", characters, characters == 1 ? "" : "s");
    copy = arena_str(arena, str_of(line));
    return copy.p ? copy : STR("a text");
}

struct str describe_node(struct arena *arena, const struct jnode *node)
{
    if (!node)
        return STR("nothing");
    switch (node->type) {
    case J_NULL:
        return STR("null");
    case J_TRUE:
        return STR("true");
    case J_FALSE:
        return STR("false");
    case J_NUMBER:
        return STR("a number");
    case J_ARRAY:
        return STR("a list");
    case J_OBJECT:
        return STR("an object");
    case J_STRING:
        break;
    }
    return describe_text(arena, node->text);
}

enum err refuse(struct refusal *refusal, const struct value_form *form, const char *wanted, struct str got)
{
    refusal->where = form->origin == VALUE_HEADER || form->origin == VALUE_CONST ? form->given : form->at.text;
    refusal->wanted = wanted;
    refusal->got = got;
    return ERR_TYPE;
}

static char lower_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static enum err to_lower(struct str text, struct arena *arena, struct str *out)
{
    char *copy = arena_alloc(arena, text.len);

    if (!copy)
        return ERR_MEMORY;
    for (size_t i = 0; i < text.len; i++)
        copy[i] = lower_ascii(text.p[i]);
    *out = str_n(copy, text.len);
    return OK;
}

/* Booleans come as true, 1, "1", "yes"; the text form is "true" or "false". */
static enum err to_bool(struct str text, struct str *out)
{
    static const char *const words[][2] = {{"true", "false"}, {"1", "0"}, {"yes", "no"}, {"on", "off"}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_eq_nocase(text, str_of(words[i][0]))) {
            *out = STR("true");
            return OK;
        }
        if (str_eq_nocase(text, str_of(words[i][1]))) {
            *out = STR("false");
            return OK;
        }
    }
    return ERR_SYNTAX;
}

static enum err convert(const struct value_form *form, const struct scope *scope, struct str *text, struct refusal *refusal)
{
    struct str given = *text;
    int64_t time;

    switch (form->as) {
    case AS_TEXT:
        return OK;
    case AS_LOWER:
        return to_lower(given, scope->arena, text);
    case AS_UNHTML: {
        enum err err = entity_decode(given, scope->arena, text);

        *text = str_trim(*text);
        return err;
    }
    case AS_NUMBER:
    case AS_ABS:
        if (decimal_check(given))
            return refuse(refusal, form, "a plain decimal number", describe_text(scope->arena, given));
        if (form->as == AS_ABS && given.p[0] == '-')
            *text = str_from(given, 1);
        return OK;
    case AS_BOOL:
        return to_bool(given, text) ? refuse(refusal, form, "true or false", describe_text(scope->arena, given)) : OK;
    case AS_TIME:
        if (time_parse(given, form->time, &time))
            return refuse(refusal, form, "a time of the stated format", describe_text(scope->arena, given));
        return OK;
    }
    return ERR_INTERNAL;
}

static bool is_refused_text(const struct value_form *form, struct str text)
{
    for (size_t i = 0; i < form->n_unless; i++)
        if (str_eq(form->unless[i], text))
            return true;
    return false;
}

/* Looks the text up in "values"; false when it is in no row and there is no default. */
static bool translate(const struct value_form *form, struct str *text)
{
    if (!form->values)
        return true;
    for (size_t i = 0; i < form->n_values; i++)
        if (str_eq(form->values[i].from, *text)) {
            *text = form->values[i].to;
            return true;
        }
    *text = form->fallback;
    return form->has_default;
}

static struct str after_last(struct str text, char c)
{
    size_t at = text.len;

    while (at && text.p[at - 1] != c)
        at--;
    return str_from(text, at);
}

/* Applies the text operators, in this order: trim, tail, as, unless, values. */
static enum err finish(const struct value_form *form, const struct scope *scope, struct str text, struct found *out,
                       struct refusal *refusal)
{
    enum err err;

    *out = (struct found){.kind = FOUND_EMPTY, .via = form};
    text = str_trim(form->tail ? after_last(text, form->tail) : text);
    if (is_refused_text(form, text)) {
        out->kind = FOUND_NOTHING;
        return OK;
    }
    if (text.len == 0)
        return OK;
    err = convert(form, scope, &text, refusal);
    if (err)
        return err;
    if (is_refused_text(form, text) || !translate(form, &text)) {
        out->kind = FOUND_NOTHING;
        return OK;
    }
    out->kind = text.len ? FOUND_TEXT : FOUND_EMPTY;
    out->text = text;
    return OK;
}

static const struct jnode *picked(const struct value_form *form, const struct jnode *list)
{
    for (const struct jnode *e = list->child; e; e = e->next)
        if (conditions_hold(&form->pick, e))
            return e;
    return form->strict ? NULL : list->child;
}

/* Returns the node that the place operators lead to, or NULL. */
static const struct jnode *locate(const struct value_form *form, const struct scope *scope)
{
    const struct jnode *node = pointer_follow(&form->at, scope->node);

    if (node && node->type == J_ARRAY && (form->has_take || form->pick.n))
        node = picked(form, node);
    return form->has_take && node ? pointer_follow(&form->take, node) : node;
}

static enum err add_all(const struct value_form *form, const struct jnode *list, const struct scope *scope, struct decimal_sum *sum,
                        struct refusal *refusal)
{
    for (const struct jnode *e = list->child; e; e = e->next) {
        const struct jnode *amount = form->has_take ? pointer_follow(&form->take, e) : e;
        struct str text;

        if (!conditions_hold(&form->where, e) || !amount || amount->type == J_NULL)
            continue;
        text = str_trim(scalar_text(amount));
        if (decimal_add(sum, text))
            return refuse(refusal, form, "plain decimal numbers to add up", describe_node(scope->arena, amount));
    }
    return OK;
}

static enum err find_sum(const struct value_form *form, const struct scope *scope, struct found *out, struct refusal *refusal)
{
    const struct jnode *list = pointer_follow(&form->at, scope->node);
    struct decimal_sum sum = {0, 0};
    struct str text;
    enum err err;

    if (!list || list->type == J_NULL)
        return OK;
    if (list->type != J_ARRAY)
        return refuse(refusal, form, "a list", describe_node(scope->arena, list));
    err = add_all(form, list, scope, &sum, refusal);
    if (err)
        return err;
    text = decimal_text(&sum, scope->arena);
    return text.p ? finish(form, scope, text, out, refusal) : ERR_MEMORY;
}

/* The texts of a list as one text, "a,b": where "each" stands and one text is wanted. */
static enum err find_joined(const struct value_form *form, const struct scope *scope, struct found *out, struct refusal *refusal)
{
    enum found_kind kind;
    struct str *texts;
    size_t n, bytes = 0;
    char *joined;
    enum err err = value_find_all(form, scope, &kind, &texts, &n, refusal);

    if (err || kind != FOUND_TEXT) {
        out->kind = kind;
        return err;
    }
    for (size_t i = 0; i < n; i++)
        bytes += texts[i].len + 1;
    joined = arena_alloc(scope->arena, bytes ? bytes : 1);
    if (!joined)
        return ERR_MEMORY;
    bytes = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(joined + bytes, texts[i].p, texts[i].len);
        bytes += texts[i].len;
        joined[bytes++] = ',';
    }
    out->kind = n ? FOUND_TEXT : FOUND_EMPTY;
    out->text = str_n(joined, n ? bytes - 1 : 0);
    return OK;
}

static enum err find_pointed(const struct value_form *form, const struct scope *scope, struct found *out, struct refusal *refusal)
{
    const struct jnode *node;

    if (form->has_each || form->split)
        return find_joined(form, scope, out, refusal);
    node = locate(form, scope);
    if (!node)
        return OK;
    if (node->type == J_NULL) {
        out->kind = FOUND_NULL;
        return OK;
    }
    if (node->type == J_ARRAY || node->type == J_OBJECT) /* an empty one is how PHP writes an empty map: nothing there */
        return node->n ? refuse(refusal, form, "one value", describe_node(scope->arena, node)) : OK;
    return finish(form, scope, scalar_text(node), out, refusal);
}

/* The first element that gives a text; else null if one was null, else empty if one was empty (F1). */
static enum err find_first(const struct value_form *form, const struct scope *scope, struct found *out, struct refusal *refusal)
{
    for (size_t i = 0; i < form->n_of; i++) {
        struct found found;
        enum err err = value_find(&form->of[i], scope, &found, refusal);

        if (err)
            return err;
        if (found.kind > out->kind)
            *out = found;
        if (found.kind == FOUND_TEXT)
            return OK;
    }
    return OK;
}

enum err value_find(const struct value_form *form, const struct scope *scope, struct found *out, struct refusal *refusal)
{
    struct str header;

    *out = (struct found){.kind = FOUND_NOTHING, .via = form};
    if (!conditions_hold(&form->when, scope->node))
        return OK;
    switch (form->origin) {
    case VALUE_POINTER:
        return find_pointed(form, scope, out, refusal);
    case VALUE_SUM:
        return find_sum(form, scope, out, refusal);
    case VALUE_FIRST_OF:
        return find_first(form, scope, out, refusal);
    case VALUE_CONST:
        return finish(form, scope, form->given, out, refusal);
    case VALUE_HEADER:
        return fields_get(scope->headers, form->given, &header) ? finish(form, scope, header, out, refusal) : OK;
    }
    return ERR_INTERNAL;
}

/* Texts under construction. */
struct texts {
    struct str *at;
    size_t n;
};

static enum err add_text(const struct value_form *form, const struct scope *scope, struct str text, struct texts *texts,
                         struct refusal *refusal)
{
    struct found found;
    enum err err = finish(form, scope, text, &found, refusal);

    if (!err && found.kind == FOUND_TEXT)
        texts->at[texts->n++] = found.text;
    return err;
}

static enum err add_elements(const struct value_form *form, const struct scope *scope, const struct jnode *list,
                             struct texts *texts, struct refusal *refusal)
{
    texts->at = arena_array(scope->arena, list->n ? list->n : 1, sizeof(*texts->at));
    if (!texts->at)
        return ERR_MEMORY;
    for (const struct jnode *e = list->child; e; e = e->next) {
        const struct jnode *node = form->has_each ? pointer_follow(&form->each, e) : e;
        enum err err;

        if (!node || node->type == J_NULL)
            continue;
        if (node->type == J_ARRAY || node->type == J_OBJECT)
            return refuse(refusal, form, "a list of texts", describe_node(scope->arena, node));
        err = add_text(form, scope, scalar_text(node), texts, refusal);
        if (err)
            return err;
    }
    return OK;
}

static enum err add_parts(const struct value_form *form, const struct scope *scope, struct str text, struct texts *texts,
                          struct refusal *refusal)
{
    size_t parts = 1;
    struct str part;

    for (size_t i = 0; form->split && i < text.len; i++)
        parts += text.p[i] == form->split;
    texts->at = arena_array(scope->arena, parts, sizeof(*texts->at));
    if (!texts->at)
        return ERR_MEMORY;
    while (form->split && str_split(&text, form->split, &part)) {
        enum err err = add_text(form, scope, part, texts, refusal);

        if (err)
            return err;
    }
    return form->split ? OK : add_text(form, scope, text, texts, refusal);
}

static enum err keep_one(const struct scope *scope, struct str text, struct str **out, size_t *n)
{
    *out = arena_array(scope->arena, 1, sizeof(**out));
    if (!*out)
        return ERR_MEMORY;
    (*out)[0] = text;
    *n = 1;
    return OK;
}

/* One of a first-of list, or the form itself: the first that gives a list or a text. */
static enum err find_all_first(const struct value_form *form, const struct scope *scope, enum found_kind *kind, struct str **out,
                               size_t *n, struct refusal *refusal)
{
    *kind = FOUND_NOTHING;
    for (size_t i = 0; i < form->n_of; i++) {
        enum found_kind one;
        enum err err = value_find_all(&form->of[i], scope, &one, out, n, refusal);

        if (err)
            return err;
        *kind = one > *kind ? one : *kind;
        if (one == FOUND_TEXT)
            return OK;
    }
    return OK;
}

enum err value_find_all(const struct value_form *form, const struct scope *scope, enum found_kind *kind, struct str **out,
                        size_t *n, struct refusal *refusal)
{
    struct texts texts = {NULL, 0};
    const struct jnode *node;
    struct found found;
    enum err err;

    if (form->origin == VALUE_FIRST_OF)
        return find_all_first(form, scope, kind, out, n, refusal);
    *kind = FOUND_NOTHING;
    if (!conditions_hold(&form->when, scope->node))
        return OK;
    if (form->origin != VALUE_POINTER) {
        err = value_find(form, scope, &found, refusal);
        *kind = found.kind;
        return err || found.kind != FOUND_TEXT ? err : keep_one(scope, found.text, out, n);
    }
    node = locate(form, scope);
    if (!node || node->type == J_NULL) {
        *kind = node ? FOUND_NULL : FOUND_NOTHING;
        return OK;
    }
    if (node->type == J_OBJECT)
        return node->n ? refuse(refusal, form, "a list of texts", describe_node(scope->arena, node)) : OK;
    err = node->type == J_ARRAY ? add_elements(form, scope, node, &texts, refusal)
                                : add_parts(form, scope, scalar_text(node), &texts, refusal);
    *kind = FOUND_TEXT;
    *out = texts.at;
    *n = texts.n;
    return err;
}
