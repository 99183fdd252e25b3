/* test_str.c -- proves the borrowed string: search, cutting, numbers, UTF-8, edit distance. */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void compares_with_and_without_case(void **state)
{
    (void)state;
    assert_true(str_eq(STR_NONE, STR("")));
    assert_false(str_eq(STR("a"), STR("b")));
    assert_false(str_eq(STR("a"), STR("ab")));
    assert_true(str_eq_nocase(STR("X-Hmac-SHA256"), STR("x-hmac-sha256")));
    assert_false(str_eq_nocase(STR("["), STR("{"))); /* 0x20 apart, but no letters */
    assert_false(str_eq_nocase(STR("\xc4"), STR("\xe4")));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_cmp(STR_NONE, STR("")), 0);
    assert_true(str_starts(STR("ab"), STR("")) && str_starts(STR("ab"), STR("ab")) && !str_starts(STR("a"), STR("ab")));
    assert_true(str_ends(STR("ab"), STR("")) && str_ends(STR("ab"), STR("b")) && !str_ends(STR("b"), STR("ab")));
}

static void finds_bytes_and_texts_or_the_end(void **state)
{
    (void)state;
    assert_int_equal(str_find(STR("abc"), 'c'), 2);
    assert_int_equal(str_find(STR("abc"), 'd'), 3);
    assert_int_equal(str_find(STR_NONE, 'd'), 0);
    assert_int_equal(str_find_str(STR("aaab"), STR("aab")), 1);
    assert_int_equal(str_find_str(STR("aaa"), STR("ab")), 3);
    assert_int_equal(str_find_str(STR("ab"), STR("abc")), 2);
    assert_int_equal(str_find_str(STR("xab"), STR("ab")), 1);
    assert_int_equal(str_find_str(STR("ab"), STR("")), 0);
    assert_int_equal(str_find_str(STR_NONE, STR("a")), 0);
}

static void cuts_without_leaving_the_string(void **state)
{
    (void)state;
    assert_true(str_eq(str_from(STR("abc"), 1), STR("bc")));
    assert_int_equal(str_from(STR("abc"), 3).len, 0);
    assert_int_equal(str_from(STR("abc"), SIZE_MAX).len, 0);
    assert_null(str_from(STR_NONE, 4).p);
    assert_true(str_eq(str_upto(STR("abc"), 2), STR("ab")));
    assert_true(str_eq(str_upto(STR("abc"), SIZE_MAX), STR("abc")));
    assert_true(str_eq(str_trim(STR(" \t\r\n a b\n ")), STR("a b")));
    assert_int_equal(str_trim(STR(" \t ")).len, 0);
}

static void splits_into_every_part_also_empty_ones(void **state)
{
    static const char *const expected[] = {"a", "", "b", ""};
    struct str rest = STR("a,,b,"), part;
    size_t n = 0;

    (void)state;
    while (str_split(&rest, ',', &part))
        assert_true(n < 4 && str_eq(part, str_of(expected[n++])));
    assert_int_equal(n, 4);
    rest = STR("");
    assert_true(str_split(&rest, ',', &part));
    assert_int_equal(part.len, 0);
    assert_false(str_split(&rest, ',', &part));
}

static void reads_numbers_to_their_limits_and_nothing_else(void **state)
{
    static const char *const malformed[] = {"", "-", "+1", " 1", "1 ", "0x1", "1.0", "--1", "1e3"};
    uint64_t u = 0;
    int64_t i = 0;

    (void)state;
    assert_int_equal(str_to_u64(STR("18446744073709551615"), &u), OK);
    assert_true(u == UINT64_MAX);
    assert_int_equal(str_to_u64(STR("18446744073709551616"), &u), ERR_RANGE);
    assert_int_equal(str_to_u64(STR("99999999999999999999"), &u), ERR_RANGE);
    assert_int_equal(str_to_u64(STR("-1"), &u), ERR_SYNTAX);
    assert_int_equal(str_to_i64(STR("-9223372036854775808"), &i), OK);
    assert_true(i == INT64_MIN);
    assert_int_equal(str_to_i64(STR("9223372036854775807"), &i), OK);
    assert_true(i == INT64_MAX);
    assert_int_equal(str_to_i64(STR("9223372036854775808"), &i), ERR_RANGE);
    assert_int_equal(str_to_i64(STR("-9223372036854775809"), &i), ERR_RANGE);
    assert_int_equal(str_to_i64(STR("0000000000000000000000000007"), &i), OK);
    assert_int_equal(i, 7);
    for (size_t n = 0; n < sizeof(malformed) / sizeof(*malformed); n++)
        assert_int_equal(str_to_i64(str_of(malformed[n]), &i), ERR_SYNTAX);
    assert_int_equal(i, 7);
}

