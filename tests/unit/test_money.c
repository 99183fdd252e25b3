/* test_money.c -- proves K1 to K3 on decimal texts, currencies and amounts. */
#include "model/money.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct money read_money(const char *text, const char *currency)
{
    struct money m = {0};
    enum err err = money_parse(str_of(text), str_of(currency), &m);

    if (err)
        print_error("refused: %s %s\n", text, currency);
    assert_int_equal(err, OK);
    return m;
}

static enum err refusal(const char *text, const char *currency)
{
    struct money m;

    return money_parse(str_of(text), str_of(currency), &m);
}

static void assert_minor(const char *text, const char *currency, int64_t minor)
{
    struct money m = read_money(text, currency);

    assert_true(m.minor == minor);
    assert_false(m.rounded);
}

static void K1_euro_has_two_places(void **state)
{
    (void)state;
    assert_minor("10.10", "EUR", 1010);
    assert_minor("10.1", "EUR", 1010);
    assert_minor("10", "EUR", 1000);
    assert_minor("0.01", "EUR", 1);
    assert_minor("0", "EUR", 0);
    assert_minor("007.50", "EUR", 750);
}

static void K1_jpy_has_no_minor_unit(void **state)
{
    (void)state;
    assert_minor("500", "JPY", 500);
    assert_minor("39800", "JPY", 39800);
    assert_minor("25.00", "JPY", 25);
}

static void K1_kwd_has_three_places(void **state)
{
    (void)state;
    assert_minor("1.234", "KWD", 1234);
    assert_minor("398.000", "KWD", 398000);
}

static void K1_clf_has_four_places(void **state)
{
    (void)state;
    assert_minor("1.2345", "CLF", 12345);
}

static void K1_zeros_beyond_the_exponent_are_exact(void **state)
{
    (void)state;
    assert_minor("29.3500", "EUR", 2935);
    assert_minor("22.940000", "EUR", 2294);
    assert_minor("22.94000000000000000000000000", "EUR", 2294);
}

static void K1_digits_beyond_the_exponent_round_half_away_from_zero(void **state)
{
    static const struct {
        const char *text, *currency;
        int64_t minor;
    } rows[] = {
        {"10.105", "EUR", 1011},   {"10.1049999", "EUR", 1010}, {"10.115", "EUR", 1012}, {"-10.105", "EUR", -1011},
        {"-10.104", "EUR", -1010}, {"9.999", "EUR", 1000},      {"0.5", "JPY", 1},       {"0.4", "JPY", 0},
        {"-0.5", "JPY", -1},       {"1.0005", "KWD", 1001},     {"0.004", "EUR", 0},     {"22.944999", "EUR", 2294},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct money m = read_money(rows[i].text, rows[i].currency);

        assert_true(m.minor == rows[i].minor);
        assert_true(m.rounded);
    }
}

static void K1_a_leading_minus_is_fine(void **state)
{
    (void)state;
    assert_minor("-10.10", "EUR", -1010);
    assert_minor("-0.00", "EUR", 0);
}

static void K1_refuses_what_is_no_plain_decimal(void **state)
{
    static const char *const texts[] = {"1e3", "1E3",  "",      "+1",     "1,000.00", "1,5", " 1",       "1 ",    ".5",
                                        "5.",  "0x10", "-",     "--1",    "-+1",      ".",   "-.5",      "1.2.3", "1.-2",
                                        "NaN", "inf",  "1_000", "10 EUR", "$5",       "1\n", "\xd9\xa1", "1'000", "null"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (refusal(texts[i], "EUR") != ERR_SYNTAX)
            fail_msg("not refused: %s", texts[i]);
        assert_int_equal(decimal_check(str_of(texts[i])), ERR_SYNTAX);
    }
    assert_int_equal(decimal_check(STR("1\0"
                                       "2")),
                     ERR_SYNTAX);
    assert_int_equal(decimal_check(STR_NONE), ERR_SYNTAX);
}

