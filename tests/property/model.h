/* model.h -- owns what the test works out by itself from the script: totals of orders, and who must not be subscribed. */
#ifndef TESTS_PROPERTY_MODEL_H
#define TESTS_PROPERTY_MODEL_H

#include "replay.h"

static inline const char *final_status(const struct made_order *o)
{
    return o->deleted ? "cancelled" : o->status;
}

/* K7, K8 */
static inline bool is_counted(const struct made_order *o)
{
    static const char *const counted[] = {"paid", "completed", "refunded", "partially_refunded"};
    bool is = false;

    for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++)
        is |= strcmp(final_status(o), counted[i]) == 0;
    return is && !o->test;
}

/* K5, K6 */
static inline int64_t net_of(const struct made_order *o)
{
    int64_t told = o->told > o->told_in_state ? o->told : o->told_in_state, sum = 0;

    for (int i = 0; i < o->n_refunds; i++)
        sum += o->refund[i];
    if (told > sum)
        sum = told;
    if (!is_counted(o) || strcmp(final_status(o), "refunded") == 0 || sum > o->total)
        return 0;
    return o->total - sum;
}

static inline struct made_order *order_named(struct script *s, const char *source, const char *id)
{
    char text[32];

    for (int i = 0; i < s->n_orders; i++) {
        struct made_order *o = &s->orders[i];

        snprintf(text, sizeof(text), "%s%lld", script_sources[o->source].platform == STOREHOOK ? "o-" : "", (long long)o->number);
        if (strcmp(script_sources[o->source].name, source) == 0 && strcmp(text, id) == 0)
            return o;
    }
    return NULL;
}

/* The contact's sums are those of its orders. Counts each order that was found in `seen`. Returns false with words in `why`. */
static inline bool totals_are_right(struct script *s, json_t *contact, int *seen, struct buf *why)
{
    json_t *orders = json_object_get(contact, "orders"), *net = json_object_get(orders, "net"), *order;
    json_t *expected = json_object();
    int64_t sums[SOURCES] = {0}, count = 0;
    enum err err = OK;
    bool right;
    size_t i;

    json_array_foreach(json_object_get(orders, "orders"), i, order)
    {
        struct made_order *o =
            order_named(s, json_string_value(json_object_get(order, "source")), json_string_value(json_object_get(order, "id")));

        assert_non_null(o);
        seen[o - s->orders]++;
        if (!is_counted(o))
            continue;
        count++;
        for (size_t k = 0; k < SOURCES; k++) /* one sum a currency */
            if (strcmp(shop_currency(k), o->currency) == 0) {
                sums[k] += net_of(o);
                put_text(expected, o->currency, amount_text(s, sums[k], o->currency));
                break;
            }
    }
    right = json_equal(expected, net) && json_integer_value(json_object_get(orders, "count")) == count;
    if (!right) {
        char *text = json_dumps(orders, JSON_COMPACT), *wanted = json_dumps(expected, JSON_COMPACT);

        err = buf_printf(why, "K4: totals should be %s of %lld orders: %s\n", wanted, (long long)count, text);
        free(text);
        free(wanted);
    }
    assert_int_equal(err, OK);
    json_decref(expected);
    return right;
}

static inline int address_named(struct script *s, const char *text)
{
    for (int i = 0; text && i < ADDRESSES; i++)
        if (strcasecmp(address_text(s, i), text) == 0)
            return i;
    return NOBODY;
}

/* C2, C4, C5: a restriction that no explicit opt-in of a later time follows stands, whatever orders and carts say. */
static inline bool consent_is_right(struct script *s, json_t *contact, struct buf *why)
{
    int address = address_named(s, json_string_value(json_object_get(contact, "email")));
    const char *state = json_string_value(json_object_get(json_object_get(contact, "consent"), "state"));
    int64_t opted_in;

    assert_int_not_equal(address, NOBODY);
    opted_in = s->opted_in_us[address];
    for (int p = 0; p < PEOPLE; p++)
        if ((address_of(p, 0) == address || address_of(p, 1) == address || address_of(p, 2) == address) &&
            s->opted_in_unaddressed_us[p] > opted_in)
            opted_in = s->opted_in_unaddressed_us[p];
    if (s->restricted_us[address] == 0 || opted_in > s->restricted_us[address] || strcmp(state, "subscribed") != 0)
        return true;
    assert_int_equal(buf_printf(why, "C4: %s is subscribed, but was unsubscribed at %s and opted in at %s\n",
                                address_text(s, address), iso(s, s->restricted_us[address]), iso(s, opted_in)),
                     OK);
    return false;
}

/* M3: two living customers of one shop that it did not merge are two contacts. */
static inline bool customers_are_apart(json_t *contact, struct buf *why)
{
    json_t *list = json_object_get(contact, "sources");

    for (size_t i = 0; i < json_array_size(list); i++)
        for (size_t j = i + 1; j < json_array_size(list); j++) {
            json_t *a = json_array_get(list, i), *b = json_array_get(list, j);

            if (!json_equal(json_object_get(a, "source"), json_object_get(b, "source")))
                continue;
            assert_int_equal(
                buf_printf(why, "M3: %s is customers %s and %s of %s\n", json_string_value(json_object_get(contact, "email")),
                           json_string_value(json_object_get(a, "external_id")),
                           json_string_value(json_object_get(b, "external_id")), json_string_value(json_object_get(a, "source"))),
                OK);
            return false;
        }
    return true;
}

static inline bool model_agrees(struct script *s, const struct contacts *c, struct buf *why)
{
    int seen[ORDERS_MAX] = {0};
    bool right = true;

    for (size_t i = 0; i < c->n && right; i++) {
        json_t *contact = NULL;

        assert_int_equal(json_parse(str_of(c->text[i]), &contact, NULL), OK);
        right = totals_are_right(s, contact, seen, why) && consent_is_right(s, contact, why) && customers_are_apart(contact, why);
        json_decref(contact);
    }
    for (int i = 0; i < s->n_orders && right; i++)
        if (s->orders[i].placed && seen[i] != 1) {
            right = false;
            assert_int_equal(buf_printf(why, "M7: order %lld stands with %d contacts\n", (long long)s->orders[i].number, seen[i]),
                             OK);
        }
    return right;
}

#endif
