/* postgres_stmt.h -- owns what the two ways of running a statement on PostgreSQL share; only src/db/postgres*.c includes it. */
#ifndef DB_POSTGRES_STMT_H
#define DB_POSTGRES_STMT_H

#include "db/postgres_link.h"

enum { INT_CHARS = 24, NAME_CHARS = 24, INT_OID = 20, TEXT_OID = 25, INT_ARRAY_OID = 1016, TEXT_ARRAY_OID = 1009 };

/* Where a value lies that cannot be sent as it was given. */
struct value {
    char number[INT_CHARS];
    char *mended; /* owned */
};

struct postgres_stmt {
    struct db_stmt base;
    char name[NAME_CHARS];
    uint64_t generation; /* of the connection that it is prepared on */
    int n_values;
    struct value *values;
    const char **starts; /* NULL: NULL */
    int *sizes, *formats;
    Oid *types;
    PGresult *result; /* of the step; rows from 0 */
    int row;
};

static inline struct postgres_db *connection(struct db *db)
{
    return (struct postgres_db *)db;
}

static inline struct postgres_stmt *statement(struct db_stmt *st)
{
    return (struct postgres_stmt *)st;
}

/* Makes the statement known to the server that the connection leads to now. */
enum err postgres_prepare_there(struct postgres_db *p, struct postgres_stmt *st) MUST_CHECK;
/* The back end's run_many (postgres_many.c). */
enum err postgres_run_many(struct db *db, const struct db_many *list, size_t n) MUST_CHECK;

#endif
