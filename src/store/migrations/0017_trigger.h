/* 0017_trigger.h -- owns the tables of triggers, of what fired, and of the cycles that were started. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0017_TRIGGER_H
#define STORE_MIGRATIONS_0017_TRIGGER_H

/*
 * event_trigger: conditions and actions are JSON, read by model/trigger.h. A removed one stays, so that its id is never used twice;
 * its name is free again. forgotten: how many of its firings were so old that their rows are gone. trigger_firing: one row for a
 * trigger and an effect key, so it fires once (T4). cycle_start: whom the mail system is to take into a cycle.
 */
static const char migration_0017_trigger[] =
    "CREATE TABLE event_trigger ("
    " account_id BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, conditions TEXT NOT NULL,"
    " actions TEXT NOT NULL, enabled BIGINT NOT NULL, created_at_us BIGINT NOT NULL, forgotten BIGINT NOT NULL,"
    " removed_at_us BIGINT,"
    " PRIMARY KEY (account_id, id));"
    "CREATE UNIQUE INDEX event_trigger_name ON event_trigger (account_id, name) WHERE removed_at_us IS NULL;"
    "CREATE TABLE trigger_firing ("
    " account_id BIGINT NOT NULL, trigger_id BIGINT NOT NULL, effect TEXT NOT NULL, contact_id TEXT NOT NULL,"
    " source_id BIGINT NOT NULL, at_us BIGINT NOT NULL, fired_us BIGINT NOT NULL, did TEXT NOT NULL,"
    " PRIMARY KEY (account_id, trigger_id, effect));"
    "CREATE INDEX trigger_firing_time ON trigger_firing (account_id, trigger_id, fired_us);"
    "CREATE INDEX trigger_firing_age ON trigger_firing (account_id, fired_us);"
    "CREATE INDEX trigger_firing_contact ON trigger_firing (account_id, contact_id);"
    "CREATE TABLE cycle_start ("
    " account_id BIGINT NOT NULL, id TEXT NOT NULL, contact_id TEXT NOT NULL, address TEXT NOT NULL, cycle TEXT NOT NULL,"
    " day BIGINT NOT NULL, because TEXT NOT NULL, source_id BIGINT NOT NULL, at_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, id));"
    "CREATE INDEX cycle_start_contact ON cycle_start (account_id, contact_id);"
    "CREATE INDEX cycle_start_age ON cycle_start (account_id, at_us);";

#endif
