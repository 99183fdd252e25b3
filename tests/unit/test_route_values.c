/* test_route_values.c -- proves the forms of a value: every operator, absent and cleared, type checks, and what a refusal says. */
#include "route_trial.h"

#include "route/entity.h"

/* A value form, a body, and the text it gives: NULL = absent, "(null)" = cleared. */
struct form_case {
    const char *form, *body, *want;
};

static void check_forms(const char *member_name, enum member member, const struct form_case *cases, size_t n)
{
    char members[2000];

    for (size_t i = 0; i < n; i++) {
        const struct form_case *k = &cases[i];
        const struct event *e;
        struct trial t;

        snprintf(members, sizeof(members), "\"%s\":%s", member_name, k->form);
        try_body(&t, "customer_updated", members, k->body);
        e = only_event(&t.c);
        if (e->m[member].is != (!k->want ? ABSENT : strcmp(k->want, "(null)") == 0 ? CLEARED : PRESENT))
            fail_msg("%s on %s: presence %d", k->form, k->body, e->m[member].is);
        if (e->m[member].is == PRESENT && !str_eq(e->m[member].text, str_of(k->want)))
            fail_msg("%s on %s: \"%.*s\"", k->form, k->body, STR_ARG(e->m[member].text));
        end_trial(&t);
    }
}
#define CHECK_FORMS(name, member, cases) check_forms(name, member, cases, sizeof(cases) / sizeof(cases[0]))

static void pointers_find_texts(void **state)
{
    static const struct form_case cases[] = {
        {"\"/a\"", "{\"a\":\" x \"}", "x"},
        {"\"/a\"", "{\"a\":10.10}", "10.10"},
        {"\"/a\"", "{\"a\":820982911946154508}", "820982911946154508"},
        {"\"/a\"", "{\"a\":true}", "true"},
        {"\"/a/b~1c/0\"", "{\"a\":{\"b/c\":[\"z\"]}}", "z"},
        {"\"/a/b\"", "{\"a\":[]}", NULL},   /* PHP's empty map */
        {"\"/a/b\"", "{\"a\":null}", NULL}, /* the object is null: nothing is said about its members */
        {"\"/a/b\"", "{\"a\":\"text\"}", NULL},
        {"\"/a\"", "{\"a\":[]}", NULL},
        {"\"/a\"", "{\"a\":{}}", NULL},
        {"\"/a/b\"", "[]", NULL},
        {"\"\"", "\"whole\"", "whole"},
        {"{\"header\":\"x-extra\"}", "{}", "gid://x/9"},
        {"{\"header\":\"X-None\"}", "{}", NULL},
        {"{\"const\":\"c\"}", "{}", "c"},
        {"{\"const\":12}", "{}", "12"},
    };

    (void)state;
    CHECK_FORMS("contact.first_name", M_CONTACT_FIRST_NAME, cases);
}

static void texts_change_their_case(void **state)
{
    static const struct form_case cases[] = {
        {"{\"at\":\"/a\",\"as\":\"upper\"}", "{\"a\":\"usd \xc3\xa9Z1\"}", "USD \xc3\xa9Z1"},
        {"{\"at\":\"/a\",\"as\":\"lower\"}", "{\"a\":\"PAID @[\"}", "paid @["},
    };

    (void)state;
    CHECK_FORMS("contact.first_name", M_CONTACT_FIRST_NAME, cases);
}

static void minor_units_become_decimal_texts_K1(void **state)
{
    static const struct form_case cases[] = {
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":\"/c\"}", "{\"a\":1999,\"c\":\"USD\"}", "19.99"},
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":\"/c\"}", "{\"a\":\"500\",\"c\":\"jpy\"}", "500"},
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":\"/c\"}", "{\"a\":1234,\"c\":\"KWD\"}", "1.234"},
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":{\"const\":\"EUR\"}}", "{\"a\":-5}", "-0.05"},
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":\"/c\"}", "{\"c\":\"USD\"}", NULL},
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":\"/c\"}", "{\"a\":null}", "(null)"},
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":\"/c\",\"exponents\":{\"ISK\":2}}", "{\"a\":500,\"c\":\"isk\"}", "5.00"},
        {"{\"at\":\"/a\",\"as\":\"minor\",\"currency\":\"/c\",\"exponents\":{\"ISK\":2}}", "{\"a\":500,\"c\":\"JPY\"}", "500"},
        {"{\"sum\":\"/l\",\"take\":\"/v\",\"as\":\"minor\",\"currency\":\"/c\"}", "{\"l\":[{\"v\":100},{\"v\":5}],\"c\":\"EUR\"}",
         "1.05"},
    };

    (void)state;
    CHECK_FORMS("order.total", M_ORDER_TOTAL, cases);
}

