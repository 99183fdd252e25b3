/* scope.c -- owns where a mapping stands. */
#include "route/scope.h"

struct scope scope_inner(const struct scope *outer, const struct jnode *element)
{
    return (struct scope){
        .node = element, .outer = outer, .headers = outer->headers, .config = outer->config, .arena = outer->arena};
}

const struct jnode *scope_follow(const struct scope *scope, const struct pointer *pointer)
{
    for (unsigned up = pointer->up; up && scope->outer; up--)
        scope = scope->outer;
    return pointer_follow(pointer, scope->node);
}
