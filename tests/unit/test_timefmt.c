/* test_timefmt.c -- proves the text forms of a time: read exactly, refused when they are another form or no date. */
#include "base/timefmt.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define S(seconds) (INT64_C(seconds) * US_PER_S)

static const struct {
    const char *format, *text;
    int64_t us;
} good[] = {
    {"iso", "2024-05-02T09:11:08Z", S(1714641068)},
    {"iso", "2024-05-02T09:11:08+00:00", S(1714641068)},
    {"iso", "2024-05-02T11:11:08+02:00", S(1714641068)},
    {"iso", "2024-05-02T11:11:08+0200", S(1714641068)},
    {"iso", "2024-05-02T05:11:08-04:00", S(1714641068)},
    {"iso", "2024-05-02T14:41:08.5+05:30", S(1714641068) + 500000},
    {"iso", "2024-05-02T09:11:08.123Z", S(1714641068) + 123000},
    {"iso", "2024-05-02T09:11:08.123456789Z", S(1714641068) + 123456},
    {"iso", "2024-05-02T09:11:08.000001Z", S(1714641068) + 1},
    {"iso", "1970-01-01T00:00:00Z", 0},
    {"iso", "1970-01-01T02:00:00+02:00", 0},
    {"iso", "9999-12-31T23:59:59Z", S(253402300799)},
    {"iso", "2024-02-29T00:00:00Z", S(1709164800)},
    {"iso", "2000-02-29T00:00:00Z", S(951782400)},
    {"iso", "2016-12-31T23:59:60Z", S(1483228800)}, /* leap second */
    {"iso_local", "2024-05-02T09:11:08", S(1714641068)},
    {"iso_local", "2024-05-02T09:11:08.25", S(1714641068) + 250000},
    {"sql", "2024-05-02 09:11:08", S(1714641068)},
    {"sql", "2024-05-02 09:11:08.000000", S(1714641068)},
    {"unix", "1714641068", S(1714641068)},
    {"unix", "1714641068.5", S(1714641068) + 500000},
    {"unix", "0", 0},
    {"unix", "253402300799", S(253402300799)},
    {"unix_ms", "1714641068123", S(1714641068) + 123000},
    {"unix_ms", "253402300799000", S(253402300799)},
    {"rfc2822", "Thu, 02 May 2024 09:11:08 +0000", S(1714641068)},
    {"rfc2822", "Thu, 2 May 2024 11:11:08 +0200", S(1714641068)},
    {"rfc2822", "02 May 2024 09:11:08 GMT", S(1714641068)},
    {"http_date", "Thu, 02 May 2024 09:11:08 GMT", S(1714641068)},
    {"http_date", "Sun, 06 Nov 1994 08:49:37 GMT", S(784111777)},
    {"any", "2024-05-02T11:11:08.5+02:00", S(1714641068) + 500000},
    {"any", "2024-05-02T09:11:08", S(1714641068)},
    {"any", "2024-05-02 09:11:08", S(1714641068)},
    {"any", "2024-05-02 11:11:08 +0200", S(1714641068)},
    {"any", "2024-05-02 09:11:08.250000", S(1714641068) + 250000},
    {"any", "2024-05-02", S(1714608000)},
    {"any", "Thu, 02 May 2024 09:11:08 +0000", S(1714641068)},
    {"any", "1714641068", S(1714641068)},
    {"any", "1714641068.5", S(1714641068) + 500000},
    {"any", "1714641068123", S(1714641068) + 123000},
};

