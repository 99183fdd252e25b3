/* row.h -- owns reading a row column by column, in the order of its SELECT, into an arena. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "base/arena.h"
#include "db/db.h"
#include "model/version.h"

/* A position in the current row. */
struct row {
    struct db_stmt *st;
    struct arena *arena;
    int column;
    enum err err; /* ERR_MEMORY once a text did not fit */
};

/* The next column; a NULL text is empty. */
struct str row_str(struct row *r);
int64_t row_int(struct row *r);
/* The next three columns: at_us, rank, receipt. */
struct version row_version(struct row *r);
/* For binding: never NULL. */
static inline struct str not_null(struct str s)
{
    return s.p ? s : STR("");
}

#endif
