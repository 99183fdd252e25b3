/* 0019_merged.h -- owns the index of customers that a store merged away: few, so the others are left out. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0019_MERGED_H
#define STORE_MIGRATIONS_0019_MERGED_H

/* With all customers in it a planner takes it for useless, since nearly all have the same value, and reads the table. */
static const char migration_0019_merged[] = "DROP INDEX customer_merged;"
                                            "CREATE INDEX customer_merged ON customer (account_id, source_id, merged_into)"
                                            "  WHERE merged_into <> '';";

#endif
