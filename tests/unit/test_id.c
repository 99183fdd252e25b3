/* test_id.c -- proves identifiers: text order is time order, keys are long and differ. */
#include "base/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void grows_with_time_and_within_one_microsecond(void **state)
{
    struct id last = id_new(0), next;

    (void)state;
    for (int64_t us = 1; us < (INT64_C(1) << 52); us *= 3) {
        for (int i = 0; i < 20; i++) {
            next = id_new(us);
            assert_true(strcmp(next.text, last.text) > 0);
            last = next;
        }
    }
    for (int i = 0; i < 60000; i++) {
        next = id_new(INT64_C(1) << 52);
        assert_true(strcmp(next.text, last.text) > 0);
        last = next;
    }
}

static void is_32_lower_case_hex_digits_that_carry_the_time(void **state)
{
    struct id id = id_new(INT64_C(1714641068123456));

    (void)state;
    assert_int_equal(id_str(&id).len, ID_CHARS);
    assert_int_equal(strlen(id.text), ID_CHARS);
    assert_int_equal(strspn(id.text, "0123456789abcdef"), ID_CHARS);
    assert_memory_equal(id.text, "00061774fbc86540", 16);
}

static void differs_when_the_clock_goes_back(void **state)
{
    struct id first = id_new(10), back = id_new(9), again = id_new(10);

    (void)state;
    assert_true(strcmp(back.text, first.text) < 0);
    assert_string_not_equal(again.text, first.text);
}

static void keys_use_every_letter_of_the_alphabet_and_differ(void **state)
{
    bool seen[256] = {false};
    char last[KEY_CHARS + 1] = "", key[KEY_CHARS + 1];
    size_t letters = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        key_new(key);
        assert_int_equal(strlen(key), KEY_CHARS);
        assert_int_equal(strspn(key, "abcdefghijklmnopqrstuvwxyz234567"), KEY_CHARS);
        assert_string_not_equal(key, last);
        memcpy(last, key, sizeof(last));
        for (size_t c = 0; c < KEY_CHARS; c++)
            seen[(unsigned char)key[c]] = true;
    }
    for (size_t c = 0; c < 256; c++)
        letters += seen[c];
    assert_int_equal(letters, 32);
}

static void fills_exactly_what_is_asked_for(void **state)
{
    unsigned char bytes[1002] = {0};
    size_t zeros = 0;

    (void)state;
    random_bytes(bytes + 1, 1000);
    for (size_t i = 1; i <= 1000; i++)
        zeros += bytes[i] == 0;
    assert_true(zeros < 40); /* 4 are expected; 40 comes once in 10^25 runs */
    assert_int_equal(bytes[0] + bytes[1001], 0);
    random_bytes(bytes, 0);
    assert_int_equal(bytes[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_with_time_and_within_one_microsecond),
        cmocka_unit_test(is_32_lower_case_hex_digits_that_carry_the_time),
        cmocka_unit_test(differs_when_the_clock_goes_back),
        cmocka_unit_test(keys_use_every_letter_of_the_alphabet_and_differ),
        cmocka_unit_test(fills_exactly_what_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
