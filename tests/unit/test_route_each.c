/* test_route_each.c -- proves bodies that hold several deliveries: elements, their keys, times and topics, and what a bad one does. */
#include "route_trial.h"

#define OBJECTS                                                                                       \
    "\"objects\":{\"o\":{\"contact.email\":\"/e\",\"contact.external_id\":{\"up\":1,\"at\":\"/id\"}," \
    "\"contact.fields.x\":{\"root\":\"/account\"}}},"
#define TOPICS                                                                                                                  \
    "\"topics\":{\"t\":[{\"event\":\"signup\",\"object\":\"o\"},{\"event\":\"subscribe\",\"object\":\"o\",\"when\":{\"at\":\"/" \
    "s\","                                                                                                                      \
    "\"set\":true}}],\"u\":{\"event\":\"unsubscribe\",\"object\":\"o\",\"needs\":{\"up\":1,\"at\":\"/id\",\"set\":true}}}}"

struct each_case {
    struct route *route;
    struct route_case c;
};

static void map_each(struct each_case *e, const char *push, const char *body)
{
    e->route = load_push(push, OBJECTS TOPICS);
    case_init(&e->c);
    case_text(&e->c, body);
    case_map(&e->c, e->route);
}

static void end_each(struct each_case *e)
{
    case_release(&e->c);
    route_free(e->route);
}

static void every_element_is_mapped_on_its_own(void **state)
{
    const struct mapped *m;
    struct each_case e;

    (void)state;
    map_each(&e, "\"each\":\"/list\",",
             "{\"id\":9,\"account\":\"shop\",\"list\":[{\"topic\":\"t\",\"key\":\"k1\",\"e\":\"a@example.com\",\"s\":1,\"time\":"
             "\"2024-05-01T00:00:00Z\"},{\"topic\":\"u\",\"key\":\"k2\",\"e\":\"b@example.com\"}]}");
    m = &e.c.mapped;
    assert_int_equal(e.c.err, OK);
    assert_int_equal(m->n_parts, 2);
    assert_int_equal(m->n, 3);
    assert_str(m->parts[0].dedupe_key, "t|k1");
    assert_str(m->parts[1].dedupe_key, "u|k2");
    assert_str(m->dedupe_key, "t|k1");
    assert_int_equal(m->parts[0].n_events, 2);
    assert_int_equal(m->parts[1].n_events, 1);
    assert_true(m->parts[0].provider_at_us > 0);
    assert_int_equal(m->parts[1].provider_at_us, 0);
    assert_int_equal(m->events[2].type, EVENT_UNSUBSCRIBE);
    assert_member(&m->events[1], M_CONTACT_EXTERNAL_ID, "9");
    assert_str(m->events[2].fields[0].value.text, "shop");
    assert_int_equal(m->places[0], 0);
    assert_int_equal(m->places[1], 1);
    assert_int_equal(m->places[2], 16); /* whatever the first element gives */
    end_each(&e);
}

static void a_bad_element_is_refused_alone(void **state)
{
    const struct mapped *m;
    struct each_case e;

    (void)state;
    map_each(&e, "\"each\":\"\",",
             "[{\"topic\":\"no\",\"key\":1},{\"topic\":\"t\",\"key\":2,\"e\":{\"x\":1},\"s\":1},{\"key\":3},"
             "{\"topic\":\"t\",\"key\":4,\"e\":\"d@example.com\"},{\"topic\":\"u\",\"key\":5}]");
    m = &e.c.mapped;
    assert_int_equal(e.c.err, OK);
    assert_int_equal(m->n_parts, 5);
    assert_int_equal(m->n, 1);
    assert_int_equal(m->n_rejects, 4);
    assert_string_equal(m->rejects[0].reason, "unknown_topic");
    assert_str(m->rejects[0].detail, "topic \"no\" is not in the route file");
    assert_string_equal(m->rejects[1].reason, "mapping");
    assert_str(m->rejects[1].detail, "contact.email: /e must be one value, not an object");
    assert_int_equal(m->rejects[2].index, 2);
    assert_str(m->rejects[2].detail, "the delivery names no topic");
    assert_str(m->rejects[3].detail, "the body is none of this topic: see /id"); /* a list has no id */
    assert_int_equal(m->parts[3].n_events, 1);
    assert_int_equal(m->parts[3].n_rejects, 0);
    assert_int_equal(m->places[0], 48);
    end_each(&e);
}

