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

/* Uses what was loaded: maps a body, asks for a handshake, fills an example. */
static void use(const struct route *route)
{
    static const char body[] =
        "{\"id\":1,\"type\":\"signup\",\"events\":[{\"type\":\"signup\"}],\"email\":\"a@b.example\",\"list\":[{\"a\":1}]}";
    struct handshake_request request = {.method = STR("GET"), .query = STR("c=%41&d"), .config = no_config};
    struct route_send send = {route_send_topic(route, 0), STR("i"), STR("a@b.example"), 1, 1};
    struct entry entry = {.id = STR("1"), .topic = STR("t"), .body = str_n(body, sizeof(body) - 1)};
    struct field fields[ROUTE_SEND_FIELDS_MAX];
    struct buf out = BUF_INIT(1 << 20);
    struct map_failure failure;
    struct mapped mapped;
    struct arena arena;
    const char *type;
    size_t n;
    int status;
    enum err err;

    arena_init(&arena, ROUTE_MAP_ARENA_BYTES);
    err = route_map(route, &entry, &arena, &mapped, &failure);
    if (err && err != ERR_SYNTAX)
        abort();
    route_handshake(route, &request, &status, &type, &out);
    err = route_send_headers(route, &send, &out, fields, &n);
    if (!err && send.topic.len)
        err = route_send_example(route, &send, &out);
    if (err && err != ERR_TOO_LARGE && err != ERR_MEMORY)
        abort();
    buf_release(&out);
    arena_release(&arena);
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
