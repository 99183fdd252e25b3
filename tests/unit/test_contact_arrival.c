/* test_contact_arrival.c -- what the order of arrival does to a contact, and what its fields take (O1-O7, O9, F1-F3, F5, F6). */
#include "contact_fixture.h"

#include "base/counters.h"

#define ADA "ada@example.com"

static const char *named(struct fixture *f, int updated, const char *name)
{
    return body_of(f, "{'id':1,'email':'ada@example.com','updated_at':'@%d','first_name':'%s'}", updated, name);
}

static const char *order_body(struct fixture *f, int updated, const char *total)
{
    return body_of(f,
                   "{'id':7,'email':'ada@example.com','total_price':'%s','currency':'EUR','financial_status':'paid',"
                   "'created_at':'@5','updated_at':'@%d'}",
                   total, updated);
}

/* -- order of arrival ---------------------------------------------------------------------------------------------------- */

static void O1_an_older_version_changes_nothing(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/update", named(f, 30, "Third")));
    assert_applied(shop_says(f, "customers/update", named(f, 10, "First")));
    assert_applied(shop_says(f, "customers/update", named(f, 20, "Second")));
    assert_contact(ADA, "{'first_name':'Third','updated_at':'@30'}");
    assert_int_equal(ledger_count(f, ADA, NULL, "field"), 1);
}

static void O1_an_older_order_is_stale(void **state)
{
    struct fixture *f = *state;
    uint64_t stale = counter_get(COUNTER_STALE);

    assert_applied(shop_says(f, "orders/updated", order_body(f, 30, "33.00")));
    assert_applied(shop_says(f, "orders/updated", order_body(f, 10, "11.00")));
    assert_contact(ADA, "{'orders':{'count':1,'net':{'EUR':'33.00'}}}");
    assert_int_equal(counter_get(COUNTER_STALE) - stale, 1);
    assert_ledger(ADA, "O1", "order", "", "stale");
}

static void O2_at_equal_times_the_same_body_is_no_change(void **state)
{
    struct fixture *f = *state;
    size_t lines;

    assert_applied(shop_says(f, "customers/update", named(f, 10, "Ada")));
    assert_applied(shop_says(f, "orders/updated", order_body(f, 10, "5.00")));
    lines = ledger_count(f, ADA, NULL, NULL);
    assert_applied(shop_says(f, "customers/update", named(f, 10, "Ada")));
    assert_applied(shop_says(f, "orders/updated", order_body(f, 10, "5.00")));
    assert_contact(ADA, "{'first_name':'Ada','orders':{'count':1,'net':{'EUR':'5.00'}}}");
    assert_int_equal(ledger_count(f, ADA, NULL, NULL), lines);
}

static void O2_at_equal_times_another_body_wins_by_later_receipt(void **state)
{
    struct fixture *f = *state;
    struct claimed entries[2] = {
        entry_of(f, (struct sent){.source = f->shop, .topic = "customers/update", .body = named(f, 10, "Earlier")}),
        entry_of(f, (struct sent){.source = f->shop, .topic = "customers/update", .body = named(f, 10, "Later")})};
    struct claimed swapped[2] = {entries[1], entries[0]};
    struct drain_verdict verdicts[2];

    assert_int_equal(apply_entries(f, swapped, 2, verdicts), OK); /* received earlier, applied later */
    assert_contact(ADA, "{'first_name':'Later'}");
}

static void O3_without_a_modification_time_the_trigger_header_counts(void **state)
{
    struct fixture *f = *state;
    struct sent s = {.source = f->shop, .topic = "customers/update"};

    s.triggered = "'@40'";
    s.body = "{'id':1,'email':'ada@example.com','first_name':'Newer'}";
    assert_applied(send_delivery(f, s));
    s.triggered = "'@20'";
    s.body = "{'id':1,'email':'ada@example.com','first_name':'Older'}";
    assert_applied(send_delivery(f, s));
    assert_contact(ADA, "{'first_name':'Newer','updated_at':'@40'}");
}

static void O3_without_any_time_receipt_counts(void **state)
{
    struct fixture *f = *state;

    receive_at(f, 500);
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','first_name':'Later'}"));
    receive_at(f, 400);
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','first_name':'Earlier'}"));
    assert_contact(ADA, "{'first_name':'Later','updated_at':'@500'}");
}