static void texts_are_joined(void **state)
{
    static const struct form_case cases[] = {
        {"{\"join\":\" \",\"of\":[\"/a\",\"/b\",\"/c\"]}", "{\"a\":\" Zoe \",\"b\":\"\",\"c\":\"X\"}", "Zoe X"},
        {"{\"join\":\", \",\"of\":[[\"/a\",\"/b\"],{\"const\":\"k\"}]}", "{\"b\":1}", "1, k"},
        {"{\"join\":\"\",\"of\":[\"/a\",\"/b\"],\"as\":\"upper\"}", "{\"a\":\"x\",\"b\":\"y\"}", "XY"},
        {"{\"join\":\" \",\"of\":[\"/a\"]}", "{}", NULL},
        {"{\"join\":\" \",\"of\":[\"/a\",\"/b\"]}", "{\"a\":null,\"b\":\"\"}", "(null)"},
    };

    (void)state;
    CHECK_FORMS("contact.first_name", M_CONTACT_FIRST_NAME, cases);
}

static void an_address_is_found_in_a_text(void **state)
{
    static const struct form_case cases[] = {
        {"{\"at\":\"/a\",\"as\":\"email\"}", "{\"a\":\"Zoe <zoe@example.com>, b@example.com\"}", "zoe@example.com"},
        {"{\"at\":\"/a\",\"as\":\"email\"}", "{\"a\":\"call @zoe or mailto:zoe@example.com.\"}", "zoe@example.com"},
        {"{\"at\":\"/a\",\"as\":\"email\"}", "{\"a\":\"me@localhost\\nz@example.com!\"}", "z@example.com"},
        {"[{\"at\":\"/a\",\"as\":\"email\"},\"/b\"]", "{\"a\":\"no address\",\"b\":\"b@example.com\"}", "b@example.com"},
        {"{\"at\":\"/a\",\"as\":\"email\"}", "{\"a\":\"@ @@ a@b\"}", NULL},
    };

    (void)state;
    CHECK_FORMS("contact.email", M_CONTACT_EMAIL, cases);
}

static void values_may_start_further_out(void **state)
{
    const struct event *e;
    struct trial t;

    (void)state;
    try_body(&t, "order_created",
             "\"order.id\":{\"root\":\"/id\"},\"order.items\":{\"at\":\"/l\",\"each\":{\"name\":{\"up\":1,\"at\":\"/shop\"},"
             "\"price\":{\"at\":\"/p\",\"as\":\"minor\",\"currency\":{\"root\":\"/cur\"}},\"sku\":{\"up\":4,\"at\":\"/id\"},"
             "\"url\":{\"at\":\"/u\",\"when\":{\"up\":1,\"at\":\"/shop\",\"is\":\"s\"}}}}",
             "{\"id\":7,\"shop\":\"s\",\"cur\":\"EUR\",\"l\":[{\"p\":150,\"u\":\"x\"}]}");
    e = only_event(&t.c);
    assert_member(e, M_ORDER_ID, "7");
    assert_str(e->items[0].name, "s");
    assert_str(e->items[0].price, "1.50");
    assert_str(e->items[0].sku, "7"); /* no further than the body */
    assert_str(e->items[0].url, "x");
    end_trial(&t);
}

