/* script_make.h -- owns the mixture of the script: what happens how often. */
#ifndef TESTS_PROPERTY_SCRIPT_MAKE_H
#define TESTS_PROPERTY_SCRIPT_MAKE_H

#include "script_orders.h"

static inline void say_something(struct script *s)
{
    size_t source = (size_t)pick(s, SOURCES);
    int person = pick(s, PEOPLE), what = pick(s, 100);
    bool restless = chance(s, 25); /* a few people of whom much is said: deleted, made again, moved, merged */
    struct made_order *o = s->n_orders ? &s->orders[pick(s, s->n_orders)] : NULL;

    if (restless) {
        source = source / 4 * 4;
        person %= HOUSEHOLD;
    }
    if (what < 28)
        say_of_customer(s, source, person);
    else if (what < 38)
        say_consent(s, source, person);
    else if (what < 41)
        say_deleted(s, source, person);
    else if (what < 43)
        say_merged(s, source, person);
    else if (what < 57 && s->n_orders < ORDERS_MAX)
        say_of_order(s, order_new(s, source, person));
    else if (what < 70 && o && !o->deleted)
        say_of_order(s, o);
    else if (what < 76 && o && !o->deleted)
        say_refund(s, o);
    else if (what < 77 && o && !o->deleted)
        say_order_deleted(s, o);
    else if (what < 89 && s->n_carts < CARTS_MAX)
        say_of_cart(s, source, person);
    else if (what >= 89)
        say_visit(s, source, person);
}

/* Every delivery has a second of its own, so that no two bodies share a provider time. */
static inline struct script *script_new(uint64_t seed)
{
    struct script *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    arena_init(&s->arena, 64 << 20);
    s->random = seed;
    s->now_us = INT64_C(1714521600) * US_PER_S;
    while (s->n < DELIVERIES) {
        s->now_us += (1 + pick(s, 900)) * US_PER_S;
        say_something(s);
    }
    return s;
}

static inline void script_free(struct script *s)
{
    if (!s)
        return;
    arena_release(&s->arena);
    free(s);
}

#endif
