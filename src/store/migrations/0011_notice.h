/* 0011_notice.h -- owns the tables of notices: their targets, the notices, what became of each. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0011_NOTICE_H
#define STORE_MIGRATIONS_0011_NOTICE_H

/*
 * notice_effect: what a notice was made for, hashed, so that it is made once and names nobody. notice_delivery: one row a notice and
 * target; state 0 waiting, 1 delivered, 2 dead; claim is who works on it until due_us.
 */
static const char migration_0011_notice[] =
    "CREATE TABLE notice_target ("
    " account_id BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL, types TEXT NOT NULL,"
    " enabled BIGINT NOT NULL, disabled_why TEXT NOT NULL, created_at_us BIGINT NOT NULL, failures BIGINT NOT NULL,"
    " paused_until_us BIGINT NOT NULL, last_status BIGINT NOT NULL, last_error TEXT NOT NULL, last_at_us BIGINT NOT NULL,"
    " delivered_at_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, id));"
    "CREATE UNIQUE INDEX notice_target_name ON notice_target (account_id, name);"
    "CREATE TABLE notice_secret ("
    " account_id BIGINT NOT NULL, target_id BIGINT NOT NULL, number BIGINT NOT NULL, sealed TEXT NOT NULL,"
    " from_us BIGINT NOT NULL, until_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, target_id, number));"
    "CREATE TABLE notice_effect ("
    " account_id BIGINT NOT NULL, effect TEXT NOT NULL, made_at_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, effect));"
    "CREATE INDEX notice_effect_age ON notice_effect (account_id, made_at_us);"
    "CREATE TABLE notice ("
    " account_id BIGINT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, contact_id TEXT NOT NULL, address TEXT NOT NULL,"
    " body TEXT NOT NULL, at_us BIGINT NOT NULL, made_at_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, id));"
    "CREATE INDEX notice_contact ON notice (account_id, contact_id);"
    "CREATE INDEX notice_address ON notice (account_id, address);"
    "CREATE TABLE notice_delivery ("
    " account_id BIGINT NOT NULL, notice_id TEXT NOT NULL, target_id BIGINT NOT NULL, state BIGINT NOT NULL,"
    " attempts BIGINT NOT NULL, due_us BIGINT NOT NULL, claim TEXT NOT NULL, last_status BIGINT NOT NULL,"
    " last_error TEXT NOT NULL, made_at_us BIGINT NOT NULL, ended_at_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, notice_id, target_id));"
    "CREATE INDEX notice_due ON notice_delivery (account_id, target_id, due_us) WHERE state = 0;"
    "CREATE INDEX notice_waiting ON notice_delivery (account_id, made_at_us) WHERE state = 0;"
    "CREATE INDEX notice_ended ON notice_delivery (account_id, state, ended_at_us);";

#endif
