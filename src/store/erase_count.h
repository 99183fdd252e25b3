/* erase_count.h -- owns what an erasure removed, counted by kind, for its report. */
#ifndef STORE_ERASE_COUNT_H
#define STORE_ERASE_COUNT_H

#include "store/privacy.h"

/* Their names stand in the report. */
enum erased_kind {
    ERASED_CONTACTS,
    ERASED_CUSTOMERS,
    ERASED_ADDRESSES,
    ERASED_FIELDS,
    ERASED_CONSENTS,
    ERASED_ORDERS,
    ERASED_REFUNDS,
    ERASED_CARTS,
    ERASED_VISITS,
    ERASED_ACTIVITIES,
    ERASED_LEDGER,
    ERASED_NOTICES,
    ERASED_OTHERS, /* timers, keys and the like, which name the person */
    ERASED__COUNT
};

struct erase_count {
    int64_t rows[ERASED__COUNT];
};

/* Adds the rows that the statement just run removed; hands on its error. */
enum err erase_counted(struct erase_count *count, enum erased_kind kind, struct store *store, enum err err) MUST_CHECK;
/* Notes the erasure with its counts (privacy_erased). `tombstones` may be NULL. ERR_MEMORY, those of the database. */
enum err erase_count_note(const struct erase_count *count, struct store *store, const struct privacy_ask *ask,
                          enum privacy_kind kind, const struct id *id, const json_t *tombstones) MUST_CHECK;

#endif
