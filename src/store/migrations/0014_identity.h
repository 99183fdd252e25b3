/* 0014_identity.h -- owns what a claim says beyond "had this address", and the operator's merges. Included by schema.c only. */
#ifndef STORE_MIGRATIONS_0014_IDENTITY_H
#define STORE_MIGRATIONS_0014_IDENTITY_H

/*
 * claim: columns of struct claim in model/contact.h; claims that were kept apart before are found by where their contacts are.
 * contact_merge: one row a merge that can still be undone; the key is that of the customer whose claims join the contacts. The texts
 * are JSON: the two contacts as they were shown, which node had which contact, which ids led to the one that was merged away.
 */
static const char migration_0014_identity[] =
    "ALTER TABLE claim ADD COLUMN said_at_us BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE claim ADD COLUMN said_rank BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE claim ADD COLUMN said_receipt TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE claim ADD COLUMN shown TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE claim ADD COLUMN apart BIGINT NOT NULL DEFAULT 0;"
    "UPDATE claim SET shown = address, said_at_us = first_us WHERE NOT EXISTS (SELECT 1 FROM customer c"
    " WHERE c.account_id = claim.account_id AND c.source_id = claim.source_id AND c.subject = claim.subject"
    " AND c.email = claim.address);"
    "UPDATE claim SET apart = 1 WHERE EXISTS (SELECT 1 FROM customer c JOIN address a ON a.account_id = c.account_id"
    " WHERE c.account_id = claim.account_id AND c.source_id = claim.source_id AND c.subject = claim.subject"
    " AND a.address = claim.address AND a.contact_id <> c.contact_id);"
    "CREATE INDEX claim_apart ON claim (account_id, address, source_id, subject) WHERE apart > 0;"
    "CREATE TABLE contact_merge ("
    " account_id BIGINT NOT NULL, source_id BIGINT NOT NULL, subject TEXT NOT NULL, at_us BIGINT NOT NULL, made_by TEXT NOT NULL,"
    " kept_id TEXT NOT NULL, gone_id TEXT NOT NULL, before TEXT NOT NULL, nodes TEXT NOT NULL, aliases TEXT NOT NULL,"
    " PRIMARY KEY (account_id, source_id, subject));"
    "CREATE INDEX contact_merge_age ON contact_merge (account_id, at_us);";

#endif
