/* money.c -- owns money: decimal texts, currencies, and amounts as integer minor units. */
#include "model/money.h"

/* In order of code, for currency_parse. */
static const struct currency currencies[] = {
    {"AED", 2}, {"AFN", 2}, {"ALL", 2}, {"AMD", 2}, {"ANG", 2}, {"AOA", 2}, {"ARS", 2}, {"AUD", 2}, {"AWG", 2}, {"AZN", 2},
    {"BAM", 2}, {"BBD", 2}, {"BDT", 2}, {"BGN", 2}, {"BHD", 3}, {"BIF", 0}, {"BMD", 2}, {"BND", 2}, {"BOB", 2}, {"BOV", 2},
    {"BRL", 2}, {"BSD", 2}, {"BTN", 2}, {"BWP", 2}, {"BYN", 2}, {"BYR", 0}, {"BZD", 2}, {"CAD", 2}, {"CDF", 2}, {"CHE", 2},
    {"CHF", 2}, {"CHW", 2}, {"CLF", 4}, {"CLP", 0}, {"CNY", 2}, {"COP", 2}, {"COU", 2}, {"CRC", 2}, {"CUC", 2}, {"CUP", 2},
    {"CVE", 2}, {"CZK", 2}, {"DJF", 0}, {"DKK", 2}, {"DOP", 2}, {"DZD", 2}, {"EEK", 2}, {"EGP", 2}, {"ERN", 2}, {"ETB", 2},
    {"EUR", 2}, {"FJD", 2}, {"FKP", 2}, {"GBP", 2}, {"GEL", 2}, {"GHS", 2}, {"GIP", 2}, {"GMD", 2}, {"GNF", 0}, {"GTQ", 2},
    {"GYD", 2}, {"HKD", 2}, {"HNL", 2}, {"HRK", 2}, {"HTG", 2}, {"HUF", 2}, {"IDR", 2}, {"ILS", 2}, {"INR", 2}, {"IQD", 3},
    {"IRR", 2}, {"ISK", 0}, {"JMD", 2}, {"JOD", 3}, {"JPY", 0}, {"KES", 2}, {"KGS", 2}, {"KHR", 2}, {"KMF", 0}, {"KPW", 2},
    {"KRW", 0}, {"KWD", 3}, {"KYD", 2}, {"KZT", 2}, {"LAK", 2}, {"LBP", 2}, {"LKR", 2}, {"LRD", 2}, {"LSL", 2}, {"LTL", 2},
    {"LVL", 2}, {"LYD", 3}, {"MAD", 2}, {"MDL", 2}, {"MGA", 2}, {"MKD", 2}, {"MMK", 2}, {"MNT", 2}, {"MOP", 2}, {"MRO", 2},
    {"MRU", 2}, {"MUR", 2}, {"MVR", 2}, {"MWK", 2}, {"MXN", 2}, {"MXV", 2}, {"MYR", 2}, {"MZN", 2}, {"NAD", 2}, {"NGN", 2},
    {"NIO", 2}, {"NOK", 2}, {"NPR", 2}, {"NZD", 2}, {"OMR", 3}, {"PAB", 2}, {"PEN", 2}, {"PGK", 2}, {"PHP", 2}, {"PKR", 2},
    {"PLN", 2}, {"PYG", 0}, {"QAR", 2}, {"RON", 2}, {"RSD", 2}, {"RUB", 2}, {"RWF", 0}, {"SAR", 2}, {"SBD", 2}, {"SCR", 2},
    {"SDG", 2}, {"SEK", 2}, {"SGD", 2}, {"SHP", 2}, {"SLE", 2}, {"SLL", 2}, {"SOS", 2}, {"SRD", 2}, {"SSP", 2}, {"STD", 2},
    {"STN", 2}, {"SVC", 2}, {"SYP", 2}, {"SZL", 2}, {"THB", 2}, {"TJS", 2}, {"TMT", 2}, {"TND", 3}, {"TOP", 2}, {"TRY", 2},
    {"TTD", 2}, {"TWD", 2}, {"TZS", 2}, {"UAH", 2}, {"UGX", 0}, {"USD", 2}, {"USN", 2}, {"UYI", 0}, {"UYU", 2}, {"UYW", 4},
    {"UZS", 2}, {"VED", 2}, {"VEF", 2}, {"VES", 2}, {"VND", 0}, {"VUV", 0}, {"WST", 2}, {"XAD", 2}, {"XAF", 0}, {"XCD", 2},
    {"XCG", 2}, {"XOF", 0}, {"XPF", 0}, {"YER", 2}, {"ZAR", 2}, {"ZMK", 2}, {"ZMW", 2}, {"ZWG", 2}, {"ZWL", 2}};

