/* test_route_config.c -- proves that a mapping reads the source's config: as a value, in conditions, as a zone, and what is refused. */
#include "route_problems.h"

#define TEXT(name, more) "\"" name "\":{\"type\":\"text\"," more "\"doc\":\"d\"}"
#define MEMBERS                                                                                                    \
    "\"config\":{\"secret\":{\"type\":\"secret\",\"required\":true,\"doc\":\"d\"}," TEXT("currency", "") "," TEXT( \
        "refs", "\"default\":\"consent, newsletter\",") "," TEXT("zone", "") "}"
#define FILE_WITH(members)                                                                                     \
    HEAD MEMBERS "," PUSH ",\"objects\":{\"o\":{" members "}},\"topics\":{\"t\":{\"event\":\"order_updated\"," \
                 "\"object\":\"o\"}}}"

/* One mapping tried on a body, with a config (JSON, NULL: none). */
struct trial {
    struct route *route;
    json_t *config;
    struct route_case c;
};

static void try_config(struct trial *t, const char *file, const char *config, const char *body)
{
    struct problems problems;

    problems_init(&problems, STR("x.json"));
    t->route = NULL;
    if (route_load(str_of(file), &problems, &t->route))
        fail_msg("%s", buf_text(&problems.text));
    problems_release(&problems);
    t->config = config ? json_loads(config, 0, NULL) : NULL;
    case_init(&t->c);
    t->c.config = t->config;
    case_text(&t->c, body);
    case_header(&t->c, "X-Topic", "t");
    case_header(&t->c, "X-Id", "1");
    case_map(&t->c, t->route);
}

static void end_trial(struct trial *t)
{
    case_release(&t->c);
    json_decref(t->config);
    route_free(t->route);
}

static void a_value_reads_the_config_of_its_source(void **state)
{
    static const char file[] =
        FILE_WITH("\"order.id\":\"/id\",\"order.currency\":[\"/c\",{\"config\":\"currency\",\"as\":\"upper\"}],"
                  "\"order.total\":{\"at\":\"/t\",\"as\":\"minor\",\"currency\":{\"config\":\"currency\"}}");
    struct trial t;

    (void)state;
    try_config(&t, file, "{\"currency\":\"jpy\"}", "{\"id\":1,\"t\":500}");
    assert_member(only_event(&t.c), M_ORDER_CURRENCY, "JPY");
    assert_member(only_event(&t.c), M_ORDER_TOTAL, "500");
    end_trial(&t);
    try_config(&t, file, "{\"currency\":\"jpy\"}", "{\"id\":1,\"c\":\"EUR\"}");
    assert_member(only_event(&t.c), M_ORDER_CURRENCY, "EUR");
    end_trial(&t);
    try_config(&t, file, NULL, "{\"id\":1}");
    assert_absent(only_event(&t.c), M_ORDER_CURRENCY);
    end_trial(&t);
    try_config(&t, file, "{\"currency\":\"\"}", "{\"id\":1}");
    assert_true(only_event(&t.c)->m[M_ORDER_CURRENCY].is != PRESENT);
    end_trial(&t);
    try_config(&t, file, "{\"currency\":\"euros\"}", "{\"id\":1,\"t\":500}");
    assert_int_equal(t.c.err, ERR_SYNTAX);
    assert_str(t.c.failure.detail, "order.total: currency must be the code of a currency, not a text of 5 characters");
    end_trial(&t);
}

static void the_default_of_the_file_stands_for_what_is_not_set(void **state)
{
    static const char file[] = FILE_WITH("\"order.id\":\"/id\",\"order.number\":{\"config\":\"refs\"}");
    struct trial t;

    (void)state;
    try_config(&t, file, "{\"currency\":\"jpy\"}", "{\"id\":1}");
    assert_member(only_event(&t.c), M_ORDER_NUMBER, "consent, newsletter");
    end_trial(&t);
    try_config(&t, file, "{\"refs\":\"mine\"}", "{\"id\":1}");
    assert_member(only_event(&t.c), M_ORDER_NUMBER, "mine");
    end_trial(&t);
}

static void a_condition_asks_for_what_the_config_says(void **state)
{
    static const char file[] = FILE_WITH(
        "\"order.id\":\"/id\","
        "\"order.number\":{\"at\":\"/l\",\"pick\":{\"/r\":{\"config\":\"refs\",\"split\":\",\"}},\"strict\":true,\"take\":\"/v\"},"
        "\"order.cart_id\":{\"const\":\"c\",\"when\":{\"at\":\"/k\",\"is\":{\"config\":\"currency\"}}}");
    static const struct {
        const char *config, *body, *number, *cart;
    } cases[] = {
        {NULL, "{\"id\":1,\"l\":[{\"r\":\"a\",\"v\":1},{\"r\":\"newsletter\",\"v\":2}],\"k\":\"\"}", "2", NULL},
        {"{\"refs\":\"a\"}", "{\"id\":1,\"l\":[{\"r\":\"a\",\"v\":1},{\"r\":\"newsletter\",\"v\":2}]}", "1", NULL},
        {"{\"refs\":\"\"}", "{\"id\":1,\"l\":[{\"r\":\"\",\"v\":1}]}", NULL, NULL},
        {"{\"currency\":\"EUR\"}", "{\"id\":1,\"k\":\"EUR\"}", NULL, "c"},
        {"{\"currency\":\"EUR,USD\"}", "{\"id\":1,\"k\":\"EUR\"}", NULL, NULL}, /* without split it is one text */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct event *e;
        struct trial t;

        try_config(&t, file, cases[i].config, cases[i].body);
        e = only_event(&t.c);
        if (cases[i].number)
            assert_member(e, M_ORDER_NUMBER, cases[i].number);
        else
            assert_absent(e, M_ORDER_NUMBER);
        if (cases[i].cart)
            assert_member(e, M_ORDER_CART_ID, cases[i].cart);
        else
            assert_absent(e, M_ORDER_CART_ID);
        end_trial(&t);
    }
}

