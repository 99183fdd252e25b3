/* scope_read.h -- owns what the loaders of a scope share; not for use outside src/store. */
#ifndef STORE_SCOPE_READ_H
#define STORE_SCOPE_READ_H

#include "store/row.h"
#include "store/scope.h"

/* Adds one row to a list of the scope. */
typedef enum err scope_row(struct scope *s, struct row *r);
/* Steps through all rows of a bound statement and ends it. */
enum err scope_read(struct scope *s, struct db_stmt *st, scope_row *read) MUST_CHECK;

/* The column is_set of a field: whether it was set, cleared or released. */
enum presence field_presence(int64_t is_set);
int64_t field_is_set(enum presence is);

/* Adds a field to the scope: source_id, subject, name, is_set, value, and its version. */
enum err scope_read_field(struct scope *s, struct row *r) MUST_CHECK;

/* What an event touches besides people. */
enum err scope_load_statements(struct store *store, struct scope *s, const struct event *event, const struct event_refs *refs,
                               int64_t source_id) MUST_CHECK;
enum err scope_load_objects(struct store *store, struct scope *s, const struct event_refs *refs, int64_t source_id) MUST_CHECK;

#endif
