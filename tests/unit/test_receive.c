/* test_receive.c -- proves the role serve from outside: real TLS, real Redis, real routes, one process a test. */
#include "serve_fixture.h"

static void accepts_a_signed_delivery_and_holds_it_before_the_answer_I1_I3_N1(void **state)
{
    struct made *m = &S->made[0];
    struct arena arena;
    struct claimed *c = NULL;
    size_t n = 0;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(post_signed(m, 0, WOO "X-Ignored: yes\r\n", BODY), 200);
    assert_int_equal(stream_claim(S->stream, STR("t"), 10, 0, &arena, &c, &n), OK);
    assert_int_equal(n, 1);
    assert_true(str_eq(c->entry.body, BODY) && str_eq(c->entry.source_id, STR("11")));
    assert_true(str_eq(c->entry.topic, STR("order.updated")) && str_eq(c->entry.content_type, STR("application/json")));
    assert_int_equal(fields_get(c->entry.headers, STR("X-WC-Webhook-ID"), NULL), 1);
    assert_int_equal(fields_get(c->entry.headers, STR("X-Ignored"), NULL), 0);
    assert_int_equal(fields_get(c->entry.headers, STR("X-WC-Webhook-Signature"), NULL), 0);
    assert_non_null(strstr(answer.body, c->entry.id.p));
    arena_release(&arena);
    await_count("accepted", 1);
    await_count("secret:s1", 1);
}

static void refuses_every_bad_signature_alike_I2_N2(void **state)
{
    struct made *m = &S->made[0];
    struct made other = {.source = m->source};
    struct buf lines = BUF_INIT(8192), first = BUF_INIT(4096);

    (void)state;
    assert_int_equal(ask(post_text(m->source.key, WOO, BODY)), 401);
    assert_int_equal(buf_append(&first, str_n(answer.body, answer.body_len)), OK);
    snprintf(other.text[0], sizeof(other.text[0]), "another secret");
    assert_int_equal(post_signed(&other, 0, WOO, BODY), 401); /* wrong secret */
    assert_string_equal(answer.body, buf_text(&first));
    sign(m, 0, BODY, &lines);
    assert_int_equal(ask(post_text(m->source.key, buf_text(&lines), STR("{\"id\": 8,  \"name\": \"\\u00e9\"}"))),
                     401); /* tampered */
    assert_string_equal(answer.body, buf_text(&first));
    sign(m, 0, BODY, &lines);
    assert_int_equal(ask(post_text(m->source.key, buf_text(&lines), BODY)), 401); /* two signature headers */
    assert_string_equal(answer.body, buf_text(&first));
    assert_int_equal(ask(post_text(m->source.key, WOO "X-WC-Webhook-Signature:\r\n", BODY)), 401);
    assert_int_equal(queued(), 0);
    await_count("refused:signature", 2);
    await_count("refused:signature_missing", 1);
    buf_release(&lines);
    buf_release(&first);
}

static void answers_unknown_method_and_coding_I2(void **state)
{
    char text[256];

    (void)state;
    assert_int_equal(ask(post_text("aaaaaaaaaaaaaaaaaaaaaaaaaa", WOO, BODY)), 404);
    assert_int_equal(ask(post_text("nobody", WOO, BODY)), 404);
    assert_int_equal(ask(STR("GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n")), 404);
    snprintf(text, sizeof(text), "GET /in/%s HTTP/1.1\r\nHost: a\r\n\r\n", S->made[0].source.key);
    assert_int_equal(ask(str_of(text)), 405);
    assert_true(answer_has(&answer, "Allow: POST"));
    snprintf(text, sizeof(text), "DELETE /in/%s HTTP/1.1\r\nHost: a\r\n\r\n", S->made[0].source.key);
    assert_int_equal(ask(str_of(text)), 405);
    assert_int_equal(post_signed(&S->made[0], 0, "Content-Encoding: gzip\r\n", BODY), 415);
    assert_int_equal(queued(), 0);
}

static void refuses_a_body_over_the_limit_I6(void **state)
{
    static char big[9000];

    (void)state;
    memset(big, 'x', sizeof(big));
    assert_int_equal(post_signed(&S->made[0], 0, WOO, str_n(big, sizeof(big))), 413);
    assert_int_equal(post_signed(&S->made[0], 0, WOO, str_n(big, 8192)), 200);
    assert_int_equal(queued(), 1);
}

