/* test_routes_shopify_customers.c -- proves the built-in route on recorded payloads: customers, consent and merges, member by member. */
#include "built_in_routes.h"

static void shopify_customer_keeps_an_id_past_2_53(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "customers/create", "customers.create.json", EVENT_SIGNUP);

    (void)state;
    assert_member(e, M_CONTACT_EXTERNAL_ID, "706405506930370084");
    assert_member(e, M_CONTACT_EMAIL, "bob@biller.com");
    assert_member(e, M_CONTACT_FIRST_NAME, "Bob");
    assert_member(e, M_CONTACT_LAST_NAME, "Biller");
    assert_cleared(e, M_CONTACT_PHONE);
    assert_absent(e, M_CONTACT_COMPANY);
    assert_absent(e, M_CONTACT_LOCALE);
    assert_time(e, M_CONTACT_CREATED_AT, "2022-01-01T00:00:00Z");
    assert_time(e, M_CONTACT_UPDATED_AT, "2022-01-01T00:00:00Z");
    assert_none_of(e, "order.");
    assert_none_of(e, "contact.consent."); /* C13: the object is null, no statement */
    assert_int_equal(e->tags_are, PRESENT);
    assert_int_equal(e->n_tags, 0);
    assert_int_equal(e->n_fields, 1);
    assert_str(e->fields[0].name, "shopify_note");
    assert_str(e->fields[0].value.text, "This customer loves ice cream");
    assert_int_equal(c.mapped.provider_at_us, INT64_C(1723071074136738)); /* O3 */
    assert_str(c.mapped.topic, "customers/create");
    case_release(&c);
}

static void shopify_phone_only_customer_F1_null_clears(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "customers/create", "customers.create.written-phone-only.json", EVENT_SIGNUP);

    (void)state;
    assert_cleared(e, M_CONTACT_EMAIL);
    assert_cleared(e, M_CONTACT_FIRST_NAME);
    assert_cleared(e, M_CONTACT_LAST_NAME);
    assert_member(e, M_CONTACT_PHONE, "+16135551111");
    assert_absent(e, M_CONSENT_EMAIL_STATE);
    assert_member(e, M_CONSENT_SMS_STATE, "subscribed");
    assert_time(e, M_CONSENT_SMS_AT, "2024-11-06T02:22:02Z");
    case_release(&c);
}

static void shopify_unicode_and_confirmed_consent_C13(void **state)
{
    struct route_case c;
    const struct event *e =
        map_one(&c, "shopify", "customers/create", "customers.create.written-unicode-consent.json", EVENT_SIGNUP);

    (void)state;
    assert_member(e, M_CONTACT_EMAIL,
                  "zo\xc3\xab.o\xe2\x80\x99"
                  "brien+shop@example.com");
    assert_member(e, M_CONTACT_FIRST_NAME, "Zo\xc3\xab \xf0\x9f\x98\x80");
    assert_member(e, M_CONTACT_LAST_NAME,
                  "O\xe2\x80\x99"
                  "Brien & Sons <Ltd>");
    assert_member(e, M_CONSENT_EMAIL_STATE, "subscribed");
    assert_time(e, M_CONSENT_EMAIL_AT, "2024-11-06T02:22:02Z");
    assert_bool(e, M_CONSENT_EMAIL_CONFIRMED, 1);
    assert_member(e, M_CONSENT_SMS_STATE, "none");
    assert_absent(e, M_CONSENT_SMS_AT);
    assert_int_equal(e->n_tags, 2);
    assert_str(e->tags[0], "newsletter");
    assert_str(e->tags[1], "V\xc3\x8dP");
    case_release(&c);
}

static void shopify_consent_object_wins_over_the_old_member_C13(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "customers/update", "customers.update.2.json", EVENT_CUSTOMER_UPDATED);

    (void)state;
    assert_member(e, M_CONTACT_EXTERNAL_ID, "1");
    assert_member(e, M_CONSENT_EMAIL_STATE, "none"); /* not_subscribed, though accepts_marketing is true */
    assert_time(e, M_CONSENT_EMAIL_AT, "2017-09-23T18:15:47Z");
    assert_absent(e, M_CONSENT_EMAIL_CONFIRMED);
    assert_member(e, M_CONTACT_COUNTRY, "AU");
    assert_member(e, M_CONTACT_CITY, "BRISBANE");
    assert_cleared(e, M_CONTACT_COMPANY);
    assert_int_equal(e->n_tags, 2);
    assert_str(e->tags[1], "tag2");
    assert_int_equal(e->fields[0].value.is, CLEARED);
    case_release(&c);
}

