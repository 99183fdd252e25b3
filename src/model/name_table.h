/* name_table.h -- owns finding a name's number at once. */
#ifndef MODEL_NAME_TABLE_H
#define MODEL_NAME_TABLE_H

#include "base/arena.h"

/* A name is a text in a source; texts of no source have one number as `source_id` that no other name of the table has. */
struct name {
    int64_t source_id;
    struct str text; /* borrowed */
    size_t number;
    bool used;
};
struct name_table {
    struct name *slots;
    size_t n_slots; /* a power of two, at least twice the names */
};

/* Makes room for up to `max` names in the arena. ERR_MEMORY. */
enum err name_table_init(struct name_table *t, struct arena *arena, size_t max) MUST_CHECK;
/* False, and nothing changed, when the name is there. */
bool name_table_add(struct name_table *t, int64_t source_id, struct str text, size_t number);
/* False when the name is not there; *number, unless NULL, gets its number. */
bool name_table_find(const struct name_table *t, int64_t source_id, struct str text, size_t *number);

#endif
