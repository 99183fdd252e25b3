/* 0006_master_key.h -- owns the table that knows the master key by its fingerprint. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0006_MASTER_KEY_H
#define STORE_MIGRATIONS_0006_MASTER_KEY_H

static const char migration_0006_master_key[] = "CREATE TABLE master_key ("
                                                " account_id BIGINT NOT NULL, fingerprint TEXT NOT NULL,"
                                                " PRIMARY KEY (account_id));";

#endif
