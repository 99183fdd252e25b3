/* test_server.c -- requests and answers on real connections: order, pieces, methods, refusals, limits (reliability facts 3). */
#include "net_fixture.h"

static void answers_requests_on_one_connection(void **state)
{
    struct client c = client_open(F);

    (void)state;
    for (int i = 0; i < 3; i++) {
        exchange_expect(&c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"), 200, &answer);
        assert_string_equal(answer.body, "hello");
        assert_true(answer_has(&answer, "Content-Length: 5"));
        assert_true(answer_has(&answer, "Content-Type: text/plain"));
        assert_non_null(strstr(answer.head, "\r\nDate: "));
        assert_null(strstr(answer.head, "Connection:"));
    }
    exchange_expect(&c, STR("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"), 200, &answer);
    assert_string_equal(answer.body, "abc");
    exchange_expect(&c, STR("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200, &answer);
    assert_string_equal(answer.body, "hello");
    client_close(&c);
}

/* Puts every record that is written from now on into one piece, sent by `send_at_once`. */
static void gather_records(struct client *c)
{
    SSL_set0_wbio(c->ssl, BIO_new(BIO_s_mem()));
}

static void send_at_once(struct client *c)
{
    char *bytes;
    long n = BIO_get_mem_data(SSL_get_wbio(c->ssl), &bytes);

    assert_int_equal(send(c->fd, bytes, (size_t)n, 0), n);
    (void)BIO_reset(SSL_get_wbio(c->ssl));
}

static void head_and_body_in_two_records_of_one_segment_never_stall_5a(void **state)
{
    static const char *const paths[] = {"/echo", "/later"};
    char head[128];

    (void)state;
    for (int i = 0; i < 16; i++) {
        struct client c = client_open(F);

        gather_records(&c);
        for (int turn = 0; turn < 3; turn++) {
            snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", paths[i % 2]);
            client_send(&c, str_of(head));
            client_send(&c, STR("hello"));
            send_at_once(&c);
            client_answer(&c, &answer, false);
            assert_string_equal(answer.body, "hello");
        }
        client_close(&c);
    }
}

static void every_record_of_a_segment_is_served_5a(void **state)
{
    struct client c = client_open(F);
    char text[128];

    (void)state;
    gather_records(&c);
    for (int i = 0; i < 40; i++) {
        snprintf(text, sizeof(text), "POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n", i % 3 ? "echo" : "later");
        client_send(&c, str_of(text));
        snprintf(text, sizeof(text), "%02d", i);
        client_send(&c, str_of(text));
    }
    send_at_once(&c);
    for (int i = 0; i < 40; i++) {
        client_answer(&c, &answer, false);
        assert_int_equal((int)strtol(answer.body, NULL, 10), i);
    }
    client_close(&c);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    static char text[TEXT_MAX];
    struct client c = client_open(F);
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 200; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n%03d",
                                i % 2 ? "echo" : "later", i);
    client_send(&c, str_n(text, len));
    for (int i = 0; i < 200; i++) {
        client_answer(&c, &answer, false);
        assert_int_equal((int)strtol(answer.body, NULL, 10), i);
    }
    client_close(&c);
}

static void reading_pauses_while_answers_wait(void **state)
{
    static const char request[] = "POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    struct client c = client_open(F);
    int sent = 0, room = 65536;

    (void)state;
    setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    while (sent < 300 && send(c.fd, request, sizeof(request) - 1, MSG_DONTWAIT) == (ssize_t)sizeof(request) - 1)
        sent++;
    assert_true(sent > 100);
    wait_for(&F->ends, 1);
    poll(NULL, 0, 100);
    assert_true(F->ends < 100); /* 100 KB each: what the sockets hold, not all that was asked for */
    for (int i = 0; i < sent; i++) {
        client_answer(&c, &answer, false);
        assert_int_equal(answer.body_len, 100000);
    }
    client_close(&c);
}

static void bytes_one_by_one_give_the_same_answer(void **state)
{
    struct str text =
        STR("\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n2\r\n!!\r\n0\r\n"
            "T: t\r\n\r\n");
    struct client c = client_open(F);

    (void)state;
    for (size_t i = 0; i < text.len; i++)
        client_send(&c, str_n(text.p + i, 1));
    client_answer(&c, &answer, false);
    assert_string_equal(answer.body, "hello!!");
    client_close(&c);
}

static size_t big_body(char *out, size_t n, unsigned long *sum)
{
    *sum = 0;
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)('a' + i * 7 % 26);
        *sum = *sum * 31 + (unsigned char)out[i];
    }
    return n;
}

