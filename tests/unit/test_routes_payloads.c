/* test_routes_payloads.c -- proves what holds for all built-in routes, and our own push protocol. */
#include "shop_payloads.h"

#include "route/load.h"

/* The topic header is not signed: a captured body sent again under a topic that erases or deletes must not pass. */
static void a_body_of_another_topic_erases_nothing(void **state)
{
    static const struct {
        const char *platform, *topic, *file;
    } cases[] = {
        {"shopify", "customers/redact", "customers.update.json"}, {"shopify", "customers/redact", "customers.data_request.json"},
        {"shopify", "shop/redact", "customers.redact.json"},      {"shopify", "shop/redact", "customers.data_request.json"},
        {"shopify", "customers/delete", "customers.update.json"}, {"shopify", "orders/delete", "orders.create.json"},
        {"shopify", "orders/create", "customers.create.json"},    {"woocommerce", "customer.deleted", "customer.updated.json"},
        {"woocommerce", "order.deleted", "order.updated.json"},   {"woocommerce", "order.created", "customer.created.json"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;

        map_file(&c, cases[i].platform, cases[i].topic, cases[i].file);
        assert_int_equal(c.err, ERR_SYNTAX);
        assert_string_equal(c.failure.reason, "mapping");
        assert_int_equal(c.mapped.n, 0);
        case_release(&c);
    }
}

/* What says nothing of a person is no event; what says at least that it happened is a line of a timeline. */
static void topics_without_a_meaning_of_their_own_are_activities_or_nothing(void **state)
{
    static const struct {
        const char *platform, *topic, *file;
        size_t n;
    } cases[] = {
        {"shopify", "app/uninstalled", "app.uninstalled.json", 1},
        {"shopify", "products/create", "app.uninstalled.json", 0},
        {"woocommerce", "product.created", "product.created.json", 0},
        {"woocommerce", "coupon.deleted", "coupon.deleted.json", 0},
        {"woocommerce", "action.woocommerce_add_to_cart", "action.written.json", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;

        map_file(&c, cases[i].platform, cases[i].topic, cases[i].file);
        assert_int_equal(c.err, OK);
        assert_int_equal(c.mapped.n, cases[i].n);
        if (cases[i].n) {
            assert_int_equal(c.mapped.events[0].type, EVENT_ACTIVITY);
            assert_none_of(&c.mapped.events[0], "contact.");
        }
        assert_true(c.mapped.dedupe_key.len > 0);
        case_release(&c);
    }
}

static void storehook_batch_maps_every_event(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    case_init(&c);
    case_text(
        &c,
        "{\"events\":[{\"id\":\"su-1\",\"type\":\"signup\",\"occurred_at\":\"2024-05-02T09:11:08Z\",\"contact\":{\"external_id\":"
        "\"42\",\"email\":\"zo\xc3\xab@example.com\",\"consent\":{\"email\":{\"state\":\"subscribed\",\"at\":"
        "\"2024-05-02T09:10:59Z\",\"source\":\"checkout\"}},\"fields\":{\"Birth day\":\"1990-01-31\",\"n\":7,\"x\":null}}},"
        "{\"id\":\"bad\",\"type\":\"order_created\",\"order\":{\"id\":\"1\",\"total\":\"1e3\"}},"
        "{\"id\":\"odd\",\"type\":\"no_such\"},{\"id\":\"none\"},7,"
        "{\"id\":\"ca-9\",\"type\":\"cart_updated\",\"visitor_id\":\"v\",\"cart\":{\"id\":\"c-77\",\"currency\":\"KWD\","
        "\"total\":\"61.800\",\"items\":[]}}]}");
    case_header(&c, "webhook-id", "req_1");
    case_map(&c, route_of("storehook"));
    assert_int_equal(c.err, OK);
    assert_str(c.mapped.dedupe_key, "events|req_1");
    assert_int_equal(c.mapped.n, 2);
    e = &c.mapped.events[0];
    assert_int_equal(e->type, EVENT_SIGNUP);
    assert_member(e, M_ID, "su-1");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "42");
    assert_member(e, M_CONSENT_EMAIL_SOURCE, "checkout");
    assert_time(e, M_CONSENT_EMAIL_AT, "2024-05-02T09:10:59Z");
    assert_int_equal(e->n_fields, 3);
    assert_str(e->fields[0].name, "birth_day");
    assert_str(e->fields[1].value.text, "7");
    assert_int_equal(e->fields[2].value.is, CLEARED);
    e = &c.mapped.events[1];
    assert_int_equal(e->type, EVENT_CART_UPDATED);
    assert_int_equal(e->items_are, PRESENT);
    assert_int_equal(e->n_items, 0);
    assert_int_equal(c.mapped.n_rejects, 4);
    assert_int_equal(c.mapped.rejects[0].index, 1);
    assert_string_equal(c.mapped.rejects[0].reason, "mapping"); /* K1 */
    assert_str(c.mapped.rejects[0].detail, "order.total: /order/total must be a plain decimal number, not a text of 3 characters");
    assert_string_equal(c.mapped.rejects[1].reason, "unknown_topic");
    assert_str(c.mapped.rejects[1].detail, "no event type \"no_such\"");
    assert_str(c.mapped.rejects[2].detail, "/type: the event's type is missing");
    assert_int_equal(c.mapped.rejects[3].index, 4);
    case_release(&c);
}

static void storehook_single_event_may_stand_bare(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    case_init(&c);
    case_text(
        &c,
        "{\"id\":\"p\",\"type\":\"purchase\",\"order\":{\"id\":\"1001\",\"contact\":{\"email\":\"a@b.example\",\"phone\":null},"
        "\"currency\":\"EUR\",\"total\":\"61.80\",\"accepts_marketing\":true,\"items\":[{\"name\":\"T\",\"quantity\":2,"
        "\"categories\":[\"Men\",\"Shirts\"]}],\"refunds\":[{\"id\":\"r\",\"amount\":\"1.50\",\"at\":\"2024-05-02T09:10:59Z\"}]}}");
    case_header(&c, "svix-id", "req_2");
    case_map(&c, route_of("storehook"));
    e = only_event(&c);
    assert_int_equal(e->type, EVENT_ORDER_CREATED);
    assert_str(c.mapped.dedupe_key, "events|req_2");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_member(e, M_CONTACT_EMAIL, "a@b.example");
    assert_absent(e, M_CONTACT_PHONE);
    assert_str(e->items[0].quantity, "2");
    assert_str(e->items[0].categories, "Men,Shirts");
    assert_str(e->refunds[0].amount, "1.50");
    assert_int_equal(e->refunds[0].at_us, INT64_C(1714641059000000));
    case_release(&c);
}

static void storehook_abandoned_cart_and_views(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    case_init(&c);
    case_text(
        &c, "{\"events\":[{\"type\":\"cart_abandoned\",\"abandoned_at\":\"2024-05-02T10:00:00Z\",\"cart\":{\"id\":\"c\"}},"
            "{\"type\":\"page_visit\",\"visitor_id\":\"v\",\"page\":{\"url\":\"https://s.example/\",\"title\":\"S\"}},"
            "{\"type\":\"product_viewed\",\"visitor_id\":\"v\",\"product\":{\"id\":\"2\",\"price\":\"1.0\",\"currency\":\"EUR\"}},"
            "{\"type\":\"form_signup\",\"form\":{\"id\":\"f\",\"name\":\"Foot\",\"fields\":{\"Q "
            "1\":true}},\"contact\":{\"email\":\"x@y.example\"}},"
            "{\"type\":\"unsubscribe\",\"at\":\"2024-05-02T10:00:00+02:00\",\"source\":\"link\",\"channel\":\"all\",\"contact\":{"
            "\"email\":\"x@y.example\"}}]}");
    case_map(&c, route_of("storehook"));
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 5);
    e = c.mapped.events;
    assert_time(&e[0], M_CART_ABANDONED_AT, "2024-05-02T10:00:00Z");
    assert_int_equal(e[0].items_are, ABSENT);
    assert_member(&e[1], M_PAGE_URL, "https://s.example/");
    assert_member(&e[2], M_PRODUCT_PRICE, "1.0");
    assert_str(e[3].form_fields[0].name, "Q 1");
    assert_str(e[3].form_fields[0].value.text, "true");
    assert_member(&e[4], M_CHANNEL, "all");
    assert_time(&e[4], M_AT, "2024-05-02T08:00:00Z");
    case_release(&c);
}

