/* 0003_cart_owner.h -- owns the version of whose cart it is, which not every statement about a cart says. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0003_CART_OWNER_H
#define STORE_MIGRATIONS_0003_CART_OWNER_H

/* Of a cart that is there, the latest state stands for the latest that named its customer. */
static const char migration_0003_cart_owner[] = "ALTER TABLE cart ADD COLUMN owner_at_us BIGINT NOT NULL DEFAULT 0;"
                                                "ALTER TABLE cart ADD COLUMN owner_rank BIGINT NOT NULL DEFAULT 0;"
                                                "ALTER TABLE cart ADD COLUMN owner_receipt TEXT NOT NULL DEFAULT '';"
                                                "UPDATE cart SET owner_at_us = at_us, owner_rank = rank, owner_receipt = receipt"
                                                " WHERE subject <> '';";

#endif
