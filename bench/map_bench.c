/* map_bench.c -- owns the measurement of mapping: microseconds from raw body to events, for every example of the built-in routes. */
#include "base/clock.h"
#include "route/route.h"

#include <stdio.h>

enum { ROUNDS = 5000 };

/* Returns microseconds an entry, the best of five, or a negative number when it does not map. */
static double measure(const struct route *route, const struct entry *entry)
{
    struct map_failure failure;
    struct mapped mapped;
    struct arena arena;
    double best = -1;

    arena_init(&arena, ROUTE_MAP_ARENA_BYTES);
    for (int again = 0; again < 5; again++) {
        int64_t start = clock_mono_us(&clock_system);
        double us;

        for (int i = 0; i < ROUNDS; i++) {
            arena_reset(&arena);
            if (route_map(route, entry, NULL, &arena, &mapped, &failure))
                goto done;
        }
        us = (double)(clock_mono_us(&clock_system) - start) / ROUNDS;
        best = best < 0 || us < best ? us : best;
    }
done:
    arena_release(&arena);
    return best;
}

static enum err measure_example(const struct route *route, struct str topic)
{
    struct route_send send = {
        .topic = topic, .id = STR("evt-1"), .email = STR("a@b.example"), .n = 41, .now_us = INT64_C(1714641068000000)};
    struct entry entry = {.id = STR("1"), .source_id = STR("1")};
    struct buf values = BUF_INIT(16 << 10), body = BUF_INIT(64 << 10);
    struct field fields[ROUTE_SEND_FIELDS_MAX];
    size_t n = 0;
    enum err err = route_send_headers(route, &send, &values, fields, &n);

    if (!err)
        err = route_send_example(route, &send, &body);
    if (!err) {
        entry.headers = (struct fields){.at = fields, .n = n};
        entry.topic = route_header_topic(route, entry.headers);
        entry.body = buf_str(&body);
        printf("%-12s %-42.*s %5zu bytes %7.2f us\n", route_platform(route), STR_ARG(topic), body.len, measure(route, &entry));
    }
    buf_release(&values);
    buf_release(&body);
    return err;
}

int main(void)
{
    struct problems problems;
    struct routes *routes = NULL;
    enum err err;

    problems_init(&problems, STR("routes"));
    err = routes_load(NULL, &routes, &problems);
    for (size_t i = 0; !err && routes_at(routes, i); i++) {
        const struct route *route = routes_at(routes, i);

        for (size_t t = 0; !err && route_send_topic(route, t).len; t++)
            err = measure_example(route, route_send_topic(route, t));
    }
    if (err)
        fprintf(stderr, "map_bench: %s\n%s", err_text(err), buf_text(&problems.text));
    problems_release(&problems);
    routes_free(routes);
    return err != OK;
}