static void copies_with_a_nul_after_it(void **state)
{
    char *copy = str_dup(STR("a\0b"));

    (void)state;
    assert_non_null(copy);
    assert_memory_equal(copy, "a\0b", 4);
    free(copy);
    copy = str_dup(STR_NONE);
    assert_string_equal(copy, "");
    free(copy);
}

static void accepts_well_formed_utf8_only(void **state)
{
    static const struct {
        struct str text;
        bool good;
    } cases[] = {
        {STR_NONE, true},
        {STR("plain \x7f"), true},
        {STR("\xc2\x80 \xdf\xbf"), true},
        {STR("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"), true},
        {STR("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"), true},
        {STR("\xc0\x80"), false},         /* overlong NUL */
        {STR("\xc1\xbf"), false},         /* overlong */
        {STR("\xe0\x9f\xbf"), false},     /* overlong */
        {STR("\xf0\x8f\xbf\xbf"), false}, /* overlong */
        {STR("\xed\xa0\x80"), false},     /* surrogate */
        {STR("\xed\xbf\xbf"), false},     /* surrogate */
        {STR("\xf4\x90\x80\x80"), false}, /* past U+10FFFF */
        {STR("\xf5\x80\x80\x80"), false},
        {STR("\x80"), false},
        {STR("\xff"), false},
        {STR("\xc3"), false},
        {STR("\xe2\x82"), false},
        {STR("\xf0\x9f\x92"), false},
        {STR("\xc3("), false},
        {STR("\xe2\x82("), false},
        {STR("\xf0\x9f\x92("), false},
        {STR("\xe2(\xa1"), false},
        {STR("ok \xe2\x82"), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(str_is_utf8(cases[i].text), cases[i].good);
}

static void does_not_read_past_a_cut_character(void **state)
{
    static const char *const cut[] = {"\xc3", "\xe2\x82", "\xf0\x9f\x92"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char *exact = malloc(strlen(cut[i])); /* the sanitizer sees one byte too many */

        assert_non_null(exact);
        memcpy(exact, cut[i], strlen(cut[i]));
        assert_false(str_is_utf8(str_n(exact, strlen(cut[i]))));
        free(exact);
    }
}

static void measures_edits_up_to_a_limit(void **state)
{
    static char long_text[65];

    (void)state;
    memset(long_text, 'x', sizeof(long_text));
    assert_int_equal(str_distance(STR("listen"), STR("listen"), 3), 0);
    assert_int_equal(str_distance(STR("listn"), STR("listen"), 3), 1);
    assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 3), 3);
    assert_int_equal(str_distance(STR(""), STR("abc"), 3), 3);
    assert_int_equal(str_distance(STR("abcd"), STR(""), 3), 4);
    assert_int_equal(str_distance(STR("abcdefgh"), STR("xxxxxxxx"), 3), 4);
    assert_int_equal(str_distance(str_n(long_text, 64), str_n(long_text, 64), 3), 0);
    assert_int_equal(str_distance(str_n(long_text, 65), str_n(long_text, 65), 3), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_with_and_without_case),
        cmocka_unit_test(finds_bytes_and_texts_or_the_end),
        cmocka_unit_test(cuts_without_leaving_the_string),
        cmocka_unit_test(splits_into_every_part_also_empty_ones),
        cmocka_unit_test(reads_numbers_to_their_limits_and_nothing_else),
        cmocka_unit_test(copies_with_a_nul_after_it),
        cmocka_unit_test(accepts_well_formed_utf8_only),
        cmocka_unit_test(does_not_read_past_a_cut_character),
        cmocka_unit_test(measures_edits_up_to_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
