/* partition.c -- owns the parts of the tables that grow with contacts, on PostgreSQL: hash-partitioned by account. */
#include "store/partition.h"

enum { SQL_BYTES = 4096 };

static const char *const growing[] = {
    "contact",    "customer", "address",       "claim",       "customer_field",  "consent",        "suppression",
    "shop_order", "refund",   "cart",          "cart_firing", "visit",           "visitor",        "activity",
    "seen",       "ledger",   "notice_effect", "notice",      "notice_delivery", "trigger_firing", "cycle_start",
};

/*
 * Rows are moved before there are indexes; those are made as they were, under the same names, so that later migrations find them.
 * Values: the table, the number of parts.
 */
static const char part_table[] =
    "DO $$ DECLARE own text := '%s'; whole text := own || '_whole'; old oid := own::regclass; made text[]; key text; line text; "
    "BEGIN"
    " SELECT array_agg(pg_get_indexdef(i.indexrelid)) INTO made FROM pg_index i WHERE i.indrelid = old AND NOT i.indisprimary;"
    " SELECT format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', own, c.conname, pg_get_constraintdef(c.oid)) INTO key"
    "  FROM pg_constraint c WHERE c.conrelid = old AND c.contype = 'p';"
    " EXECUTE format('ALTER TABLE %%I RENAME TO %%I', own, whole);"
    " EXECUTE format('CREATE TABLE %%I (LIKE %%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY HASH (account_id)', own, "
    "whole);"
    " FOR part IN 0..%d - 1 LOOP"
    "  EXECUTE format('CREATE TABLE %%I PARTITION OF %%I FOR VALUES WITH (MODULUS %d, REMAINDER %%s)', own || '_part_' || part, "
    "own, part);"
    " END LOOP;"
    " EXECUTE format('INSERT INTO %%I SELECT * FROM %%I', own, whole);"
    " EXECUTE format('DROP TABLE %%I', whole);"
    " EXECUTE key;"
    " FOREACH line IN ARRAY coalesce(made, '{}') LOOP EXECUTE line; END LOOP; END $$";

static enum err is_whole(struct db *db, struct str table, bool *whole)
{
    struct db_stmt *st = NULL;
    enum err err = db_query(db, &st,
                            "SELECT 1 FROM pg_class WHERE relname = CAST($1 AS TEXT) AND relkind = 'r'"
                            " AND relnamespace = current_schema()::regnamespace",
                            "s", table);

    *whole = false;
    if (!err)
        err = db_step(st, whole);
    db_done(st);
    return err;
}

static enum err part(struct db *db, const char *table)
{
    struct buf sql = BUF_INIT(SQL_BYTES);
    enum err err = buf_printf(&sql, part_table, table, PARTITIONS, PARTITIONS);

    if (!err)
        err = db_run_script(db, buf_text(&sql));
    buf_release(&sql);
    return err;
}

static enum err part_all(struct db *db, size_t *n, struct buf *why)
{
    enum err err = OK;

    for (size_t i = 0; i < sizeof(growing) / sizeof(*growing) && !err; i++) {
        bool whole = false;

        err = is_whole(db, str_of(growing[i]), &whole);
        if (!err && whole)
            err = part(db, growing[i]);
        *n += !err && whole;
        if (err && buf_printf(why, "table %s: %s; stop all roles and run it again", growing[i], db_trouble(db)))
            return ERR_MEMORY;
    }
    return err;
}

enum err partition_tables(struct db *db, size_t *n, struct buf *why)
{
    enum err err;

    *n = 0;
    if (!db_has_partitions(db)) {
        err = buf_append(why, STR("SQLite has no partitions; they are for many accounts on PostgreSQL"));
        return err ? err : ERR_NOT_IMPLEMENTED;
    }
    err = db_begin_frozen(db);
    if (err) {
        enum err full = buf_printf(why, "%s; stop all roles and run it again", db_trouble(db));

        return full ? full : err;
    }
    err = part_all(db, n, why);
    if (!err)
        err = db_commit(db);
    db_rollback(db);
    return err;
}
