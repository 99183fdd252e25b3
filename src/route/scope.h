/* scope.h -- owns where a mapping stands: the element in hand, what is around it, and the request's headers. */
#ifndef ROUTE_SCOPE_H
#define ROUTE_SCOPE_H

#include "base/fields.h"
#include "route/config_ref.h"
#include "route/pointer.h"

/* What a form is evaluated on. Borrows. */
struct scope {
    const struct jnode *node;  /* pointers start here; NULL while there is no document */
    const struct scope *outer; /* what the node is an element of; NULL: the whole body */
    struct fields headers;
    const json_t *config; /* of the source: name -> text; NULL: nothing is set */
    struct arena *arena;
};

/* The scope of one element; `outer` must outlive it. */
struct scope scope_inner(const struct scope *outer, const struct jnode *element);
/* Follows the pointer from where it starts: here, so many elements further out, or the whole body. */
const struct jnode *scope_follow(const struct scope *scope, const struct pointer *pointer);

#endif
