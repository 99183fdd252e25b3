/* test_doctor.c -- the doctor's reasoning: each way to spoil a delivery, and what is said of it. */
#include "built_in_routes.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/id.h"
#include "engine/doctor.h"
#include "engine/respell.h"

#include <openssl/hmac.h>

enum { AT_S = 1700000000, SECRETS = 4 };

#define OWN_ROUTE                                                                                         \
    "{\"route\":1,\"platform\":\"demo\",\"title\":\"Demo\",\"config\":{"                                  \
    "\"shop\":{\"type\":\"text\",\"doc\":\"the id of the shop\"},"                                        \
    "\"secret\":{\"type\":\"secret\",\"required\":true,\"doc\":\"the secret\"},"                          \
    "\"other\":{\"type\":\"secret\",\"doc\":\"another\"}},"                                               \
    "\"push\":{\"verify\":[%s],\"topic\":{\"header\":\"X-Topic\"},\"dedupe\":[[{\"header\":\"X-Id\"}]]}," \
    "\"objects\":{\"customer\":{\"contact.email\":\"/email\"}},\"topics\":{\"c\":{\"event\":\"signup\",\"object\":\"customer\"}}}"
#define PLAIN "{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"base64\"}"
#define PREFIXED "{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"hex\",\"prefix\":\"sha256=\"}"
#define TIMED "{\"scheme\":\"timed\",\"header\":\"X-Sign\",\"encoding\":\"hex\"}"
#define URL "{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"base64\",\"signed\":\"{url}{body}\"}"
#define RECIPIENT                                                         \
    "{\"scheme\":\"hmac\",\"header\":\"X-Sign\",\"encoding\":\"base64\"," \
    "\"expect\":[{\"at\":\"/shop\",\"config\":\"shop\"}]}"
#define TOKEN "{\"scheme\":\"token\",\"header\":\"X-Sign\"}"

/* Secrets are made anew for every run. */
struct scene {
    struct routes *routes;
    struct route *route;
    struct seal *seal;
    char text[SECRETS][33]; /* own, ended, own "other", of another source */
    struct secret *secret[SECRETS];
    struct doctor_secret known[SECRETS];
    struct field fields[4];
    size_t n;
    char signature[512];
    struct rejected sample;
    struct str url;
};

static void open_scene(struct scene *s, const char *element, const char *own)
{
    struct problems problems;
    char text[4096], hex[65], bytes[32];

    *s = (struct scene){.routes = routes};
    snprintf(text, sizeof(text), OWN_ROUTE, element);
    problems_init(&problems, STR("demo.json"));
    if (route_load(str_of(text), &problems, &s->route))
        fail_msg("%s", buf_text(&problems.text));
    problems_release(&problems);
    random_bytes(bytes, sizeof(bytes));
    hex_encode(str_n(bytes, 32), hex);
    assert_int_equal(seal_load(str_of(hex), NULL, &s->seal), OK);
    for (int i = 0; i < SECRETS; i++) {
        random_bytes(bytes, 16);
        hex_encode(str_n(bytes, 16), s->text[i]);
        if (i == 0 && own)
            snprintf(s->text[i], sizeof(s->text[i]), "%s", own);
        assert_int_equal(secret_new(str_of(s->text[i]), &s->secret[i]), OK);
        s->known[i] = (struct doctor_secret){.source = i == 3 ? "other shop" : "my shop",
                                             .platform = "demo",
                                             .name = i == 2 ? "other" : "secret",
                                             .id = i == 1 ? "s1" : "s2",
                                             .secret = s->secret[i],
                                             .own = i != 3,
                                             .valid = i != 1};
    }
    s->sample = (struct rejected){.at_us = AT_S * US_PER_S, .reason = STR("SIGNATURE"), .method = STR("POST")};
}

static void close_scene(struct scene *s)
{
    route_free(s->route);
    seal_free(s->seal);
    for (int i = 0; i < SECRETS; i++)
        secret_free(s->secret[i]);
}

static void add_field(struct scene *s, const char *name, const char *value)
{
    s->fields[s->n++] = (struct field){.name = str_of(name), .value = str_of(value)};
}