static void a_time_without_a_zone_gets_one(void **state)
{
    static const char by_config[] =
        FILE_WITH("\"order.id\":\"/id\",\"order.updated_at\":{\"at\":\"/t\",\"as\":\"time:sql\",\"zone\":{\"config\":\"zone\"}}");
    static const char fixed[] = FILE_WITH(
        "\"order.id\":\"/id\",\"order.updated_at\":{\"at\":\"/t\",\"as\":\"time:iso_local\",\"zone\":{\"const\":\"-0530\"}}");
    struct trial t;

    (void)state;
    try_config(&t, by_config, "{\"zone\":\"+03:00\"}", "{\"id\":1,\"t\":\"2024-05-02 01:11:08.5\"}");
    assert_time(only_event(&t.c), M_ORDER_UPDATED_AT, "2024-05-01T22:11:08.500000Z");
    end_trial(&t);
    try_config(&t, fixed, NULL, "{\"id\":1,\"t\":\"2024-05-02T22:11:08\"}");
    assert_time(only_event(&t.c), M_ORDER_UPDATED_AT, "2024-05-03T03:41:08Z");
    end_trial(&t);
    try_config(&t, by_config, NULL, "{\"id\":1,\"t\":\"2024-05-02 01:11:08\"}"); /* whose hours these are nobody said */
    assert_absent(only_event(&t.c), M_ORDER_UPDATED_AT);
    end_trial(&t);
    try_config(&t, by_config, "{\"zone\":\"Riyadh\"}", "{\"id\":1,\"t\":\"2024-05-02 01:11:08\"}");
    assert_int_equal(t.c.err, ERR_SYNTAX);
    assert_str(t.c.failure.detail, "order.updated_at: zone must be a zone such as +03:00, not a text of 6 characters");
    end_trial(&t);
    try_config(&t, by_config, "{\"zone\":\"+03:00\"}", "{\"id\":1,\"t\":\"yesterday\"}");
    assert_int_equal(t.c.err, ERR_SYNTAX);
    end_trial(&t);
}

static void what_cannot_be_read_is_refused_at_load(void **state)
{
    (void)state;
    assert_problems(FILE_WITH("\"order.id\":{\"config\":\"curency\"}"),
                    "x.json#/objects/o/order.id/config: \"curency\" is not declared in config with type text (did you mean "
                    "currency?)\n");
    assert_problems(FILE_WITH("\"order.id\":{\"config\":\"secret\"}"),
                    "x.json#/objects/o/order.id/config: \"secret\" is not declared in config with type text: it is a secret\n");
    assert_problems(FILE_WITH("\"order.id\":{\"const\":\"1\",\"when\":{\"at\":\"/a\",\"is\":{\"config\":\"secret\"}}}"),
                    "x.json#/objects/o/order.id/when/is/config: \"secret\" is not declared in config with type text: it is a "
                    "secret\n");
    assert_problems(FILE_WITH("\"order.id\":{\"config\":\"zone\",\"at\":\"/id\"}"),
                    "x.json#/objects/o/order.id: a value has one of at, root, header, const, config, sum, join\n");
    assert_problems(FILE_WITH("\"order.updated_at\":{\"at\":\"/t\",\"as\":\"time:sql\",\"zone\":{\"const\":\"Riyadh\"}}"),
                    "x.json#/objects/o/order.updated_at/zone: \"Riyadh\" is no zone such as +03:00 or Z\n");
    assert_problems(FILE_WITH("\"order.updated_at\":{\"at\":\"/t\",\"as\":\"time:iso\",\"zone\":{\"const\":\"Z\"}}"),
                    "x.json#/objects/o/order.updated_at/zone: needs \"as\": \"time:sql\" or \"time:iso_local\", which have none\n");
    assert_problems(HEAD MEMBERS ",\"push\":{" VERIFY
                                 ",\"topic\":{\"header\":\"X-Topic\"},\"dedupe\":[[{\"at\":\"/id\"},{\"config\":"
                                 "\"zone\"}]]}," TAIL,
                    "x.json#/push/dedupe/0/1/config: a key must stay the same when the source's config changes\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_reads_the_config_of_its_source),
        cmocka_unit_test(the_default_of_the_file_stands_for_what_is_not_set),
        cmocka_unit_test(a_condition_asks_for_what_the_config_says),
        cmocka_unit_test(a_time_without_a_zone_gets_one),
        cmocka_unit_test(what_cannot_be_read_is_refused_at_load),
    };

    return cmocka_run_group_tests_name("route_config", tests, NULL, NULL);
}
