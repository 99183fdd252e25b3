/* test_contact_fields.c -- proves the fields of an account: made once, typed, mapped, and the same in any order (F2-F4, N5). */
#include "contact_fixture.h"

#include "base/counters.h"
#include "engine/edit.h"
#include "store/field.h"

#define ADA "ada@example.com"

static const char *plugin_fields(struct fixture *f, int when, const char *fields)
{
    return plugin_says(f, body_of(f,
                                  "{'type':'customer_updated','occurred_at':'@%d','contact':{'external_id':'9','email':'" ADA
                                  "','updated_at':'@%d','fields':{%s}}}",
                                  when, when, fields));
}

static struct field_list fields_of(struct fixture *f)
{
    struct field_list list;

    assert_int_equal(field_list_load(f->store, &f->arena, &list), OK);
    return list;
}

static void has_field(struct fixture *f, const char *name, enum field_type type, int64_t source_id)
{
    struct field_list list = fields_of(f);
    const struct account_field *found = field_list_find(&list, str_of(name));

    if (!found)
        fail_msg("there is no field %s", name);
    assert_int_equal(found->type, type);
    assert_int_equal(found->source_id, source_id);
}

static void type_field(struct fixture *f, const char *name, enum field_type type)
{
    assert_int_equal(field_add(f->store, str_of(name), type), OK);
}

static const char *field_text(struct fixture *f, const char *member, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(contact_json(f, ADA), member), name));

    return text ? text : "";
}

static void fields_F3_AC_08_are_made_once_and_named_after_their_platform(void **state)
{
    struct fixture *f = *state;
    int64_t made;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'" ADA "','note':'x','updated_at':'@10'}"));
    has_field(f, "shopify_note", FIELD_TEXT, f->shop);
    made = fields_of(f).at[0].made_us;
    receive_at(f, RECEIPT_S + 10);
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'" ADA "','note':'y','updated_at':'@20'}"));
    assert_applied(plugin_fields(f, 30, "'Shoe Size':'38'"));
    assert_int_equal(fields_of(f).n, 2);
    assert_int_equal(fields_of(f).at[0].made_us, made);
    has_field(f, "storehook_shoe_size", FIELD_TEXT, f->plugin);
}

static void fields_F3_built_in_ones_are_not_listed(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create",
                             "{'id':1,'email':'" ADA
                             "','first_name':'Ada','phone':'+493012345678','tags':'a','updated_at':'@10'}"));
    for (size_t i = 0; i < fields_of(f).n; i++)
        assert_true(str_starts(fields_of(f).at[i].name, STR("shopify_")));
}

static void fields_F3_keys_that_come_to_one_name_are_told_apart(void **state)
{
    struct fixture *f = *state;
    json_t *one, *two;

    assert_applied(plugin_fields(f, 10, "'Shoe Size':'38','shoe-size':'39','hat':'7'"));
    one = json_deep_copy(json_object_get(contact_json(f, ADA), "fields"));
    assert_int_equal(json_object_size(one), 3);
    assert_applied(plugin_fields(f, 20, "'shoe-size':'39','hat':'7','Shoe Size':'38'"));
    two = json_object_get(contact_json(f, ADA), "fields");
    assert_true(json_equal(one, two));
    json_decref(one);
}

static void fields_F4_a_text_of_another_type_keeps_the_value_and_stands_aside(void **state)
{
    struct fixture *f = *state;
    uint64_t before = counter_get(COUNTER_FIELDS_ASIDE);

    type_field(f, "storehook_size", FIELD_NUMBER);
    assert_applied(plugin_fields(f, 10, "'size':38.5,'hat':'blue'"));
    assert_applied(plugin_fields(f, 20, "'size':'large','hat':'red'"));
    assert_contact(ADA, "{'fields':{'storehook_size':'38.5','storehook_hat':'red'},'fields_aside':{'storehook_size':'large'}}");
    assert_int_equal(counter_get(COUNTER_FIELDS_ASIDE), before + 1);
    assert_int_equal(ledger_count(f, ADA, "F4", NULL), 1);
    assert_applied(plugin_fields(f, 30, "'size':'40'"));
    assert_contact(ADA, "{'fields':{'storehook_size':'40'}}");
    assert_null(json_object_get(contact_json(f, ADA), "fields_aside"));
}

/* Each permutation of: 1, a text, 2 that is older than the text, a clearing. */
static void fields_F4_N5_any_order_gives_the_same(void **state)
{
    static const char *const said[] = {"'size':'1'", "'size':'large'", "'size':'2'", "'size':null"};
    static const int when[][4] = {{10, 40, 20, 15}, {10, 20, 30, 40}, {40, 30, 20, 10}};
    static const char *const value[] = {"2", "", "1"}, *const aside[] = {"large", "", ""};
    struct fixture *f = *state;

    type_field(f, "storehook_size", FIELD_NUMBER);
    for (size_t times = 0; times < 3; times++)
        for (size_t order = 0; order < 24; order++) {
            size_t left[4] = {0, 1, 2, 3}, n = 4, code = order;

            assert_int_equal(db_run(f->store->db, "DELETE FROM customer_field WHERE account_id = $1", "i", f->store->account_id),
                             OK);
            for (; n; n--) {
                size_t pick = code % n, k = left[pick];

                code /= n;
                left[pick] = left[n - 1];
                assert_applied(plugin_fields(f, when[times][k], said[k]));
            }
            assert_string_equal(field_text(f, "fields", "storehook_size"), value[times]);
            assert_string_equal(field_text(f, "fields_aside", "storehook_size"), aside[times]);
        }
}

