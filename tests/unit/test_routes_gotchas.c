/* test_routes_gotchas.c -- proves each trap that the shops' payloads are known for, by its name, across the built-in routes. */
#include "shop_payloads.h"

/* Maps a body under a topic: the header of the platform says it, or the body does. */
static const struct event *said(struct route_case *c, const char *platform, const char *topic, const char *body,
                                enum event_type type)
{
    bool shopify = strcmp(platform, "shopify") == 0;

    case_init(c);
    case_text(c, body);
    if (topic)
        case_header(c, shopify ? "X-Shopify-Topic" : "X-WC-Webhook-Topic", topic);
    return maps_to(c, platform, type);
}

static void an_address_may_be_null_empty_or_missing(void **state)
{
    static const struct {
        const char *platform, *topic, *body;
        enum event_type type;
        enum presence address;
    } cases[] = {
        {"shopify", "customers/create", "{\"id\":1,\"email\":null}", EVENT_SIGNUP, CLEARED},
        {"shopify", "customers/create", "{\"id\":1,\"email\":\"\"}", EVENT_SIGNUP, ABSENT},
        {"shopify", "customers/create", "{\"id\":1}", EVENT_SIGNUP, ABSENT},
        {"shopify", "orders/create", "{\"id\":1,\"total_price\":\"1.00\",\"email\":\"\",\"customer\":null}", EVENT_ORDER_CREATED,
         ABSENT},
        {"woocommerce", "order.created", "{\"id\":1,\"currency\":\"EUR\",\"billing\":{\"email\":\"\"}}", EVENT_ORDER_CREATED,
         ABSENT},
        {"woocommerce", "order.created", "{\"id\":1,\"currency\":\"EUR\",\"billing\":[]}", EVENT_ORDER_CREATED, ABSENT},
        {"salla", NULL, "{\"event\":\"abandoned.cart\",\"data\":{\"id\":3,\"customer\":{\"email\":null}}}", EVENT_CART_ABANDONED,
         ABSENT},
        {"salla", NULL, "{\"event\":\"abandoned.cart\",\"data\":{\"id\":3}}", EVENT_CART_ABANDONED, ABSENT},
        {"magento", NULL, "{\"event\":\"abandoned_cart\",\"entity_id\":\"4\",\"customer_email\":null}", EVENT_CART_ABANDONED,
         ABSENT},
        {"magento", NULL, "{\"event\":\"order\",\"entity_id\":\"4\",\"customer_email\":\"\"}", EVENT_ORDER_UPDATED, ABSENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;
        const struct event *e = said(&c, cases[i].platform, cases[i].topic, cases[i].body, cases[i].type);

        if (e->m[M_CONTACT_EMAIL].is != cases[i].address)
            fail_msg("%s: %s", cases[i].platform, cases[i].body);
        case_release(&c);
    }
}

static void phone_only_customers_keep_their_phone(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "customers/create", "customers.create.written-phone-only.json", EVENT_SIGNUP);

    (void)state;
    assert_true(e->m[M_CONTACT_EMAIL].is != PRESENT);
    assert_int_equal(e->m[M_CONTACT_PHONE].is, PRESENT);
    assert_int_equal(e->m[M_CONSENT_SMS_STATE].is, PRESENT);
    case_release(&c);
    e = map_one(&c, "shopify", "orders/create", "orders.create.written-guest-phone-only.json", EVENT_ORDER_CREATED);
    assert_absent(e, M_CONTACT_EMAIL);
    assert_int_equal(e->m[M_CONTACT_PHONE].is, PRESENT);
    case_release(&c);
}