static void storehook_batch_has_a_maximum_N9(void **state)
{
    struct route_case c;

    (void)state;
    case_init(&c);
    assert_int_equal(buf_append(&c.body, STR("{\"events\":[")), OK);
    for (int i = 0; i < 501; i++)
        assert_int_equal(buf_printf(&c.body, "%s{\"type\":\"ping\"}", i ? "," : ""), OK);
    assert_int_equal(buf_append(&c.body, STR("]}")), OK);
    case_map(&c, route_of("storehook"));
    assert_int_equal(c.err, ERR_SYNTAX);
    assert_string_equal(c.failure.reason, "too_large");
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"events\":[]}");
    case_map(&c, route_of("storehook"));
    assert_string_equal(c.failure.reason, "mapping");
    case_release(&c);
}

/* The lane is chosen when a delivery comes, before its body is read: the topic's header alone must say that it is urgent. */
static void an_urgent_topic_is_known_by_its_header(void **state)
{
    struct field redact[] = {{STR("X-Shopify-Topic"), STR("customers/redact")}};
    struct field of_events[] = {{STR("shopify-topic"), STR("Customer")}, {STR("shopify-action"), STR("archive")}};
    struct str topic = route_header_topic(route_of("shopify"), (struct fields){redact, 1});

    (void)state;
    assert_str(topic, "customers/redact");
    assert_int_equal(route_lane(route_of("shopify"), topic), LANE_URGENT);
    assert_int_equal(route_header_topic(route_of("shopify"), (struct fields){of_events, 2}).len,
                     0); /* a pattern's: the drainer joins */
}

