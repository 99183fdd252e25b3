/* test_notify_retry.c -- proves when a notice is tried again, and what an answer means. */
#include "engine/notify_retry.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW (1714641068 * US_PER_S)

static struct notify_schedule schedule(const char *text)
{
    struct notify_schedule s;
    struct buf why = BUF_INIT(256);

    if (notify_schedule_parse(str_of(text), &s, &why))
        fail_msg("%s", buf_text(&why));
    buf_release(&why);
    return s;
}

static int64_t wait_s(const struct notify_schedule *s, int64_t failed, uint32_t random, int64_t retry_after_s)
{
    int64_t us = 0;

    return notify_schedule_wait(s, failed, random, retry_after_s * US_PER_S, &us) ? us / US_PER_S : -1;
}

static void the_waits_grow_from_5_seconds_to_24_hours_and_then_it_is_dead(void **state)
{
    static const int64_t waits[] = {5, 30, 300, 1800, 7200, 21600, 43200, 86400};
    struct notify_schedule s = schedule("5s 30s 5m 30m 2h 6h 12h 24h");

    (void)state;
    for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
        assert_int_equal(wait_s(&s, (int64_t)i + 1, 0, 0), waits[i]);
        assert_int_equal(wait_s(&s, (int64_t)i + 1, UINT32_MAX, 0), waits[i] * 6 / 5);
        assert_in_range(wait_s(&s, (int64_t)i + 1, UINT32_MAX / 2, 0), waits[i], waits[i] * 6 / 5);
    }
    assert_int_equal(wait_s(&s, 9, 0, 0), -1);
    assert_int_equal(wait_s(&s, INT64_MAX, 0, 0), -1);
    assert_int_equal(wait_s(&s, 0, 0, 0), -1);
}

static void Retry_After_lengthens_a_wait_and_never_shortens_it(void **state)
{
    struct notify_schedule s = schedule("5m");

    (void)state;
    assert_int_equal(wait_s(&s, 1, 0, 10), 300);
    assert_int_equal(wait_s(&s, 1, 0, 3600), 3600);
    assert_int_equal(wait_s(&s, 2, 0, 3600), -1);
}

static void Retry_After_is_seconds_or_a_date_and_a_day_at_most(void **state)
{
    static const struct {
        const char *value;
        int64_t seconds;
    } rows[] = {
        {"120", 120},
        {"0", 0},
        {"", 0},
        {"soon", 0},
        {"-5", 0},
        {"99999999", 86400},
        {"99999999999999999999999", 0},
        {"Thu, 02 May 2024 09:12:08 GMT", 60},
        {"Thu, 02 May 2024 09:10:08 GMT", 0},
        {"Fri, 02 May 2025 09:10:08 GMT", 86400},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (notify_retry_after_us(str_of(rows[i].value), NOW) != rows[i].seconds * US_PER_S)
            fail_msg("Retry-After \"%s\" is not %lld s", rows[i].value, (long long)rows[i].seconds);
}

static void only_2xx_is_taken_and_only_410_ends_it(void **state)
{
    static const struct {
        enum err err;
        int status;
        enum notify_verdict verdict;
    } rows[] = {
        {OK, 200, NOTIFY_TAKEN},
        {OK, 204, NOTIFY_TAKEN},
        {OK, 299, NOTIFY_TAKEN},
        {OK, 301, NOTIFY_AGAIN},
        {OK, 304, NOTIFY_AGAIN},
        {OK, 400, NOTIFY_AGAIN},
        {OK, 401, NOTIFY_AGAIN},
        {OK, 404, NOTIFY_AGAIN},
        {OK, 410, NOTIFY_GONE},
        {OK, 429, NOTIFY_AGAIN},
        {OK, 500, NOTIFY_AGAIN},
        {OK, 0, NOTIFY_AGAIN},
        {ERR_TOO_LARGE, 200, NOTIFY_TAKEN},
        {ERR_IO, 200, NOTIFY_AGAIN},
        {ERR_TIMEOUT, 200, NOTIFY_AGAIN},
        {ERR_TLS, 0, NOTIFY_AGAIN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (notify_judge(rows[i].err, rows[i].status) != rows[i].verdict)
            fail_msg("%s, %d", err_text(rows[i].err), rows[i].status);
}

static void a_schedule_that_is_none_says_which_part_is_wrong(void **state)
{
    static const char *const bad[] = {"5s soon", "5", "5s -1s", "0s", "8d", "5s, 30s"};
    struct buf many = BUF_INIT(1024), many_why = BUF_INIT(256);
    struct notify_schedule too_long;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct notify_schedule s;
        struct buf why = BUF_INIT(256);

        assert_int_equal(notify_schedule_parse(str_of(bad[i]), &s, &why), ERR_CONFIG);
        assert_true(str_starts(buf_str(&why), STR("notify.retries: \"")));
        buf_release(&why);
    }
    for (int i = 0; i <= NOTIFY_RETRIES_MAX; i++)
        assert_int_equal(buf_append(&many, STR("1s ")), OK);
    assert_int_equal(notify_schedule_parse(buf_str(&many), &too_long, &many_why), ERR_CONFIG);
    buf_release(&many);
    buf_release(&many_why);
    assert_int_equal(schedule("  5s   30s ").n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_waits_grow_from_5_seconds_to_24_hours_and_then_it_is_dead),
        cmocka_unit_test(Retry_After_lengthens_a_wait_and_never_shortens_it),
        cmocka_unit_test(Retry_After_is_seconds_or_a_date_and_a_day_at_most),
        cmocka_unit_test(only_2xx_is_taken_and_only_410_ends_it),
        cmocka_unit_test(a_schedule_that_is_none_says_which_part_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
