/* partition.h -- owns the parts of the tables that grow with contacts, on PostgreSQL: hash-partitioned by account. */
#ifndef STORE_PARTITION_H
#define STORE_PARTITION_H

#include "db/db.h"

/* Fixed: a database keeps the number that it was partitioned with. */
enum { PARTITIONS = 8 };

/*
 * Parts the tables that are whole, each with its rows, in one transaction; *n says how many. Those that are in parts stay as they are.
 * On failure `why` says what and what to do. Errors: ERR_NOT_IMPLEMENTED on a back end that has no partitions; ERR_DB_BUSY while
 * others use the tables; those of db_step.
 */
enum err partition_tables(struct db *db, size_t *n, struct buf *why) MUST_CHECK;

#endif
