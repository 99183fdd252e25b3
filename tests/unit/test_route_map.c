/* test_route_map.c -- proves the way from an entry to events: lists, topics, reasons of failure, time and dedupe key. */
#include "route_trial.h"

static void F1_an_order_clears_nothing_of_the_customer(void **state)
{
    static const char members[] = "\"order.id\":\"/id\",\"contact.phone\":\"/phone\",\"contact.tags\":\"/tags\","
                                  "\"contact.fields.x\":\"/x\",\"order.url\":\"/url\"";
    static const char body[] = "{\"id\":1,\"phone\":null,\"tags\":null,\"x\":null,\"url\":null}";
    const struct event *e;
    struct trial t;

    (void)state;
    try_body(&t, "order_updated", members, body);
    e = only_event(&t.c);
    assert_absent(e, M_CONTACT_PHONE);
    assert_int_equal(e->tags_are, ABSENT);
    assert_int_equal(e->fields[0].value.is, ABSENT);
    assert_cleared(e, M_ORDER_URL);
    end_trial(&t);
    try_body(&t, "customer_updated", members, body);
    e = only_event(&t.c);
    assert_cleared(e, M_CONTACT_PHONE);
    assert_int_equal(e->tags_are, CLEARED);
    assert_int_equal(e->fields[0].value.is, CLEARED);
    end_trial(&t);
}

static void tags_come_from_texts_and_lists(void **state)
{
    static const struct {
        const char *form, *body, *tags;
        int is;
    } cases[] = {
        {"{\"at\":\"/t\",\"split\":\",\"}", "{\"t\":\" a , b,,c \"}", "a|b|c|", PRESENT},
        {"{\"at\":\"/t\",\"split\":\",\"}", "{\"t\":\"\"}", "", PRESENT},
        {"{\"at\":\"/t\",\"split\":\",\"}", "{\"t\":null}", "", CLEARED},
        {"{\"at\":\"/t\",\"split\":\",\"}", "{}", "", ABSENT},
        {"\"/t\"", "{\"t\":[\"a\",1,null,\" \",true]}", "a|1|true|", PRESENT},
        {"\"/t\"", "{\"t\":\"one, two\"}", "one, two|", PRESENT},
        {"\"/t\"", "{\"t\":[]}", "", PRESENT},
        {"\"/t\"", "{\"t\":{}}", "", ABSENT},
        {"{\"at\":\"/t\",\"each\":\"/g/n\",\"as\":\"lower\"}", "{\"t\":[{\"g\":{\"n\":\"A\"}},{},{\"g\":{\"n\":\"B\"}}]}", "a|b|",
         PRESENT},
        {"[\"/none\",\"/t\"]", "{\"t\":[\"x\"]}", "x|", PRESENT},
        {"{\"const\":\"fixed\"}", "{}", "fixed|", PRESENT},
    };
    char members[300];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf joined = BUF_INIT(200);
        const struct event *e;
        struct trial t;

        snprintf(members, sizeof(members), "\"contact.tags\":%s", cases[i].form);
        try_body(&t, "customer_updated", members, cases[i].body);
        e = only_event(&t.c);
        for (size_t k = 0; k < e->n_tags; k++)
            assert_int_equal(buf_printf(&joined, "%.*s|", STR_ARG(e->tags[k])), OK);
        if ((int)e->tags_are != cases[i].is || !str_eq(buf_str(&joined), str_of(cases[i].tags)))
            fail_msg("%s on %s: %d %s", cases[i].form, cases[i].body, (int)e->tags_are, buf_text(&joined));
        buf_release(&joined);
        end_trial(&t);
    }
}

static void fields_are_named_F3(void **state)
{
    const struct event *e;
    struct trial t;

    (void)state;
    try_body(&t, "customer_updated",
             "\"contact.fields\":{\"*\":{\"at\":\"/p\",\"max\":3}},\"contact.fields.own\":\"/o\",\"contact.fields.none\":\"/none\"",
             "{\"p\":{\"First Name\":\"A\",\"skip\":{\"x\":1},\"list\":[],\"b\":false,\"n\":null,\"over\":\"9\"},\"o\":\"mine\"}");
    e = only_event(&t.c);
    assert_int_equal(e->n_fields, 4);
    assert_str(e->fields[0].name, "demo_first_name");
    assert_str(e->fields[0].value.text, "A");
    assert_str(e->fields[1].name, "demo_b");
    assert_str(e->fields[1].value.text, "false");
    assert_str(e->fields[2].name, "demo_n");
    assert_int_equal(e->fields[2].value.is, CLEARED);
    assert_str(e->fields[3].name, "own");
    assert_str(e->fields[3].value.text, "mine");
    end_trial(&t);
}