static void lists_become_maps_of_fields(void **state)
{
    const struct event *e;
    struct trial t;

    (void)state;
    try_body(&t, "form_signup",
             "\"contact.fields\":{\"*\":{\"at\":\"/answers\",\"key\":\"/field/ref\",\"value\":[\"/text\",\"/number\",{\"at\":"
             "\"/choices\",\"each\":\"/l\"}],\"prefix\":\"tf_\",\"max\":3}},\"form.fields\":{\"*\":{\"at\":\"/answers\",\"key\":"
             "\"/field/ref\",\"value\":\"/text\"}}",
             "{\"answers\":[{\"field\":{\"ref\":\"First Name\"},\"text\":\"Zoe\"},{\"field\":{\"ref\":\"n\"},\"number\":3},{"
             "\"field\":{}},{\"field\":{\"ref\":\"none\"}},{\"field\":{\"ref\":\"c\"},\"choices\":[{\"l\":\"a\"},{\"l\":\"b\"}]},{"
             "\"field\":{\"ref\":\"over\"},\"text\":\"max\"}]}");
    e = only_event(&t.c);
    assert_int_equal(e->n_fields, 3);
    assert_str(e->fields[0].name, "tf_first_name");
    assert_str(e->fields[0].value.text, "Zoe");
    assert_str(e->fields[1].value.text, "3");
    assert_str(e->fields[2].value.text, "a,b");
    assert_int_equal(e->n_form_fields, 2);
    assert_str(e->form_fields[0].name, "First Name");
    end_trial(&t);
    try_body(&t, "form_signup", "\"contact.fields\":{\"*\":{\"at\":\"/a\",\"key\":\"/k\",\"value\":\"/v\"}}", "{\"a\":{\"k\":1}}");
    assert_str(t.c.failure.detail, "contact.fields: /a must be a list, not an object");
    end_trial(&t);
}

static void F1_null_and_empty_by_type(void **state)
{
    static const struct {
        const char *name, *form;
        enum member member;
        int on_null, on_empty;
    } cases[] = {
        {"contact.first_name", "\"/a\"", M_CONTACT_FIRST_NAME, CLEARED, CLEARED},
        {"contact.email", "\"/a\"", M_CONTACT_EMAIL, CLEARED, ABSENT},
        {"contact.updated_at", "\"/a\"", M_CONTACT_UPDATED_AT, CLEARED, ABSENT},
        {"order.total", "\"/a\"", M_ORDER_TOTAL, CLEARED, CLEARED},
        {"order.status", "\"/a\"", M_ORDER_STATUS, ABSENT, ABSENT},
        {"order.test", "\"/a\"", M_ORDER_TEST, ABSENT, ABSENT},
        {"contact.external_id", "\"/a\"", M_CONTACT_EXTERNAL_ID, ABSENT, ABSENT},
        {"contact.consent.email.state", "\"/a\"", M_CONSENT_EMAIL_STATE, ABSENT, ABSENT}, /* C13 */
        {"contact.consent.email.at", "\"/a\"", M_CONSENT_EMAIL_AT, ABSENT, ABSENT},
        {"contact.consent.email.source", "\"/a\"", M_CONSENT_EMAIL_SOURCE, ABSENT, ABSENT},
    };
    char members[200];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static const char *const bodies[] = {"{}", "{\"a\":null}", "{\"a\":\" \"}"};
        int want[] = {ABSENT, cases[i].on_null, cases[i].on_empty};

        snprintf(members, sizeof(members), "\"%s\":%s", cases[i].name, cases[i].form);
        for (size_t b = 0; b < 3; b++) {
            struct trial t;

            try_body(&t, "customer_updated", members, bodies[b]);
            if ((int)only_event(&t.c)->m[cases[i].member].is != want[b])
                fail_msg("%s on %s", cases[i].name, bodies[b]);
            end_trial(&t);
        }
    }
}

static void first_of_takes_the_first_that_is_not_empty(void **state)
{
    static const struct form_case cases[] = {
        {"[\"/a\",\"/b\"]", "{\"a\":\"1\",\"b\":\"2\"}", "1"},
        {"[\"/a\",\"/b\"]", "{\"a\":\"  \",\"b\":\"2\"}", "2"},
        {"[\"/a\",\"/b\"]", "{\"a\":null,\"b\":\"2\"}", "2"},
        {"[\"/a\",\"/b\"]", "{\"a\":null}", "(null)"},
        {"[\"/a\",\"/b\"]", "{\"b\":null}", "(null)"},
        {"[\"/a\",\"/b\"]", "{\"a\":\"\"}", "(null)"},
        {"[\"/a\",\"/b\"]", "{}", NULL},
        {"[\"/a\",{\"const\":\"z\"}]", "{\"a\":null}", "z"},
    };

    (void)state;
    CHECK_FORMS("contact.first_name", M_CONTACT_FIRST_NAME, cases);
}

