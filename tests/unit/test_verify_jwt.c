/* test_verify_jwt.c -- proves the JSON web token: three strict parts, one algorithm, its times, and what it says of the body. */
#include "base/encode.h"
#include "key_pairs.h"
#include "verify_scene.h"

#define BODY_JWT "{\"scheme\":\"jwt\"}"
#define HEADER_JWT "{\"scheme\":\"jwt\",\"header\":\"Authorization\",\"prefix\":\"Bearer \",\"body_claim\":\"sha\"}"
#define RS256 "{\"alg\":\"RS256\"}"

static struct pair rsa;

static int make_pair(void **state)
{
    (void)state;
    pair_new("RSA", &rsa);
    return 0;
}

static int free_pair(void **state)
{
    (void)state;
    pair_free(&rsa);
    return 0;
}

static void append(struct buf *out, struct str bytes)
{
    char text[4096];

    assert_true(bytes.len < 3000);
    base64url_encode(bytes, text);
    assert_int_equal(buf_append(out, str_of(text)), OK);
}

/* A token of any header and payload, signed with RSA and SHA-256. */
static void make_token(const char *header, const char *payload, struct buf *out)
{
    unsigned char signature[512];
    size_t n = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    buf_clear(out);
    append(out, str_of(header));
    assert_int_equal(buf_append_c(out, '.'), OK);
    append(out, str_of(payload));
    assert_true(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, rsa.key) > 0);
    assert_true(EVP_DigestSign(ctx, signature, &n, (const unsigned char *)out->p, out->len) > 0);
    assert_int_equal(buf_append_c(out, '.'), OK);
    append(out, str_n(signature, n));
    EVP_MD_CTX_free(ctx);
}

static struct scene jwt_scene(const char *spec)
{
    struct scene s = {.values = BUF_INIT(8192)};

    s.spec = new_spec(spec);
    s.key = new_key(s.spec, str_of(rsa.public_pem));
    assert_int_equal(verifier_new(&s.v), OK);
    return s;
}

static enum err verdict_of_token(struct scene *s, const char *header, const char *payload, struct verdict *verdict)
{
    make_token(header, payload, &s->values);
    return verdict_at(s, buf_str(&s->values), now_us, verdict);
}

static void only_RS256_is_the_algorithm(void **state)
{
    static const struct {
        const char *header;
        enum err err;
    } cases[] = {
        {RS256, OK},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"7\"}", OK},
        {"{\"alg\":\"none\"}", ERR_SIGNATURE},
        {"{\"alg\":\"HS256\"}", ERR_SIGNATURE},
        {"{\"alg\":\"RS512\"}", ERR_SIGNATURE},
        {"{\"alg\":\"rs256\"}", ERR_SIGNATURE},
        {"{\"alg\":[\"RS256\"]}", ERR_SIGNATURE},
        {"{}", ERR_SIGNATURE},
        {"{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", ERR_SIGNATURE},
        {"{\"alg\":\"RS256\",\"alg\":\"none\"}", ERR_SIGNATURE_MALFORMED},
        {"[\"RS256\"]", ERR_SIGNATURE_MALFORMED},
        {"RS256", ERR_SIGNATURE_MALFORMED},
    };
    struct scene s = jwt_scene(BODY_JWT);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (verdict_of_token(&s, cases[i].header, "{\"iat\":1700000000}", NULL) != cases[i].err)
            fail_msg("%s", cases[i].header);
    scene_free(&s);
}

static void I8_its_times_are_held_against_the_clock(void **state)
{
    static const struct {
        const char *payload;
        enum err err;
    } cases[] = {
        {"{\"iat\":1699999700}", OK},
        {"{\"iat\":1699999699}", ERR_TIMESTAMP_STALE},
        {"{\"iat\":1700000301}", ERR_TIMESTAMP_STALE},
        {"{\"iat\":1,\"exp\":1700000001}", OK}, /* the issuer says how long */
        {"{\"exp\":1700000001}", OK},
        {"{\"exp\":1700000000}", ERR_TIMESTAMP_STALE}, /* not on, not after, and no tolerance */
        {"{\"iat\":1700000000,\"exp\":1699999999}", ERR_TIMESTAMP_STALE},
        {"{\"exp\":1700009999,\"nbf\":1700000300}", OK},
        {"{\"exp\":1700009999,\"nbf\":1700000301}", ERR_TIMESTAMP_STALE},
        {"{\"exp\":1700009999,\"iat\":1700000301}", ERR_TIMESTAMP_STALE},
        {"{}", ERR_TIMESTAMP_MALFORMED},
        {"{\"nbf\":1700000000}", ERR_TIMESTAMP_MALFORMED},
        {"{\"exp\":\"1700009999\"}", ERR_TIMESTAMP_MALFORMED},
        {"{\"exp\":-1}", ERR_TIMESTAMP_MALFORMED},
        {"{\"exp\":1e99}", ERR_TIMESTAMP_MALFORMED},
        {"{\"iat\":null}", ERR_TIMESTAMP_MALFORMED},
        {"[]", ERR_SIGNATURE_MALFORMED},
        {"x", ERR_SIGNATURE_MALFORMED},
    };
    struct scene s = jwt_scene(BODY_JWT);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (verdict_of_token(&s, RS256, cases[i].payload, NULL) != cases[i].err)
            fail_msg("%s", cases[i].payload);
    scene_free(&s);
}

