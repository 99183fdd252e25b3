/* test_routes_config.c -- proves what the built-in routes read from the config of a source: currencies, zones, references. */
#include "shop_payloads.h"

/* Maps the body at a source with that config (JSON; NULL: none). */
static const struct event *at_source(struct route_case *c, json_t **config, const char *platform, const char *given,
                                     const char *body, enum event_type type)
{
    const struct event *e;

    *config = given ? json_loads(given, 0, NULL) : NULL;
    case_init(c);
    c->config = *config;
    case_text(c, body);
    case_map(c, route_of(platform));
    e = only_event(c);
    assert_int_equal(e->type, type);
    return e;
}

static void end(struct route_case *c, json_t *config)
{
    case_release(c);
    json_decref(config);
}

static void ecwid_orders_have_the_currency_of_their_store(void **state)
{
    static const char order[] = "{\"id\":\"XJ12\",\"email\":\"a@example.com\",\"total\":12.5}";
    json_t *config = json_pack("{ss}", "currency", "eur");
    struct route_case c;

    (void)state;
    case_init(&c);
    case_text(&c, order);
    c.config = config;
    assert_member(fetched(&c, "ecwid", "order", EVENT_ORDER_UPDATED), M_ORDER_CURRENCY, "EUR");
    c.config = NULL;
    assert_absent(fetched(&c, "ecwid", "order", EVENT_ORDER_UPDATED), M_ORDER_CURRENCY);
    end(&c, config);
}

static void generic_orders_may_lack_a_currency(void **state)
{
    static const char named[] = "{\"type\":\"purchase\",\"order\":{\"id\":\"1\",\"total\":\"5\",\"currency\":\"USD\"}}";
    static const char bare[] = "{\"type\":\"purchase\",\"order\":{\"id\":\"1\",\"total\":\"5\"}}";
    struct route_case c;
    json_t *config;

    (void)state;
    assert_member(at_source(&c, &config, "generic", "{\"currency\":\"EUR\"}", bare, EVENT_ORDER_CREATED), M_ORDER_CURRENCY, "EUR");
    end(&c, config);
    assert_member(at_source(&c, &config, "generic", "{\"currency\":\"EUR\"}", named, EVENT_ORDER_CREATED), M_ORDER_CURRENCY, "USD");
    end(&c, config);
    assert_absent(at_source(&c, &config, "generic", NULL, bare, EVENT_ORDER_CREATED), M_ORDER_CURRENCY);
    end(&c, config);
}

#define ANSWER(ref, type, member) "{\"type\":\"" type "\",\"" type "\":" member ",\"field\":{\"ref\":\"" ref "\"}}"
#define RESPONSE(answers)                                                                                                          \
    "{\"event_id\":\"e1\",\"event_type\":\"form_response\",\"form_response\":{\"form_id\":\"f\",\"submitted_at\":\"2024-05-02T09:" \
    "11:08Z\",\"answers\":[" answers "]}}"

static void typeform_refs_are_what_the_source_says(void **state)
{
    static const char body[] = RESPONSE(ANSWER("friend", "email", "\"friend@example.com\"") "," ANSWER(
        "own", "email", "\"own@example.com\"") "," ANSWER("may_we", "boolean", "true") "," ANSWER("consent", "boolean", "false"));
    const struct event *e;
    struct route_case c;
    json_t *config;

    (void)state;
    e = at_source(&c, &config, "typeform", NULL, body, EVENT_FORM_SIGNUP);
    assert_member(e, M_CONTACT_EMAIL, "friend@example.com");
    assert_member(e, M_CONSENT_EMAIL_STATE, "none");
    end(&c, config);
    e = at_source(&c, &config, "typeform", "{\"email_ref\":\"own\",\"consent_ref\":\"opt_in, may_we\"}", body, EVENT_FORM_SIGNUP);
    assert_member(e, M_CONTACT_EMAIL, "own@example.com");
    assert_member(e, M_CONSENT_EMAIL_STATE, "subscribed");
    end(&c, config);
}

static void salla_times_need_the_zone_of_their_store_O3(void **state)
{
    static const char body[] = "{\"event\":\"customer.updated\",\"created_at\":\"2024-05-02 09:11:08\",\"data\":{\"id\":1}}";
    struct route_case c;
    json_t *config;

    (void)state;
    at_source(&c, &config, "salla", "{\"utc_offset\":\"+03:00\"}", body, EVENT_CUSTOMER_UPDATED);
    assert_int_equal(c.mapped.provider_at_us, INT64_C(1714630268000000));
    end(&c, config);
    at_source(&c, &config, "salla", NULL, body, EVENT_CUSTOMER_UPDATED);
    assert_int_equal(c.mapped.provider_at_us, 0);
    end(&c, config);
}

#define PRESTA_ORDER(more, date) \
    "{\"event\":\"actionOrderEdited\"," more "\"order\":{\"id\":7,\"id_customer\":\"3\",\"date_upd\":\"" date "\"}}"

static void prestashop_times_of_the_shop_stand_in_for_the_module_s(void **state)
{
    static const struct {
        const char *config, *body, *want;
    } cases[] = {
        {"{\"utc_offset\":\"+01:00\"}", PRESTA_ORDER("", "2024-05-02 09:11:08"), "2024-05-02T08:11:08Z"},
        {"{\"utc_offset\":\"+01:00\"}", PRESTA_ORDER("\"occurred_at\":\"2024-05-02T10:00:00Z\",", "2024-05-02 09:11:08"),
         "2024-05-02T10:00:00Z"},
        {"{\"utc_offset\":\"+01:00\"}", PRESTA_ORDER("", "0000-00-00 00:00:00"), NULL},
        {NULL, PRESTA_ORDER("", "2024-05-02 09:11:08"), NULL},
        {NULL, PRESTA_ORDER("", "2.5.2024"), NULL}, /* nobody wants it */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;
        json_t *config;
        const struct event *e = at_source(&c, &config, "prestashop", cases[i].config, cases[i].body, EVENT_ORDER_UPDATED);

        if (cases[i].want)
            assert_time(e, M_ORDER_UPDATED_AT, cases[i].want);
        else
            assert_absent(e, M_ORDER_UPDATED_AT);
        end(&c, config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ecwid_orders_have_the_currency_of_their_store),
        cmocka_unit_test(generic_orders_may_lack_a_currency),
        cmocka_unit_test(typeform_refs_are_what_the_source_says),
        cmocka_unit_test(salla_times_need_the_zone_of_their_store_O3),
        cmocka_unit_test(prestashop_times_of_the_shop_stand_in_for_the_module_s),
    };

    return cmocka_run_group_tests_name("routes_config", tests, load_routes, free_routes);
}
