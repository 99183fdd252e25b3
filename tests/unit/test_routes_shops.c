/* test_routes_shops.c -- proves the routes of PrestaShop, OpenCart, Salla, Recharge, SHOPLINE and the web pixel, member by member. */
#include "shop_payloads.h"

static void prestashop_hooks_carry_the_shop_s_objects(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "prestashop/customer.created.written.json");
    case_header(&c, "webhook-id", "req_1");
    e = maps_to(&c, "prestashop", EVENT_SIGNUP);
    assert_str(c.mapped.dedupe_key, "actionCustomerAccountAdd|req_1");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "12");
    assert_member(e, M_CONTACT_EMAIL, "p@example.fr");
    assert_member(e, M_CONTACT_LAST_NAME, "L'H\xc3\xb4te");
    assert_member(e, M_CONSENT_EMAIL_STATE, "subscribed"); /* newsletter; "optin" is for partners and says nothing here */
    assert_time(e, M_CONSENT_EMAIL_AT, "2024-05-02T07:11:08Z");
    assert_time(e, M_CONTACT_UPDATED_AT, "2024-05-02T07:11:08Z"); /* date_upd has no zone, the hook's time has */
    case_release(&c);
    open_payload(&c, "prestashop/order.validated.written.json");
    e = maps_to(&c, "prestashop", EVENT_ORDER_CREATED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "12");
    assert_absent(e, M_CONTACT_EMAIL);
    assert_member(e, M_ORDER_ID, "15");
    assert_member(e, M_ORDER_NUMBER, "XKBKNABJK");
    assert_member(e, M_ORDER_CART_ID, "22");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_member(e, M_ORDER_TOTAL, "61.800000");
    assert_str(e->items[0].price, "22.944000");
    assert_str(e->items[0].variant_id, "10");
    case_release(&c);
    open_payload(&c, "prestashop/cart.updated.written.json");
    e = maps_to(&c, "prestashop", EVENT_CART_UPDATED);
    assert_absent(e, M_CONTACT_EXTERNAL_ID); /* id_customer "0" */
    assert_member(e, M_VISITOR_ID, "345");
    assert_member(e, M_CART_ID, "22");
    assert_time(e, M_CART_UPDATED_AT, "2024-05-02T07:05:00Z");
    assert_str(e->items[0].product_id, "2");
    case_release(&c);
}

static void prestashop_tells_who_left_the_newsletter_from_who_never_came(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_fixture(&c, "prestashop/customer.update.json");
    e = maps_to(&c, "prestashop", EVENT_CUSTOMER_UPDATED);
    assert_member(e, M_CONSENT_EMAIL_STATE, "unsubscribed");
    assert_absent(e, M_CONSENT_EMAIL_AT); /* the update's time is not the consent's */
    case_release(&c);
    open_fixture(&c, "prestashop/customer.guest.json");
    e = maps_to(&c, "prestashop", EVENT_SIGNUP);
    assert_member(e, M_CONSENT_EMAIL_STATE, "none");
    case_release(&c);
}

static void prestashop_erases_on_the_privacy_hook_alone(void **state)
{
    struct route_case c;

    (void)state;
    open_fixture(&c, "prestashop/gdpr.json");
    assert_member(maps_to(&c, "prestashop", EVENT_ERASE), M_CONTACT_EMAIL, "p@example.fr");
    assert_int_equal(route_lane(route_of("prestashop"), STR("actionDeleteGDPRCustomer")), LANE_URGENT);
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"event\":\"actionDeleteGDPRCustomer\",\"customer\":{\"id\":12}}");
    maps_to_nothing_but(&c, "prestashop", "mapping");
    case_release(&c);
}

static void plugins_speak_our_push_protocol(void **state)
{
    static const char *const platforms[] = {"prestashop", "opencart", "storehook"};

    (void)state;
    for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
        struct route_case c;

        case_init(&c);
        case_text(
            &c,
            "{\"events\":[{\"id\":\"1\",\"type\":\"signup\",\"event\":\"kept aside\",\"contact\":{\"email\":\"a@b.example\"}}]}");
        case_header(&c, "webhook-id", "req_1");
        assert_member(maps_to(&c, platforms[i], EVENT_SIGNUP), M_CONTACT_EMAIL, "a@b.example");
        assert_str(c.mapped.dedupe_key, "events|req_1");
        case_release(&c);
    }
}

