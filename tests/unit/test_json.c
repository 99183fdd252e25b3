/* test_json.c -- proves our own JSON and the list of problems. */
#include "base/json.h"
#include "base/problems.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct str printed(struct buf *out, json_t *value)
{
    buf_clear(out);
    assert_non_null(value);
    assert_int_equal(json_print(value, out), OK);
    json_decref(value);
    return buf_str(out);
}

static void parses_and_prints_in_the_order_of_the_text(void **state)
{
    struct buf out = BUF_INIT(1000);
    json_t *value = NULL;

    (void)state;
    assert_int_equal(json_parse(STR("{\"z\": 1, \"a\": [true, null, \"\\u00e9\"]}"), &value, NULL), OK);
    assert_string_equal(printed(&out, value).p, "{\"z\":1,\"a\":[true,null,\"\xc3\xa9\"]}");
    assert_int_equal(json_parse(STR("\"text\""), &value, NULL), OK);
    assert_string_equal(printed(&out, value).p, "\"text\"");
    buf_release(&out);
}

static void prints_indented(void **state)
{
    struct buf out = BUF_INIT(1000);
    json_t *value = NULL;

    (void)state;
    assert_int_equal(json_parse(STR("{\"a\":[1]}"), &value, NULL), OK);
    assert_int_equal(json_print_pretty(value, &out), OK);
    assert_string_equal(buf_text(&out), "{\n  \"a\": [\n    1\n  ]\n}");
    json_decref(value);
    buf_release(&out);
}

static void refuses_what_is_not_one_json_text(void **state)
{
    static const char *const wrong[] = {"", "{", "{\"a\":1,\"a\":2}", "[1,]", "{} x", "\"\\u0000\"", "\"\xff\"", "nul", "01"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        json_t *value = NULL;

        assert_int_equal(json_parse(str_of(wrong[i]), &value, NULL), ERR_SYNTAX);
        assert_null(value);
    }
    assert_int_equal(json_parse(STR_NONE, &(json_t *){NULL}, NULL), ERR_SYNTAX);
}

static void says_where_a_text_is_wrong(void **state)
{
    struct buf where = BUF_INIT(1000);
    json_t *value = NULL;

    (void)state;
    assert_int_equal(json_parse(STR("{\n  \"a\": 1,\n  \"a\": 2\n}"), &value, &where), ERR_SYNTAX);
    assert_true(str_starts(buf_str(&where), STR("3:")));
    assert_true(str_find_str(buf_str(&where), STR("duplicate")) < where.len);
    buf_release(&where);
}

static void nesting_has_a_bottom(void **state)
{
    static char deep[100000];
    json_t *value = NULL;

    (void)state;
    memset(deep, '[', sizeof(deep));
    assert_int_equal(json_parse(str_n(deep, sizeof(deep)), &value, NULL), ERR_SYNTAX);
}

static void a_full_buffer_is_an_error_not_half_a_text(void **state)
{
    struct buf out = BUF_INIT(4);
    json_t *value = NULL;

    (void)state;
    assert_int_equal(json_parse(STR("[\"0123456789\"]"), &value, NULL), OK);
    assert_int_equal(json_print(value, &out), ERR_TOO_LARGE);
    json_decref(value);
    buf_release(&out);
}

static void bytes_that_are_not_utf8_become_replacement_characters(void **state)
{
    struct buf out = BUF_INIT(1000);

    (void)state;
    assert_string_equal(printed(&out, json_str(STR("plain \xc3\xa9"))).p, "\"plain \xc3\xa9\"");
    assert_string_equal(printed(&out, json_str(STR("a\xff"
                                                   "b\xc3")))
                            .p,
                        "\"a\xef\xbf\xbd"
                        "b\xef\xbf\xbd\"");
    assert_string_equal(printed(&out, json_str(STR("\xf0\x9f\x98"))).p, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_string_equal(printed(&out, json_str(STR_NONE)).p, "\"\"");
    assert_string_equal(printed(&out, json_str(str_n("a\0b", 3))).p, "\"a\\u0000b\"");
    buf_release(&out);
}

static void borrows_texts_and_members(void **state)
{
    json_t *value = NULL;

    (void)state;
    assert_int_equal(json_parse(STR("{\"a\": \"x\", \"n\": 1}"), &value, NULL), OK);
    assert_true(str_eq(json_member_text(value, "a"), STR("x")));
    assert_null(json_member_text(value, "n").p);
    assert_null(json_member_text(value, "absent").p);
    assert_null(json_text(value).p);
    assert_null(json_text(NULL).p);
    json_decref(value);
}

static void problems_name_file_place_and_reason(void **state)
{
    struct problems p;

    (void)state;
    problems_init(&p, STR("my.json"));
    problems_add(&p, STR("/push/verify/0"), "unknown member \"%s\"", "heador");
    problems_add(&p, STR_NONE, "not JSON");
    problems_add(&p, STR(""), "no object");
    assert_int_equal(p.n, 3);
    assert_string_equal(buf_text(&p.text),
                        "my.json#/push/verify/0: unknown member \"heador\"\nmy.json: not JSON\nmy.json#: no object\n");
    problems_release(&p);
    problems_release(NULL);
}

static void problems_past_the_twentieth_are_counted_only(void **state)
{
    struct problems p;
    size_t lines = 0;

    (void)state;
    problems_init(&p, STR("f"));
    for (int i = 0; i < 50; i++)
        problems_add(&p, STR("/x"), "number %d", i);
    for (size_t i = 0; i < p.text.len; i++)
        lines += p.text.p[i] == '\n';
    assert_int_equal(p.n, 50);
    assert_int_equal(lines, PROBLEMS_MAX);
    problems_release(&p);
}

static void the_nearest_name_is_at_most_three_edits_away(void **state)
{
    static const char *const names[] = {"header", "hash", "encoding", NULL};

    (void)state;
    assert_string_equal(nearest_name(STR("heador"), names), "header");
    assert_string_equal(nearest_name(STR("hsh"), names), "hash");
    assert_null(nearest_name(STR("completely"), names));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_and_prints_in_the_order_of_the_text),
        cmocka_unit_test(prints_indented),
        cmocka_unit_test(refuses_what_is_not_one_json_text),
        cmocka_unit_test(says_where_a_text_is_wrong),
        cmocka_unit_test(nesting_has_a_bottom),
        cmocka_unit_test(a_full_buffer_is_an_error_not_half_a_text),
        cmocka_unit_test(bytes_that_are_not_utf8_become_replacement_characters),
        cmocka_unit_test(borrows_texts_and_members),
        cmocka_unit_test(problems_name_file_place_and_reason),
        cmocka_unit_test(problems_past_the_twentieth_are_counted_only),
        cmocka_unit_test(the_nearest_name_is_at_most_three_edits_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