static void guests_have_no_id(void **state)
{
    static const struct {
        const char *platform, *topic, *body;
    } cases[] = {
        {"shopify", "orders/create", "{\"id\":1,\"total_price\":\"1\",\"email\":\"g@example.com\",\"customer\":null}"},
        {"shopify", "orders/create", "{\"id\":1,\"total_price\":\"1\",\"email\":\"g@example.com\",\"customer\":{\"id\":null}}"},
        {"woocommerce", "order.created",
         "{\"id\":1,\"currency\":\"EUR\",\"customer_id\":0,\"billing\":{\"email\":\"g@example.com\"}}"},
        {"magento", NULL,
         "{\"event\":\"new_order\",\"entity_id\":\"1\",\"customer_id\":null,\"customer_email\":\"g@example.com\"}"},
        {"magento", NULL,
         "{\"event\":\"new_order\",\"entity_id\":\"1\",\"customer_id\":\"0\",\"customer_email\":\"g@example.com\"}"},
        {"prestashop", NULL,
         "{\"event\":\"actionValidateOrder\",\"customer\":{\"id\":9,\"is_guest\":\"1\",\"email\":\"g@example.com\"},\"order\":{"
         "\"id\":1,"
         "\"id_customer\":\"9\"}}"},
        {"prestashop", NULL,
         "{\"event\":\"actionValidateOrder\",\"customer\":{\"email\":\"g@example.com\"},\"order\":{\"id\":1,\"id_customer\":\"0\"}"
         "}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;
        const struct event *e = said(&c, cases[i].platform, cases[i].topic, cases[i].body, EVENT_ORDER_CREATED);

        assert_absent(e, M_CONTACT_EXTERNAL_ID);
        assert_member(e, M_CONTACT_EMAIL, "g@example.com");
        case_release(&c);
    }
}

static void ids_past_2_53_keep_every_digit(void **state)
{
    static const struct {
        const char *platform, *topic, *body;
        enum member member;
        enum event_type type;
    } cases[] = {
        {"shopify", "customers/update", "{\"id\":820982911946154508}", M_CONTACT_EXTERNAL_ID, EVENT_CUSTOMER_UPDATED},
        {"shopify", "orders/updated", "{\"id\":820982911946154508,\"total_price\":\"1\"}", M_ORDER_ID, EVENT_ORDER_UPDATED},
        {"woocommerce", "customer.updated", "{\"id\":820982911946154508}", M_CONTACT_EXTERNAL_ID, EVENT_CUSTOMER_UPDATED},
        {"salla", NULL, "{\"event\":\"abandoned.cart\",\"data\":{\"id\":820982911946154508}}", M_CART_ID, EVENT_CART_ABANDONED},
        {"tiendanube", NULL, "{\"store_id\":1,\"event\":\"customer/deleted\",\"id\":820982911946154508}", M_CONTACT_EXTERNAL_ID,
         EVENT_CUSTOMER_DELETED},
    };
    struct route_case c;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_member(said(&c, cases[i].platform, cases[i].topic, cases[i].body, cases[i].type), cases[i].member,
                      "820982911946154508");
        case_release(&c);
    }
    case_init(&c);
    case_text(&c, "{\"store_id\":1,\"event\":\"order/created\",\"id\":820982911946154508}");
    maps_to_fetch(&c, "tiendanube", "order", "820982911946154508");
    case_release(&c);
}

static void html_entities_are_decoded_once(void **state)
{
    struct route_case c;
    const struct event *e = said(&c, "magento", NULL,
                                 "{\"event\":\"new_customer\",\"id\":1,\"email\":\"a@b.example\",\"firstname\":\"R&amp;D\","
                                 "\"lastname\":\"&amp;lt;b&amp;gt;\"}",
                                 EVENT_SIGNUP);

    (void)state;
    assert_member(e, M_CONTACT_FIRST_NAME, "R&D");
    assert_member(e, M_CONTACT_LAST_NAME, "&lt;b&gt;");
    case_release(&c);
    open_fixture(&c, "prestashop/customer.update.json");
    assert_member(maps_to(&c, "prestashop", EVENT_CUSTOMER_UPDATED), M_CONTACT_LAST_NAME, "L'H\xc3\xb4te");
    case_release(&c);
}

