/* route_case.h -- owns what the route tests share: one loaded set of routes, one mapped entry, and short assertions on it. */
#ifndef TESTS_ROUTE_CASE_H
#define TESTS_ROUTE_CASE_H

#include "base/buf.h"
#include "base/timefmt.h"
#include "route/route.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* One entry and what it means; release with case_release. */
struct route_case {
    struct arena arena;
    struct buf body;
    struct field headers[12];
    size_t n_headers;
    struct str content_type;
    const json_t *config; /* of the source; borrowed; NULL: nothing is set */
    struct mapped mapped;
    struct map_failure failure;
    enum err err;
};

static inline void case_init(struct route_case *c)
{
    *c = (struct route_case){.body = BUF_INIT(4 << 20)};
    arena_init(&c->arena, ROUTE_MAP_ARENA_BYTES);
}

static inline void case_release(struct route_case *c)
{
    arena_release(&c->arena);
    buf_release(&c->body);
}

static inline void case_header(struct route_case *c, const char *name, const char *value)
{
    c->headers[c->n_headers++] = (struct field){str_of(name), str_of(value)};
}

/* Maps c->body with the headers that the route keeps, the way the drainer does. */
static inline void case_map(struct route_case *c, const struct route *route)
{
    struct fields received = {c->headers, c->n_headers};
    struct field kept[ENTRY_FIELDS_MAX];
    struct entry entry = {.id = STR("00000000000000000000000000000001"), .source_id = STR("1"), .body = buf_str(&c->body)};

    entry.content_type = c->content_type;
    entry.topic = route_header_topic(route, received);
    entry.headers = (struct fields){kept, route_keep_headers(route, received, kept)};
    c->err = route_map(route, &entry, c->config, &c->arena, &c->mapped, &c->failure);
}

static inline void case_text(struct route_case *c, const char *text)
{
    buf_clear(&c->body);
    assert_int_equal(buf_append(&c->body, str_of(text)), OK);
}

/* Reads the body from a file; false when it is not there. */
static inline bool case_read(struct route_case *c, const char *path)
{
    char chunk[4096];
    size_t n;
    FILE *in = fopen(path, "rb");

    if (!in)
        return false;
    buf_clear(&c->body);
    while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
        assert_int_equal(buf_append(&c->body, str_n(chunk, n)), OK);
    fclose(in);
    return true;
}

/* False when the shared facts are not there; the caller skips. */
static inline bool case_file(struct route_case *c, const char *path)
{
    const char *shared = getenv("SHARED");
    char full[1024];

    snprintf(full, sizeof(full), "%s/facts/payloads/%s", shared ? shared : "../shared", path);
    return case_read(c, full);
}

static inline const struct event *only_event(const struct route_case *c)
{
    if (c->err)
        fail_msg("%s: %.*s", c->failure.reason, STR_ARG(c->failure.detail));
    assert_int_equal(c->mapped.n, 1);
    return &c->mapped.events[0];
}

static inline void check_str(struct str got, const char *want, const char *what, const char *file, int line)
{
    if (!str_eq(got, str_of(want))) {
        print_error("%s:%d: %s is \"%.*s\", not \"%s\"\n", file, line, what, STR_ARG(got), want);
        _fail(file, line);
    }
}
#define assert_str(got, want) check_str(got, want, #got, __FILE__, __LINE__)

static inline void check_member(const struct event *e, enum member member, const char *want, const char *file, int line)
{
    if (e->m[member].is != PRESENT) {
        print_error("%s:%d: %s is %s\n", file, line, event_member_name(member), e->m[member].is == CLEARED ? "cleared" : "absent");
        _fail(file, line);
    }
    check_str(e->m[member].text, want, event_member_name(member), file, line);
}
#define assert_member(e, member, want) check_member(e, member, want, __FILE__, __LINE__)

static inline void check_time(const struct event *e, enum member member, const char *want, const char *file, int line)
{
    char iso[TIME_ISO_CHARS + 1];

    assert_int_equal(e->m[member].is, PRESENT);
    check_str(str_of(time_iso(e->m[member].number, iso)), want, event_member_name(member), file, line);
}
#define assert_time(e, member, want) check_time(e, member, want, __FILE__, __LINE__)
#define assert_bool(e, member, want)                   \
    do {                                               \
        assert_int_equal((e)->m[member].is, PRESENT);  \
        assert_int_equal((e)->m[member].number, want); \
    } while (0)
#define assert_absent(e, member) assert_int_equal((e)->m[member].is, ABSENT)
#define assert_cleared(e, member) assert_int_equal((e)->m[member].is, CLEARED)

/* No member of the prefix is there. */
static inline void assert_none_of(const struct event *e, const char *prefix)
{
    for (size_t i = 0; i < M__COUNT; i++)
        if (str_starts(str_of(event_member_name((enum member)i)), str_of(prefix)) && e->m[i].is != ABSENT)
            fail_msg("%s is there", event_member_name((enum member)i));
}

#endif
