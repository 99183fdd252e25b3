/* test_verify.c -- proves the schemes case by case: strict reading of headers, time, keys, and the verdict. */
#include "verify_scene.h"

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
    s.spec = new_spec("{\"scheme\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"hex\",\"signed\":\"{header.X-Foo}|{body}\"}");
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
