/* test_buf.c -- proves the growing buffer: never past its maximum (N9), always ended by a NUL. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void grows_piece_by_piece_and_stays_c_text(void **state)
{
    struct buf b = BUF_INIT(100000);

    (void)state;
    assert_string_equal(buf_text(&b), "");
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(buf_append_c(&b, (char)('a' + i % 26)), OK);
        assert_int_equal(b.p[b.len], '\0');
    }
    assert_int_equal(b.len, 10000);
    assert_int_equal(b.p[9999], 'a' + 9999 % 26);
    assert_int_equal(buf_append(&b, STR_NONE), OK);
    assert_int_equal(b.len, 10000);
    buf_release(&b);
    assert_int_equal(b.len, 0);
    assert_int_equal(buf_append(&b, STR("again")), OK);
    assert_string_equal(buf_text(&b), "again");
    buf_release(&b);
    buf_release(NULL);
}

static void N9_refuses_one_byte_past_the_maximum_and_keeps_what_it_has(void **state)
{
    struct buf b = BUF_INIT(5);

    (void)state;
    assert_int_equal(buf_append(&b, STR("12345")), OK);
    assert_int_equal(buf_append_c(&b, '6'), ERR_TOO_LARGE);
    assert_int_equal(buf_printf(&b, "%d", 6), ERR_TOO_LARGE);
    assert_int_equal(buf_reserve(&b, SIZE_MAX), ERR_TOO_LARGE);
    assert_string_equal(buf_text(&b), "12345");
    assert_true(b.cap <= 6);
    buf_release(&b);
}

static void N9_a_maximum_of_nothing_and_of_everything(void **state)
{
    struct buf none = BUF_INIT(0), all = BUF_INIT(SIZE_MAX);

    (void)state;
    assert_int_equal(buf_append_c(&none, 'x'), ERR_TOO_LARGE);
    assert_int_equal(buf_append(&none, STR("")), OK);
    assert_string_equal(buf_text(&none), "");
    assert_int_equal(buf_append(&all, STR("x")), OK);
    assert_int_equal(buf_reserve(&all, SIZE_MAX - 1), ERR_TOO_LARGE);
    assert_int_equal(buf_reserve(&all, SIZE_MAX - 2), ERR_MEMORY);
    assert_string_equal(buf_text(&all), "x");
    buf_release(&none);
    buf_release(&all);
}

static void prints_to_the_last_byte_that_fits(void **state)
{
    struct buf b = BUF_INIT(70);

    (void)state;
    assert_int_equal(buf_printf(&b, "%s", ""), OK);
    assert_string_equal(buf_text(&b), "");
    assert_int_equal(buf_printf(&b, "%064d", 7), OK);
    assert_int_equal(b.len, 64);
    assert_int_equal(buf_printf(&b, "%s=%d", "key", 42), OK);
    assert_string_equal(b.p + 64, "key=42");
    assert_int_equal(buf_printf(&b, "."), ERR_TOO_LARGE);
    buf_release(&b);
}

static void drops_from_the_front(void **state)
{
    struct buf b = BUF_INIT(100);

    (void)state;
    assert_int_equal(buf_append(&b, STR("hello world")), OK);
    buf_drop(&b, 0);
    buf_drop(&b, 6);
    assert_string_equal(buf_text(&b), "world");
    buf_drop(&b, 5);
    assert_string_equal(buf_text(&b), "");
    buf_drop(&b, 1);
    buf_clear(&b);
    assert_int_equal(b.len, 0);
    buf_release(&b);
    buf_drop(&b, 1);
    buf_clear(&b);
    assert_string_equal(buf_text(&b), "");
}

static void gives_its_bytes_away(void **state)
{
    struct buf b = BUF_INIT(100);
    char *taken;

    (void)state;
    assert_int_equal(buf_append(&b, STR("mine")), OK);
    taken = buf_take(&b);
    assert_string_equal(taken, "mine");
    assert_int_equal(b.len, 0);
    free(taken);
    taken = buf_take(&b);
    assert_string_equal(taken, "");
    free(taken);
}

static void is_usable_again_after_a_wipe(void **state)
{
    struct buf b = BUF_INIT(100);

    (void)state;
    buf_wipe(&b);
    buf_wipe(NULL);
    assert_int_equal(buf_append(&b, STR("secret")), OK);
    buf_wipe(&b);
    assert_null(b.p);
    assert_int_equal(b.cap + b.len, 0);
    assert_int_equal(b.max, 100);
    assert_int_equal(buf_append(&b, STR("next")), OK);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_piece_by_piece_and_stays_c_text),
        cmocka_unit_test(N9_refuses_one_byte_past_the_maximum_and_keeps_what_it_has),
        cmocka_unit_test(N9_a_maximum_of_nothing_and_of_everything),
        cmocka_unit_test(prints_to_the_last_byte_that_fits),
        cmocka_unit_test(drops_from_the_front),
        cmocka_unit_test(gives_its_bytes_away),
        cmocka_unit_test(is_usable_again_after_a_wipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
