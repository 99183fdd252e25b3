/* test_verify_after.c -- proves tokens, unsigned requests, pinned URLs, config of a source, and what is held against a verified body. */
#include "verify_scene.h"

#include "base/encode.h"
#include "verify/pin.h"

static const char *config_of(void *arg, struct str name)
{
    const char *const *pairs = arg; /* name, value, ..., NULL */

    for (; pairs && *pairs; pairs += 2)
        if (str_eq(name, str_of(pairs[0])))
            return pairs[1];
    return NULL;
}

static struct verify_config config_with(const char *const *pairs)
{
    return (struct verify_config){.get = config_of, .arg = (void *)(uintptr_t)pairs};
}

static enum err verdict_with(struct scene *s, struct str body, struct verify_config config)
{
    const struct verify_key *keys[] = {s->key};
    struct verify_request request = {.headers = {s->fields, s->n}, .config = config, .now_us = now_us};
    enum err begun = verifier_begin(s->v, s->spec, keys, s->key ? 1 : 0, &request);

    assert_int_equal(verifier_feed(s->v, body), begun);
    return verifier_end(s->v, body, NULL);
}

static void I1_a_token_equals_the_secret_or_is_refused(void **state)
{
    static const struct {
        const char *spec, *value;
        enum err err;
    } cases[] = {
        {"{\"scheme\":\"token\"}", "c2VjcmV0", OK},
        {"{\"scheme\":\"token\"}", "c2VjcmV", ERR_SIGNATURE},
        {"{\"scheme\":\"token\"}", "c2VjcmV0 x", ERR_SIGNATURE},
        {"{\"scheme\":\"token\"}", "C2VjcmV0", ERR_SIGNATURE},
        {"{\"scheme\":\"token\"}", "", ERR_SIGNATURE_MALFORMED},
        {"{\"scheme\":\"token\",\"prefix\":\"Bearer \"}", "Bearer c2VjcmV0", OK},
        {"{\"scheme\":\"token\",\"prefix\":\"Bearer \"}", "c2VjcmV0", ERR_SIGNATURE_MALFORMED},
        {"{\"scheme\":\"token\",\"prefix\":\"Bearer \",\"prefix_optional\":true}", "c2VjcmV0", OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct scene s = scene_new(cases[i].spec, STR("c2VjcmV0"));

        assert_int_equal(verdict_of(&s), OK); /* as signed */
        s.fields[0] = (struct field){STR("authorization"), str_of(cases[i].value)};
        if (verdict_of(&s) != cases[i].err)
            fail_msg("%s: %s", cases[i].spec, cases[i].value);
        s.fields[s.n++] = s.fields[0];
        assert_int_equal(verdict_of(&s), ERR_SIGNATURE_REPEATED);
        s.n = 0;
        assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MISSING);
        scene_free(&s);
    }
}

static void a_token_may_be_a_member_of_the_body(void **state)
{
    struct scene s = {.spec = new_spec("{\"scheme\":\"token\",\"at\":\"/token\"}"), .values = BUF_INIT(64)};
    struct sign_request request = {.body = STR("{}")};

    (void)state;
    s.key = new_key(s.spec, STR("t-1"));
    assert_int_equal(verifier_new(&s.v), OK);
    assert_int_equal(verdict_at(&s, STR("{\"a\":{\"token\":\"t-2\"},\"token\":\"t-1\"}"), now_us, NULL), OK);
    assert_int_equal(verdict_at(&s, STR("{\"token\":\"t-2\"}"), now_us, NULL), ERR_SIGNATURE);
    assert_int_equal(verdict_at(&s, STR("{\"a\":{\"token\":\"t-1\"}}"), now_us, NULL), ERR_SIGNATURE_MALFORMED);
    assert_int_equal(verdict_at(&s, STR("token=t-1"), now_us, NULL), ERR_SIGNATURE_MALFORMED);
    assert_int_equal(verify_sign(s.spec, s.key, &request, &s.values, s.fields, &s.n), OK); /* the body holds it already */
    assert_int_equal(s.n, 0);
    scene_free(&s);
}

