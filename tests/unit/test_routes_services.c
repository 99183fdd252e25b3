/* test_routes_services.c -- proves the routes of payment, marketing, form and CRM services on shared payloads, member by member, and
 * what is easily mistaken in their bodies. */
#include "shop_payloads.h"

/* Opens a payload whose body is a form. */
static void open_form(struct route_case *c, const char *path)
{
    open_payload(c, path);
    c->content_type = STR("application/x-www-form-urlencoded");
}

/* --- payments --------------------------------------------------------------------------------------------------------- */

static void stripe_customers(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "stripe/customer.created.json");
    e = maps_to(&c, "stripe", EVENT_SIGNUP);
    assert_str(c.mapped.dedupe_key, "customer.created|evt_1MhUT6E0b6fckueSqWR0Bec4");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "cus_NSPHp4fOlXGw8P");
    assert_member(e, M_CONTACT_EMAIL, "hook@me.com");
    assert_member(e, M_CONTACT_FULL_NAME, "Martin");
    assert_member(e, M_CONTACT_COUNTRY, "CM");
    assert_member(e, M_CONTACT_LOCALE, "en-US");
    assert_cleared(e, M_CONTACT_PHONE);
    assert_cleared(e, M_CONTACT_CITY);
    assert_time(e, M_CONTACT_CREATED_AT, "2023-03-03T08:59:58Z");
    assert_none_of(e, "contact.consent.");
    assert_int_equal(e->n_fields, 0);
    case_release(&c);
    open_payload(&c, "stripe/customer.updated.json");
    e = maps_to(&c, "stripe", EVENT_CUSTOMER_UPDATED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "cus_NSPHp4fOlXGw8P");
    assert_time(e, M_CONTACT_CREATED_AT, "2023-03-03T08:59:58Z"); /* the customer's, not the event's */
    assert_time(e, M_CONTACT_UPDATED_AT, "2023-03-03T08:59:59Z");
    case_release(&c);
}

/* customer_email is null while customer_details.email is set. */
static void stripe_checkout_takes_the_address_of_customer_details(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "stripe/checkout.session.completed.json");
    e = maps_to(&c, "stripe", EVENT_ORDER_CREATED);
    assert_member(e, M_CONTACT_EMAIL, "hook@me.com");
    assert_member(e, M_CONTACT_FULL_NAME, "Martin");
    assert_absent(e, M_CONTACT_PHONE); /* null in an order is no statement */
    assert_member(e, M_ORDER_CHECKOUT_ID, "cs_test_a1CagZ1XmCLIZb3ME6r06G1h8ygwbbbMw8Nqk0R86MWMT4dmCjDiUYfQDr");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_member(e, M_ORDER_CURRENCY, "USD");
    assert_member(e, M_ORDER_TOTAL, "0.00");
    assert_time(e, M_ORDER_CREATED_AT, "2023-03-03T08:57:29Z");
    assert_time(e, M_ORDER_UPDATED_AT, "2023-03-03T09:00:00Z");
    assert_bool(e, M_ORDER_TEST, 1); /* livemode false: no revenue */
    assert_absent(e, M_ORDER_MARKETING);
    case_release(&c);
}

/* A subscription's checkout and its invoice are one purchase, so they must be one order. */
static void stripe_invoice_is_the_order_of_its_checkout(void **state)
{
    struct route_case checkout, invoice;
    const struct event *e, *of_checkout;

    (void)state;
    open_payload(&checkout, "stripe/checkout.session.completed.json");
    of_checkout = maps_to(&checkout, "stripe", EVENT_ORDER_CREATED);
    open_payload(&invoice, "stripe/invoice.paid.json");
    e = maps_to(&invoice, "stripe", EVENT_ORDER_CREATED);
    assert_member(e, M_ORDER_ID, "in_1MhUT5E0b6fckueSfPlY05Fw");
    assert_member(of_checkout, M_ORDER_ID, "in_1MhUT5E0b6fckueSfPlY05Fw");
    assert_member(e, M_ORDER_NUMBER, "3DAA104C-0001");
    assert_member(e, M_CONTACT_EMAIL, "hook@me.com");
    assert_member(e, M_ORDER_STATUS, "paid");
    assert_cleared(e, M_ORDER_TAX);
    assert_bool(e, M_ORDER_TEST, 1);
    assert_int_equal(e->n_items, 1);
    assert_str(e->items[0].product_id, "prod_MnXpcVDdQq8wCY");
    assert_str(e->items[0].variant_id, "price_1M3wjkE0b6fckueSKPgfRMSG");
    assert_str(e->items[0].quantity, "11");
    assert_str(e->items[0].price, "7.00");
    case_release(&checkout);
    case_release(&invoice);
}

