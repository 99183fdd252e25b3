/* edit_many.h -- owns one edit made to many contacts, in transactions of bounded size. */
#ifndef ENGINE_EDIT_MANY_H
#define ENGINE_EDIT_MANY_H

#include "engine/edit.h"

enum { EDIT_MANY_MAX = 200 };

struct edit_sums {
    uint64_t asked, changed, same, refused;
};

/* Told, after the commit, of an address that was not edited: ERR_NOT_FOUND (no contact has it) or ERR_SYNTAX (it is none). */
typedef void edit_refused(void *arg, struct str email, enum err why);

/*
 * Makes `edit` (its email is not read) to the contacts of up to EDIT_MANY_MAX addresses, in one transaction: all of them or, after an
 * error, none. Adds to `sums`. Repeats while others are in the way.
 * Errors: ERR_RANGE, ERR_TOO_LARGE, ERR_UTF8 of edit_apply, those of the database, ERR_MEMORY.
 */
enum err edit_many(struct store *store, const struct edit *edit, const struct str *emails, size_t n, struct edit_sums *sums,
                   edit_refused *refused, void *arg) MUST_CHECK;

#endif
