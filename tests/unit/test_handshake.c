/* test_handshake.c -- proves which requests are a platform's question, and each part of the answer, without a socket. */
#include "route_case.h"

#define FILE(handshake)                                                                                                           \
    "{\"route\":1,\"platform\":\"demo\",\"title\":\"Demo\",\"config\":{\"secret\":{\"type\":\"secret\",\"doc\":\"d\"},\"word\":"  \
    "{\"type\":\"text\",\"doc\":\"d\"}},\"push\":{\"verify\":[{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"hex\"}]," \
    "\"topic\":{\"header\":\"X-Topic\"},\"dedupe\":[[{\"header\":\"X-Id\"}]],\"handshakes\":[{" handshake                         \
    "}]},\"objects\":{\"customer\":{\"contact.email\":\"/"                                                                        \
    "email\"}},\"topics\":{\"c\":{\"event\":\"signup\",\"object\":\"customer\"}}}"

/* What the source was given; NULL: nothing. */
static const char *given_word, *given_secret;
static enum err own_signature;

static const char *word(void *arg, struct str name)
{
    (void)arg;
    return str_eq(name, STR("word")) ? given_word : NULL;
}

static enum err secret(void *arg, struct str name, struct secret **out)
{
    (void)arg;
    assert_str(name, "secret");
    return given_secret ? secret_new(str_of(given_secret), out) : ERR_NOT_FOUND;
}

static enum err verify(void *arg, const struct verify_spec *spec)
{
    (void)arg;
    assert_non_null(spec);
    return own_signature;
}

static struct handshake_answer answer;
static struct route *route; /* the answer borrows from it */

/* Asks a route of one handshake; what it answers is in `answer`. */
static enum err ask(const char *file, struct handshake_request request)
{
    struct problems problems;
    enum err err;

    route_free(route);
    route = NULL;
    problems_init(&problems, STR("demo"));
    if (route_load(str_of(file), &problems, &route))
        fail_msg("%s", buf_text(&problems.text));
    request.random = STR("0123456789abcdef");
    request.config = word;
    request.secret = secret;
    request.verify = verify;
    handshake_answer_release(&answer);
    handshake_answer_init(&answer);
    err = route_handshake(route, &request, &answer);
    problems_release(&problems);
    return err;
}

static int reset(void **state)
{
    (void)state;
    given_word = given_secret = NULL;
    own_signature = OK;
    return 0;
}

static int forget(void **state)
{
    (void)state;
    handshake_answer_release(&answer);
    route_free(route);
    route = NULL;
    return 0;
}

#define GET(text)                                                     \
    {                                                                 \
        .method = STR("GET"), .query = STR(text), .is_unsigned = true \
    }
#define POST(text)                                                                                             \
    {                                                                                                          \
        .method = STR("POST"), .content_type = STR("application/json"), .body = STR(text), .is_unsigned = true \
    }

static void a_wrong_word_is_forbidden_and_another_shape_is_no_handshake(void **state)
{
    static const char file[] = FILE("\"method\":\"GET\",\"query\":{\"mode\":{\"is\":\"subscribe\"},\"token\":{\"config\":\"word\"},"
                                    "\"c\":\"text\"},\"answer\":{\"body\":\"{{query.c}}\"}");

    (void)state;
    assert_int_equal(ask(file, (struct handshake_request)GET("mode=subscribe&token=&c=1")), ERR_FORBIDDEN); /* nothing is given */
    given_word = "mine";
    assert_int_equal(ask(file, (struct handshake_request)GET("mode=subscribe&token=mine&c=%3Cb%3E")), OK);
    assert_str(buf_str(&answer.body), "<b>");
    assert_string_equal(answer.content_type, "text/plain; charset=utf-8");
    assert_int_equal(ask(file, (struct handshake_request)GET("mode=subscribe&token=yours&c=1")), ERR_FORBIDDEN);
    assert_int_equal(ask(file, (struct handshake_request)GET("mode=unsubscribe&token=yours&c=1")), ERR_NOT_FOUND);
    assert_int_equal(ask(file, (struct handshake_request)GET("mode=subscribe&token=mine")), ERR_NOT_FOUND);
    assert_int_equal(ask(file, (struct handshake_request)GET("mode=subscribe&token=mine&c=1&c=2")), ERR_NOT_FOUND);
    assert_int_equal(ask(file, (struct handshake_request)GET("mode=subscribe&token=mine&c=%zz")), ERR_NOT_FOUND);
}