static void pick_and_take_choose_an_element(void **state)
{
    static const struct form_case cases[] = {
        {"{\"at\":\"/l\",\"pick\":{\"/p\":true},\"take\":\"/v\"}", "{\"l\":[{\"v\":\"a\"},{\"p\":true,\"v\":\"b\"}]}", "b"},
        {"{\"at\":\"/l\",\"pick\":{\"/p\":true},\"take\":\"/v\"}", "{\"l\":[{\"v\":\"a\"},{\"p\":false,\"v\":\"b\"}]}", "a"},
        {"{\"at\":\"/l\",\"pick\":{\"/p\":true},\"strict\":true,\"take\":\"/v\"}", "{\"l\":[{\"v\":\"a\"}]}", NULL},
        {"{\"at\":\"/l\",\"pick\":{\"/p\":[1,2],\"/q\":\"x\"},\"strict\":true,\"take\":\"/v\"}",
         "{\"l\":[{\"p\":2,\"v\":\"a\"},{\"p\":2,\"q\":\"x\",\"v\":\"b\"}]}", "b"},
        {"{\"at\":\"/l\",\"take\":\"/v\"}", "{\"l\":[{\"v\":\"a\"},{\"v\":\"b\"}]}", "a"},
        {"{\"at\":\"/l\",\"take\":\"/v\"}", "{\"l\":{\"v\":\"o\"}}", "o"},
        {"{\"at\":\"/l\",\"take\":\"/v\"}", "{\"l\":[]}", NULL},
        {"{\"at\":\"/l\",\"take\":\"/v\"}", "{\"l\":[{\"v\":null}]}", "(null)"},
    };

    (void)state;
    CHECK_FORMS("contact.first_name", M_CONTACT_FIRST_NAME, cases);
}

static void text_operators_apply_in_order(void **state)
{
    static const struct form_case cases[] = {
        {"{\"at\":\"/a\",\"tail\":\"/\"}", "{\"a\":\"gid://shop/Customer/1\"}", "1"},
        {"{\"at\":\"/a\",\"tail\":\"/\"}", "{\"a\":\"plain\"}", "plain"},
        {"{\"at\":\"/a\",\"tail\":\"/\"}", "{\"a\":\"x/\"}", "(null)"},
        {"{\"at\":\"/a\",\"unless\":[\"0\",\"\"]}", "{\"a\":0}", NULL},
        {"{\"at\":\"/a\",\"unless\":[\"0\",\"\"]}", "{\"a\":\"\"}", NULL},
        {"{\"at\":\"/a\",\"unless\":[\"0\",\"\"]}", "{\"a\":\"00\"}", "00"},
        {"{\"at\":\"/a\",\"as\":\"lower\",\"unless\":\"none\"}", "{\"a\":\"NONE\"}", NULL},
        {"{\"at\":\"/a\",\"as\":\"lower\",\"values\":{\"yes\":\"on\",\"no\":false},\"default\":\"?\"}", "{\"a\":\"YES\"}", "on"},
        {"{\"at\":\"/a\",\"as\":\"lower\",\"values\":{\"yes\":\"on\",\"no\":false},\"default\":\"?\"}", "{\"a\":\"No\"}", "false"},
        {"{\"at\":\"/a\",\"values\":{\"yes\":\"on\"},\"default\":\"?\"}", "{\"a\":\"maybe\"}", "?"},
        {"{\"at\":\"/a\",\"values\":{\"yes\":\"on\"},\"default\":\"?\"}", "{}", NULL},
        {"{\"at\":\"/a\",\"values\":{\"yes\":\"on\"}}", "{\"a\":\"maybe\"}", NULL},
        {"{\"at\":\"/a\",\"values\":{\"true\":\"T\"}}", "{\"a\":true}", "T"},
        {"{\"at\":\"/a\",\"as\":\"abs\"}", "{\"a\":\"-10.50\"}", "10.50"},
        {"{\"at\":\"/a\",\"as\":\"abs\"}", "{\"a\":3}", "3"},
        {"{\"at\":\"/a\",\"as\":\"number\"}", "{\"a\":\"1.50\"}", "1.50"},
        {"{\"at\":\"/a\",\"as\":\"bool\"}", "{\"a\":\"Yes\"}", "true"},
        {"{\"at\":\"/a\",\"as\":\"bool\"}", "{\"a\":0}", "false"},
        {"{\"at\":\"/a\",\"as\":\"unhtml\"}", "{\"a\":\"M&amp;M &#8211; &#x20AC;&nbsp;5\"}",
         "M&M \xe2\x80\x93 \xe2\x82\xac\xc2\xa0"
         "5"},
        {"{\"at\":\"/a\",\"as\":\"unhtml\"}", "{\"a\":\"&amp;lt; &bogus; &#0; &#55296; & &;\"}", "&lt; &bogus; &#0; &#55296; & &;"},
    };

    (void)state;
    CHECK_FORMS("contact.first_name", M_CONTACT_FIRST_NAME, cases);
}