/* Amounts keep the decimals that were sent: none (JPY), three (KWD), four or six with zeros behind, a number instead of a text. */
static void zero_and_three_decimals_are_kept(void **state)
{
    struct route_case c;
    const struct event *e = map_one(&c, "shopify", "orders/create", "orders.create.written-jpy.json", EVENT_ORDER_CREATED);

    (void)state;
    assert_member(e, M_ORDER_TOTAL, "38800");
    assert_member(e, M_ORDER_CURRENCY, "JPY");
    case_release(&c);
    e = map_one(&c, "shopify", "orders/create", "orders.create.written-kwd.json", EVENT_ORDER_CREATED);
    assert_member(e, M_ORDER_TOTAL, "388.000");
    case_release(&c);
    open_fixture(&c, "squarespace/order.json");
    assert_member(fetched(&c, "squarespace", "order", EVENT_ORDER_UPDATED), M_ORDER_TOTAL, "1090");
    case_release(&c);
    open_payload(&c, "prestashop/order.validated.written.json");
    assert_member(maps_to(&c, "prestashop", EVENT_ORDER_CREATED), M_ORDER_TOTAL, "61.800000");
    case_release(&c);
    open_payload(&c, "salla/abandoned.cart.written.json");
    assert_member(maps_to(&c, "salla", EVENT_CART_ABANDONED), M_CART_TOTAL, "12.5");
    case_release(&c);
}

