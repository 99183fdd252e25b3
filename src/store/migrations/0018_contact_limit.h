/* 0018_contact_limit.h -- owns the tables of who waits for room in an account, and what happened at its limit. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0018_CONTACT_LIMIT_H
#define STORE_MIGRATIONS_0018_CONTACT_LIMIT_H

/*
 * parked: persons who would be new contacts, each with the dead letters that speak of them; person and customer are HMACs. Meaning of
 * all columns: store/parked.h. account_event: told = 1 once a drainer has written the line in its log.
 */
static const char migration_0018_contact_limit[] =
    "CREATE TABLE parked ("
    " account_id BIGINT NOT NULL, person TEXT NOT NULL, delivery_id TEXT NOT NULL, customer TEXT NOT NULL,"
    " received_at_us BIGINT NOT NULL,"
    " state BIGINT NOT NULL, called_us BIGINT NOT NULL, looked_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, person, delivery_id));"
    "CREATE INDEX parked_delivery ON parked (delivery_id);"
    "CREATE INDEX parked_customer ON parked (account_id, customer);"
    "CREATE INDEX parked_waiting ON parked (account_id, received_at_us, delivery_id) WHERE state = 0;"
    "CREATE INDEX parked_called ON parked (account_id, person, called_us) WHERE state > 0;"
    "CREATE TABLE account_event ("
    " account_id BIGINT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, at_us BIGINT NOT NULL, contacts BIGINT NOT NULL,"
    " contact_limit BIGINT NOT NULL, told BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, id));"
    "CREATE INDEX account_event_time ON account_event (account_id, at_us, id);"
    "CREATE INDEX account_event_untold ON account_event (at_us) WHERE told = 0;";

#endif
