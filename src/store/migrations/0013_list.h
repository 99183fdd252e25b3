/* 0013_list.h -- owns the tables of lists, and what waits for a confirmation. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0013_LIST_H
#define STORE_MIGRATIONS_0013_LIST_H

/*
 * A removed list stays, so that its kind can still be looked up; what was said about it stays with the persons. list_kind has a row
 * for every change of a list that is or was double. Lists that sources name are there from now on, as single ones.
 */
static const char migration_0013_list[] =
    "CREATE TABLE list ("
    " account_id BIGINT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, created_at_us BIGINT NOT NULL, removed_at_us BIGINT,"
    " PRIMARY KEY (account_id, name));"
    "CREATE TABLE list_kind ("
    " account_id BIGINT NOT NULL, list TEXT NOT NULL, from_us BIGINT NOT NULL, is_double BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, list, from_us));"
    "INSERT INTO list (account_id, name, title, created_at_us)"
    " SELECT account_id, list, '', min(created_at_us) FROM source WHERE list <> '' GROUP BY account_id, list;"
    "ALTER TABLE consent ADD COLUMN asked_set BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE consent ADD COLUMN asked_state BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE consent ADD COLUMN asked_at_us BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE consent ADD COLUMN asked_source BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE consent ADD COLUMN asked_confirmed BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE consent ADD COLUMN asked_basis TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE consent ADD COLUMN asked_receipt TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX consent_list ON consent (account_id, list, address) WHERE list <> '';";

#endif
