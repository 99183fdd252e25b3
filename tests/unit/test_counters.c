/* test_counters.c -- proves the counters: names of /metrics, and no count lost between threads. */
#include "base/counters.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 50000 };

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        counter_add(COUNTER_RECEIVED, 1);
        counter_add(COUNTER_STORED, 2);
    }
    return NULL;
}

static void loses_no_count_between_threads(void **state)
{
    uint64_t received = counter_get(COUNTER_RECEIVED), stored = counter_get(COUNTER_STORED);
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(counter_get(COUNTER_RECEIVED) - received, THREADS * ROUNDS);
    assert_int_equal(counter_get(COUNTER_STORED) - stored, 2 * THREADS * ROUNDS);
}

static void starts_at_zero_and_counts_apart(void **state)
{
    (void)state;
    assert_int_equal(counter_get(COUNTER_DEAD), 0);
    counter_add(COUNTER_DEAD, 3);
    assert_int_equal(counter_get(COUNTER_DEAD), 3);
    assert_int_equal(counter_get(COUNTER_STALE), 0);
}

static void names_every_counter_once_in_metric_letters(void **state)
{
    (void)state;
    for (int c = 0; c < COUNTER__COUNT; c++) {
        const char *name = counter_name((enum counter)c);

        assert_true(name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name));
        assert_true(counter_help((enum counter)c)[0]);
        for (int other = 0; other < c; other++)
            assert_string_not_equal(name, counter_name((enum counter)other));
    }
}

static void writes_what_was_counted_within_its_bytes(void **state)
{
    char text[COUNTERS_TEXT_BYTES];

    (void)state;
    counter_add(COUNTER_DUPLICATES, 1);
    counters_write(text);
    assert_non_null(strstr(text, "duplicates="));
    assert_null(strstr(text, "connections="));
    for (int c = 0; c < COUNTER__COUNT; c++) /* the longest numbers there are */
        counter_add((enum counter)c, UINT64_MAX - counter_get((enum counter)c));
    counters_write(text);
    assert_non_null(strstr(text, " dead=18446744073709551615"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_at_zero_and_counts_apart),
        cmocka_unit_test(loses_no_count_between_threads),
        cmocka_unit_test(names_every_counter_once_in_metric_letters),
        cmocka_unit_test(writes_what_was_counted_within_its_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
