/* test_verify.c -- proves the schemes case by case: parameters, strict reading, secrets, time, and that sign mirrors verify. */
#include "base/clock.h"
#include "verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define PLAIN "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\"}"
#define SLACKISH                                                                                                                   \
    "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"prefix\":\"v0=\",\"timestamp_header\":\"X-Time\","           \
    "\"signed\":\"v0:{timestamp}:{body}\"}"
#define TIMED    "{\"scheme\":\"timed\",\"header\":\"X-Sig\"}"
#define STANDARD "{\"scheme\":\"standard\"}"

static const int64_t now_us = INT64_C(1700000000) * US_PER_S;

static enum err load_spec(const char *text, struct problems *problems, struct verify_spec **out)
{
    json_t *json = NULL;
    enum err err;

    assert_int_equal(json_parse(str_of(text), &json, NULL), OK);
    err = verify_spec_load(json, STR("/push/verify/0"), problems, out);
    json_decref(json); /* the spec keeps nothing of it */
    return err;
}

static struct verify_spec *new_spec(const char *text)
{
    struct verify_spec *spec = NULL;
    struct problems problems;

    problems_init(&problems, STR("test.json"));
    if (load_spec(text, &problems, &spec))
        fail_msg("%s", buf_text(&problems.text));
    assert_int_equal(problems.n, 0);
    problems_release(&problems);
    return spec;
}

static enum err try_key(const struct verify_spec *spec, struct str text, struct verify_key **out)
{
    struct secret *secret = NULL;
    enum err err = secret_new(text, &secret);

    if (!err)
        err = verify_key_new(spec, secret, out);
    secret_free(secret);
    return err;
}

static struct verify_key *new_key(const struct verify_spec *spec, struct str text)
{
    struct verify_key *key = NULL;

    assert_int_equal(try_key(spec, text, &key), OK);
    return key;
}

/* One spec with one key, a signed request and a verifier. */
struct scene {
    struct verify_spec *spec;
    struct verify_key *key;
    struct verifier *v;
    struct buf values;
    struct field fields[SIGN_FIELDS_MAX + 2];
    size_t n;
};

static void scene_sign(struct scene *s, const struct sign_request *request)
{
    buf_clear(&s->values);
    assert_int_equal(verify_sign(s->spec, s->key, request, &s->values, s->fields, &s->n), OK);
}

static struct scene scene_new(const char *spec, struct str secret)
{
    struct scene s = {.values = BUF_INIT(4096)};

    s.spec = new_spec(spec);
    s.key = new_key(s.spec, secret);
    assert_int_equal(verifier_new(&s.v), OK);
    scene_sign(&s, &(struct sign_request){.method = STR("POST"), .id = STR("msg_1"), .body = STR("{}"), .now_us = now_us});
    return s;
}

static void scene_free(struct scene *s)
{
    buf_release(&s->values);
    verify_key_free(s->key);
    verify_spec_free(s->spec);
    verifier_free(s->v);
}

/* Verifies `body` under the scene's fields at `at_us`. */
static enum err verdict_at(struct scene *s, struct str body, int64_t at_us, struct verdict *verdict)
{
    const struct verify_key *keys[] = {s->key};
    struct verify_request request = {.method = STR("POST"), .headers = {s->fields, s->n}, .now_us = at_us};
    enum err begun = verifier_begin(s->v, s->spec, keys, 1, &request);

    assert_int_equal(verifier_feed(s->v, body), begun);
    return verifier_end(s->v, body, verdict);
}

static enum err verdict_of(struct scene *s)
{
    return verdict_at(s, STR("{}"), now_us, NULL);
}

/* ---- parameters ---- */

