/* test_http_parse.c -- request heads against the tables of the reliability facts, in every split. */
#include "http_rows.h"

static void framing_3_1_lengths(void **state)
{
    static const struct row rows[] = {
        POST("Content-Length: 0\r\n", "", OK),
        POST("content-length:\t12 \r\n", "", OK),
        POST("Content-Length: 44\r\nTransfer-Encoding: chunked\r\n", "", ERR_SYNTAX),
        POST("Transfer-Encoding: chunked\r\nContent-Length: 44\r\n", "", ERR_SYNTAX),
        POST("Transfer-Encoding: identity\r\nContent-Length: 44\r\n", "", ERR_SYNTAX),
        POST("Content-Length: 0\r\nContent-Length: 44\r\n", "", ERR_SYNTAX),
        POST("Content-Length: 5\r\nContent-Length: 5\r\n", "", ERR_SYNTAX),
        POST("Content-Length: 5, 5\r\n", "", ERR_SYNTAX),
        POST("Content-Length: -1\r\n", "", ERR_SYNTAX),
        POST("Content-Length: -0\r\n", "", ERR_SYNTAX),
        POST("Content-Length: +5\r\n", "", ERR_SYNTAX),
        POST("Content-Length: 0x5\r\n", "", ERR_SYNTAX),
        POST("Content-Length: 5abc\r\n", "", ERR_SYNTAX),
        POST("Content-Length:\r\n", "", ERR_SYNTAX),
        POST("Content-Length: 5 5\r\n", "", ERR_SYNTAX),
        POST("Content-Length: \v5\r\n", "", ERR_SYNTAX),
        POST("Content-Length: 5\0\r\n", "", ERR_SYNTAX),
        POST("Content-Length: 5\r\r\n", "", ERR_SYNTAX),
        POST("Content-Length: 18446744073709551615\r\n", "", OK), /* above the limit: the connection answers 413 */
        POST("Content-Length: 18446744073709551616\r\n", "", ERR_SYNTAX),
        POST("Content-Length: 99999999999999999999999999\r\n", "", ERR_SYNTAX),
        POST("Content-Length : 44\r\n", "", ERR_SYNTAX),
        POST("Content-Length\t: 44\r\n", "", ERR_SYNTAX),
        POST("", "", ERR_LENGTH_REQUIRED),
        ROW("POST /in/k HTTP/1.0\r\n\r\n", ERR_LENGTH_REQUIRED),
        ROW("PUT / HTTP/1.1\r\n" H "\r\n", ERR_LENGTH_REQUIRED),
    };

    (void)state;
    CHECK(rows);
}

static void framing_3_1_transfer_codings(void **state)
{
    static const struct row rows[] = {
        CHUNKS("0\r\n\r\n", OK),
        POST("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n", OK),
        POST("Transfer-Encoding: xchunked\r\n", "", ERR_NOT_IMPLEMENTED),
        POST("Transfer-Encoding: identity\r\n", "", ERR_NOT_IMPLEMENTED),
        POST("Transfer-Encoding: chunked, identity\r\n", "", ERR_NOT_IMPLEMENTED),
        POST("Transfer-Encoding: gzip, chunked\r\n", "", ERR_NOT_IMPLEMENTED),
        POST("Transfer-Encoding:\r\n", "", ERR_NOT_IMPLEMENTED),
        POST("Transfer-Encoding: \"chunked\"\r\n", "", ERR_NOT_IMPLEMENTED),
        POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "", ERR_SYNTAX),
        POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "", ERR_SYNTAX),
        POST("Transfer-Encoding : chunked\r\nContent-Length: 4\r\n", "", ERR_SYNTAX),
        POST("Transfer-Encoding: \vchunked\r\n", "", ERR_SYNTAX),
        ROW("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", ERR_SYNTAX),
    };

    (void)state;
    CHECK(rows);
}