static void levels_nest_and_up_leads_out(void **state)
{
    struct each_case e;

    (void)state;
    map_each(&e, "\"each\":[\"/entry\",\"/changes\"],",
             "{\"account\":\"all\",\"entry\":[{\"id\":1,\"changes\":[{\"topic\":\"t\",\"key\":1},{\"topic\":\"t\",\"key\":2}]},"
             "{\"id\":2,\"changes\":[]},{\"id\":3,\"changes\":{\"topic\":\"u\",\"key\":3}},{\"id\":4,\"topic\":\"t\",\"key\":4}]}");
    assert_int_equal(e.c.err, OK);
    assert_int_equal(e.c.mapped.n_parts, 4);
    assert_member(&e.c.mapped.events[1], M_CONTACT_EXTERNAL_ID, "1");
    assert_member(&e.c.mapped.events[2], M_CONTACT_EXTERNAL_ID, "3"); /* one object counts as a list of one */
    assert_absent(&e.c.mapped.events[3], M_CONTACT_EXTERNAL_ID);      /* no changes: the entry itself, around it the body */
    assert_str(e.c.mapped.events[3].fields[0].value.text, "all");
    end_each(&e);
}

static void a_body_without_the_list_is_the_one_element(void **state)
{
    struct each_case e;

    (void)state;
    map_each(&e, "\"each\":\"/list\",", "{\"topic\":\"t\",\"key\":\"k\",\"e\":\"a@example.com\",\"id\":5}");
    assert_str(e.c.mapped.dedupe_key, "t|k");
    assert_member(only_event(&e.c), M_CONTACT_EMAIL, "a@example.com");
    end_each(&e);
    map_each(&e, "\"each\":\"/list\",", "{\"topic\":\"no\"}");
    assert_int_equal(e.c.err, ERR_SYNTAX); /* as a whole, as without "each" */
    assert_string_equal(e.c.failure.reason, "unknown_topic");
    end_each(&e);
}

static void an_empty_list_says_nothing(void **state)
{
    struct each_case e;

    (void)state;
    map_each(&e, "\"each\":\"\",", "[]");
    assert_int_equal(e.c.err, OK);
    assert_int_equal(e.c.mapped.n + e.c.mapped.n_parts, 0);
    end_each(&e);
}

static void more_elements_than_max_are_too_large_N9(void **state)
{
    struct each_case e;

    (void)state;
    map_each(&e, "\"each\":\"/l\",\"max\":2,", "{\"l\":[{\"topic\":\"t\"},{\"topic\":\"t\"}]}");
    assert_int_equal(e.c.mapped.n_parts, 2);
    end_each(&e);
    map_each(&e, "\"each\":\"/l\",\"max\":2,", "{\"l\":[1,2,3]}");
    assert_int_equal(e.c.err, ERR_SYNTAX);
    assert_string_equal(e.c.failure.reason, "too_large");
    assert_str(e.c.failure.detail, "more than 2 elements in one delivery");
    assert_true(e.c.mapped.dedupe_key.len > 0);
    end_each(&e);
}

static void keys_that_are_not_an_elements_own_get_its_number_D2(void **state)
{
    struct each_case e;

    (void)state;
    map_each(&e, "\"each\":\"\",", "[{\"topic\":\"t\"},{\"topic\":\"t\"}]"); /* no key: the entry's id */
    assert_str(e.c.mapped.parts[0].dedupe_key, "t|entry:00000000000000000000000000000001|element:0");
    assert_str(e.c.mapped.parts[1].dedupe_key, "t|entry:00000000000000000000000000000001|element:1");
    end_each(&e);
}

