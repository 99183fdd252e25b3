/* object.h -- owns the mapping of one of a platform's objects (customer, order, cart) to the canonical event's members. */
#ifndef ROUTE_OBJECT_H
#define ROUTE_OBJECT_H

#include "model/event.h"
#include "route/value.h"

enum target_kind {
    TARGET_MEMBER,
    TARGET_TAGS,
    TARGET_FIELD,
    TARGET_FIELDS,
    TARGET_FORM_FIELD,
    TARGET_FORM_FIELDS,
    TARGET_ITEMS,
    TARGET_REFUNDS
};

enum item_member {
#define X(name) ITEM_##name,
    ITEM_MEMBERS(X)
#undef X
        ITEM__COUNT
};
enum refund_member { REFUND_ID, REFUND_AMOUNT, REFUND_AT, REFUND__COUNT };

/* {"at": pointer, "where": {...}, "each": {member: value}}: records out of a list; one object counts as a list of one. */
struct record_form {
    struct pointer at;
    struct conditions where;
    struct value_form *of[ITEM__COUNT]; /* by item_member or refund_member; NULL = not mapped */
};

/* {"*": {"at": pointer, "prefix": text, "max": n}}: every scalar member of an object as a field. With "key" and "value" every
 * element of a list. */
struct fields_form {
    struct pointer at;
    struct value_form *key, *value; /* NULL: an object */
    struct str prefix;
    size_t max;
};

/* One member of the mapping. */
struct target {
    enum target_kind kind;
    const char *name;   /* as written: "contact.email" */
    enum member member; /* MEMBER */
    struct str field;   /* FIELD, FORM_FIELD: the field's name */
    struct value_form value;
    struct record_form records;
    struct fields_form fields;
};

struct object_form {
    const char *name;
    struct target *targets;
    size_t n;
};

struct object_forms {
    struct object_form *at;
    size_t n;
};

/* Reads the section "objects". `platform` is the default prefix of "*" fields. */
bool objects_read(struct reader *r, const struct place *p, const char *platform, struct object_forms *out);
/* Borrows; NULL when there is no such object. */
const struct object_form *objects_find(const struct object_forms *objects, struct str name);
/* Calls back with the name of every header that the objects read. */
void objects_headers(const struct object_forms *objects, void (*each)(void *arg, struct str header), void *arg);

/* What cannot be mapped: member and reason, never the value. Empty while all is well. */
struct map_problem {
    struct str detail; /* in the scope's arena */
};

/* Fills the event's members from the scope; may be called for several objects in turn, a later one adds to an earlier.
 * ERR_TYPE with `problem` filled, ERR_MEMORY. */
enum err object_fill(const struct object_form *object, const struct scope *scope, struct event *event,
                     struct map_problem *problem) MUST_CHECK;

#endif