static void O4_a_late_create_fills_only_what_was_never_set(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/update", named(f, 100, "Updated")));
    assert_contact(ADA, "{'first_name':'Updated','sources':[{'external_id':'1'}]}");
    assert_applied(shop_says(f, "customers/create",
                             "{'id':1,'email':'ada@example.com','created_at':'@10','updated_at':'@10','first_name':'Created',"
                             "'last_name':'Filled'}"));
    assert_contact(ADA, "{'first_name':'Updated','last_name':'Filled','created_at':'@10','updated_at':'@100'}");
}

static void O5_a_deleted_customer_stays_deleted_for_older_updates(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create", named(f, 10, "Ada")));
    assert_applied(
        send_delivery(f, (struct sent){.source = f->shop, .topic = "customers/delete", .triggered = "'@50'", .body = "{'id':1}"}));
    assert_contact(ADA, "{'archived':true,'sources':[]}");
    assert_int_equal(ledger_count(f, ADA, "O5", "customer deleted"), 1);
    assert_applied(shop_says(f, "customers/update", named(f, 40, "Late")));
    assert_contact(ADA, "{'archived':true,'sources':[],'mailable':false}");
}

static void O5_a_newer_create_revives(void **state)
{
    struct fixture *f = *state;

    assert_applied(
        send_delivery(f, (struct sent){.source = f->shop, .topic = "customers/delete", .triggered = "'@50'", .body = "{'id':1}"}));
    assert_applied(shop_says(f, "customers/create", named(f, 60, "Again")));
    assert_contact(ADA, "{'archived':false,'first_name':'Again','sources':[{'external_id':'1'}]}");
}

static void O6_a_delete_of_an_unseen_id_keeps_an_older_create_dead(void **state)
{
    struct fixture *f = *state;

    receive_at(f, 50); /* no time in it: receipt counts */
    assert_applied(woo_says(f, "customer.deleted", "{'id':9}"));
    receive_at(f, 60);
    assert_applied(woo_says(f, "customer.created", "{'id':9,'email':'ada@example.com','date_modified_gmt':'~40'}"));
    assert_contact(ADA, "{'archived':true,'sources':[],'mailable':false}");
}

static void O7_a_time_in_the_future_counts_as_receipt(void **state)
{
    struct fixture *f = *state;

    receive_at(f, 1000);
    assert_applied(shop_says(f, "customers/update",
                             "{'id':1,'email':'ada@example.com','updated_at':'2099-01-01T00:00:00Z','first_name':'Future'}"));
    assert_contact(ADA, "{'first_name':'Future','updated_at':'@1000'}");
    receive_at(f, 2000);
    assert_applied(shop_says(f, "customers/update", named(f, 1500, "Present")));
    assert_contact(ADA, "{'first_name':'Present','updated_at':'@1500'}");
}

static void O7_five_minutes_ahead_are_believed(void **state)
{
    struct fixture *f = *state;

    receive_at(f, 1000);
    assert_applied(shop_says(f, "customers/update", named(f, 1300, "Fast clock")));
    assert_contact(ADA, "{'updated_at':'@1300'}");
}

static void O7_a_clamped_time_is_flagged(void **state)
{
    struct fixture *f = *state;
    size_t n;
    struct ledger_line line;

    receive_at(f, 1000);
    assert_applied(shop_says(f, "customers/update",
                             "{'id':1,'email':'ada@example.com','updated_at':'2099-01-01T00:00:00Z','first_name':'Future'}"));
    line = ledger_of(f, ADA, "O7", "time in the future counts as received", &n);
    assert_int_equal(n, 1);
    assert_true(str_eq(line.name, STR("contact.updated_at")) && str_starts(line.old, STR("2099-01-01T00:00:00")));
    assert_true(str_starts(str_of(plain(f, "'@1000'") + 1), line.new));
}

static void O7_a_time_before_1990_is_refused_with_its_member(void **state)
{
    struct fixture *f = *state;

    assert_dead(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','updated_at':'1989-12-31T23:59:59Z'}"),
                "bad_time");
    assert_string_equal(f->trouble, "contact.updated_at is before 1990");
    assert_dead(plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'ada@example.com','consent':{'email':"
                               "{'state':'subscribed','at':'1970-01-01T00:00:00Z'}}}}"),
                "bad_time");
    assert_nobody(ADA); /* nothing of it is kept */
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','updated_at':'1990-01-01T00:00:00Z'}"));
    assert_contacts(1);
}

