/* keys.c -- owns the names of Redis keys, in one place. */
#include "queue/keys.h"

#include <stdarg.h>
#include <stdio.h>

static struct key key_make(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct key key_make(const char *format, ...)
{
    struct key k = {.len = 0};
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(k.text, sizeof(k.text), format, args);
    va_end(args);
    if (n > 0)
        k.len = (size_t)n < sizeof(k.text) ? (size_t)n : sizeof(k.text) - 1;
    return k;
}

struct key key_lane(int partition, enum lane lane)
{
    return key_make("storehook:{%d}:%s", partition, lane_name(lane));
}

struct key key_dead(int partition)
{
    return key_make("storehook:{%d}:dead", partition);
}

struct key key_moving(int partition, struct str stream_id)
{
    return key_make("storehook:{%d}:dead:%.*s", partition, STR_ARG(stream_id));
}

struct key key_dead_copy(int partition, struct str own)
{
    return key_make("storehook:{%d}:dead:copy:%.*s", partition, STR_ARG(own));
}

struct key key_source_counts(struct str source_id)
{
    return key_make("storehook:source:%.*s:counts", STR_ARG(source_id));
}

struct key key_rejected(struct str source_id)
{
    return key_make("storehook:source:%.*s:rejected", STR_ARG(source_id));
}

struct key key_probe(long pid)
{
    return key_make("storehook:probe:%ld", pid);
}

struct key key_role(struct str role, long pid)
{
    return key_make("storehook:role:%.*s:%ld", STR_ARG(role), pid);
}
