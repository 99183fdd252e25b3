/* drain_fill.h -- owns the contacts that are in the database before bench/drain begins. */
#ifndef BENCH_DRAIN_FILL_H
#define BENCH_DRAIN_FILL_H

#include "store/store.h"

enum { FILL_STEP = 50000 };

#define NUMBERS "WITH RECURSIVE n(i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < CAST($2 AS BIGINT)) "
#define NUMBER "CAST(i AS TEXT)"
#define CONTACT "'0' || CAST(1000000000000000 + i AS TEXT) || 'abcdefabcdefabc'"
#define ADDRESS "'user' || " NUMBER " || '@example' || CAST(i % 50 AS TEXT) || '.com'"
#define THEN "1600000000000000"

/* A customer with an address, fields, consent, a ledger; half of them with an order, a quarter with a cart and visits. */
static const char *const fill_statements[] = {
    NUMBERS "INSERT INTO contact (account_id, id, made_at_us) SELECT 1, " CONTACT ", " THEN " FROM n",
    NUMBERS "INSERT INTO customer (account_id, source_id, subject, external_id, contact_id, email, email_shown, email_class,"
            " email_at_us, email_rank, email_receipt, seen_at_us, seen_rank, seen_receipt, deleted_at_us, deleted_rank,"
            " deleted_receipt, merged_into, first_us, last_us) SELECT 1, 1, 'c:' || " NUMBER ", " NUMBER ", " CONTACT ", " ADDRESS
            ", " ADDRESS ", 1, " THEN ", 0, '0', " THEN ", 0, '0', 0, 0, '', '', " THEN ", " THEN " FROM n",
    NUMBERS "INSERT INTO address (account_id, address, contact_id) SELECT 1, " ADDRESS ", " CONTACT " FROM n",
    NUMBERS "INSERT INTO claim (account_id, address, source_id, subject, class, first_us) SELECT 1, " ADDRESS ", 1, 'c:' || " NUMBER
            ", 1, " THEN " FROM n",
    NUMBERS "INSERT INTO customer_field (account_id, source_id, subject, name, is_set, value, at_us, rank, receipt)"
            " SELECT 1, 1, 'c:' || " NUMBER ", f.name, 1, f.name, " THEN ", 0, '0' FROM n, (SELECT 'first_name' AS name"
            " UNION ALL SELECT 'last_name' UNION ALL SELECT 'city' UNION ALL SELECT 'country' UNION ALL SELECT 'shopify_note') f",
    NUMBERS "INSERT INTO consent (account_id, address, channel, list, since_us, restrict_set, restrict_state, restrict_at_us,"
            " restrict_source, restrict_confirmed, restrict_basis, restrict_receipt, opt_in_set, opt_in_state, opt_in_at_us,"
            " opt_in_source, opt_in_confirmed, opt_in_basis, opt_in_receipt, weak_set, weak_state, weak_at_us, weak_source,"
            " weak_confirmed, weak_basis, weak_receipt) SELECT 1, " ADDRESS ", 'email', '', " THEN
            ", 0, 0, 0, 0, 0, '', '', 1, 1, " THEN ", 1, 0, '', '0', 0, 0, 0, 0, 0, '', '' FROM n",
    NUMBERS "INSERT INTO ledger (account_id, id, contact_id, source_id, delivery_id, type, rule, what, name, old_value, new_value,"
            " event_at_us, received_at_us, applied_at_us) SELECT 1, " CONTACT " || f.name, " CONTACT ", 1, " CONTACT
            ", 'signup', 'F1', 'field', f.name, '', f.name, " THEN ", " THEN ", " THEN " FROM n, (SELECT 'first_name' AS name"
            " UNION ALL SELECT 'last_name' UNION ALL SELECT 'city' UNION ALL SELECT 'country' UNION ALL SELECT 'shopify_note') f",
    NUMBERS "INSERT INTO seen (account_id, source_id, key, delivery_id, at_us, reason, detail) SELECT 1, 1,"
            " 'demo.example|' || " CONTACT ", " CONTACT ", " THEN ", '', '' FROM n",
    NUMBERS
    "INSERT INTO shop_order (account_id, source_id, id, at_us, rank, receipt, subject, number, status, currency,"
    " shown_currency, shown_total, cart_id, checkout_id, url, items, total, tax, shipping, discount, refunded, test,"
    " created_us, late_at_us, late_rank, late_receipt, late_status) SELECT 1, 1, " NUMBER ", " THEN ", 0, '0',"
    " 'c:' || " NUMBER ", " NUMBER ", 'paid', 'SEK', '', '', 'oldca' || " NUMBER ", 'oldco' || " NUMBER ", '',"
    " '[{\"product_id\":\"7001\",\"name\":\"Stoneware mug, blue\",\"quantity\":\"2\",\"price\":\"19.50\"}]', 84800, 16960, 0,"
    " 0, 0, 0, " THEN ", 0, 0, '', '' FROM n WHERE i % 2 = 0",
    NUMBERS "INSERT INTO cart (account_id, source_id, id, at_us, rank, receipt, subject, visitor_id, cart_id, currency, url, items,"
            " total, n_items, first_us, active_us, completed_us, abandoned_us) SELECT 1, 1, 'co' || " NUMBER ", " THEN ", 0, '0',"
            " 'c:' || " NUMBER ", '', 'ca' || " NUMBER
            ", 'SEK', '', '[{\"product_id\":\"7001\",\"quantity\":\"1\"}]', 39950, 1, " THEN ", " THEN
            ", 0, 0 FROM n WHERE i % 4 = 0",
    NUMBERS "INSERT INTO visit (account_id, source_id, id, type, at_us, subject, visitor_id, url, title, referrer, product_id,"
            " product_name) SELECT 1, 2, 'd:' || " CONTACT ", 'page_visit', " THEN ", '', 'v' || " NUMBER ","
            " 'https://demo.example/products/1', 'Stoneware mug', '', '', '' FROM n WHERE i % 4 = 0",
};

static inline enum err fill_step(struct store *store, int64_t from, int64_t to)
{
    enum err err = db_begin(store->db);

    if (err)
        return err;
    for (size_t i = 0; i < sizeof(fill_statements) / sizeof(*fill_statements) && !err; i++)
        err = db_run(store->db, fill_statements[i], "ii", from, to);
    return store_end(store, err);
}

static inline enum err fill_source(struct store *store, int64_t id, const char *platform)
{
    return db_run(
        store->db,
        "INSERT INTO source (account_id, id, key, platform, name, list, config, enabled, rank, cart_delay_ms, created_at_us)"
        " VALUES (1, $1, $2, $2, $2, '', '{}', 1, 0, 0, 0)",
        "is", id, str_of(platform));
}

static inline enum err fill(struct store *store, int64_t contacts)
{
    enum err err = fill_source(store, 1, "shopify");

    if (!err)
        err = fill_source(store, 2, "storehook");
    for (int64_t from = 0; from < contacts && !err; from += FILL_STEP)
        err = fill_step(store, from, from + FILL_STEP < contacts ? from + FILL_STEP : contacts);
    return err;
}

#endif