static void digest(const char *key, struct str text, bool hex, char *out)
{
    unsigned char bytes[32];
    unsigned n = 0;

    assert_non_null(HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text.p, text.len, bytes, &n));
    if (hex)
        hex_encode(str_n(bytes, n), out);
    else
        base64_encode(str_n(bytes, n), out);
}

/* Signs `signed_text` under `key` and sends `body`. */
static void send(struct scene *s, const char *key, struct str signed_text, struct str body, bool hex, const char *before)
{
    size_t len = strlen(before);

    memcpy(s->signature, before, len);
    digest(key, signed_text, hex, s->signature + len);
    s->sample.body = body;
    s->sample.body_bytes = body.len;
    add_field(s, "X-Sign", s->signature);
}

/* The source was given the id of this shop. */
static const char *shop_of_config(void *arg, struct str name)
{
    return str_eq(name, STR("shop")) ? arg : NULL;
}

/* The codes that the doctor finds, joined; checks that no secret and no signature is in the texts. */
static const char *codes(struct scene *s, char out[128])
{
    struct doctor_case c = {.sample = &s->sample,
                            .route = s->route,
                            .routes = s->routes,
                            .seal = s->seal,
                            .secrets = s->known,
                            .n_secrets = SECRETS,
                            .config = {.get = shop_of_config, .arg = "17"},
                            .url = s->url};
    json_t *findings = json_array(), *one;
    size_t i, len = 0;

    s->sample.headers = (struct fields){.at = s->fields, .n = s->n};
    assert_int_equal(doctor_explain(&c, findings), OK);
    out[0] = '\0';
    json_array_foreach(findings, i, one)
    {
        const char *text = json_string_value(json_object_get(one, "text"));

        len += (size_t)snprintf(out + len, 128 - len, "%s%s", len ? " " : "", json_string_value(json_object_get(one, "code")));
        for (int k = 0; k < SECRETS; k++)
            assert_null(strstr(text, s->text[k]));
        if (s->signature[0])
            assert_null(strstr(text, s->signature));
        assert_true(str_ends(str_of(text), STR(".")));
    }
    json_decref(findings);
    return out;
}

#define BODY STR("{\"a\":\"b/c\",\"n\":1.10}")

static void each_secret_that_signed_is_named(void **state)
{
    static const char *const want[SECRETS] = {"accepted_now", "previous_secret", "other_member", "other_source"};
    char out[128];

    (void)state;
    for (int i = 0; i < SECRETS; i++) {
        struct scene s;

        open_scene(&s, PLAIN, NULL);
        send(&s, s.text[i], BODY, BODY, false, "");
        assert_string_equal(codes(&s, out), want[i]);
        close_scene(&s);
    }
}

static void a_secret_that_nobody_knows_is_said_to_be_unknown(void **state)
{
    struct scene s;
    char out[128];

    (void)state;
    open_scene(&s, PLAIN, NULL);
    send(&s, "nobody's", BODY, BODY, false, "");
    assert_string_equal(codes(&s, out), "unknown_secret");
    close_scene(&s);
}

