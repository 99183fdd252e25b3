/* pointer.h -- owns the compiled JSON pointer: its steps are unescaped once, at load. */
#ifndef ROUTE_POINTER_H
#define ROUTE_POINTER_H

#include "base/jdoc.h"
#include "route/read.h"

struct pointer_step {
    struct str name;
    size_t index; /* the name as an array index */
    bool is_index;
};

struct pointer {
    struct str text; /* as written, for messages */
    const struct pointer_step *steps;
    size_t n;    /* 0: the node itself */
    unsigned up; /* starts so many elements further out (scope.h); POINTER_ROOT: at the whole body */
};
enum { POINTER_UP_MAX = 4, POINTER_ROOT = 1000 };

/* Reads an RFC 6901 pointer ("" or "/a/b"). */
bool pointer_read(struct reader *r, const struct place *p, struct pointer *out);
/* Reads the members of `p` that say where: {"at": pointer}, {"up": 1, "at": pointer} or {"root": pointer}. */
bool pointer_read_members(struct reader *r, const struct place *p, struct pointer *out);
/* Follows it from `node`; NULL when something on the way is absent (F1), whatever the type of what is there instead. */
const struct jnode *pointer_follow(const struct pointer *pointer, const struct jnode *node);

#endif
