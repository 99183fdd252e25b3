/* decimal.c -- owns the exact sum of decimal texts. */
#include "route/decimal.h"

#include "model/money.h"

enum { PLACES_MAX = 6 };

/* Reads the digits after the point as millionths. */
static enum err fraction_units(struct str digits, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < digits.len || i < PLACES_MAX; i++) {
        unsigned digit = i < digits.len ? (unsigned)(digits.p[i] - '0') : 0;

        if (i >= PLACES_MAX && digit)
            return ERR_RANGE;
        if (i < PLACES_MAX)
            *out = *out * 10 + digit;
    }
    return OK;
}

enum err decimal_add(struct decimal_sum *sum, struct str text)
{
    bool minus = text.len && text.p[0] == '-';
    struct str whole, fraction;
    uint64_t units = 0, below = 0;
    int64_t value;
    enum err err = decimal_check(text);

    if (err)
        return err;
    text = str_from(text, minus ? 1 : 0);
    whole = str_upto(text, str_find(text, '.'));
    fraction = str_from(text, whole.len + 1);
    err = str_to_u64(whole, &units);
    if (!err)
        err = fraction_units(fraction, &below);
    if (err)
        return err;
    if (units > (uint64_t)INT64_MAX / 1000000 - 1)
        return ERR_RANGE;
    value = (int64_t)(units * 1000000 + below);
    if (__builtin_add_overflow(sum->units, minus ? -value : value, &sum->units))
        return ERR_RANGE;
    if (fraction.len > sum->places)
        sum->places = fraction.len > PLACES_MAX ? PLACES_MAX : (unsigned)fraction.len;
    return OK;
}

struct str decimal_text(const struct decimal_sum *sum, struct arena *arena)
{
    uint64_t units = sum->units < 0 ? 0 - (uint64_t)sum->units : (uint64_t)sum->units;
    char text[32];
    int n = snprintf(text, sizeof(text), "%s%llu.%06llu", sum->units < 0 ? "-" : "", (unsigned long long)(units / 1000000),
                     (unsigned long long)(units % 1000000));

    n -= sum->places ? (int)(PLACES_MAX - sum->places) : PLACES_MAX + 1;
    return arena_str(arena, str_n(text, (size_t)n));
}
