/* test_verify_pairs.c -- proves the schemes with a pair of keys: what signs, what verifies, and which keys are taken. */
#include "key_pairs.h"
#include "verify_scene.h"

#define RSA_SPEC "{\"scheme\":\"rsa\",\"header\":\"X-Sig\"}"
#define ED25519_SPEC \
    "{\"scheme\":\"ed25519\",\"header\":\"X-Sig\",\"timestamp_header\":\"X-Time\",\"signed\":\"{timestamp}{body}\"}"
#define ECDSA_SPEC "{\"scheme\":\"ecdsa\",\"header\":\"X-Sig\",\"timestamp_header\":\"X-Time\",\"signed\":\"{timestamp}{body}\"}"
#define PATH_SPEC                                                                                        \
    "{\"scheme\":\"rsa\",\"header\":[\"X-Sig-1\",\"X-Sig-2\"],\"key_header\":[\"X-Key-1\",\"X-Key-2\"]," \
    "\"secret_form\":\"by_path\"}"

static struct pair rsa, other_rsa, ed25519, ec;

static int make_pairs(void **state)
{
    (void)state;
    pair_new("RSA", &rsa);
    pair_new("RSA", &other_rsa);
    pair_new("ED25519", &ed25519);
    pair_new("EC", &ec);
    return 0;
}

static int free_pairs(void **state)
{
    (void)state;
    pair_free(&rsa);
    pair_free(&other_rsa);
    pair_free(&ed25519);
    pair_free(&ec);
    return 0;
}

static enum err try_signer(const struct verify_spec *spec, const char *pem, struct verify_key **out)
{
    struct secret *secret = NULL;
    enum err err;

    assert_int_equal(secret_new(str_of(pem), &secret), OK);
    err = verify_key_new_signer(spec, secret, out);
    secret_free(secret);
    return err;
}

/* A request signed with the private half, to be verified with the public one. */
static struct scene paired_scene(const char *spec, const char *private_pem, const char *public_pem)
{
    struct scene s = {.values = BUF_INIT(8192)};

    s.spec = new_spec(spec);
    assert_int_equal(try_signer(s.spec, private_pem, &s.key), OK);
    assert_int_equal(verifier_new(&s.v), OK);
    scene_sign(&s, &(struct sign_request){.method = STR("POST"), .body = STR("{}"), .now_us = now_us});
    assert_int_equal(verdict_of(&s), OK); /* the signer verifies as well */
    verify_key_free(s.key);
    s.key = new_key(s.spec, str_of(public_pem));
    return s;
}

static const struct {
    const char *spec;
    const struct pair *pair;
} schemes[] = {{RSA_SPEC, &rsa}, {ED25519_SPEC, &ed25519}, {ECDSA_SPEC, &ec}};

static void I1_what_the_private_half_signs_the_public_half_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scene s = paired_scene(schemes[i].spec, schemes[i].pair->private_pem, schemes[i].pair->public_pem);

        assert_int_equal(verdict_of(&s), OK);
        assert_int_equal(verdict_at(&s, STR("{} "), now_us, NULL), ERR_SIGNATURE);
        assert_int_equal(verdict_at(&s, STR(""), now_us, NULL), ERR_SIGNATURE);
        scene_free(&s);
    }
}

static void I1_no_flipped_bit_of_the_signature_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scene s = paired_scene(schemes[i].spec, schemes[i].pair->private_pem, schemes[i].pair->public_pem);

        for (size_t at = 0; at < s.fields[0].value.len; at++) {
            s.values.p[at] ^= 1;
            if (verdict_of(&s) == OK)
                fail_msg("spec %zu: byte %zu", i, at);
            s.values.p[at] ^= 1;
        }
        assert_int_equal(verdict_of(&s), OK);
        scene_free(&s);
    }
}

static void I1_malformed_signatures_are_refused(void **state)
{
    static const char *const bad[] = {"", "=", "AAAA", "zz", "0", "AAAA====", "not base64 at all"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scene s = paired_scene(schemes[i].spec, schemes[i].pair->private_pem, schemes[i].pair->public_pem);
        struct str good = s.fields[0].value;

        for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
            s.fields[0].value = str_of(bad[k]);
            assert_int_equal(err_http_status(verdict_of(&s)), 401);
        }
        s.fields[0].value = str_upto(good, good.len - 4);
        assert_int_equal(err_http_status(verdict_of(&s)), 401);
        s.fields[0].value = good;
        s.fields[s.n++] = s.fields[0];
        assert_int_equal(verdict_of(&s), ERR_SIGNATURE_REPEATED);
        s.n = 0;
        assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MISSING);
        scene_free(&s);
    }
}

static void only_keys_of_the_scheme_are_taken(void **state)
{
    static const char *const specs[] = {RSA_SPEC, ED25519_SPEC, ECDSA_SPEC};
    const struct pair *const pairs[] = {&rsa, &ed25519, &ec};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct verify_spec *spec = new_spec(specs[i]);

        for (size_t k = 0; k < 3; k++) {
            struct verify_key *key = NULL;

            assert_int_equal(try_key(spec, str_of(pairs[k]->public_pem), &key), i == k ? OK : ERR_SYNTAX);
            verify_key_free(key);
            key = NULL;
            assert_int_equal(try_key(spec, str_of(pairs[k]->private_pem), &key), ERR_SYNTAX); /* a source needs none */
        }
        verify_spec_free(spec);
    }
}