static void wrong_parameters_are_named_with_their_place(void **state)
{
    static const struct {
        const char *json, *says;
    } cases[] = {
        {"[]", "/push/verify/0: must be an object"},
        {"{}", "/push/verify/0: scheme must be one of hmac, timed, standard"},
        {"{\"scheme\":\"hmca\"}", "scheme must be one of"},
        {"{\"scheme\":\"hmac\"}", "header is missing"},
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
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"tolerance_s\":\"300\"}", "tolerance_s must be whole seconds"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"separator\":\", \"}", "separator must be one of"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"separator\":\"=\"}", "separator must be one of"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"timestamp_format\":\"sql\"}", "timestamp_format must be one of"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"timestamp_name\":\"v1\"}", "are the same"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{body}\"}", "an unsigned time proves nothing"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}\"}", "{body} must stand in it exactly once"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}{body}{body}\"}", "exactly once"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}{bodi}\"}", "parts are {body}"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}{body\"}", "parts are {body}"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}.}{body}\"}", "a } without {"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}{header:}{body}\"}", "parts are {body}"},
        {"{\"scheme\":\"timed\",\"header\":\"X\",\"signed\":\"{timestamp}{header:A B}{body}\"}", "needs the name of a header"},
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
    assert_true(verify_spec_applies(plain, (struct fields){fields, 1}));
    assert_false(verify_spec_applies(plain, (struct fields){fields + 1, 1}));
    assert_true(verify_spec_applies(standard, (struct fields){fields, 2})); /* any of the three */
    assert_false(verify_spec_applies(standard, (struct fields){fields, 1}));
    assert_true(verify_spec_applies(v2, (struct fields){fields, 3}));
    assert_false(verify_spec_applies(v2, (struct fields){fields, 2}));
    assert_false(verify_spec_applies(plain, (struct fields){NULL, 0}));
    verify_spec_free(plain);
    verify_spec_free(standard);
    verify_spec_free(v2);
}

/* ---- secrets ---- */

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

/* RFC 4231 and RFC 2202, test case 6. */
static void a_key_longer_than_the_block_is_hashed_first(void **state)
{
    static const struct {
        const char *hash;
        size_t key_len;
        const char *digest;
    } cases[] = {
        {"sha1", 80, "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
        {"sha256", 131, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"sha512", 131,
         "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985"
         "d"
         "786598"},
    };
    char key[131], json[128];

    (void)state;
    memset(key, 0xaa, sizeof(key));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct scene s;

        snprintf(json, sizeof(json), "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"hash\":\"%s\"}",
                 cases[i].hash);
        s = scene_new(json, str_n(key, cases[i].key_len));
        scene_sign(&s, &(struct sign_request){.body = STR("Test Using Larger Than Block-Size Key - Hash Key First")});
        assert_string_equal(buf_text(&s.values), cases[i].digest);
        scene_free(&s);
    }
}

/* ---- reading headers ---- */

static void a_missing_empty_repeated_or_oversized_header_has_its_own_error(void **state)
{
    static char big[5000];
    static const char *const specs[] = {PLAIN, SLACKISH, TIMED, STANDARD};

    (void)state;
    memset(big, 'a', sizeof(big));
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        struct scene s = scene_new(specs[i], STR("c2VjcmV0"));
        size_t n = s.n;

        assert_int_equal(verdict_of(&s), OK);
        s.fields[s.n++] = s.fields[0];
        assert_int_equal(verdict_of(&s), ERR_SIGNATURE_REPEATED);
        s.n = 0;
        assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MISSING);
        s.n = n;
        s.fields[0].value = STR("");
        assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MALFORMED);
        s.fields[0].value = str_n(big, sizeof(big));
        assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MALFORMED);
        s.fields[0].value = STR("v0=zz");
        assert_int_not_equal(verdict_of(&s), OK);
        scene_free(&s);
    }
}

static void a_missing_empty_or_repeated_timestamp_or_id_is_refused(void **state)
{
    struct scene s = scene_new(STANDARD, STR("c2VjcmV0"));
    struct field id, timestamp;

    (void)state;
    assert_int_equal(s.n, 3);
    timestamp = s.fields[1];
    id = s.fields[2];
    assert_true(str_eq(timestamp.name, STR("webhook-timestamp")));
    assert_true(str_eq(id.name, STR("webhook-id")));
    s.fields[1].name = STR("other");
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MISSING);
    s.fields[1] = (struct field){timestamp.name, STR("")};
    assert_int_equal(verdict_of(&s), ERR_TIMESTAMP_MALFORMED);
    s.fields[1] = timestamp;
    s.fields[3] = timestamp;
    s.n = 4;
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_REPEATED);
    s.n = 3;
    s.fields[2] = (struct field){id.name, STR("")};
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MALFORMED);
    s.fields[2] = (struct field){id.name, STR("msg.1")};
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MALFORMED);
    s.fields[2] = (struct field){id.name, STR("msg 1")};
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MALFORMED);
    s.fields[2] = (struct field){STR("svix-id"), id.value};
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MISSING);
    s.fields[2] = id;
    assert_int_equal(verdict_of(&s), OK);
    scene_free(&s);
}