static void an_unsigned_request_passes_and_proves_nothing(void **state)
{
    struct scene s = {.spec = new_spec("{\"scheme\":\"unsigned\",\"require\":[\"X-Event\"]}"), .values = BUF_INIT(64)};
    struct verdict verdict;

    (void)state;
    assert_int_equal(verifier_new(&s.v), OK);
    assert_false(verify_spec_proves(s.spec));
    assert_int_equal(verify_spec_secret_name(s.spec).len, 0);
    assert_true(verify_spec_applies(s.spec, &(struct verify_request){.method = STR("POST")}));
    assert_int_equal(verdict_with(&s, STR("x"), (struct verify_config){NULL, NULL}), ERR_SIGNATURE_MISSING); /* what it requires */
    s.fields[s.n++] = (struct field){STR("X-Event"), STR("1")};
    assert_int_equal(verifier_begin(s.v, s.spec, NULL, 0, &(struct verify_request){.headers = {s.fields, s.n}}), OK);
    assert_int_equal(verifier_end(s.v, STR("x"), &verdict), OK);
    assert_int_equal(verdict.key, VERIFY_NO_KEY);
    assert_int_equal(verify_key_new(s.spec, NULL, &s.key), OK);
    scene_free(&s);
}

static void a_key_that_everybody_knows_needs_no_secret_and_proves_nothing(void **state)
{
    struct scene s = {
        .spec = new_spec("{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"known_key\":\"test-webhook\"}"),
        .values = BUF_INIT(64)};

    (void)state;
    assert_false(verify_spec_proves(s.spec));
    assert_int_equal(verify_spec_secret_name(s.spec).len, 0);
    assert_int_equal(verify_key_new(s.spec, NULL, &s.key), OK);
    assert_int_equal(verifier_new(&s.v), OK);
    scene_sign(&s, &(struct sign_request){.body = STR("{}")});
    assert_int_equal(verdict_of(&s), OK);
    assert_int_equal(verdict_at(&s, STR("[]"), now_us, NULL), ERR_SIGNATURE);
    scene_free(&s);
}

static void a_pinned_url_is_https_on_its_host_and_path(void **state)
{
    static const struct pin pin = {.host = STR("*.pay.example"), .path = STR("/v1/certs/*/x")};
    static const struct {
        const char *url;
        bool fits;
    } cases[] = {
        {"https://api.pay.example/v1/certs/CERT-1_a.b/x", true},
        {"https://a.b.PAY.example/v1/certs/1/x", true},
        {"https://pay.example/v1/certs/1/x", false},
        {"https://.pay.example/v1/certs/1/x", false},
        {"https://evilpay.example/v1/certs/1/x", false},
        {"https://api.pay.example.evil/v1/certs/1/x", false},
        {"https://evil/api.pay.example/v1/certs/1/x", false},
        {"https://api.pay.example@evil.example/v1/certs/1/x", false},
        {"https://evil@api.pay.example/v1/certs/1/x", false},
        {"https://api.pay.example:444/v1/certs/1/x", false},
        {"http://api.pay.example/v1/certs/1/x", false},
        {"HTTPS://api.pay.example/v1/certs/1/x", false},
        {"https://api.pay.example/v1/certs//x", false},
        {"https://api.pay.example/v1/certs/1/2/x", false},
        {"https://api.pay.example/v1/certs/../x", false},
        {"https://api.pay.example/v1/certs/a..b/x", false},
        {"https://api.pay.example/v1/certs/1/x?y", false},
        {"https://api.pay.example/v1/certs/1/x#y", false},
        {"https://api.pay.example/v1/certs/%2e/x", false},
        {"https://api.pay.example/v1/certs/1/", false},
        {"https://api.pay.example/v1/certs/1/x/", false},
        {"https://api.pay.example", false},
        {"https://", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (pin_url_fits(&pin, str_of(cases[i].url)) != cases[i].fits)
            fail_msg("%s", cases[i].url);
}

static void a_request_whose_pinned_header_does_not_fit_is_refused(void **state)
{
    struct scene s = scene_new("{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"pin\":{\"header\":\"X-Cert\","
                               "\"host\":\"keys.example\",\"path\":\"/*\"}}",
                               STR("k"));

    (void)state;
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MISSING);
    s.fields[s.n++] = (struct field){STR("X-Cert"), STR("https://keys.example/a")};
    assert_int_equal(verdict_of(&s), OK);
    s.fields[s.n - 1].value = STR("https://keys.example.evil/a");
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE);
    scene_free(&s);
}

