/* field.h -- owns what a field of a contact is: its name, its type, and how a source's fields are taken (F3, F4). */
#ifndef MODEL_FIELD_H
#define MODEL_FIELD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Longest name and value of a field, bytes. */
enum { FIELD_NAME_BYTES_MAX = 160, FIELD_VALUE_BYTES_MAX = 4096 };

/* Suffix, name, what fits. Values stay the text that came; a type only says which texts are taken (F4). */
#define FIELD_TYPES(X)                                     \
    X(TEXT, "text", "any text")                            \
    X(NUMBER, "number", "a decimal number such as -12.50") \
    X(DATE, "date", "a date or time such as 2024-05-02")   \
    X(BOOL, "bool", "true, false, yes, no, 1 or 0")

enum field_type {
#define X(suffix, name, help) FIELD_##suffix,
    FIELD_TYPES(X)
#undef X
        FIELD_TYPE__COUNT
};
const char *field_type_name(enum field_type type);
/* Which texts fit, for messages. */
const char *field_type_help(enum field_type type);
/* ERR_NOT_FOUND. */
enum err field_type_parse(struct str name, enum field_type *out) MUST_CHECK;
bool field_fits(enum field_type type, struct str text);

/* Fields whose type is not FIELD_TEXT, sorted by name. Borrowed. */
struct field_typed {
    struct str name;
    enum field_type type;
};
struct field_types {
    const struct field_typed *at;
    size_t n;
};
/* FIELD_TEXT for every other name; `types` may be NULL. */
enum field_type field_type_of(const struct field_types *types, struct str name);

/* True for a name: 1 to FIELD_NAME_BYTES_MAX characters [a-z0-9_], a letter first (F3). */
bool field_name_is_valid(struct str name);
/* True for names that every contact has, such as "first_name": no field of a source or of the operator has one of them. */
bool field_is_built_in(struct str name);
/* Those of them that can be set by hand or by a mapping, NULL-terminated. */
const char *const *field_built_in_names(void);

/*
 * Makes a name of what a platform calls a field: `prefix`, then lower case, what is no letter or digit as "_" (F3). Letters outside of
 * ASCII and what is too long give way to a hash of the whole key, so that two fields of such names stay two. Depends on the
 * two texts alone, so no order of arrival changes a name (N5). In the arena; .p NULL without memory.
 */
struct str field_name_make(struct arena *arena, struct str prefix, struct str key);
/* The same with the hash in any case: for keys of one object that would come to one name. */
struct str field_name_hashed(struct arena *arena, struct str prefix, struct str key);

/*
 * The mapping of a source, as it is stored: lines "<name>=<target>", which say that what would become the field <name> goes to the
 * field <target>; and the line "manual" when fields without a line are not kept. Empty: every field is kept under its own name.
 */
bool field_map_is_manual(struct str map);
/* The field that `name` goes to; empty when it is not kept. */
struct str field_map_target(struct str map, struct str name);
/* Steps through the lines that name a target: false at the end. */
bool field_map_next(struct str *rest, struct str *name, struct str *target);
/* The name whose line leads to `target`; empty when none does. */
struct str field_map_name(struct str map, struct str target);
/* Writes `map` with another line for `name` (none when `target` is empty), or with the line "manual" or without it. Errors: those of
 * buf_append. */
enum err field_map_put(struct str map, struct str name, struct str target, struct buf *out) MUST_CHECK;
enum err field_map_set_manual(struct str map, bool manual, struct buf *out) MUST_CHECK;

#endif
