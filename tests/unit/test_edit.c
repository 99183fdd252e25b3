/* test_edit.c -- proves the operator's word about a contact: tags and fields as facts of the account's own source (F2, F5, M7, X1, X2). */
#include "contact_fixture.h"

#include "engine/edit.h"
#include "store/erase.h"

#define ADA "ada@example.com"
#define BOB "bob@example.com"

static enum err try_edit(struct fixture *f, enum edit_kind kind, const char *who, const char *name, const char *value, int64_t when,
                         bool *changed)
{
    struct edit edit = {
        .kind = kind, .email = str_of(who), .name = str_of(name), .value = str_of(value), .at_us = at(when), .by = STR("operator")};
    struct edit_result result;
    enum err err;

    f->now_us += 1000;
    err = edit_commit(f->store, &edit, &f->arena, &result);
    *changed = result.changed;
    return err;
}

/* Returns whether something changed. */
static bool edit_at(struct fixture *f, enum edit_kind kind, const char *who, const char *name, const char *value, int64_t when)
{
    bool changed = false;

    assert_int_equal(try_edit(f, kind, who, name, value, when, &changed), OK);
    return changed;
}

static bool edit(struct fixture *f, enum edit_kind kind, const char *name, const char *value)
{
    return edit_at(f, kind, ADA, name, value, RECEIPT_S);
}

static void shop_customer(struct fixture *f, int id, const char *email, const char *tags, int when)
{
    assert_applied(
        shop_says(f, "customers/update",
                  body_of(f, "{'id':%d,'email':'%s','first_name':'Ada','note':'from the shop','tags':'%s','updated_at':'@%d'}", id,
                          email, tags, when)));
}

static void tags_F5_an_operators_tag_outlives_a_full_list_of_the_source(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "vip, blue", 10);
    assert_true(edit(f, EDIT_TAG_ADD, "fair", ""));
    assert_contact(ADA, "{'tags':['blue','fair','vip']}");
    shop_customer(f, 1, ADA, "blue", 20);
    assert_contact(ADA, "{'tags':['blue','fair']}");
}

static void tags_F5_the_operator_removes_only_what_he_added(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "vip", 10);
    assert_false(edit(f, EDIT_TAG_REMOVE, "vip", ""));
    assert_contact(ADA, "{'tags':['vip']}");
    assert_true(edit(f, EDIT_TAG_ADD, "vip", ""));
    assert_true(edit(f, EDIT_TAG_REMOVE, "vip", ""));
    assert_contact(ADA, "{'tags':['vip']}");
    shop_customer(f, 1, ADA, "", 20);
    assert_contact(ADA, "{'tags':[]}");
}

static void tags_N5_of_two_edits_the_later_counts_in_any_order(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "", 10);
    assert_true(edit_at(f, EDIT_TAG_ADD, ADA, "a", "", 100));
    assert_true(edit_at(f, EDIT_TAG_REMOVE, ADA, "a", "", 200));
    assert_false(edit_at(f, EDIT_TAG_REMOVE, ADA, "b", "", 200));
    assert_false(edit_at(f, EDIT_TAG_ADD, ADA, "b", "", 100));
    assert_contact(ADA, "{'tags':[]}");
    assert_true(edit_at(f, EDIT_TAG_ADD, ADA, "b", "", 300));
    assert_false(edit_at(f, EDIT_TAG_ADD, ADA, "b", "", 300));
    assert_contact(ADA, "{'tags':['b']}");
}

static void tags_C12_the_ledger_says_who_did_it(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "", 10);
    edit(f, EDIT_TAG_ADD, "fair", "");
    assert_int_equal(ledger_count(f, ADA, "F5", "tag added by operator"), 1);
    edit(f, EDIT_TAG_ADD, "fair", "");
    assert_int_equal(ledger_count(f, ADA, "F5", "tag added by operator"), 1);
}

static void edits_make_no_contact_and_refuse_what_cannot_be_kept(void **state)
{
    struct fixture *f = *state;
    char long_tag[TAG_BYTES_MAX + 2];
    bool changed;

    memset(long_tag, 'x', sizeof(long_tag) - 1);
    long_tag[sizeof(long_tag) - 1] = '\0';
    assert_int_equal(try_edit(f, EDIT_TAG_ADD, BOB, "a", "", 1, &changed), ERR_NOT_FOUND);
    assert_contacts(0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer"), 0);
    shop_customer(f, 1, ADA, "", 10);
    assert_int_equal(try_edit(f, EDIT_TAG_ADD, "no address", "a", "", 1, &changed), ERR_SYNTAX);
    assert_int_equal(try_edit(f, EDIT_TAG_ADD, ADA, "", "", 1, &changed), ERR_RANGE);
    assert_int_equal(try_edit(f, EDIT_TAG_ADD, ADA, "a\nb", "", 1, &changed), ERR_RANGE);
    assert_int_equal(try_edit(f, EDIT_TAG_ADD, ADA, " a", "", 1, &changed), ERR_RANGE);
    assert_int_equal(try_edit(f, EDIT_TAG_ADD, ADA, long_tag, "", 1, &changed), ERR_RANGE);
    assert_int_equal(try_edit(f, EDIT_FIELD_SET, ADA, "No Name", "x", 1, &changed), ERR_RANGE);
    assert_int_equal(try_edit(f, EDIT_FIELD_SET, ADA, ".tags", "x", 1, &changed), ERR_RANGE);
    assert_int_equal(try_edit(f, EDIT_FIELD_SET, ADA, "note", "\xff", 1, &changed), ERR_UTF8);
    assert_contact(ADA, "{'tags':[]}");
}

static void fields_F2_what_the_operator_set_outranks_sources_until_its_release(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "", 10);
    assert_true(edit(f, EDIT_FIELD_SET, "shopify_note", "by hand"));
    assert_contact(ADA, "{'fields':{'shopify_note':'by hand'}}");
    shop_customer(f, 1, ADA, "", RECEIPT_S + 50);
    assert_contact(ADA, "{'fields':{'shopify_note':'by hand'}}");
    assert_true(edit_at(f, EDIT_FIELD_RELEASE, ADA, "shopify_note", "", RECEIPT_S + 60));
    assert_contact(ADA, "{'fields':{'shopify_note':'from the shop'}}");
    assert_false(edit_at(f, EDIT_FIELD_SET, ADA, "shopify_note", "late", RECEIPT_S + 55));
    assert_contact(ADA, "{'fields':{'shopify_note':'from the shop'}}");
}

