/* tale.h -- owns the made-up story of a few people: every kind of event, acts of the operator, and what they add up to. */
#ifndef TESTS_PROPERTY_TALE_H
#define TESTS_PROPERTY_TALE_H

#include "base/clock.h"
#include "base/json.h"
#include "base/timefmt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Few people, few addresses, few ids, so that everything meets. A seed tells one of two stories:
 *   fixed    every delivery has a receipt of its own in every order of arrival (several drainers). Clocks are wrong, one of them by
 *            more than is believed (O7), and many times are equal, so that rank and receipt decide (O2, F2).
 *   retold   the receipt follows the order of arrival (a network). Then every event has its own time, since of equal ones the later
 *            receipt wins by rule (O2), and every statement of consent says when (C5).
 */
enum { PERSONS = 5, ERASED_PERSON = PERSONS - 1, PLACES = 4, PLACE_IMPORT = 3, ADDRESSES = PERSONS * 2 + 2 };
enum { TALE_STEPS = 60, TALE_ORDERS = 12, ORDER_STATES_MAX = 60, NO_ADDRESS = -1, NEEDS = 2 };

static const struct {
    const char *name, *platform, *list;
    int rank;
    int64_t skew_s;
} places[PLACES] = {{"one", "storehook", "", 0, 0},
                    {"two", "storehook", "news", 1, -200},
                    {"three", "storehook", "", 0, 400},
                    {"file", "csv", "", 0, 0}};

struct tale_step {
    json_t *step;
    bool is_act;
    int64_t received_us; /* of the fixed story, and of the first run of the retold one */
    size_t needs[NEEDS]; /* steps that an act comes after; TALE_STEPS: none */
};

/* What was said of an order. */
struct order_state {
    int64_t at_us, received_us, total, refunded; /* refunded: -1: a state, else only what was taken back */
    const char *status;
};
struct tale_order {
    int place;
    struct order_state said[ORDER_STATES_MAX];
    size_t n;
};

struct tale {
    uint64_t random;
    bool fixed;
    int64_t now_us;
    int numbers;
    struct tale_step at[TALE_STEPS];
    size_t n;
    size_t told_of[ADDRESSES]; /* the first step that made a contact of the address; TALE_STEPS: none yet */
    struct tale_order orders[TALE_ORDERS];
    int64_t restricted_us[ADDRESSES], opted_in_us[ADDRESSES], opted_in_by_id_us; /* as was stated; 0 = never */
};

static inline uint64_t tale_random(struct tale *t)
{
    uint64_t z = (t->random += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline int one_of(struct tale *t, int n)
{
    return (int)(tale_random(t) % (uint64_t)n);
}

static inline bool perhaps(struct tale *t, int percent)
{
    return one_of(t, 100) < percent;
}

__attribute__((format(printf, 1, 2))) static inline json_t *words(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return json_string(text);
}

static inline json_t *time_json(int64_t us)
{
    char text[TIME_ISO_CHARS + 1];

    return json_string(time_iso(us, text));
}

/* Takes the value; NULL is left out. */
static inline void member(json_t *object, const char *name, json_t *value)
{
    if (value)
        assert_int_equal(json_object_set_new(object, name, value), 0);
}

/* Two of each person's own, and two that several share. The person that will be erased has one and shares nothing. */
static inline int address_of(struct tale *t, int person)
{
    if (person == ERASED_PERSON)
        return person * 2;
    return perhaps(t, 20) ? PERSONS * 2 + one_of(t, 2) : person * 2 + perhaps(t, 35);
}

static inline const char *address_name(int address, char out[32])
{
    if (address >= PERSONS * 2)
        snprintf(out, 32, "family%d@mail.example", address - PERSONS * 2);
    else
        snprintf(out, 32, "p%d%s@mail.example", address / 2, address % 2 ? ".new" : "");
    return out;
}

static inline json_t *address_json(struct tale *t, int address)
{
    char text[32];

    address_name(address, text);
    if (perhaps(t, 8))
        text[0] = (char)(text[0] - 'a' + 'A'); /* M2 */
    return json_string(text);
}

/* What the place's clock says. */
static inline int64_t clock_of(const struct tale *t, int place)
{
    return t->now_us + (t->fixed ? places[place].skew_s * US_PER_S : 0);
}

static inline int64_t believed(const struct tale *t, int64_t at_us, int64_t received_us)
{
    return t->fixed && at_us > received_us + 300 * US_PER_S ? received_us : at_us;
}

/* Returns owned: an event of now, by the place's clock. */
static inline json_t *event_new(struct tale *t, int place, const char *type)
{
    json_t *event = json_object();

    member(event, "id", words("ev-%d", ++t->numbers));
    member(event, "type", json_string(type));
    member(event, "occurred_at", time_json(clock_of(t, place)));
    return event;
}

/* Returns owned; either may be missing. */
static inline json_t *contact_new(struct tale *t, int person, int address)
{
    json_t *contact = json_object();

    if (person >= 0)
        member(contact, "external_id", words("c%d", person));
    if (address != NO_ADDRESS)
        member(contact, "email", address_json(t, address));
    return contact;
}

/* Takes the event: a delivery of now. `address`: one that has a contact from then on. */
static inline struct tale_step *tell_event(struct tale *t, int place, json_t *event, int address)
{
    struct tale_step *s = &t->at[t->n];

    *s = (struct tale_step){.step = json_object(),
                            .received_us = t->now_us + (1 + one_of(t, 20)) * US_PER_S + (int64_t)t->n * US_PER_MS,
                            .needs = {TALE_STEPS, TALE_STEPS}};
    member(s->step, "source", json_string(places[place].name));
    member(s->step, "id", words("d%zu", t->n));
    member(s->step, place == PLACE_IMPORT ? "body" : "event", event);
    if (place == PLACE_IMPORT)
        member(s->step, "topic", json_string("row"));
    if (address != NO_ADDRESS && t->told_of[address] == TALE_STEPS)
        t->told_of[address] = t->n;
    t->n++;
    return s;
}

#endif
