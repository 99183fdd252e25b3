/* test_routes_woocommerce.c -- proves the built-in route on recorded payloads, member by member, and the creation ping. */
#include "built_in_routes.h"

static bool asks(const char *platform, const char *method, const char *type, const char *body, const char *header)
{
    struct field field = {str_of(header), STR("x")};
    struct handshake_request request = {
        .method = str_of(method),
        .content_type = str_of(type),
        .body = str_of(body),
        .headers = {&field, header[0] ? 1 : 0},
        .is_unsigned = true,
    };
    struct handshake_answer answer;
    enum err err;

    handshake_answer_init(&answer);
    err = route_handshake(route_of(platform), &request, &answer);
    if (!err) {
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.body.len, 0);
    } else {
        assert_int_equal(err, ERR_NOT_FOUND);
    }
    handshake_answer_release(&answer);
    return !err;
}

static void woocommerce_customer(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "woocommerce", "customer.created", "customer.created.json", EVENT_SIGNUP);

    (void)state;
    assert_member(e, M_CONTACT_EXTERNAL_ID, "25");
    assert_member(e, M_CONTACT_EMAIL, "john.doe@example.com");
    assert_member(e, M_CONTACT_FIRST_NAME, "John");
    assert_member(e, M_CONTACT_PHONE, "(555) 555-5555");
    assert_member(e, M_CONTACT_CITY, "San Francisco");
    assert_member(e, M_CONTACT_COUNTRY, "US");
    assert_cleared(e, M_CONTACT_COMPANY);
    assert_time(e, M_CONTACT_CREATED_AT, "2017-03-21T19:09:28Z");
    assert_time(e, M_CONTACT_UPDATED_AT, "2017-03-21T19:09:30Z");
    assert_none_of(e, "contact.consent.");
    assert_int_equal(e->n_tags, 1);
    assert_str(e->tags[0], "customer");
    assert_str(e->fields[0].name, "woocommerce_username");
    assert_str(e->fields[0].value.text, "john.doe");
    case_release(&c);
    e = map_one(&c, "woocommerce", "customer.updated", "customer.updated.json", EVENT_CUSTOMER_UPDATED);
    assert_member(e, M_CONTACT_FIRST_NAME, "James");
    case_release(&c);
    e = map_one(&c, "woocommerce", "customer.deleted", "customer.deleted.written.json", EVENT_CUSTOMER_DELETED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "26");
    case_release(&c);
}

static void woocommerce_guest_order_G1(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "woocommerce", "order.created", "order.created.json", EVENT_ORDER_CREATED);

    (void)state;
    assert_absent(e, M_CONTACT_EXTERNAL_ID); /* customer_id 0 */
    assert_absent(e, M_CONTACT_COMPANY);     /* empty in an order: says nothing */
    assert_member(e, M_CONTACT_EMAIL, "john.doe@example.com");
    assert_member(e, M_ORDER_ID, "727");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_member(e, M_ORDER_TOTAL, "29.35");
    assert_member(e, M_ORDER_SHIPPING, "10.00");
    assert_time(e, M_ORDER_CREATED_AT, "2017-03-22T19:28:02Z");
    assert_int_equal(e->n_items, 2);
    assert_str(e->items[0].variant_id, "");
    assert_str(e->items[0].price, "3");
    assert_str(e->items[1].variant_id, "23");
    assert_str(e->items[1].name, "Ship Your Idea \xe2\x80\x93 Color: Black, Size: M Test");
    assert_int_equal(e->n_refunds, 0);
    case_release(&c);
}

static void woocommerce_entities_are_decoded_once(void **state)
{
    struct route_case c;
    const struct event *e =
        map_one(&c, "woocommerce", "order.created", "order.created.written-guest-entities.json", EVENT_ORDER_CREATED);

    (void)state;
    assert_member(e, M_CONTACT_FIRST_NAME, "Jos\xc3\xa9");
    assert_member(e, M_CONTACT_LAST_NAME, "Mu\xc3\xb1oz & Hijos");
    assert_member(e, M_CONTACT_COMPANY, "M&M");
    assert_absent(e, M_CONTACT_PHONE);
    assert_member(e, M_ORDER_ID, "9001");
    assert_member(e, M_ORDER_NUMBER, "WEB-9001");
    assert_member(e, M_ORDER_CURRENCY, "EUR");
    assert_str(e->items[0].name, "Caf\xc3\xa9 \xe2\x80\x93 250\xc2\xa0g & mug");
    case_release(&c);
}

