/* field.h -- owns the fields of an account: which there are, of what type, and who made them (F3, F4). */
#ifndef STORE_FIELD_H
#define STORE_FIELD_H

#include "model/contact.h"
#include "store/store.h"

/* Beyond it no field is made by itself any more; values are kept all the same. */
enum { FIELDS_MAX = 2000 };

struct account_field {
    struct str name;
    enum field_type type;
    int64_t source_id; /* whose it was first; SOURCE_OPERATOR for one that was added by hand */
    int64_t made_us;
};
struct field_list {
    struct account_field *at; /* sorted by name */
    size_t n;
};

/* All fields of the store's account, in the arena. */
enum err field_list_load(struct store *store, struct arena *arena, struct field_list *out) MUST_CHECK;
/* Finds by name; NULL when there is none. */
const struct account_field *field_list_find(const struct field_list *list, struct str name);
/* The types that are not text, in the arena: one small statement. */
enum err field_types_load(struct store *store, struct arena *arena, struct field_types *out) MUST_CHECK;

/* Adds a field by hand. ERR_RANGE for a name that is none, ERR_EXISTS (also for names that every contact has), ERR_TOO_MANY. */
enum err field_add(struct store *store, struct str name, enum field_type type) MUST_CHECK;
/* ERR_NOT_FOUND. Values stay as they came; those that do not fit the type do not show, until it is changed again. */
enum err field_set_type(struct store *store, struct str name, enum field_type type) MUST_CHECK;

/* Removes a field of which nothing is stored. ERR_NOT_FOUND; ERR_EXISTS while anything was ever said of it, or a source's mapping leads
 * to it. */
enum err field_remove(struct store *store, struct str name) MUST_CHECK;

/* How many contacts have a value of a field, of any source. Sorted by name. Reads every stored field once: for reports. */
struct field_count {
    struct str name;
    uint64_t contacts;
};
enum err field_counts(struct store *store, struct arena *arena, struct field_count **out, size_t *n) MUST_CHECK;

/*
 * What the drainer knows of the fields during one batch, so that a known field costs no statement. Filled at its first use in an
 * account, and anew when the transaction takes back what it may have added.
 */
struct field_register {
    struct arena arena;
    int64_t account_id; /* whose fields it has; 0 = none yet */
    struct field_list known;
    size_t room;              /* how many `known` could hold */
    struct field_types types; /* of those */
    bool full_told;
};
void field_register_init(struct field_register *r);
void field_register_release(struct field_register *r);
/* Forgets everything: after a rollback. */
void field_register_forget(struct field_register *r);
/* Makes sure that the fields of the store's account are known. */
enum err field_register_open(struct field_register *r, struct store *store) MUST_CHECK;
/* Makes those fields that the scope sets and that are not there yet, each once (F3). */
enum err field_register_note(struct field_register *r, struct store *store, const struct scope *scope,
                             int64_t source_id) MUST_CHECK;

#endif
