/* test_form.c -- proves that a urlencoded form is decoded strictly and within its limits. */
#include "base/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void assert_pair(const struct form *form, size_t i, const char *name, const char *value)
{
    assert_true(i < form->n);
    if (!str_eq(form_name(form, i), str_of(name)) || !str_eq(form_value(form, i), str_of(value)))
        fail_msg("pair %zu is %.*s=%.*s, expected %s=%s", i, STR_ARG(form_name(form, i)), STR_ARG(form_value(form, i)), name,
                 value);
}

static void decodes_escapes_and_blanks_in_the_order_of_the_text(void **state)
{
    struct form form;

    (void)state;
    assert_int_equal(form_parse(STR("b=2+3&a%5Bx%5d=%C3%a9%26%3D&b=&flag&=v&u==1"), &form_limits_default, &form), OK);
    assert_int_equal(form.n, 6);
    assert_pair(&form, 0, "b", "2 3");
    assert_pair(&form, 1, "a[x]", "\xc3\xa9&=");
    assert_pair(&form, 2, "b", "");
    assert_pair(&form, 3, "flag", "");
    assert_pair(&form, 4, "", "v");
    assert_pair(&form, 5, "u", "=1");
    form_release(&form);
}

static void says_how_often_a_name_stands_there(void **state)
{
    struct form form;
    struct str value;

    (void)state;
    assert_int_equal(form_parse(STR("a=1&%61=2&A=3"), &form_limits_default, &form), OK);
    assert_int_equal(form_get(&form, STR("a"), &value), 2);
    assert_true(str_eq(value, STR("1")));
    assert_int_equal(form_get(&form, STR("A"), NULL), 1);
    assert_int_equal(form_get(&form, STR("b"), &value), 0);
    assert_int_equal(value.len, 0);
    form_release(&form);
}

static void an_empty_text_has_no_pairs(void **state)
{
    struct form form;

    (void)state;
    assert_int_equal(form_parse(STR_NONE, &form_limits_default, &form), OK);
    assert_int_equal(form.n, 0);
    assert_int_equal(form_get(&form, STR("a"), NULL), 0);
    form_release(&form);
}

static void refuses_broken_escapes_nul_and_empty_pairs(void **state)
{
    static const struct str bad[] = {
        {"a=%", 3},  {"a=%4", 4},    {"a=%4g", 5}, {"a=%G0", 5},    {"%=1", 3},  {"%4=1", 4}, {"a=%00", 5},
        {"a=\0", 3}, {"a=1&%00", 7}, {"&", 1},     {"a=1&&b=2", 8}, {"a=1&", 4}, {"&a=1", 4}, {"a=%u0041", 8},
    };
    struct form form;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (form_parse(bad[i], &form_limits_default, &form) != ERR_SYNTAX)
            fail_msg("row %zu was taken", i);
        assert_int_equal(form.n, 0);
        assert_null(form.bytes);
    }
}

static void N9_stops_at_its_limits(void **state)
{
    const struct form_limits limits = {.max_bytes = 11, .max_pairs = 3};
    struct form form;

    (void)state;
    assert_int_equal(form_parse(STR("a=1&b=2&c=3"), &limits, &form), OK);
    form_release(&form);
    assert_int_equal(form_parse(STR("a=1&b=2&c=33"), &limits, &form), ERR_TOO_LARGE);
    assert_int_equal(form_parse(STR("a&b&c&d"), &limits, &form), ERR_TOO_MANY);
}

static void a_form_that_was_written_reads_the_same(void **state)
{
    struct buf text = BUF_INIT(1000);
    struct form form;
    struct str value;

    (void)state;
    assert_int_equal(form_append(&text, STR("a[b]"), STR("x & y = 100%+")), OK);
    assert_int_equal(form_append(&text, STR("c"), STR_NONE), OK);
    assert_string_equal(buf_text(&text), "a%5Bb%5D=x%20%26%20y%20%3D%20100%25%2B&c=");
    assert_int_equal(form_parse(buf_str(&text), &form_limits_default, &form), OK);
    assert_int_equal(form_get(&form, STR("a[b]"), &value), 1);
    assert_true(str_eq(value, STR("x & y = 100%+")));
    form_release(&form);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_escapes_and_blanks_in_the_order_of_the_text),
        cmocka_unit_test(says_how_often_a_name_stands_there),
        cmocka_unit_test(an_empty_text_has_no_pairs),
        cmocka_unit_test(refuses_broken_escapes_nul_and_empty_pairs),
        cmocka_unit_test(N9_stops_at_its_limits),
        cmocka_unit_test(a_form_that_was_written_reads_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
