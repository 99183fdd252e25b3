/* test_routes_shopify_orders.c -- proves the built-in route on recorded payloads: orders, refunds, carts and compliance, member by member. */
#include "built_in_routes.h"

static void shopify_order_takes_its_own_address_first(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "orders/create", "orders.create.json", EVENT_ORDER_CREATED);

    (void)state;
    assert_member(e, M_CONTACT_EMAIL, "jon@example.com"); /* not john@example.com, the customer's */
    assert_member(e, M_CONTACT_EXTERNAL_ID, "115310627314723954");
    assert_member(e, M_CONTACT_FIRST_NAME, "John");
    assert_member(e, M_CONTACT_LOCALE, "en");
    assert_member(e, M_ORDER_ID, "820982911946154508");
    assert_member(e, M_ORDER_NUMBER, "#9999");
    assert_absent(e, M_ORDER_CHECKOUT_ID);
    assert_absent(e, M_ORDER_CART_ID);
    assert_member(e, M_ORDER_STATUS, "cancelled");
    assert_member(e, M_ORDER_CURRENCY, "USD");
    assert_member(e, M_ORDER_TOTAL, "388.00");
    assert_member(e, M_ORDER_TAX, "0.00");
    assert_member(e, M_ORDER_SHIPPING, "10.00");
    assert_member(e, M_ORDER_DISCOUNT, "20.00");
    assert_member(e, M_ORDER_SHOWN_CURRENCY, "USD"); /* K2 */
    assert_member(e, M_ORDER_SHOWN_TOTAL, "388.00");
    assert_bool(e, M_ORDER_TEST, 1);
    assert_bool(e, M_ORDER_MARKETING, 1); /* G3 */
    assert_time(e, M_ORDER_UPDATED_AT, "2022-01-01T00:00:00Z");
    assert_none_of(e, "contact.consent."); /* C4: the customer inside an order states no consent */
    assert_int_equal(e->tags_are, ABSENT);
    assert_int_equal(e->n_items, 2);
    assert_str(e->items[0].product_id, "632910392");
    assert_str(e->items[0].variant_id, "808950810");
    assert_str(e->items[0].sku, "IPOD2008PINK");
    assert_str(e->items[0].name, "IPod Nano - 8GB");
    assert_str(e->items[0].quantity, "1");
    assert_str(e->items[1].price, "199.00");
    assert_int_equal(e->refunds_are, PRESENT);
    assert_int_equal(e->n_refunds, 0);
    case_release(&c);
}

static void shopify_marketing_box_counts_on_the_create_topic_only_G3(void **state)
{
    static const char *const topics[][2] = {
        {"orders/updated", "orders.updated.json"},
        {"orders/paid", "orders.paid.json"},
        {"orders/cancelled", "orders.cancelled.json"},
        {"orders/fulfilled", "orders.updated.json"},
        {"orders/partially_fulfilled", "orders.updated.json"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        struct route_case c;
        const struct event *e = map_one(&c, "shopify", topics[i][0], topics[i][1], EVENT_ORDER_UPDATED);

        assert_absent(e, M_ORDER_MARKETING);
        assert_member(e, M_ORDER_ID, "820982911946154508");
        assert_member(e, M_ORDER_STATUS, "cancelled");
        case_release(&c);
    }
}

static void shopify_old_order_shape_has_no_customer_id(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "orders/create", "orders.create.2.json", EVENT_ORDER_CREATED);

    (void)state;
    assert_member(e, M_CONTACT_EMAIL, "jon@doe.ca");
    assert_absent(e, M_CONTACT_EXTERNAL_ID);
    assert_member(e, M_ORDER_ID, "123456");
    assert_member(e, M_ORDER_TOTAL, "10.00");
    assert_cleared(e, M_ORDER_TAX);
    assert_absent(e, M_ORDER_SHOWN_TOTAL);
    assert_time(e, M_ORDER_CREATED_AT, "2016-05-17T04:14:36Z");
    assert_time(e, M_ORDER_UPDATED_AT, "2016-05-17T08:14:36Z");
    assert_str(e->items[0].sku, "");
    assert_str(e->items[0].variant_id, "");
    case_release(&c);
}

static void shopify_guest_order_without_address_G4(void **state)
{
    struct route_case c;
    const struct event *e =
        map_one(&c, "shopify", "orders/create", "orders.create.written-guest-phone-only.json", EVENT_ORDER_CREATED);

    (void)state;
    assert_absent(e, M_CONTACT_EMAIL);
    assert_absent(e, M_CONTACT_EXTERNAL_ID);
    assert_member(e, M_CONTACT_PHONE, "+447700900123");
    assert_member(e, M_CONTACT_FIRST_NAME, "Steve");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_bool(e, M_ORDER_TEST, 0);
    case_release(&c);
}

