/* postgres_copy.h -- owns what a copy of a whole database asks of PostgreSQL. Only src/db/postgres.c includes it. */
#ifndef DB_POSTGRES_COPY_H
#define DB_POSTGRES_COPY_H

#include "db/backend.h"

/* As of struct db_backend. */
extern const char postgres_columns_sql[], postgres_references_sql[], postgres_freeze_sql[];
enum err postgres_bulk_begin(struct db *db, const char *table_and_columns) MUST_CHECK;
enum err postgres_bulk_row(struct db *db, const struct str *values, size_t n) MUST_CHECK;
enum err postgres_bulk_end(struct db *db, enum err err) MUST_CHECK;

#endif
