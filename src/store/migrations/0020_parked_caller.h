/* 0020_parked_caller.h -- owns who called a parked person, and whether a place is kept for them. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0020_PARKED_CALLER_H
#define STORE_MIGRATIONS_0020_PARKED_CALLER_H

static const char migration_0020_parked_caller[] = "ALTER TABLE parked ADD COLUMN caller TEXT NOT NULL DEFAULT '';"
                                                   "ALTER TABLE parked ADD COLUMN keeps BIGINT NOT NULL DEFAULT 0;";

#endif
