/* test_server_deadlines.c -- total deadlines, stopping, running out of connections and descriptors (reliability facts 2, 3.3). */
#include "net_fixture.h"

#include <sys/resource.h>
#include <time.h>

enum { SHORT_MS = 150 };

/* Starts with one deadline made short. */
static void start(size_t offset_of_timeout, bool tls)
{
    struct http_limits limits = fixture_limits();
    int64_t ms = SHORT_MS;

    memcpy((char *)&limits + offset_of_timeout, &ms, sizeof(ms));
    fixture_start(F, limits, tls);
}

#define START(timeout, tls) start(offsetof(struct http_limits, timeout), tls)

static int64_t now_ms(void)
{
    return clock_mono_us(&clock_system) / US_PER_MS;
}

/* Sends `c` every 10 ms until the server says something or closes; returns how long that took. */
static int64_t drip(struct client *client, char c)
{
    struct pollfd watch = {.fd = client->fd, .events = POLLIN};
    int64_t began = now_ms();

    while (poll(&watch, 1, 10) == 0 && now_ms() - began < WAIT_S * 1000)
        client_send(client, str_n(&c, 1));
    return now_ms() - began;
}

static void head_N9_is_408_at_a_total_deadline_that_no_byte_extends(void **state)
{
    struct client c;

    (void)state;
    START(head_timeout_ms, false);
    c = client_open(F);
    client_send(&c, STR("GET /hello HTTP/1.1\r\nX: "));
    assert_in_range(drip(&c, 'x'), SHORT_MS - 20, SHORT_MS * 10);
    client_answer(&c, &answer, false);
    assert_int_equal(answer.status, 408);
    assert_true(answer_has(&answer, "Connection: close"));
    client_close(&c);
    fixture_end_all(F, true);
}