static void required_headers_must_be_there_once_and_not_empty(void **state)
{
    struct scene s =
        scene_new("{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"require\":[\"X-Event\"]}", STR("k"));

    (void)state;
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MISSING);
    s.fields[s.n++] = (struct field){STR("x-event"), STR("7")};
    assert_int_equal(verdict_of(&s), OK);
    s.fields[s.n - 1].value = STR("");
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MALFORMED);
    scene_free(&s);
}

static void a_header_in_the_signed_text_is_required_and_signed(void **state)
{
    struct scene s = {.values = BUF_INIT(4096)};
    static const struct field other = {STR("X-Foo"), STR("bar")};

    (void)state;
    s.spec = new_spec("{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"signed\":\"{header:X-Foo}|{body}\"}");
    s.key = new_key(s.spec, STR("k"));
    assert_int_equal(verifier_new(&s.v), OK);
    scene_sign(&s, &(struct sign_request){.body = STR("{}"), .headers = {&other, 1}});
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MISSING);
    s.fields[s.n++] = other;
    assert_int_equal(verdict_of(&s), OK);
    s.fields[s.n - 1].value = STR("baz");
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE);
    scene_free(&s);
}

static void a_list_longer_than_the_maximum_is_refused(void **state)
{
    struct scene s = scene_new(TIMED, STR("k"));
    struct buf many = BUF_INIT(65536);
    struct str good = s.fields[0].value; /* t=1700000000,v1=... */

    (void)state;
    assert_int_equal(buf_append(&many, good), OK);
    for (size_t i = 1; i < VERIFY_SIGNATURES_MAX; i++)
        assert_int_equal(buf_append(&many, str_from(good, str_find(good, ','))), OK);
    s.fields[0].value = buf_str(&many);
    assert_int_equal(verdict_of(&s), OK);
    assert_int_equal(buf_append(&many, str_from(good, str_find(good, ','))), OK);
    s.fields[0].value = buf_str(&many);
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MALFORMED);
    buf_release(&many);
    scene_free(&s);
}

/* ---- time ---- */