static void when_makes_a_value_conditional(void **state)
{
    static const struct form_case cases[] = {
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"set\":true}}", "{\"x\":\"1\"}", "c"},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"set\":true}}", "{\"x\":null}", NULL},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"set\":true}}", "{\"x\":\" \"}", NULL},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"set\":true}}", "{\"x\":[]}", NULL},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"set\":true}}", "{\"x\":false}", "c"},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"set\":false}}", "{}", "c"},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"missing\":true}}", "{\"x\":null}", NULL},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"missing\":true}}", "{}", "c"},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"missing\":false}}", "{\"x\":null}", "c"},
        {"{\"const\":\"c\",\"when\":[{\"at\":\"/x\",\"is\":[1,\"2\"]},{\"at\":\"/y\",\"is\":true}]}", "{\"x\":\"1\",\"y\":true}",
         "c"},
        {"{\"const\":\"c\",\"when\":[{\"at\":\"/x\",\"is\":[1,\"2\"]},{\"at\":\"/y\",\"is\":true}]}", "{\"x\":2}", NULL},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"is\":\"\"}}", "{\"x\":null}", NULL},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"same\":\"/y\"}}", "{\"x\":\"1\",\"y\":1}", "c"},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"same\":\"/y\"}}", "{\"x\":\"1\",\"y\":\"2\"}", NULL},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"same\":\"/y\"}}", "{}", NULL},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"same\":\"/y\"}}", "{\"x\":null,\"y\":null}", NULL},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"differs\":\"/y\"}}", "{\"x\":\"1\",\"y\":\"2\"}", "c"},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"differs\":\"/y\"}}", "{\"x\":\"1\",\"y\":\"1\"}", NULL},
        {"{\"const\":\"c\",\"when\":{\"at\":\"/x\",\"differs\":\"/y\"}}", "{\"x\":\"1\"}", "c"},
    };

    (void)state;
    CHECK_FORMS("contact.first_name", M_CONTACT_FIRST_NAME, cases);
}