static void lines_3_2_names_and_values(void **state)
{
    static const struct row rows[] = {
        FIELD("X-A: b c\td\xc3\xa9", OK),
        FIELD("X-A:", OK),
        FIELD("!#$%&'*+-.^_`|~09azAZ: x", OK),
        ROW("GET / HTTP/1.1\nHost: a\n\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: a\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: a\r\n\n", ERR_SYNTAX),
        FIELD("X-A: b\rc", ERR_SYNTAX),
        FIELD("X-A: b\r", ERR_SYNTAX),
        FIELD("X-A: b\r\n folded", ERR_SYNTAX),
        FIELD("X-A: b\r\n\tfolded", ERR_SYNTAX),
        FIELD("X-A: b\0c", ERR_SYNTAX),
        FIELD("X-A: b\x01", ERR_SYNTAX),
        FIELD("X-A: b\x1b[0m", ERR_SYNTAX),
        FIELD("X-A: b\x7f", ERR_SYNTAX),
        FIELD(": b", ERR_SYNTAX),
        FIELD("X A: b", ERR_SYNTAX),
        FIELD(" X-A: b", ERR_SYNTAX),
        FIELD("X-A : b", ERR_SYNTAX),
        FIELD("X[A]: b", ERR_SYNTAX),
        FIELD("X(A): b", ERR_SYNTAX),
        FIELD("X\"A: b", ERR_SYNTAX),
        FIELD("X\xe9: b", ERR_SYNTAX),
        FIELD("X-A b", ERR_SYNTAX),
    };

    (void)state;
    CHECK(rows);
}

static void lines_3_2_hosts(void **state)
{
    static const struct row rows[] = {
        ROW("GET / HTTP/1.1\r\nHost: a.example:8443\r\n\r\n", OK),
        ROW("GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", OK),
        ROW("GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", OK),
        ROW("GET / HTTP/1.0\r\n\r\n", OK),
        ROW("GET / HTTP/1.1\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost:\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: :80\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: [\r\n\r\n", ERR_SYNTAX),
        ROW("GET / HTTP/1.1\r\nHost: [g::1]\r\n\r\n", ERR_SYNTAX),
        ROW("GET http://a.example/ HTTP/1.1\r\nHost: A.example\r\n\r\n", OK),
        ROW("GET https://a.example?q HTTP/1.1\r\nHost: a.example\r\n\r\n", OK),
        ROW("GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n", ERR_SYNTAX),
        ROW("GET http://a.example/ HTTP/1.1\r\n\r\n", ERR_SYNTAX),
        ROW("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", ERR_SYNTAX),
        ROW("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", ERR_SYNTAX),
        ROW("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", ERR_SYNTAX),
    };

    (void)state;
    CHECK(rows);
}

static void lines_3_2_targets_and_versions(void **state)
{
    static const struct row rows[] = {
        GET("GET /a/b%20c?d=e&f=%zz|{} HTTP/1.1", OK),
        GET("OPTIONS * HTTP/1.1", OK),
        GET("GET * HTTP/1.1", ERR_SYNTAX),
        GET("GET a HTTP/1.1", ERR_SYNTAX),
        GET("GET /a%00 HTTP/1.1", ERR_SYNTAX),
        GET("GET /a%0 HTTP/1.1", ERR_SYNTAX),
        GET("GET /a%zz HTTP/1.1", ERR_SYNTAX),
        GET("GET /a\0b HTTP/1.1", ERR_SYNTAX),
        GET("GET /a\x01 HTTP/1.1", ERR_SYNTAX),
        GET("GET /a\x7f HTTP/1.1", ERR_SYNTAX),
        GET("GET /\xc3\xa9 HTTP/1.1", ERR_SYNTAX),
        GET("GET /?\xc3\xa9 HTTP/1.1", ERR_SYNTAX),
        GET("GET /a#b HTTP/1.1", ERR_SYNTAX),
        GET("GET /?a#b HTTP/1.1", ERR_SYNTAX),
        GET("GET /a\\b HTTP/1.1", ERR_SYNTAX),
        GET("GET /a b HTTP/1.1", ERR_SYNTAX),
        GET("GET /a\tb HTTP/1.1", ERR_SYNTAX),
        GET("GET  / HTTP/1.1", ERR_SYNTAX),
        GET("GET /  HTTP/1.1", ERR_SYNTAX),
        GET("GET / HTTP/1.1 ", ERR_SYNTAX),
        GET(" GET / HTTP/1.1", ERR_SYNTAX),
        GET("GET /", ERR_SYNTAX),
        GET("GET", ERR_SYNTAX),
        GET("G\x01T / HTTP/1.1", ERR_SYNTAX),
        GET("GET / HTTP/1.10", ERR_SYNTAX),
        GET("GET / HTTP/01.1", ERR_SYNTAX),
        GET("GET / HTTP/-1.1", ERR_SYNTAX),
        GET("GET / http/1.1", ERR_SYNTAX),
        GET("GET / HTTP/1.", ERR_SYNTAX),
        GET("GET / HTTP/2.0", ERR_HTTP_VERSION),
        GET("GET / HTTP/0.9", ERR_HTTP_VERSION),
        GET("GET / HTTP/1.2", ERR_HTTP_VERSION),
        ROW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ERR_HTTP_VERSION),
        ROW("\r\nGET / HTTP/1.1\r\n" H "\r\n", OK),
        ROW("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", OK),
        ROW("\r\n\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", ERR_SYNTAX),
        ROW("\nGET / HTTP/1.1\r\n" H "\r\n", ERR_SYNTAX),
        FIELD("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x", OK),
    };

    (void)state;
    CHECK(rows);
}

