/* fuzz_jdoc.c -- owns the fuzzer of foreign JSON: never crashes, and agrees with jansson on what JSON is. */
#include "base/jdoc.h"
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Compares the two documents; numbers by their text where jansson has an integer. */
static void compare(const struct jnode *node, const json_t *other)
{
    static const json_type types[] = {
        [J_NULL] = JSON_NULL,     [J_FALSE] = JSON_FALSE, [J_TRUE] = JSON_TRUE,     [J_NUMBER] = JSON_INTEGER,
        [J_STRING] = JSON_STRING, [J_ARRAY] = JSON_ARRAY, [J_OBJECT] = JSON_OBJECT,
    };
    size_t i = 0;

    if (node->type == J_NUMBER ? !json_is_number(other) : json_typeof(other) != types[node->type])
        abort();
    if (node->type == J_STRING && !str_eq(node->text, str_n(json_string_value(other), json_string_length(other))))
        abort();
    if (node->type == J_ARRAY && json_array_size(other) != node->n)
        abort();
    if (node->type == J_OBJECT && json_object_size(other) != node->n)
        abort();
    for (const struct jnode *c = node->child; c; c = c->next, i++) {
        const json_t *twin = node->type == J_ARRAY ? json_array_get(other, i) : json_object_getn(other, c->key.p, c->key.len);

        if (!twin)
            abort();
        compare(c, twin);
    }
}

/* What jansson refuses though it is JSON: numbers that fit neither of its types. */
static bool number_out_of_range(const json_error_t *error)
{
    return json_error_code(error) == json_error_numeric_overflow;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jdoc_limits limits = {.max_bytes = 1 << 20, .max_depth = 64, .max_nodes = 100000};
    struct jdoc_error why = {0, NULL};
    const struct jnode *root = NULL;
    json_error_t error;
    struct arena arena;
    json_t *other = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    enum err err;

    arena_init(&arena, 64 << 20);
    err = jdoc_parse(&arena, str_n(data, size), &limits, &root, &why);
    if (err && (why.at > size || !why.why || !why.why[0]))
        abort();
    if (err == OK && other)
        compare(root, other);
    else if (size && memchr(data, 0, size)) /* jansson takes a NUL byte for the end of the text */
        err = OK;
    else if (err == OK ? !number_out_of_range(&error) : other && err != ERR_DEPTH && err != ERR_TOO_LARGE)
        abort();
    if (root)
        jnode_at(root, str_n(data, size < 20 ? size : 20));
    json_decref(other);
    arena_release(&arena);
    return 0;
}