static void a_word_may_be_a_secret(void **state)
{
    static const char file[] = FILE("\"method\":\"GET\",\"query\":{\"t\":{\"secret\":\"secret\"}},\"answer\":{}");

    (void)state;
    assert_int_equal(ask(file, (struct handshake_request)GET("t=")), ERR_FORBIDDEN);
    given_secret = "k";
    assert_int_equal(ask(file, (struct handshake_request)GET("t=k")), OK);
    assert_null(answer.content_type);
    assert_int_equal(ask(file, (struct handshake_request)GET("t=K")), ERR_FORBIDDEN);
}

static void json_is_read_strictly_and_only_when_it_is_small(void **state)
{
    static const char file[] =
        FILE("\"method\":\"POST\",\"json\":{\"/type\":{\"is\":1},\"/a/0\":\"text\"},\"answer\":{\"content_type\":"
             "\"application/json\",\"body\":\"{\\\"c\\\":\\\"{{json./a/0}}\\\"}\"}");
    static char big[9000];

    (void)state;
    assert_int_equal(ask(file, (struct handshake_request)POST("{\"type\":1,\"a\":[\"x\\\"\\n\"]}")), OK);
    assert_str(buf_str(&answer.body), "{\"c\":\"x\\\"\\n\"}"); /* what is special in JSON is escaped */
    assert_int_equal(ask(file, (struct handshake_request)POST("{\"type\":1.0,\"a\":[\"x\"]}")), ERR_NOT_FOUND);
    assert_int_equal(ask(file, (struct handshake_request)POST("{\"type\":1,\"a\":[null]}")), ERR_NOT_FOUND);
    assert_int_equal(ask(file, (struct handshake_request)POST("{\"type\":1,\"type\":1,\"a\":[\"x\"]}")), ERR_NOT_FOUND);
    assert_int_equal(ask(file, (struct handshake_request)POST("{\"type\":1,\"a\":[\"x\"]} x")), ERR_NOT_FOUND);
    assert_int_equal(ask(file, (struct handshake_request)POST("")), ERR_NOT_FOUND);
    memset(big, ' ', sizeof(big));
    memcpy(big, "{\"type\":1,\"a\":[\"x\"]}", 20);
    assert_int_equal(ask(file, (struct handshake_request){.method = STR("POST"), .body = str_n(big, 8192), .is_unsigned = true}),
                     OK);
    assert_int_equal(ask(file, (struct handshake_request){.method = STR("POST"), .body = str_n(big, 8193), .is_unsigned = true}),
                     ERR_NOT_FOUND);
}

static void signed_says_which_requests_it_is_about(void **state)
{
    static const char *const files[] = {
        FILE("\"method\":\"POST\",\"json\":{\"/p\":\"text\"},\"answer\":{}"),
        FILE("\"method\":\"POST\",\"json\":{\"/p\":\"text\"},\"signed\":\"yes\",\"answer\":{\"status\":204}"),
        FILE("\"method\":\"POST\",\"json\":{\"/p\":\"text\"},\"signed\":\"either\",\"answer\":{}"),
    };
    static const bool answers[3][3] = {{true, false, false}, {false, true, false}, {true, true, false}};

    (void)state;
    for (size_t f = 0; f < 3; f++)
        for (size_t i = 0; i < 3; i++) { /* unsigned, verified, refused */
            struct handshake_request request = POST("{\"p\":\"1\"}");

            request.is_unsigned = i == 0;
            request.is_verified = i == 1;
            assert_int_equal(ask(files[f], request), answers[f][i] ? OK : ERR_NOT_FOUND);
        }
}

static void headers_are_conditions_and_answers_I5(void **state)
{
    static const char file[] =
        FILE("\"method\":\"OPTIONS\",\"headers\":{\"WebHook-Request-Origin\":\"text\"},\"answer\":{\"headers\":"
             "{\"WebHook-Allowed-Origin\":\"{{header.webhook-request-origin}}\",\"WebHook-Allowed-Rate\":\"120\"}}");
    struct field fields[2] = {{STR("webhook-request-origin"), STR("events.example")}, {STR("WebHook-Request-Origin"), STR("b")}};
    struct handshake_request request = {.method = STR("OPTIONS"), .headers = {fields, 1}, .is_unsigned = true};

    (void)state;
    assert_int_equal(ask(file, request), OK);
    assert_str(buf_str(&answer.headers), "WebHook-Allowed-Origin: events.example\r\nWebHook-Allowed-Rate: 120\r\n");
    request.headers.n = 2;
    assert_int_equal(ask(file, request), ERR_NOT_FOUND);
    request.headers.n = 0;
    assert_int_equal(ask(file, request), ERR_NOT_FOUND);
}

