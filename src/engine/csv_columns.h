/* csv_columns.h -- owns what the columns of an imported CSV file mean: said by the operator, or guessed by their names. */
#ifndef ENGINE_CSV_COLUMNS_H
#define ENGINE_CSV_COLUMNS_H

#include "base/arena.h"
#include "base/csv.h"
#include "base/json.h"
#include "store/field.h"

enum csv_column_kind { COLUMN_IGNORED, COLUMN_MEMBER, COLUMN_FIELD, COLUMN_OWN_FIELD, COLUMN_MAILABLE };
struct csv_column {
    struct str name; /* as the file's first row says it */
    enum csv_column_kind kind;
    const char *member; /* MEMBER: "contact.email", also its name in the body of the entry */
    struct str field;   /* FIELD: name of the contact's field, without "csv_"; OWN_FIELD: its whole name */
    bool said;          /* by --map, not guessed */
};
struct csv_columns {
    struct csv_column *at;
    size_t n;
};

/* What the operator says. Borrowed. */
struct csv_mapping {
    const char *const *maps; /* "Column=member", "Column=contact.fields.NAME", "Column=field.NAME", "Column=ignore" */
    size_t n_maps;
    const struct field_list *own; /* what "field.NAME" may name (GR-28); NULL: nothing */
    bool keep_fields;             /* unknown columns become fields */
};

/*
 * Reads the first record. Everything is in the arena. ERR_CONFIG: `why` says which column or --map is wrong, and what would be right
 * (unknown column, member or field, two columns for one member, none for the e-mail).
 */
enum err csv_columns_read(const struct csv_record *head, const struct csv_mapping *mapping, struct arena *arena,
                          struct csv_columns *out, struct buf *why) MUST_CHECK;
/* The column's target as --map would say it. */
struct str csv_column_target(const struct csv_column *column, struct arena *arena);
/* Sets in `body` what the record's cells say; an empty cell says nothing. */
enum err csv_columns_fill(const struct csv_columns *columns, const struct csv_record *record, json_t *body) MUST_CHECK;

#endif
