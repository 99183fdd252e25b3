/* jdoc.h -- owns the read-only document of foreign JSON: arena nodes, every number kept as its exact text. */
#ifndef BASE_JDOC_H
#define BASE_JDOC_H

#include "base/arena.h"
#include "base/str.h"

enum jtype { J_NULL, J_FALSE, J_TRUE, J_NUMBER, J_STRING, J_ARRAY, J_OBJECT };

/* One value. Strings are decoded UTF-8 (no NUL inside); numbers are the text as sent ("10.10", "820982911946154508").
 * Members keep the order of the text. Everything lives in the arena that the document was parsed into. */
struct jnode {
    enum jtype type;
    struct str text;           /* J_STRING: decoded; J_NUMBER: exact text */
    struct str key;            /* when the parent is an object */
    const struct jnode *child; /* first member or element, NULL when empty */
    const struct jnode *next;  /* next sibling */
    size_t n;                  /* members or elements */
};

/* Limits of one parse (N9). */
struct jdoc_limits {
    size_t max_bytes; /* of the text */
    unsigned max_depth;
    size_t max_nodes;
};
extern const struct jdoc_limits jdoc_limits_default; /* 2 MiB, 64 deep, 200,000 nodes */

/* Where and why a parse failed, in words for a dead letter. */
struct jdoc_error {
    size_t at;       /* byte offset */
    const char *why; /* static text */
};

/*
 * Parses RFC 8259 JSON. Borrows `text` only during the call; nodes are in the arena.
 * Refused: a byte order mark, invalid UTF-8, lone surrogates, NUL in a string (raw or \u0000), duplicate members, trailing
 * bytes, depth, node and size limits. `why` may be NULL.
 * Errors: ERR_SYNTAX, ERR_UTF8, ERR_DUPLICATE, ERR_DEPTH, ERR_TOO_LARGE, ERR_MEMORY.
 */
enum err jdoc_parse(struct arena *arena, struct str text, const struct jdoc_limits *limits, const struct jnode **out,
                    struct jdoc_error *why) MUST_CHECK;

/* Returns the member of an object, or NULL. O(members). */
const struct jnode *jnode_member(const struct jnode *object, struct str key);
/* Returns the element of an array, counted from 0, or NULL. O(index). */
const struct jnode *jnode_element(const struct jnode *array, size_t index);
/* Follows an RFC 6901 pointer; NULL when something on the way is absent. "" is the node itself. */
const struct jnode *jnode_at(const struct jnode *node, struct str pointer);

#endif