static void fields_F4_a_new_type_judges_what_is_there(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_fields(f, 10, "'size':'38'"));
    assert_applied(plugin_fields(f, 20, "'size':'large'"));
    assert_int_equal(field_set_type(f->store, STR("storehook_size"), FIELD_NUMBER), OK);
    assert_string_equal(field_text(f, "fields", "storehook_size"), "");
    assert_string_equal(field_text(f, "fields_aside", "storehook_size"), "large");
    assert_applied(plugin_fields(f, 30, "'size':'40'"));
    assert_applied(plugin_fields(f, 40, "'size':'huge'"));
    assert_string_equal(field_text(f, "fields", "storehook_size"), "40");
    assert_int_equal(field_set_type(f->store, STR("storehook_size"), FIELD_TEXT), OK);
    assert_string_equal(field_text(f, "fields", "storehook_size"), "huge");
    assert_int_equal(field_set_type(f->store, STR("storehook_none"), FIELD_TEXT), ERR_NOT_FOUND);
}

static void fields_by_hand_are_checked(void **state)
{
    struct fixture *f = *state;

    type_field(f, "loyalty", FIELD_NUMBER);
    has_field(f, "loyalty", FIELD_NUMBER, SOURCE_OPERATOR);
    assert_int_equal(field_add(f->store, STR("loyalty"), FIELD_TEXT), ERR_EXISTS);
    assert_int_equal(field_add(f->store, STR("first_name"), FIELD_TEXT), ERR_EXISTS);
    assert_int_equal(field_add(f->store, STR("No Name"), FIELD_TEXT), ERR_RANGE);
}

static void fields_are_removed_only_while_nothing_is_stored(void **state)
{
    struct fixture *f = *state;

    type_field(f, "a_b", FIELD_TEXT);
    type_field(f, "axb", FIELD_TEXT);
    assert_int_equal(source_set_fields(f->store, f->plugin, STR("storehook_size=axb\n")), OK);
    assert_int_equal(field_remove(f->store, STR("axb")), ERR_EXISTS);
    assert_int_equal(field_remove(f->store, STR("a_b")), OK);
    assert_int_equal(field_remove(f->store, STR("a_b")), ERR_NOT_FOUND);
    assert_applied(plugin_fields(f, 10, "'hat':'7'"));
    assert_int_equal(field_remove(f->store, STR("storehook_hat")), ERR_EXISTS);
    type_field(f, "storehook_shoe", FIELD_NUMBER);
    assert_applied(plugin_fields(f, 10, "'shoe':'big'"));
    assert_int_equal(field_remove(f->store, STR("storehook_shoe")), ERR_EXISTS);
}

static void set_map(struct fixture *f, const char *map)
{
    assert_int_equal(source_set_fields(f->store, f->plugin, str_of(map)), OK);
}

static void mapping_takes_a_platforms_field_into_one_of_ones_own(void **state)
{
    struct fixture *f = *state;

    type_field(f, "shoe", FIELD_TEXT);
    set_map(f, "storehook_size=shoe\nstorehook_firm=company");
    assert_applied(plugin_fields(f, 10, "'size':'38','hat':'7','firm':'Engines'"));
    assert_contact(ADA, "{'fields':{'shoe':'38','storehook_hat':'7','company':'Engines'}}");
    assert_int_equal(json_object_size(json_object_get(contact_json(f, ADA), "fields")), 3);
}

static void mapping_GR_29_manual_keeps_only_what_is_mapped(void **state)
{
    struct fixture *f = *state;

    type_field(f, "shoe", FIELD_TEXT);
    set_map(f, "manual\nstorehook_size=shoe");
    assert_applied(plugin_fields(f, 10, "'size':'38','hat':'7'"));
    assert_contact(ADA, "{'fields':{'shoe':'38'}}");
    assert_int_equal(json_object_size(json_object_get(contact_json(f, ADA), "fields")), 1);
    assert_int_equal(fields_of(f).n, 1);
}

static void counts_are_of_contacts_not_of_statements(void **state)
{
    struct fixture *f = *state;
    struct field_count *counts = NULL;
    size_t n = 0;

    assert_applied(plugin_fields(f, 10, "'size':'38'"));
    assert_applied(plugin_says(f, "{'type':'customer_updated','occurred_at':'@20','contact':{'email':'" ADA
                                  "','fields':{'size':'39','hat':''}}}"));
    assert_int_equal(field_counts(f->store, &f->arena, &counts, &n), OK);
    assert_int_equal(n, 1);
    assert_true(str_eq(counts[0].name, STR("storehook_size")));
    assert_int_equal(counts[0].contacts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(fields_F3_AC_08_are_made_once_and_named_after_their_platform),
        contact_test(fields_F3_built_in_ones_are_not_listed),
        contact_test(fields_F3_keys_that_come_to_one_name_are_told_apart),
        contact_test(fields_F4_a_text_of_another_type_keeps_the_value_and_stands_aside),
        contact_test(fields_F4_N5_any_order_gives_the_same),
        contact_test(fields_F4_a_new_type_judges_what_is_there),
        contact_test(fields_by_hand_are_checked),
        contact_test(fields_are_removed_only_while_nothing_is_stored),
        contact_test(mapping_takes_a_platforms_field_into_one_of_ones_own),
        contact_test(mapping_GR_29_manual_keeps_only_what_is_mapped),
        contact_test(counts_are_of_contacts_not_of_statements),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
