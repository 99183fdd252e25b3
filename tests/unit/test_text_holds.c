/* test_text_holds.c -- proves that a word is found as programs spell it, and nowhere else. */
#include "base/text_holds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void finds_a_word_in_every_spelling(void **state)
{
    static const char *const texts[] = {"zoe@example.com",       "<Zoe@Example.COM>",        "a=1&e=zoe%40example.com",
                                        "zoe\\u0040example.com", "%7aoe%40example%2ecom",    "\\u007Aoe@example.com",
                                        "zzoe@example.com",      "100% zoe@example.com\\u00"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (!text_holds(str_of(texts[i]), STR("zoe@example.com")))
            fail_msg("not found in %s", texts[i]);
}

static void finds_nothing_in_what_is_only_like_it(void **state)
{
    static const char *const texts[] = {
        "", "zoe@example.co", "zoe@example.org", "zoe%4example.com", "zoe\\u004example.com", "oe@example.com"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (text_holds(str_of(texts[i]), STR("zoe@example.com")))
            fail_msg("found in %s", texts[i]);
    assert_false(text_holds(STR("anything"), STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_word_in_every_spelling),
        cmocka_unit_test(finds_nothing_in_what_is_only_like_it),
    };

    return cmocka_run_group_tests_name("text_holds", tests, NULL, NULL);
}
