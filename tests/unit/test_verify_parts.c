/* test_verify_parts.c -- proves the signed texts that are made of a body, a query, a URL or config, and where a signature may stand. */
#include "verify_scene.h"

#define HMAC_OF(rest) "{\"scheme\":\"hmac\",\"encoding\":\"hex\"," rest "}"
#define HEADER_SIGNED(text) HMAC_OF("\"header\":\"X-Sig\",\"signed\":\"" text "\"")
#define BODY_SIGNED HEADER_SIGNED("{body}")

static const char *config_of(void *arg, struct str name)
{
    return str_eq(name, STR("webhook_id")) ? arg : NULL;
}

/* The signature over what the template makes of the request, as hex; the error of the signer. */
static enum err signature_of(const char *template, struct sign_request request, char out[160])
{
    struct verify_spec *spec = new_spec(template);
    struct verify_key *key = new_key(spec, STR("k"));
    struct field fields[SIGN_FIELDS_MAX];
    struct buf values = BUF_INIT(4096);
    size_t n = 0;
    enum err err;

    request.config = (struct verify_config){.get = config_of, .arg = (void *)(uintptr_t) "W1"};
    err = verify_sign(spec, key, &request, &values, fields, &n);
    snprintf(out, 160, "%.*s", err || !n ? 0 : (int)fields[0].value.len, n ? fields[0].value.p : "");
    buf_release(&values);
    verify_key_free(key);
    verify_spec_free(spec);
    return err;
}

static const struct {
    const char *template, *url, *query, *body, *same_as;
} texts[] = {
    {HEADER_SIGNED("{body.base64}"), "", "", "abcd", "YWJjZA=="},
    {HEADER_SIGNED("{body.base64}"), "", "", "", ""},
    {HEADER_SIGNED("{body.crc32}"), "", "", "123456789", "3421780262"}, /* the check value of ISO 3309 */
    {HEADER_SIGNED("{body.crc32}"), "", "", "", "0"},
    {HEADER_SIGNED("{config.webhook_id}|{body}"), "", "", "b", "W1|b"},
    {HEADER_SIGNED("{url}{body}"), "https://h/in", "a=%20b", "x", "https://h/in?a=%20bx"},
    {HEADER_SIGNED("{query.a}-{query.b}{body}"), "", "b=2%2B2&a=x+y", "", "x y-2+2"},
    {HEADER_SIGNED("{query.rest}{body}"), "", "b=2&a=%41", "", "b=2&a=%41"},
    /* pairs sorted by name and value, repeated ones once, escapes decoded */
    {HEADER_SIGNED("{form.sorted}"), "", "", "b=2&a=z&a=%26&a=z&B=1", "B1a&azb2"},
    {HEADER_SIGNED("{form.sorted}"), "", "", "", ""},
    {HEADER_SIGNED("{form.php}"), "", "", "b=%C3%A9&a=", "a:2:{s:1:\"a\";s:0:\"\";s:1:\"b\";s:2:\"\xc3\xa9\";}"},
    {HEADER_SIGNED("{form.php}"), "", "", "", "a:0:{}"},
    {HEADER_SIGNED("{body.sorted}"), "", "", " { \"b\" : [ {\"z\":1.0,\"a\":1e5} , null ] , \"a\" : \"\\u00e9\\/\\n\\u0001\" } ",
     "{\"a\":\"\xc3\xa9/\\n\\u0001\",\"b\":[{\"a\":1e5,\"z\":1.0},null]}"},
    {HEADER_SIGNED("{body.sorted}"), "", "", "[true,false,\"\\\"\\\\\"]", "[true,false,\"\\\"\\\\\"]"},
    {HEADER_SIGNED("{at:/t}.{at:/id}"), "", "", " {\"id\":\"a-b\",\"n\":{\"id\":[1,{\"t\":\"\\u0041\"}]},\"t\":-12}\r\n",
     "-12.a-b"},
};

static void each_part_of_a_signed_text_is_what_the_page_says(void **state)
{
    char got[160], wanted[160];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sign_request request = {.url = str_of(texts[i].url), .query = str_of(texts[i].query), .body = str_of(texts[i].body)};

        assert_int_equal(signature_of(texts[i].template, request, got), OK);
        assert_int_equal(signature_of(BODY_SIGNED, (struct sign_request){.body = str_of(texts[i].same_as)}, wanted), OK);
        if (strcmp(got, wanted) != 0)
            fail_msg("%s of %s is not %s", texts[i].template, texts[i].body, texts[i].same_as);
    }
}

