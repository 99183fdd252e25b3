/* list.h -- owns the lists of an account: made, set, found, removed, counted. */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include "model/contact.h"
#include "model/view.h"
#include "store/store.h"

/* Texts are in the caller's arena. */
struct list_row {
    struct str name, title;
    int64_t created_at_us;
    bool is_double;
    int64_t kind_from_us; /* since when it is of this kind; 0 = always */
};

/* Makes a list; one of that name that was removed comes back with this kind from now on, and with what was said about it.
 * Errors: ERR_EXISTS, ERR_RANGE (list_name_is_valid), those of the database. */
enum err list_add(struct store *store, struct str name, struct str title, bool is_double) MUST_CHECK;
/* Inside the caller's transaction: a list that is not there is made, as a single one. ERR_RANGE. */
enum err list_ensure(struct store *store, struct str name) MUST_CHECK;
/* ERR_NOT_FOUND. */
enum err list_find(struct store *store, struct str name, struct arena *arena, struct list_row *out) MUST_CHECK;
/* All lists, by name; up to LISTS_MAX. */
enum { LISTS_MAX = 10000 };
enum err list_all(struct store *store, struct arena *arena, struct list_row **out, size_t *n) MUST_CHECK;

/* What is to be changed; NULL: it stays. */
struct list_change {
    const struct str *title;
    const bool *is_double; /* for opt-ins that are received from now on */
};
/* ERR_NOT_FOUND. */
enum err list_set(struct store *store, struct str name, const struct list_change *change) MUST_CHECK;
/* ERR_EXISTS while a source names it; `source` then has the name of one, in the arena. ERR_NOT_FOUND. What was said about the list stays. */
enum err list_remove(struct store *store, struct str name, struct arena *arena, struct str *source) MUST_CHECK;

/* How many addresses something was said of, or joined, on the list. */
enum err list_members(struct store *store, struct str name, uint64_t *out) MUST_CHECK;
struct list_counts {
    uint64_t states[CONSENT__COUNT], mailable;
};
/* Derives every contact of the list, in bounded memory: takes a while where they are many. */
enum err list_count(struct store *store, struct str name, const struct view_source *sources, size_t n_sources,
                    struct list_counts *out) MUST_CHECK;

/* What operators decided, for all accounts, in the arena: read once a batch. Few lists are double, so few rows are read. */
enum err policy_load(struct store *store, struct arena *arena, struct policy *out) MUST_CHECK;

#endif
