/* 0008_visits.h -- owns what a source says of visits that browsers tell of, and finding old ones. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0008_VISITS_H
#define STORE_MIGRATIONS_0008_VISITS_H

/* The public key stays when visits are switched off, so that switching them on again needs no new snippet in the shop. */
static const char migration_0008_visits[] = "ALTER TABLE source ADD COLUMN visits_on INTEGER NOT NULL DEFAULT 0;"
                                            "ALTER TABLE source ADD COLUMN visits_key TEXT NOT NULL DEFAULT '';"
                                            "ALTER TABLE source ADD COLUMN visits_origins TEXT NOT NULL DEFAULT '';"
                                            "CREATE INDEX visit_nobody ON visit (account_id, at_us) WHERE subject = '';"
                                            "CREATE INDEX cart_nobody ON cart (account_id, active_us) WHERE subject = '';";

#endif
