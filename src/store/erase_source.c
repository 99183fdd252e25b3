/* erase_source.c -- owns the erasure of all that one source said (X4). */
#include "store/erase.h"

#include "store/account_limit.h"
#include "store/erase_count.h"
#include "store/erase_task.h"

enum err erase_source(struct store *store, const struct privacy_ask *ask)
{
    static const struct {
        enum erased_kind kind;
        const char *sql;
    } of_source[] = {
        {ERASED_REFUNDS, "DELETE FROM refund WHERE account_id = $1 AND source_id = $2"},
        {ERASED_ORDERS, "DELETE FROM shop_order WHERE account_id = $1 AND source_id = $2"},
        {ERASED_CARTS, "DELETE FROM cart WHERE account_id = $1 AND source_id = $2"},
        {ERASED_OTHERS, "DELETE FROM cart_firing WHERE account_id = $1 AND source_id = $2"},
        {ERASED_VISITS, "DELETE FROM visit WHERE account_id = $1 AND source_id = $2"},
        {ERASED_OTHERS, "DELETE FROM visitor WHERE account_id = $1 AND source_id = $2"},
        {ERASED_FIELDS, "DELETE FROM customer_field WHERE account_id = $1 AND source_id = $2"},
        {ERASED_OTHERS, "DELETE FROM claim WHERE account_id = $1 AND source_id = $2"},
        {ERASED_CUSTOMERS, "DELETE FROM customer WHERE account_id = $1 AND source_id = $2"},
        {ERASED_ACTIVITIES, "DELETE FROM activity WHERE account_id = $1 AND source_id = $2"},
        {ERASED_OTHERS, "DELETE FROM fetch_task WHERE account_id = $1 AND source_id = $2"},
        {ERASED_OTHERS, "DELETE FROM trigger_firing WHERE account_id = $1 AND source_id = $2"},
        {ERASED_OTHERS, "DELETE FROM cycle_start WHERE account_id = $1 AND source_id = $2"},
        {ERASED_LEDGER, "DELETE FROM ledger WHERE account_id = $1 AND source_id = $2"},
    };
    /* Consent belongs to the address (C1): it stays where the person stays, and goes with the last source that knew them; a
     * refusal stays for ever as it protects the person. */
    static const struct {
        enum erased_kind kind;
        const char *sql;
    } of_nobody[] = {
        /* what the operator noted down keeps nobody: it goes with the last source that knew the address */
        {ERASED_OTHERS, "DELETE FROM claim WHERE account_id = $1 AND source_id = 0 AND NOT EXISTS (SELECT 1 FROM claim k"
                        " WHERE k.account_id = $1 AND k.address = claim.address AND k.source_id <> 0)"},
        {ERASED_OTHERS,
         "DELETE FROM contact_merge WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM claim k WHERE k.account_id = $1"
         " AND k.source_id = 0 AND k.subject = contact_merge.subject)"},
        {ERASED_FIELDS, "DELETE FROM customer_field WHERE account_id = $1 AND source_id = 0 AND NOT EXISTS (SELECT 1 FROM claim k"
                        " WHERE k.account_id = $1 AND k.source_id = 0 AND k.subject = customer_field.subject)"},
        {ERASED_OTHERS, "DELETE FROM customer WHERE account_id = $1 AND source_id = 0 AND NOT EXISTS (SELECT 1 FROM claim k"
                        " WHERE k.account_id = $1 AND k.source_id = 0 AND k.subject = customer.subject)"},
        {ERASED_ADDRESSES, "DELETE FROM address WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM claim k WHERE k.account_id = $1"
                           " AND k.address = address.address)"},
        {ERASED_CONTACTS, "DELETE FROM contact WHERE account_id = $1 AND alias_of IS NULL AND NOT EXISTS (SELECT 1 FROM address a"
                          " WHERE a.account_id = $1 AND a.contact_id = contact.id) AND NOT EXISTS (SELECT 1 FROM customer c"
                          " WHERE c.account_id = $1 AND c.contact_id = contact.id)"},
        {ERASED_CONSENTS, "DELETE FROM consent WHERE account_id = $1 AND restrict_set = 0 AND address NOT LIKE '#%' AND NOT EXISTS"
                          " (SELECT 1 FROM address a WHERE a.account_id = $1 AND a.address = consent.address)"},
        {ERASED_OTHERS, "DELETE FROM trigger_firing WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM contact c"
                        " WHERE c.account_id = $1 AND c.id = trigger_firing.contact_id)"},
        {ERASED_OTHERS, "DELETE FROM cycle_start WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM contact c"
                        " WHERE c.account_id = $1 AND c.id = cycle_start.contact_id)"},
        {ERASED_NOTICES, "DELETE FROM notice WHERE account_id = $1 AND contact_id <> '' AND NOT EXISTS (SELECT 1 FROM contact c"
                         " WHERE c.account_id = $1 AND c.id = notice.contact_id)"},
        {ERASED_OTHERS,
         "DELETE FROM notice_delivery WHERE account_id = $1 AND NOT EXISTS (SELECT 1 FROM notice m WHERE m.account_id = $1"
         " AND m.id = notice_delivery.notice_id)"},
    };
    struct id id = id_new(clock_wall_us(store->clock));
    struct erase_count count = {0};
    enum err err = OK;

    for (size_t i = 0; i < sizeof(of_source) / sizeof(*of_source) && !err; i++)
        err = erase_counted(&count, of_source[i].kind, store,
                            db_run(store->db, of_source[i].sql, "ii", store->account_id, ask->source_id));
    for (size_t i = 0; i < sizeof(of_nobody) / sizeof(*of_nobody) && !err; i++)
        err = erase_counted(&count, of_nobody[i].kind, store, db_run(store->db, of_nobody[i].sql, "i", store->account_id));
    if (!err)
        err = contact_recount(store);
    if (!err)
        err = erase_task_put(store, ask->source_id, STR_NONE, id_str(&id));
    return err ? err : erase_count_note(&count, store, ask, PRIVACY_SOURCE_ERASE, &id, NULL);
}
