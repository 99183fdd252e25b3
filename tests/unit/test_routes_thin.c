/* test_routes_thin.c -- proves the routes of shops that name ids only: what is fetched, what needs no fetch, and the fetched documents. */
#include "shop_payloads.h"

static void bigcommerce_names_what_is_fetched(void **state)
{
    static const char *const cases[][3] = {
        {"store.customer.created.json", "customer", "32"},
        {"store.customer.address.created.json", "customer", "32"}, /* data.id is the address's */
        {"store.order.created.json", "order", "250"},
        {"store.order.refund.created.json", "order", "250"},
        {"store.order.statusUpdated.json", "order", "250"},
        {"store.cart.created.json", "cart", "09346904-4175-44fd-be53-f7e598531b6c"},
        {"store.cart.couponApplied.json", "cart", "09346904-4175-44fd-be53-f7e598531b6c"},
        {"store.cart.lineItem.created.json", "cart", "b0386708-fef3-45de-9d8b-fbe3031450a4"},
        {"store.channel.1.cart.created.json", "cart", "41696c19-486f-40a8-ae2a-389d5d24e0c9"},
        {"store.subscriber.created.json", "subscriber", "5"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;
        char path[120];

        snprintf(path, sizeof(path), "bigcommerce/%s", cases[i][0]);
        open_payload(&c, path);
        case_header(&c, "webhook-id", "msg_1");
        maps_to_fetch(&c, "bigcommerce", cases[i][1], cases[i][2]);
        assert_true(str_ends(c.mapped.dedupe_key, STR("|msg_1")));
        assert_true(c.mapped.provider_at_us > 0);
        case_release(&c);
    }
}

static void bigcommerce_carts_end_without_being_fetched(void **state)
{
    struct route_case c;

    (void)state;
    open_payload(&c, "bigcommerce/store.cart.abandoned.written.json");
    case_map(&c, route_of("bigcommerce"));
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 1);
    assert_int_equal(c.mapped.events[0].type, EVENT_CART_ABANDONED);
    assert_member(&c.mapped.events[0], M_CART_ID, "6f0c2b9e-8f0c-4f5e-9b2e-0a1b2c3d4e5f");
    assert_time(&c.mapped.events[0], M_CART_ABANDONED_AT, "2024-05-02T09:11:08Z");
    assert_string_equal(c.mapped.fetches[0].object, "cart");
    case_release(&c);
    open_payload(&c, "bigcommerce/store.cart.converted.json");
    case_map(&c, route_of("bigcommerce"));
    assert_int_equal(c.mapped.events[0].type, EVENT_CART_UPDATED);
    assert_time(&c.mapped.events[0], M_CART_COMPLETED_AT, "2019-06-25T18:21:33Z");
    assert_string_equal(c.mapped.fetches[0].object, "order");
    assert_str(c.mapped.fetches[0].id, "252");
    case_release(&c);
}

static void bigcommerce_deletes_only_what_says_that_it_is_a_customer(void **state)
{
    struct route_case c;

    (void)state;
    case_init(&c);
    case_text(&c, "{\"scope\":\"store/customer/deleted\",\"data\":{\"type\":\"customer\",\"id\":32}}");
    assert_member(maps_to(&c, "bigcommerce", EVENT_CUSTOMER_DELETED), M_CONTACT_EXTERNAL_ID, "32");
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"scope\":\"store/customer/deleted\",\"data\":{\"type\":\"order\",\"id\":32}}");
    maps_to_nothing_but(&c, "bigcommerce", "mapping");
    case_release(&c);
}