static void ways_to_spoil_a_secret_and_the_body_are_recognised(void **state)
{
    static const struct {
        const char *element, *own, *key; /* key: NULL = own */
        struct str text, body;
        bool hex;
        const char *before, *want;
    } rows[] = {
        {PLAIN, NULL, NULL, {"{\"a\": 1}", 8}, {"{\"a\":1}", 7}, false, "", "reserialised"},
        {PLAIN, NULL, NULL, {"{\n  \"a\": 1\n}", 12}, {"{\"a\":1}", 7}, false, "", "reserialised"},
        {PLAIN, NULL, NULL, {"{\"a\":\"\\/\"}", 10}, {"{\"a\":\"/\"}", 9}, false, "", "reserialised"},
        {PLAIN, NULL, NULL, {"x", 1}, {"x\n", 2}, false, "", "newline_added"},
        {PLAIN, NULL, NULL, {"x\n", 2}, {"x", 1}, false, "", "newline_lost"},
        {PLAIN, NULL, NULL, {"x", 1}, {"\x1f\x8b\x08", 3}, false, "", "gzip"},
        {PLAIN, NULL, NULL, {"x", 1}, {"x", 1}, true, "", "encoding"},
        {PREFIXED, NULL, NULL, {"x", 1}, {"x", 1}, true, "", "prefix"},
        {PLAIN, NULL, NULL, {"x", 1}, {"x", 1}, false, "sha256=", "prefix"},
        {PLAIN, " qzx81 ", "qzx81", {"x", 1}, {"x", 1}, false, "", "secret_blank"},
        {PLAIN, "qzx82", "qzx82\n", {"x", 1}, {"x", 1}, false, "", "secret_blank"},
        {PLAIN, "a&b", "a&amp;b", {"x", 1}, {"x", 1}, false, "", "secret_html"},
        {PLAIN, "a&amp;b", "a&b", {"x", 1}, {"x", 1}, false, "", "secret_html"},
        {PLAIN, "YWJjZGVm", "abcdef", {"x", 1}, {"x", 1}, false, "", "secret_decoded"},
        {PLAIN, NULL, NULL, {"x", 1}, {"y", 1}, false, "", "unknown_secret"},
        {PLAIN, NULL, NULL, {"x", 1}, {"x", 1}, false, "?", "malformed"},
    };
    char out[128];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct scene s;

        open_scene(&s, rows[i].element, rows[i].own);
        send(&s, rows[i].key ? rows[i].key : s.text[0], rows[i].text, rows[i].body, rows[i].hex, rows[i].before);
        if (strcmp(codes(&s, out), rows[i].want) != 0)
            fail_msg("row %zu: %s, not %s", i, out, rows[i].want);
        close_scene(&s);
    }
}

static void a_clock_is_judged_with_its_direction_and_beside_a_wrong_secret(void **state)
{
    static const struct {
        int off_s, secret;
        const char *want;
    } rows[] = {{-301, 0, "clock"}, {301, 0, "clock"}, {10, 0, "accepted_now"}, {-900, 3, "other_source clock"}};
    char out[128];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char stamp[16], before[64], text[64];
        struct scene s;

        open_scene(&s, TIMED, NULL);
        snprintf(stamp, sizeof(stamp), "%d", AT_S + rows[i].off_s);
        snprintf(before, sizeof(before), "t=%s,v1=", stamp);
        snprintf(text, sizeof(text), "%s.body", stamp);
        send(&s, s.text[rows[i].secret], str_of(text), STR("body"), true, before);
        assert_string_equal(codes(&s, out), rows[i].want);
        close_scene(&s);
    }
}

static void a_time_in_another_format_is_told_from_a_wrong_secret(void **state)
{
    char out[128];

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *stamp = i ? "2023-11-14T22:13:20Z" : "yesterday";
        char before[64], text[64];
        struct scene s;

        open_scene(&s, TIMED, NULL);
        snprintf(before, sizeof(before), "t=%s,v1=", stamp);
        snprintf(text, sizeof(text), "%s.body", stamp);
        send(&s, s.text[0], str_of(text), STR("body"), true, before);
        assert_string_equal(codes(&s, out), "time_malformed");
        close_scene(&s);
    }
}

static void a_delivery_for_somebody_else_is_told_from_a_wrong_secret(void **state)
{
    static const struct {
        struct str body;
        int secret;
        const char *want;
    } rows[] = {{{"{\"shop\":\"18\"}", 13}, 0, "recipient"},
                {{"{}", 2}, 0, "recipient"},
                {{"{\"shop\":\"17\"}", 13}, 0, "accepted_now"},
                {{"{\"shop\":\"18\"}", 13}, 3, "other_source"}};
    char out[128];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct scene s;

        open_scene(&s, RECIPIENT, NULL);
        send(&s, s.text[rows[i].secret], rows[i].body, rows[i].body, false, "");
        if (strcmp(codes(&s, out), rows[i].want) != 0)
            fail_msg("row %zu: %s, not %s", i, out, rows[i].want);
        close_scene(&s);
    }
}