/* A topic that depends on the body is not told before the body is read. */
static void a_topic_that_the_body_decides_is_not_told_by_headers(void **state)
{
    (void)state;
    assert_int_equal(route_header_topic(route_of("adobe-commerce"), (struct fields){NULL, 0}).len, 0);
    assert_int_equal(route_header_topic(route_of("prestashop"), (struct fields){NULL, 0}).len, 0);
}

static bool names_address(const struct route_case *c, const char *address)
{
    for (size_t i = 0; i < c->mapped.n; i++)
        if (str_eq(c->mapped.events[i].m[M_CONTACT_EMAIL].text, str_of(address)))
            return true;
    return c->mapped.n == 0;
}

static void map_example(const struct route *route, struct str topic)
{
    struct route_send send = {topic, STR("evt-1"), STR("a-b.example"), 41, INT64_C(1714641068123456), STR("secret")};
    struct buf values = BUF_INIT(4096);
    struct route_case c;
    size_t got = 0;
    bool named;

    case_init(&c);
    assert_int_equal(route_send_example(route, &send, &c.body), OK);
    named = str_find_str(buf_str(&c.body), send.email) < c.body.len;
    send.email = STR("a@b.example");
    buf_clear(&c.body);
    assert_int_equal(route_send_headers(route, &send, &values, c.headers, &got), OK);
    c.n_headers = got;
    assert_int_equal(route_send_example(route, &send, &c.body), OK);
    c.content_type = route_send_content_type(route);
    if (route->body.kind == BODY_JWT)
        body_to_token(&c);
    case_map(&c, route);
    if (c.err || c.mapped.n_rejects || c.mapped.n + c.mapped.n_fetches == 0 || (named && !names_address(&c, "a@b.example")))
        fail_msg("%s, %.*s: %zu events, %zu fetches, %s %.*s", route_platform(route), STR_ARG(topic), c.mapped.n,
                 c.mapped.n_fetches, c.failure.reason, STR_ARG(c.mapped.n_rejects ? c.mapped.rejects[0].detail : c.failure.detail));
    case_release(&c);
    buf_release(&values);
}

/* Every example that `send` knows means something: events that name the address of the example, or an object to fetch. */
static void examples_map_to_events(void **state)
{
    (void)state;
    for (size_t i = 0; routes_at(routes, i); i++) {
        const struct route *route = routes_at(routes, i);
        size_t n = 0;

        for (struct str topic = route_send_topic(route, n); topic.len; topic = route_send_topic(route, ++n))
            map_example(route, topic);
        if (n == 0 && route_verify_at(route, 0)) /* what is not pushed is not sent */
            fail_msg("%s has no example for send", route_platform(route));
    }
}

static void example_placeholders_are_filled(void **state)
{
    struct route_send send = {STR("order.created"), STR("evt-1"), STR("a@b.example"), 41, INT64_C(1714641068123456), STR_NONE};
    struct field fields[ROUTE_SEND_FIELDS_MAX];
    struct buf values = BUF_INIT(4096), body = BUF_INIT(64 << 10);
    size_t n = 0;

    (void)state;
    assert_int_equal(route_send_headers(route_of("woocommerce"), &send, &values, fields, &n), OK);
    assert_int_equal(n, 4);
    assert_str(fields[1].name, "X-WC-Webhook-Topic");
    assert_str(fields[1].value, "order.created");
    assert_str(fields[3].value, "evt-1");
    assert_int_equal(route_send_example(route_of("woocommerce"), &send, &body), OK);
    assert_true(str_find_str(buf_str(&body), STR("\"id\":41,\"number\":41")) < body.len);
    assert_true(str_find_str(buf_str(&body), STR("\"date_created_gmt\":\"2024-05-02T09:11:08\"")) < body.len);
    send.topic = STR("no.such");
    assert_int_equal(route_send_example(route_of("woocommerce"), &send, &body), ERR_NOT_FOUND);
    buf_release(&values);
    buf_release(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_of_another_topic_erases_nothing),
        cmocka_unit_test(topics_without_a_meaning_of_their_own_are_activities_or_nothing),
        cmocka_unit_test(storehook_batch_maps_every_event),
        cmocka_unit_test(storehook_single_event_may_stand_bare),
        cmocka_unit_test(storehook_abandoned_cart_and_views),
        cmocka_unit_test(storehook_batch_has_a_maximum_N9),
        cmocka_unit_test(an_urgent_topic_is_known_by_its_header),
        cmocka_unit_test(a_topic_that_the_body_decides_is_not_told_by_headers),
        cmocka_unit_test(examples_map_to_events),
        cmocka_unit_test(example_placeholders_are_filled),
    };

    return cmocka_run_group_tests_name("routes_payloads", tests, load_routes, free_routes);
}
