/* schema.c -- owns the list of migrations that make the contact database. */
#include "store/schema.h"

#include "store/migrations/0001_source.h"
#include "store/migrations/0002_contact.h"

const struct db_migration schema_migrations[] = {
    {1, "source", migration_0001_source},
    {2, "contact", migration_0002_contact},
};
const size_t schema_migrations_n = sizeof(schema_migrations) / sizeof(*schema_migrations);
