/* 0007_fetch_task.h -- owns the table of objects that are to be fetched. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0007_FETCH_TASK_H
#define STORE_MIGRATIONS_0007_FETCH_TASK_H

/* One row an object, however often it was asked for. generation counts the asking; gone_at_us is 0 until the platform says that
 * there is no such object. */
static const char migration_0007_fetch_task[] =
    "CREATE TABLE fetch_task ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, object TEXT NOT NULL, object_id TEXT NOT NULL,"
    " generation BIGINT NOT NULL, wanted_at_us BIGINT NOT NULL, due_at_us BIGINT NOT NULL, attempts BIGINT NOT NULL,"
    " last_error TEXT NOT NULL, gone_at_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, object, object_id));"
    "CREATE INDEX fetch_task_due ON fetch_task (account_id, gone_at_us, due_at_us);";

#endif
