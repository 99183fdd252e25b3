/* 0009_erase_task.h -- owns the table of erasures that are not finished outside of the database. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0009_ERASE_TASK_H
#define STORE_MIGRATIONS_0009_ERASE_TASK_H

/* What is to be looked for: an address (source_id 0), or all of a source (address empty). The row with neither: searched, but files
 * may hold deleted bytes. */
static const char migration_0009_erase_task[] = "CREATE TABLE erase_task ("
                                                " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, address TEXT NOT NULL,"
                                                " PRIMARY KEY (account_id, source_id, address));"
                                                "CREATE INDEX seen_refused ON seen (account_id) WHERE reason <> '';";

#endif