static void shopify_amounts_keep_the_currencys_places_K1(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "orders/create", "orders.create.written-jpy.json", EVENT_ORDER_CREATED);

    (void)state;
    assert_member(e, M_ORDER_CURRENCY, "JPY");
    assert_member(e, M_ORDER_TOTAL, "38800");
    assert_member(e, M_ORDER_SHIPPING, "1000");
    case_release(&c);
    e = map_one(&c, "shopify", "orders/create", "orders.create.written-kwd.json", EVENT_ORDER_CREATED);
    assert_member(e, M_ORDER_CURRENCY, "KWD");
    assert_member(e, M_ORDER_TOTAL, "388.000");
    assert_str(e->items[0].price, "199.000");
    case_release(&c);
}

static void shopify_refund_counts_successful_refund_transactions_only(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "refunds/create", "refunds.create.json", EVENT_ORDER_REFUNDED);

    (void)state;
    assert_member(e, M_ORDER_ID, "820982911946154508");
    assert_int_equal(e->n_refunds, 1);
    assert_str(e->refunds[0].id, "890088186047892319");
    assert_str(e->refunds[0].amount, "0"); /* no transaction, no money back */
    assert_int_equal(e->refunds[0].at_us, INT64_C(1640995200000000));
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"id\":5,\"order_id\":9,\"processed_at\":\"2024-05-02T09:11:08Z\",\"transactions\":["
                  "{\"kind\":\"refund\",\"status\":\"success\",\"amount\":\"10.10\",\"currency\":\"EUR\"},"
                  "{\"kind\":\"refund\",\"status\":\"failure\",\"amount\":\"99.00\",\"currency\":\"EUR\"},"
                  "{\"kind\":\"void\",\"status\":\"success\",\"amount\":\"5.00\",\"currency\":\"EUR\"},"
                  "{\"kind\":\"refund\",\"status\":\"success\",\"amount\":\"0.205\",\"currency\":\"EUR\"}]}");
    case_header(&c, "X-Shopify-Topic", "refunds/create");
    case_map(&c, route_of("shopify"));
    e = only_event(&c);
    assert_str(e->refunds[0].amount, "10.305");
    assert_member(e, M_ORDER_CURRENCY, "EUR");
    case_release(&c);
}

static void shopify_checkout_is_a_cart_CA1(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "checkouts/create", "checkouts.create.json", EVENT_CART_UPDATED);

    (void)state;
    assert_member(e, M_CART_ID, "123123123");
    assert_member(e, M_CART_CART_ID, "eeafa272cebfd4b22385bc4b645e762c");
    assert_member(e, M_CONTACT_EMAIL, "example@email.com");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "603851970716743426");
    assert_member(e, M_CART_TOTAL, "421.88");
    assert_member(e, M_CART_CURRENCY, "USD");
    assert_member(e, M_CART_URL, "https://checkout.local/548380009/checkouts/123123123/recover?key=example-secret-token");
    assert_time(e, M_CART_UPDATED_AT, "2022-01-01T00:00:00Z");
    assert_cleared(e, M_CART_COMPLETED_AT);
    assert_none_of(e, "contact.consent."); /* C4 */
    assert_int_equal(e->n_items, 2);
    assert_str(e->items[0].name, "IPod Nano - 8GB");
    case_release(&c);
    e = map_one(&c, "shopify", "checkouts/update", "checkouts.update.json", EVENT_CART_UPDATED);
    assert_member(e, M_CART_ID, "123123123");
    case_release(&c);
    e = map_one(&c, "shopify", "checkouts/create", "checkouts.create.written-no-email-yet.json", EVENT_CART_UPDATED);
    assert_none_of(e, "contact.");
    assert_member(e, M_CART_CART_ID, "Z2NwLXVzLWVhc3QxOjAxSkJaTUVRSjgzNUJUN1BTNjEzRFdRUFFQ");
    case_release(&c);
}