static void I1_a_body_that_no_text_can_be_made_of_is_refused(void **state)
{
    static const struct {
        const char *template, *body;
    } cases[] = {
        {HEADER_SIGNED("{form.php}"), "a=1&a=1"}, /* PHP keeps one of them, and we cannot know which was signed */
        {HEADER_SIGNED("{body.sorted}"), "{\"a\":1,\"a\":1}"},
        {HEADER_SIGNED("{body.sorted}"), "{"},
        {HEADER_SIGNED("{body.sorted}"), ""},
        {HEADER_SIGNED("{at:/id}"), ""},
        {HEADER_SIGNED("{at:/id}"), "[]"},
        {HEADER_SIGNED("{at:/id}"), "{}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":\"1\""},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":\"1\"}x"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":\"1\",}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":\"1\",\"id\":\"1\"}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":\"1\",\"\\u0069d\":\"2\"}"}, /* the same name in another spelling */
        {HEADER_SIGNED("{at:/id}"), "{\"id\":\"\"}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":\"\\u0031\"}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":\"\xc3\xa9\"}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":1.5}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":1e2}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":01}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":-}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":null}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":[1]}"},
        {HEADER_SIGNED("{at:/id}"), "{\"x\":\"\\q\",\"id\":1}"},
        {HEADER_SIGNED("{at:/id}"), "{\"x\":\"\\u12g4\",\"id\":1}"},
        {HEADER_SIGNED("{at:/id}"), "{\"x\":\"\n\",\"id\":1}"},
        {HEADER_SIGNED("{at:/id}"), "{\"x\":tru,\"id\":1}"},
        {HEADER_SIGNED("{at:/id}"), "{\"x\":1.,\"id\":1}"},
        {HEADER_SIGNED("{at:/id}"), "{\"x\":[1 2],\"id\":1}"},
        {HEADER_SIGNED("{at:/id}"), "{\"x\":{\"a\"},\"id\":1}"},
        {HEADER_SIGNED("{at:/id}"), "{\"id\":1,\"x\":\"open"},
    };
    char out[160];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (signature_of(cases[i].template, (struct sign_request){.body = str_of(cases[i].body)}, out) != ERR_SIGNATURE_MALFORMED)
            fail_msg("%s", cases[i].body);
}

static void N9_the_walk_over_a_body_stops_at_its_limits(void **state)
{
    struct buf body = BUF_INIT(1 << 20);
    char out[160];

    (void)state;
    for (int depth = 30; depth <= 33; depth++) {
        buf_clear(&body);
        assert_int_equal(buf_append(&body, STR("{\"id\":1,\"x\":")), OK);
        for (int i = 0; i < depth; i++)
            assert_int_equal(buf_append_c(&body, '['), OK);
        for (int i = 0; i < depth; i++)
            assert_int_equal(buf_append_c(&body, ']'), OK);
        assert_int_equal(buf_append_c(&body, '}'), OK);
        assert_int_equal(signature_of(HEADER_SIGNED("{at:/id}"), (struct sign_request){.body = buf_str(&body)}, out),
                         depth <= 31 ? OK : ERR_SIGNATURE_MALFORMED);
    }
    buf_clear(&body);
    assert_int_equal(buf_append(&body, STR("{\"id\":1}")), OK);
    while (body.len <= 256 << 10)
        assert_int_equal(buf_append_c(&body, ' '), OK);
    assert_int_equal(signature_of(HEADER_SIGNED("{at:/id}"), (struct sign_request){.body = buf_str(&body)}, out),
                     ERR_SIGNATURE_MALFORMED);
    assert_int_equal(signature_of(HEADER_SIGNED("{body.sorted}"), (struct sign_request){.body = buf_str(&body)}, out),
                     ERR_SIGNATURE_MALFORMED);
    buf_release(&body);
}

static enum err verdict_of_request(struct scene *s, struct verify_request request, struct str body)
{
    const struct verify_key *keys[] = {s->key};
    enum err begun;

    request.now_us = now_us;
    begun = verifier_begin(s->v, s->spec, keys, 1, &request);
    assert_int_equal(verifier_feed(s->v, body), begun);
    return verifier_end(s->v, body, NULL);
}

