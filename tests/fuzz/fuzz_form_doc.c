/* fuzz_form_doc.c -- owns the fuzzer of the document that a form spells: any bytes are a sound tree within the limits, or refused. */
#include "base/form_doc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Counts match, names are there once, texts are UTF-8, nothing is deeper than names may be. */
static void check_node(const struct jnode *node, unsigned depth)
{
    size_t n = 0;

    if (depth > FORM_DOC_DEPTH_MAX || (node->type != J_STRING && node->type != J_OBJECT && node->type != J_ARRAY))
        abort();
    if (node->type == J_STRING && (node->child || !str_is_utf8(node->text)))
        abort();
    for (const struct jnode *child = node->child; child; child = child->next, n++) {
        if (node->type == J_OBJECT && jnode_member(node, child->key) != child)
            abort();
        check_node(child, depth + 1);
    }
    if (n != node->n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct jnode *root = NULL;
    struct jdoc_error why;
    struct arena arena;
    enum err err;

    arena_init(&arena, 64 << 20);
    err = form_doc_parse(&arena, str_n(data, size), &root, &why);
    if (err == ERR_MEMORY || (err && !why.why[0]))
        abort();
    if (!err && (!root || root->type != J_OBJECT))
        abort();
    if (!err)
        check_node(root, 0);
    arena_release(&arena);
    return 0;
}
