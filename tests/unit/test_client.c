/* test_client.c -- the commands' HTTP client against our own server. */
#include "net/client.h"

#include "net_fixture.h"

static char url_text[128];
static int status;

static const char *url(const char *scheme, const char *path)
{
    snprintf(url_text, sizeof(url_text), "%s://localhost:%d%s", scheme, ntohs(F->address.sin_port), path);
    return url_text;
}

static struct http_client *new_client(bool with_ca, bool insecure, int64_t timeout_ms)
{
    static char ca[96];
    struct http_client_options options = {.ca_file = with_ca ? ca : NULL, .insecure = insecure, .timeout_ms = timeout_ms};
    struct http_client *c = NULL;

    snprintf(ca, sizeof(ca), "%s/ca.pem", F->dir);
    assert_int_equal(http_client_new(&options, &c), OK);
    return c;
}

static enum err post(struct http_client *c, const char *to, struct str body, struct buf *out, struct buf *why)
{
    const struct field field = {STR("Content-Type"), STR("text/x")};
    struct http_client_request r = {.method = "POST", .url = to, .fields = {&field, 1}, .body = body};

    return http_client_send(c, &r, &status, out, why);
}

static void posts_many_times_on_one_connection(void **state)
{
    struct http_client *c = new_client(true, false, 10000);
    struct buf body = BUF_INIT(1000), why = BUF_INIT(1000);

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(post(c, url("https", "/echo"), i == 3 ? STR("") : STR("a\0b"), &body, &why), OK);
        assert_int_equal(status, 200);
        assert_true(str_eq(buf_str(&body), i == 3 ? STR("") : STR("a\0b")));
    }
    assert_int_equal(http_server_connections(F->server), 1);
    http_client_free(c);
    buf_release(&body);
    buf_release(&why);
}

static void other_methods_have_no_body(void **state)
{
    struct http_client *c = new_client(true, false, 10000);
    struct http_client_request get = {.method = "GET", .url = url("https", "/hello")};
    struct http_client_request head = {.method = "HEAD", .url = url_text}, other = {.method = "DELETE", .url = url_text};
    struct buf body = BUF_INIT(1000), why = BUF_INIT(1000);

    (void)state;
    assert_int_equal(http_client_send(c, &get, &status, &body, &why), OK);
    assert_string_equal(buf_text(&body), "hello");
    assert_int_equal(http_client_send(c, &head, &status, &body, &why), OK);
    assert_int_equal(body.len, 0);
    assert_int_equal(http_client_send(c, &other, &status, &body, &why), OK);
    assert_int_equal(status, 405);
    http_client_free(c);
    buf_release(&body);
    buf_release(&why);
}

static void an_answer_is_cut_at_64_KiB(void **state)
{
    struct http_client *c = new_client(true, false, 10000);
    struct buf body = BUF_INIT(1 << 20), why = BUF_INIT(1000);

    (void)state;
    assert_int_equal(post(c, url("https", "/big"), STR(""), &body, &why), OK);
    assert_int_equal(body.len, HTTP_CLIENT_BODY_MAX);
    http_client_free(c);
    buf_release(&body);
    buf_release(&why);
}

static void a_certificate_of_an_unknown_CA_is_refused_unless_insecure(void **state)
{
    struct http_client *strict = new_client(false, false, 10000), *loose = new_client(false, true, 10000);
    struct buf body = BUF_INIT(1000), why = BUF_INIT(1000);

    (void)state;
    assert_int_equal(post(strict, url("https", "/echo"), STR("x"), &body, &why), ERR_TLS);
    assert_non_null(strstr(buf_text(&why), "certificate"));
    assert_int_equal(post(loose, url("https", "/echo"), STR("x"), &body, &why), OK);
    http_client_free(strict);
    http_client_free(loose);
    buf_release(&body);
    buf_release(&why);
}

static void failures_say_what_happened(void **state)
{
    const struct field bad = {STR("X"), STR("a\r\nY: b")};
    struct http_client_request injected = {.method = "GET", .url = url("http", "/hello"), .fields = {&bad, 1}};
    struct http_client *c = new_client(true, false, 200);
    struct buf body = BUF_INIT(1000), why = BUF_INIT(1000);

    (void)state;
    assert_int_equal(post(c, url("http", "/hold"), STR("x"), &body, &why), ERR_TIMEOUT);
    assert_true(why.len > 0);
    assert_int_equal(post(c, url("ftp", "/"), STR("x"), &body, &why), ERR_USAGE);
    assert_int_equal(post(c, "http://127.0.0.1:1/", STR("x"), &body, &why), ERR_IO);
    assert_non_null(strstr(buf_text(&why), "127.0.0.1"));
    assert_int_equal(http_client_send(c, &injected, &status, &body, &why), ERR_USAGE);
    http_client_free(c);
    buf_release(&body);
    buf_release(&why);
}

static void the_environment_names_no_proxy(void **state)
{
    struct http_client *c;
    struct buf body = BUF_INIT(1000), why = BUF_INIT(1000);

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    c = new_client(true, false, 10000);
    assert_int_equal(post(c, url("http", "/echo"), STR("x"), &body, &why), OK);
    unsetenv("http_proxy");
    http_client_free(c);
    buf_release(&body);
    buf_release(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_TLS(posts_many_times_on_one_connection), ON_TLS(other_methods_have_no_body),
        ON_TLS(an_answer_is_cut_at_64_KiB),         ON_TLS(a_certificate_of_an_unknown_CA_is_refused_unless_insecure),
        ON_PLAIN(failures_say_what_happened),       ON_PLAIN(the_environment_names_no_proxy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
