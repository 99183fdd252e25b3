/* test_routes_segment.c -- proves the built-in route of a customer data platform on shared payloads, member by member. */
#include "shop_payloads.h"

static const char anonymous[] = "507f191e810c19729de860ea";

static void segment_identify(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "segment/identify.json");
    e = maps_to(&c, "segment", EVENT_CUSTOMER_UPDATED);
    assert_str(c.mapped.dedupe_key, "identify|022bb90c-bbac-11e4-8dfc-aa07a5b093db");
    assert_member(e, M_VISITOR_ID, anonymous); /* ties earlier visits */
    assert_member(e, M_CONTACT_EXTERNAL_ID, "97980cfea0067");
    assert_member(e, M_CONTACT_EMAIL, "peter@example.com");
    assert_member(e, M_CONTACT_FULL_NAME, "Peter Gibbons");
    assert_member(e, M_CONTACT_CITY, "San Francisco");
    assert_member(e, M_CONTACT_COUNTRY, "USA");
    assert_int_equal(e->n_fields, 4); /* the address is an object: no field */
    assert_str(e->fields[2].name, "segment_plan");
    assert_str(e->fields[3].value.text, "5");
    assert_none_of(e, "contact.consent.");
    case_release(&c);
}

static void segment_page_and_alias(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "segment/page.json");
    e = maps_to(&c, "segment", EVENT_PAGE_VISIT);
    assert_member(e, M_VISITOR_ID, anonymous);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "97980cfea0067");
    assert_member(e, M_PAGE_URL, "http://www.example.com");
    assert_member(e, M_PAGE_TITLE, "Welcome | Initech");
    case_release(&c);
    open_payload(&c, "segment/alias.json");
    e = maps_to(&c, "segment", EVENT_CUSTOMER_MERGED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "507f191e81");
    assert_member(e, M_CONTACT_MERGED_ID, "39239-239239-239239-23923");
    case_release(&c);
}

static void segment_carts(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "segment/track.cart_viewed.json");
    e = maps_to(&c, "segment", EVENT_CART_UPDATED);
    assert_member(e, M_CART_ID, "d92jd29jd92jd29j92d92jd");
    assert_absent(e, M_CART_CURRENCY);
    assert_int_equal(e->n_items, 2);
    assert_str(e->items[0].price, "19");
    assert_str(e->items[0].image, "https://www.example.com/product/path.jpg");
    assert_str(e->items[1].name, "Uno Card Game");
    case_release(&c);
    open_payload(&c, "segment/track.checkout_started.json");
    e = maps_to(&c, "segment", EVENT_CART_UPDATED);
    assert_member(e, M_CART_ID, "50314b8e9bcf000000000000"); /* neither cart nor checkout id: the order that it will be */
    assert_member(e, M_CART_CURRENCY, "USD");
    assert_member(e, M_CART_TOTAL, "30");
    assert_str(e->items[1].quantity, "2");
    case_release(&c);
}

/* The cart that a checkout began is the one that its order closes. */
static void segment_order_closes_its_cart(void **state)
{
    struct route_case cart, order;
    const struct event *e;

    (void)state;
    open_payload(&cart, "segment/track.checkout_started.json");
    open_payload(&order, "segment/track.order_completed.json");
    e = maps_to(&order, "segment", EVENT_ORDER_CREATED);
    assert_str(maps_to(&cart, "segment", EVENT_CART_UPDATED)->m[M_CART_ID].text, "50314b8e9bcf000000000000");
    assert_member(e, M_ORDER_CART_ID, "50314b8e9bcf000000000000");
    assert_member(e, M_ORDER_CHECKOUT_ID, "fksdjfsdjfisjf9sdfjsd9f");
    assert_member(e, M_ORDER_ID, "50314b8e9bcf000000000000");
    assert_member(e, M_ORDER_STATUS, "paid");
    case_release(&cart);
    case_release(&order);
}

/* Amounts are numbers here; they keep the text that was sent. */
static void segment_amounts_are_numbers(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "segment/track.order_completed.json");
    e = maps_to(&c, "segment", EVENT_ORDER_CREATED);
    assert_member(e, M_ORDER_TOTAL, "27.5");
    assert_member(e, M_ORDER_DISCOUNT, "2.5");
    assert_member(e, M_ORDER_SHIPPING, "3");
    assert_member(e, M_ORDER_CURRENCY, "USD");
    assert_int_equal(e->n_items, 2);
    case_release(&c);
    open_payload(&c, "segment/track.order_refunded.json");
    e = maps_to(&c, "segment", EVENT_ORDER_REFUNDED);
    assert_member(e, M_ORDER_ID, "50314b8e9bcf000000000000");
    assert_member(e, M_ORDER_REFUNDED, "30");
    case_release(&c);
    open_payload(&c, "segment/track.product_viewed.json");
    e = maps_to(&c, "segment", EVENT_PRODUCT_VIEWED);
    assert_member(e, M_PRODUCT_ID, "507f1f77bcf86cd799439011");
    assert_member(e, M_PRODUCT_PRICE, "18.99");
    assert_member(e, M_PRODUCT_CURRENCY, "USD"); /* sent as "usd" */
    case_release(&c);
}

static void segment_other_tracks_are_lines_of_the_timeline(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "segment/track.json");
    e = maps_to(&c, "segment", EVENT_ACTIVITY);
    assert_member(e, M_ACTIVITY_NAME, "Course Clicked");
    assert_member(e, M_ACTIVITY_TEXT, "Intro to Analytics");
    assert_member(e, M_ACTIVITY_URL, "https://segment.com/academy/");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "AiUGstSDIg");
    case_release(&c);
}

/* "2015-2-02" is no time: what it belongs to is kept, its time is that of the receipt. */
static void segment_a_month_of_one_digit_loses_no_event(void **state)
{
    struct route_case c;

    (void)state;
    open_payload(&c, "segment/batch.json");
    case_map(&c, route_of("segment"));
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n_rejects, 0);
    assert_int_equal(c.mapped.n, 4);
    assert_int_equal(c.mapped.n_parts, 4);
    assert_int_equal(c.mapped.parts[0].provider_at_us, INT64_C(1354408208276000));
    assert_int_equal(c.mapped.parts[2].provider_at_us, 0);
    assert_int_equal(c.mapped.events[2].type, EVENT_CUSTOMER_UPDATED);
    assert_member(&c.mapped.events[2], M_CONTACT_EMAIL, "cindy@example.com");
    assert_member(&c.mapped.events[3], M_ACTIVITY_NAME, "Song Played");
    case_release(&c);
}

/* An event may be called like a kind of message: the kind stands before it. */
static void segment_an_event_called_identify_identifies_nobody(void **state)
{
    struct route_case c;

    (void)state;
    case_init(&c);
    case_text(&c, "{\"type\":\"track\",\"event\":\"identify\",\"messageId\":\"m\",\"traits\":{\"email\":\"a@b.example\"}}");
    assert_member(maps_to(&c, "segment", EVENT_ACTIVITY), M_ACTIVITY_NAME, "identify");
    case_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segment_identify),
        cmocka_unit_test(segment_page_and_alias),
        cmocka_unit_test(segment_carts),
        cmocka_unit_test(segment_order_closes_its_cart),
        cmocka_unit_test(segment_amounts_are_numbers),
        cmocka_unit_test(segment_other_tracks_are_lines_of_the_timeline),
        cmocka_unit_test(segment_a_month_of_one_digit_loses_no_event),
        cmocka_unit_test(segment_an_event_called_identify_identifies_nobody),
    };

    return cmocka_run_group_tests_name("routes_segment", tests, load_routes, free_routes);
}
