/* test_phone.c -- proves M1's phone form: E.164 from international texts, nothing guessed. */
#include "model/phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void M1_international_numbers_become_e164(void **state)
{
    static const struct {
        const char *raw, *e164;
    } rows[] = {
        {"+447700900123", "+447700900123"},       {"  +44 7700 900123\n", "+447700900123"}, {"+1 (555) 010-0199", "+15550100199"},
        {"+49.30.23125-000", "+493023125000"},    {"+ 33 [1] 99 00 12 34", "+33199001234"}, {"+12345678", "+12345678"},
        {"+123456789012345", "+123456789012345"}, {"+39 06 1234 5678", "+390612345678"},
    };
    char out[PHONE_CHARS + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(phone_normalise(str_of(rows[i].raw), out), OK);
        assert_string_equal(out, rows[i].e164);
    }
}

static void M1_a_country_is_never_guessed(void **state)
{
    static const char *const texts[] = {"07700 900123",   "447700900123",       "00447700900123",
                                        "(555) 010-0199", "+44 (0)7700 900123", "+44 [0]7700 900123"};
    char out[PHONE_CHARS + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(phone_normalise(str_of(texts[i]), out), ERR_SYNTAX);
}

static void M1_what_is_no_number_is_refused(void **state)
{
    static const struct str texts[] = {
        {"", 0},
        {" ", 1},
        {"+", 1},
        {"+1234567", 8},
        {"+1234567890123456", 17},
        {"+0447700900123", 14},
        {"++447700900123", 14},
        {"+44+7700900123", 14},
        {"+447700900123 ext 5", 19},
        {"+44770090012x", 13},
        {"+44\0"
         "7700900123",
         14},
        {"+44\n7700900123", 14},
        {"+44/7700900123", 14},
        {"+\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6\xd9\xa7\xd9\xa8", 17},
    };
    char out[PHONE_CHARS + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (phone_normalise(texts[i], out) != ERR_SYNTAX)
            fail_msg("not refused: %s", texts[i].p);
    assert_int_equal(phone_normalise(STR_NONE, out), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(M1_international_numbers_become_e164),
        cmocka_unit_test(M1_a_country_is_never_guessed),
        cmocka_unit_test(M1_what_is_no_number_is_refused),
    };

    return cmocka_run_group_tests_name("phone", tests, NULL, NULL);
}