static void shopify_cart_has_no_address(void **state)
{
    static const char *const files[][2] = {{"carts/create", "carts.create.json"}, {"carts/update", "carts.update.json"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct route_case c;
        const struct event *e = map_one(&c, "shopify", files[i][0], files[i][1], EVENT_CART_UPDATED);

        assert_member(e, M_CART_ID, "eeafa272cebfd4b22385bc4b645e762c");
        assert_member(e, M_CART_TOTAL, "59.97");
        assert_member(e, M_CART_CURRENCY, "USD");
        assert_str(e->items[0].product_id, "788032119674292922");
        assert_str(e->items[0].quantity, "3");
        assert_none_of(e, "contact.");
        case_release(&c);
    }
}

static void shopify_compliance_topics_are_urgent(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "customers/redact", "customers.redact.json", EVENT_ERASE);

    (void)state;
    assert_member(e, M_CONTACT_EXTERNAL_ID, "191167");
    assert_member(e, M_CONTACT_EMAIL, "john@example.com");
    assert_member(e, M_CONTACT_PHONE, "555-625-1199");
    case_release(&c);
    e = map_one(&c, "shopify", "customers/data_request", "customers.data_request.json", EVENT_DATA_REQUEST);
    assert_member(e, M_CONTACT_EMAIL, "john@example.com");
    assert_member(e, M_ID, "9999");
    case_release(&c);
    map_one(&c, "shopify", "shop/redact", "shop.redact.json", EVENT_SOURCE_ERASE);
    case_release(&c);
    assert_int_equal(route_lane(route_of("shopify"), STR("customers/redact")), LANE_URGENT);
    assert_int_equal(route_lane(route_of("shopify"), STR("customers/data_request")), LANE_URGENT);
    assert_int_equal(route_lane(route_of("shopify"), STR("shop/redact")), LANE_URGENT);
    assert_int_equal(route_lane(route_of("shopify"), STR("orders/create")), LANE_LIVE);
    assert_int_equal(route_lane(route_of("shopify"), STR("no/such")), LANE_LIVE);
}

static void shopify_events_family_is_mapped(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    case_init(&c);
    if (!case_file(&c, "shopify/events.customer.update.written.json"))
        skip();
    case_header(&c, "shopify-topic", "Customer");
    case_header(&c, "shopify-action", "update");
    case_header(&c, "shopify-shop-domain", "shop.example");
    case_header(&c, "shopify-event-id", "e-1");
    case_header(&c, "X-Shopify-Topic", "customers/update"); /* both families: Events */
    case_map(&c, route_of("shopify"));
    e = only_event(&c);
    assert_int_equal(e->type, EVENT_CUSTOMER_UPDATED);
    assert_str(c.mapped.topic, "Customer/update");
    assert_str(c.mapped.dedupe_key, "Customer/update|shop.example|e-1");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "7099123204273");
    assert_member(e, M_CONTACT_EMAIL, "zoe@example.com");
    assert_member(e, M_CONSENT_EMAIL_STATE, "subscribed");
    case_release(&c);
}

static void shopify_closed_checkout_says_nothing(void **state)
{
    struct route_case c;

    (void)state;
    case_init(&c);
    case_text(&c, "{\"id\":1,\"token\":\"t\"}");
    case_header(&c, "X-Shopify-Topic", "checkouts/delete");
    case_map(&c, route_of("shopify"));
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 0);
    case_release(&c);
}

static void shopify_dedupe_keys_D1_D2(void **state)
{
    static const char *const cases[][4] = {
        /* topic, event id, webhook id, key */
        {"orders/create", "ev", "wh", "orders/create|shop.example|ev"},
        {"orders/paid", "ev", "wh", "orders/paid|shop.example|ev"},
        {"orders/paid", "ev", "wh2", "orders/paid|shop.example|ev"},
        {"orders/paid", NULL, "wh2", "orders/paid|wh2"},
        {"orders/paid", "", "w|%", "orders/paid|w%7c%25"},
        {"orders/paid", NULL, NULL, "orders/paid|entry:00000000000000000000000000000001"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;

        case_init(&c);
        case_text(&c, "{\"id\":1,\"total_price\":\"1.00\"}");
        case_header(&c, "X-Shopify-Topic", cases[i][0]);
        case_header(&c, "X-Shopify-Shop-Domain", "shop.example");
        if (cases[i][1])
            case_header(&c, "X-Shopify-Event-Id", cases[i][1]);
        if (cases[i][2])
            case_header(&c, "X-Shopify-Webhook-Id", cases[i][2]);
        case_map(&c, route_of("shopify"));
        assert_str(c.mapped.dedupe_key, cases[i][3]);
        case_release(&c);
    }
}

static void the_kept_headers_suffice_for_mapping(void **state)
{
    struct field received[] = {
        {STR("host"), STR("h")},           {STR("x-shopify-topic"), STR("orders/create")}, {STR("X-SHOPIFY-EVENT-ID"), STR("e")},
        {STR("authorization"), STR("no")}, {STR("x-shopify-hmac-sha256"), STR("no")},
    };
    struct field kept[ENTRY_FIELDS_MAX];
    size_t n;

    (void)state;
    n = route_keep_headers(route_of("shopify"), (struct fields){received, 5}, kept);
    assert_int_equal(n, 2);
    assert_str(kept[0].value, "orders/create");
    assert_str(kept[1].value, "e");
}

static void the_first_way_to_sign_that_applies_is_used(void **state)
{
    struct field both[] = {{STR("X-Shopify-Hmac-SHA256"), STR("a")}, {STR("shopify-hmac-sha256"), STR("b")}};
    size_t index = 9;

    (void)state;
    assert_non_null(route_verify_for(route_of("shopify"), &(struct verify_request){.headers = (struct fields){both, 2}}, &index));
    assert_int_equal(index, 0);
    assert_non_null(route_verify_for(route_of("shopify"), &(struct verify_request){.headers = (struct fields){both, 1}}, &index));
    assert_int_equal(index, 1);
    index = 9;
    assert_null(route_verify_for(route_of("shopify"), &(struct verify_request){.headers = (struct fields){both, 0}}, &index));
    assert_int_equal(index, 9);
}

static void shopify_events_family_has_orders(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    case_init(&c);
    case_text(
        &c,
        "{\"topic\":\"Order\",\"action\":\"update\",\"data\":{\"order\":{\"id\":\"gid://shopify/Order/"
        "820982911946154508\",\"name\":\"#7\","
        "\"email\":\"a@b.example\",\"displayFinancialStatus\":\"PARTIALLY_REFUNDED\",\"cancelledAt\":null,\"totalPriceSet\":{"
        "\"shopMoney\":{\"amount\":\"10.00\",\"currencyCode\":\"EUR\"},\"presentmentMoney\":{\"amount\":\"1610\",\"currencyCode\":"
        "\"JPY\"}},\"customer\":{\"id\":\"gid://shopify/Customer/1\"}}}}");
    case_header(&c, "shopify-topic", "Order");
    case_header(&c, "shopify-action", "update");
    case_map(&c, route_of("shopify"));
    e = only_event(&c);
    assert_int_equal(e->type, EVENT_ORDER_UPDATED);
    assert_member(e, M_ORDER_ID, "820982911946154508");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "1");
    assert_member(e, M_ORDER_STATUS, "partially_refunded");
    assert_member(e, M_ORDER_TOTAL, "10.00");
    assert_member(e, M_ORDER_SHOWN_CURRENCY, "JPY");
    case_release(&c);
}

