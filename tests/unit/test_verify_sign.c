/* test_verify_sign.c -- proves that signing mirrors verifying, for random bodies, splits and flipped bits. */
#include "verify_scene.h"

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

static void the_url_in_the_signed_text_is_the_configured_one(void **state)
{
    static const struct {
        const char *signed_text, *url, *same_as;
    } cases[] = {
        {"{url}{body}", "https://h/in?a=%40", "https://h/in?a=%40"},
        {"{url.decoded}{body}", "https://h/in?a=%40%3a%2Fx%26%zz%4", "https://h/in?a=@:/x%26%zz%4"},
        {"{url.decoded}{body}", "%21%24%27%28%29%2A%2C%3B%3F", "!$'()*,;?"},
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
        cmocka_unit_test(a_key_longer_than_the_block_is_hashed_first),
        cmocka_unit_test(the_url_in_the_signed_text_is_the_configured_one),
        cmocka_unit_test(I1_what_sign_makes_verify_accepts_for_any_body_and_split),
        cmocka_unit_test(I1_any_flipped_bit_of_a_signed_header_fails),
        cmocka_unit_test(a_value_buffer_without_room_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
