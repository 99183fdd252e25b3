/* schema.h -- owns the list of migrations that make the contact database. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "db/db.h"

/* In order; one that was released never changes. Each stands in its own file of store/migrations. */
extern const struct db_migration schema_migrations[];
extern const size_t schema_migrations_n;

#endif