static void I8_the_tolerance_holds_both_ways_with_its_limit_included(void **state)
{
    static const char *const specs[] = {SLACKISH, TIMED, STANDARD};
    static const struct {
        int64_t shift_us;
        enum err err;
    } cases[] = {
        {0, OK},
        {300 * US_PER_S, OK},
        {-300 * US_PER_S, OK},
        {300 * US_PER_S + 1, ERR_TIMESTAMP_STALE},
        {-300 * US_PER_S - 1, ERR_TIMESTAMP_STALE},
        {INT64_MAX / 2, ERR_TIMESTAMP_STALE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        struct scene s = scene_new(specs[i], STR("c2VjcmV0"));

        for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
            assert_int_equal(verdict_at(&s, STR("{}"), now_us + cases[c].shift_us, NULL), cases[c].err);
        assert_int_equal(verdict_at(&s, STR("{}"), INT64_MIN, NULL), ERR_TIMESTAMP_STALE);
        scene_free(&s);
    }
}

static void a_request_may_state_another_tolerance(void **state)
{
    struct scene s = scene_new(TIMED, STR("k"));
    const struct verify_key *keys[] = {s.key};
    struct verify_request request = {.headers = {s.fields, s.n}, .now_us = now_us + 400 * US_PER_S};

    (void)state;
    assert_int_equal(verifier_begin(s.v, s.spec, keys, 1, &request), ERR_TIMESTAMP_STALE);
    request.tolerance_us = 400 * US_PER_S;
    assert_int_equal(verifier_begin(s.v, s.spec, keys, 1, &request), OK);
    scene_free(&s);
}

static void a_timestamp_is_a_whole_number_and_nothing_else(void **state)
{
    static const char *const wrong[] = {
        "-1700000000", "+1700000000", "1700000000 ",          "1700000000.0",
        "0x65",        "1.7e9",       "99999999999999999999", "17000000000000000000000000000000000000000000000000000000000000000"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct scene s = scene_new(SLACKISH, STR("k"));

        s.fields[1].value = str_of(wrong[i]);
        assert_int_equal(verdict_of(&s), ERR_TIMESTAMP_MALFORMED);
        scene_free(&s);
    }
}

/* ---- verdicts ---- */

static void the_verdict_names_key_id_and_time(void **state)
{
    struct scene s = scene_new(STANDARD, STR("c2VjcmV0"));
    struct verify_key *other = new_key(s.spec, STR("bmV3ZXI="));
    const struct verify_key *keys[] = {other, other, s.key};
    struct verify_request request = {.headers = {s.fields, s.n}, .now_us = now_us};
    struct verdict verdict = {.key = 99};

    (void)state;
    assert_int_equal(verifier_begin(s.v, s.spec, keys, 3, &request), OK);
    assert_int_equal(verifier_feed(s.v, STR("{}")), OK);
    assert_int_equal(verifier_end(s.v, STR("{}"), &verdict), OK);
    assert_int_equal(verdict.key, 2);
    assert_true(str_eq(verdict.id, STR("msg_1")));
    assert_int_equal(verdict.signed_at_us, now_us);
    assert_int_equal(verifier_begin(s.v, s.spec, keys, 2, &request), OK);
    assert_int_equal(verifier_feed(s.v, STR("{}")), OK);
    assert_int_equal(verifier_end(s.v, STR("{}"), &verdict), ERR_SIGNATURE);
    assert_int_equal(verifier_begin(s.v, s.spec, keys, 0, &request), OK);
    assert_int_equal(verifier_end(s.v, STR("{}"), &verdict), ERR_SIGNATURE);
    verify_key_free(other);
    scene_free(&s);
}

static void one_begin_gives_one_verdict(void **state)
{
    struct scene s = scene_new(PLAIN, STR("k"));
    struct verifier *fresh = NULL;

    (void)state;
    assert_int_equal(verifier_new(&fresh), OK);
    assert_int_equal(verifier_end(fresh, STR("{}"), NULL), ERR_INTERNAL);
    assert_int_equal(verdict_of(&s), OK);
    assert_int_equal(verifier_end(s.v, STR("{}"), NULL), ERR_INTERNAL);
    verifier_free(fresh);
    verifier_free(NULL);
    scene_free(&s);
}

static void the_url_in_the_signed_text_is_the_configured_one(void **state)
{
    static const struct {
        const char *signed_text, *url, *same_as;
    } cases[] = {
        {"{url}{body}", "https://h/in?a=%40", "https://h/in?a=%40"},
        {"{url_unescaped}{body}", "https://h/in?a=%40%3a%2Fx%26%zz%4", "https://h/in?a=@:/x%26%zz%4"},
        {"{url_unescaped}{body}", "%21%24%27%28%29%2A%2C%3B%3F", "!$'()*,;?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char json[160];
        struct scene url, plain = scene_new(PLAIN, STR("k"));

        snprintf(json, sizeof(json), "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"signed\":\"%s\"}",
                 cases[i].signed_text);
        url = scene_new(json, STR("k"));
        scene_sign(&url, &(struct sign_request){.url = str_of(cases[i].url)});
        scene_sign(&plain, &(struct sign_request){.body = str_of(cases[i].same_as)});
        assert_string_equal(buf_text(&url.values), buf_text(&plain.values));
        scene_free(&url);
        scene_free(&plain);
    }
}

/* ---- properties ---- */

static const char *const all_specs[] = {
    PLAIN,
    SLACKISH,
    TIMED,
    STANDARD,
    "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"base64\",\"hash\":\"sha512\"}",
    "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"either\",\"hash\":\"sha1\",\"prefix\":\"sha1=\",\"separator\":\",\"}",
    "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"mac\":\"secret_prefix\"}",
    "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"timestamp_header\":\"X-Time\",\"timestamp_format\":\"http_"
    "date\","
    "\"signed\":\"{body}{timestamp}\"}",
    "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"timestamp_header\":\"X-Time\",\"timestamp_format\":"
    "\"rfc2822\","
    "\"signed\":\"{body}{timestamp}\"}",
    "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"base64\",\"timestamp_header\":\"X-Time\",\"timestamp_format\":\"unix_"
    "ms\","
    "\"signed\":\"{method}{url}{body}{timestamp}\"}",
    "{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"timestamp_header\":\"X-Time\",\"timestamp_format\":\"iso\","
    "\"id_header\":\"X-Id\",\"signed\":\"{id}:{timestamp}:{body}\"}",
    "{\"scheme\":\"timed\",\"header\":\"X-Sig\",\"separator\":\";\",\"timestamp_name\":\"ts\",\"signature_name\":\"h1\","
    "\"signed\":\"{timestamp}:{body}\"}",
    "{\"scheme\":\"standard\",\"header_prefix\":\"svix-\",\"secret_form\":\"text\"}",
};
enum { ALL_SPECS = sizeof(all_specs) / sizeof(all_specs[0]) };

/* xorshift64: the run can be repeated from its seed. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Verifies the body cut into random pieces. */
static enum err verdict_in_pieces(struct scene *s, struct str body, uint64_t *seed)
{
    const struct verify_key *keys[] = {s->key};
    struct verify_request request = {.method = STR("POST"), .headers = {s->fields, s->n}, .now_us = now_us};
    struct str rest = body;

    if (verifier_begin(s->v, s->spec, keys, 1, &request))
        return verifier_end(s->v, body, NULL);
    while (rest.len) {
        size_t n = 1 + next_random(seed) % (rest.len < 300 ? rest.len : 300);

        assert_int_equal(verifier_feed(s->v, str_upto(rest, n)), OK);
        rest = str_from(rest, n);
    }
    return verifier_end(s->v, body, NULL);
}

static void I1_what_sign_makes_verify_accepts_for_any_body_and_split(void **state)
{
    static char bytes[4096];
    uint64_t seed = 20261122;

    (void)state;
    for (size_t round = 0; round < 40 * ALL_SPECS; round++) {
        struct scene s = scene_new(all_specs[round % ALL_SPECS], STR("c2VjcmV0"));
        struct str body = str_n(bytes, next_random(&seed) % sizeof(bytes));

        for (size_t i = 0; i < body.len; i++)
            bytes[i] = (char)next_random(&seed);
        scene_sign(&s, &(struct sign_request){.method = STR("POST"), .id = STR("m-1"), .body = body, .now_us = now_us});
        assert_int_equal(verdict_in_pieces(&s, body, &seed), OK);
        if (body.len) {
            bytes[next_random(&seed) % body.len] ^= (char)(1 << next_random(&seed) % 8);
            assert_int_equal(verdict_in_pieces(&s, body, &seed), ERR_SIGNATURE);
        }
        scene_free(&s);
    }
}

static void I1_any_flipped_bit_of_a_signed_header_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALL_SPECS; i++) {
        struct scene s = scene_new(all_specs[i], STR("c2VjcmV0"));

        for (size_t bit = 0; bit < 8 * s.values.len; bit++) {
            s.values.p[bit / 8] ^= (char)(1 << bit % 8);
            if (verdict_of(&s) == OK)
                fail_msg("spec %zu: bit %zu of %s", i, bit, buf_text(&s.values));
            s.values.p[bit / 8] ^= (char)(1 << bit % 8);
        }
        assert_int_equal(verdict_of(&s), OK);
        scene_free(&s);
    }
}

