/* test_agent.c -- HTTP requests on the loop against our own server: many at once, bounded, and only where they may go. */
#include "net/agent.h"

#include "net_fixture.h"

enum { CALLS_MAX = 20, PATIENCE_MS = 20000 };

/* The client's side: a loop of its own, and what came back. */
static struct scene {
    struct loop *loop;
    struct loop_timer *patience;
    struct http_agent *agent;
    struct address_guard guard;
    char ca[96];
    int want, got;
    struct {
        enum err err;
        int status;
        size_t body_bytes;
        char body[64], why[HTTP_AGENT_WHY_BYTES], type[32];
    } replies[CALLS_MAX];
} S;

static void lost_patience(void *arg)
{
    (void)arg;
    loop_stop(S.loop);
}

static void open_scene(struct http_agent_options options, const char *allow)
{
    struct buf why = BUF_INIT(256);

    memset(&S, 0, sizeof(S));
    snprintf(S.ca, sizeof(S.ca), "%s/ca.pem", F->dir);
    assert_int_equal(address_guard_allow(&S.guard, str_of(allow), &why), OK);
    buf_release(&why);
    if (F->tls && !options.ca_file)
        options.ca_file = S.ca;
    options.guard = &S.guard;
    options.calls_max = CALLS_MAX;
    options.connections_max = options.connections_max ? options.connections_max : 8;
    options.host_connections_max = options.host_connections_max ? options.host_connections_max : 8;
    assert_int_equal(loop_new(&S.loop), OK);
    assert_int_equal(loop_timer_new(S.loop, lost_patience, NULL, &S.patience), OK);
    assert_int_equal(http_agent_new(S.loop, &options, &S.agent), OK);
}

static void close_scene(void)
{
    http_agent_free(S.agent);
    loop_timer_free(S.patience);
    loop_free(S.loop);
}

static void copy(char *out, size_t size, struct str text)
{
    snprintf(out, size, "%.*s", STR_ARG(str_upto(text, size - 1)));
}

static void take_reply(void *arg, const struct http_reply *reply)
{
    int i = *(int *)arg;
    struct str type;

    S.replies[i].err = reply->err;
    S.replies[i].status = reply->status;
    S.replies[i].body_bytes = reply->body.len;
    copy(S.replies[i].body, sizeof(S.replies[i].body), reply->body);
    copy(S.replies[i].why, sizeof(S.replies[i].why), reply->why);
    fields_get(reply->fields, STR("content-type"), &type);
    copy(S.replies[i].type, sizeof(S.replies[i].type), type);
    if (++S.got == S.want)
        loop_stop(S.loop);
}

static enum err post_url(int i, const char *url, const char *body, int64_t timeout_ms, struct http_call **call)
{
    static int numbers[CALLS_MAX];
    static const struct field type = {STR("Content-Type"), STR("application/json")};
    struct http_agent_request r = {.method = "POST",
                                   .url = str_of(url),
                                   .fields = {&type, 1},
                                   .body = str_of(body),
                                   .body_max_bytes = 1000,
                                   .timeout_ms = timeout_ms};
    enum err err;

    numbers[i] = i;
    err = http_agent_send(S.agent, &r, take_reply, &numbers[i], call);
    S.want += err == OK;
    return err;
}

static const char *url_of(const char *host, const char *path)
{
    static char text[128];

    snprintf(text, sizeof(text), "%s://%s:%d%s", F->tls ? "https" : "http", host, ntohs(F->address.sin_port), path);
    return text;
}

static void post(int i, const char *path)
{
    assert_int_equal(post_url(i, url_of("localhost", path), "{}", 10000, NULL), OK);
}

static void run(void)
{
    loop_timer_start(S.patience, PATIENCE_MS);
    assert_int_equal(loop_run(S.loop), OK);
    assert_int_equal(S.got, S.want);
    assert_int_equal(http_agent_calls(S.agent), 0);
}

static void many_requests_share_a_bounded_number_of_connections_N9(void **state)
{
    (void)state;
    open_scene((struct http_agent_options){.host_connections_max = 3}, "127.0.0.1");
    for (int i = 0; i < CALLS_MAX; i++)
        post(i, "/echo");
    assert_int_equal(post_url(0, url_of("localhost", "/echo"), "x", 1000, NULL), ERR_TOO_MANY);
    run();
    for (int i = 0; i < CALLS_MAX; i++) {
        assert_int_equal(S.replies[i].err, OK);
        assert_int_equal(S.replies[i].status, 200);
        assert_string_equal(S.replies[i].body, "{}");
        assert_string_equal(S.replies[i].type, "text/plain");
    }
    assert_in_range(http_server_connections(F->server), 1, 3);
    close_scene();
}

static void a_slow_answer_ends_at_its_deadline_and_holds_up_nobody_N9(void **state)
{
    (void)state;
    open_scene((struct http_agent_options){.plain = true}, "127.0.0.1");
    assert_int_equal(post_url(0, url_of("localhost", "/hold"), "{}", 300, NULL), OK);
    post(1, "/echo");
    run();
    assert_int_equal(S.replies[0].err, ERR_TIMEOUT);
    assert_string_equal(S.replies[0].why, "no answer in time");
    assert_int_equal(S.replies[1].err, OK);
    close_scene();
}