static void body_N9_is_408_at_a_total_deadline_that_no_byte_extends(void **state)
{
    struct client c;

    (void)state;
    START(body_timeout_ms, false);
    c = client_open(F);
    client_send(&c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
    assert_in_range(drip(&c, 'x'), SHORT_MS - 20, SHORT_MS * 10);
    client_answer(&c, &answer, false);
    assert_int_equal(answer.status, 408);
    wait_for(&F->gone, 1);
    client_close(&c);
    fixture_end_all(F, true);
}

static void an_unanswered_request_N9_is_503_and_gone(void **state)
{
    struct client c;

    (void)state;
    START(write_timeout_ms, true);
    c = client_open(F);
    exchange_expect(&c, STR("POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"), 503, &answer);
    assert_true(answer_has(&answer, "Retry-After: 2"));
    wait_for(&F->gone, 1);
    client_expect_end(&c);
    client_close(&c);
    fixture_end_all(F, true);
}

static void an_unread_answer_N9_ends_the_connection(void **state)
{
    static char sink[1 << 16];
    struct client c;
    int room = 4096;
    ssize_t n;
    size_t got = 0;

    (void)state;
    START(write_timeout_ms, false);
    c.fd = socket_with_deadline();
    c.ssl = NULL;
    setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    assert_int_equal(connect(c.fd, (struct sockaddr *)&F->address, sizeof(F->address)), 0);
    for (int i = 0; i < 100; i++)
        client_send(&c, STR("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
    wait_for(&F->ends, 1);
    for (int64_t began = now_ms(); http_server_connections(F->server) && now_ms() - began < WAIT_S * 1000;)
        poll(NULL, 0, 5);
    assert_int_equal(http_server_connections(F->server), 0);
    while ((n = client_read(&c, sink, sizeof(sink))) > 0)
        got += (size_t)n;
    assert_true(got < 100 * 100000);
    client_close(&c);
    fixture_end_all(F, true);
}

static void silent_connections_N9_are_closed_without_an_answer(void **state)
{
    static const size_t timeouts[] = {offsetof(struct http_limits, handshake_timeout_ms),
                                      offsetof(struct http_limits, head_timeout_ms)};

    (void)state;
    for (int tls = 1; tls >= 0; tls--) {
        struct client c = {.fd = -1, .ssl = NULL};

        start(timeouts[tls ? 0 : 1], tls);
        c.fd = socket_with_deadline();
        assert_int_equal(connect(c.fd, (struct sockaddr *)&F->address, sizeof(F->address)), 0);
        client_expect_end(&c);
        client_close(&c);
        fixture_end_all(F, true);
    }
}

static void idle_connections_N9_are_closed_and_blank_lines_are_no_request(void **state)
{
    struct client c;

    (void)state;
    START(idle_timeout_ms, true);
    c = client_open(F);
    exchange_expect(&c, STR(NEXT), 200, &answer);
    client_expect_end(&c);
    client_close(&c);
    fixture_end_all(F, true);
    START(head_timeout_ms, false);
    c = client_open(F);
    exchange_expect(&c, STR(NEXT "\r\n"), 200, &answer);
    client_expect_end(&c); /* no 408 for a stray line end */
    client_close(&c);
    fixture_end_all(F, true);
}

static void stop_closes_idle_connections_and_finishes_the_others(void **state)
{
    struct client idle, busy, reading;

    (void)state;
    fixture_start(F, fixture_limits(), true);
    idle = client_open(F);
    exchange_expect(&idle, STR(NEXT), 200, &answer);
    busy = client_open(F);
    client_send(&busy, STR("POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nwork"));
    wait_for(&F->ends, 1);
    reading = client_open(F);
    client_send(&reading, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nre"));
    wait_for(&F->bodies, 2);
    loop_wake(F->loop, fixture_begin_stop, F);
    client_expect_end(&idle);
    assert_int_equal(F->stopped, 0);
    loop_wake(F->loop, answer_held, F);
    client_answer(&busy, &answer, false);
    assert_string_equal(answer.body, "work");
    assert_true(answer_has(&answer, "Connection: close"));
    exchange_expect(&reading, STR("st"), 200, &answer);
    assert_string_equal(answer.body, "rest");
    assert_true(answer_has(&answer, "Connection: close"));
    client_close(&idle);
    client_close(&busy);
    client_close(&reading);
    wait_for(&F->stopped, 1);
    fixture_end_all(F, false);
    assert_int_equal(F->stopped, 1);
    assert_int_equal(F->gone, 0);
}

static void freeing_the_server_tells_who_is_gone(void **state)
{
    struct client c;

    (void)state;
    fixture_start(F, fixture_limits(), true);
    c = client_open(F);
    client_send(&c, STR("POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"));
    wait_for(&F->ends, 1);
    fixture_end_all(F, true);
    assert_int_equal(F->gone, 1);
    client_close(&c);
}

static void beyond_the_connection_limit_clients_wait_for_a_place(void **state)
{
    struct http_limits limits = fixture_limits();
    struct client first, second, third;
    struct pollfd watch;

    (void)state;
    limits.connections = 2;
    fixture_start(F, limits, false);
    first = client_open(F);
    second = client_open(F);
    exchange_expect(&first, STR(NEXT), 200, &answer);
    exchange_expect(&second, STR(NEXT), 200, &answer);
    third = client_open(F);
    client_send(&third, STR(NEXT));
    watch = (struct pollfd){.fd = third.fd, .events = POLLIN};
    assert_int_equal(poll(&watch, 1, 100), 0);
    client_close(&first);
    client_answer(&third, &answer, false);
    assert_int_equal(answer.status, 200);
    client_close(&second);
    client_close(&third);
    fixture_end_all(F, true);
}

/* Leaves no descriptor free, so that accept fails; returns the limit as it was. */
static struct rlimit use_up_descriptors(void)
{
    struct rlimit before, none;
    int next = dup(0);

    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    return before;
}

static void without_descriptors_accepting_pauses_and_does_not_spin(void **state)
{
    enum { N = 8 };
    struct client honest, waiting[N];
    struct rlimit before;
    clock_t used;

    (void)state;
    fixture_start(F, fixture_limits(), false);
    honest = client_open(F);
    exchange_expect(&honest, STR(NEXT), 200, &answer);
    for (int i = 0; i < N; i++)
        waiting[i] = (struct client){.fd = socket_with_deadline(), .ssl = NULL};
    before = use_up_descriptors();
    for (int i = 0; i < N; i++)
        assert_int_equal(connect(waiting[i].fd, (struct sockaddr *)&F->address, sizeof(F->address)), 0);
    used = clock();
    client_expect_end(&waiting[0]); /* refused with the reserve descriptor */
    exchange_expect(&honest, STR(NEXT), 200, &answer);
    poll(NULL, 0, 200);
    assert_true(clock() - used < CLOCKS_PER_SEC / 10);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    exchange_expect(&waiting[N - 1], STR(NEXT), 200, &answer);
    for (int i = 0; i < N; i++)
        client_close(&waiting[i]);
    client_close(&honest);
    fixture_end_all(F, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_N9_is_408_at_a_total_deadline_that_no_byte_extends),
        cmocka_unit_test(body_N9_is_408_at_a_total_deadline_that_no_byte_extends),
        cmocka_unit_test(an_unanswered_request_N9_is_503_and_gone),
        cmocka_unit_test(an_unread_answer_N9_ends_the_connection),
        cmocka_unit_test(silent_connections_N9_are_closed_without_an_answer),
        cmocka_unit_test(idle_connections_N9_are_closed_and_blank_lines_are_no_request),
        cmocka_unit_test(stop_closes_idle_connections_and_finishes_the_others),
        cmocka_unit_test(freeing_the_server_tells_who_is_gone),
        cmocka_unit_test(beyond_the_connection_limit_clients_wait_for_a_place),
        cmocka_unit_test(without_descriptors_accepting_pauses_and_does_not_spin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
