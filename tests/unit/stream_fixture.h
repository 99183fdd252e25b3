/* stream_fixture.h -- a stream on a Redis of the test's own: appended, claimed, counted. */
#ifndef TESTS_UNIT_STREAM_FIXTURE_H
#define TESTS_UNIT_STREAM_FIXTURE_H

#include "base/id.h"
#include "queue/stream.h"
#include "redis_fixture.h"

struct fixture {
    struct redis_fixture redis;
    struct config *cfg;
    struct stream *s;
    struct arena arena;
};

static inline struct stream *open_stream(struct config *cfg)
{
    struct buf why = BUF_INIT(512);
    struct stream *s = NULL;

    if (stream_open(cfg, &clock_system, &s, &why))
        fail_msg("%s", buf_text(&why));
    buf_release(&why);
    return s;
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    redis_fixture_start(&f->redis);
    f->cfg = redis_fixture_config(&f->redis);
    redis_fixture_setting(f->cfg, SET_DRAIN_CLAIM_IDLE, "100ms");
    arena_init(&f->arena, 64 << 20);
    f->s = open_stream(f->cfg);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    stream_close(f->s);
    arena_release(&f->arena);
    config_free(f->cfg);
    redis_fixture_stop(&f->redis);
    free(f);
    return 0;
}

static inline struct id append(struct fixture *f, enum lane lane, const char *body)
{
    struct id id = id_new(clock_wall_us(&clock_system));
    struct entry e = {.id = id_str(&id),
                      .source_id = STR("7"),
                      .topic = STR("orders/paid"),
                      .received_at_us = 1,
                      .content_type = STR("application/json"),
                      .body = str_of(body),
                      .lane = lane};

    assert_int_equal(stream_append(f->s, &e), OK);
    return id;
}

static inline size_t claim(struct fixture *f, struct stream *s, const char *consumer, size_t max, int64_t wait_ms,
                           struct claimed **out)
{
    size_t n = 0;

    assert_int_equal(stream_claim(s, str_of(consumer), max, wait_ms, &f->arena, out, &n), OK);
    return n;
}

static inline void done(struct stream *s, const struct claimed *c, size_t n)
{
    const struct claimed *list[64];

    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++)
        list[i] = &c[i];
    assert_int_equal(stream_done(s, list, n), OK);
}

/* Claims until an entry comes, for at most 10 s. */
static inline size_t claim_soon(struct fixture *f, struct stream *s, const char *consumer, struct claimed **out)
{
    int64_t end_us = clock_mono_us(&clock_system) + 10 * US_PER_S;
    size_t n = 0;

    while (n == 0 && clock_mono_us(&clock_system) < end_us)
        n = claim(f, s, consumer, 10, 50, out);
    return n;
}

static inline struct stream_stats stats(struct fixture *f)
{
    struct stream_stats st;

    assert_int_equal(stream_stats(f->s, &st), OK);
    return st;
}

#endif