static void waiting_for_a_connection_counts_against_the_deadline_N9(void **state)
{
    (void)state;
    open_scene((struct http_agent_options){.plain = true, .connections_max = 1, .host_connections_max = 1}, "127.0.0.1");
    assert_int_equal(post_url(0, url_of("localhost", "/hold"), "{}", 600, NULL), OK);
    assert_int_equal(post_url(1, url_of("localhost", "/echo"), "{}", 200, NULL), OK);
    run();
    assert_int_equal(S.replies[0].err, ERR_TIMEOUT);
    assert_int_equal(S.replies[1].err, ERR_TIMEOUT);
    assert_string_equal(S.replies[1].why, "no connection in time");
    close_scene();
}

static void an_answer_is_read_up_to_its_maximum_N9(void **state)
{
    (void)state;
    open_scene((struct http_agent_options){.plain = false}, "127.0.0.1");
    post(0, "/big");
    run();
    assert_int_equal(S.replies[0].err, ERR_TOO_LARGE);
    assert_int_equal(S.replies[0].status, 200);
    assert_int_equal(S.replies[0].body_bytes, 1000);
    close_scene();
}

/* "localhost" stands for any name that leads to an address of ours: it is judged after it was looked up. */
static void a_name_that_leads_to_a_private_address_is_not_connected_to(void **state)
{
    (void)state;
    open_scene((struct http_agent_options){.plain = true}, "");
    post(0, "/echo");
    run();
    assert_int_equal(S.replies[0].err, ERR_FORBIDDEN);
    assert_non_null(strstr(S.replies[0].why, "a loopback address, which is not allowed"));
    assert_int_equal(F->heads, 0);
    close_scene();
}

static void a_certificate_of_an_unknown_CA_is_refused(void **state)
{
    (void)state;
    open_scene((struct http_agent_options){.ca_file = "/etc/ssl/certs/ca-certificates.crt"}, "127.0.0.1");
    post(0, "/echo");
    run();
    assert_int_equal(S.replies[0].err, ERR_TLS);
    close_scene();
}

static void a_cancelled_call_is_never_heard_of(void **state)
{
    struct http_call *call = NULL;

    (void)state;
    open_scene((struct http_agent_options){.plain = true}, "127.0.0.1");
    assert_int_equal(post_url(0, url_of("localhost", "/hold"), "{}", 300, &call), OK);
    post(1, "/echo");
    http_agent_cancel(call);
    S.want--;
    run();
    assert_int_equal(S.replies[1].err, OK);
    assert_int_equal(S.replies[0].status, 0);
    assert_int_equal(post_url(0, url_of("localhost", "/hold"), "{}", 300, &call), OK);
    close_scene(); /* one is in work */
}

static void a_failed_connection_says_so(void **state)
{
    (void)state;
    open_scene((struct http_agent_options){.plain = true}, "127.0.0.1");
    assert_int_equal(post_url(0, "http://127.0.0.1:1/", "{}", 5000, NULL), OK);
    run();
    assert_int_equal(S.replies[0].err, ERR_IO);
    assert_true(S.replies[0].why[0] != '\0');
    close_scene();
}

static void a_URL_is_held_against_the_rules_before_it_is_used(void **state)
{
    static const struct {
        const char *url;
        enum err err;
    } rows[] = {
        {"https://hooks.example/in?a=b", OK},
        {"https://hooks.example:8443/", OK},
        {"https://8.8.8.8/", OK},
        {"http://hooks.example/", ERR_FORBIDDEN},
        {"https://hooks.example:25/", ERR_FORBIDDEN},
        {"https://127.0.0.1/", ERR_FORBIDDEN},
        {"https://2130706433/", ERR_FORBIDDEN},
        {"https://0x7f.1/", ERR_FORBIDDEN},
        {"https://[::1]/", ERR_FORBIDDEN},
        {"https://[::ffff:10.0.0.1]/", ERR_FORBIDDEN},
        {"https://169.254.169.254/latest/meta-data/", ERR_FORBIDDEN},
        {"ftp://hooks.example/", ERR_USAGE},
        {"file:///etc/passwd", ERR_USAGE},
        {"hooks.example", ERR_USAGE},
        {"https://", ERR_USAGE},
        {"", ERR_USAGE},
        {"https://user@hooks.example/", ERR_USAGE},
        {"https://user:geheim@hooks.example/", ERR_USAGE},
    };
    struct address_guard guard = {.n_allowed = 0};
    struct http_agent_options options = {.guard = &guard};
    struct buf why = BUF_INIT(HTTP_AGENT_WHY_BYTES);

    (void)state;
    assert_int_equal(address_guard_set_ports(&guard, STR("443 8443"), &why), OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        buf_clear(&why);
        if (http_agent_check_url(&options, str_of(rows[i].url), &why) != rows[i].err)
            fail_msg("%s: not \"%s\" (%s)", rows[i].url, err_text(rows[i].err), buf_text(&why));
        assert_true((rows[i].err == OK) == (why.len == 0));
        assert_null(strstr(buf_text(&why), "geheim"));
    }
    buf_release(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_TLS(many_requests_share_a_bounded_number_of_connections_N9),
        ON_PLAIN(a_slow_answer_ends_at_its_deadline_and_holds_up_nobody_N9),
        ON_PLAIN(waiting_for_a_connection_counts_against_the_deadline_N9),
        ON_TLS(an_answer_is_read_up_to_its_maximum_N9),
        ON_PLAIN(a_name_that_leads_to_a_private_address_is_not_connected_to),
        ON_TLS(a_certificate_of_an_unknown_CA_is_refused),
        ON_PLAIN(a_cancelled_call_is_never_heard_of),
        ON_PLAIN(a_failed_connection_says_so),
        cmocka_unit_test(a_URL_is_held_against_the_rules_before_it_is_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