static void the_verdict_carries_the_time_of_issue(void **state)
{
    struct scene s = jwt_scene(BODY_JWT);
    struct verdict verdict;

    (void)state;
    assert_int_equal(verdict_of_token(&s, RS256, "{\"iat\":1700000010,\"exp\":1800000000}", &verdict), OK);
    assert_int_equal(verdict.signed_at_us, INT64_C(1700000010) * US_PER_S);
    assert_int_equal(verdict_of_token(&s, RS256, "{\"exp\":1800000000}", &verdict), OK);
    assert_int_equal(verdict.signed_at_us, 0);
    scene_free(&s);
}

static void I1_anything_but_three_strict_parts_is_refused(void **state)
{
    static const char *const bad[] = {"",   ".",    "..",   "...",  "a.b",    "a.b.c", "a.b.c.d",
                                      "{}", "a..c", ".b.c", "a.b.", "a.b.c=", "a.b.+/"};
    struct scene s = jwt_scene(BODY_JWT);

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(err_http_status(verdict_at(&s, str_of(bad[i]), now_us, NULL)), 401);
    make_token(RS256, "{\"iat\":1700000000}", &s.values);
    assert_int_equal(buf_append(&s.values, STR("\n")), OK); /* blanks around the token are none of it */
    assert_int_equal(verdict_at(&s, buf_str(&s.values), now_us, NULL), OK);
    s.values.len--;
    for (size_t i = 0; i < s.values.len; i++) {
        char was = s.values.p[i];

        s.values.p[i] = was == 'A' ? 'B' : 'A';
        if (verdict_at(&s, buf_str(&s.values), now_us, NULL) == OK)
            fail_msg("character %zu", i);
        s.values.p[i] = '=';
        assert_int_not_equal(verdict_at(&s, buf_str(&s.values), now_us, NULL), OK);
        s.values.p[i] = was;
    }
    scene_free(&s);
}

static void a_token_in_a_header_may_speak_of_the_body(void **state)
{
    /* SHA-256 of "{}" */
    static const char payload[] =
        "{\"iat\":1700000000,\"sha\":\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\"}";
    struct scene s = jwt_scene(HEADER_JWT);
    struct buf value = BUF_INIT(8192);

    (void)state;
    make_token(RS256, payload, &s.values);
    assert_int_equal(buf_printf(&value, "Bearer %s", buf_text(&s.values)), OK);
    s.fields[0] = (struct field){STR("authorization"), buf_str(&value)};
    s.n = 1;
    assert_int_equal(verdict_of(&s), OK);
    assert_int_equal(verdict_at(&s, STR("{ }"), now_us, NULL), ERR_SIGNATURE);
    s.fields[0].value = buf_str(&s.values); /* without the prefix */
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MALFORMED);
    make_token(RS256, "{\"iat\":1700000000}", &s.values);
    buf_clear(&value);
    assert_int_equal(buf_printf(&value, "Bearer %s", buf_text(&s.values)), OK);
    s.fields[0].value = buf_str(&value);
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE);
    s.n = 0;
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MISSING);
    buf_release(&value);
    scene_free(&s);
}

static void what_is_expected_is_looked_for_in_the_payload(void **state)
{
    struct scene s = jwt_scene("{\"scheme\":\"jwt\",\"expect\":[{\"at\":\"/aud\",\"config\":\"app\"}],\"timestamp_at\":\"/at\"}");

    (void)state;
    assert_int_equal(verdict_of_token(&s, RS256, "{\"exp\":1800000000,\"aud\":\"other\"}", NULL), OK); /* the config is not set */
    assert_int_equal(verdict_of_token(&s, RS256, "{\"exp\":1800000000,\"at\":1600000000}", NULL), ERR_TIMESTAMP_STALE);
    scene_free(&s);
}

static void signs_the_body_as_the_payload(void **state)
{
    struct scene s = jwt_scene(BODY_JWT);
    struct secret *secret = NULL;
    struct verify_key *signer = NULL;
    struct field fields[SIGN_FIELDS_MAX];
    struct buf values = BUF_INIT(8192), body = BUF_INIT(8192);
    struct sign_request request = {.body = STR("{\"iat\":1700000000}"), .now_us = now_us};
    size_t n = 9;

    (void)state;
    assert_int_equal(secret_new(str_of(rsa.private_pem), &secret), OK);
    assert_int_equal(verify_key_new_signer(s.spec, secret, &signer), OK);
    assert_int_equal(verify_sign(s.spec, signer, &request, &values, fields, &n), ERR_NOT_IMPLEMENTED); /* no room for a new body */
    request.signed_body = &body;
    assert_int_equal(verify_sign(s.spec, signer, &request, &values, fields, &n), OK);
    assert_int_equal(n, 0);
    assert_int_equal(verdict_at(&s, buf_str(&body), now_us, NULL), OK);
    secret_free(secret);
    verify_key_free(signer);
    buf_release(&values);
    buf_release(&body);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_RS256_is_the_algorithm),
        cmocka_unit_test(I8_its_times_are_held_against_the_clock),
        cmocka_unit_test(the_verdict_carries_the_time_of_issue),
        cmocka_unit_test(I1_anything_but_three_strict_parts_is_refused),
        cmocka_unit_test(a_token_in_a_header_may_speak_of_the_body),
        cmocka_unit_test(what_is_expected_is_looked_for_in_the_payload),
        cmocka_unit_test(signs_the_body_as_the_payload),
    };

    return cmocka_run_group_tests(tests, make_pair, free_pair);
}