static struct scene parts_scene(const char *spec)
{
    struct scene s = {.values = BUF_INIT(4096)};

    s.spec = new_spec(spec);
    s.key = new_key(s.spec, STR("k"));
    assert_int_equal(verifier_new(&s.v), OK);
    return s;
}

static void a_signature_may_be_a_member_of_the_query(void **state)
{
    struct scene s = parts_scene(HMAC_OF("\"query\":\"sign\",\"signed\":\"{query.rest}\""));
    struct buf query = BUF_INIT(4096);
    struct sign_request request = {.query = STR("a=1&b=2"), .signed_query = &query};

    (void)state;
    assert_int_equal(buf_append(&query, request.query), OK);
    assert_int_equal(verify_sign(s.spec, s.key, &request, &s.values, s.fields, &s.n), OK);
    assert_int_equal(s.n, 0);
    assert_true(str_starts(buf_str(&query), STR("a=1&b=2&sign=")));
    assert_true(verify_spec_applies(s.spec, &(struct verify_request){.query = buf_str(&query)}));
    assert_false(verify_spec_applies(s.spec, &(struct verify_request){.query = STR("a=1&b=2&signs=1")}));
    assert_int_equal(verdict_of_request(&s, (struct verify_request){.query = buf_str(&query)}, STR("")), OK);
    assert_int_equal(verdict_of_request(&s, (struct verify_request){.query = buf_str(&query)}, STR("{}")),
                     ERR_SIGNATURE); /* unsigned */
    query.p[2] = '2';
    assert_int_equal(verdict_of_request(&s, (struct verify_request){.query = buf_str(&query)}, STR("")), ERR_SIGNATURE);
    assert_int_equal(verdict_of_request(&s, (struct verify_request){.query = STR("sign=&a=1")}, STR("")), ERR_SIGNATURE_MALFORMED);
    assert_int_equal(verdict_of_request(&s, (struct verify_request){.query = STR("sign=1&sign=1")}, STR("")),
                     ERR_SIGNATURE_REPEATED);
    assert_int_equal(verdict_of_request(&s, (struct verify_request){.query = STR("a=1")}, STR("")), ERR_SIGNATURE_MISSING);
    assert_int_equal(verdict_of_request(&s, (struct verify_request){.query = STR("sign=%")}, STR("")), ERR_SIGNATURE_MALFORMED);
    request.signed_query = NULL;
    assert_int_equal(verify_sign(s.spec, s.key, &request, &s.values, s.fields, &s.n), ERR_NOT_IMPLEMENTED);
    buf_release(&query);
    scene_free(&s);
}

static void a_signature_may_be_a_member_of_the_form(void **state)
{
    static const struct field type = {STR("Content-Type"), STR("Application/X-WWW-Form-Urlencoded; charset=utf-8")};
    struct scene s = parts_scene(HMAC_OF("\"form\":\"sig\",\"signed\":\"{form.php}\""));
    struct buf body = BUF_INIT(4096);
    struct sign_request sign = {.body = STR("b=2&a=1+%26"), .signed_body = &body};
    struct verify_request request = {.headers = {&type, 1}};

    (void)state;
    assert_int_equal(verify_sign(s.spec, s.key, &sign, &s.values, s.fields, &s.n), OK);
    assert_true(verify_spec_applies(s.spec, &request));
    assert_false(verify_spec_applies(s.spec, &(struct verify_request){.method = STR("POST")}));
    assert_int_equal(verdict_of_request(&s, request, buf_str(&body)), OK);
    body.p[2] = '3';
    assert_int_equal(verdict_of_request(&s, request, buf_str(&body)), ERR_SIGNATURE);
    assert_int_equal(verdict_of_request(&s, request, STR("a=1")), ERR_SIGNATURE_MISSING);
    assert_int_equal(verdict_of_request(&s, request, STR("a=1&sig=00&sig=00")), ERR_SIGNATURE_REPEATED);
    assert_int_equal(verdict_of_request(&s, request, STR("a=1&sig=zz")), ERR_SIGNATURE_MALFORMED);
    assert_int_equal(verdict_of_request(&s, request, STR("a=%&sig=zz")), ERR_SIGNATURE_MALFORMED);
    buf_release(&body);
    scene_free(&s);
}

