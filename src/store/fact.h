/* fact.h -- owns what a fact is to the store: one row of one table, how it is read, told apart and written. Only src/store uses it. */
#ifndef STORE_FACT_H
#define STORE_FACT_H

#include "store/row.h"
#include "store/scope.h"

enum fact_kind {
    FACT_CUSTOMER,
    FACT_ADDRESS,
    FACT_CLAIM,
    FACT_FIELD,
    FACT_CONSENT,
    FACT_SUPPRESSION,
    FACT_ORDER,
    FACT_REFUND,
    FACT_CART,
    FACT_VISITOR,
    FACT_SEEN,
    FACT_ERASED,
    FACT_FIRING, /* only read */
    FACT_KIND__COUNT
};

/* Rows are the structs of model/contact.h, and these two. */
struct seen_row {
    int64_t source_id;
    struct str key, delivery_id, reason, detail;
    int64_t at_us;
};
struct erased_row {
    struct str tombstone;
    int64_t at_us;
};

struct fact_type {
    size_t size;    /* of the struct */
    size_t list;    /* offset of its list in struct scope */
    size_t changed; /* offset of its member `changed`; 0: it has none */
    bool once;      /* a reader may find the same row twice */
    void (*read)(struct row *r, void *row);
    void (*settle)(void *row);                    /* what it was when it was loaded is what it is now; NULL: it does not remember */
    int (*compare)(const void *a, const void *b); /* by primary key, without the account */
    const char *insert, *types;                   /* one row, $1 the account; NULL: it is only read */
    enum err (*bind)(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us);
};
extern const struct fact_type fact_types[FACT_KIND__COUNT];

/* What rows are found by: the keys of the look-ups that an event needs. */
enum fact_index {
    BY_CUSTOMER,
    BY_MERGED_INTO,
    BY_ADDRESS,
    BY_CLAIM_CUSTOMER, /* the customer's claims */
    BY_CLAIM_ADDRESS,  /* everybody who ever had the address */
    BY_FIELD_CUSTOMER,
    BY_CONSENT_ADDRESS,
    BY_SUPPRESSION_ADDRESS,
    BY_ORDER,
    BY_REFUND_ORDER,
    BY_CART,
    BY_VISITOR,
    BY_SEEN,
    BY_ERASED,
    FACT_INDEX__COUNT
};

struct fact_key {
    int64_t account_id, source_id; /* 0: of no source */
    struct str text;
};

/* Those of one kind stand together; in the lists of the first one each row is found again. */
struct fact_index_type {
    enum fact_kind kind;
    bool of_source;     /* $2 is the source, $3 the text; else $2 is the text */
    const char *select; /* $1 is the account */
    void (*key)(const void *row, struct fact_key *out);
};
extern const struct fact_index_type fact_indexes[FACT_INDEX__COUNT];

/* What the files of each subject add to fact_types. */
#define FACT_READERS(X) \
    X(customer)         \
    X(address)          \
    X(claim)            \
    X(field)            \
    X(consent)          \
    X(suppression)      \
    X(order)            \
    X(refund)           \
    X(cart)             \
    X(visitor)          \
    X(seen)             \
    X(erased)           \
    X(firing)
#define X(name) void fact_read_##name(struct row *r, void *row);
FACT_READERS(X)
#undef X
#define FACT_WRITERS(X) \
    X(customer)         \
    X(address)          \
    X(claim)            \
    X(field)            \
    X(consent)          \
    X(suppression)      \
    X(order)            \
    X(refund)           \
    X(cart)             \
    X(visitor)          \
    X(seen)
#define X(name)                                                                                            \
    enum err fact_bind_##name(struct db_rows *rows, int64_t account_id, const void *row, int64_t look_us); \
    extern const char fact_insert_##name[];
FACT_WRITERS(X)
#undef X

#define CUSTOMER_COLUMNS                                                                                                        \
    "c.source_id, c.subject, c.external_id, c.contact_id, c.email, c.email_shown, c.email_class, c.email_at_us, c.email_rank, " \
    "c.email_receipt, c.seen_at_us, c.seen_rank, c.seen_receipt, c.deleted_at_us, c.deleted_rank, c.deleted_receipt, "          \
    "c.merged_into, c.first_us, c.last_us"
#define CLAIM_COLUMNS "address, source_id, subject, class, first_us, said_at_us, said_rank, said_receipt, shown, apart"
#define FIELD_COLUMNS "source_id, subject, name, is_set, value, at_us, rank, receipt"
#define CONSENT_REGISTER(name) \
    name "_set, " name "_state, " name "_at_us, " name "_source, " name "_confirmed, " name "_basis, " name "_receipt"
#define CONSENT_COLUMNS                                                                                                      \
    "address, channel, list, since_us, " CONSENT_REGISTER("restrict") ", " CONSENT_REGISTER("opt_in") ", " CONSENT_REGISTER( \
        "weak") ", " CONSENT_REGISTER("asked")
#define SUPPRESSION_COLUMNS "address, channel, reason, at_us, source_id"
#define ORDER_COLUMNS                                                                                                             \
    "source_id, id, at_us, rank, receipt, subject, number, status, currency, shown_currency, shown_total, cart_id, checkout_id, " \
    "url, items, total, tax, shipping, discount, refunded, test, created_us, late_at_us, late_rank, late_receipt, late_status, "  \
    "owner_at_us, owner_rank, owner_receipt, anonymous_us"
#define REFUND_COLUMNS "source_id, order_id, id, amount, at_us, rank, receipt"
#define CART_COLUMNS                                                                                                             \
    "source_id, id, at_us, rank, receipt, subject, visitor_id, cart_id, currency, url, items, total, n_items, first_us, "        \
    "active_us, completed_us, abandoned_us, owner_at_us, owner_rank, owner_receipt, active_received_us, abandoned_received_us, " \
    "heard_us"
#define VISITOR_COLUMNS "source_id, id, subject, at_us, rank, receipt"

#endif
