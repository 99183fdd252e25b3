/* test_routes_magento.c -- proves the three routes of Magento and Adobe Commerce on the shared payloads, member by member. */
#include "shop_payloads.h"

static void adobe_io_customer_who_was_just_made_signs_up(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "magento/event.customer_save_commit_after.written.json");
    e = maps_to(&c, "adobe-io", EVENT_SIGNUP); /* created_at is updated_at */
    assert_member(e, M_CONTACT_EXTERNAL_ID, "42");
    assert_member(e, M_CONTACT_EMAIL, "jane@example.com");
    assert_member(e, M_CONTACT_LAST_NAME,
                  "D\xc3\xb6"
                  "e");
    assert_time(e, M_CONTACT_CREATED_AT, "2024-05-02T09:11:07Z");
    assert_none_of(e, "contact.consent.");
    assert_true(str_starts(c.mapped.dedupe_key,
                           STR("com.adobe.commerce.observer.customer_save_commit_after|b6a0c0a2-0000-4000-8000-000000000001")));
    case_release(&c);
    case_init(&c);
    case_text(&c,
              "{\"type\":\"com.adobe.commerce.observer.customer_save_commit_after\",\"event_id\":\"e\",\"data\":{\"value\":{"
              "\"entity_id\":\"42\",\"email\":\"a@b.example\",\"created_at\":\"2024-05-02 09:11:07\",\"updated_at\":\"2024-05-02 "
              "10:00:00\",\"password_hash\":\"x\"}}}");
    e = maps_to(&c, "adobe-io", EVENT_CUSTOMER_UPDATED);
    assert_int_equal(e->n_fields, 0); /* what is not in the mapping is never stored */
    case_release(&c);
}

static void adobe_io_newsletter_status_is_consent(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "magento/event.newsletter_subscriber_save_commit_after.written.json");
    e = maps_to(&c, "adobe-io", EVENT_CONSENT_UPDATED);
    assert_absent(e, M_CONTACT_EXTERNAL_ID); /* customer_id "0" is no account */
    assert_member(e, M_CONTACT_EMAIL, "news@example.com");
    assert_member(e, M_CONSENT_EMAIL_STATE, "subscribed");
    assert_time(e, M_CONSENT_EMAIL_AT, "2024-05-02T09:11:07Z");
    case_release(&c);
}

static void adobe_io_guest_order_in_two_currencies_K2(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "magento/event.sales_order_save_commit_after.written.json");
    e = maps_to(&c, "adobe-io", EVENT_ORDER_CREATED);
    assert_absent(e, M_CONTACT_EXTERNAL_ID);
    assert_member(e, M_CONTACT_EMAIL, "guest@example.com");
    assert_absent(e, M_CONTACT_LAST_NAME); /* null in a copy says nothing */
    assert_member(e, M_ORDER_ID, "3");
    assert_member(e, M_ORDER_NUMBER, "000000003");
    assert_member(e, M_ORDER_CART_ID, "4");
    assert_member(e, M_ORDER_STATUS, "pending");
    assert_member(e, M_ORDER_CURRENCY, "USD");
    assert_member(e, M_ORDER_TOTAL, "178.2000");
    assert_member(e, M_ORDER_SHOWN_CURRENCY, "EUR");
    assert_member(e, M_ORDER_SHOWN_TOTAL, "165.0000");
    assert_int_equal(e->n_items, 1); /* the child of a configurable product is not counted again */
    assert_str(e->items[0].name, "Radiant Tee");
    case_release(&c);
}

static void adobe_io_quote_is_a_cart(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "magento/event.sales_quote_save_commit_after.written.json");
    e = maps_to(&c, "adobe-io", EVENT_CART_UPDATED);
    assert_member(e, M_CART_ID, "4");
    assert_member(e, M_CART_TOTAL, "22.0000");
    assert_absent(e, M_CONTACT_EMAIL); /* null until the checkout */
    assert_true(e->m[M_CART_COMPLETED_AT].is != PRESENT);
    case_release(&c);
}

static void adobe_io_refunds_are_credit_memos(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_fixture(&c, "magento/creditmemo.json");
    e = maps_to(&c, "adobe-io", EVENT_ORDER_REFUNDED);
    assert_member(e, M_ORDER_ID, "3");
    assert_member(e, M_ORDER_CURRENCY, "USD");
    assert_str(e->refunds[0].id, "5");
    assert_str(e->refunds[0].amount, "22.5000");
    case_release(&c);
}

