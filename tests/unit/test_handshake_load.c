/* test_handshake_load.c -- proves the loader of handshakes: each problem with its exact text. */
#include "route_problems.h"

static void handshakes_are_checked(void **state)
{
    (void)state;
    assert_problems(
        FILE_WITH_PUSH(
            "\"handshakes\":[{\"method\":\"PUT\",\"query\":{\"c\":\"txt\"},\"answer\":{\"body\":\"{{query.c}}{{quer.c}}\"}}]"),
        "x.json#/push/handshakes/0/method: \"PUT\" is not one of GET, HEAD, OPTIONS, POST\n"
        "x.json#/push/handshakes/0/query/c: \"txt\" is not one of text, digits\n"
        "x.json#/push/handshakes/0/answer/body: {{quer.c}} has no value here (did you mean {{query.}}?)\n");
    assert_problems(
        FILE_WITH_PUSH("\"handshakes\":[{\"method\":\"GET\",\"query\":{\"c\":{}},\"answer\":{\"body\":\"{{query.c\"}}]"),
        "x.json#/push/handshakes/0/query/c: has one of is, config, secret\n"
        "x.json#/push/handshakes/0/answer/body: \"{{\" without \"}}\"\n");
}

#define HANDSHAKE(members) FILE_WITH_PUSH("\"handshakes\":[{\"method\":\"POST\"," members "}]")
#define AT "x.json#/push/handshakes/0"

static void what_a_handshake_names_is_declared(void **state)
{
    (void)state;
    assert_problems(HANDSHAKE("\"query\":{\"t\":{\"config\":\"secret\"}},\"answer\":{\"body\":\"{{config.secret}}\"}"),
                    AT "/query/t/config: \"secret\" is not declared in config with type text: it is a secret\n" AT
                       "/answer/body: \"secret\" is not declared in config with type text: it is a secret\n");
    assert_problems(HANDSHAKE("\"capture\":{\"secret\":\"secrt\",\"value\":\"{{random}}\"},\"answer\":{}"),
                    AT "/capture/secret: \"secrt\" is not declared in config with type secret (did you mean secret?)\n");
    assert_problems(HANDSHAKE("\"verify\":{\"scheme\":\"hmac\",\"header\":\"X\",\"encoding\":\"hex\",\"secret\":\"app\"},"
                              "\"answer\":{}"),
                    AT "/verify: \"app\" is not declared in config with type secret\n");
    assert_problems(HANDSHAKE("\"answer\":{\"body\":\"{{hmac.sha256.hex(app, random)}}\"}"),
                    AT "/answer/body: \"app\" is not declared in config with type secret\n");
}

static void a_handshake_s_own_signature_is_loaded_with_the_defaults_of_config(void **state)
{
#define OWN(config)                                                                                                           \
    HEAD "\"config\":{\"secret\":{\"type\":\"secret\",\"doc\":\"d\"},\"sign\":{\"type\":\"text\"," config "\"doc\":\"d\"}},"  \
         "\"push\":{" VERIFY "," DELIVERY ",\"handshakes\":[{\"method\":\"POST\",\"verify\":{\"scheme\":\"hmac\",\"header\":" \
         "\"{{config.sign}}\",\"encoding\":\"hex\"},\"answer\":{}}]}," TAIL
    (void)state;
    assert_problems(OWN("\"default\":\"X-Own\","), "");
    assert_problems(
        OWN(""), AT
        "/verify: header is missing, or query, or form: one of them holds the signature\n"); /* no default: a required member would be empty */
}

static void shapes_of_handshakes_are_checked(void **state)
{
    (void)state;
    assert_problems(HANDSHAKE("\"form\":{},\"json\":{},\"answer\":{}"), AT ": has only one of body, form, json\n");
    assert_problems(HANDSHAKE("\"json\":{\"/a\":{\"si\":\"1\"}},\"answer\":{}"),
                    AT "/json/~1a/si: unknown member (did you mean is?)\n");
    assert_problems(HANDSHAKE("\"json\":{\"a\":\"text\"},\"answer\":{}"), AT "/json: \"a\" is no pointer such as \"/challenge\"\n");
    assert_problems(HANDSHAKE("\"signed\":\"yes\",\"body\":\"any\",\"answer\":{}"),
                    AT ": would answer every delivery; say in headers, query, form or json how it differs\n");
    assert_problems(HANDSHAKE("\"while\":\"pending\",\"answer\":{}"),
                    AT "/while: needs \"capture\", which says what secret is pending\n");
    assert_problems(HANDSHAKE("\"answer\":{\"content_type\":\"text/html\",\"body\":\"a\"}"), AT
                    "/answer/content_type: \"text/html\" is not one of text/plain, text/plain; charset=utf-8, application/json\n");
    assert_problems(HANDSHAKE("\"answer\":{\"headers\":{\"Content-Length\":\"1\",\"A:\":\"1\"}}"),
                    AT "/answer/headers/Content-Length: no header that a handshake may answer\n" AT
                       "/answer/headers/A:: no header that a handshake may answer\n");
    assert_problems(HANDSHAKE("\"answer\":{\"body\":\"{{json.a}}\"}"),
                    AT "/answer/body: \"a\" is no pointer such as \"/challenge\"\n");
    assert_problems(FILE_WITH_PUSH("\"methods\":[\"GET\"]"), "x.json#/push/methods: must hold POST\n");
    assert_problems(FILE_WITH_PUSH("\"methods\":[\"POST\",\"PUT\"]"), "x.json#/push/methods/1: \"PUT\" is not one of POST, GET\n");
}

static void digests_in_templates_are_checked(void **state)
{
    static const char *const wrong[] = {
        "hmac.md5.hex(secret, random)", "hmac.sha256.hex(secret)",        "hmac.sha256.hex()",
        "hmac.sha256(secret, random)",  "hmac.sha256.hex(secret, random", "hmac.sha256.hex(secret, hmac.a)"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct problems problems;
        struct route *route = NULL;
        char text[2048];

        snprintf(text, sizeof(text), HANDSHAKE("\"answer\":{\"body\":\"{{%s}}\"}"), wrong[i]);
        problems_init(&problems, STR("x.json"));
        assert_int_equal(route_load(str_of(text), &problems, &route), ERR_CONFIG);
        assert_int_equal(problems.n, 1);
        assert_non_null(strstr(buf_text(&problems.text), "is not of the form hmac.sha256.hex(SECRET, PIECE, ...)"));
        problems_release(&problems);
    }
    assert_problems(HANDSHAKE("\"answer\":{\"body\":\"{{hmac.sha256.hex(secret, query.a, 'a, b')}}\"}"), "");
    assert_problems(HANDSHAKE("\"answer\":{\"body\":\"{{hmac.sha1.base64(secret, quer.a)}}\"}"),
                    AT "/answer/body: {{quer.a}} has no value here (did you mean {{query.}}?)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes_are_checked),
        cmocka_unit_test(what_a_handshake_names_is_declared),
        cmocka_unit_test(a_handshake_s_own_signature_is_loaded_with_the_defaults_of_config),
        cmocka_unit_test(shapes_of_handshakes_are_checked),
        cmocka_unit_test(digests_in_templates_are_checked),
    };

    return cmocka_run_group_tests_name("handshake_load", tests, NULL, NULL);
}