static const struct event *checkout_of(struct route_case *c, const char *currency, const char *amount)
{
    char body[600];

    case_init(c);
    snprintf(
        body, sizeof(body),
        "{\"id\":\"evt_1\",\"created\":1714641068,\"livemode\":true,\"type\":\"checkout.session.completed\",\"data\":{\"object\":{"
        "\"id\":\"cs_1\",\"mode\":\"payment\",\"payment_status\":\"paid\",\"payment_intent\":\"pi_1\",\"currency\":\"%s\","
        "\"amount_total\":%s,\"customer_email\":\"a@b.example\"}}}",
        currency, amount);
    case_text(c, body);
    return maps_to(c, "stripe", EVENT_ORDER_CREATED);
}

/* Minor units are integers; a currency without decimals is not multiplied by 100. */
static void stripe_minor_units_of_zero_two_and_three_decimals(void **state)
{
    static const char *const cases[][3] = {
        {"usd", "1999", "19.99"}, {"jpy", "500", "500"},      {"kwd", "12340", "12.340"}, {"isk", "50000", "500.00"},
        {"mga", "500", "500"},    {"ugx", "50000", "500.00"}, {"eur", "5", "0.05"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;

        assert_member(checkout_of(&c, cases[i][0], cases[i][1]), M_ORDER_TOTAL, cases[i][2]);
        case_release(&c);
    }
}

static void paddle_customer(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "paddle/customer.created.json");
    e = maps_to(&c, "paddle", EVENT_SIGNUP);
    assert_str(c.mapped.dedupe_key, "customer.created|evt_01j7br8aax25dzcc8xe1xq32d0");
    assert_member(e, M_CONTACT_EXTERNAL_ID, "ctm_01j7br89shp7xpaenx22h8qetw");
    assert_member(e, M_CONTACT_EMAIL, "sam@example.com");
    assert_cleared(e, M_CONTACT_FULL_NAME); /* often null */
    assert_member(e, M_CONTACT_LOCALE, "en");
    assert_member(e, M_CONSENT_EMAIL_STATE, "none"); /* false is no unsubscribe (C7) */
    assert_time(e, M_CONTACT_UPDATED_AT, "2024-09-09T16:00:47.921000Z");
    case_release(&c);
}

/* Amounts are texts of minor units. */
static void paddle_transaction(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "paddle/transaction.completed.json");
    e = maps_to(&c, "paddle", EVENT_ORDER_UPDATED);
    assert_member(e, M_CONTACT_EXTERNAL_ID, "ctm_01j7br89shp7xpaenx22h8qetw");
    assert_absent(e, M_CONTACT_EMAIL);
    assert_member(e, M_ORDER_ID, "txn_01j7br78cgr083zqw1jhqym40s");
    assert_member(e, M_ORDER_NUMBER, "325-11889");
    assert_member(e, M_ORDER_STATUS, "completed");
    assert_member(e, M_ORDER_CURRENCY, "USD");
    assert_member(e, M_ORDER_TOTAL, "652.15");
    assert_member(e, M_ORDER_TAX, "53.15");
    assert_member(e, M_ORDER_DISCOUNT, "0.00");
    assert_time(e, M_ORDER_UPDATED_AT, "2024-09-09T16:01:31.565947Z"); /* nanoseconds are cut */
    assert_int_equal(e->n_items, 3);
    assert_str(e->items[0].name, "AeroEdit Pro");
    assert_str(e->items[0].quantity, "10");
    assert_str(e->items[0].price, "30.00");
    assert_str(e->items[2].price, "199.00");
    case_release(&c);
}

/* --- marketing, forms, CRM -------------------------------------------------------------------------------------------- */

static void mailchimp_unsubscribe_is_a_form(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_form(&c, "mailchimp/unsubscribe.written.txt");
    e = maps_to(&c, "mailchimp", EVENT_UNSUBSCRIBE);
    assert_true(str_starts(c.mapped.dedupe_key, STR("unsubscribe|2024-05-02 09:11:08|a6b5da1054|")));
    assert_member(e, M_CONTACT_EXTERNAL_ID, "8a25ff1d98");
    assert_member(e, M_CONTACT_EMAIL, "api@example.com");
    assert_member(e, M_CHANNEL, "email");
    assert_member(e, M_SOURCE, "manual");
    assert_time(e, M_AT, "2024-05-02T09:11:08Z");
    case_release(&c);
}