static void records_are_filtered_and_one_object_counts_as_one(void **state)
{
    static const char members[] =
        "\"order.id\":\"/id\",\"order.items\":{\"at\":\"/l\",\"where\":{\"/keep\":[true,1]},\"each\":{\"name\":\"/n\","
        "\"categories\":{\"at\":\"/c\",\"each\":\"/t\"}}},\"order.refunds\":{\"at\":\"\",\"each\":{\"id\":\"/id\"}}";
    const struct event *e;
    struct trial t;

    (void)state;
    try_body(&t, "order_created", members,
             "{\"id\":5,\"l\":[{\"n\":\"a\",\"keep\":true,\"c\":[{\"t\":\"x\"},{\"t\":\"y\"}]},{\"n\":\"b\",\"keep\":false},{"
             "\"keep\":1}]}");
    e = only_event(&t.c);
    assert_int_equal(e->n_items, 2);
    assert_str(e->items[0].name, "a");
    assert_str(e->items[0].categories, "x,y");
    assert_str(e->items[1].name, "");
    assert_int_equal(e->n_refunds, 1);
    assert_str(e->refunds[0].id, "5");
    end_trial(&t);
    try_body(&t, "order_created", members, "{\"id\":5,\"l\":null}");
    assert_int_equal(only_event(&t.c)->items_are, CLEARED);
    end_trial(&t);
}

static void a_topic_may_give_several_events_of_several_objects(void **state)
{
    struct route *route = load(
        "\"objects\":{\"a\":{\"contact.email\":\"/e\"},\"b\":{\"contact.phone\":\"/p\"},\"o\":{\"order.id\":\"/o\"}},"
        "\"topics\":{\"t\":[{\"event\":\"signup\",\"object\":[\"a\",\"b\"],\"lane\":\"bulk\"},"
        "{\"event\":\"order_created\",\"object\":\"o\",\"lane\":\"urgent\",\"when\":{\"at\":\"/o\",\"set\":true}}],\"none\":[]}}");
    struct route_case c;

    (void)state;
    case_init(&c);
    case_text(&c, "{\"topic\":\"t\",\"e\":\"a@b.example\",\"p\":\"1\",\"o\":7}");
    case_map(&c, route); /* the topic stands in the body alone */
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 2);
    assert_int_equal(c.mapped.events[0].type, EVENT_SIGNUP);
    assert_member(&c.mapped.events[0], M_CONTACT_PHONE, "1");
    assert_member(&c.mapped.events[1], M_ORDER_ID, "7");
    assert_int_equal(route_lane(route, STR("t")), LANE_URGENT);
    assert_int_equal(route_lane(route, STR("none")), LANE_LIVE);
    case_text(&c, "{\"topic\":\"t\",\"e\":\"a@b.example\",\"o\":null}");
    case_map(&c, route);
    assert_int_equal(c.mapped.n, 1);
    case_text(&c, "{\"topic\":\"none\"}");
    case_map(&c, route);
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 0);
    case_release(&c);
    route_free(route);
}

static void an_order_event_without_an_order_id_is_refused(void **state)
{
    struct trial t;

    (void)state;
    try_body(&t, "order_created", "\"order.id\":\"/id\",\"order.total\":\"/t\"", "{\"t\":\"1\"}");
    assert_int_equal(t.c.err, ERR_SYNTAX);
    assert_str(t.c.failure.detail, "order.id: missing, order_created needs it");
    end_trial(&t);
}

static void bad_bodies_have_their_reason(void **state)
{
    static const char *const cases[][3] = {
        {"", "not_json", "at byte 0: empty"},
        {"webhook_id=1", "not_json", "at byte 0: not a JSON value"},
        {"{\"a\":1,\"a\":2}", "not_json", "at byte 0: object with a duplicate member"},
        {"{\"a\":\"\xff\"}", "not_json", "at byte 6: invalid UTF-8"},
    };
    struct route *route =
        load("\"objects\":{\"a\":{\"contact.email\":\"/e\"}},\"topics\":{\"t\":{\"event\":\"signup\",\"object\":\"a\"}}}");
    struct route_case c;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        case_init(&c);
        case_text(&c, cases[i][0]);
        case_header(&c, "X-Topic", "t");
        case_map(&c, route);
        assert_int_equal(c.err, ERR_SYNTAX);
        assert_string_equal(c.failure.reason, cases[i][1]);
        assert_str(c.failure.detail, cases[i][2]);
        assert_str(c.mapped.topic, "t");
        assert_str(c.mapped.dedupe_key, "t|entry:00000000000000000000000000000001");
        case_release(&c);
    }
    case_init(&c);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buf_append(&c.body, STR("[")), OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buf_append(&c.body, STR("]")), OK);
    case_header(&c, "X-Topic", "t");
    case_map(&c, route);
    assert_string_equal(c.failure.reason, "not_json");
    assert_str(c.failure.detail, "at byte 64: nested too deeply");
    case_text(&c, "{\"e\":\"a@b.example\"}");
    c.n_headers = 0;
    case_map(&c, route);
    assert_string_equal(c.failure.reason, "unknown_topic");
    assert_str(c.failure.detail, "the delivery names no topic");
    case_release(&c);
    route_free(route);
}