static void shopify_old_consent_member_counts_when_there_is_no_object_C13(void **state)
{
    static const struct {
        const char *body, *state;
    } cases[] = {
        {"{\"id\":1,\"email\":\"a@b.example\",\"accepts_marketing\":true,\"accepts_marketing_updated_at\":\"2020-01-02T03:04:"
         "05Z\"}",
         "subscribed"},
        {"{\"id\":1,\"email\":\"a@b.example\",\"accepts_marketing\":false}", "none"},
        {"{\"id\":1,\"email\":\"a@b.example\",\"accepts_marketing\":true,\"email_marketing_consent\":null}", NULL},
        {"{\"id\":1,\"email\":\"a@b.example\"}", NULL}, /* since 2025-01: absent, not false */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;

        case_init(&c);
        case_text(&c, cases[i].body);
        case_header(&c, "X-Shopify-Topic", "customers/update");
        case_map(&c, route_of("shopify"));
        if (cases[i].state)
            assert_member(only_event(&c), M_CONSENT_EMAIL_STATE, cases[i].state);
        else
            assert_absent(only_event(&c), M_CONSENT_EMAIL_STATE);
        case_release(&c);
    }
}

static void shopify_customer_updates_have_their_type(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "customers/update", "customers.update.json", EVENT_CUSTOMER_UPDATED);

    (void)state;
    assert_member(e, M_CONTACT_EMAIL, "bob@biller.com");
    case_release(&c);
    e = map_one(&c, "shopify", "customers/disable", "customers.disable.json", EVENT_CUSTOMER_UPDATED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "706405506930370084");
    case_release(&c);
    e = map_one(&c, "shopify", "customers/enable", "customers.disable.json", EVENT_CUSTOMER_UPDATED);
    case_release(&c);
    e = map_one(&c, "shopify", "customers/delete", "customers.delete.json", EVENT_CUSTOMER_DELETED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "706405506930370084");
    assert_absent(e, M_CONTACT_EMAIL);
    assert_absent(e, M_CONTACT_PHONE);
    case_release(&c);
}

static void shopify_failed_merge_says_nothing_M5(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    map_file(&c, "shopify", "customers/merge", "customers.merge.json");
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n, 0);
    case_release(&c);
    case_init(&c);
    case_text(&c, "{\"admin_graphql_api_customer_kept_id\":\"gid://shopify/Customer/820982911946154508\","
                  "\"admin_graphql_api_customer_deleted_id\":\"gid://shopify/Customer/2\",\"status\":\"completed\",\"errors\":[]}");
    case_header(&c, "X-Shopify-Topic", "customers/merge");
    case_map(&c, route_of("shopify"));
    e = only_event(&c);
    assert_int_equal(e->type, EVENT_CUSTOMER_MERGED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "820982911946154508");
    assert_member(e, M_CONTACT_MERGED_ID, "2");
    case_release(&c);
}

static void shopify_consent_topics_with_nulls_say_nothing_C13(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "customers_email_marketing_consent/update",
                                    "customers_email_marketing_consent.update.json", EVENT_CONSENT_UPDATED);

    (void)state;
    assert_member(e, M_CONTACT_EXTERNAL_ID, "706405506930370084");
    assert_member(e, M_CHANNEL, "email");
    assert_absent(e, M_CONTACT_EMAIL);
    assert_none_of(e, "contact.consent.");
    case_release(&c);
    e = map_one(&c, "shopify", "customers_marketing_consent/update", "customers_marketing_consent.update.json",
                EVENT_CONSENT_UPDATED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "706405506930370084");
    assert_member(e, M_CHANNEL, "sms");
    assert_absent(e, M_CONTACT_PHONE);
    assert_none_of(e, "contact.consent.");
    case_release(&c);
    assert_int_equal(route_lane(route_of("shopify"), STR("customers_email_marketing_consent/update")), LANE_URGENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shopify_customer_keeps_an_id_past_2_53),
        cmocka_unit_test(shopify_phone_only_customer_F1_null_clears),
        cmocka_unit_test(shopify_unicode_and_confirmed_consent_C13),
        cmocka_unit_test(shopify_consent_object_wins_over_the_old_member_C13),
        cmocka_unit_test(shopify_old_consent_member_counts_when_there_is_no_object_C13),
        cmocka_unit_test(shopify_customer_updates_have_their_type),
        cmocka_unit_test(shopify_failed_merge_says_nothing_M5),
        cmocka_unit_test(shopify_consent_topics_with_nulls_say_nothing_C13),
    };

    return cmocka_run_group_tests_name("routes_shopify_customers", tests, load_routes, free_routes);
}