/* Gumroad tells of a refund with the time of the sale, which would let a late sale win (O2): it counts from its receipt instead. */
static void gumroad_only_the_sale_has_the_time_of_the_sale_O2(void **state)
{
    static const struct {
        const char *body;
        bool timed;
    } cases[] = {{"resource_name=sale&", true}, {"", true}, {"resource_name=refund&refunded=true&", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct route_case c;

        case_init(&c);
        c.content_type = STR("application/x-www-form-urlencoded");
        case_text(&c, cases[i].body);
        assert_int_equal(buf_append(&c.body, STR("sale_id=s1&sale_timestamp=2024-05-02T09:11:08Z&email=bo@example.com&price=1250"
                                                 "&currency=usd")),
                         OK);
        maps_to(&c, "gumroad", cases[i].timed ? EVENT_ORDER_CREATED : EVENT_ORDER_UPDATED);
        assert_int_equal(c.mapped.parts[0].provider_at_us != 0, cases[i].timed);
        case_release(&c);
    }
}

/* The body is a list; every element is a delivery of its own, with its own key. */
static void hubspot_body_is_a_list(void **state)
{
    struct route_case c;

    (void)state;
    open_payload(&c, "hubspot/contact.written.json");
    case_map(&c, route_of("hubspot"));
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n_rejects, 0);
    assert_int_equal(c.mapped.n_parts, 3);
    assert_str(c.mapped.parts[0].dedupe_key, "contact.creation|1|12345|123|1714641068000");
    assert_str(c.mapped.parts[2].dedupe_key, "contact.privacyDeletion|3|12347|123|1714641070000");
    assert_int_equal(c.mapped.parts[1].provider_at_us, INT64_C(1714641069000000)); /* milliseconds */
    assert_int_equal(c.mapped.n_fetches, 2);
    assert_string_equal(c.mapped.fetches[0].object, "contact");
    assert_str(c.mapped.fetches[1].id, "123");
    case_release(&c);
}

static void hubspot_privacy_deletion_erases(void **state)
{
    struct route_case c;

    (void)state;
    open_payload(&c, "hubspot/contact.written.json");
    case_map(&c, route_of("hubspot"));
    assert_int_equal(c.mapped.n, 1);
    assert_int_equal(c.mapped.events[0].type, EVENT_ERASE);
    assert_member(&c.mapped.events[0], M_CONTACT_EXTERNAL_ID, "123");
    case_release(&c);
}

static void meta_lead_is_thin_and_fetched(void **state)
{
    struct route_case c;

    (void)state;
    open_payload(&c, "meta/leadgen.written.json");
    maps_to_fetch(&c, "meta", "lead", "123123123123");
    assert_str(c.mapped.dedupe_key, "leadgen|123123123123");
    case_release(&c);
}

/* Ids come as numbers or as texts, past 2^53, in several entries and changes. */
static void meta_ids_may_be_numbers_past_2_to_the_53(void **state)
{
    struct route_case c;

    (void)state;
    case_init(&c);
    case_text(&c,
              "{\"object\":\"page\",\"entry\":[{\"changes\":[{\"field\":\"leadgen\",\"value\":{\"leadgen_id\":9007199254740993}}]},"
              "{\"changes\":[{\"field\":\"leadgen\",\"value\":{\"leadgen_id\":\"9007199254740993\"}}]}]}");
    case_map(&c, route_of("meta"));
    assert_int_equal(c.err, OK);
    assert_int_equal(c.mapped.n_fetches, 2);
    assert_str(c.mapped.fetches[0].id, "9007199254740993");
    assert_str(c.mapped.parts[0].dedupe_key, "leadgen|9007199254740993");
    assert_str(c.mapped.parts[1].dedupe_key, "leadgen|9007199254740993");
    case_release(&c);
}

static void typeform_answers_by_their_reference(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    open_payload(&c, "typeform/form_response.written.json");
    e = maps_to(&c, "typeform", EVENT_FORM_SIGNUP);
    assert_str(c.mapped.dedupe_key, "form_response|01HWXK4Q8T9D2M5N7P0R3S6V8X");
    assert_member(e, M_CONTACT_EMAIL, "t@example.com");
    assert_member(e, M_CONSENT_EMAIL_STATE, "subscribed");
    assert_time(e, M_CONSENT_EMAIL_AT, "2024-05-02T09:11:08Z");
    assert_member(e, M_CONSENT_EMAIL_SOURCE, "Newsletter");
    assert_member(e, M_FORM_ID, "lT4Z3j");
    assert_int_equal(e->n_form_fields, 2);
    assert_str(e->form_fields[0].name, "email_ref");
    assert_str(e->form_fields[1].name, "consent_ref");
    assert_str(e->form_fields[1].value.text, "true");
    assert_int_equal(e->n_fields, 1);
    assert_str(e->fields[0].name, "typeform_utm_source");
    case_release(&c);
}