/* The older form: no CloudEvents around it, the type in a header. */
static void adobe_io_older_form(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "magento/event.sales_order_invoice_save_after.json");
    case_header(&c, "x-adobe-event-code", "com.adobe.commerce.observer.sales_order_invoice_save_after");
    case_header(&c, "x-adobe-event-id", "ev-1");
    e = maps_to(&c, "adobe-io", EVENT_ACTIVITY);
    assert_absent(e, M_CONTACT_EXTERNAL_ID);
    assert_true(str_find_str(c.mapped.dedupe_key, STR("|ev-1")) < c.mapped.dedupe_key.len);
    case_release(&c);
    open_payload(&c, "magento/event.catalog_product_save_after.json");
    case_header(&c, "x-adobe-event-code", "com.adobe.commerce.observer.catalog_product_save_after");
    case_map(&c, route_of("adobe-io"));
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 0);
    case_release(&c);
}

/* The event code in the header is not signed: it must not turn a customer into a deleted one. */
static void adobe_io_header_alone_deletes_nobody(void **state)
{
    struct route_case c;

    (void)state;
    case_init(&c);
    case_text(&c, "{\"event\":{\"data\":{\"value\":{\"entity_id\":\"42\",\"email\":\"a@b.example\"}}},\"event_id\":\"e\"}");
    case_header(&c, "x-adobe-event-code", "com.adobe.commerce.observer.customer_delete_commit_after");
    maps_to_nothing_but(&c, "adobe-io", "mapping");
    case_release(&c);
}

static void adobe_io_bodies_may_be_base64(void **state)
{
    struct route_case c;

    (void)state;
    open_fixture(&c, "magento/creditmemo.json");
    body_to_base64(&c, false);
    maps_to(&c, "adobe-io", EVENT_ORDER_REFUNDED);
    case_release(&c);
}

static void adobe_commerce_webhook_is_answered_with_an_operation(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "magento/commerce-webhook.customer_save.written.json");
    e = maps_to(&c, "adobe-commerce", EVENT_CUSTOMER_UPDATED);
    assert_member(e, M_CONTACT_EMAIL, "jane@example.com");
    assert_absent(e, M_CONTACT_EXTERNAL_ID);
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"data\":{\"customer\":{\"email\":\"a@example.com\",\"firstname\":\"A\"}}}");
    maps_to(&c, "adobe-commerce", EVENT_CUSTOMER_UPDATED);
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"eventCode\":\"observer.catalog_product_save_after\",\"product\":{\"sku\":\"x\"}}");
    maps_to(&c, "adobe-commerce", EVENT_ACTIVITY);
    case_release(&c);
}

static void mageplaza_templates(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "magento/mageplaza.new_customer.written.json");
    e = maps_to(&c, "magento", EVENT_CUSTOMER_UPDATED); /* names no kind and no updated_at: an update makes the customer as well */
    assert_member(e, M_CONTACT_EXTERNAL_ID, "42");
    assert_time(e, M_CONTACT_CREATED_AT, "2024-05-02T09:11:07Z");
    case_release(&c);
    open_fixture(&c, "magento/abandoned_cart.json");
    e = maps_to(&c, "magento", EVENT_CART_ABANDONED);
    assert_member(e, M_CONTACT_EMAIL, "jane@example.com");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "42");
    assert_int_equal(e->n_items, 1);
    assert_str(e->items[0].name, "Tee \xe2\x80\x93 M");
    case_release(&c);
}

static void magento_rest_objects(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "magento/rest.customer.json");
    e = maps_to(&c, "magento", EVENT_SIGNUP);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "2");
    assert_member(e, M_CONTACT_PHONE, "512-555-1111");
    assert_member(e, M_CONTACT_COUNTRY, "US");
    assert_none_of(e, "contact.consent.");
    case_release(&c);
    open_payload(&c, "magento/rest.order.json");
    e = maps_to(&c, "magento", EVENT_ORDER_UPDATED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "3");
    assert_member(e, M_ORDER_TOTAL, "165"); /* amounts are numbers there */
    assert_member(e, M_ORDER_SHIPPING, "5");
    assert_member(e, M_CONTACT_CITY, "Purchase");
    assert_int_equal(e->n_items, 1);
    case_release(&c);
    open_payload(&c, "magento/rest.cart-totals.json");
    maps_to(&c, "magento", EVENT_ACTIVITY); /* no entity at all */
    case_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adobe_io_customer_who_was_just_made_signs_up),
        cmocka_unit_test(adobe_io_newsletter_status_is_consent),
        cmocka_unit_test(adobe_io_guest_order_in_two_currencies_K2),
        cmocka_unit_test(adobe_io_quote_is_a_cart),
        cmocka_unit_test(adobe_io_refunds_are_credit_memos),
        cmocka_unit_test(adobe_io_older_form),
        cmocka_unit_test(adobe_io_header_alone_deletes_nobody),
        cmocka_unit_test(adobe_io_bodies_may_be_base64),
        cmocka_unit_test(adobe_commerce_webhook_is_answered_with_an_operation),
        cmocka_unit_test(mageplaza_templates),
        cmocka_unit_test(magento_rest_objects),
    };

    return cmocka_run_group_tests_name("routes_magento", tests, load_routes, free_routes);
}
