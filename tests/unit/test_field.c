/* test_field.c -- proves names, types and mappings of fields, without a database (F3, F4). */
#include "model/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char *made(struct arena *arena, const char *prefix, const char *key)
{
    struct str name = field_name_make(arena, str_of(prefix), str_of(key));

    assert_non_null(name.p);
    return arena_str(arena, name).p;
}

static void F3_a_name_is_prefix_and_key_in_lower_case(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 1 << 20);
    assert_string_equal(made(&a, "shopify_", "Shoe Size"), "shopify_shoe_size");
    assert_string_equal(made(&a, "shopify_", "a.b-c"), "shopify_a_b_c");
    assert_string_equal(made(&a, "", "__x__"), "__x__");
    assert_string_equal(made(&a, "", made(&a, "", "Größe")), made(&a, "", "Größe"));
    arena_release(&a);
}

static void F3_names_that_lose_letters_stay_apart(void **state)
{
    char longest[400], other[400];
    struct arena a;

    (void)state;
    arena_init(&a, 1 << 20);
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    memcpy(other, longest, sizeof(other));
    other[sizeof(other) - 2] = 'y';
    assert_string_not_equal(made(&a, "p_", "名前"), made(&a, "p_", "性別"));
    assert_string_not_equal(made(&a, "p_", "größe"), made(&a, "p_", "grüße"));
    assert_string_not_equal(made(&a, "p_", longest), made(&a, "p_", other));
    assert_true(strlen(made(&a, "p_", longest)) <= FIELD_NAME_BYTES_MAX);
    assert_true(field_name_is_valid(str_of(made(&a, "p_", "名前"))));
    assert_string_equal(made(&a, "p_", "名前"), made(&a, "p_", "名前"));
    arena_release(&a);
}

static void F3_names_are_checked(void **state)
{
    static const char *const good[] = {"a", "a_1", "shopify_note"}, *const bad[] = {"", "1a", "_a", "A", "a b", ".tags", "ä"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(field_name_is_valid(str_of(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(field_name_is_valid(str_of(bad[i])));
    assert_true(field_is_built_in(STR("email")) && field_is_built_in(STR("city")) && !field_is_built_in(STR("shopify_city")));
}

static void F4_texts_fit_types(void **state)
{
    static const struct {
        enum field_type type;
        const char *text;
        bool fits;
    } rows[] = {
        {FIELD_TEXT, "anything", true},   {FIELD_NUMBER, "12", true},        {FIELD_NUMBER, "-12.50", true},
        {FIELD_NUMBER, "", false},        {FIELD_NUMBER, "1e3", false},      {FIELD_NUMBER, "1.", false},
        {FIELD_NUMBER, ".5", false},      {FIELD_NUMBER, "1,5", false},      {FIELD_NUMBER, "12 ", false},
        {FIELD_DATE, "2024-05-02", true}, {FIELD_DATE, "2024-02-31", false}, {FIELD_DATE, "2024-05-02T09:11:08Z", true},
        {FIELD_DATE, "soon", false},      {FIELD_BOOL, "True", true},        {FIELD_BOOL, "0", true},
        {FIELD_BOOL, "maybe", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (field_fits(rows[i].type, str_of(rows[i].text)) != rows[i].fits)
            fail_msg("%s: %s", field_type_name(rows[i].type), rows[i].text);
}

static void types_are_found_by_name_in_a_sorted_list(void **state)
{
    static const struct field_typed at[] = {{STR("a"), FIELD_NUMBER}, {STR("b"), FIELD_DATE}, {STR("c"), FIELD_BOOL}};
    const struct field_types types = {at, 3};
    enum field_type type;

    (void)state;
    assert_int_equal(field_type_of(&types, STR("a")), FIELD_NUMBER);
    assert_int_equal(field_type_of(&types, STR("c")), FIELD_BOOL);
    assert_int_equal(field_type_of(&types, STR("bb")), FIELD_TEXT);
    assert_int_equal(field_type_of(NULL, STR("a")), FIELD_TEXT);
    for (size_t i = 0; i < FIELD_TYPE__COUNT; i++) {
        assert_int_equal(field_type_parse(str_of(field_type_name((enum field_type)i)), &type), OK);
        assert_int_equal(type, i);
    }
    assert_int_equal(field_type_parse(STR("money"), &type), ERR_NOT_FOUND);
}

static void assert_target(const char *map, const char *name, const char *want)
{
    struct str target = field_map_target(str_of(map), str_of(name));

    if (!str_eq(target, str_of(want)))
        fail_msg("%s in \"%s\" goes to \"%.*s\"", name, map, STR_ARG(target));
}

static void a_mapping_says_where_a_field_goes(void **state)
{
    (void)state;
    assert_target("", "shop_note", "shop_note");
    assert_target("shop_note=remark", "shop_note", "remark");
    assert_target("shop_note=remark", "shop_not", "shop_not");
    assert_target("shop_note=remark", "shop_note2", "shop_note2");
    assert_target("manual\nshop_note=remark", "shop_size", "");
    assert_target("shop_a=b\nmanual\nshop_note=remark", "shop_note", "remark");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F3_a_name_is_prefix_and_key_in_lower_case),
        cmocka_unit_test(F3_names_that_lose_letters_stay_apart),
        cmocka_unit_test(F3_names_are_checked),
        cmocka_unit_test(F4_texts_fit_types),
        cmocka_unit_test(types_are_found_by_name_in_a_sorted_list),
        cmocka_unit_test(a_mapping_says_where_a_field_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
