/* money.h -- owns money: decimal texts, currencies, and amounts as integer minor units. */
#ifndef MODEL_MONEY_H
#define MODEL_MONEY_H

#include "base/err.h"
#include "base/str.h"

/* Decimal places are the ISO 4217 exponent: 0 (JPY), 2 (EUR), 3 (KWD) or 4 (CLF). */
struct currency {
    char code[4]; /* upper case, NUL-terminated */
    uint8_t exponent;
};

/* An amount of one currency (K1): `minor` units of 10^-exponent, such as cents. Never a floating-point number. */
struct money {
    int64_t minor;
    struct currency currency;
    bool rounded; /* the text had digits other than 0 beyond the exponent; rounded half away from zero */
};

enum {
    DECIMAL_DIGITS_MAX = 18, /* significant digits; any such number fits an int64 before it is scaled */
    MONEY_TEXT_CHARS = 21    /* of money_text, without NUL: sign, 19 digits, point */
};

/*
 * Checks the plain decimal grammar: [-] 1*DIGIT [ "." 1*DIGIT ]. Leading zeros are fine; no plus sign, exponent,
 * thousands separator, blank or hex. Zeros in front, and behind the point at the end, are not significant.
 * Errors: ERR_SYNTAX; ERR_RANGE beyond DECIMAL_DIGITS_MAX significant digits.
 */
enum err decimal_check(struct str text) MUST_CHECK;

/*
 * Finds a currency by its code, in either case. Known are the codes of ISO 4217 list one that have minor units (not
 * metals, baskets, XTS, XXX), and those withdrawn since 2010, which the order history of stores still carries.
 * Errors: ERR_SYNTAX unless it is three ASCII letters, ERR_NOT_FOUND when there is no such currency.
 * Source: ISO 4217 list one to amendment 179 (XAD, May 2025); BGN withdrawn January 2026.
 */
enum err currency_parse(struct str code, struct currency *out) MUST_CHECK;

/*
 * Reads a decimal text as minor units of `currency` (K1): "10.10" EUR is 1010, "500" JPY is 500, "22.940000" EUR is 2294.
 * Errors: those of currency_parse and decimal_check; ERR_RANGE when the minor units pass an int64.
 */
enum err money_parse(struct str text, struct str currency, struct money *out) MUST_CHECK;

/* Writes the amount as decimal text with exactly the currency's places ("12.50", "500", "1.234", "-0.05") and a NUL; returns
 * `out`. money_parse reads it back, up to DECIMAL_DIGITS_MAX digits. */
char *money_text(const struct money *m, char out[MONEY_TEXT_CHARS + 1]);

/*
 * Adds `more` to `*total`, which stays as it was on an error; `rounded` is inherited.
 * Errors: ERR_TYPE for another currency (K3: no sum across currencies, K2: no conversion), ERR_RANGE on overflow.
 */
enum err money_add(struct money *total, const struct money *more) MUST_CHECK;

#endif