static void bigcommerce_documents(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_fixture(&c, "bigcommerce/customer.json");
    e = fetched(&c, "bigcommerce", "customer", EVENT_CUSTOMER_UPDATED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "32");
    assert_member(e, M_CONTACT_EMAIL, "ines@example.pt");
    assert_member(e, M_CONTACT_CITY, "\xc3\x89vora");
    assert_cleared(e, M_CONTACT_PHONE);
    assert_time(e, M_CONTACT_UPDATED_AT, "2024-05-03T10:00:00Z");
    assert_none_of(e, "contact.consent."); /* customers there say nothing of consent */
    case_release(&c);
    open_fixture(&c, "bigcommerce/order.json");
    e = fetched(&c, "bigcommerce", "order", EVENT_ORDER_UPDATED);
    assert_absent(e, M_CONTACT_EXTERNAL_ID); /* guest: 0 */
    assert_member(e, M_ORDER_STATUS, "partially_refunded");
    assert_member(e, M_ORDER_TOTAL, "61.8000");
    assert_member(e, M_ORDER_REFUNDED, "5.0000");
    assert_time(e, M_ORDER_CREATED_AT, "2024-05-02T09:11:08Z");
    case_release(&c);
    open_fixture(&c, "bigcommerce/cart.json");
    e = fetched(&c, "bigcommerce", "cart", EVENT_CART_UPDATED);
    assert_member(e, M_CART_TOTAL, "61.8");
    assert_absent(e, M_CONTACT_EMAIL);
    assert_str(e->items[0].price, "30.9");
    case_release(&c);
}

static void ecwid_names_what_is_fetched(void **state)
{
    static const char *const cases[][3] = {
        {"customer.created.written.json", "customer", "1234567"},
        {"order.created.written.json", "order", "XJ12H"},
        {"order.updated.written.json", "order", "XJ12H"},
        {"unfinished_order.created.written.json", "cart", "6626E60A-A6F9-4CD5-8230-43D5F162E0CD"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;
        char path[120];

        snprintf(path, sizeof(path), "ecwid/%s", cases[i][0]);
        open_payload(&c, path);
        maps_to_fetch(&c, "ecwid", cases[i][1], cases[i][2]);
        case_release(&c);
    }
}

/* Only eventCreated and eventId are signed: on the word of the rest nothing is deleted; a removal request is the law's. */
static void ecwid_deletes_by_fetching_and_erases_on_request(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    case_init(&c);
    case_text(&c, "{\"eventId\":\"e\",\"eventCreated\":1714641003,\"entityId\":7,\"eventType\":\"customer.deleted\"}");
    maps_to_fetch(&c, "ecwid", "customer", "7");
    case_release(&c);
    open_payload(&c, "ecwid/customer.personal_data_removal_request.written.json");
    e = maps_to(&c, "ecwid", EVENT_ERASE);
    assert_member(e, M_CONTACT_EMAIL, "e@example.com");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "1234567");
    assert_str(c.mapped.dedupe_key, "customer.personal_data_removal_request|80aece08-40e8-4145-8764-6c2f0d38005");
    assert_int_equal(route_lane(route_of("ecwid"), STR("customer.personal_data_removal_request")), LANE_URGENT);
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"eventId\":\"e\",\"entityId\":7,\"eventType\":\"customer.personal_data_removal_request\",\"data\":{}}");
    maps_to_nothing_but(&c, "ecwid", "mapping");
    case_release(&c);
}

static void ecwid_documents(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_fixture(&c, "ecwid/customer.json");
    e = fetched(&c, "ecwid", "customer", EVENT_CUSTOMER_UPDATED);
    assert_member(e, M_CONTACT_FULL_NAME, "Eva Ek");
    assert_time(e, M_CONTACT_UPDATED_AT, "2024-05-02T09:10:03Z");
    assert_member(e, M_CONSENT_EMAIL_STATE, "subscribed");
    assert_absent(e, M_CONSENT_EMAIL_AT);
    assert_str(e->tags[0], "Gold");
    case_release(&c);
    open_fixture(&c, "ecwid/order.json");
    e = fetched(&c, "ecwid", "order", EVENT_ORDER_UPDATED);
    assert_member(e, M_ORDER_STATUS, "refunded");
    assert_member(e, M_ORDER_REFUNDED, "25.5");
    assert_absent(e, M_ORDER_CURRENCY); /* Ecwid's orders name none */
    case_release(&c);
}