static void methods_and_expectations_3_3(void **state)
{
    static const struct row rows[] = {
        GET("HEAD / HTTP/1.1", OK),
        GET("OPTIONS / HTTP/1.1", OK),
        GET("DELETE / HTTP/1.1", OK),
        GET("TRACE / HTTP/1.1", ERR_NOT_IMPLEMENTED),
        GET("CONNECT a:443 HTTP/1.1", ERR_NOT_IMPLEMENTED),
        GET("BREW / HTTP/1.1", ERR_NOT_IMPLEMENTED),
        GET("get / HTTP/1.1", ERR_NOT_IMPLEMENTED),
        POST("Content-Length: 1\r\nExpect: 100-Continue\r\n", "", OK),
        POST("Content-Length: 1\r\nExpect: 200-ok\r\n", "", ERR_EXPECTATION),
        POST("Content-Length: 1\r\nExpect:\r\n", "", ERR_EXPECTATION),
        ROW("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 200-ok\r\n\r\n", OK),
        POST("Content-Length: 1\r\nContent-Encoding: identity\r\n", "", OK),
        POST("Content-Length: 1\r\nContent-Encoding: gzip\r\n", "", ERR_MEDIA_TYPE),
        POST("Content-Length: 1\r\nContent-Encoding: identity, gzip\r\n", "", ERR_MEDIA_TYPE),
    };

    (void)state;
    CHECK(rows);
}

/* Builds a message of `n` times `piece` between two parts. */
static struct str repeat(char *out, const char *before, const char *piece, size_t n, const char *after)
{
    size_t len = (size_t)snprintf(out, MESSAGE_MAX, "%s", before);

    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(out + len, MESSAGE_MAX - len, "%s", piece);
    len += (size_t)snprintf(out + len, MESSAGE_MAX - len, "%s", after);
    return str_n(out, len);
}

static void limits_3_3_hold_at_the_byte(void **state)
{
    static char text[MESSAGE_MAX];
    static const char get[] = "GET / HTTP/1.1\r\n" H, chunked[] = "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n";
    const size_t line_rest = sizeof("GET / HTTP/1.1") - 1, head_rest = sizeof(get) - 1 + sizeof("a: \r\n\r\n") - 1;
    const struct {
        const char *before, *piece, *after;
        size_t n;
        enum err want;
    } rows[] = {
        {"GET /", "x", " HTTP/1.1\r\n" H "\r\n", HTTP_REQUEST_LINE_MAX - line_rest, OK},
        {"GET /", "x", " HTTP/1.1\r\n" H "\r\n", HTTP_REQUEST_LINE_MAX - line_rest + 1, ERR_URI_TOO_LONG},
        {"", "x", "", HTTP_REQUEST_LINE_MAX + 2, ERR_URI_TOO_LONG},
        {get, "a: b\r\n", "\r\n", HTTP_FIELDS_MAX - 1, OK},
        {get, "a: b\r\n", "\r\n", HTTP_FIELDS_MAX, ERR_HEAD_TOO_LARGE},
        {"GET / HTTP/1.1\r\n" H "a: ", "x", "\r\n\r\n", HEAD_MAX - head_rest, OK},
        {"GET / HTTP/1.1\r\n" H "a: ", "x", "\r\n\r\n", HEAD_MAX - head_rest + 1, ERR_HEAD_TOO_LARGE},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0;", "x", "\r\n\r\n", HTTP_CHUNK_EXT_MAX - 1, OK},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0;", "x", "\r\n\r\n", HTTP_CHUNK_EXT_MAX, ERR_SYNTAX},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\na:", "x", "\r\n\r\n", HTTP_CHUNK_TRAILER_MAX - 6, OK},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\na:", "x", "\r\n\r\n", HTTP_CHUNK_TRAILER_MAX - 5,
         ERR_SYNTAX},
        {chunked, "1\r\nx\r\n", "0\r\n\r\n", BODY_MAX, OK},
        {chunked, "1\r\nx\r\n", "1\r\n", BODY_MAX, ERR_TOO_LARGE},
        {chunked, "2;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nxx\r\n", "", 200, ERR_SYNTAX},
    };
    static struct outcome o;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct str message = repeat(text, rows[i].before, rows[i].piece, rows[i].n, rows[i].after);

        read_pieces(message, message.len, 1, &o);
        if (o.err != rows[i].want)
            print_message("row %zu\n", i);
        assert_string_equal(err_name(o.err), err_name(rows[i].want));
        same_in_every_split(message, &o);
    }
}