static void K1_counts_eighteen_significant_digits(void **state)
{
    (void)state;
    assert_int_equal(decimal_check(STR("123456789012345678")), OK);
    assert_int_equal(decimal_check(STR("1234567890123456.78")), OK);
    assert_int_equal(decimal_check(STR("0000123456789012345678.0000")), OK);
    assert_int_equal(decimal_check(STR("0.0000123456789012345678")), OK);
    assert_int_equal(decimal_check(STR("1234567890123456789")), ERR_RANGE);
    assert_int_equal(decimal_check(STR("-12345678901234567.89")), ERR_RANGE);
    assert_int_equal(decimal_check(STR("0.1234567890123456789")), ERR_RANGE);
    assert_int_equal(decimal_check(STR("1000000000000000000")), ERR_RANGE);
    assert_int_equal(refusal("1234567890123456789", "JPY"), ERR_RANGE);
}

static void K1_minor_units_past_an_int64_are_refused(void **state)
{
    (void)state;
    assert_minor("999999999999999999", "JPY", INT64_C(999999999999999999));
    assert_minor("92233720368547758", "EUR", INT64_C(9223372036854775800));
    assert_int_equal(refusal("92233720368547759", "EUR"), ERR_RANGE);
    assert_int_equal(refusal("999999999999999999", "EUR"), ERR_RANGE);
    assert_int_equal(refusal("-999999999999999999", "CLF"), ERR_RANGE);
}

static void K1_currency_codes_are_three_letters_in_either_case(void **state)
{
    struct currency c;

    (void)state;
    assert_int_equal(currency_parse(STR("eUr"), &c), OK);
    assert_string_equal(c.code, "EUR");
    assert_int_equal(currency_parse(STR(""), &c), ERR_SYNTAX);
    assert_int_equal(currency_parse(STR_NONE, &c), ERR_SYNTAX);
    assert_int_equal(currency_parse(STR("EU"), &c), ERR_SYNTAX);
    assert_int_equal(currency_parse(STR("EURO"), &c), ERR_SYNTAX);
    assert_int_equal(currency_parse(STR("E R"), &c), ERR_SYNTAX);
    assert_int_equal(currency_parse(STR("978"), &c), ERR_SYNTAX);
    assert_int_equal(currency_parse(STR("E\0R"), &c), ERR_SYNTAX);
    assert_int_equal(currency_parse(STR("AAA"), &c), ERR_NOT_FOUND);
    assert_int_equal(currency_parse(STR("ZZZ"), &c), ERR_NOT_FOUND);
    assert_int_equal(currency_parse(STR("XAU"), &c), ERR_NOT_FOUND);
    assert_int_equal(currency_parse(STR("XXX"), &c), ERR_NOT_FOUND);
}

