/* value_find.c -- owns where a value form leads in a document: no pointer is parsed here, no value is told in an error. */
#include "route/value.h"

#include "route/decimal.h"

static bool element_holds(const struct conditions *conditions, const struct scope *scope, const struct jnode *element)
{
    struct scope inner = scope_inner(scope, element);

    return conditions_hold(conditions, &inner);
}

static const struct jnode *picked(const struct value_form *form, const struct scope *scope, const struct jnode *list)
{
    for (const struct jnode *e = list->child; e; e = e->next)
        if (element_holds(&form->pick, scope, e))
            return e;
    return form->strict ? NULL : list->child;
}

/* Returns the node that the place operators lead to, or NULL. */
static const struct jnode *locate(const struct value_form *form, const struct scope *scope)
{
    const struct jnode *node = scope_follow(scope, &form->at);

    if (node && node->type == J_ARRAY && (form->has_take || form->pick.n))
        node = picked(form, scope, node);
    return form->has_take && node ? pointer_follow(&form->take, node) : node;
}

static enum err add_all(const struct value_form *form, const struct jnode *list, const struct scope *scope, struct decimal_sum *sum,
                        struct refusal *refusal)
{
    for (const struct jnode *e = list->child; e; e = e->next) {
        const struct jnode *amount = form->has_take ? pointer_follow(&form->take, e) : e;
        struct str text;

        if (!element_holds(&form->where, scope, e) || !amount || amount->type == J_NULL)
            continue;
        text = str_trim(scalar_text(amount));
        if (decimal_add(sum, text))
            return refuse(refusal, form, "plain decimal numbers to add up", describe_node(scope->arena, amount));
    }
    return OK;
}

static enum err find_sum(const struct value_form *form, const struct scope *scope, struct found *out, struct refusal *refusal)
{
    const struct jnode *list = scope_follow(scope, &form->at);
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
    return text.p ? value_finish(form, scope, text, out, refusal) : ERR_MEMORY;
}

/* Returns the texts as one, in the arena; .p is NULL without memory. */
static struct str joined(struct arena *arena, const struct str *texts, size_t n, struct str between)
{
    size_t bytes = 1;
    char *all;

    for (size_t i = 0; i < n; i++)
        bytes += texts[i].len + between.len;
    all = arena_alloc(arena, bytes);
    bytes = 0;
    for (size_t i = 0; i < n && all; i++) {
        if (i && between.len)
            memcpy(all + bytes, between.p, between.len);
        bytes += i ? between.len : 0;
        memcpy(all + bytes, texts[i].p, texts[i].len);
        bytes += texts[i].len;
    }
    return str_n(all, all ? bytes : 0);
}

/* The texts of a list as one text, "a,b": where "each" stands and one text is wanted. */
static enum err find_joined(const struct value_form *form, const struct scope *scope, struct found *out, struct refusal *refusal)
{
    enum found_kind kind;
    struct str *texts;
    size_t n;
    enum err err = value_find_all(form, scope, &kind, &texts, &n, refusal);

    if (err || kind != FOUND_TEXT) {
        out->kind = kind;
        return err;
    }
    out->text = joined(scope->arena, texts, n, STR(","));
    out->kind = n ? FOUND_TEXT : FOUND_EMPTY;
    return out->text.p ? OK : ERR_MEMORY;
}

/* The parts that are not empty, with the join's text between them. */
static enum err find_parts(const struct value_form *form, const struct scope *scope, struct found *out, struct refusal *refusal)
{
    struct str *texts = arena_array(scope->arena, form->n_of, sizeof(*texts)), text;
    size_t n = 0;

    if (!texts)
        return ERR_MEMORY;
    for (size_t i = 0; i < form->n_of; i++) {
        struct found found;
        enum err err = value_find(&form->of[i], scope, &found, refusal);

        if (err)
            return err;
        out->kind = found.kind > out->kind ? found.kind : out->kind;
        if (found.kind == FOUND_TEXT)
            texts[n++] = found.text;
    }
    if (n == 0)
        return OK;
    text = joined(scope->arena, texts, n, form->given);
    return text.p ? value_finish(form, scope, text, out, refusal) : ERR_MEMORY;
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
    return value_finish(form, scope, scalar_text(node), out, refusal);
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

static enum err find_config(const struct value_form *form, const struct scope *scope, struct found *out, struct refusal *refusal)
{
    struct str text = config_ref_text(&form->config, scope->config);

    return text.p ? value_finish(form, scope, text, out, refusal) : OK;
}

enum err value_find(const struct value_form *form, const struct scope *scope, struct found *out, struct refusal *refusal)
{
    struct str header;

    *out = (struct found){.kind = FOUND_NOTHING, .via = form};
    if (!conditions_hold(&form->when, scope))
        return OK;
    switch (form->origin) {
    case VALUE_POINTER:
        return find_pointed(form, scope, out, refusal);
    case VALUE_SUM:
        return find_sum(form, scope, out, refusal);
    case VALUE_JOIN:
        return find_parts(form, scope, out, refusal);
    case VALUE_FIRST_OF:
        return find_first(form, scope, out, refusal);
    case VALUE_CONST:
        return value_finish(form, scope, form->given, out, refusal);
    case VALUE_CONFIG:
        return find_config(form, scope, out, refusal);
    case VALUE_HEADER:
        return fields_get(scope->headers, form->given, &header) ? value_finish(form, scope, header, out, refusal) : OK;
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
    enum err err = value_finish(form, scope, text, &found, refusal);

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
    if (!conditions_hold(&form->when, scope))
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