static void what_is_expected_must_equal_the_config_where_that_is_set(void **state)
{
    static const char *const set[] = {"client", "c-1", NULL}, *const unset[] = {"client", "", NULL};
    static const struct {
        const char *body;
        enum err err;
    } cases[] = {
        {"{\"a\":{\"id\":\"c-1\"}}", OK},
        {"{\"b\":\"c-1\"}", OK},
        {"{\"a\":{\"id\":\"c-1\"},\"b\":\"c-2\"}", OK}, /* the first that is there */
        {"{\"a\":{\"id\":\"c-2\"},\"b\":\"c-1\"}", ERR_RECIPIENT},
        {"{\"b\":[\"c-1\"]}", ERR_RECIPIENT},
        {"{}", ERR_RECIPIENT},
        {"no JSON", ERR_RECIPIENT},
        {"", ERR_RECIPIENT},
    };
    struct scene s =
        scene_new("{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"expect\":[{\"at\":[\"/a/id\",\"/b\"],"
                  "\"config\":\"client\"},{\"header\":\"X-For\",\"config\":\"for\"}]}",
                  STR("k"));

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str body = str_of(cases[i].body);
        char text[200];

        scene_sign(&s, &(struct sign_request){.body = body});
        if (verdict_with(&s, body, config_with(set)) != cases[i].err)
            fail_msg("%s", cases[i].body);
        assert_int_equal(verdict_with(&s, body, config_with(unset)), OK);
        assert_int_equal(verdict_with(&s, body, (struct verify_config){NULL, NULL}), OK);
        base64_encode(body, text); /* as one platform sends it */
        scene_sign(&s, &(struct sign_request){.body = str_of(text)});
        assert_int_equal(verdict_with(&s, str_of(text), config_with(set)), cases[i].err);
        assert_int_equal(verdict_with(&s, STR("{}"), config_with(set)), ERR_SIGNATURE); /* the signature comes first */
    }
    scene_free(&s);
}

static void an_expected_header_or_form_member_is_there_once(void **state)
{
    static const char *const set[] = {"seller", "s 1", NULL};
    struct scene s = {.spec = new_spec("{\"scheme\":\"unsigned\",\"expect\":[{\"form\":\"seller_id\",\"config\":\"seller\"},"
                                       "{\"header\":\"X-Seller\",\"config\":\"seller\"}]}"),
                      .values = BUF_INIT(64)};

    (void)state;
    assert_int_equal(verifier_new(&s.v), OK);
    s.fields[s.n++] = (struct field){STR("X-Seller"), STR("s 1")};
    assert_int_equal(verdict_with(&s, STR("seller_id=s+1"), config_with(set)), OK);
    assert_int_equal(verdict_with(&s, STR("seller_id=s+2"), config_with(set)), ERR_RECIPIENT);
    assert_int_equal(verdict_with(&s, STR("seller_id=s+1&seller_id=s+1"), config_with(set)), ERR_RECIPIENT);
    assert_int_equal(verdict_with(&s, STR("x=1"), config_with(set)), ERR_RECIPIENT);
    assert_int_equal(verdict_with(&s, STR("%"), config_with(set)), ERR_RECIPIENT);
    s.fields[s.n++] = s.fields[0];
    assert_int_equal(verdict_with(&s, STR("seller_id=s+1"), config_with(set)), ERR_RECIPIENT);
    scene_free(&s);
}

static void I8_a_time_in_the_body_is_held_against_the_clock(void **state)
{
    static const struct {
        const char *body;
        enum err err;
    } cases[] = {
        {"{\"timestamp\":1699999700}", OK},
        {"{\"timestamp\":1699999699}", ERR_TIMESTAMP_STALE},
        {"{\"timestamp\":1700000301}", ERR_TIMESTAMP_STALE},
        {"{\"timestamp\":\"1700000000\"}", OK},
        {"{\"timestamp\":\"now\"}", ERR_TIMESTAMP_MALFORMED},
        {"{\"timestamp\":1.5}", ERR_TIMESTAMP_MALFORMED},
        {"{}", OK}, /* a body that says no time cannot be too old; the signature says that nobody took it away */
        {"no JSON", OK},
    };
    struct scene s =
        scene_new("{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"timestamp_at\":\"/timestamp\"}", STR("k"));

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        scene_sign(&s, &(struct sign_request){.body = str_of(cases[i].body)});
        if (verdict_at(&s, str_of(cases[i].body), now_us, NULL) != cases[i].err)
            fail_msg("%s", cases[i].body);
    }
    scene_free(&s);
}

