/* condition.h -- owns the condition on a document: what stands at a pointer. */
#ifndef ROUTE_CONDITION_H
#define ROUTE_CONDITION_H

#include "route/scope.h"

enum condition_kind {
    CONDITION_IS,      /* the text there is one of `is` */
    CONDITION_SET,     /* something is there that is neither null nor empty; with `expected` false: is not */
    CONDITION_MISSING, /* nothing is there, not even null; with `expected` false: something is */
    CONDITION_SAME,    /* the text there is the one at `other`; with `expected` false: is not, or one of them is no text */
};

struct condition {
    struct pointer at, other;
    enum condition_kind kind;
    const struct str *is;
    size_t n_is;
    struct config_ref config; /* IS: the texts are those of the source's config instead, when it has a name */
    char split;               /* what parts them; 0: it is one text */
    bool expected;
};

struct conditions {
    const struct condition *at;
    size_t n;
};

/* Reads {"at": pointer (see pointer_read_members), "is": text or texts or {"config": name, "split": ","} | "set": bool | "missing": bool |
 * "same": pointer | "differs": pointer}. */
bool condition_read(struct reader *r, const struct place *p, struct condition *out);
/* Reads one condition or a list of them, all of which must hold. */
bool conditions_read(struct reader *r, const struct place *p, struct conditions *out);
/* Reads {pointer: text or texts or {"config": name} or null, ...}: the short form of "pick" and "where"; null: nothing is there. */
bool conditions_read_short(struct reader *r, const struct place *p, struct conditions *out);
bool condition_holds(const struct condition *condition, const struct scope *scope);
/* True when all hold; none always do. */
bool conditions_hold(const struct conditions *conditions, const struct scope *scope);
/* The text form of a scalar: "true", "12.50"; STR_NONE for null, lists and objects. Borrows. */
struct str scalar_text(const struct jnode *node);

#endif