static void salla_amounts_stand_with_their_currency(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "salla/abandoned.cart.written.json");
    e = maps_to(&c, "salla", EVENT_CART_ABANDONED);
    assert_member(e, M_CART_ID, "3");
    assert_member(e, M_CART_CURRENCY, "SAR");
    assert_member(e, M_CART_TOTAL, "12.5");
    assert_member(e, M_CART_URL, "https://store.example.sa/checkout/3");
    assert_member(e, M_CONTACT_EMAIL, "m@example.com");
    assert_member(e, M_CONTACT_FULL_NAME, "\xd9\x85\xd8\xad\xd9\x85\xd8\xaf");
    assert_member(e, M_CONTACT_PHONE, "+966500000000");
    assert_str(e->items[0].price, "10.87");
    case_release(&c);
    open_fixture(&c, "salla/order.created.json");
    e = maps_to(&c, "salla", EVENT_ORDER_CREATED);
    assert_member(e, M_ORDER_ID, "706405506930370084"); /* past 2^53 */
    assert_member(e, M_ORDER_TOTAL, "130");
    assert_member(e, M_ORDER_TAX, "15");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_member(e, M_CONTACT_PHONE, "+966500000000"); /* code and number apart */
    assert_str(e->items[0].product_id, "5");
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"event\":\"app.store.authorize\",\"merchant\":1,\"data\":{\"access_token\":\"t\"}}");
    case_map(&c, route_of("salla"));
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 0); /* tokens come that way: nothing of it is kept */
    case_release(&c);
}

static void recharge_orders_of_either_version(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_fixture(&c, "recharge/order.processed.json");
    case_header(&c, "X-Recharge-Topic", "order/processed");
    case_header(&c, "X-Recharge-Webhook-Timestamp", "1714641068");
    e = maps_to(&c, "recharge", EVENT_ORDER_UPDATED);
    assert_true(c.mapped.provider_at_us == INT64_C(1714641068000000));
    assert_member(e, M_CONTACT_EXTERNAL_ID, "89706098");
    assert_member(e, M_CONTACT_EMAIL, "r@example.com");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_member(e, M_ORDER_NUMBER, "1042");
    assert_member(e, M_ORDER_TOTAL, "24.00");
    assert_absent(e, M_ORDER_UPDATED_AT);
    assert_str(e->items[0].product_id, "31");
    case_release(&c);
    open_fixture(&c, "recharge/subscription.cancelled.json");
    case_header(&c, "X-Recharge-Topic", "subscription/cancelled");
    e = maps_to(&c, "recharge", EVENT_ACTIVITY);
    assert_member(e, M_CONTACT_EMAIL, "r@example.com");
    assert_member(e, M_ACTIVITY_TEXT, "Tea");
    case_release(&c);
}

static void recharge_customer_is_deleted_only_by_an_id_alone(void **state)
{
    struct route_case c;

    (void)state;
    case_init(&c);
    case_text(&c, "{\"customer\":{\"id\":7}}");
    case_header(&c, "X-Recharge-Topic", "customer/deleted");
    assert_member(maps_to(&c, "recharge", EVENT_CUSTOMER_DELETED), M_CONTACT_EXTERNAL_ID, "7");
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"customer\":{\"id\":7,\"email\":\"r@example.com\"}}");
    case_header(&c, "X-Recharge-Topic", "customer/deleted");
    maps_to_nothing_but(&c, "recharge", "mapping");
    case_release(&c);
}

static void shopline_both_products(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    case_init(&c);
    case_text(&c, "{\"id\":\"3400\",\"email\":\"a@example.com\"}");
    case_header(&c, "X-Shopline-Topic", "customers/create");
    case_header(&c, "X-Shopline-Webhook-Id", "w1");
    e = maps_to(&c, "shopline", EVENT_SIGNUP);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "3400");
    assert_str(c.mapped.dedupe_key, "customers/create|w1");
    case_release(&c);
    open_fixture(&c, "shopline/order.create.json");
    case_header(&c, "x-shopline-developer-event-timestamp", "1714641068123");
    e = maps_to(&c, "shopline", EVENT_ORDER_CREATED);
    assert_str(c.mapped.topic, "order/create");
    assert_member(e, M_CONTACT_EMAIL, "mei@example.tw");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_member(e, M_ORDER_TOTAL, "1280.0");
    assert_member(e, M_ORDER_CURRENCY, "TWD");
    assert_str(e->items[0].name, "\xe7\x83\x8f\xe9\xbe\x8d\xe8\x8c\xb6");
    case_release(&c);
}

