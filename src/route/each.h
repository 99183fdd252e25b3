/* each.h -- owns the elements of a body that holds several deliveries: where they stand, and how many there may be. */
#ifndef ROUTE_EACH_H
#define ROUTE_EACH_H

#include "route/scope.h"

enum { EACH_LEVELS_MAX = POINTER_UP_MAX, EACH_PLACES_MAX = 8, EACH_MAX = 2500, EACH_DEFAULT = 500 };

/* Where the elements of one level may stand: the first pointer that leads to a list or an object. */
struct each_level {
    struct pointer at[EACH_PLACES_MAX];
    size_t n;
};

struct each_form {
    struct each_level level[EACH_LEVELS_MAX];
    size_t n; /* 0: the body is the one element */
    size_t max;
};

/* The elements, in the body's order. */
struct elements {
    struct scope *at;
    size_t n;
    bool is_body; /* the first pointer led nowhere: the body itself is the one element */
};

/* Each reads one member of the section "push". */
bool each_read(struct reader *r, const struct place *p, struct each_form *out);
bool each_read_max(struct reader *r, const struct place *p, struct each_form *out);

/* Finds them; scopes are in the arena, their outermost is `body`. ERR_TOO_MANY past the maximum, ERR_MEMORY. */
enum err each_find(const struct each_form *form, const struct scope *body, struct elements *out) MUST_CHECK;

#endif
