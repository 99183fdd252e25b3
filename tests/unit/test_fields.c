/* test_fields.c -- proves the header fields: found without regard to case, repeated ones counted. */
#include "base/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void finds_the_first_and_counts_all(void **state)
{
    const struct field at[] = {
        {STR("X-Topic"), STR("orders/create")},
        {STR("x-signature"), STR("")},
        {STR("X-TOPIC"), STR("orders/paid")},
    };
    const struct fields fields = {.at = at, .n = 3};
    struct str value = STR("before");

    (void)state;
    assert_int_equal(fields_get(fields, STR("x-topic"), &value), 2);
    assert_true(str_eq(value, STR("orders/create")));
    assert_int_equal(fields_get(fields, STR("X-Signature"), &value), 1);
    assert_non_null(value.p);
    assert_int_equal(value.len, 0);
    assert_int_equal(fields_get(fields, STR("X-Topi"), &value), 0);
    assert_null(value.p);
    assert_int_equal(fields_get(fields, STR("x-topic"), NULL), 2);
}

static void finds_nothing_in_an_empty_list(void **state)
{
    struct str value = STR("before");

    (void)state;
    assert_int_equal(fields_get((struct fields){.at = NULL, .n = 0}, STR("a"), &value), 0);
    assert_null(value.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_first_and_counts_all),
        cmocka_unit_test(finds_nothing_in_an_empty_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