static void a_small_head_maximum_holds_for_the_request_line(void **state)
{
    static struct http_head head;
    bool complete;

    (void)state;
    http_head_init(&head);
    assert_int_equal(http_head_read(&head, STR("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n\r\n"), 20, &complete),
                     ERR_URI_TOO_LONG);
}

static void tells_where_the_parts_are(void **state)
{
    static const char text[] = "\r\nPOST /in/k%41?a=1?b HTTP/1.1\r\nHOST: a.example:1\r\nX-One:  1 \r\nConnection: foo, Close\r\n"
                               "Expect: 100-continue\r\nContent-Length: 7\r\n\r\nbody...";
    static struct http_head h;
    struct str bytes = str_of(text);
    bool complete;

    (void)state;
    http_head_init(&h);
    assert_int_equal(http_head_read(&h, bytes, HEAD_MAX, &complete), OK);
    assert_true(complete);
    assert_int_equal(h.method, HTTP_POST);
    assert_true(str_eq(http_span_str(bytes, h.path), STR("/in/k%41")));
    assert_true(str_eq(http_span_str(bytes, h.query), STR("a=1?b")));
    assert_true(str_eq(http_span_str(bytes, h.host), STR("a.example:1")));
    assert_int_equal(h.n_fields, 5);
    assert_true(str_eq(http_span_str(bytes, h.fields[1].name), STR("X-One")));
    assert_true(str_eq(http_span_str(bytes, h.fields[1].value), STR("1")));
    assert_int_equal(h.bytes, bytes.len - 7);
    assert_int_equal(h.content_length, 7);
    assert_true(h.expect_continue);
    assert_false(h.keep_alive);
}

static void an_absolute_target_gives_host_and_path(void **state)
{
    static struct http_head h;
    struct str bytes = STR("GET HTTPS://A.example?q=1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
    bool complete;

    (void)state;
    http_head_init(&h);
    assert_int_equal(http_head_read(&h, bytes, HEAD_MAX, &complete), OK);
    assert_true(str_eq(http_span_str(bytes, h.path), STR("/")));
    assert_true(str_eq(http_span_str(bytes, h.query), STR("q=1")));
    assert_true(str_eq(http_span_str(bytes, h.host), STR("A.example")));
}

static void keep_alive_follows_version_and_connection(void **state)
{
    static const struct {
        const char *text;
        bool want;
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: x,CLOSE\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    static struct http_head h;
    bool complete;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        http_head_init(&h);
        assert_int_equal(http_head_read(&h, str_of(rows[i].text), HEAD_MAX, &complete), OK);
        assert_int_equal(h.keep_alive, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_3_1_lengths),
        cmocka_unit_test(framing_3_1_transfer_codings),
        cmocka_unit_test(lines_3_2_names_and_values),
        cmocka_unit_test(lines_3_2_hosts),
        cmocka_unit_test(lines_3_2_targets_and_versions),
        cmocka_unit_test(methods_and_expectations_3_3),
        cmocka_unit_test(limits_3_3_hold_at_the_byte),
        cmocka_unit_test(a_small_head_maximum_holds_for_the_request_line),
        cmocka_unit_test(tells_where_the_parts_are),
        cmocka_unit_test(an_absolute_target_gives_host_and_path),
        cmocka_unit_test(keep_alive_follows_version_and_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