static void N10_what_is_no_key_is_refused(void **state)
{
    static const char *const bad[] = {"x",
                                      "-----BEGIN PUBLIC KEY-----",
                                      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                                      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                                      "/a",
                                      "/a\nx",
                                      " \n",
                                      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
                                      "ff"};
    static const char *const specs[] = {RSA_SPEC, ED25519_SPEC, ECDSA_SPEC, PATH_SPEC, "{\"scheme\":\"jwt\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        struct verify_spec *spec = new_spec(specs[i]);

        for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
            struct verify_key *key = NULL;

            assert_int_equal(try_key(spec, str_of(bad[k]), &key), ERR_SYNTAX);
            assert_null(key);
        }
        verify_spec_free(spec);
    }
}

static void a_public_key_cannot_sign(void **state)
{
    struct verify_spec *spec = new_spec(RSA_SPEC);
    struct verify_key *key = new_key(spec, str_of(rsa.public_pem));
    struct field fields[SIGN_FIELDS_MAX];
    struct buf values = BUF_INIT(8192);
    size_t n = 0;

    (void)state;
    assert_int_equal(verify_sign(spec, key, &(struct sign_request){.body = STR("{}")}, &values, fields, &n), ERR_NOT_IMPLEMENTED);
    buf_release(&values);
    verify_key_free(key);
    verify_spec_free(spec);
}

/* One signature of the RSA pair over "{}". */
static void sign_plain(const struct pair *pair, char out[1024])
{
    struct scene s = paired_scene(RSA_SPEC, pair->private_pem, pair->public_pem);

    snprintf(out, 1024, "%.*s", STR_ARG(s.fields[0].value));
    scene_free(&s);
}

static void one_good_signature_under_the_key_of_its_path_suffices(void **state)
{
    struct scene s = {.values = BUF_INIT(64)};
    char good[1024], keys[2 * PEM_MAX + 64];

    (void)state;
    sign_plain(&rsa, good);
    snprintf(keys, sizeof(keys), "/keys/1.pem\n%s\r\n /keys/2.pem\n%s", other_rsa.public_pem, rsa.public_pem);
    s.spec = new_spec(PATH_SPEC);
    s.key = new_key(s.spec, str_of(keys));
    assert_int_equal(verifier_new(&s.v), OK);
    s.fields[0] = (struct field){STR("x-sig-1"), STR("AAAA")};
    s.fields[1] = (struct field){STR("x-key-1"), STR("/keys/1.pem")};
    s.fields[2] = (struct field){STR("x-sig-2"), str_of(good)};
    s.fields[3] = (struct field){STR("x-key-2"), STR("/keys/2.pem")};
    s.n = 4;
    assert_int_equal(verdict_of(&s), OK);
    s.fields[3].value = STR("/keys/1.pem"); /* a good signature under another key */
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE);
    s.fields[3].value = STR("https://evil.example/keys/2.pem");
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE);
    s.n = 3; /* nothing names its key */
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE);
    s.n = 1;
    assert_int_equal(verdict_of(&s), ERR_SIGNATURE_MALFORMED);
    scene_free(&s);
}

static void a_certificate_counts_for_its_name_and_its_time(void **state)
{
    static const struct {
        const char *name, *alternative;
        enum err err;
    } cases[] = {
        {"sign.shop.example", NULL, OK},
        {"shop.example", NULL, ERR_SYNTAX},
        {"shop.example.evil", NULL, ERR_SYNTAX},
        {"evilshop.example", NULL, ERR_SYNTAX},
        {"whatever", "DNS:a.shop.example", OK},
        {"sign.shop.example", "DNS:other.example", ERR_SYNTAX}, /* the alternative names count, where there are any */
    };
    const time_t now = (time_t)(now_us / US_PER_S);
    struct verify_spec *spec = new_spec("{\"scheme\":\"rsa\",\"header\":\"X-Sig\",\"certificate_name\":\"*.shop.example\"}");
    char pem[PEM_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verify_key *key = NULL;

        pair_certificate(&rsa, cases[i].name, cases[i].alternative, now - 60, now + 60, pem);
        if (try_key(spec, str_of(pem), &key) != cases[i].err)
            fail_msg("%s %s", cases[i].name, cases[i].alternative ? cases[i].alternative : "");
        verify_key_free(key);
    }
    verify_spec_free(spec);
    pair_certificate(&rsa, "x", NULL, now - 60, now + 60, pem);
    struct scene s = paired_scene(RSA_SPEC, rsa.private_pem, pem);
    assert_int_equal(verdict_at(&s, STR("{}"), now_us, NULL), OK);
    assert_int_equal(verdict_at(&s, STR("{}"), now_us + 61 * US_PER_S, NULL), ERR_SIGNATURE);
    assert_int_equal(verdict_at(&s, STR("{}"), now_us - 61 * US_PER_S, NULL), ERR_SIGNATURE);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(I1_what_the_private_half_signs_the_public_half_verifies),
        cmocka_unit_test(I1_no_flipped_bit_of_the_signature_passes),
        cmocka_unit_test(I1_malformed_signatures_are_refused),
        cmocka_unit_test(only_keys_of_the_scheme_are_taken),
        cmocka_unit_test(N10_what_is_no_key_is_refused),
        cmocka_unit_test(a_public_key_cannot_sign),
        cmocka_unit_test(one_good_signature_under_the_key_of_its_path_suffices),
        cmocka_unit_test(a_certificate_counts_for_its_name_and_its_time),
    };

    return cmocka_run_group_tests(tests, make_pairs, free_pairs);
}