static void an_echoed_value_begins_no_header_of_its_own(void **state)
{
    static const char file[] =
        FILE("\"method\":\"GET\",\"query\":{\"c\":\"text\"},\"answer\":{\"headers\":{\"X-Echo\":\"{{query.c}}\"}}");

    (void)state;
    assert_int_equal(ask(file, (struct handshake_request)GET("c=a%20b")), OK);
    assert_int_equal(ask(file, (struct handshake_request)GET("c=a%0d%0aSet-Cookie:%20b")), ERR_NOT_FOUND);
    assert_int_equal(ask(file, (struct handshake_request)GET("c=a%00b")), ERR_NOT_FOUND);
}

static void a_secret_is_captured_only_while_none_is_there_I5(void **state)
{
    static const char file[] = FILE(
        "\"method\":\"POST\",\"headers\":{\"X-Hook-Secret\":\"text\"},\"while\":\"pending\",\"capture\":{\"secret\":\"secret\","
        "\"value\":\"{{header.x-hook-secret}}\"},\"answer\":{\"headers\":{\"X-Hook-Secret\":\"{{header.X-Hook-Secret}}\"}}");
    struct field field = {STR("X-Hook-Secret"), STR("b537207f20cbfa02357cf448134da559")};
    struct handshake_request request = {.method = STR("POST"), .headers = {&field, 1}, .is_unsigned = true};

    (void)state;
    assert_int_equal(ask(file, request), OK);
    assert_str(answer.capture, "secret");
    assert_true(answer.first_only);
    assert_str(buf_str(&answer.secret), "b537207f20cbfa02357cf448134da559");
    given_secret = "another";
    assert_int_equal(ask(file, request), ERR_SIGNATURE);
}

static void a_registration_is_proven_with_its_own_signature(void **state)
{
    static const char file[] = FILE(
        "\"method\":\"GET\",\"query\":{\"shop\":\"text\"},\"verify\":{\"scheme\":\"hmac\",\"header\":\"X-App\",\"encoding\":"
        "\"hex\"},"
        "\"capture\":{\"secret\":\"secret\",\"value\":\"{{random}}\"},\"answer\":{\"content_type\":\"application/json\",\"body\":"
        "\"{{hmac.sha256.hex(secret, query.shop, ', Jefe', config.word)}} {{random}} {{url}}\"}");
    struct handshake_request request = GET("shop=a");

    (void)state;
    given_secret = "key";
    given_word = "b";
    assert_int_equal(ask(file, request), ERR_CONFIG); /* no public URL */
    request.url = STR("https://h.example/in/k");
    request.is_unsigned = false;
    assert_int_equal(ask(file, request), OK);
    /* printf 'a, Jefeb' | openssl dgst -sha256 -hmac key */
    assert_str(buf_str(&answer.body),
               "abba9c58905cf7f96c93e5a46ab58366e6550f6e6478f1b9b36559fcdcef534d 0123456789abcdef https://h.example/in/k");
    assert_str(buf_str(&answer.secret), "0123456789abcdef"); /* one value all through the handshake */
    assert_false(answer.first_only);
    own_signature = ERR_SIGNATURE;
    assert_int_equal(ask(file, request), ERR_SIGNATURE);
}

static void the_body_is_empty_unless_it_is_named(void **state)
{
    static const char empty[] = FILE("\"method\":\"POST\",\"answer\":{}");
    static const char any[] = FILE("\"method\":\"POST\",\"body\":\"any\",\"content_type\":\"application/json\",\"answer\":{}");
    static const char form[] = FILE("\"method\":\"POST\",\"form\":{\"a\":\"digits\"},\"answer\":{}");

    (void)state;
    assert_int_equal(ask(empty, (struct handshake_request)POST("")), OK);
    assert_int_equal(ask(empty, (struct handshake_request)POST(" ")), ERR_NOT_FOUND);
    assert_int_equal(ask(any, (struct handshake_request)POST("\xff")), OK);
    assert_int_equal(ask(any, (struct handshake_request){.method = STR("POST"), .is_unsigned = true}), ERR_NOT_FOUND);
    assert_int_equal(ask(form, (struct handshake_request)POST("a=1")), OK);
    assert_int_equal(ask(form, (struct handshake_request)POST("a=1&b=2")), ERR_NOT_FOUND);
    assert_int_equal(ask(form, (struct handshake_request)POST("a=1x")), ERR_NOT_FOUND);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, reset, forget)
    const struct CMUnitTest tests[] = {
        T(a_wrong_word_is_forbidden_and_another_shape_is_no_handshake),
        T(a_word_may_be_a_secret),
        T(json_is_read_strictly_and_only_when_it_is_small),
        T(signed_says_which_requests_it_is_about),
        T(headers_are_conditions_and_answers_I5),
        T(an_echoed_value_begins_no_header_of_its_own),
        T(a_secret_is_captured_only_while_none_is_there_I5),
        T(a_registration_is_proven_with_its_own_signature),
        T(the_body_is_empty_unless_it_is_named),
    };
#undef T

    return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