static void another_url_than_the_signed_one_is_recognised(void **state)
{
    static const char *const urls[] = {"http://hooks.example.com/in/k", "https://hooks.example.com/in/k/",
                                       "https://proxy.example.com/in/k"};
    char out[128];

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        struct buf text = BUF_INIT(256);
        struct scene s;

        open_scene(&s, URL, NULL);
        s.url = STR("https://hooks.example.com/in/k");
        add_field(&s, "Host", "proxy.example.com");
        assert_int_equal(buf_printf(&text, "%sbody", urls[i]), OK);
        send(&s, s.text[0], buf_str(&text), STR("body"), false, "");
        assert_string_equal(codes(&s, out), "url");
        s.url = STR_NONE;
        assert_string_equal(codes(&s, out), "url");
        buf_release(&text);
        close_scene(&s);
    }
}

static void headers_that_are_missing_repeated_or_anothers_are_named(void **state)
{
    struct scene s;
    char out[128];

    (void)state;
    open_scene(&s, PLAIN, NULL);
    assert_string_equal(codes(&s, out), "missing_header");
    add_field(&s, "X-WC-Webhook-Signature", "x");
    assert_string_equal(codes(&s, out), "other_platform");
    send(&s, s.text[0], BODY, BODY, false, "");
    add_field(&s, "x-sign", s.signature);
    assert_string_equal(codes(&s, out), "repeated_header");
    close_scene(&s);
}

static void a_token_is_known_again_behind_its_mask(void **state)
{
    static const char *const want[SECRETS] = {"accepted_now", "previous_secret", "other_member", "other_source"};
    char mask[REJECTED_MASK_CHARS + 1], out[128];

    (void)state;
    for (int i = 0; i <= SECRETS; i++) {
        struct scene s;

        open_scene(&s, TOKEN, NULL);
        assert_int_equal(rejected_mask(s.seal, i < SECRETS ? str_of(s.text[i]) : STR("nobody's"), mask), OK);
        add_field(&s, "X-Sign", mask);
        assert_string_equal(codes(&s, out), i < SECRETS ? want[i] : "unknown_token");
        close_scene(&s);
    }
}

static void methods_and_large_bodies_are_said_as_they_are(void **state)
{
    struct scene s;
    char out[128];

    (void)state;
    open_scene(&s, PLAIN, NULL);
    send(&s, "nobody's", BODY, BODY, false, "");
    s.sample.body_bytes = 1 << 20;
    assert_string_equal(codes(&s, out), "too_large");
    s.sample.reason = str_of(err_name(ERR_METHOD));
    s.sample.method = STR("GET");
    assert_string_equal(codes(&s, out), "method");
    close_scene(&s);
}

/* --- the sample and the spellings -------------------------------------------------------------------------------------- */

static bool is_shop_header(void *arg, struct str name)
{
    return str_eq(name, str_of(arg));
}

static void N10_a_sample_comes_back_without_what_is_secret(void **state)
{
    struct field fields[] = {{STR("Authorization"), STR("Bearer hidden")},
                             {STR("Cookie"), STR("a=hidden")},
                             {STR("X-Shop"), STR("hidden")},
                             {STR("X-Topic"), STR("shown")}};
    struct rejected in = {.at_us = 5,
                          .reason = STR("signature"),
                          .method = STR("POST"),
                          .query = STR("a=1&token=hidden&b"),
                          .headers = {fields, 4},
                          .body = STR("\x00\xff body"),
                          .body_bytes = 7},
                    out;
    struct buf text = BUF_INIT(REJECTED_TEXT_BYTES_MAX);
    struct arena arena;
    struct str value;
    struct scene s;

    (void)state;
    open_scene(&s, PLAIN, NULL);
    arena_init(&arena, 1 << 20);
    assert_int_equal(rejected_write(&in, s.seal, is_shop_header, "X-Shop", &text), OK);
    assert_null(strstr(buf_text(&text), "shown")); /* sealed as a whole: a sender may put a secret anywhere */
    assert_int_equal(rejected_read(s.seal, buf_str(&text), &arena, &out), OK);
    assert_true(str_eq(out.body, in.body) && out.at_us == 5 && out.body_bytes == 7 && out.headers.n == 4);
    assert_int_equal(fields_get(out.headers, STR("x-topic"), &value), 1);
    assert_true(str_eq(value, STR("shown")));
    for (size_t i = 0; i < 3; i++)
        assert_true(str_starts(out.headers.at[i].value, STR("masked:")));
    assert_true(str_starts(out.query, STR("a=1&token=masked:")) && str_ends(out.query, STR("&b")));
    assert_int_equal(rejected_read(s.seal, STR("no sample"), &arena, &out), ERR_SEAL);
    arena_release(&arena);
    buf_release(&text);
    close_scene(&s);
}

