/* 0004_source_key.h -- owns the table of endpoint keys that were replaced and still lead to their source. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0004_SOURCE_KEY_H
#define STORE_MIGRATIONS_0004_SOURCE_KEY_H

static const char migration_0004_source_key[] = "CREATE TABLE source_key ("
                                                "  account_id BIGINT NOT NULL,"
                                                "  key TEXT NOT NULL,"
                                                "  source_id BIGINT NOT NULL,"
                                                "  until_us BIGINT NOT NULL,"
                                                "  PRIMARY KEY (account_id, key),"
                                                "  FOREIGN KEY (account_id, source_id) REFERENCES source (account_id, id)"
                                                ");"
                                                "CREATE INDEX source_key_source ON source_key (account_id, source_id);";

#endif
