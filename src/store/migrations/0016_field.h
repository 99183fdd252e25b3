/* 0016_field.h -- owns the table of an account's fields, and what a source's fields go to. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0016_FIELD_H
#define STORE_MIGRATIONS_0016_FIELD_H

/* source_id: whose field it was first; 0 = the operator added it. Fields that were there before are taken in with their next value. */
static const char migration_0016_field[] = "CREATE TABLE field ("
                                           " account_id BIGINT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,"
                                           " source_id BIGINT NOT NULL, made_at_us BIGINT NOT NULL,"
                                           " PRIMARY KEY (account_id, name));"
                                           "ALTER TABLE source ADD COLUMN field_map TEXT NOT NULL DEFAULT '';";

#endif