static void the_url_is_tried_with_and_without_its_port(void **state)
{
    static const struct {
        const char *seen, *signed_as;
        enum err err;
    } cases[] = {
        {"https://h/in", "https://h/in", OK},
        {"https://h/in", "https://h:443/in", OK},
        {"https://h/in", "https://h:80/in", ERR_SIGNATURE},
        {"http://h/in", "http://h:80/in", OK},
        {"https://h:8443/in", "https://h/in", OK},
        {"https://h:8443/in", "https://h:443/in", ERR_SIGNATURE},
        {"https://[::1]/in", "https://[::1]:443/in", OK},
        {"https://[::1]:8443/in", "https://[::1]/in", OK},
        {"https://h", "https://h:443", OK},
        {"https://h/in", "https://evil/in", ERR_SIGNATURE},
    };
    struct scene s = parts_scene(HMAC_OF("\"header\":\"X-Sig\",\"url_port\":\"either\",\"signed\":\"{url}{body}\""));

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        scene_sign(&s, &(struct sign_request){.url = str_of(cases[i].signed_as), .query = STR("q=1"), .body = STR("{}")});
        if (verdict_of_request(
                &s, (struct verify_request){.url = str_of(cases[i].seen), .query = STR("q=1"), .headers = {s.fields, s.n}},
                STR("{}")) != cases[i].err)
            fail_msg("%s signed as %s", cases[i].seen, cases[i].signed_as);
    }
    scene_free(&s);
}

static void a_hash_in_the_query_stands_for_the_body(void **state)
{
    static const struct str good = {"sha=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", 68};
    struct scene s = parts_scene(HMAC_OF("\"header\":\"X-Sig\",\"body_hash\":\"sha\",\"signed\":\"{url}\""));
    struct verify_request request = {.url = STR("https://h/in"), .query = good, .headers = {s.fields, 1}};

    (void)state;
    scene_sign(&s, &(struct sign_request){.url = request.url, .query = good});
    request.headers.at = s.fields;
    assert_true(verify_spec_applies(s.spec, &request));
    assert_int_equal(verdict_of_request(&s, request, STR("{}")), OK);
    assert_int_equal(verdict_of_request(&s, request, STR("{ }")), ERR_SIGNATURE);
    assert_int_equal(verdict_of_request(&s, request, STR("")), ERR_SIGNATURE);
    request.query = STR_NONE;
    assert_false(verify_spec_applies(s.spec, &request));
    scene_free(&s);
}

static void a_request_without_the_member_or_config_that_is_signed_is_refused(void **state)
{
    struct scene s = parts_scene(HEADER_SIGNED("{query.a}{config.webhook_id}{body}"));
    struct verify_request request = {.query = STR("a=1"), .config = {.get = config_of, .arg = (void *)(uintptr_t) "W1"}};

    (void)state;
    scene_sign(&s, &(struct sign_request){.query = STR("a=1"), .body = STR("{}"), .config = request.config});
    request.headers = (struct fields){s.fields, s.n};
    assert_int_equal(verdict_of_request(&s, request, STR("{}")), OK);
    request.query = STR("b=1");
    assert_int_equal(verdict_of_request(&s, request, STR("{}")), ERR_SIGNATURE_MISSING);
    request.query = STR("a=1&a=1");
    assert_int_equal(verdict_of_request(&s, request, STR("{}")), ERR_SIGNATURE_REPEATED);
    request.query = STR("a=1");
    request.config.arg = (void *)(uintptr_t) "W2";
    assert_int_equal(verdict_of_request(&s, request, STR("{}")), ERR_SIGNATURE);
    request.config.get = NULL;
    assert_int_equal(verdict_of_request(&s, request, STR("{}")), ERR_SIGNATURE);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_of_a_signed_text_is_what_the_page_says),
        cmocka_unit_test(I1_a_body_that_no_text_can_be_made_of_is_refused),
        cmocka_unit_test(N9_the_walk_over_a_body_stops_at_its_limits),
        cmocka_unit_test(a_signature_may_be_a_member_of_the_query),
        cmocka_unit_test(a_signature_may_be_a_member_of_the_form),
        cmocka_unit_test(the_url_is_tried_with_and_without_its_port),
        cmocka_unit_test(a_hash_in_the_query_stands_for_the_body),
        cmocka_unit_test(a_request_without_the_member_or_config_that_is_signed_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
