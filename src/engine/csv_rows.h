/* csv_rows.h -- owns a group of rows of a CSV file as entries: made, checked as the drainer will read them, judged in a dry run. */
#ifndef ENGINE_CSV_ROWS_H
#define ENGINE_CSV_ROWS_H

#include "engine/csv_import.h"

struct csv_rows_plan {
    const struct csv_import_plan *import; /* borrowed */
    const char *id;                       /* csv_import_id */
    size_t arena_bytes;                   /* of one group */
};

struct csv_rows;
/* Finds the source of all imports; makes it unless this is a dry run. On failure `why` says what and what to do. Returns owned. */
enum err csv_rows_new(const struct csv_rows_plan *plan, struct csv_rows **out, struct buf *why) MUST_CHECK;
void csv_rows_free(struct csv_rows *rows);

/* Why a row is not taken. */
struct csv_refusal {
    const char *reason; /* static; NULL when it is taken */
    struct str detail;  /* until the next call */
};
/* Adds a record, or says why not: it is mapped by the same route and held against the same rules as in the drainer. */
enum err csv_rows_add(struct csv_rows *rows, const struct csv_columns *columns, const struct csv_record *record,
                      struct csv_refusal *refusal) MUST_CHECK;
bool csv_rows_full(const struct csv_rows *rows);
/* Forgets the group. */
void csv_rows_reset(struct csv_rows *rows);

size_t csv_rows_n(const struct csv_rows *rows);
const struct entry *csv_rows_entries(const struct csv_rows *rows);
int64_t csv_rows_source(const struct csv_rows *rows);
/* The i-th row's dedupe key; keys grow with the line. The group is not empty for the first and the last. */
struct str csv_rows_key(const struct csv_rows *rows, size_t i);
struct str csv_rows_first_key(const struct csv_rows *rows);
struct str csv_rows_last_key(const struct csv_rows *rows);
/* The line that a key names. */
uint64_t csv_rows_line(struct str key);

/* What the i-th row would do to the contacts as they are. Changes nothing. */
enum err csv_rows_judge(struct csv_rows *rows, size_t i, struct row_verdict *out) MUST_CHECK;

#endif