/* A question that nobody answered is absent, not empty. */
static void typeform_unanswered_questions_are_absent(void **state)
{
    struct route_case c;
    const struct event *e;

    (void)state;
    case_init(&c);
    case_text(&c,
              "{\"event_id\":\"1\",\"event_type\":\"form_response\",\"form_response\":{\"form_id\":\"f\",\"answers\":[{\"type\":"
              "\"email\",\"email\":\"t@example.com\",\"field\":{\"ref\":\"mail\"}}]}}");
    e = maps_to(&c, "typeform", EVENT_FORM_SIGNUP);
    assert_absent(e, M_CONTACT_PHONE);
    assert_absent(e, M_CONTACT_FIRST_NAME);
    assert_absent(e, M_CONSENT_EMAIL_STATE);
    assert_int_equal(e->n_form_fields, 1);
    case_release(&c);
}

/* The service sends what it has at 768 KB: so many of its shortest events must not be too many, two events each. */
static void sendgrid_a_full_batch_is_taken(void **state)
{
    enum { EVENTS = 2500 };
    struct route_case c;

    (void)state;
    case_init(&c);
    for (int i = 0; i < EVENTS; i++)
        assert_int_equal(
            buf_printf(&c.body,
                       "%s{\"email\":\"s%d@example.com\",\"timestamp\":1714641068,\"event\":\"dropped\",\"reason\":\"Bounced "
                       "Address\",\"sg_event_id\":\"%d\"}",
                       i ? "," : "[", i, i),
            OK);
    assert_int_equal(buf_append_c(&c.body, ']'), OK);
    case_map(&c, route_of("sendgrid"));
    if (c.err)
        fail_msg("%s: %.*s", c.failure.reason, STR_ARG(c.failure.detail));
    assert_int_equal(c.mapped.n_parts, EVENTS);
    assert_int_equal(c.mapped.n, 2 * EVENTS);
    assert_int_equal(c.mapped.n_rejects, 0);
    assert_str(c.mapped.parts[EVENTS - 1].dedupe_key, "dropped|2499");
    case_release(&c);
}

/* A notification's topic is signed where it stands in the body; a captured body must not pass for another one. */
static void a_body_of_another_kind_makes_no_customer(void **state)
{
    static const char *const cases[][2] = {
        {"stripe", "{\"id\":\"e\",\"type\":\"customer.deleted\",\"data\":{\"object\":{\"id\":\"in_1\",\"object\":\"invoice\"}}}"},
        {"square", "{\"event_id\":\"e\",\"type\":\"customer.deleted\",\"data\":{\"type\":\"payment\",\"id\":\"P\"}}"},
        {"intercom", "{\"id\":\"n\",\"topic\":\"contact.deleted\",\"data\":{\"item\":{}}}"},
        {"lemonsqueezy", "{\"meta\":{\"event_name\":\"order_created\"},\"data\":{\"type\":\"subscriptions\",\"id\":\"1\"}}"},
        {"meta", "{\"entry\":[{\"changes\":[{\"field\":\"leadgen\",\"value\":{}}]}]}"},
        {"hubspot", "[{\"eventId\":1,\"subscriptionType\":\"contact.privacyDeletion\"}]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_case c;

        case_init(&c);
        case_text(&c, cases[i][1]);
        maps_to_nothing_but(&c, cases[i][0], "mapping");
        case_release(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stripe_customers),
        cmocka_unit_test(stripe_checkout_takes_the_address_of_customer_details),
        cmocka_unit_test(stripe_invoice_is_the_order_of_its_checkout),
        cmocka_unit_test(stripe_minor_units_of_zero_two_and_three_decimals),
        cmocka_unit_test(paddle_customer),
        cmocka_unit_test(paddle_transaction),
        cmocka_unit_test(mailchimp_unsubscribe_is_a_form),
        cmocka_unit_test(gumroad_only_the_sale_has_the_time_of_the_sale_O2),
        cmocka_unit_test(hubspot_body_is_a_list),
        cmocka_unit_test(hubspot_privacy_deletion_erases),
        cmocka_unit_test(meta_lead_is_thin_and_fetched),
        cmocka_unit_test(meta_ids_may_be_numbers_past_2_to_the_53),
        cmocka_unit_test(typeform_answers_by_their_reference),
        cmocka_unit_test(typeform_unanswered_questions_are_absent),
        cmocka_unit_test(sendgrid_a_full_batch_is_taken),
        cmocka_unit_test(a_body_of_another_kind_makes_no_customer),
    };

    return cmocka_run_group_tests_name("routes_services", tests, load_routes, free_routes);
}
