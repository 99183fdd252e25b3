/* 0015_privacy_request.h -- owns the table of what persons asked for under the law. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0015_PRIVACY_REQUEST_H
#define STORE_MIGRATIONS_0015_PRIVACY_REQUEST_H

/* The meaning of each column is that of the member of struct privacy_request. request_id: which of them an erase task belongs to. */
static const char migration_0015_privacy_request[] =
    "CREATE TABLE privacy_request ("
    " account_id BIGINT NOT NULL, id TEXT NOT NULL, kind BIGINT NOT NULL, source_id BIGINT NOT NULL, delivery_id TEXT NOT NULL,"
    " asked_by TEXT NOT NULL, asked_us BIGINT NOT NULL, done_us BIGINT NOT NULL, contact_id TEXT NOT NULL,"
    " tombstones TEXT NOT NULL, removed TEXT NOT NULL, samples BIGINT NOT NULL, letters BIGINT NOT NULL,"
    " searched_us BIGINT NOT NULL, cleaned_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, id));"
    "CREATE INDEX privacy_request_contact ON privacy_request (account_id, contact_id) WHERE contact_id <> '';"
    "CREATE INDEX privacy_request_unclean ON privacy_request (searched_us) WHERE searched_us > 0 AND cleaned_us = 0;"
    "ALTER TABLE erase_task ADD COLUMN request_id TEXT NOT NULL DEFAULT '';";

#endif
