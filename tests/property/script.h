/* script.h -- owns the made-up history of eight shops: a seed gives deliveries as the platforms send them, and what they add up to. */
#ifndef TESTS_PROPERTY_SCRIPT_H
#define TESTS_PROPERTY_SCRIPT_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/timefmt.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

/*
 * What the script leaves out, because a rule makes it depend on the order of receipt by design:
 *   - two different bodies about one thing with one provider time (O2: the later receipt wins); repetitions of a body are there
 *   - unsubscribing without a consent time (C5: receipt time)
 *   - what has no provider time at all (O6: a deletion by id takes the receipt time) unless nothing follows it in the history
 */
enum { SOURCES = 8, PEOPLE = 48, HOUSEHOLD = 4, DELIVERIES = 1000, ORDERS_MAX = 400, CARTS_MAX = 300, REFUNDS_MAX = 3 };
enum { ADDRESSES = PEOPLE * 2 + PEOPLE / HOUSEHOLD, BODY_BYTES = 64 << 10, NOBODY = -1 };

enum platform { SHOPIFY, WOOCOMMERCE, STOREHOOK, PLATFORMS };
static const char *const platform_names[PLATFORMS] = {"shopify", "woocommerce", "storehook"};

static const struct {
    const char *name, *list;
    enum platform platform;
    int rank;
} script_sources[SOURCES] = {
    {"s0", "news", SHOPIFY, 0}, {"s1", "", SHOPIFY, 1},       {"s2", "vip", SHOPIFY, 0},   {"w3", "news", WOOCOMMERCE, 2},
    {"w4", "", WOOCOMMERCE, 0}, {"h5", "news", STOREHOOK, 0}, {"h6", "vip", STOREHOOK, 1}, {"h7", "", STOREHOOK, 0},
};

struct delivery {
    size_t source;
    struct str topic, body;
    struct field headers[4];
    size_t n_headers;
    int64_t at_us; /* when the platform sent it */
};

/* An account of one person in one shop. */
struct account {
    bool made, gone, merged, closed; /* closed: nothing more is said of it */
    int address;
    int64_t made_us;
};

struct made_order {
    size_t source;
    int person, address; /* NOBODY: without an address */
    bool guest, test, deleted, placed;
    int64_t number, created_us, total; /* minor units */
    const char *currency, *status;     /* in the words of the canonical event */
    int n_refunds;
    int64_t refund[REFUNDS_MAX], told_in_state, told; /* told: total refunded, in the order and by its own event */
    int cart;                                         /* NOBODY: none */
};

struct made_cart {
    size_t source;
    int person;
    int64_t number, made_us;
};

struct script {
    struct arena arena;
    uint64_t random;
    int64_t now_us;
    int64_t numbers; /* ids given out */
    struct account accounts[SOURCES][PEOPLE];
    struct made_order orders[ORDERS_MAX];
    struct made_cart carts[CARTS_MAX];
    int n_orders, n_carts;
    /* consent as it was stated: 0 = never */
    int64_t restricted_us[ADDRESSES], opted_in_us[ADDRESSES], said_us[ADDRESSES];
    int64_t opted_in_unaddressed_us[PEOPLE];
    struct delivery d[DELIVERIES];
    size_t n;
};