/* A decimal text taken apart; borrows from it. */
struct decimal {
    bool minus;
    struct str whole, fraction; /* digits; the fraction is empty without a point */
};

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.len > 0;
}

static enum err decimal_split(struct str text, struct decimal *out)
{
    size_t point, zeros = 0;

    out->minus = str_starts(text, STR("-"));
    if (out->minus)
        text = str_from(text, 1);
    point = str_find(text, '.');
    out->whole = str_upto(text, point);
    out->fraction = str_from(text, point + 1);
    if (!all_digits(out->whole) || (point < text.len && !all_digits(out->fraction)))
        return ERR_SYNTAX;
    while (out->fraction.len && out->fraction.p[out->fraction.len - 1] == '0')
        out->fraction.len--;
    while (out->whole.len && out->whole.p[0] == '0')
        out->whole = str_from(out->whole, 1);
    while (out->whole.len == 0 && zeros < out->fraction.len && out->fraction.p[zeros] == '0')
        zeros++;
    return out->whole.len + out->fraction.len - zeros > DECIMAL_DIGITS_MAX ? ERR_RANGE : OK;
}

enum err decimal_check(struct str text)
{
    struct decimal d;

    return decimal_split(text, &d);
}

enum err currency_parse(struct str code, struct currency *out)
{
    size_t low = 0, high = sizeof(currencies) / sizeof(currencies[0]);
    char upper[3];

    if (code.len != sizeof(upper))
        return ERR_SYNTAX;
    for (size_t i = 0; i < sizeof(upper); i++) {
        upper[i] = (char)(code.p[i] >= 'a' && code.p[i] <= 'z' ? code.p[i] - ('a' - 'A') : code.p[i]);
        if (upper[i] < 'A' || upper[i] > 'Z')
            return ERR_SYNTAX;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(upper, currencies[middle].code, sizeof(upper));

        if (order == 0) {
            *out = currencies[middle];
            return OK;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return ERR_NOT_FOUND;
}

/* Makes n to n * 10 + digit; true when that passes an int64. */
static bool push_digit(int64_t *n, char digit)
{
    return __builtin_mul_overflow(*n, 10, n) || __builtin_add_overflow(*n, digit - '0', n);
}

/* Moves the point `places` to the right; what is left behind it rounds half away from zero. ERR_RANGE. */
static enum err decimal_scale(const struct decimal *d, size_t places, int64_t *minor, bool *rounded)
{
    int64_t n = 0;

    for (size_t i = 0; i < d->whole.len; i++)
        if (push_digit(&n, d->whole.p[i]))
            return ERR_RANGE;
    for (size_t i = 0; i < places; i++)
        if (push_digit(&n, i < d->fraction.len ? d->fraction.p[i] : '0'))
            return ERR_RANGE;
    *rounded = d->fraction.len > places; /* its last digit is not 0 */
    if (*rounded && d->fraction.p[places] >= '5' && __builtin_add_overflow(n, 1, &n))
        return ERR_RANGE;
    *minor = d->minus ? -n : n;
    return OK;
}

enum err money_parse(struct str text, struct str currency, struct money *out)
{
    struct decimal d;
    enum err err = currency_parse(currency, &out->currency);

    if (err)
        return err;
    err = decimal_split(text, &d);
    if (err)
        return err;
    return decimal_scale(&d, out->currency.exponent, &out->minor, &out->rounded);
}

char *money_text(const struct money *m, char out[MONEY_TEXT_CHARS + 1])
{
    uint64_t n = m->minor < 0 ? 0 - (uint64_t)m->minor : (uint64_t)m->minor;
    char reversed[MONEY_TEXT_CHARS];
    size_t len = 0;

    for (unsigned place = 0; n > 0 || place <= m->currency.exponent; place++, n /= 10) {
        if (place > 0 && place == m->currency.exponent)
            reversed[len++] = '.';
        reversed[len++] = (char)('0' + n % 10);
    }
    if (m->minor < 0)
        reversed[len++] = '-';
    for (size_t i = 0; i < len; i++)
        out[i] = reversed[len - 1 - i];
    out[len] = '\0';
    return out;
}

enum err money_add(struct money *total, const struct money *more)
{
    int64_t sum;

    if (memcmp(total->currency.code, more->currency.code, sizeof(total->currency.code)) != 0)
        return ERR_TYPE;
    if (__builtin_add_overflow(total->minor, more->minor, &sum))
        return ERR_RANGE;
    total->minor = sum;
    total->rounded = total->rounded || more->rounded;
    return OK;
}
