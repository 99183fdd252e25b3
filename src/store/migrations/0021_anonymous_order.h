/* 0021_anonymous_order.h -- owns whose an order is apart from its state, and since when it is of nobody (G4). Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0021_ANONYMOUS_ORDER_H
#define STORE_MIGRATIONS_0021_ANONYMOUS_ORDER_H

/* Until now a statement about an order always named its customer, so the owner's version is that of the state. */
static const char migration_0021_anonymous_order[] =
    "ALTER TABLE shop_order ADD COLUMN owner_at_us BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE shop_order ADD COLUMN owner_rank BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE shop_order ADD COLUMN owner_receipt TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE shop_order ADD COLUMN anonymous_us BIGINT NOT NULL DEFAULT 0;"
    "UPDATE shop_order SET owner_at_us = at_us, owner_rank = rank, owner_receipt = receipt WHERE subject <> '';"
    "CREATE INDEX shop_order_anonymous ON shop_order (account_id, anonymous_us) WHERE anonymous_us > 0;";

#endif
