/* test_loop.c -- the event loop: readiness, timers, deferred calls, wake-ups from other threads, signals. */
#include "net/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct trace {
    struct loop *loop;
    struct loop_fd *watch;
    struct loop_defer *defer;
    struct loop_timer *timer;
    int fd;
    char text[64];
    int calls;
};

static void note(struct trace *t, char c)
{
    size_t n = strlen(t->text);

    if (n + 1 < sizeof(t->text))
        t->text[n] = c;
}

static void on_deferred(void *arg)
{
    struct trace *t = arg;

    note(t, 'd');
    loop_stop(t->loop);
}

static void on_readable(void *arg, int events)
{
    struct trace *t = arg;
    char byte;

    assert_int_equal(events, LOOP_READ);
    assert_int_equal(read(t->fd, &byte, 1), 1);
    note(t, byte);
    loop_defer_schedule(t->defer);
    loop_defer_schedule(t->defer);
}

static void deferred_calls_run_once_after_every_ready_descriptor(void **state)
{
    struct trace a = {0}, b = {0};
    int one[2], two[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, one), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
    assert_int_equal(loop_new(&a.loop), OK);
    b.loop = a.loop;
    assert_int_equal(loop_defer_new(a.loop, on_deferred, &a, &a.defer), OK);
    b.defer = a.defer;
    a.fd = one[0];
    b.fd = two[0];
    assert_int_equal(loop_fd_new(a.loop, one[0], on_readable, &a, &a.watch), OK);
    assert_int_equal(loop_fd_new(a.loop, two[0], on_readable, &b, &b.watch), OK);
    assert_int_equal(write(one[1], "1", 1), 1);
    assert_int_equal(write(two[1], "2", 1), 1);
    assert_int_equal(loop_run(a.loop), OK);
    assert_string_equal(a.text, "1d");
    assert_string_equal(b.text, "2");
    loop_fd_free(a.watch);
    loop_fd_free(b.watch);
    loop_defer_free(a.defer);
    loop_free(a.loop);
    for (int i = 0; i < 2; i++) {
        close(one[i]);
        close(two[i]);
    }
}

static void on_writable(void *arg, int events)
{
    struct trace *t = arg;

    assert_int_equal(events, LOOP_WRITE);
    note(t, 'w');
    assert_int_equal(loop_fd_watch(t->watch, LOOP_READ), OK);
    loop_stop(t->loop);
}

static void watches_writing_only_while_asked(void **state)
{
    struct trace t = {0};
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(loop_new(&t.loop), OK);
    assert_int_equal(loop_fd_new(t.loop, ends[0], on_writable, &t, &t.watch), OK);
    assert_int_equal(loop_fd_watch(t.watch, LOOP_READ | LOOP_WRITE), OK);
    assert_int_equal(loop_run(t.loop), OK);
    assert_string_equal(t.text, "w");
    loop_fd_free(t.watch);
    loop_free(t.loop);
    close(ends[0]);
    close(ends[1]);
}

static void on_fire(void *arg)
{
    struct trace *t = arg;

    note(t, 't');
    loop_stop(t->loop);
}

static void on_never(void *arg)
{
    note(arg, 'n');
}

static void a_timer_fires_once_and_a_stopped_one_never(void **state)
{
    struct trace t = {0};
    struct loop_timer *stopped;

    (void)state;
    assert_int_equal(loop_new(&t.loop), OK);
    assert_int_equal(loop_timer_new(t.loop, on_fire, &t, &t.timer), OK);
    assert_int_equal(loop_timer_new(t.loop, on_never, &t, &stopped), OK);
    loop_timer_start(stopped, 1);
    loop_timer_start(t.timer, 5);
    loop_timer_stop(stopped);
    assert_int_equal(loop_run(t.loop), OK);
    assert_string_equal(t.text, "t");
    loop_timer_free(t.timer);
    loop_timer_free(stopped);
    loop_free(t.loop);
}

enum { WAKES = 10000 };

static void on_wake(void *arg)
{
    struct trace *t = arg;

    if (++t->calls == WAKES)
        loop_stop(t->loop);
}

static void *wake_often(void *arg)
{
    struct trace *t = arg;

    for (int i = 0; i < WAKES; i++)
        loop_wake(t->loop, on_wake, t);
    return NULL;
}

static void every_wake_of_another_thread_arrives(void **state)
{
    struct trace t = {0};
    pthread_t thread;

    (void)state;
    assert_int_equal(loop_new(&t.loop), OK);
    assert_int_equal(pthread_create(&thread, NULL, wake_often, &t), 0);
    assert_int_equal(loop_run(t.loop), OK);
    pthread_join(thread, NULL);
    assert_int_equal(t.calls, WAKES);
    loop_free(t.loop);
}

static void on_again(void *arg)
{
    struct trace *t = arg;

    if (++t->calls < 3)
        loop_defer_schedule(t->defer);
    else
        loop_stop(t->loop);
}

static void a_deferred_call_may_schedule_itself_for_the_next_turn(void **state)
{
    struct trace t = {0};

    (void)state;
    assert_int_equal(loop_new(&t.loop), OK);
    assert_int_equal(loop_defer_new(t.loop, on_again, &t, &t.defer), OK);
    loop_defer_schedule(t.defer);
    assert_int_equal(loop_run(t.loop), OK);
    assert_int_equal(t.calls, 3);
    loop_defer_schedule(t.defer);
    loop_defer_free(t.defer);
    loop_free(t.loop);
}

static void a_signal_becomes_a_call(void **state)
{
    struct trace t = {0};
    struct loop_signal *watched;

    (void)state;
    assert_int_equal(loop_new(&t.loop), OK);
    assert_int_equal(loop_signal_new(t.loop, SIGUSR1, on_fire, &t, &watched), OK);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(loop_run(t.loop), OK);
    assert_string_equal(t.text, "t");
    loop_signal_free(watched);
    loop_free(t.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_calls_run_once_after_every_ready_descriptor),
        cmocka_unit_test(watches_writing_only_while_asked),
        cmocka_unit_test(a_timer_fires_once_and_a_stopped_one_never),
        cmocka_unit_test(every_wake_of_another_thread_arrives),
        cmocka_unit_test(a_deferred_call_may_schedule_itself_for_the_next_turn),
        cmocka_unit_test(a_signal_becomes_a_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
