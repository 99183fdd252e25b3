/* test_entry_codec.c -- proves the form of an entry: what goes in comes out, and nothing else is read as one. */
#include "queue/entry_codec.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static const struct field headers[] = {
    {{"X-Topic", 7}, {"orders/paid", 11}}, {{"X-Topic", 7}, {"", 0}}, {{"X-At", 4}, {"2024", 4}}};

static struct entry sample(void)
{
    return (struct entry){
        .id = STR("0123456789abcdef0123456789abcdef"),
        .source_id = STR("42"),
        .topic = STR("orders/paid"),
        .received_at_us = INT64_C(1714641068000123),
        .signed_at_us = 0,
        .content_type = STR("application/json"),
        .headers = {.at = headers, .n = 3},
        .body = STR("{\"a\":\"\0\xff\"}"),
        .lane = LANE_URGENT,
    };
}

static void gives_back_every_member(void **state)
{
    struct entry in = sample(), out;
    struct entry_pairs pairs;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    in.replay = true;
    assert_int_equal(entry_encode(&in, &pairs), OK);
    assert_int_equal(entry_decode(pairs.at, pairs.n, &arena, &out), OK);
    assert_true(str_eq(out.id, in.id) && str_eq(out.source_id, in.source_id) && str_eq(out.topic, in.topic));
    assert_true(str_eq(out.content_type, in.content_type) && str_eq(out.body, in.body));
    assert_int_equal(out.received_at_us, in.received_at_us);
    assert_int_equal(out.signed_at_us, 0);
    assert_true(out.replay);
    assert_int_equal(out.headers.n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(str_eq(out.headers.at[i].name, headers[i].name) && str_eq(out.headers.at[i].value, headers[i].value));
    arena_release(&arena);
}

static void a_kind_is_given_back_and_an_unknown_one_is_refused(void **state)
{
    struct entry in = sample(), out;
    struct entry_pairs pairs;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    for (int kind = ENTRY_DELIVERY; kind < ENTRY_KIND__COUNT; kind++) {
        in.kind = (enum entry_kind)kind;
        assert_int_equal(entry_encode(&in, &pairs), OK);
        assert_int_equal(entry_decode(pairs.at, pairs.n, &arena, &out), OK);
        assert_int_equal(out.kind, kind);
    }
    for (size_t i = 0; i < pairs.n; i++)
        if (str_eq(pairs.at[i].name, STR("kind")))
            pairs.at[i].value = STR("delivery");
    assert_int_equal(entry_decode(pairs.at, pairs.n, &arena, &out), ERR_SYNTAX);
    arena_release(&arena);
}

static enum err decode_changed(const struct field *pairs, size_t n)
{
    struct arena arena;
    struct entry out;
    enum err err;

    arena_init(&arena, 1 << 20);
    err = entry_decode(pairs, n, &arena, &out);
    if (err)
        assert_int_equal(out.id.len + out.body.len, 0);
    arena_release(&arena);
    return err;
}

static void refuses_a_missing_field_each(void **state)
{
    struct entry in = sample();
    struct entry_pairs pairs;

    (void)state;
    in.headers.n = 0;
    assert_int_equal(entry_encode(&in, &pairs), OK);
    assert_int_equal(decode_changed(pairs.at, pairs.n), OK);
    for (size_t i = 0; i < pairs.n; i++) {
        struct field rest[ENTRY_PAIRS_MAX];
        size_t n = 0;

        for (size_t k = 0; k < pairs.n; k++)
            if (k != i)
                rest[n++] = pairs.at[k];
        assert_int_equal(decode_changed(rest, n), ERR_SYNTAX);
    }
}

static void refuses_what_format_1_does_not_know(void **state)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        {"v", "2"},        {"v", ""},        {"v", "01x"},       {"id", "0123"},     {"id", "0123456789ABCDEF0123456789abcdef"},
        {"source", ""},    {"source", "-1"}, {"source", "shop"}, {"received", "-1"}, {"received", "99999999999999999999"},
        {"signed", "soon"}};
    struct entry in = sample();
    struct entry_pairs pairs;

    (void)state;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        assert_int_equal(entry_encode(&in, &pairs), OK);
        for (size_t i = 0; i < pairs.n; i++)
            if (str_eq(pairs.at[i].name, str_of(cases[c].name)))
                pairs.at[i].value = str_of(cases[c].value);
        assert_int_equal(decode_changed(pairs.at, pairs.n), ERR_SYNTAX);
    }
}

static void refuses_unknown_and_repeated_fields(void **state)
{
    static const struct field more[] = {
        {{"colour", 6}, {"red", 3}}, {{"body", 4}, {"x", 1}}, {{"replay", 6}, {"yes", 3}}, {{"kind", 4}, {"colour", 6}}};
    struct entry in = sample();
    struct entry_pairs pairs;

    (void)state;
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        assert_int_equal(entry_encode(&in, &pairs), OK);
        pairs.at[pairs.n++] = more[i];
        assert_int_equal(decode_changed(pairs.at, pairs.n), ERR_SYNTAX);
    }
}

static void a_visit_keeps_its_mark(void **state)
{
    struct entry in = sample(), out;
    struct entry_pairs pairs;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 16);
    in.kind = ENTRY_VISIT;
    assert_int_equal(entry_encode(&in, &pairs), OK);
    assert_int_equal(entry_decode(pairs.at, pairs.n, &arena, &out), OK);
    assert_int_equal(out.kind, ENTRY_VISIT);
    arena_release(&arena);
}

static void refuses_to_write_what_is_no_entry(void **state)
{
    struct entry_pairs pairs;
    struct entry in = sample();
    static char long_name[ENTRY_NAMES_MAX];
    struct field big = {{long_name, sizeof(long_name)}, {"", 0}};

    (void)state;
    in.id = STR("short");
    assert_int_equal(entry_encode(&in, &pairs), ERR_RANGE);
    in = sample();
    in.received_at_us = -1;
    assert_int_equal(entry_encode(&in, &pairs), ERR_RANGE);
    in = sample();
    in.headers.n = ENTRY_FIELDS_MAX + 1;
    assert_int_equal(entry_encode(&in, &pairs), ERR_TOO_MANY);
    in.headers = (struct fields){.at = &big, .n = 1};
    assert_int_equal(entry_encode(&in, &pairs), ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_every_member),
        cmocka_unit_test(a_kind_is_given_back_and_an_unknown_one_is_refused),
        cmocka_unit_test(refuses_a_missing_field_each),
        cmocka_unit_test(refuses_what_format_1_does_not_know),
        cmocka_unit_test(refuses_unknown_and_repeated_fields),
        cmocka_unit_test(a_visit_keeps_its_mark),
        cmocka_unit_test(refuses_to_write_what_is_no_entry),
    };

    return cmocka_run_group_tests_name("entry_codec", tests, NULL, NULL);
}
