/* jdoc.c -- owns what the foreign document's parser is held to (limits, number grammar, no duplicates) and its look-ups. */
#include "base/jdoc.h"

#include "base/jdoc_rules.h"

#include <stdlib.h>

const struct jdoc_limits jdoc_limits_default = {.max_bytes = 2 << 20, .max_depth = 64, .max_nodes = 200000};

/* Skips 1*DIGIT at `at`; returns the offset after it, or `at` itself when there is no digit. */
static size_t skip_digits(struct str s, size_t at)
{
    while (at < s.len && s.p[at] >= '0' && s.p[at] <= '9')
        at++;
    return at;
}

bool jdoc_is_number(struct str s)
{
    size_t at = s.len && s.p[0] == '-' ? 1 : 0, end = skip_digits(s, at);

    if (end == at || (s.p[at] == '0' && end > at + 1))
        return false;
    if (end < s.len && s.p[end] == '.') {
        at = end + 1;
        end = skip_digits(s, at);
        if (end == at)
            return false;
    }
    if (end < s.len && (s.p[end] == 'e' || s.p[end] == 'E')) {
        at = end + 1;
        if (at < s.len && (s.p[at] == '+' || s.p[at] == '-'))
            at++;
        end = skip_digits(s, at);
        if (end == at)
            return false;
    }
    return end == s.len;
}

static int by_key(const void *a, const void *b)
{
    const struct jnode *const *x = a, *const *y = b;

    if ((*x)->key.len != (*y)->key.len)
        return (*x)->key.len < (*y)->key.len ? -1 : 1;
    return str_cmp((*x)->key, (*y)->key);
}

enum { FEW_MEMBERS = 12 };

static bool few_have_duplicate(const struct jnode *object)
{
    for (const struct jnode *a = object->child; a; a = a->next)
        for (const struct jnode *b = a->next; b; b = b->next)
            if (str_eq(a->key, b->key))
                return true;
    return false;
}

/* Few members: pairwise. Many: sorted, so that a hostile object costs n log n. */
enum err jdoc_check_duplicates(struct arena *arena, const struct jnode *object)
{
    const struct jnode **sorted;
    size_t n = 0;

    if (object->n <= FEW_MEMBERS)
        return few_have_duplicate(object) ? ERR_DUPLICATE : OK;
    sorted = arena_array(arena, object->n, sizeof(*sorted));
    if (!sorted)
        return ERR_MEMORY;
    for (const struct jnode *m = object->child; m; m = m->next)
        sorted[n++] = m;
    qsort(sorted, n, sizeof(*sorted), by_key);
    for (size_t i = 1; i < n; i++)
        if (str_eq(sorted[i - 1]->key, sorted[i]->key))
            return ERR_DUPLICATE;
    return OK;
}

const struct jnode *jnode_member(const struct jnode *object, struct str key)
{
    if (!object || object->type != J_OBJECT)
        return NULL;
    for (const struct jnode *m = object->child; m; m = m->next)
        if (str_eq(m->key, key))
            return m;
    return NULL;
}

const struct jnode *jnode_element(const struct jnode *array, size_t index)
{
    const struct jnode *e;

    if (!array || array->type != J_ARRAY || index >= array->n)
        return NULL;
    for (e = array->child; index; index--)
        e = e->next;
    return e;
}

/* Compares a key with a pointer's token, where ~1 stands for / and ~0 for ~. */
static bool token_is(struct str token, struct str key)
{
    size_t at = 0, k = 0;

    for (; at < token.len && k < key.len; at++, k++) {
        char c = token.p[at];

        if (c == '~' && at + 1 < token.len)
            c = token.p[++at] == '1' ? '/' : '~';
        if (c != key.p[k])
            return false;
    }
    return at == token.len && k == key.len;
}

static const struct jnode *step(const struct jnode *node, struct str token)
{
    uint64_t index;

    if (node->type == J_OBJECT) {
        for (const struct jnode *m = node->child; m; m = m->next)
            if (token_is(token, m->key))
                return m;
        return NULL;
    }
    if (node->type != J_ARRAY || (token.len > 1 && token.p[0] == '0') || str_to_u64(token, &index))
        return NULL;
    return jnode_element(node, (size_t)index);
}

const struct jnode *jnode_at(const struct jnode *node, struct str pointer)
{
    while (node && pointer.len) {
        struct str token;

        if (pointer.p[0] != '/')
            return NULL;
        pointer = str_from(pointer, 1);
        token = str_upto(pointer, str_find(pointer, '/'));
        node = step(node, token);
        pointer = str_from(pointer, token.len);
    }
    return node;
}