static void O7_an_erasure_is_followed_whatever_the_clock_says(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    assert_applied(plugin_says(f, "{'type':'erase','occurred_at':'1970-01-01T00:00:00Z','contact':{'email':'ada@example.com'}}"));
    assert_nobody(ADA);
}

static void O7_other_times_before_1990_are_ignored_and_flagged(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create",
                             "{'id':1,'email':'ada@example.com','created_at':'1970-01-01T00:00:00Z','updated_at':'@10'}"));
    assert_contact(ADA, "{'created_at':'@10'}");
    assert_int_equal(ledger_count(f, ADA, "O7", "time before 1990 ignored"), 1);
}

static void O9_the_last_state_alone_gives_the_same_contact(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 9; i++)
        if (i % 3 != 1) /* a third of the updates is lost */
            assert_applied(shop_says(f, "orders/updated", order_body(f, 10 + i, body_of(f, "%d.00", 10 + i))));
    assert_contact(ADA, "{'orders':{'count':1,'net':{'EUR':'18.00'}}}");
}

/* -- fields -------------------------------------------------------------------------------------------------------------- */

static void F1_absent_leaves_and_null_clears(void **state)
{
    struct fixture *f = *state;

    assert_applied(
        shop_says(f, "customers/update",
                  "{'id':1,'email':'ada@example.com','updated_at':'@10','first_name':'Ada','last_name':'King','note':'x'}"));
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','updated_at':'@20','last_name':null}"));
    assert_contact(ADA, "{'first_name':'Ada','last_name':null,'fields':{'shopify_note':'x'}}");
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','updated_at':'@30','note':null}"));
    assert_null(json_object_get(json_object_get(contact_json(f, ADA), "fields"), "shopify_note"));
    assert_ledger(ADA, "O1", "field", "x", "");
}

static void F1_null_clears_only_what_its_own_source_said(void **state)
{
    struct fixture *f = *state;

    assert_applied(
        plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'ada@example.com','first_name':'Ada'}}"));
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','updated_at':'@20','first_name':null}"));
    assert_contact(ADA, "{'first_name':'Ada'}");
}

static void F1_an_order_without_a_name_clears_no_name(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/update", named(f, 10, "Ada")));
    assert_applied(shop_says(f, "orders/updated",
                             "{'id':7,'email':'ada@example.com','customer':{'id':1,'first_name':null},'total_price':'1.00',"
                             "'currency':'EUR','updated_at':'@20'}"));
    assert_contact(ADA, "{'first_name':'Ada'}");
}

static void F2_of_two_sources_the_higher_version_wins_field_by_field(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/update",
                             "{'id':1,'email':'ada@example.com','updated_at':'@10','first_name':'Shop10','last_name':'Shop10'}"));
    assert_applied(
        plugin_says(f, "{'type':'signup','occurred_at':'@20','contact':{'email':'ada@example.com','first_name':'Plugin20'}}"));
    assert_contact(ADA, "{'first_name':'Plugin20','last_name':'Shop10'}");
    assert_applied(shop_says(f, "customers/update", named(f, 30, "Shop30")));
    assert_contact(ADA, "{'first_name':'Shop30','last_name':'Shop10'}");
}

static void F2_at_equal_times_the_higher_rank_wins(void **state)
{
    struct fixture *f = *state;
    int64_t low = add_source(f, "storehook", "low", "", 1), high = add_source(f, "storehook", "high", "", 9);
    struct sent s = {.source = high,
                     .platform = "storehook",
                     .body = "{'type':'signup','occurred_at':'@10','contact':{'email':'ada@example.com','first_name':'High'}}"};

    assert_applied(send_delivery(f, s));
    s.source = low;
    s.body = "{'type':'signup','occurred_at':'@10','contact':{'email':'ada@example.com','first_name':'Low'}}";
    assert_applied(send_delivery(f, s));
    assert_contact(ADA, "{'first_name':'High'}");
}