static void answers_the_creation_ping_and_queues_nothing_I4(void **state)
{
    struct made *m = &S->made[0];

    (void)state;
    assert_int_equal(ask(post_text(m->source.key, "Content-Type: application/x-www-form-urlencoded\r\n", STR("webhook_id=12"))),
                     200);
    assert_int_equal(ask(post_text(m->source.key, "Content-Type: application/json\r\n", STR("{\"webhook_id\":12}"))), 401);
    assert_int_equal(queued(), 0);
}

static void serves_http_1_0_I7(void **state)
{
    struct buf lines = BUF_INIT(8192);
    char text[2048];

    (void)state;
    sign(&S->made[0], 0, BODY, &lines);
    snprintf(text, sizeof(text), "POST /in/%s HTTP/1.0\r\n%s%sContent-Length: %zu\r\n\r\n%.*s", S->made[0].source.key, WOO,
             buf_text(&lines), BODY.len, STR_ARG(BODY));
    assert_int_equal(ask(str_of(text)), 200);
    assert_int_equal(queued(), 1);
    buf_release(&lines);
}

static void a_source_added_this_moment_is_known_and_a_disabled_one_is_not(void **state)
{
    struct made *m = add_source("woocommerce");

    (void)state;
    publish();
    assert_int_equal(post_signed(m, 0, WOO, BODY), 200); /* no second of polling between */
    m->source.enabled = false;
    publish();
    for (int i = 0; i < WAIT_S * 20 && post_signed(m, 0, WOO, BODY) != 404; i++)
        redis_fixture_pause(50);
    assert_int_equal(answer.status, 404);
}

static void every_valid_secret_counts_and_an_expired_one_does_not_I1(void **state)
{
    struct made *m = add_source("woocommerce");

    (void)state;
    add_secret(m, 0);
    publish();
    assert_int_equal(post_signed(m, 0, WOO, BODY), 200);
    assert_int_equal(post_signed(m, 1, WOO, BODY), 200);
    m = add_source("woocommerce");
    add_secret(m, clock_wall_us(&clock_system) - US_PER_S);
    publish();
    assert_int_equal(post_signed(m, 0, WOO, BODY), 200);
    assert_int_equal(post_signed(m, 1, WOO, BODY), 401);
}

static void a_hung_queue_is_503_and_the_same_bytes_are_taken_later_I8_N1(void **state)
{
    struct made *m = add_source("storehook");
    struct buf lines = BUF_INIT(8192);
    int64_t start_us;

    (void)state;
    publish();
    sign(m, 0, BODY, &lines);
    assert_int_equal(post_signed(m, 0, "", BODY), 200);
    kill(S->redis.pid, SIGSTOP);
    start_us = clock_mono_us(&clock_system);
    assert_int_equal(ask(post_text(m->source.key, buf_text(&lines), BODY)), 503);
    assert_non_null(strstr(answer.head, "\r\nRetry-After: "));
    assert_true(clock_mono_us(&clock_system) - start_us < 4 * US_PER_S);
    kill(S->redis.pid, SIGCONT);
    for (int i = 0; i < WAIT_S * 20 && ask(post_text(m->source.key, buf_text(&lines), BODY)) != 200; i++) {
        assert_int_equal(answer.status, 503);
        redis_fixture_pause(50);
    }
    assert_int_equal(answer.status, 200);
    buf_release(&lines);
}

static void an_unknown_key_is_503_while_nobody_can_know_it(void **state)
{
    (void)state;
    kill(S->redis.pid, SIGSTOP);
    assert_int_equal(ask(post_text("aaaaaaaaaaaaaaaaaaaaaaaaaa", WOO, BODY)), 503);
    kill(S->redis.pid, SIGCONT);
    for (int i = 0; i < WAIT_S * 20 && ask(post_text("aaaaaaaaaaaaaaaaaaaaaaaaaa", WOO, BODY)) != 404; i++)
        redis_fixture_pause(50);
    assert_int_equal(answer.status, 404);
}

