/* erase_count.c -- owns what an erasure removed, counted by kind, for its report. */
#include "store/erase_count.h"

static const char *const names[ERASED__COUNT] = {
    [ERASED_CONTACTS] = "contacts", [ERASED_CUSTOMERS] = "customers",   [ERASED_ADDRESSES] = "addresses",
    [ERASED_FIELDS] = "fields",     [ERASED_CONSENTS] = "consents",     [ERASED_ORDERS] = "orders",
    [ERASED_REFUNDS] = "refunds",   [ERASED_CARTS] = "carts",           [ERASED_VISITS] = "visits",
    [ERASED_LEDGER] = "ledger",     [ERASED_ACTIVITIES] = "activities", [ERASED_NOTICES] = "notices",
    [ERASED_OTHERS] = "others",
};

enum err erase_counted(struct erase_count *count, enum erased_kind kind, struct store *store, enum err err)
{
    if (!err)
        count->rows[kind] += db_changes(store->db);
    return err;
}

enum err erase_count_note(const struct erase_count *count, struct store *store, const struct privacy_ask *ask,
                          enum privacy_kind kind, const struct id *id, const json_t *tombstones)
{
    json_t *removed = json_object(), *none = json_array();
    enum err err = removed && none ? OK : ERR_MEMORY;

    for (size_t i = 0; i < ERASED__COUNT && !err; i++)
        if (count->rows[i] && json_object_set_new(removed, names[i], json_integer((json_int_t)count->rows[i])))
            err = ERR_MEMORY;
    if (!err)
        err = privacy_erased(store, ask, kind, id, tombstones ? tombstones : none, removed);
    json_decref(none);
    json_decref(removed);
    return err;
}