/* Every code in ISO 4217 whose exponent is not 2, and some whose is. */
static void K1_exponents_are_those_of_iso_4217(void **state)
{
    static const struct {
        unsigned exponent;
        const char *codes;
    } rows[] = {
        {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
        {2, "AED EUR USD GBP CHF CNY HUF IDR TWD MGA MRU COP CZK XCG ZWG XAD SLE VED BGN HRK"},
        {3, "BHD IQD JOD KWD LYD OMR TND"},
        {4, "CLF UYW"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str codes = str_of(rows[i].codes), code;

        while (str_split(&codes, ' ', &code)) {
            struct currency c;

            assert_int_equal(currency_parse(code, &c), OK);
            assert_true(str_eq(str_of(c.code), code));
            assert_int_equal(c.exponent, rows[i].exponent);
        }
    }
}

/* Walks all 17,576 codes: each one that is known must be found, and there are as many as the table has. */
static void K1_every_currency_of_the_table_is_found(void **state)
{
    size_t known = 0, other_exponents = 0;

    (void)state;
    for (unsigned i = 0; i < 26 * 26 * 26; i++) {
        char code[3] = {(char)('A' + i / 676), (char)('A' + i / 26 % 26), (char)('A' + i % 26)};
        struct currency c;

        if (currency_parse(str_n(code, 3), &c))
            continue;
        known++;
        other_exponents += c.exponent != 2;
    }
    assert_int_equal(known, 179);
    assert_int_equal(other_exponents, 17 + 1 + 7 + 2); /* with BYR, withdrawn */
}

static void K1_text_has_the_places_of_the_currency(void **state)
{
    static const struct {
        const char *text, *currency, *printed;
    } rows[] = {
        {"12.5", "EUR", "12.50"},
        {"500", "JPY", "500"},
        {"1.234", "KWD", "1.234"},
        {"0.05", "EUR", "0.05"},
        {"-0.05", "EUR", "-0.05"},
        {"-12.5", "EUR", "-12.50"},
        {"0", "EUR", "0.00"},
        {"0", "JPY", "0"},
        {"-7", "JPY", "-7"},
        {"-0.0", "EUR", "0.00"},
        {"0.0001", "CLF", "0.0001"},
        {"10.105", "EUR", "10.11"},
        {"9999999999999999.99", "EUR", "9999999999999999.99"},
    };
    char out[MONEY_TEXT_CHARS + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct money m = read_money(rows[i].text, rows[i].currency);

        assert_string_equal(money_text(&m, out), rows[i].printed);
    }
}

static void K1_text_of_the_extremes_fits(void **state)
{
    struct money m = read_money("0", "EUR");
    char out[MONEY_TEXT_CHARS + 1];

    (void)state;
    m.minor = INT64_MIN;
    assert_string_equal(money_text(&m, out), "-92233720368547758.08");
    assert_int_equal(strlen(out), MONEY_TEXT_CHARS);
    m = read_money("0", "CLF");
    m.minor = INT64_MAX;
    assert_string_equal(money_text(&m, out), "922337203685477.5807");
}

static void K3_one_currency_adds_up(void **state)
{
    struct money total = read_money("10.10", "EUR"), more = read_money("-0.205", "eur");

    (void)state;
    assert_int_equal(money_add(&total, &more), OK);
    assert_true(total.minor == 989);
    assert_true(total.rounded);
}

static void K2_K3_currencies_are_never_summed(void **state)
{
    struct money total = read_money("10.10", "EUR"), more = read_money("1", "USD");

    (void)state;
    assert_int_equal(money_add(&total, &more), ERR_TYPE);
    assert_true(total.minor == 1010);
}

static void K3_an_overflowing_sum_is_refused(void **state)
{
    struct money total = read_money("0", "JPY"), more = read_money("1", "JPY");

    (void)state;
    total.minor = INT64_MAX;
    assert_int_equal(money_add(&total, &more), ERR_RANGE);
    assert_true(total.minor == INT64_MAX);
    total.minor = INT64_MIN;
    more.minor = -1;
    assert_int_equal(money_add(&total, &more), ERR_RANGE);
    assert_true(total.minor == INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K1_euro_has_two_places),
        cmocka_unit_test(K1_jpy_has_no_minor_unit),
        cmocka_unit_test(K1_kwd_has_three_places),
        cmocka_unit_test(K1_clf_has_four_places),
        cmocka_unit_test(K1_zeros_beyond_the_exponent_are_exact),
        cmocka_unit_test(K1_digits_beyond_the_exponent_round_half_away_from_zero),
        cmocka_unit_test(K1_a_leading_minus_is_fine),
        cmocka_unit_test(K1_refuses_what_is_no_plain_decimal),
        cmocka_unit_test(K1_counts_eighteen_significant_digits),
        cmocka_unit_test(K1_minor_units_past_an_int64_are_refused),
        cmocka_unit_test(K1_currency_codes_are_three_letters_in_either_case),
        cmocka_unit_test(K1_exponents_are_those_of_iso_4217),
        cmocka_unit_test(K1_every_currency_of_the_table_is_found),
        cmocka_unit_test(K1_text_has_the_places_of_the_currency),
        cmocka_unit_test(K1_text_of_the_extremes_fits),
        cmocka_unit_test(K3_one_currency_adds_up),
        cmocka_unit_test(K2_K3_currencies_are_never_summed),
        cmocka_unit_test(K3_an_overflowing_sum_is_refused),
    };

    return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