static void a_value_buffer_without_room_is_an_error(void **state)
{
    struct scene s = scene_new(STANDARD, STR("c2VjcmV0"));
    struct buf small = BUF_INIT(50);

    (void)state;
    assert_int_equal(
        verify_sign(s.spec, s.key, &(struct sign_request){.id = STR("msg_1"), .now_us = now_us}, &small, s.fields, &s.n),
        ERR_TOO_LARGE);
    buf_release(&small);
    scene_free(&s);
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
        cmocka_unit_test(a_key_longer_than_the_block_is_hashed_first),
        cmocka_unit_test(a_missing_empty_repeated_or_oversized_header_has_its_own_error),
        cmocka_unit_test(a_missing_empty_or_repeated_timestamp_or_id_is_refused),
        cmocka_unit_test(required_headers_must_be_there_once_and_not_empty),
        cmocka_unit_test(a_header_in_the_signed_text_is_required_and_signed),
        cmocka_unit_test(a_list_longer_than_the_maximum_is_refused),
        cmocka_unit_test(I8_the_tolerance_holds_both_ways_with_its_limit_included),
        cmocka_unit_test(a_request_may_state_another_tolerance),
        cmocka_unit_test(a_timestamp_is_a_whole_number_and_nothing_else),
        cmocka_unit_test(the_verdict_names_key_id_and_time),
        cmocka_unit_test(one_begin_gives_one_verdict),
        cmocka_unit_test(the_url_in_the_signed_text_is_the_configured_one),
        cmocka_unit_test(I1_what_sign_makes_verify_accepts_for_any_body_and_split),
        cmocka_unit_test(I1_any_flipped_bit_of_a_signed_header_fails),
        cmocka_unit_test(a_value_buffer_without_room_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
