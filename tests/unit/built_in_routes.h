/* built_in_routes.h -- owns what the tests of the built-in routes share: the routes, and one shared payload mapped under its topic. */
#ifndef TESTS_BUILT_IN_ROUTES_H
#define TESTS_BUILT_IN_ROUTES_H

#include "route_case.h"

static struct routes *routes;

static inline int load_routes(void **state)
{
    struct problems problems;
    enum err err;

    (void)state;
    problems_init(&problems, STR("routes"));
    err = routes_load(NULL, &routes, &problems);
    if (err)
        print_error("%s", buf_text(&problems.text));
    problems_release(&problems);
    return err ? -1 : 0;
}

static inline int free_routes(void **state)
{
    (void)state;
    routes_free(routes);
    return 0;
}

static inline const struct route *route_of(const char *platform)
{
    const struct route *route = routes_find(routes, str_of(platform));

    assert_non_null(route);
    return route;
}

/* Maps one shared payload under its topic; skips the test when the payloads are not there. */
static inline void map_file(struct route_case *c, const char *platform, const char *topic, const char *file)
{
    char path[200];
    bool shopify = strcmp(platform, "shopify") == 0;

    case_init(c);
    snprintf(path, sizeof(path), "%s/%s", platform, file);
    if (!case_file(c, path)) {
        print_message("skipped: no payload %s (set SHARED)\n", path);
        skip();
    }
    case_header(c, shopify ? "x-shopify-topic" : "x-wc-webhook-topic", topic);
    case_header(c, shopify ? "x-shopify-shop-domain" : "x-wc-webhook-source", "shop.example");
    case_header(c, shopify ? "x-shopify-webhook-id" : "x-wc-webhook-id", "77");
    if (shopify)
        case_header(c, "X-Shopify-Triggered-At", "2024-08-07T22:51:14.136738016Z");
    case_map(c, route_of(platform));
}

/* Maps a payload that means one event of that type. */
static inline const struct event *map_one(struct route_case *c, const char *platform, const char *topic, const char *file,
                                          enum event_type type)
{
    const struct event *e;

    map_file(c, platform, topic, file);
    e = only_event(c);
    assert_int_equal(e->type, type);
    return e;
}

#endif
