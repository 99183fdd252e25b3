/* 0012_account.h -- owns the table of accounts; ids of sources are unique over all of them. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0012_ACCOUNT_H
#define STORE_MIGRATIONS_0012_ACCOUNT_H

/*
 * Until now every row was of account 1. contact_limit: 0 = none. policy: what happens at the limit ("stop", "bill", "auto_raise").
 * contacts: how many there are, kept only while there is a limit. near_us, full_us: when the contacts came to 90 % and to all of the
 * limit; 0 = they are below. A removed account stays, so that its id is never given out again.
 */
static const char migration_0012_account[] =
    "CREATE TABLE account ("
    " account_id BIGINT NOT NULL, name TEXT NOT NULL, contact_limit BIGINT NOT NULL, policy TEXT NOT NULL,"
    " raise_step BIGINT NOT NULL, contacts BIGINT NOT NULL, near_us BIGINT NOT NULL, full_us BIGINT NOT NULL,"
    " created_at_us BIGINT NOT NULL, removed_at_us BIGINT,"
    " PRIMARY KEY (account_id));"
    "CREATE UNIQUE INDEX account_name ON account (name) WHERE removed_at_us IS NULL;"
    "INSERT INTO account (account_id, name, contact_limit, policy, raise_step, contacts, near_us, full_us, created_at_us)"
    " VALUES (1, 'default', 0, 'stop', 0, 0, 0, 0, 0);"
    "CREATE UNIQUE INDEX source_id ON source (id);";

#endif