#define SELF_MADE                                                                                                                  \
    "{\"scheme\":\"hmac\",\"header\":\"X-{{config.name}}-Sig\",\"hash\":\"{{config.hash}}\",\"encoding\":\"{{config.encoding}}\"," \
    "\"prefix\":\"{{config.prefix}}\",\"prefix_optional\":true}"

static struct verify_spec *filled(const char *const *pairs, struct problems *problems)
{
    const struct verify_config config = config_with(pairs);
    struct verify_spec *spec = NULL;
    json_t *json = NULL;
    enum err err;

    assert_int_equal(json_parse(STR(SELF_MADE), &json, NULL), OK);
    err = verify_spec_load_with(json, STR("/push/verify/0"), &config, problems, &spec);
    assert_int_equal(err == OK, spec != NULL);
    json_decref(json);
    return spec;
}

static void one_element_serves_sources_of_different_config(void **state)
{
    static const char *const defaults[] = {"name", "Foo", "hash", "sha256", "encoding", "hex", NULL};
    static const char *const own[] = {"name", "Bar", "hash", "sha1", "encoding", "base64", "prefix", "sha1=", NULL};
    static const char *const wrong[] = {"name", "a b", "hash", "md5", "encoding", "hex", NULL};
    const struct verify_config config = config_with(own), bad = config_with(wrong);
    struct verify_spec *spec, *mine = NULL, *none = NULL, *plain = new_spec(PLAIN);
    struct problems problems;
    struct field field = {STR("x-bar-sig"), STR("1")};

    (void)state;
    problems_init(&problems, STR("test.json"));
    spec = filled(defaults, &problems);
    assert_non_null(spec);
    assert_int_equal(verify_spec_for_source(spec, &config, &problems, &mine), OK);
    assert_false(verify_spec_applies(spec, &(struct verify_request){.headers = {&field, 1}}));
    assert_true(verify_spec_applies(mine, &(struct verify_request){.headers = {&field, 1}}));
    assert_int_equal(verify_spec_for_source(plain, &config, &problems, &none), OK); /* nothing of it is config */
    assert_null(none);
    assert_int_equal(problems.n, 0);
    assert_int_equal(verify_spec_for_source(spec, &bad, &problems, &none), ERR_CONFIG);
    assert_null(none);
    assert_non_null(strstr(buf_text(&problems.text), "/push/verify/0/header: header must be the name of a header"));
    assert_non_null(strstr(buf_text(&problems.text), "/push/verify/0/hash: hash must be one of sha1"));
    verify_spec_free(mine);
    verify_spec_free(spec);
    verify_spec_free(plain);
    problems_release(&problems);
}

static void config_that_is_not_set_leaves_the_member_out(void **state)
{
    static const char *const little[] = {"name", "Foo", NULL};
    struct problems problems;

    (void)state;
    problems_init(&problems, STR("test.json"));
    assert_null(filled(little, &problems)); /* encoding is required */
    assert_non_null(strstr(buf_text(&problems.text), "/push/verify/0: encoding is missing"));
    problems_release(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(I1_a_token_equals_the_secret_or_is_refused),
        cmocka_unit_test(a_token_may_be_a_member_of_the_body),
        cmocka_unit_test(an_unsigned_request_passes_and_proves_nothing),
        cmocka_unit_test(a_key_that_everybody_knows_needs_no_secret_and_proves_nothing),
        cmocka_unit_test(a_pinned_url_is_https_on_its_host_and_path),
        cmocka_unit_test(a_request_whose_pinned_header_does_not_fit_is_refused),
        cmocka_unit_test(what_is_expected_must_equal_the_config_where_that_is_set),
        cmocka_unit_test(an_expected_header_or_form_member_is_there_once),
        cmocka_unit_test(I8_a_time_in_the_body_is_held_against_the_clock),
        cmocka_unit_test(one_element_serves_sources_of_different_config),
        cmocka_unit_test(config_that_is_not_set_leaves_the_member_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
