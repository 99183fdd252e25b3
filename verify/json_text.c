/* json_text.c -- owns JSON printed again with its members sorted, as one platform signs it. */
#include "verify/signed_text.h"

#include "base/jdoc.h"

#include <stdlib.h>

enum { JSON_ARENA_BYTES = 16 << 20 };
static const struct jdoc_limits limits = {.max_bytes = 256 << 10, .max_depth = 32, .max_nodes = 20000};

/* The escapes that JSON.stringify writes. */
static enum err append_char(struct buf *out, char c)
{
    static const char plain[] = "\"\\\b\f\n\r\t", escape[] = "\"\\bfnrt";
    const char *at = c ? strchr(plain, c) : NULL;

    if (at)
        return buf_printf(out, "\\%c", escape[at - plain]);
    return (unsigned char)c < ' ' ? buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c) : buf_append_c(out, c);
}

static enum err append_string(struct buf *out, struct str text)
{
    enum err err = buf_append_c(out, '"');

    for (size_t i = 0; i < text.len && !err; i++)
        err = append_char(out, text.p[i]);
    return err ? err : buf_append_c(out, '"');
}

static int by_key(const void *a, const void *b)
{
    const struct jnode *const *x = a, *const *y = b;

    return str_cmp((*x)->key, (*y)->key);
}

static enum err append_node(struct buf *out, struct arena *arena, const struct jnode *node);

static enum err append_members(struct buf *out, struct arena *arena, const struct jnode *node)
{
    const struct jnode **at = arena_array(arena, node->n, sizeof(const struct jnode *));
    size_t n = 0;
    enum err err = at ? OK : ERR_MEMORY;

    for (const struct jnode *child = node->child; child && !err; child = child->next)
        at[n++] = child;
    if (node->type == J_OBJECT && !err && n)
        qsort(at, n, sizeof(const struct jnode *), by_key);
    for (size_t i = 0; i < n && !err; i++) {
        err = i ? buf_append_c(out, ',') : OK;
        if (!err && node->type == J_OBJECT)
            err = append_string(out, at[i]->key);
        if (!err && node->type == J_OBJECT)
            err = buf_append_c(out, ':');
        if (!err)
            err = append_node(out, arena, at[i]);
    }
    return err;
}

static enum err append_node(struct buf *out, struct arena *arena, const struct jnode *node)
{
    static const char *const words[] = {[J_NULL] = "null", [J_FALSE] = "false", [J_TRUE] = "true"};
    bool is_object = node->type == J_OBJECT;
    enum err err;

    switch (node->type) {
    case J_NUMBER:
        return buf_append(out, node->text);
    case J_STRING:
        return append_string(out, node->text);
    case J_ARRAY:
    case J_OBJECT:
        err = buf_append_c(out, is_object ? '{' : '[');
        if (!err)
            err = append_members(out, arena, node);
        return err ? err : buf_append_c(out, is_object ? '}' : ']');
    default:
        return buf_append(out, str_of(words[node->type]));
    }
}

enum err json_text_sorted(struct str body, struct buf *out)
{
    const struct jnode *root = NULL;
    struct arena arena;
    enum err err;

    arena_init(&arena, JSON_ARENA_BYTES);
    err = jdoc_parse(&arena, body, &limits, &root, NULL);
    if (err && err != ERR_MEMORY)
        err = ERR_SIGNATURE_MALFORMED;
    if (!err)
        err = append_node(out, &arena, root);
    arena_release(&arena);
    return err;
}
