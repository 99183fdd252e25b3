/* clock.h -- owns the two clocks: wall time for timestamps, monotonic time for deadlines; replaceable in tests. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/err.h"

#include <stdint.h>

#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)

struct clock {
    int64_t (*wall_us)(void *arg); /* microseconds since 1970-01-01 UTC */
    int64_t (*mono_us)(void *arg); /* microseconds since some start; never goes back */
    void *arg;
};

/* The machine's clocks; process-wide, read-only. */
extern const struct clock clock_system;

static inline int64_t clock_wall_us(const struct clock *c)
{
    return c->wall_us(c->arg);
}

static inline int64_t clock_mono_us(const struct clock *c)
{
    return c->mono_us(c->arg);
}

/* A clock for tests: both times are what `*now_us` holds. Borrows now_us. */
struct clock clock_fixed(const int64_t *now_us);

/* A clock whose wall time is read from the file at `path` (decimal Unix seconds) at every call, for tests of the whole
 * program; monotonic time is the machine's. Borrows path. While the file cannot be read the machine's wall time is used. */
struct clock clock_from_file(const char *path);

#endif
