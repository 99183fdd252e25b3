/* 0010_cart_timers.h -- owns when a cart is looked at again, and what fired. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0010_CART_TIMERS_H
#define STORE_MIGRATIONS_0010_CART_TIMERS_H

/*
 * look_us: when the cart is to be looked at; 0 = not until something happens. What is found then is derived from the facts.
 * carts_from_us: carts that were due before do not fire (CA14); 0 = to be set by the first sweep, so that a database that is brought
 * to this schema fires nothing of the past. cart_firing: what was recorded, once for each cart, kind and episode.
 */
static const char migration_0010_cart_timers[] =
    "ALTER TABLE cart ADD COLUMN look_us BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE cart ADD COLUMN heard_us BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE cart ADD COLUMN active_received_us BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE cart ADD COLUMN abandoned_received_us BIGINT NOT NULL DEFAULT 0;"
    "UPDATE cart SET look_us = 1, heard_us = at_us, active_received_us = active_us, abandoned_received_us = abandoned_us;"
    "CREATE INDEX cart_look ON cart (account_id, look_us, source_id, id) WHERE look_us > 0;"
    "CREATE INDEX cart_heard ON cart (account_id, heard_us);"
    "CREATE INDEX cart_token ON cart (account_id, source_id, cart_id);"
    "ALTER TABLE source ADD COLUMN cart_cooldown_ms BIGINT NOT NULL DEFAULT -1;"
    "ALTER TABLE source ADD COLUMN cart_back_ms BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE source ADD COLUMN carts_from_us BIGINT NOT NULL DEFAULT 0;"
    "CREATE TABLE cart_firing ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, cart_id TEXT NOT NULL, kind BIGINT NOT NULL, episode_us BIGINT NOT "
    "NULL,"
    " id TEXT NOT NULL, subject TEXT NOT NULL, contact_id TEXT NOT NULL, due_us BIGINT NOT NULL, fired_us BIGINT NOT NULL,"
    " quiet BIGINT NOT NULL, mailable BIGINT NOT NULL, order_id TEXT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, cart_id, kind, episode_us));"
    "CREATE UNIQUE INDEX cart_firing_id ON cart_firing (account_id, id);"
    "CREATE INDEX cart_firing_age ON cart_firing (account_id, fired_us);"
    "CREATE INDEX cart_firing_customer ON cart_firing (account_id, source_id, subject);";

#endif
