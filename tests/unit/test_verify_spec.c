/* test_verify_spec.c -- proves the parameters and the secrets of the schemes: what is refused, and how a secret becomes a key. */
#include "verify_scene.h"

static void wrong_parameters_are_named_with_their_place(void **state)
{
    static const struct {
        const char *json, *says;
    } cases[] = {
        {"[]", "/push/verify/0: must be an object"},
        {"{}", "/push/verify/0: scheme must be one of hmac, timed, standard, token"},
        {"{\"scheme\":\"hmca\"}", "scheme must be one of"},
        {"{\"scheme\":\"hmac\",\"encoding\":\"hex\"}", "header is missing"},
        {"{\"scheme\":\"hmac\",\"header\":\"X-Sig\"}", "encoding is missing"},
        {"{\"scheme\":\"hmac\",\"heador\":\"X\",\"encoding\":\"hex\"}",
         "/push/verify/0/heador: unknown member; did you mean header?"},
        {"{\"scheme\":\"standard\",\"a/b~c\":1}", "/push/verify/0/a~1b~0c: unknown member\n"},
        {"{\"scheme\":\"standard\",\"header\":\"X-Sig\"}", "/push/verify/0/header: header does not belong to this scheme"},
        {"{\"scheme\":\"timed\",\"header\":\"X-Sig\",\"mac\":\"hmac\"}", "mac does not belong to this scheme"},
        {"{\"scheme\":\"timed\",\"header\":\"\"}", "header must be the name of a header"},
        {"{\"scheme\":\"timed\",\"header\":\"X Sig\"}", "header must be the name of a header"},
        {"{\"scheme\":\"timed\",\"header\":7}", "header must be the name of a header"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"hash\":\"md5\"}", "/hash: hash must be one of sha1, sha256, sha512"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"encoding\":\"Hex\"}", "encoding must be one of hex, base64, either"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"secret_form\":null}", "secret_form must be one of text, hex"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"tolerance_s\":0}", "tolerance_s must be whole seconds from 1 to 604800"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"tolerance_s\":604801}", "tolerance_s must be whole seconds"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"tolerance_s\":\"300s\"}", "tolerance_s must be whole seconds"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"separator\":\", \"}", "separator must be one of"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"separator\":\"=\"}", "separator must be one of"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"timestamp_format\":\"sql\"}", "timestamp_format must be one of"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"timestamp_name\":\"v1\"}", "are the same"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{body}\"}", "an unsigned time proves nothing"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"v1:\"}", "the same for every request"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}{bodi}\"}", "parts are {body}"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}{body\"}", "parts are {body}"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}.}{body}\"}", "a } without {"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}{header.}{body}\"}", "parts are {body}"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}{header.A B}{body}\"}", "needs the name of a header"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}{body}a{id}b{id}c{id}d{id}e{id}f\"}",
         "more than 12 parts"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"require\":\"Y\"}", "require must be a list of at most 8 header names"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"require\":[\"Y\",7]}", "require must be a list of header names"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"when_header\":\"Y\"}", "when_header and when_value go together"},
        {"{\"scheme\":\"hmac\",\"header\":\"X\",\"encoding\":\"hex\",\"prefix_optional\":true}", "prefix_optional without prefix"},
        {"{\"scheme\":\"hmac\",\"header\":\"X\",\"encoding\":\"hex\",\"prefix_optional\":1}", "must be true or false"},
        {"{\"scheme\":\"hmac\",\"header\":\"X\",\"encoding\":\"hex\",\"timestamp_header\":\"T\"}", "go together"},
        {"{\"scheme\":\"hmac\",\"header\":\"X\",\"encoding\":\"hex\",\"signed\":\"{timestamp}{body}\"}", "go together"},
        {"{\"scheme\":\"hmac\",\"header\":\"X\",\"encoding\":\"hex\",\"signed\":\"{id}{body}\"}", "go together"},
        {"{\"scheme\":\"hmac\",\"header\":\"X\",\"query\":\"s\",\"encoding\":\"hex\"}", "one of them holds the signature"},
        {"{\"scheme\":\"hmac\",\"header\":\"X\",\"encoding\":\"hex\",\"body_hash\":\"h\"}", "body_hash stands for the body"},
        {"{\"scheme\":\"hmac\",\"header\":[\"X\",\"Y\"],\"encoding\":\"hex\"}", "header must be the name of a header"},
        {"{\"scheme\":\"hmac\",\"header\":\"X\",\"encoding\":\"hex\",\"url_port\":\"both\"}",
         "url_port must be one of given, either"},
        {"{\"scheme\":\"rsa\"}", "header is missing, or query, or form"},
        {"{\"scheme\":\"rsa\",\"header\":[]}", "or a list of 1 to 4"},
        {"{\"scheme\":\"rsa\",\"header\":[\"A\",\"B\",\"C\",\"D\",\"E\"]}", "or a list of 1 to 4"},
        {"{\"scheme\":\"rsa\",\"header\":\"X\",\"secret_form\":\"text\"}", "secret_form must be one of pem, hex, base64, by_path"},
        {"{\"scheme\":\"rsa\",\"header\":\"X\",\"secret_form\":\"by_path\"}", "by_path and key_header go together"},
        {"{\"scheme\":\"rsa\",\"header\":\"X\",\"key_header\":\"K\"}", "by_path and key_header go together"},
        {"{\"scheme\":\"rsa\",\"header\":[\"X\",\"Y\"],\"secret_form\":\"by_path\",\"key_header\":\"K\"}", "as many headers as"},
        {"{\"scheme\":\"rsa\",\"header\":\"X\",\"encoding\":\"either\"}", "encoding must be one of hex, base64\n"},
        {"{\"scheme\":\"ecdsa\",\"header\":\"X\",\"hash\":\"sha1\"}", "hash does not belong to this scheme"},
        {"{\"scheme\":\"token\",\"header\":\"X\",\"at\":\"/t\"}", "at stands alone"},
        {"{\"scheme\":\"token\",\"at\":\"/t/u\"}", "at must be one member"},
        {"{\"scheme\":\"token\",\"signed\":\"{body}\"}", "signed does not belong to this scheme"},
        {"{\"scheme\":\"unsigned\",\"secret\":\"s\"}", "secret does not belong to this scheme"},
        {"{\"scheme\":\"jwt\",\"prefix\":\"Bearer \"}", "prefix and body_claim need header"},
        {"{\"scheme\":\"jwt\",\"hash\":\"sha512\"}", "hash does not belong to this scheme"},
        {"{\"scheme\":\"jwt\",\"timestamp_at\":\"at\"}", "timestamp_at must be a pointer"},
        {"{\"scheme\":\"jwt\",\"pin\":{\"header\":\"X\",\"host\":\"h\"}}", "/push/verify/0/pin: must be"},
        {"{\"scheme\":\"jwt\",\"pin\":{\"header\":\"X\",\"host\":\"h\",\"path\":\"/*x\"}}", "/push/verify/0/pin: must be"},
        {"{\"scheme\":\"jwt\",\"pin\":{\"header\":\"X\",\"host\":\"h\",\"path\":\"/\",\"x\":1}}", "/push/verify/0/pin: must be"},
        {"{\"scheme\":\"jwt\",\"expect\":{}}", "/push/verify/0/expect: must be a list"},
        {"{\"scheme\":\"jwt\",\"expect\":[{\"at\":\"/a\"}]}", "/push/verify/0/expect: must be a list"},
        {"{\"scheme\":\"jwt\",\"expect\":[{\"at\":[],\"config\":\"c\"}]}", "/push/verify/0/expect: must be a list"},
        {"{\"scheme\":\"jwt\",\"expect\":[{\"header\":\"a b\",\"config\":\"c\"}]}", "/push/verify/0/expect: must be a list"},
        {"{\"scheme\":\"jwt\",\"expect\":[{\"form\":\"f\",\"at\":\"/a\",\"config\":\"c\"}]}",
         "/push/verify/0/expect: must be a list"},
        {"{\"scheme\":\"token\",\"header\":\"{{config.x\"}", "without \"}}\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verify_spec *spec = NULL;
        struct problems problems;

        problems_init(&problems, STR("test.json"));
        assert_int_equal(load_spec(cases[i].json, &problems, &spec), ERR_CONFIG);
        assert_null(spec);
        assert_true(problems.n > 0);
        if (str_find_str(buf_str(&problems.text), str_of(cases[i].says)) == problems.text.len)
            fail_msg("%s gave %s", cases[i].json, buf_text(&problems.text));
        problems_release(&problems);
    }
}

