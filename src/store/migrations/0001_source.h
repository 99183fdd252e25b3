/* 0001_source.h -- owns the tables of sources and their sealed secrets. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0001_SOURCE_H
#define STORE_MIGRATIONS_0001_SOURCE_H

/* A removed source stays, so that history can name it; its name is free again. Ids are never used twice. */
static const char migration_0001_source[] = "CREATE TABLE source ("
                                            "  account_id BIGINT NOT NULL,"
                                            "  id BIGINT NOT NULL,"
                                            "  key TEXT NOT NULL,"
                                            "  platform TEXT NOT NULL,"
                                            "  name TEXT NOT NULL,"
                                            "  list TEXT NOT NULL,"
                                            "  config TEXT NOT NULL,"
                                            "  enabled BIGINT NOT NULL,"
                                            "  rank BIGINT NOT NULL,"
                                            "  cart_delay_ms BIGINT NOT NULL,"
                                            "  created_at_us BIGINT NOT NULL,"
                                            "  removed_at_us BIGINT,"
                                            "  PRIMARY KEY (account_id, id)"
                                            ");"
                                            "CREATE UNIQUE INDEX source_name ON source (account_id, name)"
                                            "  WHERE removed_at_us IS NULL;"
                                            "CREATE TABLE source_secret ("
                                            "  account_id BIGINT NOT NULL,"
                                            "  source_id BIGINT NOT NULL,"
                                            "  number BIGINT NOT NULL,"
                                            "  name TEXT NOT NULL,"
                                            "  sealed TEXT NOT NULL,"
                                            "  from_us BIGINT NOT NULL,"
                                            "  until_us BIGINT NOT NULL,"
                                            "  PRIMARY KEY (account_id, source_id, number),"
                                            "  FOREIGN KEY (account_id, source_id) REFERENCES source (account_id, id)"
                                            ");";

#endif