static const struct {
    const char *format, *text;
    enum err err;
} bad[] = {
    {"iso", "", ERR_SYNTAX},
    {"any", "", ERR_SYNTAX},
    {"any", "2024-05-02T", ERR_SYNTAX},
    {"any", "2024-05-02 09:11", ERR_SYNTAX},
    {"any", "2024-05-02 09:11:08 CET", ERR_SYNTAX},
    {"any", "02/05/2024", ERR_SYNTAX},
    {"any", "0000-00-00 00:00:00", ERR_RANGE},
    {"any", "yesterday", ERR_SYNTAX},
    {"iso", "2024-05-02T09:11:08", ERR_SYNTAX}, /* no zone */
    {"iso", "2024-05-02 09:11:08Z", ERR_SYNTAX},
    {"iso", "2024-05-02T09:11:08z", ERR_SYNTAX},
    {"iso", "2024-05-02T09:11Z", ERR_SYNTAX},
    {"iso", "2024-5-02T09:11:08Z", ERR_SYNTAX},
    {"iso", "2024-05-02T09:11:08.Z", ERR_SYNTAX},
    {"iso", "2024-05-02T09:11:08.1234567890Z", ERR_SYNTAX},
    {"iso", "2024-05-02T09:11:08Z ", ERR_SYNTAX},
    {"iso", " 2024-05-02T09:11:08Z", ERR_SYNTAX},
    {"iso", "2024-05-02T09:11:08+2", ERR_SYNTAX},
    {"iso", "2024-05-02T09:11:08+24:00", ERR_SYNTAX},
    {"iso", "2024-05-02T09:11:08+00:60", ERR_SYNTAX},
    {"iso", "-024-05-02T09:11:08Z", ERR_SYNTAX},
    {"iso", "2024-13-02T09:11:08Z", ERR_RANGE},
    {"iso", "2024-00-02T09:11:08Z", ERR_RANGE},
    {"iso", "2024-05-00T09:11:08Z", ERR_RANGE},
    {"iso", "2024-04-31T09:11:08Z", ERR_RANGE},
    {"iso", "2023-02-29T09:11:08Z", ERR_RANGE},
    {"iso", "2100-02-29T09:11:08Z", ERR_RANGE},
    {"iso", "2024-05-02T24:00:00Z", ERR_RANGE},
    {"iso", "2024-05-02T09:60:08Z", ERR_RANGE},
    {"iso", "2024-05-02T09:11:61Z", ERR_RANGE},
    {"iso", "1969-12-31T23:59:59Z", ERR_RANGE},
    {"iso", "1970-01-01T00:00:00+02:00", ERR_RANGE},
    {"iso", "0000-00-00T00:00:00Z", ERR_RANGE},
    {"iso_local", "2024-05-02T09:11:08Z", ERR_SYNTAX},
    {"sql", "2024-05-02T09:11:08", ERR_SYNTAX},
    {"sql", "0000-00-00 00:00:00", ERR_RANGE},
    {"unix", "-1", ERR_SYNTAX},
    {"unix", "1e9", ERR_SYNTAX},
    {"unix", "1714641068.", ERR_SYNTAX},
    {"unix", "253402300800", ERR_RANGE},
    {"unix", "18446744073709551615", ERR_RANGE},
    {"unix", "99999999999999999999999", ERR_RANGE},
    {"unix_ms", "1714641068123.5", ERR_SYNTAX},
    {"unix_ms", "253402300799001", ERR_RANGE},
    {"rfc2822", "Thu, 02 May 2024 09:11:08", ERR_SYNTAX},
    {"rfc2822", "Thx, 02 May 2024 09:11:08 +0000", ERR_SYNTAX},
    {"rfc2822", "Thu, 02 anF 2024 09:11:08 +0000", ERR_SYNTAX},
    {"rfc2822", "Thu, 02 May 24 09:11:08 +0000", ERR_SYNTAX},
    {"http_date", "Thu, 02 May 2024 09:11:08 +0000", ERR_SYNTAX},
    {"http_date", "Thu, 31 Apr 2024 09:11:08 GMT", ERR_RANGE},
};

static void reads_each_format_to_the_microsecond(void **state)
{
    enum time_format format;
    int64_t us;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        us = -1;
        assert_int_equal(time_format_parse(str_of(good[i].format), &format), OK);
        assert_int_equal(time_parse(str_of(good[i].text), format, &us), OK);
        if (us != good[i].us)
            fail_msg("%s", good[i].text);
    }
}

static void refuses_other_forms_and_dates_that_do_not_exist(void **state)
{
    enum time_format format;
    int64_t us = -1;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(time_format_parse(str_of(bad[i].format), &format), OK);
        if (time_parse(str_of(bad[i].text), format, &us) != bad[i].err)
            fail_msg("%s", bad[i].text);
    }
}

static void reads_every_month_and_weekday_by_name(void **state)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    char mail[64], iso[64];
    int64_t a, b;

    (void)state;
    for (int i = 0; i < 84; i++) {
        snprintf(mail, sizeof(mail), "%s, 10 %s 2024 01:02:03 GMT", days[i % 7], months[i % 12]);
        snprintf(iso, sizeof(iso), "2024-%02d-10T01:02:03Z", i % 12 + 1);
        assert_int_equal(time_parse(str_of(mail), TIME_RFC2822, &a), OK);
        assert_int_equal(time_parse(str_of(iso), TIME_ISO, &b), OK);
        assert_int_equal(a, b);
    }
}

static void writes_what_it_reads(void **state)
{
    static const int64_t times[] = {0, 1, 999999, 1000000, INT64_C(1714641068123456), S(253402300799), S(253402300799) + 999999};
    char text[TIME_ISO_CHARS + 1];
    int64_t back;

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        assert_int_equal(time_parse(str_of(time_iso(times[i], text)), TIME_ISO, &back), OK);
        assert_int_equal(back, times[i]);
    }
    assert_string_equal(time_iso(S(1714641068), text), "2024-05-02T09:11:08Z");
    assert_string_equal(time_iso(S(1714641068) + 5, text), "2024-05-02T09:11:08.000005Z");
    assert_string_equal(time_iso(-1, text), "1969-12-31T23:59:59.999999Z");
    assert_string_equal(time_iso(-US_PER_S, text), "1969-12-31T23:59:59Z");
}

static void N9_never_writes_past_its_room(void **state)
{
    char text[TIME_ISO_CHARS + 2];

    (void)state;
    text[TIME_ISO_CHARS + 1] = 'x';
    assert_string_equal(time_iso(INT64_MAX, text), "9999-12-31T23:59:59.999999Z");
    assert_string_equal(time_iso(INT64_MIN, text), "0001-01-01T00:00:00Z");
    assert_int_equal(text[TIME_ISO_CHARS + 1], 'x');
}

static void knows_its_format_names_only(void **state)
{
    enum time_format format;

    (void)state;
    assert_int_equal(time_format_parse(STR("iso8601"), &format), ERR_SYNTAX);
    assert_int_equal(time_format_parse(STR_NONE, &format), ERR_SYNTAX);
    assert_int_equal(time_format_parse(STR("http_date"), &format), OK);
    assert_int_equal(format, TIME_HTTP_DATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_format_to_the_microsecond),  cmocka_unit_test(refuses_other_forms_and_dates_that_do_not_exist),
        cmocka_unit_test(reads_every_month_and_weekday_by_name), cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(N9_never_writes_past_its_room),         cmocka_unit_test(knows_its_format_names_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
