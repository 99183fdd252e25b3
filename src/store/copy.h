/* copy.h -- owns the copy of a whole contact database into an empty one, of either back end. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "db/db.h"

struct copy_watch {
    void (*table)(void *arg, struct str table, size_t number, size_t of, bool again); /* begun; again: read back from the copy */
    void (*progress)(void *arg, uint64_t rows);                                       /* of the table */
    void (*done)(void *arg, struct str table, uint64_t rows, uint64_t digest);
    void *arg;
};

struct copy_sums {
    uint64_t tables, rows;
};

/*
 * Copies every table from one database to the other, which has to be empty, reads the copy back, and compares numbers of rows and
 * digests. All or nothing: one transaction of the target, which is committed when they are equal. Nobody writes the source meanwhile.
 * Memory is bounded (N9). On failure `why` says what and what to do. Errors: ERR_CONFIG when the schema of one is not this program's,
 * ERR_EXISTS when the target is not empty, ERR_DB_BUSY when the source is written, ERR_INTERNAL when the copy differs; those of db_step.
 */
enum err copy_run(struct db *from, struct db *to, const struct copy_watch *watch, struct copy_sums *sums,
                  struct buf *why) MUST_CHECK;

#endif
