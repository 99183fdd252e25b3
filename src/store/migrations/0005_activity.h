/* 0005_activity.h -- owns the table of activities: lines of a timeline that change nothing. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0005_ACTIVITY_H
#define STORE_MIGRATIONS_0005_ACTIVITY_H

/* Columns are those of struct activity in model/contact.h; subject and address are empty when it names nobody. */
static const char migration_0005_activity[] =
    "CREATE TABLE activity ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, id TEXT NOT NULL, at_us BIGINT NOT NULL,"
    " subject TEXT NOT NULL, address TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, url TEXT NOT NULL,"
    " delivery_id TEXT NOT NULL, received_at_us BIGINT NOT NULL, applied_at_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, id));"
    "CREATE INDEX activity_customer ON activity (account_id, source_id, subject);"
    "CREATE INDEX activity_address ON activity (account_id, address);"
    "CREATE INDEX activity_time ON activity (account_id, source_id, at_us);";

#endif
