/* tale_model.h -- owns what a story must end in, worked out from the story alone: sums, refusals, who is erased. */
#ifndef TESTS_PROPERTY_TALE_MODEL_H
#define TESTS_PROPERTY_TALE_MODEL_H

#include "telling.h"

static inline bool is_unsubscribed(json_t *contact)
{
    return strcmp(json_string_value(json_object_get(json_object_get(contact, "consent"), "state")), "unsubscribed") == 0;
}

static inline int address_shown(json_t *contact)
{
    const char *email = json_string_value(json_object_get(contact, "email"));
    char name[32];
    int address = 0;

    while (address < ADDRESSES && strcasecmp(address_name(address, name), email) != 0)
        address++;
    assert_int_not_equal(address, ADDRESSES);
    return address;
}

/* True when the contact is unsubscribed by what was said of its own address, not of one that it only named (H2). */
static inline bool is_refused(const struct tale *t, json_t *contact)
{
    int address = address_shown(contact);

    return is_unsubscribed(contact) && t->restricted_us[address] > t->opted_in_us[address] &&
           t->restricted_us[address] > t->opted_in_by_id_us;
}

static inline bool has(json_t *end, json_t *contact)
{
    json_t *one;
    size_t i;

    json_array_foreach(json_object_get(end, "contacts"), i, one) if (json_equal(one, contact)) return true;
    return false;
}

/* M8: of two that became one, and of whom one is unsubscribed, the one is; all opt-ins are older than the merge. */
static inline bool stays_refused(const struct tale *t, json_t *before, json_t *after, json_t *pair[2], struct buf *why)
{
    json_t *one;
    size_t i;

    if (has(after, pair[0]) || has(after, pair[1]) || !(is_refused(t, pair[0]) || is_refused(t, pair[1])))
        return true; /* other contacts own the two addresses */
    json_array_foreach(json_object_get(after, "contacts"), i, one) if (!has(before, one) && !is_unsubscribed(one))
    {
        assert_int_equal(buf_printf(why, "M8: %s and %s were merged, one of them unsubscribed, and are not\n",
                                    json_string_value(json_object_get(pair[0], "email")),
                                    json_string_value(json_object_get(pair[1], "email"))),
                         OK);
        return false;
    }
    return true;
}

/* -- what it must be ------------------------------------------------------------------------------------------------------- */

static inline bool is_later(const struct order_state *a, const struct order_state *b)
{
    return a->at_us != b->at_us ? a->at_us > b->at_us : a->received_us > b->received_us;
}

/* K5, K6, K8: what an order of the story comes to. False when it was never placed. */
static inline bool order_comes_to(const struct trial *t, size_t number, int64_t *net, bool *counted)
{
    static const char *const counting[] = {"paid", "completed", "refunded", "partially_refunded"};
    const struct tale_order *o = &t->tale.orders[number];
    const struct order_state *state = NULL, *refund = NULL;
    int64_t back;

    for (size_t i = 0; i < o->n; i++) {
        const struct order_state **slot = o->said[i].refunded < 0 ? &state : &refund;

        if (!*slot || is_later(&o->said[i], *slot))
            *slot = &o->said[i];
    }
    if (!state)
        return false;
    *counted = false;
    for (size_t i = 0; i < sizeof(counting) / sizeof(*counting); i++)
        *counted |= strcmp(state->status, counting[i]) == 0;
    back = refund ? refund->refunded : 0;
    *net = *counted && strcmp(state->status, "refunded") != 0 && back <= state->total ? state->total - back : 0;
    return true;
}

static int64_t minor_of(const char *text)
{
    long long units = 0, cents = 0;

    assert_int_equal(sscanf(text, "%lld.%lld", &units, &cents), 2);
    return units * 100 + cents;
}

/* K3, K4, M7: a contact's sums are those of its orders, and those are what the story says. Counts the orders in `seen`. */
static inline bool totals_are_right(const struct trial *t, json_t *contact, int *seen, struct buf *why)
{
    json_t *orders = json_object_get(contact, "orders"), *order, *sums = json_object_get(orders, "net"), *sum;
    int64_t eur = 0, usd = 0, count = 0, shown = 0, net = 0;
    bool counted = false, right = true;
    const char *currency;
    size_t i, number = 0;

    json_array_foreach(json_object_get(orders, "orders"), i, order)
    {
        assert_int_equal(sscanf(json_string_value(json_object_get(order, "id")), "o%zu", &number), 1);
        seen[number]++;
        right &= order_comes_to(t, number, &net, &counted);
        if (t->tale.orders[number].place == 1)
            usd += net;
        else
            eur += net;
        count += counted;
        right &= minor_of(json_string_value(json_object_get(order, "net"))) == net;
    }
    json_object_foreach(sums, currency, sum)
    {
        shown += minor_of(json_string_value(sum));
        right &= minor_of(json_string_value(sum)) == (strcmp(currency, "USD") == 0 ? usd : eur);
    }
    right &= shown == eur + usd && json_integer_value(json_object_get(orders, "count")) == count;
    if (!right) {
        char *text = json_dumps(orders, JSON_COMPACT);

        assert_int_equal(buf_printf(why, "K4: totals of %s\n  should be EUR %lld, USD %lld of %lld orders\n", text, (long long)eur,
                                    (long long)usd, (long long)count),
                         OK);
        free(text);
    }
    return right;
}

/* C4: after a refusal only an explicit opt-in of a later time makes an address subscribed, whatever orders, rows and merges say. */
static inline bool consent_is_right(const struct trial *t, json_t *contact, struct buf *why)
{
    const char *email = json_string_value(json_object_get(contact, "email"));
    const char *state = json_string_value(json_object_get(json_object_get(contact, "consent"), "state"));
    int address = address_shown(contact);
    int64_t opted_in;

    opted_in = t->tale.opted_in_us[address] > t->tale.opted_in_by_id_us ? t->tale.opted_in_us[address] : t->tale.opted_in_by_id_us;
    if (strcmp(state, "subscribed") != 0 || t->tale.restricted_us[address] == 0 || opted_in > t->tale.restricted_us[address])
        return true;
    assert_int_equal(buf_printf(why, "C4: %s is subscribed, against its latest refusal\n", email), OK);
    return false;
}

static inline bool model_agrees(const struct trial *t, json_t *end, struct buf *why)
{
    int seen[TALE_ORDERS] = {0};
    bool right = true, counted;
    json_t *contact;
    int64_t net;
    size_t i;

    json_array_foreach(json_object_get(end, "contacts"), i, contact)
    {
        const char *email = json_string_value(json_object_get(contact, "email"));

        right = right && totals_are_right(t, contact, seen, why) && consent_is_right(t, contact, why);
        if (strncasecmp(email, "p4", 2) == 0) {
            right = false;
            assert_int_equal(buf_printf(why, "X3: %s was erased\n", email), OK);
        }
    }
    for (i = 0; i < TALE_ORDERS && right; i++)
        if (order_comes_to(t, i, &net, &counted) && seen[i] != 1) {
            right = false;
            assert_int_equal(buf_printf(why, "M7: order o%zu stands with %d contacts\n", i, seen[i]), OK);
        }
    return right;
}

#endif