static void headers_and_outer_values_alone_do_not_tell_elements_apart(void **state)
{
    static const char file[] =
        "{\"route\":1,\"platform\":\"demo\",\"title\":\"D\",\"config\":{\"secret\":{\"type\":\"secret\",\"doc\":\"d\"}},\"push\":{"
        "\"each\":\"/l\",\"verify\":[{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"hex\"}],\"topic\":{\"const\":\"t\"},"
        "\"dedupe\":[[{\"header\":\"X-Id\"},{\"up\":1,\"at\":\"/n\"}]]},\"objects\":{\"o\":{\"contact.email\":\"/e\"}},"
        "\"topics\":{\"t\":{\"event\":\"signup\",\"object\":\"o\"}}}";
    struct problems problems;
    struct route *route = NULL;
    struct route_case c;

    (void)state;
    problems_init(&problems, STR("demo.json"));
    assert_int_equal(route_load(str_of(file), &problems, &route), OK);
    case_init(&c);
    case_text(&c, "{\"n\":7,\"l\":[{},{}]}");
    case_header(&c, "X-Id", "i");
    case_map(&c, route);
    assert_str(c.mapped.parts[0].dedupe_key, "t|i|7|element:0");
    assert_str(c.mapped.parts[1].dedupe_key, "t|i|7|element:1");
    case_release(&c);
    route_free(route);
    problems_release(&problems);
}

static void an_element_that_falls_back_on_an_outer_value_gets_its_number_D2(void **state)
{
    static const char file[] =
        "{\"route\":1,\"platform\":\"demo\",\"title\":\"D\",\"config\":{\"secret\":{\"type\":\"secret\",\"doc\":\"d\"}},\"push\":{"
        "\"each\":\"/l\",\"verify\":[{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"hex\"}],\"topic\":{\"const\":\"t\"},"
        "\"dedupe\":[[{\"header\":\"X-Id\"},[\"/k\",{\"root\":\"/n\"}]]]},\"objects\":{\"o\":{\"contact.email\":\"/e\"}},"
        "\"topics\":{\"t\":{\"event\":\"signup\",\"object\":\"o\"}}}";
    struct problems problems;
    struct route *route = NULL;
    struct route_case c;

    (void)state;
    problems_init(&problems, STR("demo.json"));
    assert_int_equal(route_load(str_of(file), &problems, &route), OK);
    case_init(&c);
    case_text(&c, "{\"n\":7,\"l\":[{},{},{\"k\":1}]}");
    case_header(&c, "X-Id", "i");
    case_map(&c, route);
    assert_str(c.mapped.parts[0].dedupe_key, "t|i|7|element:0");
    assert_str(c.mapped.parts[1].dedupe_key, "t|i|7|element:1");
    assert_str(c.mapped.parts[2].dedupe_key, "t|i|1");
    case_release(&c);
    route_free(route);
    problems_release(&problems);
}

static void the_first_place_that_leads_somewhere_is_taken(void **state)
{
    static const struct {
        const char *body, *key, *email;
    } cases[] = {
        {"{\"data\":{\"value\":{\"topic\":\"t\",\"key\":1,\"e\":\"a@example.com\"}},\"event\":{\"value\":{}}}", "t|1",
         "a@example.com"},
        {"{\"data\":{\"value\":7},\"event\":{\"value\":{\"topic\":\"t\",\"key\":2,\"e\":\"b@example.com\"}}}", "t|2",
         "b@example.com"},
        {"{\"topic\":\"t\",\"key\":3,\"e\":\"c@example.com\"}", "t|3", "c@example.com"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct each_case e;

        map_each(&e, "\"each\":[[\"/data/value\",\"/event/value\"]],", cases[i].body);
        assert_member(only_event(&e.c), M_CONTACT_EMAIL, cases[i].email);
        assert_str(e.c.mapped.dedupe_key, cases[i].key);
        end_each(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_is_mapped_on_its_own),
        cmocka_unit_test(a_bad_element_is_refused_alone),
        cmocka_unit_test(levels_nest_and_up_leads_out),
        cmocka_unit_test(a_body_without_the_list_is_the_one_element),
        cmocka_unit_test(an_empty_list_says_nothing),
        cmocka_unit_test(more_elements_than_max_are_too_large_N9),
        cmocka_unit_test(keys_that_are_not_an_elements_own_get_its_number_D2),
        cmocka_unit_test(headers_and_outer_values_alone_do_not_tell_elements_apart),
        cmocka_unit_test(an_element_that_falls_back_on_an_outer_value_gets_its_number_D2),
        cmocka_unit_test(the_first_place_that_leads_somewhere_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
