/* fact.c -- owns the tables that say of each kind of fact how it is read, told apart, found and written. */
#include "store/scope_read.h"

#include <stddef.h>

/* -- told apart: by the columns of the primary key ------------------------------------------------------------------------------- */

static int by_int(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_customer(const void *left, const void *right)
{
    const struct customer *a = left, *b = right;
    int c = by_int(a->source_id, b->source_id);

    return c ? c : str_cmp(a->subject, b->subject);
}

static int compare_address(const void *left, const void *right)
{
    const struct address *a = left, *b = right;

    return str_cmp(a->key, b->key);
}

static int compare_claim(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    int c = by_int(a->source_id, b->source_id);

    if (c == 0)
        c = str_cmp(a->subject, b->subject);
    return c ? c : str_cmp(a->address, b->address);
}

static int compare_field(const void *left, const void *right)
{
    const struct contact_field *a = left, *b = right;
    int c = by_int(a->source_id, b->source_id);

    if (c == 0)
        c = str_cmp(a->subject, b->subject);
    return c ? c : str_cmp(a->name, b->name);
}

static int compare_consent(const void *left, const void *right)
{
    const struct consent *a = left, *b = right;
    int c = str_cmp(a->address, b->address);

    if (c == 0)
        c = str_cmp(a->channel, b->channel);
    return c ? c : str_cmp(a->list, b->list);
}

static int compare_suppression(const void *left, const void *right)
{
    const struct suppression *a = left, *b = right;
    int c = str_cmp(a->address, b->address);

    if (c == 0)
        c = str_cmp(a->channel, b->channel);
    return c ? c : str_cmp(a->reason, b->reason);
}

static int compare_order(const void *left, const void *right)
{
    const struct order *a = left, *b = right;
    int c = by_int(a->source_id, b->source_id);

    return c ? c : str_cmp(a->id, b->id);
}

static int compare_refund(const void *left, const void *right)
{
    const struct refund *a = left, *b = right;
    int c = by_int(a->source_id, b->source_id);

    if (c == 0)
        c = str_cmp(a->order_id, b->order_id);
    return c ? c : str_cmp(a->id, b->id);
}

static int compare_cart(const void *left, const void *right)
{
    const struct cart *a = left, *b = right;
    int c = by_int(a->source_id, b->source_id);

    return c ? c : str_cmp(a->id, b->id);
}

static int compare_visitor(const void *left, const void *right)
{
    const struct visitor *a = left, *b = right;
    int c = by_int(a->source_id, b->source_id);

    return c ? c : str_cmp(a->id, b->id);
}

static int compare_seen(const void *left, const void *right)
{
    const struct seen_row *a = left, *b = right;
    int c = by_int(a->source_id, b->source_id);

    return c ? c : str_cmp(a->key, b->key);
}

static int compare_erased(const void *left, const void *right)
{
    const struct erased_row *a = left, *b = right;

    return str_cmp(a->tombstone, b->tombstone);
}

static int compare_firing(const void *left, const void *right)
{
    const struct cart_firing *a = left, *b = right;
    int c = by_int(a->source_id, b->source_id);

    if (c == 0)
        c = str_cmp(a->cart_id, b->cart_id);
    if (c == 0)
        c = by_int(a->kind, b->kind);
    return c ? c : by_int(a->episode_us, b->episode_us);
}

/* -- what a scope remembers of the time before its event -------------------------------------------------------------------------- */

static void settle_customer(void *row)
{
    struct customer *c = row;

    c->loaded_contact_id = c->contact_id;
}

static void settle_order(void *row)
{
    struct order *o = row;

    o->loaded_subject = o->subject;
    o->loaded_cart_id = o->cart_id;
    o->loaded_checkout_id = o->checkout_id;
}

void fact_read_seen(struct row *r, void *row)
{
    struct seen_row *s = row;

    s->source_id = row_int(r);
    s->key = row_str(r);
    s->delivery_id = row_str(r);
    s->reason = row_str(r);
    s->detail = row_str(r);
    s->at_us = row_int(r);
}

void fact_read_erased(struct row *r, void *row)
{
    struct erased_row *e = row;

    e->tombstone = row_str(r);
    e->at_us = row_int(r);
}

#define SCOPED(name, type, member) \
    .size = sizeof(struct type), .list = offsetof(struct scope, member), .read = fact_read_##name, .compare = compare_##name
#define WRITTEN(name, letters) .insert = fact_insert_##name, .types = (letters), .bind = fact_bind_##name

const struct fact_type fact_types[FACT_KIND__COUNT] = {
    [FACT_CUSTOMER] = {SCOPED(customer, customer, customers), .changed = offsetof(struct customer, changed),
                       WRITTEN(customer, "iisssssiiisiisiissii"), .once = true, .settle = settle_customer},
    [FACT_ADDRESS] = {SCOPED(address, address, addresses), .changed = offsetof(struct address, changed), WRITTEN(address, "iss"),
                      .once = true},
    [FACT_CLAIM] = {SCOPED(claim, claim, claims), .changed = offsetof(struct claim, changed), WRITTEN(claim, "isisiiiissi"),
                    .once = true},
    [FACT_FIELD] = {SCOPED(field, contact_field, fields), .changed = offsetof(struct contact_field, changed),
                    WRITTEN(field, "iissisiis")},
    [FACT_CONSENT] = {SCOPED(consent, consent, consents), .changed = offsetof(struct consent, changed),
                      WRITTEN(consent, "isssiiiiiissiiiiissiiiiissiiiiiss")},
    [FACT_SUPPRESSION] = {SCOPED(suppression, suppression, suppressions), .changed = offsetof(struct suppression, changed),
                          WRITTEN(suppression, "isssii")},
    [FACT_ORDER] = {SCOPED(order, order, orders), .changed = offsetof(struct order, changed),
                    WRITTEN(order, "iisiisssssssssssiiiiiiiiissiisi"), .settle = settle_order},
    [FACT_REFUND] = {SCOPED(refund, refund, refunds), .changed = offsetof(struct refund, changed), WRITTEN(refund, "iisssiis")},
    [FACT_CART] = {SCOPED(cart, cart, carts), .changed = offsetof(struct cart, changed),
                   WRITTEN(cart, "iisiisssssssiiiiiiiisiiii")},
    [FACT_VISITOR] = {SCOPED(visitor, visitor, visitors), .changed = offsetof(struct visitor, changed),
                      WRITTEN(visitor, "iissiis")},
    [FACT_SEEN] = {.size = sizeof(struct seen_row), .read = fact_read_seen, .compare = compare_seen, WRITTEN(seen, "iississ")},
    [FACT_ERASED] = {.size = sizeof(struct erased_row), .read = fact_read_erased, .compare = compare_erased},
    [FACT_FIRING] = {SCOPED(firing, cart_firing, firings), .once = true},
};

/* -- found ------------------------------------------------------------------------------------------------------------------------ */

#define KEY_OF(name, type, source, member)                        \
    static void key_##name(const void *row, struct fact_key *out) \
    {                                                             \
        const struct type *r = row;                               \
                                                                  \
        out->source_id = (source);                                \
        out->text = r->member;                                    \
    }
KEY_OF(customer, customer, r->source_id, subject)
KEY_OF(merged, customer, r->source_id, merged_into)
KEY_OF(address, address, 0, key)
KEY_OF(claim_customer, claim, r->source_id, subject)
KEY_OF(claim_address, claim, 0, address)
KEY_OF(field, contact_field, r->source_id, subject)
KEY_OF(consent, consent, 0, address)
KEY_OF(suppression, suppression, 0, address)
KEY_OF(order, order, r->source_id, id)
KEY_OF(refund, refund, r->source_id, order_id)
KEY_OF(cart, cart, r->source_id, id)
KEY_OF(visitor, visitor, r->source_id, id)
KEY_OF(seen, seen_row, r->source_id, key)
KEY_OF(erased, erased_row, 0, tombstone)

#define OF_SOURCE(table, column) " FROM " table " WHERE account_id = $1 AND source_id = $2 AND " column " = $3"
#define OF_NONE(table, column) " FROM " table " WHERE account_id = $1 AND " column " = $2"

/* Those of one kind stand together, the first is its home. */
const struct fact_index_type fact_indexes[FACT_INDEX__COUNT] = {
    [BY_CUSTOMER] = {FACT_CUSTOMER, true, "SELECT " CUSTOMER_COLUMNS OF_SOURCE("customer c", "subject"), key_customer},
    [BY_MERGED_INTO] = {FACT_CUSTOMER, true,
                        "SELECT " CUSTOMER_COLUMNS OF_SOURCE("customer c", "merged_into") " AND merged_into <> ''", key_merged},
    [BY_ADDRESS] = {FACT_ADDRESS, false, "SELECT address, contact_id" OF_NONE("address", "address"), key_address},
    [BY_CLAIM_CUSTOMER] = {FACT_CLAIM, true, "SELECT " CLAIM_COLUMNS OF_SOURCE("claim", "subject"), key_claim_customer},
    [BY_CLAIM_ADDRESS] = {FACT_CLAIM, false, "SELECT " CLAIM_COLUMNS OF_NONE("claim", "address"), key_claim_address},
    [BY_FIELD_CUSTOMER] = {FACT_FIELD, true, "SELECT " FIELD_COLUMNS OF_SOURCE("customer_field", "subject"), key_field},
    [BY_CONSENT_ADDRESS] = {FACT_CONSENT, false, "SELECT " CONSENT_COLUMNS OF_NONE("consent", "address"), key_consent},
    [BY_SUPPRESSION_ADDRESS] = {FACT_SUPPRESSION, false, "SELECT " SUPPRESSION_COLUMNS OF_NONE("suppression", "address"),
                                key_suppression},
    [BY_ORDER] = {FACT_ORDER, true, "SELECT " ORDER_COLUMNS OF_SOURCE("shop_order", "id"), key_order},
    [BY_REFUND_ORDER] = {FACT_REFUND, true, "SELECT " REFUND_COLUMNS OF_SOURCE("refund", "order_id"), key_refund},
    [BY_CART] = {FACT_CART, true, "SELECT " CART_COLUMNS OF_SOURCE("cart", "id"), key_cart},
    [BY_VISITOR] = {FACT_VISITOR, true, "SELECT " VISITOR_COLUMNS OF_SOURCE("visitor", "id"), key_visitor},
    [BY_SEEN] = {FACT_SEEN, true, "SELECT source_id, key, delivery_id, reason, detail, at_us" OF_SOURCE("seen", "key"), key_seen},
    [BY_ERASED] = {FACT_ERASED, false, "SELECT tombstone, at_us" OF_NONE("erased", "tombstone"), key_erased},
};
