/* test_routes_apps.c -- proves the routes of shops whose apps get entities or ids: Shopware and Wix, member by member. */
#include "shop_payloads.h"

static void shopware_written_rows_are_fetched(void **state)
{
    struct route_case c;

    (void)state;
    open_payload(&c, "shopware/customer.register.written.json");
    maps_to_fetch(&c, "shopware", "customer", "b7d2554b0ce847cd82f3ac9bd1c0dfca");
    assert_true(c.mapped.provider_at_us == INT64_C(1714641068000000));
    assert_str(c.mapped.dedupe_key, "customer.written|7b04ebe416db4ebc93de4d791325e1d9|b7d2554b0ce847cd82f3ac9bd1c0dfca");
    case_release(&c);
}

static void shopware_deletes_every_row_that_is_a_customer(void **state)
{
    struct route_case c;

    (void)state;
    open_fixture(&c, "shopware/customer.deleted.json");
    case_map(&c, route_of("shopware"));
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 2);
    assert_int_equal(c.mapped.n_rejects, 0);
    assert_int_equal(c.mapped.events[1].type, EVENT_CUSTOMER_DELETED);
    assert_member(&c.mapped.events[1], M_CONTACT_EXTERNAL_ID, "a2");
    case_release(&c);
}

static void shopware_business_events_carry_the_entity(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_fixture(&c, "shopware/checkout.customer.register.json");
    e = maps_to(&c, "shopware", EVENT_SIGNUP);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "b7d2554b0ce847cd82f3ac9bd1c0dfca");
    assert_member(e, M_CONTACT_EMAIL, "anke@example.de");
    assert_member(e, M_CONTACT_LAST_NAME, "M\xc3\xb6ller");
    assert_member(e, M_CONTACT_COUNTRY, "DE");
    assert_time(e, M_CONTACT_UPDATED_AT, "2024-05-02T09:11:08.123000Z"); /* updatedAt is null until the first change */
    assert_none_of(e, "contact.consent.");
    case_release(&c);
    open_fixture(&c, "shopware/checkout.order.placed.json");
    e = maps_to(&c, "shopware", EVENT_ORDER_CREATED);
    assert_member(e, M_ORDER_ID, "o1");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_member(e, M_ORDER_TOTAL, "59.9");
    assert_member(e, M_ORDER_CURRENCY, "EUR");
    assert_member(e, M_CONTACT_EMAIL, "anke@example.de");
    assert_str(e->items[0].sku, "LAMP-1");
    case_release(&c);
    open_fixture(&c, "shopware/newsletter.unsubscribe.json");
    e = maps_to(&c, "shopware", EVENT_UNSUBSCRIBE);
    assert_member(e, M_CONTACT_EMAIL, "anke@example.de");
    assert_absent(e, M_AT); /* the act's time is that of the delivery: the entity in it is as it was before */
    assert_true(c.mapped.provider_at_us == INT64_C(1714641068000000));
    case_release(&c);
}

static void shopware_guests_have_no_id_M4(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_fixture(&c, "shopware/checkout.customer.guest_register.json");
    e = maps_to(&c, "shopware", EVENT_SIGNUP);
    assert_absent(e, M_CONTACT_EXTERNAL_ID);
    assert_member(e, M_CONTACT_EMAIL, "gast@example.de");
    case_release(&c);
}

static void wix_entities_stand_in_the_token(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_fixture(&c, "wix/contact.created.json");
    body_to_token(&c);
    e = maps_to(&c, "wix", EVENT_SIGNUP);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "a1");
    assert_member(e, M_CONTACT_EMAIL, "dana@example.com");
    assert_member(e, M_CONTACT_LAST_NAME, "Levi");
    assert_member(e, M_CONSENT_EMAIL_STATE, "none");
    assert_time(e, M_CONTACT_CREATED_AT, "2024-05-02T09:11:08Z");
    assert_true(str_starts(c.mapped.dedupe_key, STR("wix.contacts.v4.contact_created|i-1|ev-1")));
    case_release(&c);
}

static void wix_is_fetched_where_the_entity_is_left_out(void **state)
{
    struct route_case c;

    (void)state;
    open_fixture(&c, "wix/contact.thin.json");
    body_to_token(&c);
    maps_to_fetch(&c, "wix", "contact", "a1");
    case_release(&c);
}

static void wix_erases_what_the_owner_anonymised(void **state)
{
    struct route_case c;

    (void)state;
    open_fixture(&c, "wix/contact.anonymized.json");
    body_to_token(&c);
    assert_member(maps_to(&c, "wix", EVENT_ERASE), M_CONTACT_EXTERNAL_ID, "a1");
    case_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shopware_written_rows_are_fetched),
        cmocka_unit_test(shopware_deletes_every_row_that_is_a_customer),
        cmocka_unit_test(shopware_business_events_carry_the_entity),
        cmocka_unit_test(shopware_guests_have_no_id_M4),
        cmocka_unit_test(wix_entities_stand_in_the_token),
        cmocka_unit_test(wix_is_fetched_where_the_entity_is_left_out),
        cmocka_unit_test(wix_erases_what_the_owner_anonymised),
    };

    return cmocka_run_group_tests_name("routes_apps", tests, load_routes, free_routes);
}
