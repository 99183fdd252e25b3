/* test_route_topics.c -- proves the table of topics: patterns, what is to be fetched, fetched documents, and other names. */
#include "route_trial.h"

#include <unistd.h>

#define OBJECTS "\"objects\":{\"o\":{\"contact.email\":\"/e\"},\"p\":{\"order.id\":\"/id\"}},"

static const char *topic_type(const struct route *route, const char *topic)
{
    static char got[100];
    struct route_case c;

    case_init(&c);
    case_text(&c, "{\"e\":\"a@example.com\",\"id\":1}");
    case_header(&c, "X-Topic", topic);
    case_map(&c, route);
    snprintf(got, sizeof(got), "%s", c.err ? c.failure.reason : c.mapped.n ? event_type_name(c.mapped.events[0].type) : "nothing");
    case_release(&c);
    return got;
}

static void the_exact_topic_wins_then_the_longest_pattern(void **state)
{
    struct route *route = load(OBJECTS "\"topics\":{\"a.*\":{\"event\":\"signup\",\"object\":\"o\"},\"a.b.*\":{\"event\":\"erase\","
                                       "\"object\":\"o\",\"lane\":\"urgent\"},\"a.b.c\":{\"event\":\"subscribe\",\"object\":\"o\"},"
                                       "\"x*\":[]}}");

    (void)state;
    assert_string_equal(topic_type(route, "a.b.c"), "subscribe");
    assert_string_equal(topic_type(route, "a.b.d"), "erase");
    assert_string_equal(topic_type(route, "a.b."), "erase");
    assert_string_equal(topic_type(route, "a.c"), "signup");
    assert_string_equal(topic_type(route, "a"), "unknown_topic");
    assert_string_equal(topic_type(route, "xyz"), "nothing");
    assert_string_equal(topic_type(route, "a.b.*"), "erase"); /* a topic that is spelled like a pattern */
    assert_int_equal(route_lane(route, STR("a.b.d")), LANE_URGENT);
    assert_int_equal(route_lane(route, STR("a.b.c")), LANE_LIVE);
    route_free(route);
}

static void a_lone_star_is_every_topic_that_is_named(void **state)
{
    struct route *route = load(OBJECTS "\"topics\":{\"*\":{\"event\":\"signup\",\"object\":\"o\"}}}");

    (void)state;
    assert_string_equal(topic_type(route, "anything"), "signup");
    assert_string_equal(topic_type(route, ""), "unknown_topic");
    route_free(route);
}

static void joined_headers_may_spell_a_pattern(void **state)
{
    static const char file[] =
        "{\"route\":1,\"platform\":\"demo\",\"title\":\"D\",\"config\":{\"secret\":{\"type\":\"secret\",\"doc\":\"d\"}},\"push\":{"
        "\"verify\":[{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"hex\"}],\"topic\":[{\"headers\":[\"X-A\",\"X-B\"],"
        "\"join\":\"/\"},{\"const\":\"none\"}],\"dedupe\":[]},\"objects\":{\"o\":{\"contact.email\":\"/e\"}},\"topics\":{\"a/*\":{"
        "\"event\":\"signup\",\"object\":\"o\"},\"none\":[]}}";
    struct problems problems;
    struct route *route = NULL;
    struct route_case c;

    (void)state;
    problems_init(&problems, STR("demo.json"));
    assert_int_equal(route_load(str_of(file), &problems, &route), OK);
    case_init(&c);
    case_text(&c, "{}");
    case_header(&c, "X-A", "a");
    case_header(&c, "X-B", "b");
    assert_int_equal(route_header_topic(route, (struct fields){c.headers, c.n_headers}).len, 0); /* the drainer joins them */
    case_map(&c, route);
    assert_str(c.mapped.topic, "a/b");
    assert_int_equal(only_event(&c)->type, EVENT_SIGNUP);
    case_release(&c);
    route_free(route);
    problems_release(&problems);
}

#define FETCHING                                                                                                          \
    OBJECTS                                                                                                               \
    "\"topics\":{\"c.new\":{\"fetch\":\"o\",\"id\":\"/data/id\",\"event\":\"customer_updated\"},\"c.both\":[{\"event\":"  \
    "\"order_updated\",\"object\":\"p\"},{\"fetch\":\"o\",\"id\":[\"/none\",{\"at\":\"/gid\",\"tail\":\"/\"}],\"event\":" \
    "\"customer_updated\",\"when\":{\"at\":\"/gid\",\"set\":true}}]}}"