static void sums_are_exact_K1(void **state)
{
    static const struct form_case cases[] = {
        {"{\"sum\":\"/l\",\"take\":\"/v\"}", "{\"l\":[{\"v\":\"0.1\"},{\"v\":0.2},{\"v\":\"-0.05\"}]}", "0.25"},
        {"{\"sum\":\"/l\",\"take\":\"/v\"}", "{\"l\":[{\"v\":\"9007199254740.993\"},{\"v\":\"0.001\"}]}", "9007199254740.994"},
        {"{\"sum\":\"/l\",\"take\":\"/v\",\"where\":{\"/k\":\"r\"}}", "{\"l\":[{\"v\":\"1\",\"k\":\"r\"},{\"v\":\"2\"}]}", "1"},
        {"{\"sum\":\"/l\",\"take\":\"/v\",\"where\":{\"/k\":null}}",
         "{\"l\":[{\"v\":\"1\",\"k\":\"r\"},{\"v\":\"2\"},{\"v\":\"4\",\"k\":null}]}", "6"},
        {"{\"sum\":\"/l\"}", "{\"l\":[\"1.50\",2,null]}", "3.50"},
        {"{\"sum\":\"/l\"}", "{\"l\":[]}", "0"},
        {"{\"sum\":\"/l\"}", "{}", NULL},
        {"{\"sum\":\"/l\"}", "{\"l\":null}", NULL},
        {"{\"sum\":\"/l\"}", "{\"l\":[\"-1.00\",\"0.5\"]}", "-0.50"},
    };

    (void)state;
    CHECK_FORMS("order.total", M_ORDER_TOTAL, cases);
}

static void types_are_checked_and_no_value_is_told(void **state)
{
    static const char *const cases[][4] = {
        /* member, form, body, detail */
        {"order.total", "\"/a\"", "{\"a\":\"1e3\"}", "order.total: /a must be a plain decimal number, not a text of 3 characters"},
        {"order.total", "\"/a\"", "{\"a\":1e3}", "order.total: /a must be a plain decimal number, not a text of 3 characters"},
        {"order.total", "\"/a\"", "{\"a\":\"1,50\"}", "order.total: /a must be a plain decimal number, not a text of 4 characters"},
        {"order.total", "{\"sum\":\"/a\"}", "{\"a\":[\"x\"]}",
         "order.total: /a must be plain decimal numbers to add up, not a text of 1 character"},
        {"order.total", "{\"sum\":\"/a\"}", "{\"a\":[99999999999999999]}",
         "order.total: /a must be plain decimal numbers to add up, not a number"},
        {"order.total", "{\"sum\":\"/a\"}", "{\"a\":{}}", "order.total: /a must be a list, not an object"},
        {"contact.updated_at", "\"/a\"", "{\"a\":\"2024-05-02\"}",
         "contact.updated_at: /a must be a time, not a text of 10 characters"},
        {"contact.updated_at", "{\"at\":\"/a\",\"as\":\"time:unix\"}", "{\"a\":\"2024-05-02T00:00:00Z\"}",
         "contact.updated_at: /a must be a time of the stated format, not a text of 20 characters"},
        {"order.status", "\"/a\"", "{\"a\":\"gone\"}",
         "order.status: /a must be pending paid completed cancelled refunded partially_refunded failed draft, not a text of 4 "
         "characters"},
        {"order.test", "\"/a\"", "{\"a\":\"perhaps\"}", "order.test: /a must be true or false, not a text of 7 characters"},
        {"contact.phone", "\"/a\"", "{\"a\":{\"n\":\"secret\"}}", "contact.phone: /a must be one value, not an object"},
        {"contact.phone", "\"/a\"", "{\"a\":[1]}", "contact.phone: /a must be one value, not a list"},
        {"contact.tags", "\"/a\"", "{\"a\":[[\"x\"]]}", "contact.tags: /a must be a list of texts, not a list"},
        {"contact.tags", "\"/a\"", "{\"a\":{\"x\":1}}", "contact.tags: /a must be a list of texts, not an object"},
        {"contact.fields", "{\"*\":{\"at\":\"/a\"}}", "{\"a\":[1]}", "contact.fields: /a must be an object, not a list"},
        {"contact.fields", "{\"*\":{\"at\":\"/a\"}}", "{\"a\":\"x\"}",
         "contact.fields: /a must be an object, not a text of 1 character"},
        {"order.items", "{\"at\":\"/a\",\"each\":{\"name\":\"/n\"}}", "{\"a\":\"\xc3\xa9\"}",
         "order.items: /a must be a list, not a text of 1 character"},
        {"order.items", "{\"at\":\"/a\",\"each\":{\"name\":\"/n\"}}", "{\"a\":[{\"n\":{\"x\":1}}]}",
         "order.items: /n must be one value, not an object"},
        {"order.refunds", "{\"at\":\"/a\",\"each\":{\"amount\":\"/n\"}}", "{\"a\":[{\"n\":\"1 EUR\"}]}",
         "order.refunds: /n must be a plain decimal number, not a text of 5 characters"},
        {"order.refunds", "{\"at\":\"/a\",\"each\":{\"at\":\"/n\"}}", "{\"a\":[{\"n\":\"now\"}]}",
         "order.refunds: /n must be a time, not a text of 3 characters"},
    };
    char members[400];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trial t;

        snprintf(members, sizeof(members), "\"%s\":%s", cases[i][0], cases[i][1]);
        try_body(&t, "customer_updated", members, cases[i][2]);
        if (t.c.err != ERR_SYNTAX || strcmp(t.c.failure.reason, "mapping") != 0 || !str_eq(t.c.failure.detail, str_of(cases[i][3])))
            fail_msg("%s: %s %.*s", cases[i][3], t.c.failure.reason, STR_ARG(t.c.failure.detail));
        assert_int_equal(t.c.mapped.n, 0);
        end_trial(&t);
    }
}