static void fields_F2_an_operators_empty_text_hides_what_sources_say(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "", 10);
    assert_true(edit(f, EDIT_FIELD_SET, "first_name", ""));
    assert_contact(ADA, "{'first_name':null}");
    edit(f, EDIT_FIELD_SET, "first_name", "Augusta");
    assert_contact(ADA, "{'first_name':'Augusta'}");
}

/* H1: the old address stays an alias, and what was said of it stays said. */
static void edits_follow_the_contact_when_its_address_changes(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "", 10);
    edit(f, EDIT_TAG_ADD, "fair", "");
    edit(f, EDIT_FIELD_SET, "first_name", "Augusta");
    shop_customer(f, 1, "king@example.com", "", 20);
    assert_contact("king@example.com", "{'email':'king@example.com','tags':['fair'],'first_name':'Augusta'}");
    assert_true(edit_at(f, EDIT_TAG_REMOVE, "king@example.com", "fair", "", RECEIPT_S + 10));
    assert_contact(ADA, "{'tags':[]}");
    assert_contacts(1);
}

static void edits_M7_of_merged_contacts_are_joined(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "", 10);
    shop_customer(f, 2, BOB, "", 10);
    edit_at(f, EDIT_TAG_ADD, ADA, "a", "", 20);
    edit_at(f, EDIT_TAG_ADD, BOB, "b", "", 20);
    edit_at(f, EDIT_FIELD_SET, ADA, "company", "old", 20);
    edit_at(f, EDIT_FIELD_SET, BOB, "company", "new", 30);
    assert_contacts(2);
    assert_applied(
        plugin_says(f, "{'type':'customer_updated','occurred_at':'@40','contact':{'external_id':'9','email':'" ADA "'}}"));
    assert_applied(
        plugin_says(f, "{'type':'customer_updated','occurred_at':'@50','contact':{'external_id':'9','email':'" BOB "'}}"));
    assert_contacts(2); /* M3: two customers of one shop stay two people */
    assert_applied(shop_says(f, "customers/delete", "{'id':2}"));
    assert_applied(
        plugin_says(f, "{'type':'customer_updated','occurred_at':'@60','contact':{'external_id':'9','email':'" BOB "'}}"));
    assert_contacts(1);
    assert_contact(ADA, "{'tags':['a','b'],'fields':{'company':'new'}}");
}

static void edits_X1_keep_no_customer_that_the_store_deleted(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "", 10);
    edit(f, EDIT_TAG_ADD, "fair", "");
    assert_contact(ADA, "{'archived':false}");
    receive_at(f, RECEIPT_S + 100);
    assert_applied(shop_says(f, "customers/delete", "{'id':1}"));
    assert_contact(ADA, "{'archived':true,'email':'" ADA "','tags':['fair']}");
}

static void edits_X2_are_erased_with_the_person(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "", 10);
    edit(f, EDIT_TAG_ADD, "fair", "");
    edit(f, EDIT_FIELD_SET, "company", "Analytical Engines");
    assert_applied(shop_says(f, "customers/redact",
                             "{'shop_domain':'demo.example','customer':{'id':1,'email':'" ADA "'},"
                             "'orders_to_redact':[]}"));
    assert_nobody(ADA);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer_field"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM claim"), 0);
}

/* X4: and stay with those whom another source knows. */
static void edits_X4_go_with_the_last_source_that_knew_the_address(void **state)
{
    struct fixture *f = *state;

    shop_customer(f, 1, ADA, "", 10);
    shop_customer(f, 2, BOB, "", 10);
    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@40','contact':{'external_id':'9','email':'" BOB "'}}"));
    edit(f, EDIT_TAG_ADD, "a", "");
    edit_at(f, EDIT_TAG_ADD, BOB, "b", "", 20);
    assert_int_equal(db_begin(f->store->db), OK);
    assert_int_equal(store_end(f->store, erase_source(f->store, &(struct privacy_ask){.source_id = f->shop})), OK);
    assert_nobody(ADA);
    assert_contact(BOB, "{'tags':['b']}");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer WHERE source_id = 0"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(tags_F5_an_operators_tag_outlives_a_full_list_of_the_source),
        contact_test(tags_F5_the_operator_removes_only_what_he_added),
        contact_test(tags_N5_of_two_edits_the_later_counts_in_any_order),
        contact_test(tags_C12_the_ledger_says_who_did_it),
        contact_test(edits_make_no_contact_and_refuse_what_cannot_be_kept),
        contact_test(fields_F2_what_the_operator_set_outranks_sources_until_its_release),
        contact_test(fields_F2_an_operators_empty_text_hides_what_sources_say),
        contact_test(edits_follow_the_contact_when_its_address_changes),
        contact_test(edits_M7_of_merged_contacts_are_joined),
        contact_test(edits_X1_keep_no_customer_that_the_store_deleted),
        contact_test(edits_X2_are_erased_with_the_person),
        contact_test(edits_X4_go_with_the_last_source_that_knew_the_address),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
