/* csv.h -- owns CSV text (RFC 4180): reading it record by record in bounded memory, and writing its cells. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/buf.h"

#include <stdio.h>

/* What a reader takes at most (N9). */
struct csv_limits {
    size_t cell_max_bytes, record_max_bytes, columns_max;
    char separator;
};
extern const struct csv_limits csv_limits_default; /* 64 KiB, 256 KiB, 500, comma */

/* One record: a line, or more where a quoted cell holds line ends. Borrowed from the reader, until the next call. */
struct csv_record {
    const struct str *cells;
    size_t n;
    uint64_t line; /* where it begins, from 1 */
    /* OK; or ERR_SYNTAX, ERR_UTF8, ERR_TOO_LARGE, ERR_TOO_MANY: then there are no cells, the rest of its line was passed over, and
     * `trouble` (static) says what is wrong at line and character, from 1. */
    enum err err;
    const char *trouble;
    uint64_t trouble_line, trouble_column;
};

/* Appends up to `n` bytes to `out`, none at the end. ERR_IO. */
typedef enum err csv_source(void *arg, size_t n, struct buf *out);

struct csv;
/* A reader at the start of the text; a byte order mark there is passed over. Returns owned; NULL when memory is out. */
struct csv *csv_new(const struct csv_limits *limits, csv_source *source, void *arg);
void csv_free(struct csv *c);
/*
 * Reads the next record; empty lines are passed over. Lines end in LF or CR LF. *more is false at the end of the text. A record
 * that is wrong is no error of the reader: it says so itself, and reading goes on after its line.
 * Errors: those of the source, ERR_MEMORY.
 */
enum err csv_next(struct csv *c, struct csv_record *out, bool *more) MUST_CHECK;

/*
 * Writes one cell in quotes and what comes after it: a comma, or the end of the record. A text that a spreadsheet would take for a
 * formula gets an apostrophe in front.
 */
void csv_write_cell(struct str cell, bool last, FILE *out);
/* The text of a cell without that apostrophe: what csv_write_cell was given. */
struct str csv_plain(struct str cell);

#endif
