/* test_server_refusals.c -- what the server refuses on real connections, and what the sender sees of it (reliability facts 3). */
#include "net_fixture.h"

/* A request that is refused, followed by one that must not be executed. */
static const struct {
    const char *text;
    int status;
} refusals[] = {
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n" NEXT, 400},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 44\r\n\r\n" NEXT, 400},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, 400},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT, 501},
    {"POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, 400},
    {"POST /echo HTTP/1.1\r\nHost: a\r\n\r\n" NEXT, 411},
    {"POST /echo HTTP/1.0\r\n\r\n" NEXT, 411},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n" NEXT, 413},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\nxx" NEXT, 415},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: tea\r\n\r\nxx" NEXT, 417},
    {"TRACE /hello HTTP/1.1\r\nHost: a\r\n\r\n" NEXT, 501},
    {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n" NEXT, 501},
    {"GET /hello HTTP/2.0\r\nHost: a\r\n\r\n" NEXT, 505},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" NEXT, 505},
    {"GET /hello HTTP/1.1\r\n\r\n" NEXT, 400},
    {"GET /hello HTTP/1.1\nHost: a\n\n" NEXT, 400},
    {"GET /hello\r\n\r\n" NEXT, 400},
    {"\r\n\r\n\r\n" NEXT, 400},
};

static void a_sender_that_goes_on_sending_can_read_the_413(void **state)
{
    static char body[1 << 20];
    struct client c = client_open(F);

    (void)state;
    client_send(&c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2097152\r\n\r\n"));
    client_send(&c, str_n(body, sizeof(body)));
    client_send(&c, str_n(body, sizeof(body)));
    client_answer(&c, &answer, false);
    assert_int_equal(answer.status, 413);
    client_expect_end(&c);
    client_close(&c);
}

static void body_I6_over_the_limit_is_413_never_shortened(void **state)
{
    static char body[(1 << 20) + 16];
    struct client c = client_open(F);

    (void)state;
    memset(body, 'x', sizeof(body));
    client_send(&c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n"));
    client_send(&c, str_n(body, 1 << 20));
    exchange_expect(&c, STR("\r\n1\r\n"), 413, &answer);
    assert_true(answer_has(&answer, "Connection: close"));
    client_expect_end(&c);
    client_close(&c);
    assert_int_equal(F->ends, 0);
    wait_for(&F->gone, 1);
}

static void expectations_are_refused_before_the_body(void **state)
{
    struct client c = client_open(F);

    (void)state;
    exchange_expect(&c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n"), 413,
                    &answer);
    client_expect_end(&c);
    client_close(&c);
    assert_int_equal(F->heads, 0);
}

static void refusals_answer_once_close_and_execute_nothing_after(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        struct client c = client_open(F);

        client_send(&c, str_of(refusals[i].text));
        client_answer(&c, &answer, false);
        assert_int_equal(answer.status, refusals[i].status);
        assert_true(answer_has(&answer, "Connection: close"));
        assert_non_null(strstr(answer.head, "\r\nDate: "));
        client_expect_end(&c);
        client_close(&c);
    }
    assert_int_equal(F->heads, 0);
}

static void a_broken_chunk_ends_the_request_and_the_connection(void **state)
{
    struct client c = client_open(F);

    (void)state;
    exchange_expect(&c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n" NEXT), 400,
                    &answer);
    client_expect_end(&c);
    client_close(&c);
    wait_for(&F->gone, 1);
    assert_int_equal(F->heads, 1);
    assert_int_equal(F->ends, 0);
}

static void long_lines_and_heads_have_their_own_status(void **state)
{
    static char text[40000];
    struct client c = client_open(F);

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "GET /", 5);
    client_send(&c, str_n(text, 9000));
    client_answer(&c, &answer, false);
    assert_int_equal(answer.status, 414);
    client_expect_end(&c);
    client_close(&c);
    c = client_open(F);
    client_send(&c, STR("GET /hello HTTP/1.1\r\nHost: a\r\nX: "));
    client_send(&c, str_n(text, 20000));
    client_answer(&c, &answer, false);
    assert_int_equal(answer.status, 431);
    client_expect_end(&c);
    client_close(&c);
}

static void a_plain_byte_on_the_tls_port_ends_the_connection(void **state)
{
    struct client c = {.fd = socket_with_deadline(), .ssl = NULL};
    char bytes[64];
    ssize_t n;

    (void)state;
    assert_int_equal(connect(c.fd, (struct sockaddr *)&F->address, sizeof(F->address)), 0);
    client_send(&c, STR(NEXT));
    while ((n = client_read(&c, bytes, sizeof(bytes))) > 0)
        assert_true(bytes[0] != 'H'); /* an alert at most */
    assert_int_equal(n, 0);
    client_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_TLS(a_sender_that_goes_on_sending_can_read_the_413),
        ON_PLAIN(a_sender_that_goes_on_sending_can_read_the_413),
        ON_TLS(body_I6_over_the_limit_is_413_never_shortened),
        ON_TLS(expectations_are_refused_before_the_body),
        ON_TLS(refusals_answer_once_close_and_execute_nothing_after),
        ON_PLAIN(refusals_answer_once_close_and_execute_nothing_after),
        ON_TLS(a_broken_chunk_ends_the_request_and_the_connection),
        ON_TLS(long_lines_and_heads_have_their_own_status),
        ON_TLS(a_plain_byte_on_the_tls_port_ends_the_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