static void X2_an_address_is_found_in_any_spelling_and_where_nothing_can_be_searched(void **state)
{
    static const struct {
        struct str body;
        bool holds;
    } rows[] = {{{"{\"e\":\"Zoe@Example.com\"}", 23}, true},
                {{"e=zoe%40example.com", 19}, true},
                {{"{\"e\":\"zoe\\u0040example.com\"}", 28}, true},
                {{"{\"e\":\"zoe@example.org\"}", 23}, false},
                {{"\x1f\x8b\xff", 3}, true},
                {{"", 0}, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct rejected r = {.body = rows[i].body, .body_bytes = rows[i].body.len};

        assert_int_equal(rejected_holds(&r, STR("zoe@example.com")), rows[i].holds);
        r.body_bytes++;
        assert_true(rejected_holds(&r, STR("zoe@example.com"))); /* cut */
    }
}

static void json_is_written_in_the_ways_of_known_programs(void **state)
{
    static const char *const want[] = {
        "{\"a\":[1.10,{},[]],\"ü\":\"/<\"}",
        "{\"a\":[1.10,{},[]],\"\\u00fc\":\"\\/<\"}",
        "{\"a\": [1.10, {}, []], \"\\u00fc\": \"/<\"}",
        "{\n  \"a\": [\n    1.10,\n    {},\n    []\n  ],\n  \"ü\": \"/<\"\n}",
        "{\"a\":[1.10,{},[]],\"ü\":\"/\\u003c\"}",
    };
    struct buf text = BUF_INIT(4096);

    (void)state;
    for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
        bool seen = false;

        for (size_t way = 0; way < respell_ways() && !seen; way++) {
            buf_clear(&text);
            assert_int_equal(respell(STR(" {\"a\" : [1.10,{ }, [ ]],\n\"\\u00FC\":\"\\/<\"} "), way, &text), OK);
            seen = strcmp(buf_text(&text), want[i]) == 0;
        }
        if (!seen)
            fail_msg("nobody writes %s", want[i]);
    }
    assert_int_equal(respell(STR("{\"a\":}"), 0, &text), ERR_SYNTAX);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_secret_that_signed_is_named),
        cmocka_unit_test(a_secret_that_nobody_knows_is_said_to_be_unknown),
        cmocka_unit_test(ways_to_spoil_a_secret_and_the_body_are_recognised),
        cmocka_unit_test(a_clock_is_judged_with_its_direction_and_beside_a_wrong_secret),
        cmocka_unit_test(a_time_in_another_format_is_told_from_a_wrong_secret),
        cmocka_unit_test(a_delivery_for_somebody_else_is_told_from_a_wrong_secret),
        cmocka_unit_test(another_url_than_the_signed_one_is_recognised),
        cmocka_unit_test(headers_that_are_missing_repeated_or_anothers_are_named),
        cmocka_unit_test(a_token_is_known_again_behind_its_mask),
        cmocka_unit_test(methods_and_large_bodies_are_said_as_they_are),
        cmocka_unit_test(N10_a_sample_comes_back_without_what_is_secret),
        cmocka_unit_test(X2_an_address_is_found_in_any_spelling_and_where_nothing_can_be_searched),
        cmocka_unit_test(json_is_written_in_the_ways_of_known_programs),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
