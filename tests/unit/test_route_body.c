/* test_route_body.c -- proves the forms of a body: JSON, urlencoded, base64, token, and texts in it that hold JSON. */
#include "route_trial.h"

#define MAPPING                                                                     \
    "\"objects\":{\"o\":{\"contact.email\":\"/e\",\"contact.fields.x\":\"/a/b\"}}," \
    "\"topics\":{\"t\":{\"event\":\"signup\",\"object\":\"o\"}}}"

/* Maps the body and returns "email x" of the one event, or "reason: detail". */
static void check_body(const char *push, const char *type, const char *body, const char *want, int line)
{
    struct route *route = load_push(push, MAPPING);
    struct entry entry = {.id = STR("00000000000000000000000000000001"), .source_id = STR("1"), .topic = STR("t")};
    struct map_failure failure;
    struct mapped mapped;
    struct arena arena;
    char got[700];
    enum err err;

    entry.content_type = str_of(type);
    entry.body = str_of(body);
    arena_init(&arena, ROUTE_MAP_ARENA_BYTES);
    err = route_map(route, &entry, NULL, &arena, &mapped, &failure);
    if (err)
        snprintf(got, sizeof(got), "%s: %.*s", failure.reason, STR_ARG(failure.detail));
    else
        snprintf(got, sizeof(got), "%.*s %.*s", STR_ARG(mapped.events[0].m[M_CONTACT_EMAIL].text),
                 STR_ARG(mapped.events[0].n_fields ? mapped.events[0].fields[0].value.text : STR("-")));
    if (strcmp(got, want) != 0) {
        print_error("line %d: \"%s\", not \"%s\"\n", line, got, want);
        _fail(__FILE__, line);
    }
    arena_release(&arena);
    route_free(route);
}
#define assert_body(push, type, body, want) check_body(push, type, body, want, __LINE__)

static void a_body_is_json_unless_the_file_says_otherwise(void **state)
{
    (void)state;
    assert_body("", "application/x-www-form-urlencoded", "{\"e\":\"z@example.com\",\"a\":{\"b\":1}}", "z@example.com 1");
    assert_body("\"body\":\"json\",", "", "e=1", "not_json: at byte 0: not a JSON value");
}

static void a_form_becomes_a_document_that_pointers_lead_into(void **state)
{
    (void)state;
    assert_body("\"body\":\"form\",", "", "e=z%40example.com&a[b]=7\n", "z@example.com 7");
    assert_body("\"body\":\"form\",", "", "e=1&e=2", "not_json: form, pair 2: a name comes twice");
    assert_body("\"body\":\"form\",", "", "e=%f", "not_json: form, pair 0: no urlencoded form");
}

static void the_content_type_decides_where_both_may_come(void **state)
{
    static const char push[] = "\"body\":\"json_or_form\",";

    (void)state;
    assert_body(push, "application/x-www-form-urlencoded", "e=z%40example.com", "z@example.com -");
    assert_body(push, "Application/X-WWW-Form-Urlencoded; charset=utf-8", "e=z%40example.com", "z@example.com -");
    assert_body(push, "application/json", "{\"e\":\"z@example.com\"}", "z@example.com -");
    assert_body(push, "", "e=1", "not_json: at byte 0: not a JSON value");
}

static void the_first_byte_decides_between_json_and_base64(void **state)
{
    static const char push[] = "\"body\":\"json_or_base64\",";

    (void)state;
    assert_body(push, "", " {\"e\":\"z@example.com\"}", "z@example.com -");
    assert_body(push, "", "eyJlIjoiekBleGFtcGxlLmNvbSJ9\n", "z@example.com -");
    assert_body(push, "", "eyJl*", "not_json: neither JSON nor base64");
    assert_body(push, "", "", "not_json: at byte 0: empty");
    assert_body(push, "", "bm90", "not_json: at byte 0: not a JSON value");
}

static void a_token_gives_its_payload(void **state)
{
    static const char push[] = "\"body\":\"jwt\",";

    (void)state;
    assert_body(push, "", "e30.eyJlIjoiekBleGFtcGxlLmNvbSIsImEiOnsiYiI6Ij8_In19.c2ln", "z@example.com ??");
    assert_body(push, "", "e30.eyJlIjoiekBleGFtcGxlLmNvbSJ9", "not_json: no token of three parts");
    assert_body(push, "", "e30.eyJlIjoiekBleGFtcGxlLmNvbSJ9.a.b", "not_json: no token of three parts");
    assert_body(push, "", "e30..c2ln", "not_json: no token of three parts");
    assert_body(push, "", "e30.e*.c2ln", "not_json: the token's payload is no base64");
    assert_body(push, "", "e30.bm90.c2ln", "not_json: at byte 0: not a JSON value");
}

static void texts_that_hold_json_are_opened_in_order(void **state)
{
    (void)state;
    assert_body("\"decode\":[\"/a\"],", "", "{\"e\":\"z@example.com\",\"a\":\"{\\\"b\\\":\\\"in\\\"}\"}", "z@example.com in");
    assert_body("\"decode\":[\"/a\"],", "", "{\"e\":\"z@example.com\",\"a\":{\"b\":\"open\"}}", "z@example.com open");
    assert_body("\"decode\":[\"/a\"],", "", "{\"e\":\"z@example.com\",\"a\":\" \"}", "z@example.com -");
    assert_body("\"decode\":[\"\",\"/a\"],", "", "\"{\\\"e\\\":\\\"z@example.com\\\",\\\"a\\\":\\\"{\\\\\\\"b\\\\\\\":3}\\\"}\"",
                "z@example.com 3");
    assert_body("\"body\":\"form\",\"decode\":[\"/a\"],", "", "e=z%40example.com&a={\"b\":\"f\"}", "z@example.com f");
    assert_body("\"decode\":[\"/a\"],", "", "{\"a\":\"{oops\"}",
                "mapping: /a must be a text that holds JSON: at byte 5: the document does not end");
}

static void what_is_decoded_has_limits_of_its_own_N9(void **state)
{
    struct route *route = load_push("\"decode\":[\"/a\",\"/b\",\"/c\",\"/d\"],", MAPPING);
    struct entry entry = {.id = STR("00000000000000000000000000000001"), .source_id = STR("1"), .topic = STR("t")};
    struct buf body = BUF_INIT(2 << 20);
    struct map_failure failure;
    struct mapped mapped;
    struct arena arena;

    (void)state;
    assert_int_equal(buf_append(&body, STR("{\"a\":\"[1")), OK);
    for (int i = 0; i < 30000; i++)
        assert_int_equal(buf_append(&body, STR(",1")), OK);
    assert_int_equal(buf_append(&body, STR("]\"}")), OK);
    entry.body = buf_str(&body);
    arena_init(&arena, ROUTE_MAP_ARENA_BYTES);
    assert_int_equal(route_map(route, &entry, NULL, &arena, &mapped, &failure), ERR_SYNTAX);
    assert_string_equal(failure.reason, "mapping");
    assert_true(mapped.dedupe_key.len > 0);
    arena_release(&arena);
    buf_release(&body);
    route_free(route);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_json_unless_the_file_says_otherwise),
        cmocka_unit_test(a_form_becomes_a_document_that_pointers_lead_into),
        cmocka_unit_test(the_content_type_decides_where_both_may_come),
        cmocka_unit_test(the_first_byte_decides_between_json_and_base64),
        cmocka_unit_test(a_token_gives_its_payload),
        cmocka_unit_test(texts_that_hold_json_are_opened_in_order),
        cmocka_unit_test(what_is_decoded_has_limits_of_its_own_N9),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