static void shopline_topic_header_alone_erases_nothing(void **state)
{
    static const char *const topics[] = {"customers/redact", "customers/data_request", "shop/redact", "customers/delete"};

    (void)state;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        struct route_case c;

        case_init(&c);
        case_text(&c, "{\"id\":\"3400\",\"email\":\"a@example.com\"}");
        case_header(&c, "X-Shopline-Topic", topics[i]);
        maps_to_nothing_but(&c, "shopline", "mapping");
        case_release(&c);
    }
}

/* What a browser says is unsigned: a visitor, never a person (no e-mail, no consent, no order). */
static void web_pixel_names_visitors_only(void **state)
{
    static const struct {
        const char *file;
        enum event_type type;
    } cases[] = {
        {"page_viewed", EVENT_PAGE_VISIT},
        {"product_viewed", EVENT_PRODUCT_VIEWED},
        {"product_added_to_cart", EVENT_PRODUCT_VIEWED},
        {"checkout_started", EVENT_CART_UPDATED},
        {"checkout_completed", EVENT_CART_UPDATED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;
        const struct event *e;
        char path[80];

        snprintf(path, sizeof(path), "webpixel/%s.written.json", cases[i].file);
        open_payload(&c, path);
        e = maps_to(&c, "webpixel", cases[i].type);
        assert_member(e, M_VISITOR_ID, "c7b3f99b-4d34-463b-835f-c879482a7750");
        assert_none_of(e, "contact.");
        assert_none_of(e, "order.");
        case_release(&c);
    }
}

static void web_pixel_pages_products_and_checkouts(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "webpixel/page_viewed.written.json");
    e = maps_to(&c, "webpixel", EVENT_PAGE_VISIT);
    assert_member(e, M_PAGE_URL, "https://shop.example.com/?utm_source=news&utm_campaign=sale");
    assert_member(e, M_PAGE_TITLE, "Home");
    assert_member(e, M_PAGE_REFERRER, "https://www.example.org/");
    assert_time(e, M_OCCURRED_AT, "2024-09-15T17:24:11.373000Z");
    case_release(&c);
    open_payload(&c, "webpixel/product_viewed.written.json");
    e = maps_to(&c, "webpixel", EVENT_PRODUCT_VIEWED);
    assert_member(e, M_PRODUCT_ID, "7234590834801");
    assert_member(e, M_PRODUCT_PRICE, "749.95");
    assert_member(e, M_PRODUCT_CURRENCY, "USD");
    case_release(&c);
    open_payload(&c, "webpixel/checkout_completed.written.json");
    e = maps_to(&c, "webpixel", EVENT_CART_UPDATED);
    assert_member(e, M_CART_ID, "5f7028e0bd5225c17b24bdaa0c09f914");
    assert_time(e, M_CART_COMPLETED_AT, "2024-09-15T17:24:15.373000Z");
    case_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prestashop_hooks_carry_the_shop_s_objects),
        cmocka_unit_test(prestashop_tells_who_left_the_newsletter_from_who_never_came),
        cmocka_unit_test(prestashop_erases_on_the_privacy_hook_alone),
        cmocka_unit_test(plugins_speak_our_push_protocol),
        cmocka_unit_test(salla_amounts_stand_with_their_currency),
        cmocka_unit_test(recharge_orders_of_either_version),
        cmocka_unit_test(recharge_customer_is_deleted_only_by_an_id_alone),
        cmocka_unit_test(shopline_both_products),
        cmocka_unit_test(shopline_topic_header_alone_erases_nothing),
        cmocka_unit_test(web_pixel_names_visitors_only),
        cmocka_unit_test(web_pixel_pages_products_and_checkouts),
    };

    return cmocka_run_group_tests_name("routes_shops", tests, load_routes, free_routes);
}