static void a_small_arena_makes_too_large_not_an_endless_retry_N8(void **state)
{
    struct route *route =
        load("\"objects\":{\"a\":{\"contact.email\":\"/e\"}},\"topics\":{\"t\":{\"event\":\"signup\",\"object\":\"a\"}}}");
    struct entry entry = {.id = STR("1"), .topic = STR("t"), .body = STR("{\"e\":\"a@b.example\",\"x\":[1,2,3,4,5,6,7,8,9]}")};
    struct map_failure failure;
    struct mapped mapped;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1200);
    assert_int_equal(route_map(route, &entry, NULL, &arena, &mapped, &failure), ERR_SYNTAX);
    assert_string_equal(failure.reason, "too_large");
    arena_release(&arena);
    route_free(route);
}

static void the_platforms_time_is_read_O3(void **state)
{
    struct route *route =
        load("\"objects\":{\"a\":{\"contact.email\":\"/e\"}},\"topics\":{\"t\":{\"event\":\"signup\",\"object\":\"a\"}}}");
    static const struct {
        const char *header, *body;
        int64_t want;
    } cases[] = {
        {"1714641068", "{\"time\":\"2020-01-01T00:00:00Z\"}", INT64_C(1714641068000000)},
        {NULL, "{\"time\":\"2024-05-02T09:11:08Z\"}", INT64_C(1714641068000000)},
        {NULL, "{\"time\":\"yesterday\"}", 0},
        {"soon", "{}", 0},
        {NULL, "{\"time\":[1]}", 0},
        {NULL, "{}", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;

        case_init(&c);
        case_text(&c, cases[i].body);
        case_header(&c, "x-topic", "t");
        if (cases[i].header)
            case_header(&c, "x-time", cases[i].header);
        case_map(&c, route);
        assert_int_equal(c.err, OK);
        assert_true(c.mapped.provider_at_us == cases[i].want);
        case_release(&c);
    }
    route_free(route);
}

static void long_dedupe_keys_are_digested(void **state)
{
    struct route *route = load("\"objects\":{\"a\":{}},\"topics\":{\"t\":{\"event\":\"signup\",\"object\":\"a\"}}}");
    struct route_case c;

    (void)state;
    case_init(&c);
    assert_int_equal(buf_append(&c.body, STR("{\"key\":\"")), OK);
    for (int i = 0; i < 300; i++)
        assert_int_equal(buf_append(&c.body, STR("k")), OK);
    assert_int_equal(buf_append(&c.body, STR("\"}")), OK);
    case_header(&c, "X-Topic", "t");
    case_map(&c, route);
    assert_true(str_starts(c.mapped.dedupe_key, STR("sha256:")));
    assert_int_equal(c.mapped.dedupe_key.len, 71);
    case_text(&c, "{\"key\":[\"k\"]}");
    case_map(&c, route);
    assert_str(c.mapped.dedupe_key, "t|entry:00000000000000000000000000000001");
    case_release(&c);
    route_free(route);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F1_an_order_clears_nothing_of_the_customer),
        cmocka_unit_test(tags_come_from_texts_and_lists),
        cmocka_unit_test(fields_are_named_F3),
        cmocka_unit_test(records_are_filtered_and_one_object_counts_as_one),
        cmocka_unit_test(a_topic_may_give_several_events_of_several_objects),
        cmocka_unit_test(an_order_event_without_an_order_id_is_refused),
        cmocka_unit_test(bad_bodies_have_their_reason),
        cmocka_unit_test(a_small_arena_makes_too_large_not_an_endless_retry_N8),
        cmocka_unit_test(the_platforms_time_is_read_O3),
        cmocka_unit_test(long_dedupe_keys_are_digested),
    };

    return cmocka_run_group_tests_name("route_map", tests, NULL, NULL);
}
