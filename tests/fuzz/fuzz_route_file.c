/* fuzz_route_file.c -- owns the fuzzer of the loader: any text is a route or a list of problems, and a route that loads can map. */
#include "route/route.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *no_config(void *arg, struct str name)
{
    (void)arg;
    (void)name;
    return NULL;
}

/* Every secret is "s". */
static enum err any_secret(void *arg, struct str name, struct secret **out)
{
    (void)arg;
    (void)name;
    return secret_new(STR("s"), out);
}

static enum err any_signature(void *arg, const struct verify_spec *spec)
{
    (void)arg;
    (void)spec;
    return OK;
}

/* Asks in several shapes. */
static void ask(const struct route *route)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "OPTIONS"};
    static const char *const bodies[] = {"", "c=%41&d=1", "{\"c\":\"\\u00e9\\\"\",\"/\":[1,{\"a\":true}]}"};
    const struct field header = {STR("X-A"), STR("a\tb")};
    struct handshake_answer answer;

    for (size_t i = 0; i < 12; i++) {
        struct handshake_request request = {.method = str_of(methods[i % 4]),
                                            .query = STR("c=%41&d"),
                                            .body = str_of(bodies[i / 4]),
                                            .url = STR("https://a/in/k"),
                                            .random = STR("r"),
                                            .headers = {&header, 1},
                                            .is_unsigned = true,
                                            .is_verified = true,
                                            .config = no_config,
                                            .secret = any_secret,
                                            .verify = any_signature};

        handshake_answer_init(&answer);
        if (route_handshake(route, &request, &answer) == OK && memchr(buf_text(&answer.headers), '\t', answer.headers.len))
            abort();
        handshake_answer_release(&answer);
    }
}

/* Uses what was loaded: maps a body, asks for a handshake, fills an example. */
static void use(const struct route *route)
{
    static const char body[] =
        "{\"id\":1,\"type\":\"signup\",\"events\":[{\"type\":\"signup\"}],\"email\":\"a@b.example\",\"list\":"
        "[{\"a\":1}],\"data\":\"{\\\"id\\\":2}\"}";
    static const struct {
        const char *topic, *body;
    } others[] = {
        {"t", body}, {"", "id=1&data[id]=2&list[0][a]=1"}, {"t", "e30.eyJpZCI6MX0.c2ln"}, {"t", "eyJpZCI6MX0="}, {"fetch:o", body},
    };
    struct route_send send = {
        .topic = route_send_topic(route, 0), .id = STR("i"), .email = STR("a@b.example"), .n = 1, .now_us = 1, .secret = STR("s")};
    struct entry entry = {.id = STR("1"), .content_type = STR("application/x-www-form-urlencoded")};
    struct field fields[ROUTE_SEND_FIELDS_MAX];
    struct buf out = BUF_INIT(1 << 20);
    struct map_failure failure;
    struct mapped mapped;
    struct arena arena;
    size_t n;
    enum err err;

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        arena_init(&arena, ROUTE_MAP_ARENA_BYTES);
        entry.topic = str_of(others[i].topic);
        entry.body = str_of(others[i].body);
        err = route_map(route, &entry, NULL, &arena, &mapped, &failure);
        if (err && err != ERR_SYNTAX)
            abort();
        arena_release(&arena);
    }
    ask(route);
    err = route_send_headers(route, &send, &out, fields, &n);
    if (!err && send.topic.len)
        err = route_send_example(route, &send, &out);
    if (err && err != ERR_TOO_LARGE && err != ERR_MEMORY)
        abort();
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems;
    struct route *route = NULL;
    enum err err;

    problems_init(&problems, STR("f"));
    err = route_load(str_n(data, size), &problems, &route);
    if (err ? route || (err == ERR_CONFIG && problems.n == 0) : !route || problems.n)
        abort();
    if (route)
        use(route);
    route_free(route);
    problems_release(&problems);
    return 0;
}