static void times_and_booleans_are_read(void **state)
{
    const struct event *e;
    struct trial t;

    (void)state;
    try_body(&t, "customer_updated",
             "\"contact.created_at\":{\"at\":\"/u\",\"as\":\"time:unix\"},\"contact.updated_at\":[\"/none\",{\"at\":\"/"
             "s\",\"as\":\"time:sql\"}],"
             "\"occurred_at\":\"/i\",\"order.test\":{\"at\":\"/b\",\"as\":\"bool\"},\"backfill\":\"/one\"",
             "{\"u\":1714641068,\"s\":\"2024-05-02 09:11:08\",\"i\":\"2024-05-02T11:11:08.5+02:00\",\"b\":\"no\",\"one\":1}");
    e = only_event(&t.c);
    assert_time(e, M_CONTACT_CREATED_AT, "2024-05-02T09:11:08Z");
    assert_time(e, M_CONTACT_UPDATED_AT, "2024-05-02T09:11:08Z");
    assert_time(e, M_OCCURRED_AT, "2024-05-02T09:11:08.500000Z");
    assert_bool(e, M_ORDER_TEST, 0);
    assert_bool(e, M_BACKFILL, 1);
    end_trial(&t);
}

static void entities_never_grow_a_text(void **state)
{
    static const char *const texts[] = {"&lt;",      "&yuml;", "&#x10FFFF;", "&#1114112;", "&hearts;&Prime;",
                                        "&#128512;", "a&amp",  "&&&amp;"};
    static const char *const wants[] = {
        "<", "\xc3\xbf", "\xf4\x8f\xbf\xbf", "&#1114112;", "\xe2\x99\xa5\xe2\x80\xb3", "\xf0\x9f\x98\x80", "a&amp", "&&&"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct arena arena;
        struct str out;

        arena_init(&arena, 4096);
        assert_int_equal(entity_decode(str_of(texts[i]), &arena, &out), OK);
        assert_str(out, wants[i]);
        assert_true(out.len <= strlen(texts[i]));
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointers_find_texts),
        cmocka_unit_test(texts_change_their_case),
        cmocka_unit_test(minor_units_become_decimal_texts_K1),
        cmocka_unit_test(texts_are_joined),
        cmocka_unit_test(an_address_is_found_in_a_text),
        cmocka_unit_test(values_may_start_further_out),
        cmocka_unit_test(lists_become_maps_of_fields),
        cmocka_unit_test(F1_null_and_empty_by_type),
        cmocka_unit_test(first_of_takes_the_first_that_is_not_empty),
        cmocka_unit_test(pick_and_take_choose_an_element),
        cmocka_unit_test(text_operators_apply_in_order),
        cmocka_unit_test(when_makes_a_value_conditional),
        cmocka_unit_test(sums_are_exact_K1),
        cmocka_unit_test(types_are_checked_and_no_value_is_told),
        cmocka_unit_test(times_and_booleans_are_read),
        cmocka_unit_test(entities_never_grow_a_text),
    };

    return cmocka_run_group_tests_name("route_values", tests, NULL, NULL);
}
