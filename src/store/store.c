/* store.c -- owns the open contact database: found by the configuration, brought to this program's schema. */
#include "store/store.h"

#include "base/id.h"
#include "model/view.h"
#include "store/schema.h"
#include "store/skip.h"

#include <poll.h>

enum { URL_BYTES = 4096, FIXED_BYTES = 1 << 20, WAIT_PARTS = 16 };

enum err store_open_url(const char *url, int64_t timeout_ms, const struct clock *clock, struct store **out, struct buf *why)
{
    struct store *store = calloc(1, sizeof(*store));
    enum err err;

    if (!store)
        return ERR_MEMORY;
    arena_init(&store->fixed, FIXED_BYTES);
    err = db_open(url, timeout_ms, &store->db, why);
    if (!err)
        err = skip_load(STR_NONE, &store->fixed, &store->skips, why);
    if (err)
        goto done;
    store->clock = clock;
    store->account_id = ACCOUNT_DEFAULT;
    snprintf(store->purchase_states, sizeof(store->purchase_states), "%s", PURCHASE_STATES);
    err = db_migrate(store->db, schema_migrations, schema_migrations_n, why);
    if (err)
        goto done;
    *out = store;
    store = NULL;
done:
    store_close(store);
    return err;
}

/* K8: what can be bought; a refunded order was. */
static enum err set_purchase_states(struct store *store, const char *given, struct buf *why)
{
    struct str rest = str_of(given), word;
    size_t words = 0;

    while (str_split(&rest, ' ', &word)) {
        if (word.len && !str_eq(word, STR("pending")) && !str_eq(word, STR("paid")) && !str_eq(word, STR("completed")))
            goto wrong;
        words += word.len > 0;
    }
    if (words && strlen(given) <= PURCHASE_STATES_BYTES) {
        snprintf(store->purchase_states, sizeof(store->purchase_states), "%s", given);
        return OK;
    }
wrong:
    return buf_printf(why, "contacts.purchase_states \"%.*s\": give one or more of pending, paid, completed, with blanks between",
                      STR_ARG(str_upto(str_of(given), PURCHASE_STATES_BYTES)))
               ? ERR_MEMORY
               : ERR_CONFIG;
}

enum err store_url(const struct config *cfg, struct str given, struct buf *out)
{
    struct str scheme = STR("sqlite:"), path = str_from(given, scheme.len);

    if (str_starts(given, scheme) && path.len && *path.p != '/')
        return buf_printf(out, "sqlite:%s/%.*s", config_text(cfg, SET_DIR), STR_ARG(path));
    return buf_append(out, given);
}

enum err store_open(const struct config *cfg, const struct clock *clock, struct store **out, struct buf *why)
{
    struct buf url = BUF_INIT(URL_BYTES);
    enum err err = store_url(cfg, str_of(config_text(cfg, SET_DB_URL)), &url);

    *out = NULL;
    if (!err)
        err = store_open_url(buf_text(&url), config_int(cfg, SET_DB_TIMEOUT), clock, out, why);
    buf_wipe(&url);
    if (!err)
        err = set_purchase_states(*out, config_text(cfg, SET_CONTACTS_PURCHASES), why);
    if (!err)
        err = skip_load(str_of(config_text(cfg, SET_CONTACTS_SKIP)), &(*out)->fixed, &(*out)->skips, why);
    if (err) {
        store_close(*out);
        *out = NULL;
    }
    return err;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    db_close(store->db);
    arena_release(&store->fixed);
    free(store);
}

enum err store_end(struct store *store, enum err err)
{
    if (!err)
        return db_commit(store->db);
    db_rollback(store->db);
    return err;
}

enum err store_transact(struct store *store, enum err (*work)(struct store *store, void *arg), void *arg)
{
    enum err err = ERR_DB_BUSY;

    for (int i = 0; i < STORE_TRIES && err == ERR_DB_BUSY; i++) {
        unsigned char wait_ms = 0;

        if (i) /* two that met part again */
            random_bytes(&wait_ms, sizeof(wait_ms));
        poll(NULL, 0, wait_ms / WAIT_PARTS);
        err = db_begin(store->db);
        if (!err)
            err = store_end(store, work(store, arg));
    }
    return err;
}
