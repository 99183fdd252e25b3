/* 0002_contact.h -- owns the tables of facts about contacts, of what was seen, and of the ledger. Released: never changes. */
#ifndef STORE_MIGRATIONS_0002_CONTACT_H
#define STORE_MIGRATIONS_0002_CONTACT_H

/*
 * account_id comes first in every key, so that a distributed database can shard by it. Versions are three columns: _at_us, _rank,
 * _receipt. The meaning of each table is that of the struct of the same name in model/contact.h.
 */
static const char migration_0002_contact[] =
    "CREATE TABLE contact ("
    " account_id BIGINT NOT NULL, id TEXT NOT NULL, alias_of TEXT, made_at_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, id));"
    "CREATE INDEX contact_alias ON contact (account_id, alias_of);"

    "CREATE TABLE customer ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, subject TEXT NOT NULL, external_id TEXT NOT NULL,"
    " contact_id TEXT NOT NULL, email TEXT NOT NULL, email_shown TEXT NOT NULL, email_class BIGINT NOT NULL,"
    " email_at_us BIGINT NOT NULL, email_rank BIGINT NOT NULL, email_receipt TEXT NOT NULL,"
    " seen_at_us BIGINT NOT NULL, seen_rank BIGINT NOT NULL, seen_receipt TEXT NOT NULL,"
    " deleted_at_us BIGINT NOT NULL, deleted_rank BIGINT NOT NULL, deleted_receipt TEXT NOT NULL,"
    " merged_into TEXT NOT NULL, first_us BIGINT NOT NULL, last_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, subject));"
    "CREATE INDEX customer_contact ON customer (account_id, contact_id);"
    "CREATE INDEX customer_merged ON customer (account_id, source_id, merged_into);"

    "CREATE TABLE address ("
    " account_id BIGINT NOT NULL, address TEXT NOT NULL, contact_id TEXT NOT NULL,"
    " PRIMARY KEY (account_id, address));"
    "CREATE INDEX address_contact ON address (account_id, contact_id);"

    "CREATE TABLE claim ("
    " account_id BIGINT NOT NULL, address TEXT NOT NULL, source_id BIGINT NOT NULL, subject TEXT NOT NULL,"
    " class BIGINT NOT NULL, first_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, address, source_id, subject));"
    "CREATE INDEX claim_customer ON claim (account_id, source_id, subject);"

    "CREATE TABLE customer_field ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL,"
    " is_set BIGINT NOT NULL, value TEXT NOT NULL, at_us BIGINT NOT NULL, rank BIGINT NOT NULL, receipt TEXT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, subject, name));"

    "CREATE TABLE consent ("
    " account_id BIGINT NOT NULL, address TEXT NOT NULL, channel TEXT NOT NULL, list TEXT NOT NULL, since_us BIGINT NOT NULL,"
    " restrict_set BIGINT NOT NULL, restrict_state BIGINT NOT NULL, restrict_at_us BIGINT NOT NULL,"
    " restrict_source BIGINT NOT NULL, restrict_confirmed BIGINT NOT NULL, restrict_basis TEXT NOT NULL, restrict_receipt TEXT NOT "
    "NULL,"
    " opt_in_set BIGINT NOT NULL, opt_in_state BIGINT NOT NULL, opt_in_at_us BIGINT NOT NULL,"
    " opt_in_source BIGINT NOT NULL, opt_in_confirmed BIGINT NOT NULL, opt_in_basis TEXT NOT NULL, opt_in_receipt TEXT NOT NULL,"
    " weak_set BIGINT NOT NULL, weak_state BIGINT NOT NULL, weak_at_us BIGINT NOT NULL,"
    " weak_source BIGINT NOT NULL, weak_confirmed BIGINT NOT NULL, weak_basis TEXT NOT NULL, weak_receipt TEXT NOT NULL,"
    " PRIMARY KEY (account_id, address, channel, list));"

    "CREATE TABLE suppression ("
    " account_id BIGINT NOT NULL, address TEXT NOT NULL, channel TEXT NOT NULL, reason TEXT NOT NULL,"
    " at_us BIGINT NOT NULL, source_id BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, address, channel, reason));"

    "CREATE TABLE shop_order ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, id TEXT NOT NULL,"
    " at_us BIGINT NOT NULL, rank BIGINT NOT NULL, receipt TEXT NOT NULL,"
    " subject TEXT NOT NULL, number TEXT NOT NULL, status TEXT NOT NULL, currency TEXT NOT NULL,"
    " shown_currency TEXT NOT NULL, shown_total TEXT NOT NULL, cart_id TEXT NOT NULL, checkout_id TEXT NOT NULL,"
    " url TEXT NOT NULL, items TEXT NOT NULL, total BIGINT NOT NULL, tax BIGINT NOT NULL, shipping BIGINT NOT NULL,"
    " discount BIGINT NOT NULL, refunded BIGINT NOT NULL, test BIGINT NOT NULL, created_us BIGINT NOT NULL,"
    " late_at_us BIGINT NOT NULL, late_rank BIGINT NOT NULL, late_receipt TEXT NOT NULL, late_status TEXT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, id));"
    "CREATE INDEX shop_order_customer ON shop_order (account_id, source_id, subject);"
    "CREATE INDEX shop_order_checkout ON shop_order (account_id, source_id, checkout_id);"
    "CREATE INDEX shop_order_cart ON shop_order (account_id, source_id, cart_id);"

    "CREATE TABLE refund ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, order_id TEXT NOT NULL, id TEXT NOT NULL, amount TEXT NOT NULL,"
    " at_us BIGINT NOT NULL, rank BIGINT NOT NULL, receipt TEXT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, order_id, id));"

    "CREATE TABLE cart ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, id TEXT NOT NULL,"
    " at_us BIGINT NOT NULL, rank BIGINT NOT NULL, receipt TEXT NOT NULL,"
    " subject TEXT NOT NULL, visitor_id TEXT NOT NULL, cart_id TEXT NOT NULL, currency TEXT NOT NULL, url TEXT NOT NULL,"
    " items TEXT NOT NULL, total BIGINT NOT NULL, n_items BIGINT NOT NULL, first_us BIGINT NOT NULL, active_us BIGINT NOT NULL,"
    " completed_us BIGINT NOT NULL, abandoned_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, id));"
    "CREATE INDEX cart_customer ON cart (account_id, source_id, subject);"
    "CREATE INDEX cart_visitor ON cart (account_id, source_id, visitor_id, subject);"

    "CREATE TABLE visit ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, at_us BIGINT NOT NULL,"
    " subject TEXT NOT NULL, visitor_id TEXT NOT NULL, url TEXT NOT NULL, title TEXT NOT NULL, referrer TEXT NOT NULL,"
    " product_id TEXT NOT NULL, product_name TEXT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, id));"
    "CREATE INDEX visit_customer ON visit (account_id, subject, source_id);"
    "CREATE INDEX visit_visitor ON visit (account_id, source_id, visitor_id, subject);"

    "CREATE TABLE visitor ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, id TEXT NOT NULL, subject TEXT NOT NULL,"
    " at_us BIGINT NOT NULL, rank BIGINT NOT NULL, receipt TEXT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, id));"
    "CREATE INDEX visitor_customer ON visitor (account_id, source_id, subject);"

    "CREATE TABLE seen ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, key TEXT NOT NULL, delivery_id TEXT NOT NULL,"
    " at_us BIGINT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, key));"
    "CREATE INDEX seen_age ON seen (account_id, at_us);"
    "CREATE INDEX seen_delivery ON seen (account_id, delivery_id);"

    "CREATE TABLE ledger ("
    " account_id BIGINT NOT NULL, id TEXT NOT NULL, contact_id TEXT NOT NULL, source_id BIGINT NOT NULL, delivery_id TEXT NOT NULL,"
    " type TEXT NOT NULL, rule TEXT NOT NULL, what TEXT NOT NULL, name TEXT NOT NULL, old_value TEXT NOT NULL, new_value TEXT NOT "
    "NULL,"
    " event_at_us BIGINT NOT NULL, received_at_us BIGINT NOT NULL, applied_at_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, id));"
    "CREATE INDEX ledger_contact ON ledger (account_id, contact_id, id);"

    "CREATE TABLE erased ("
    " account_id BIGINT NOT NULL, tombstone TEXT NOT NULL, at_us BIGINT NOT NULL,"
    " PRIMARY KEY (account_id, tombstone));";

#endif