static void squarespace_orders_are_fetched(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "squarespace/order.create.written.json");
    maps_to_fetch(&c, "squarespace", "order", "585d498fdee9f31a60284a37");
    assert_str(c.mapped.dedupe_key, "order.create|2f9a1d1e-5e0a-4b8f-93a6-1f1e4f5f0001");
    case_release(&c);
    open_fixture(&c, "squarespace/order.json");
    e = fetched(&c, "squarespace", "order", EVENT_ORDER_UPDATED);
    assert_member(e, M_CONTACT_EMAIL, "sam@example.com");
    assert_member(e, M_ORDER_CURRENCY, "JPY");
    assert_member(e, M_ORDER_TOTAL, "1090");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_str(e->items[0].price, "500");
    case_release(&c);
}

static void tiendanube_tells_privacy_requests_by_their_content(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "tiendanube/order.created.written.json");
    maps_to_fetch(&c, "tiendanube", "order", "456");
    case_release(&c);
    open_payload(&c, "tiendanube/customers.redact.written.json");
    e = maps_to(&c, "tiendanube", EVENT_ERASE);
    assert_member(e, M_CONTACT_EMAIL, "john@example.com");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "1");
    assert_str(c.mapped.topic, "customers/redact");
    assert_int_equal(route_lane(route_of("tiendanube"), c.mapped.topic), LANE_URGENT);
    case_release(&c);
    open_fixture(&c, "tiendanube/customers.data_request.json");
    e = maps_to(&c, "tiendanube", EVENT_DATA_REQUEST);
    assert_member(e, M_ID, "9999");
    case_release(&c);
    open_fixture(&c, "tiendanube/store.redact.json");
    maps_to(&c, "tiendanube", EVENT_SOURCE_ERASE);
    case_release(&c);
}

/* A thin event that was captured says an event of its own, so it is never taken for a privacy request. */
static void tiendanube_erases_nothing_by_another_body(void **state)
{
    static const char *const bodies[] = {
        "{\"store_id\":123,\"event\":\"store/redact\",\"id\":456}",
        "{\"store_id\":123,\"event\":\"store/redact\"}",
        "{\"store_id\":123,\"event\":\"customers/redact\",\"customer\":{\"id\":1},\"orders_to_redact\":[]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct route_case c;

        case_init(&c);
        case_text(&c, bodies[i]);
        maps_to_nothing_but(&c, "tiendanube", "mapping");
        case_release(&c);
    }
}

static void tiendanube_order_document(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_fixture(&c, "tiendanube/order.json");
    e = fetched(&c, "tiendanube", "order", EVENT_ORDER_UPDATED);
    assert_member(e, M_CONTACT_EMAIL, "joao@example.com.br");
    assert_member(e, M_CONTACT_FULL_NAME, "Jo\xc3\xa3o Lima");
    assert_member(e, M_ORDER_TOTAL, "181.32");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_time(e, M_ORDER_UPDATED_AT, "2024-05-02T09:12:08Z");
    case_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bigcommerce_names_what_is_fetched),
        cmocka_unit_test(bigcommerce_carts_end_without_being_fetched),
        cmocka_unit_test(bigcommerce_deletes_only_what_says_that_it_is_a_customer),
        cmocka_unit_test(bigcommerce_documents),
        cmocka_unit_test(ecwid_names_what_is_fetched),
        cmocka_unit_test(ecwid_deletes_by_fetching_and_erases_on_request),
        cmocka_unit_test(ecwid_documents),
        cmocka_unit_test(squarespace_orders_are_fetched),
        cmocka_unit_test(tiendanube_tells_privacy_requests_by_their_content),
        cmocka_unit_test(tiendanube_erases_nothing_by_another_body),
        cmocka_unit_test(tiendanube_order_document),
    };

    return cmocka_run_group_tests_name("routes_thin", tests, load_routes, free_routes);
}