static inline uint64_t script_random(struct script *s)
{
    uint64_t z = (s->random += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to n - 1 */
static inline int pick(struct script *s, int n)
{
    return (int)(script_random(s) % (uint64_t)n);
}

static inline bool chance(struct script *s, int percent)
{
    return pick(s, 100) < percent;
}

static inline struct str kept(struct script *s, const char *text)
{
    struct str copy = arena_str(&s->arena, str_of(text));

    assert_non_null(copy.p);
    return copy;
}

static inline const char *text_of(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline const char *text_of(struct script *s, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return kept(s, text).p;
}

static inline const char *iso(struct script *s, int64_t us)
{
    char text[TIME_ISO_CHARS + 1];

    return kept(s, time_iso(us, text)).p;
}

/* As WordPress writes it: no zone. */
static inline const char *iso_local(struct script *s, int64_t us)
{
    struct str text = str_of(iso(s, us));

    return text_of(s, "%.*s", (int)text.len - 1, text.p);
}

/* A person has two addresses of its own and one that its household shares. */
static inline int address_of(int person, int which)
{
    return which < 2 ? person * 2 + which : PEOPLE * 2 + person / HOUSEHOLD;
}

static inline const char *address_text(struct script *s, int address)
{
    if (address >= PEOPLE * 2)
        return text_of(s, "family%d@mail.example", address - PEOPLE * 2);
    return text_of(s, "p%d%s@mail.example", address / 2, address % 2 ? ".new" : "");
}

/* The same address as another hand may write it (M2). */
static inline const char *address_typed(struct script *s, int address)
{
    const char *text = address_text(s, address);

    return chance(s, 10) ? text_of(s, "%c%s", text[0] - 'a' + 'A', text + 1) : text;
}

static inline const char *amount_text(struct script *s, int64_t minor, const char *currency)
{
    if (strcmp(currency, "JPY") == 0)
        return text_of(s, "%lld", (long long)minor);
    if (strcmp(currency, "KWD") == 0)
        return text_of(s, "%lld.%03lld", (long long)(minor / 1000), (long long)(minor % 1000));
    return text_of(s, "%lld.%02lld", (long long)(minor / 100), (long long)(minor % 100));
}

/* Takes `body` and makes it a delivery of now. */
static inline struct delivery *deliver(struct script *s, size_t source, const char *topic, json_t *body)
{
    struct buf text = BUF_INIT(BODY_BYTES);
    struct delivery *d = &s->d[s->n++];

    assert_non_null(body);
    assert_int_equal(json_print(body, &text), OK);
    json_decref(body);
    *d = (struct delivery){
        .source = source, .topic = str_of(topic), .body = arena_str(&s->arena, buf_str(&text)), .at_us = s->now_us};
    assert_non_null(d->body.p);
    buf_release(&text);
    return d;
}

static inline void add_header(struct script *s, struct delivery *d, const char *name, const char *value)
{
    d->headers[d->n_headers++] = (struct field){.name = str_of(name), .value = kept(s, value)};
}

/* What was said of consent, for the model: who said it of which address, or of a person without naming one. */
static inline void remember_consent(struct script *s, int person, int address, const char *state, int64_t at_us)
{
    int64_t *slot = NULL;

    if (address != NOBODY)
        s->said_us[address] = at_us;
    if (strcmp(state, "unsubscribed") == 0)
        slot = address == NOBODY ? NULL : &s->restricted_us[address];
    else if (strcmp(state, "subscribed") == 0 || strcmp(state, "pending") == 0)
        slot = address == NOBODY ? &s->opted_in_unaddressed_us[person] : &s->opted_in_us[address];
    if (slot && at_us > *slot)
        *slot = at_us;
}

/* A consent time: now, some days ago, or exactly that of what was said before. */
static inline int64_t consent_time(struct script *s, int address)
{
    if (address != NOBODY && s->said_us[address] && chance(s, 20))
        return s->said_us[address];
    return chance(s, 60) ? s->now_us : s->now_us - (1 + pick(s, 40)) * INT64_C(86400) * US_PER_S;
}

/* null, a value, or (NULL) absent: what a platform may say of a field. Returns owned. */
static inline json_t *maybe(struct script *s, const char *value, int absent_percent, int null_percent)
{
    int at = pick(s, 100);

    if (at < absent_percent)
        return NULL;
    return at < absent_percent + null_percent ? json_null() : json_string(value);
}

/* Sets a member unless the value is NULL. Takes the value. */
static inline void put(json_t *object, const char *name, json_t *value)
{
    if (value)
        assert_int_equal(json_object_set_new(object, name, value), 0);
}

static inline void put_text(json_t *object, const char *name, const char *value)
{
    put(object, name, value ? json_string(value) : json_null());
}

#endif