static void the_consent_object_wins_over_accepts_marketing(void **state)
{
    static const struct {
        const char *members, *state; /* NULL: no statement */
    } cases[] = {
        {"\"accepts_marketing\":true,\"email_marketing_consent\":{\"state\":\"unsubscribed\"}", "unsubscribed"},
        {"\"accepts_marketing\":true", "subscribed"},
        {"\"accepts_marketing\":false", "none"},
        {"\"accepts_marketing\":true,\"email_marketing_consent\":null", NULL}, /* the object is known and says nothing */
        {"\"email_marketing_consent\":{\"state\":null}", NULL},
        {"\"email_marketing_consent\":{\"state\":\"not_subscribed\"}", "none"},
        {"\"email_marketing_consent\":{\"state\":\"pending\"}", "pending"},
        {"\"buyer_accepts_marketing\":true", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;
        char body[200];
        const struct event *e;

        snprintf(body, sizeof(body), "{\"id\":1,\"email\":\"a@b.example\",%s}", cases[i].members);
        e = said(&c, "shopify", "customers/update", body, EVENT_CUSTOMER_UPDATED);
        if (cases[i].state)
            assert_member(e, M_CONSENT_EMAIL_STATE, cases[i].state);
        else
            assert_absent(e, M_CONSENT_EMAIL_STATE);
        case_release(&c);
    }
}

static void an_empty_map_may_come_as_a_list(void **state)
{
    struct route_case c;
    const struct event *e = said(&c, "shopify", "customers/update",
                                 "{\"id\":1,\"default_address\":[],\"email_marketing_consent\":[]}", EVENT_CUSTOMER_UPDATED);

    (void)state;
    assert_absent(e, M_CONTACT_CITY);
    assert_absent(e, M_CONSENT_EMAIL_STATE);
    case_release(&c);
    e = said(&c, "salla", NULL, "{\"event\":\"order.created\",\"data\":{\"id\":1,\"customer\":[],\"amounts\":[]}}",
             EVENT_ORDER_CREATED);
    assert_absent(e, M_ORDER_TOTAL);
    case_release(&c);
}

static void equal_bodies_of_two_topics_are_two_events(void **state)
{
    struct route_case created, updated;

    (void)state;
    said(&created, "shopify", "customers/create", "{\"id\":1,\"email\":\"a@b.example\"}", EVENT_SIGNUP);
    said(&updated, "shopify", "customers/update", "{\"id\":1,\"email\":\"a@b.example\"}", EVENT_CUSTOMER_UPDATED);
    assert_false(str_eq(created.mapped.dedupe_key, updated.mapped.dedupe_key));
    case_release(&created);
    case_release(&updated);
}

/* The scope in the body decides, whatever the file of a sample was called. */
static void the_scope_member_alone_is_the_topic(void **state)
{
    struct route_case c;

    (void)state;
    case_init(&c);
    case_text(&c,
              "{\"scope\":\"store/cart/lineItem/deleted\",\"data\":{\"type\":\"cart_line_item\",\"id\":\"l\",\"cartId\":\"k\"}}");
    case_header(&c, "X-Topic", "store/customer/deleted");
    maps_to_fetch(&c, "bigcommerce", "cart", "k");
    case_release(&c);
}

/* A member who unsubscribes and is deleted within one second is both. */
static void two_changes_of_one_second_are_two_events(void **state)
{
    static const char *const actions[] = {"unsub", "delete"};
    struct route_case c[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char body[300];

        snprintf(body, sizeof(body),
                 "type=unsubscribe&fired_at=2024-05-02+09%%3A11%%3A08&data%%5Blist_id%%5D=L1&data%%5Bemail%%5D=a%%40b.example"
                 "&data%%5Baction%%5D=%s",
                 actions[i]);
        said(&c[i], "mailchimp", NULL, body, i ? EVENT_ACTIVITY : EVENT_UNSUBSCRIBE);
    }
    assert_false(str_eq(c[0].mapped.dedupe_key, c[1].mapped.dedupe_key));
    case_release(&c[0]);
    case_release(&c[1]);
}

/* An order in several units is paid as one. */
static void the_units_of_an_order_add_up(void **state)
{
    struct route_case c;
    const struct event *e =
        said(&c, "paypal", NULL,
             "{\"event_type\":\"CHECKOUT.ORDER.APPROVED\",\"resource\":{\"id\":\"1\",\"purchase_units\":["
             "{\"amount\":{\"currency_code\":\"USD\",\"value\":\"10.10\",\"breakdown\":{\"shipping\":{\"value\":\"1.00\"}}}},"
             "{\"amount\":{\"currency_code\":\"USD\",\"value\":\"5.05\"}}]}}",
             EVENT_ORDER_CREATED);

    (void)state;
    assert_member(e, M_ORDER_TOTAL, "15.15");
    assert_member(e, M_ORDER_SHIPPING, "1.00");
    case_release(&c);
}

/* A newsletter's recipient keeps the time of its opt-in when it opts out. */
static void an_opt_out_is_not_dated_back_to_the_opt_in(void **state)
{
    static const struct {
        const char *status, *at;
    } cases[] = {{"optIn", "2024-01-01T00:00:00Z"}, {"optOut", "2024-03-01T00:00:00Z"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct route_case c;
        char body[300];

        snprintf(body, sizeof(body),
                 "{\"email\":\"a@b.example\",\"status\":\"%s\",\"confirmedAt\":\"2024-01-01T00:00:00Z\","
                 "\"updatedAt\":\"2024-03-01T00:00:00Z\"}",
                 cases[i].status);
        case_init(&c);
        case_text(&c, body);
        assert_time(fetched(&c, "shopware", "recipient", EVENT_CUSTOMER_UPDATED), M_CONSENT_EMAIL_AT, cases[i].at);
        case_release(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_may_be_null_empty_or_missing),
        cmocka_unit_test(phone_only_customers_keep_their_phone),
        cmocka_unit_test(guests_have_no_id),
        cmocka_unit_test(ids_past_2_53_keep_every_digit),
        cmocka_unit_test(html_entities_are_decoded_once),
        cmocka_unit_test(zero_and_three_decimals_are_kept),
        cmocka_unit_test(the_consent_object_wins_over_accepts_marketing),
        cmocka_unit_test(an_empty_map_may_come_as_a_list),
        cmocka_unit_test(equal_bodies_of_two_topics_are_two_events),
        cmocka_unit_test(the_scope_member_alone_is_the_topic),
        cmocka_unit_test(two_changes_of_one_second_are_two_events),
        cmocka_unit_test(the_units_of_an_order_add_up),
        cmocka_unit_test(an_opt_out_is_not_dated_back_to_the_opt_in),
    };

    return cmocka_run_group_tests_name("routes_gotchas", tests, load_routes, free_routes);
}