static void the_secret_has_a_name_and_timed_schemes_say_so(void **state)
{
    static const struct {
        const char *json, *secret;
        bool timed;
    } cases[] = {
        {PLAIN, "secret", false},
        {SLACKISH, "secret", true},
        {TIMED, "secret", true},
        {"{\"scheme\":\"standard\",\"secret\":\"client_secret\"}", "client_secret", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verify_spec *spec = new_spec(cases[i].json);

        assert_true(str_eq(verify_spec_secret_name(spec), str_of(cases[i].secret)));
        assert_int_equal(verify_spec_is_timed(spec), cases[i].timed);
        verify_spec_free(spec);
    }
    verify_spec_free(NULL);
}

static void a_spec_applies_when_its_header_is_there(void **state)
{
    static const struct field fields[] = {
        {STR("x-SIG"), STR("")}, {STR("webhook-id"), STR("1")}, {STR("X-Version"), STR("v2")}, {STR("X-Sig"), STR("")}};
    struct verify_spec *plain = new_spec(PLAIN), *standard = new_spec(STANDARD);
    struct verify_spec *v2 =
        new_spec("{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"when_header\":\"X-Version\","
                 "\"when_value\":\"v2\"}");

    (void)state;
    assert_true(verify_spec_applies(plain, &(struct verify_request){.headers = (struct fields){fields, 1}}));
    assert_false(verify_spec_applies(plain, &(struct verify_request){.headers = (struct fields){fields + 1, 1}}));
    assert_true(
        verify_spec_applies(standard, &(struct verify_request){.headers = (struct fields){fields, 2}})); /* any of the three */
    assert_false(verify_spec_applies(standard, &(struct verify_request){.headers = (struct fields){fields, 1}}));
    assert_true(verify_spec_applies(v2, &(struct verify_request){.headers = (struct fields){fields, 3}}));
    assert_false(verify_spec_applies(v2, &(struct verify_request){.headers = (struct fields){fields, 2}}));
    assert_false(verify_spec_applies(plain, &(struct verify_request){.headers = (struct fields){NULL, 0}}));
    verify_spec_free(plain);
    verify_spec_free(standard);
    verify_spec_free(v2);
}

static void refuses_secrets_that_are_empty_or_of_another_form(void **state)
{
    static const struct {
        const char *form, *secret;
        enum err err;
    } cases[] = {
        {"text", "", ERR_RANGE},
        {"text", "x", OK},
        {"hex", "00ff", OK},
        {"hex", "00f", ERR_SYNTAX},
        {"hex", "00FF", ERR_SYNTAX},
        {"hex", "zz", ERR_SYNTAX},
        {"base64", "AA==", OK},
        {"base64", "AA", ERR_SYNTAX},
        {"base64", "AB==", ERR_SYNTAX},
        {"base64", "A-==", ERR_SYNTAX},
        {"whsec", "whsec_AAAA", OK},
        {"whsec", "AAAA", OK},
        {"whsec", "whsec_", ERR_RANGE},
        {"whsec", "whsec_ AAAA", ERR_SYNTAX},
        {"whsec", "whsk_AAAA", ERR_SYNTAX},
        {"html", "&amp;", OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verify_key *key = NULL;
        struct verify_spec *spec;
        char json[128];

        snprintf(json, sizeof(json), "{\"scheme\":\"timed\",\"header\":\"X-Sig\",\"secret_form\":\"%s\"}", cases[i].form);
        spec = new_spec(json);
        if (try_key(spec, str_of(cases[i].secret), &key) != cases[i].err)
            fail_msg("%s %s", cases[i].form, cases[i].secret);
        verify_key_free(key);
        verify_spec_free(spec);
    }
}

static void a_public_key_must_have_32_bytes_and_cannot_sign(void **state)
{
    struct verify_spec *spec = new_spec(STANDARD);
    struct verify_key *key = NULL;
    struct buf values = BUF_INIT(1000);
    struct field fields[SIGN_FIELDS_MAX];
    size_t n = 0;

    (void)state;
    assert_int_equal(try_key(spec, STR("whpk_"), &key), ERR_SYNTAX);
    assert_int_equal(try_key(spec, STR("whpk_AAAA"), &key), ERR_SYNTAX);
    assert_int_equal(try_key(spec, STR("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="), &key), OK);
    assert_int_equal(verify_sign(spec, key, &(struct sign_request){.now_us = now_us}, &values, fields, &n), ERR_NOT_IMPLEMENTED);
    buf_release(&values);
    verify_key_free(key);
    verify_spec_free(spec);
}

/* Two secrets are the same key when what one signs the other verifies. */
static bool same_key(const char *form, struct str secret, struct str plain)
{
    char json[128];
    struct scene a, b;
    bool same;

    snprintf(json, sizeof(json), "{\"scheme\":\"timed\",\"header\":\"X-Sig\",\"secret_form\":\"%s\"}", form);
    a = scene_new(json, secret);
    b = scene_new(TIMED, plain);
    same = str_eq(buf_str(&a.values), buf_str(&b.values));
    scene_free(&a);
    scene_free(&b);
    return same;
}

static void secrets_are_decoded_to_the_bytes_of_the_key(void **state)
{
    static const struct {
        const char *html, *plain;
    } entities[] = {
        {"a&amp;b&lt;c&gt;d&quot;e", "a&b<c>d\"e"},
        {"&#039;&#39;&#x27;&#X027;&apos;", "'''''"},
        {"&#38;&#x26;&#60;&#62;&#34;", "&&<>\""},
        {"&amp;lt;", "&lt;"},
        {"&&amp;&", "&&&"},
        {"&#65;&eacute;&#;&#x;&;&#99999999999;", "&#65;&eacute;&#;&#x;&;&#99999999999;"},
        {"plain", "plain"},
    };

    (void)state;
    assert_true(same_key("text", STR("whsec_x"), STR("whsec_x")));
    assert_true(same_key("hex", STR("616263"), STR("abc")));
    assert_true(same_key("base64", STR("YWJj"), STR("abc")));
    assert_true(same_key("whsec", STR("whsec_YWJj"), STR("abc")));
    assert_true(same_key("whsec", STR("YWJj"), STR("abc")));
    assert_false(same_key("text", STR("YWJj"), STR("abc")));
    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
        if (!same_key("html", str_of(entities[i].html), str_of(entities[i].plain)))
            fail_msg("%s", entities[i].html);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_parameters_are_named_with_their_place),
        cmocka_unit_test(the_secret_has_a_name_and_timed_schemes_say_so),
        cmocka_unit_test(a_spec_applies_when_its_header_is_there),
        cmocka_unit_test(refuses_secrets_that_are_empty_or_of_another_form),
        cmocka_unit_test(a_public_key_must_have_32_bytes_and_cannot_sign),
        cmocka_unit_test(secrets_are_decoded_to_the_bytes_of_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