static void big_bodies_arrive_whole(void **state)
{
    enum { N = 1 << 20 };
    static char body[N];
    char text[128], want[64];
    unsigned long sum;
    struct client c = client_open(F);

    (void)state;
    big_body(body, N, &sum);
    snprintf(want, sizeof(want), "%d %lu", (int)N, sum);
    snprintf(text, sizeof(text), "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", (int)N);
    client_send(&c, str_of(text));
    exchange_expect(&c, str_n(body, N), 200, &answer);
    assert_string_equal(answer.body, want);
    client_send(&c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (size_t at = 0; at < N; at += N / 64) {
        snprintf(text, sizeof(text), "%x\r\n", N / 64);
        client_send(&c, str_of(text));
        client_send(&c, str_n(body + at, N / 64));
        client_send(&c, STR("\r\n"));
    }
    exchange_expect(&c, STR("0\r\n\r\n"), 200, &answer);
    assert_string_equal(answer.body, want);
    exchange_expect(&c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok"), 200, &answer);
    assert_string_equal(answer.body, "ok");
    client_close(&c);
}

static void a_100_continue_comes_only_after_the_handler_agreed(void **state)
{
    struct client c = client_open(F);
    char line[26] = "";

    (void)state;
    client_send(&c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
    for (size_t n = 0; n < 25; n++)
        assert_int_equal(client_read(&c, line + n, 1), 1);
    assert_string_equal(line, "HTTP/1.1 100 Continue\r\n\r\n");
    exchange_expect(&c, STR("body"), 200, &answer);
    assert_string_equal(answer.body, "body");
    exchange_expect(&c, STR("POST /none HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"), 404, &answer);
    assert_true(answer_has(&answer, "Connection: close"));
    client_expect_end(&c);
    client_close(&c);
}

static void a_head_request_never_gets_a_body(void **state)
{
    struct client c = client_open(F);

    (void)state;
    client_send(&c, STR("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nHEAD /none HTTP/1.1\r\nHost: a\r\n\r\n" NEXT));
    client_answer(&c, &answer, true);
    assert_int_equal(answer.status, 200);
    assert_true(answer_has(&answer, "Content-Length: 5"));
    client_answer(&c, &answer, true);
    assert_int_equal(answer.status, 404);
    client_answer(&c, &answer, false);
    assert_string_equal(answer.body, "hello");
    client_close(&c);
}

static void handler_errors_become_answers(void **state)
{
    struct client c = client_open(F);

    (void)state;
    exchange_expect(&c, STR("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 405, &answer);
    assert_true(answer_has(&answer, "Allow: GET, HEAD"));
    exchange_expect(&c, STR("GET /none HTTP/1.1\r\nHost: a\r\n\r\n"), 404, &answer);
    assert_null(strstr(answer.head, "Allow:"));
    exchange_expect(&c, STR("GET /down HTTP/1.1\r\nHost: a\r\n\r\n"), 503, &answer);
    assert_true(answer_has(&answer, "Retry-After: 2"));
    exchange_expect(&c, STR("GET /signed HTTP/1.1\r\nHost: a\r\n\r\n"), 401, &answer);
    assert_string_equal(answer.body, "Unauthorized\n"); /* SPEC I2: the reason is not the sender's */
    exchange_expect(&c, STR("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"), 404, &answer);
    assert_true(answer_has(&answer, "Connection: close"));
    client_expect_end(&c);
    client_close(&c);
}

static void http_1_0_I7_closes_unless_it_asked_to_keep_alive(void **state)
{
    struct client c = client_open(F);

    (void)state;
    exchange_expect(&c, STR("POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na"), 200, &answer);
    assert_true(answer_has(&answer, "Connection: keep-alive"));
    exchange_expect(&c, STR("POST /later HTTP/1.0\r\nContent-Length: 1\r\n\r\nb"), 200, &answer);
    assert_true(answer_has(&answer, "Connection: close"));
    client_expect_end(&c);
    client_close(&c);
    c = client_open(F);
    exchange_expect(&c, STR("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 200, &answer);
    assert_true(answer_has(&answer, "Connection: close"));
    client_expect_end(&c);
    client_close(&c);
}

static void the_thousandth_request_is_the_last_of_its_connection(void **state)
{
    struct client c = client_open(F);

    (void)state;
    for (int i = 1; i <= 1000; i++) {
        exchange_expect(&c, STR(NEXT), 200, &answer);
        assert_int_equal(answer_has(&answer, "Connection: close"), i == 1000);
    }
    client_expect_end(&c);
    client_close(&c);
}

static void a_half_closed_sender_gets_its_answer(void **state)
{
    struct client c = client_open(F);

    (void)state;
    client_send(&c, STR("POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"));
    shutdown(c.fd, SHUT_WR);
    wait_for(&F->ends, 1);
    loop_wake(F->loop, answer_held, F);
    client_answer(&c, &answer, false);
    assert_string_equal(answer.body, "hi");
    client_expect_end(&c);
    client_close(&c);
    assert_int_equal(F->gone, 0);
}

static void a_sender_that_leaves_mid_body_is_gone(void **state)
{
    struct client c = client_open(F);

    (void)state;
    client_send(&c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhi"));
    wait_for(&F->bodies, 1);
    client_close(&c);
    wait_for(&F->gone, 1);
    assert_int_equal(F->ends, 0);
}

static void resets_at_any_byte_do_no_harm(void **state)
{
    struct str text = STR("POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    (void)state;
    for (size_t n = 0; n <= text.len; n++) {
        struct client c = client_open(F);

        client_send(&c, str_upto(text, n));
        setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        client_close(&c);
    }
    wait_for(&F->ends, 1);
    loop_wake(F->loop, answer_held, F);
    struct client c = client_open(F);
    exchange_expect(&c, STR(NEXT), 200, &answer);
    client_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_TLS(answers_requests_on_one_connection),
        ON_PLAIN(answers_requests_on_one_connection),
        ON_TLS(head_and_body_in_two_records_of_one_segment_never_stall_5a),
        ON_TLS(every_record_of_a_segment_is_served_5a),
        ON_TLS(pipelined_requests_are_answered_in_order),
        ON_PLAIN(pipelined_requests_are_answered_in_order),
        ON_PLAIN(reading_pauses_while_answers_wait),
        ON_TLS(bytes_one_by_one_give_the_same_answer),
        ON_PLAIN(bytes_one_by_one_give_the_same_answer),
        ON_TLS(big_bodies_arrive_whole),
        ON_PLAIN(big_bodies_arrive_whole),
        ON_TLS(a_100_continue_comes_only_after_the_handler_agreed),
        ON_TLS(a_head_request_never_gets_a_body),
        ON_TLS(handler_errors_become_answers),
        ON_TLS(http_1_0_I7_closes_unless_it_asked_to_keep_alive),
        ON_TLS(the_thousandth_request_is_the_last_of_its_connection),
        ON_PLAIN(a_half_closed_sender_gets_its_answer),
        ON_TLS(a_sender_that_leaves_mid_body_is_gone),
        ON_PLAIN(resets_at_any_byte_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