static void a_thin_payload_says_what_to_fetch(void **state)
{
    struct route *route = load(FETCHING);
    struct route_case c;

    (void)state;
    case_init(&c);
    case_header(&c, "X-Topic", "c.new");
    case_text(&c, "{\"data\":{\"id\":820982911946154508}}");
    case_map(&c, route);
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 0);
    assert_int_equal(c.mapped.n_fetches, 1);
    assert_string_equal(c.mapped.fetches[0].object, "o");
    assert_str(c.mapped.fetches[0].id, "820982911946154508");
    case_text(&c, "{}");
    case_map(&c, route);
    assert_string_equal(c.failure.reason, "mapping");
    assert_str(c.failure.detail, "fetch o: the id must be a text of 1 to 256 bytes, not nothing");
    case_text(&c, "{\"data\":{\"id\":[1]}}");
    case_map(&c, route);
    assert_str(c.failure.detail, "fetch o: the id must be a text of 1 to 256 bytes, not a list or an object");
    c.headers[0].value = STR("c.both");
    case_text(&c, "{\"id\":4,\"gid\":\"gid://x/17\"}");
    case_map(&c, route);
    assert_int_equal(c.mapped.n, 1);
    assert_str(c.mapped.fetches[0].id, "17");
    assert_int_equal(c.mapped.parts[0].n_fetches, 1);
    case_text(&c, "{\"id\":4}");
    case_map(&c, route);
    assert_int_equal(c.mapped.n_fetches, 0);
    case_release(&c);
    route_free(route);
}

static void map_document(const struct route *route, struct route_case *c, const char *topic, const char *document)
{
    struct entry entry = {.id = STR("00000000000000000000000000000001"), .source_id = STR("1"), .body = str_of(document)};

    entry.topic = str_of(topic);
    c->err = route_map(route, &entry, c->config, &c->arena, &c->mapped, &c->failure);
}

static void a_fetched_document_is_mapped_by_its_object(void **state)
{
    struct route *route = load_push("\"each\":\"/l\",\"body\":\"form\",", FETCHING);
    struct route_case c;

    (void)state;
    case_init(&c);
    map_document(route, &c, "fetch:o", "{\"e\":\"a@example.com\",\"l\":[1,2]}"); /* neither form nor list: the document itself */
    assert_int_equal(only_event(&c)->type, EVENT_CUSTOMER_UPDATED);
    assert_member(&c.mapped.events[0], M_CONTACT_EMAIL, "a@example.com");
    assert_str(c.mapped.dedupe_key, "fetch:o|entry:00000000000000000000000000000001");
    map_document(route, &c, "fetch:p", "{\"id\":1}");
    assert_string_equal(c.failure.reason, "unknown_topic");
    assert_str(c.failure.detail, "no topic of the route file fetches \"p\"");
    map_document(route, &c, "fetch:o", "{");
    assert_string_equal(c.failure.reason, "not_json");
    assert_true(c.mapped.dedupe_key.len > 0);
    case_release(&c);
    route_free(route);
}

static void no_header_passes_a_delivery_off_as_a_fetched_document(void **state)
{
    struct route *route = load(FETCHING);

    (void)state;
    assert_string_equal(topic_type(route, "fetch:o"), "unknown_topic");
    route_free(route);
}

static void write_file(const char *path, const char *platform, const char *aliases)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fprintf(out, "{\"route\":1,\"platform\":\"%s\",\"aliases\":%s,\"title\":\"D\",\"extends\":\"woocommerce\"}", platform, aliases);
    fclose(out);
}

static void a_platform_is_found_by_its_other_names(void **state)
{
    char dir[] = "/tmp/aliases-XXXXXX", path[2][64];
    struct routes *routes = NULL;
    struct problems problems;
    size_t n = 0;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path[0], sizeof(path[0]), "%s/a.json", dir);
    snprintf(path[1], sizeof(path[1]), "%s/b.json", dir);
    write_file(path[0], "my-shop", "[\"shop-a\",\"woocommerce\"]");
    problems_init(&problems, STR("routes"));
    assert_int_equal(routes_load(dir, &routes, &problems), OK);
    assert_string_equal(route_platform(routes_find(routes, STR("shop-a"))), "my-shop");
    assert_string_equal(route_platform(routes_find(routes, STR("woocommerce"))), "woocommerce"); /* its own name goes first */
    assert_str(route_aliases(routes_find(routes, STR("my-shop")), &n)[0], "shop-a");
    assert_int_equal(n, 2);
    routes_free(routes);
    write_file(path[1], "other", "[\"shop-a\"]");
    assert_int_equal(routes_load(dir, &routes, &problems), ERR_CONFIG);
    assert_string_equal(buf_text(&problems.text),
                        "routes#/aliases: \"shop-a\" names both my-shop and other: take it out of one of the two files\n");
    problems_release(&problems);
    unlink(path[0]);
    unlink(path[1]);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exact_topic_wins_then_the_longest_pattern),
        cmocka_unit_test(a_lone_star_is_every_topic_that_is_named),
        cmocka_unit_test(joined_headers_may_spell_a_pattern),
        cmocka_unit_test(a_thin_payload_says_what_to_fetch),
        cmocka_unit_test(a_fetched_document_is_mapped_by_its_object),
        cmocka_unit_test(no_header_passes_a_delivery_off_as_a_fetched_document),
        cmocka_unit_test(a_platform_is_found_by_its_other_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