static void F3_a_field_is_named_after_its_service(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'ada@example.com',"
                                  "'fields':{'Shoe Size':'38','birthday':'1990-01-31','storehook_color':'red'}}}"));
    assert_contact(ADA, "{'fields':{'storehook_shoe_size':'38','storehook_birthday':'1990-01-31','storehook_color':'red'}}");
}

static void F5_a_source_removes_only_its_own_tags(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','updated_at':'@10','tags':'club, vip'}"));
    assert_applied(
        plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'ada@example.com','tags':['vip','press']}}"));
    assert_contact(ADA, "{'tags':['club','press','vip']}");
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','updated_at':'@20','tags':''}"));
    assert_contact(ADA, "{'tags':['press','vip']}");
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','updated_at':'@15','tags':'late'}"));
    assert_contact(ADA, "{'tags':['press','vip']}");
}

static void F6_bytes_that_are_no_utf8_refuse_the_delivery(void **state)
{
    struct fixture *f = *state;

    assert_dead(plugin_says(f, "{'type':'signup','contact':{'email':'ada@example.com','first_name':'\xc3\x28'}}"), "not_json");
    assert_dead(plugin_says(f, "{'type':'signup','contact':{'email':'ada@example.com','first_name':'\xed\xa0\x80'}}"), "not_json");
    assert_nobody(ADA);
}

static void F6_a_nul_in_a_text_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *reason = plugin_says(f, "{'type':'signup','contact':{'email':'ada@example.com','first_name':'A\\u0000da'}}");

    assert_true(*reason);
    assert_nobody(ADA);
}

static void F6_a_value_is_cut_at_its_limit_at_a_character_s_end(void **state)
{
    struct fixture *f = *state;
    struct buf body = BUF_INIT(16384);
    struct str kept;

    assert_int_equal(buf_append(&body, STR("{'type':'signup','occurred_at':'@10','contact':{'email':'ada@example.com','city':'")),
                     OK);
    for (int i = 0; i < 4095; i++)
        assert_int_equal(buf_append_c(&body, 'a'), OK);
    assert_int_equal(buf_append(&body, STR("\xc3\xa9\xc3\xa9','first_name':'Ada'}}")), OK);
    assert_applied(plugin_says(f, buf_text(&body)));
    buf_release(&body);
    kept = json_member_text(json_object_get(contact_json(f, ADA), "fields"), "city");
    assert_int_equal(kept.len, 4095); /* the letter of two bytes would have gone past 4,096 */
    assert_contact(ADA, "{'first_name':'Ada'}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(O1_an_older_version_changes_nothing),
        contact_test(O1_an_older_order_is_stale),
        contact_test(O2_at_equal_times_the_same_body_is_no_change),
        contact_test(O2_at_equal_times_another_body_wins_by_later_receipt),
        contact_test(O3_without_a_modification_time_the_trigger_header_counts),
        contact_test(O3_without_any_time_receipt_counts),
        contact_test(O4_a_late_create_fills_only_what_was_never_set),
        contact_test(O5_a_deleted_customer_stays_deleted_for_older_updates),
        contact_test(O5_a_newer_create_revives),
        contact_test(O6_a_delete_of_an_unseen_id_keeps_an_older_create_dead),
        contact_test(O7_a_time_in_the_future_counts_as_receipt),
        contact_test(O7_five_minutes_ahead_are_believed),
        contact_test(O7_a_clamped_time_is_flagged),
        contact_test(O7_a_time_before_1990_is_refused_with_its_member),
        contact_test(O7_an_erasure_is_followed_whatever_the_clock_says),
        contact_test(O7_other_times_before_1990_are_ignored_and_flagged),
        contact_test(O9_the_last_state_alone_gives_the_same_contact),
        contact_test(F1_absent_leaves_and_null_clears),
        contact_test(F1_null_clears_only_what_its_own_source_said),
        contact_test(F1_an_order_without_a_name_clears_no_name),
        contact_test(F2_of_two_sources_the_higher_version_wins_field_by_field),
        contact_test(F2_at_equal_times_the_higher_rank_wins),
        contact_test(F3_a_field_is_named_after_its_service),
        contact_test(F5_a_source_removes_only_its_own_tags),
        contact_test(F6_bytes_that_are_no_utf8_refuse_the_delivery),
        contact_test(F6_a_nul_in_a_text_is_refused),
        contact_test(F6_a_value_is_cut_at_its_limit_at_a_character_s_end),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