static void woocommerce_order_without_address_G4(void **state)
{
    struct route_case c;
    const struct event *e =
        map_one(&c, "woocommerce", "order.created", "order.created.written-jpy-no-email.json", EVENT_ORDER_CREATED);

    (void)state;
    assert_absent(e, M_CONTACT_EMAIL);
    assert_absent(e, M_CONTACT_EXTERNAL_ID);
    assert_member(e, M_ORDER_TOTAL, "3980");
    assert_member(e, M_ORDER_CURRENCY, "JPY");
    assert_str(e->items[0].price, "1990");
    case_release(&c);
}

static void woocommerce_refunds_are_positive_and_keep_their_ids(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "woocommerce", "order.updated", "order.updated.3.json", EVENT_ORDER_UPDATED);

    (void)state;
    assert_member(e, M_CONTACT_EXTERNAL_ID, "26");
    assert_member(e, M_CONTACT_FIRST_NAME, "Jo\xc3\xa3o");
    assert_member(e, M_ORDER_STATUS, "completed");
    assert_int_equal(e->n_refunds, 2);
    assert_str(e->refunds[0].id, "726");
    assert_str(e->refunds[0].amount, "10.00");
    assert_str(e->refunds[1].id, "724");
    assert_str(e->refunds[1].amount, "9.00");
    case_release(&c);
    e = map_one(&c, "woocommerce", "order.updated", "order.updated.json", EVENT_ORDER_UPDATED);
    assert_member(e, M_ORDER_STATUS, "completed");
    assert_time(e, M_ORDER_UPDATED_AT, "2017-03-22T19:30:35Z");
    case_release(&c);
    e = map_one(&c, "woocommerce", "order.restored", "order.updated.json", EVENT_ORDER_UPDATED);
    case_release(&c);
    e = map_one(&c, "woocommerce", "order.deleted", "customer.deleted.written.json", EVENT_ORDER_UPDATED); /* {"id":26} */
    assert_member(e, M_ORDER_ID, "26");
    assert_member(e, M_ORDER_STATUS, "cancelled");
    case_release(&c);
}

static void woocommerce_dedupe_key_has_id_and_body_D1(void **state)
{
    struct route_case c;

    (void)state;
    case_init(&c);
    case_text(&c, "{\"id\":16}");
    case_header(&c, "X-WC-Webhook-Topic", "customer.deleted");
    case_header(&c, "X-WC-Webhook-ID", "7");
    case_map(&c, route_of("woocommerce"));
    assert_str(c.mapped.dedupe_key, "customer.deleted|7|16|5ebe6bb4ebcb208361fc8da708adac12d0b25c5047f1f7508ab2ccc882d8f76c");
    case_release(&c);
}

static void woocommerce_ping_is_taken_in_its_exact_shape_only_I4(void **state)
{
    static const char form[] = "application/x-www-form-urlencoded";

    (void)state;
    assert_true(asks("woocommerce", "POST", form, "webhook_id=1", ""));
    assert_true(asks("woocommerce", "POST", "Application/X-WWW-Form-Urlencoded; charset=UTF-8", "webhook_id=12345", "Accept"));
    assert_false(asks("woocommerce", "POST", "application/json", "webhook_id=1", ""));
    assert_false(asks("woocommerce", "POST", "application/json", "{\"webhook_id\":1}", ""));
    assert_false(asks("woocommerce", "POST", "", "webhook_id=1", ""));
    assert_false(asks("woocommerce", "GET", form, "webhook_id=1", ""));
    assert_false(asks("woocommerce", "POST", form, "webhook_id=", ""));
    assert_false(asks("woocommerce", "POST", form, "webhook_id=1a", ""));
    assert_false(asks("woocommerce", "POST", form, "webhook_id=1&x=2", ""));
    assert_false(asks("woocommerce", "POST", form, "webhook_id=1&webhook_id=2", ""));
    assert_false(asks("woocommerce", "POST", form, "webhook_id=1&", ""));
    assert_false(asks("woocommerce", "POST", form, "webhook_id=123456789012345678901", ""));
    assert_false(asks("woocommerce", "POST", form, "", ""));
    assert_false(asks("woocommerce", "POST", form, "webhook_id=1", "x-wc-webhook-signature"));
    assert_false(asks("woocommerce", "POST", form, "webhook_id=1", "X-WC-Webhook-Topic"));
    assert_false(asks("shopify", "POST", form, "webhook_id=1", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(woocommerce_customer),
        cmocka_unit_test(woocommerce_guest_order_G1),
        cmocka_unit_test(woocommerce_entities_are_decoded_once),
        cmocka_unit_test(woocommerce_order_without_address_G4),
        cmocka_unit_test(woocommerce_refunds_are_positive_and_keep_their_ids),
        cmocka_unit_test(woocommerce_dedupe_key_has_id_and_body_D1),
        cmocka_unit_test(woocommerce_ping_is_taken_in_its_exact_shape_only_I4),
    };

    return cmocka_run_group_tests_name("routes_woocommerce", tests, load_routes, free_routes);
}
