/* value.h -- owns the value form of route files: where a text comes from and what is done to it, compiled once at load. */
#ifndef ROUTE_VALUE_H
#define ROUTE_VALUE_H

#include "base/timefmt.h"
#include "model/money.h"
#include "route/condition.h"

enum value_origin { VALUE_POINTER, VALUE_HEADER, VALUE_CONST, VALUE_CONFIG, VALUE_SUM, VALUE_JOIN, VALUE_FIRST_OF };
enum value_as { AS_TEXT, AS_NUMBER, AS_BOOL, AS_LOWER, AS_UPPER, AS_UNHTML, AS_ABS, AS_MINOR, AS_EMAIL, AS_TIME };

struct value_pair {
    struct str from, to;
};

struct value_form {
    enum value_origin origin;
    struct pointer at; /* POINTER; SUM: the list */
    struct str given;  /* HEADER: its name; CONST: the text; JOIN: what stands between */
    struct config_ref config;
    struct value_form *of; /* FIRST_OF, JOIN */
    size_t n_of;
    struct conditions when;  /* absent unless they hold */
    struct conditions pick;  /* the element wanted of a list */
    struct conditions where; /* SUM: the elements that count */
    bool strict;             /* no element of pick: nothing, instead of the first */
    bool has_take, has_each, has_default;
    struct pointer take; /* in the picked or summed element */
    struct pointer each; /* of every element; joined with "," where one text is wanted */
    char split;          /* lists: parts of one text; 0 = none */
    char tail;           /* the part after the last one; 0 = none */
    const struct str *unless;
    size_t n_unless;
    const struct value_pair *values;
    size_t n_values;
    struct str fallback; /* "default" */
    enum value_as as;
    enum time_format time;
    struct value_form *zone;          /* TIME: of a format without one; NULL: UTC */
    struct value_form *currency;      /* MINOR: whose minor units these are */
    const struct currency *exponents; /* MINOR: currencies of which the platform has more or fewer decimals than ISO 4217 */
    size_t n_exponents;
};

/* Reads a value form; the forms of a first-of list are read with it. */
bool value_read(struct reader *r, const struct place *p, struct value_form *out);
/* True when a text of the element in hand may be in it, not only of headers, constants and what is around. */
bool value_reads_element(const struct value_form *form);
/* Calls back with the name of every header that the form reads. */
void value_headers(const struct value_form *form, void (*each)(void *arg, struct str header), void *arg);

enum found_kind {
    FOUND_NOTHING,
    FOUND_EMPTY, /* "" or only blanks */
    FOUND_NULL,
    FOUND_TEXT
};

/* What a form gave: a text, or why there is none. */
struct found {
    enum found_kind kind;
    struct str text;              /* trimmed */
    const struct value_form *via; /* the form of a first-of list that gave it */
};

/* The form of a time that was found. */
enum time_format found_time_format(const struct found *found);

/* Why a value cannot be taken: the pointer and the class of what stands there, never the value. Empty while all is well. */
struct refusal {
    struct str where;   /* pointer as written */
    const char *wanted; /* static */
    struct str got;     /* "a text of 3 characters" */
};

/* Evaluates to one text. ERR_TYPE with `refusal` filled, ERR_MEMORY. */
enum err value_find(const struct value_form *form, const struct scope *scope, struct found *out,
                    struct refusal *refusal) MUST_CHECK;
/* Applies the text operators, in this order: tail, trim, as, unless, values. For value_find.c. */
enum err value_finish(const struct value_form *form, const struct scope *scope, struct str text, struct found *out,
                      struct refusal *refusal) MUST_CHECK;
/* Evaluates to texts: split, each, the scalars of a list, or one text. kind is FOUND_TEXT also for an empty list. */
enum err value_find_all(const struct value_form *form, const struct scope *scope, enum found_kind *kind, struct str **out,
                        size_t *n, struct refusal *refusal) MUST_CHECK;
/* Fills a refusal; returns ERR_TYPE. */
enum err refuse(struct refusal *refusal, const struct value_form *form, const char *wanted, struct str got);
/* Describes a value without telling it: "a text of 3 characters", "an object". In the arena, or a literal. */
struct str describe_text(struct arena *arena, struct str text);
struct str describe_node(struct arena *arena, const struct jnode *node);

#endif
