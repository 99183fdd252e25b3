/* csv_import.h -- owns the import of one CSV file: rows into the queue, then what the drainers made of them. */
#ifndef ENGINE_CSV_IMPORT_H
#define ENGINE_CSV_IMPORT_H

#include "base/secret.h"
#include "engine/csv_columns.h"
#include "engine/row_verdict.h"
#include "queue/stream.h"
#include "route/route.h"
#include "store/store.h"

#define CSV_PLATFORM "csv"
#define CSV_SOURCE "csv import" /* name of the source that all files share */

/* A row that was not taken. Borrowed. */
struct csv_reject {
    uint64_t line;
    struct str reason, detail; /* columns, csv, mapping, no_email, invalid_email, ... */
};
enum { CSV_REASONS_MAX = 16 };
struct csv_reason {
    char name[32];
    uint64_t rows;
};
/* What became of the rows. */
struct csv_sums {
    uint64_t rows, fates[ROW_FATE__COUNT];
    uint64_t before; /* taken by an import of this very file before */
    uint64_t consent_refused, rejected;
    struct csv_reason reasons[CSV_REASONS_MAX];
    size_t n_reasons;
};

/* Whoever watches the import; each function is there. */
struct csv_watch {
    void (*reject)(void *arg, const struct csv_reject *reject);
    void (*progress)(void *arg, uint64_t bytes, const struct csv_sums *sums); /* after each group of rows */
    void (*no_drainer)(void *arg);                                            /* nobody takes rows out of the queue, once */
    void *arg;
};

/* All is borrowed. */
struct csv_import_plan {
    FILE *file;                 /* can be read twice */
    struct str list, confirmed; /* empty = none; how the operator knows of the persons' consent (C11) */
    struct str sms_confirmed;   /* the same of their consent to text messages */
    struct csv_mapping mapping;
    char separator;
    bool fire;         /* triggers fire for its rows (T1) */
    struct str on_add; /* struct entry; empty = none (T2, T3) */
    int64_t wait_ms;   /* without any progress */
    const struct routes *routes;
    struct store *store;
    struct stream *stream; /* NULL: say what would be, change nothing */
    const struct seal *seal;
    const struct clock *clock;
    struct csv_watch watch;
};

struct csv_import;
/* Reads the file once for its digest, and its first row. Returns owned. On failure `why` says what and what to do.
 * Errors: ERR_CONFIG, ERR_IO, ERR_MEMORY. */
enum err csv_import_new(const struct csv_import_plan *plan, struct csv_import **out, struct buf *why) MUST_CHECK;
void csv_import_free(struct csv_import *import);
const struct csv_columns *csv_import_columns(const struct csv_import *import);
/* Names this import: digest of the file and of what decides its meaning (list, columns, confirmation). */
const char *csv_import_id(const struct csv_import *import);
const struct csv_sums *csv_import_sums(const struct csv_import *import);

/*
 * Queues every row, in groups, and waits until the drainers have applied each group: so the queue never holds more than one (N9).
 * A row's dedupe key is the import's id and the row's line: the same file again, also after a kill in the middle, takes each row once (N4).
 * Errors: ERR_TIMEOUT (rows wait in the queue; the sums are those of the rows before), those of queue and database, ERR_IO,
 * ERR_CONFIG when the file was changed meanwhile.
 */
enum err csv_import_run(struct csv_import *import, struct buf *why) MUST_CHECK;

#endif
