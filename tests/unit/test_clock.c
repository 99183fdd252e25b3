/* test_clock.c -- proves the clocks: the machine's, a fixed one, and the one that a test writes into a file. */
#include "base/clock.h"
#include "base/str.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

static char path[] = "/tmp/storehook-clock-XXXXXX";

static int make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 || close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void write_file(const char *text)
{
    int fd = open(path, O_WRONLY | O_TRUNC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static bool near_now(int64_t us)
{
    int64_t now = (int64_t)time(NULL) * US_PER_S;

    return us >= now - 60 * US_PER_S && us <= now + 60 * US_PER_S;
}

static void the_machines_clocks_go_forward(void **state)
{
    int64_t before = clock_mono_us(&clock_system);

    (void)state;
    assert_true(near_now(clock_wall_us(&clock_system)));
    for (int i = 0; i < 1000; i++) {
        int64_t next = clock_mono_us(&clock_system);

        assert_true(next >= before);
        before = next;
    }
}

static void a_fixed_clock_shows_what_it_is_set_to(void **state)
{
    int64_t now = 5;
    struct clock c = clock_fixed(&now);

    (void)state;
    assert_int_equal(clock_wall_us(&c), 5);
    now = 7 * US_PER_S;
    assert_int_equal(clock_wall_us(&c), 7 * US_PER_S);
    assert_int_equal(clock_mono_us(&c), 7 * US_PER_S);
}

static void a_file_clock_reads_the_file_at_every_call(void **state)
{
    struct clock c = clock_from_file(path);

    (void)state;
    write_file("1714641068");
    assert_int_equal(clock_wall_us(&c), INT64_C(1714641068) * US_PER_S);
    write_file(" 1714641069\n");
    assert_int_equal(clock_wall_us(&c), INT64_C(1714641069) * US_PER_S);
    assert_true(clock_mono_us(&c) <= clock_mono_us(&clock_system));
}

static void a_file_clock_falls_back_on_the_machine(void **state)
{
    static const char *const useless[] = {"",
                                          "soon",
                                          "1.5",
                                          "-1",
                                          "-9223372036854775808",
                                          "9223372036854775807",
                                          "12345678901234567890123456789012345678901234567890"};
    struct clock c = clock_from_file(path), absent = clock_from_file("/nonexistent/clock");

    (void)state;
    for (size_t i = 0; i < sizeof(useless) / sizeof(*useless); i++) {
        write_file(useless[i]);
        assert_true(near_now(clock_wall_us(&c)));
    }
    assert_true(near_now(clock_wall_us(&absent)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machines_clocks_go_forward),
        cmocka_unit_test(a_fixed_clock_shows_what_it_is_set_to),
        cmocka_unit_test(a_file_clock_reads_the_file_at_every_call),
        cmocka_unit_test(a_file_clock_falls_back_on_the_machine),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
