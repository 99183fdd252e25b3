/* schema.c -- owns the list of migrations that make the contact database. */
#include "store/schema.h"

#include "store/migrations/0001_source.h"

const struct db_migration schema_migrations[] = {
    {1, "source", migration_0001_source},
};
const size_t schema_migrations_n = sizeof(schema_migrations) / sizeof(*schema_migrations);
