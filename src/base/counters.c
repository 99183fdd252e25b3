/* counters.c -- owns the counters: fixed names, added to without locks, summed when asked. */
#include "base/counters.h"

#include <assert.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>

enum { CACHE_LINE_BYTES = 64 };

/* One counter a cache line, so that threads which count different things do not wait for each other. */
struct cell {
    alignas(CACHE_LINE_BYTES) atomic_uint_fast64_t value;
};

static struct cell cells[COUNTER__COUNT];

static const struct {
    const char *name, *help;
} rows[] = {
#define X(name, text, help) [COUNTER_##name] = {text, help},
    COUNTER_LIST(X)
#undef X
};

void counter_add(enum counter c, uint64_t n)
{
    assert(c < COUNTER__COUNT);
    atomic_fetch_add_explicit(&cells[c].value, n, memory_order_relaxed);
}

uint64_t counter_get(enum counter c)
{
    assert(c < COUNTER__COUNT);
    return atomic_load_explicit(&cells[c].value, memory_order_relaxed);
}

const char *counter_name(enum counter c)
{
    assert(c < COUNTER__COUNT);
    return rows[c].name;
}

const char *counter_help(enum counter c)
{
    assert(c < COUNTER__COUNT);
    return rows[c].help;
}

void counters_write(char out[COUNTERS_TEXT_BYTES])
{
    size_t used = 0;

    out[0] = '\0';
    for (enum counter c = 0; c < COUNTER__COUNT; c++) {
        uint64_t value = counter_get(c);
        int n =
            value ? snprintf(out + used, COUNTERS_TEXT_BYTES - used, "%s%s=%" PRIu64, used ? " " : "", counter_name(c), value) : 0;

        assert(n >= 0 && (size_t)n < COUNTERS_TEXT_BYTES - used);
        used += (size_t)n;
    }
}