/* What is about a customer or an order, and no statement on it, stands in the contact's timeline. */
static void shopify_other_topics_are_lines_of_a_timeline(void **state)
{
    static const struct {
        const char *topic, *body;
        enum member member;
        const char *value;
    } cases[] = {
        {"fulfillments/create", "{\"id\":1,\"email\":\"a@b.example\",\"tracking_number\":\"T1\"}", M_CONTACT_EMAIL, "a@b.example"},
        {"orders/risk_assessment_changed", "{\"customer\":{\"id\":7}}", M_CONTACT_EXTERNAL_ID, "7"},
        {"customer.tags_added", "{\"customerId\":\"gid://shopify/Customer/7\",\"tags\":[\"a\",\"b\"]}", M_CONTACT_EXTERNAL_ID, "7"},
        {"customer.tags_added", "{\"customerId\":\"gid://shopify/Customer/7\",\"tags\":[\"a\",\"b\"]}", M_ACTIVITY_TEXT, "a,b"},
        {"customers/purchasing_summary", "{\"customer_id\":7}", M_CONTACT_EXTERNAL_ID, "7"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;

        case_init(&c);
        case_text(&c, cases[i].body);
        case_header(&c, "X-Shopify-Topic", cases[i].topic);
        case_map(&c, route_of("shopify"));
        assert_int_equal(only_event(&c)->type, EVENT_ACTIVITY);
        assert_member(only_event(&c), cases[i].member, cases[i].value);
        case_release(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shopify_order_takes_its_own_address_first),
        cmocka_unit_test(shopify_marketing_box_counts_on_the_create_topic_only_G3),
        cmocka_unit_test(shopify_old_order_shape_has_no_customer_id),
        cmocka_unit_test(shopify_guest_order_without_address_G4),
        cmocka_unit_test(shopify_amounts_keep_the_currencys_places_K1),
        cmocka_unit_test(shopify_refund_counts_successful_refund_transactions_only),
        cmocka_unit_test(shopify_checkout_is_a_cart_CA1),
        cmocka_unit_test(shopify_cart_has_no_address),
        cmocka_unit_test(shopify_compliance_topics_are_urgent),
        cmocka_unit_test(shopify_events_family_is_mapped),
        cmocka_unit_test(shopify_events_family_has_orders),
        cmocka_unit_test(shopify_other_topics_are_lines_of_a_timeline),
        cmocka_unit_test(shopify_closed_checkout_says_nothing),
        cmocka_unit_test(shopify_dedupe_keys_D1_D2),
        cmocka_unit_test(the_kept_headers_suffice_for_mapping),
        cmocka_unit_test(the_first_way_to_sign_that_applies_is_used),
    };

    return cmocka_run_group_tests_name("routes_shopify_orders", tests, load_routes, free_routes);
}
