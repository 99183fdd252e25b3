/* store.c -- owns the open contact database: found by the configuration, brought to this program's schema. */
#include "store/store.h"

#include "store/schema.h"

enum { URL_BYTES = 4096 };

enum err store_open_url(const char *url, int64_t timeout_ms, const struct clock *clock, struct store **out, struct buf *why)
{
    struct store *store = calloc(1, sizeof(*store));
    enum err err = store ? db_open(url, timeout_ms, &store->db, why) : ERR_MEMORY;

    if (err)
        goto done;
    store->clock = clock;
    store->account_id = ACCOUNT_DEFAULT;
    err = db_migrate(store->db, schema_migrations, schema_migrations_n, why);
    if (err)
        goto done;
    *out = store;
    store = NULL;
done:
    store_close(store);
    return err;
}

enum err store_open(const struct config *cfg, const struct clock *clock, struct store **out, struct buf *why)
{
    struct str given = str_of(config_text(cfg, SET_DB_URL)), scheme = STR("sqlite:"), path = str_from(given, scheme.len);
    struct buf url = BUF_INIT(URL_BYTES);
    enum err err;

    if (str_starts(given, scheme) && path.len && *path.p != '/')
        err = buf_printf(&url, "sqlite:%s/%.*s", config_text(cfg, SET_DIR), STR_ARG(path));
    else
        err = buf_append(&url, given);
    if (!err)
        err = store_open_url(buf_text(&url), config_int(cfg, SET_DB_TIMEOUT), clock, out, why);
    buf_wipe(&url);
    return err;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    db_close(store->db);
    free(store);
}

enum err store_end(struct store *store, enum err err)
{
    if (!err)
        return db_commit(store->db);
    db_rollback(store->db);
    return err;
}
