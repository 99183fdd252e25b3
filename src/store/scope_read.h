/* scope_read.h -- owns what the loaders of a scope share; not for use outside src/store. */
#ifndef STORE_SCOPE_READ_H
#define STORE_SCOPE_READ_H

#include "store/fact.h"

/* Adds the row to the scope's list of its kind, unless it is a person, address or claim that is there. */
enum err scope_read_row(struct scope *s, struct row *r, enum fact_kind kind) MUST_CHECK;
/* The same for all rows of a bound statement, and ends it. */
enum err scope_read(struct scope *s, struct db_stmt *st, enum fact_kind kind) MUST_CHECK;

/* The column is_set of a field: whether it was set, cleared or released. */
enum presence field_presence(int64_t is_set);
int64_t field_is_set(enum presence is);

#endif