static void readiness_is_a_real_write(void **state)
{
    static const struct str ready = {"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n", 34},
                            live = {"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 35};

    (void)state;
    assert_int_equal(ask(ready), 200);
    REDIS_DO(&S->redis, "CONFIG SET maxmemory 1");
    for (int i = 0; i < WAIT_S * 20 && ask(ready) != 503; i++)
        redis_fixture_pause(50);
    assert_string_equal(answer.body, "queue_full");
    assert_int_equal(ask(live), 200);
    REDIS_DO(&S->redis, "CONFIG SET maxmemory 0");
    for (int i = 0; i < WAIT_S * 20 && ask(ready) != 200; i++)
        redis_fixture_pause(50);
    assert_int_equal(answer.status, 200);
    assert_int_equal(ask(STR("POST /readyz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")), 405);
}

static void a_stop_answers_what_was_received(void **state)
{
    struct made *m = &S->made[0];
    struct buf lines = BUF_INIT(8192);
    struct client c = client_open(F);
    struct str text;

    (void)state;
    sign(m, 0, BODY, &lines);
    text = post_text(m->source.key, buf_text(&lines), BODY);
    client_send(&c, str_upto(text, text.len - 5));
    assert_int_equal(ask(STR("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")), 200); /* it has turned since */
    kill(S->pid, SIGTERM);
    client_send(&c, str_from(text, text.len - 5));
    client_answer(&c, &answer, false);
    assert_int_equal(answer.status, 200);
    client_close(&c);
    assert_int_equal(queued(), 1);
    buf_release(&lines);
}

static int start_limited(void **state)
{
    (void)state;
    prepare();
    redis_fixture_setting(S->cfg, SET_SERVE_SOURCE_RATE, "3");
    add_source("woocommerce");
    publish();
    launch();
    return 0;
}

static void more_than_the_rate_is_429_and_strangers_use_none_up_I2(void **state)
{
    struct made *m = &S->made[0];
    int limited = 0;

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask(post_text(m->source.key, WOO, BODY)), 401);
    for (int i = 0; i < 10; i++)
        if (post_signed(m, 0, WOO, BODY) == 429) {
            assert_non_null(strstr(answer.head, "\r\nRetry-After: "));
            limited++;
        }
    assert_in_range(limited, 1, 7);
    assert_int_equal(queued(), 10 - limited);
}

static int start_without_snapshot(void **state)
{
    (void)state;
    prepare();
    launch();
    return 0;
}

static void without_a_snapshot_nobody_is_told_404(void **state)
{
    (void)state;
    assert_int_equal(ask(post_text("aaaaaaaaaaaaaaaaaaaaaaaaaa", WOO, BODY)), 503);
    publish();
    assert_int_equal(ask(post_text("aaaaaaaaaaaaaaaaaaaaaaaaaa", WOO, BODY)), 404);
}

static int start_with_another_master_key(void **state)
{
    struct seal *ours;
    char other[65];

    (void)state;
    prepare();
    launch(); /* at its start it would notice */
    memset(other, 'a', 64);
    other[64] = '\0';
    ours = S->seal;
    assert_int_equal(seal_load(str_of(other), NULL, &S->seal), OK);
    add_source("woocommerce");
    seal_free(S->seal);
    S->seal = ours;
    publish();
    return 0;
}

static void secrets_that_do_not_open_are_our_trouble_N10(void **state)
{
    (void)state;
    assert_int_equal(post_signed(&S->made[0], 0, WOO, BODY), 503);
    assert_int_equal(queued(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, start_serving, stop_serving)
        T(accepts_a_signed_delivery_and_holds_it_before_the_answer_I1_I3_N1),
        T(refuses_every_bad_signature_alike_I2_N2),
        T(answers_unknown_method_and_coding_I2),
        T(refuses_a_body_over_the_limit_I6),
        T(answers_the_creation_ping_and_queues_nothing_I4),
        T(serves_http_1_0_I7),
        T(a_source_added_this_moment_is_known_and_a_disabled_one_is_not),
        T(every_valid_secret_counts_and_an_expired_one_does_not_I1),
        T(a_hung_queue_is_503_and_the_same_bytes_are_taken_later_I8_N1),
        T(an_unknown_key_is_503_while_nobody_can_know_it),
        T(readiness_is_a_real_write),
        T(a_stop_answers_what_was_received),
        cmocka_unit_test_setup_teardown(more_than_the_rate_is_429_and_strangers_use_none_up_I2, start_limited, stop_serving),
        cmocka_unit_test_setup_teardown(without_a_snapshot_nobody_is_told_404, start_without_snapshot, stop_serving),
        cmocka_unit_test_setup_teardown(secrets_that_do_not_open_are_our_trouble_N10, start_with_another_master_key, stop_serving),
#undef T
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("receive", tests, NULL, NULL);
}
