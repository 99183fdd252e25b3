/* test_contact_limit.c -- the limit of contacts: what counts, what happens at it, what operators see (P13). */
#include "limit_fixture.h"

#include "store/merge.h"

/* -- what counts --------------------------------------------------------------------------------------------------------- */

static void an_account_without_a_limit_counts_nothing(void **state)
{
    struct fixture *f = *state;
    struct account_limit now;

    fill(f, 1, 3);
    assert_int_equal(account_limit_get(f->store, &now), OK);
    assert_int_equal(now.contacts, 0);
    assert_int_equal(set_limit(f, 10, LIMIT_STOP, 0).contacts, 3);
    assert_int_equal(set_limit(f, 0, LIMIT_STOP, 0).contacts, 0);
}

static void limit_counts_what_is_made_merged_erased_and_archived(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 100, LIMIT_STOP, 0);
    fill(f, 1, 4);
    assert_counted(4);
    assert_applied(sign_up(f, 1)); /* a repetition */
    assert_applied(shop_says(f, "customers/merge",
                             "{'admin_graphql_api_customer_kept_id':'gid://shopify/Customer/1',"
                             "'admin_graphql_api_customer_deleted_id':'gid://shopify/Customer/2','status':'completed'}"));
    assert_counted(3);
    assert_applied(shop_says(f, "customers/delete", "{'id':3}"));
    assert_contact("p3@example.com", "{'archived':true}");
    assert_counted(3);
    erase(f, 4);
    assert_counted(2);
    erase(f, 4);
    assert_counted(2);
    assert_applied(shop_says(f, "shop/redact", "{'shop_domain':'demo.example'}"));
    assert_counted(0);
}

static void limit_counts_right_after_a_merge_by_hand_and_its_undoing(void **state)
{
    struct fixture *f = *state;
    struct merge_desk desk = {.store = f->store, .arena = &f->arena};
    struct merge_result result;
    struct view_source *sources = NULL;

    set_limit(f, 2, LIMIT_STOP, 0);
    fill(f, 1, 2);
    assert_int_equal(contact_sources(f->store, 3600 * US_PER_S, &f->arena, &sources, &desk.n_sources), OK);
    desk.sources = sources;
    assert_int_equal(merge_contacts(&desk, STR("p1@example.com"), STR("p2@example.com"), STR("test"), &result), OK);
    assert_int_equal(result.refusal, MERGE_DONE);
    assert_counted(1);
    assert_int_equal(merge_undo(&desk, STR("p1@example.com"), &result), OK);
    assert_int_equal(result.refusal, MERGE_DONE);
    assert_counted(2);
    assert_dead(sign_up(f, 3), "contact_limit");
}

/* -- stop ---------------------------------------------------------------------------------------------------------------- */

static void limit_P13_AC25_stops_adding_and_goes_on_updating(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 100, LIMIT_STOP, 0);
    fill(f, 1, 100);
    for (int i = 101; i <= 120; i++)
        assert_dead(sign_up(f, i), "contact_limit");
    assert_counted(100);
    assert_nobody("p101@example.com");
    for (int i = 1; i <= 100; i++)
        assert_applied(shop_says(f, "customers/update",
                                 body_of(f, "{'id':%d,'email':'p%d@example.com','first_name':'New','updated_at':'@500'}", i, i)));
    assert_contact("p77@example.com", "{'first_name':'New'}");
    assert_counted(100);
    assert_int_equal(parked(f).persons, 20);
}

static void limit_N8_nothing_of_a_parked_event_is_kept(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(shop_says(f, "orders/create",
                          "{'id':7,'email':'guest@example.com','total_price':'9.00','currency':'EUR','created_at':'@20',"
                          "'updated_at':'@20','buyer_accepts_marketing':true}"),
                "contact_limit");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM shop_order"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM address WHERE address = 'guest@example.com'"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM consent WHERE address = 'guest@example.com'"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM ledger WHERE contact_id = ''"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM parked WHERE person LIKE '%guest%' OR customer LIKE '%guest%'"), 0);
}

static void limit_P13_of_a_batch_the_known_are_updated_and_the_letter_waits_for_the_rest(void **state)
{
    struct fixture *f = *state;
    const char *both = "{'events':[{'type':'signup','occurred_at':'@60','contact':{'external_id':'x','email':'nobody'}},"
                       "{'type':'signup','occurred_at':'@60','contact':{'external_id':'a','email':'p1@example.com',"
                       "'first_name':'Known'}},{'type':'signup','occurred_at':'@60','contact':{'external_id':'b',"
                       "'email':'new@example.com'}}]}";
    struct sent sent = {.source = f->plugin, .body = both, .delivery = "0000000000000000000000000000abcd"};

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(send_delivery(f, sent), "contact_limit"); /* not "invalid_email": that would never pass */
    assert_contact("p1@example.com", "{'first_name':'Known'}");
    assert_nobody("new@example.com");
    set_limit(f, 2, LIMIT_STOP, 0);
    sent.replay = true;
    assert_dead(send_delivery(f, sent), "invalid_email");
    assert_contact("new@example.com", "{}");
    assert_int_equal(parked(f).letters, 0);
}

static void limit_N4_a_letter_that_was_not_written_is_written_after_the_crash(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(sign_up(f, 2), "contact_limit");
    assert_dead(sign_up(f, 2), "contact_limit"); /* the same entry once more: its acknowledgement got lost */
    assert_int_equal(parked(f).letters, 1);
}

/* -- bill, auto_raise, marks --------------------------------------------------------------------------------------------- */

static void limit_GR07_GR08_bill_goes_on_and_counts_what_is_over(void **state)
{
    struct fixture *f = *state;
    struct account_event *events = NULL;
    struct account_limit now;
    size_t n = 0;

    set_limit(f, 10, LIMIT_BILL, 0);
    fill(f, 1, 12);
    assert_counted(12);
    assert_int_equal(happened(f, "overage"), 1);
    f->now_us += INT64_C(86400) * US_PER_S;
    fill(f, 13, 14);
    erase(f, 1);
    assert_counted(13);
    assert_int_equal(happened(f, "overage"), 2); /* one a day */
    assert_int_equal(account_events(f->store, 1, &f->arena, &events, &n), OK);
    assert_int_equal(events[0].contacts - events[0].limit, 4); /* the most of that day */
    assert_int_equal(account_limit_get(f->store, &now), OK);
    assert_int_equal(now.limit, 10);
}

static void limit_AC26_auto_raise_goes_on_and_notes_each_raise(void **state)
{
    struct fixture *f = *state;
    struct account_limit now;

    set_limit(f, 10, LIMIT_AUTO_RAISE, 5);
    fill(f, 1, 17);
    assert_counted(17);
    assert_int_equal(account_limit_get(f->store, &now), OK);
    assert_int_equal(now.limit, 20);
    assert_int_equal(happened(f, "limit_raised"), 2);
}

static void limit_AC29_is_near_once_a_crossing(void **state)
{
    struct fixture *f = *state;
    struct account_limit now;

    set_limit(f, 20, LIMIT_STOP, 0);
    fill(f, 1, 17);
    assert_int_equal(happened(f, "limit_near"), 0);
    fill(f, 18, 20);
    assert_int_equal(happened(f, "limit_near"), 1);
    assert_int_equal(happened(f, "limit_reached"), 1);
    assert_dead(sign_up(f, 21), "contact_limit");
    assert_int_equal(happened(f, "limit_reached"), 1);
    erase(f, 1);
    erase(f, 2);
    assert_int_equal(happened(f, "limit_near"), 1);
    erase(f, 3);
    assert_int_equal(account_limit_get(f->store, &now), OK);
    assert_int_equal(now.near_us, 0);
    assert_int_equal(now.full_us, 0);
    fill(f, 22, 22);
    assert_int_equal(happened(f, "limit_near"), 2);
}

static void limit_what_happened_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct account_event *events = NULL;
    size_t n = 0;

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_int_equal(account_events_untold(f->store, 10, &f->arena, &events, &n), OK);
    assert_int_equal(n, 3); /* set, near, reached */
    assert_int_equal(account_events_untold(f->store, 10, &f->arena, &events, &n), OK);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(an_account_without_a_limit_counts_nothing),
        contact_test(limit_counts_what_is_made_merged_erased_and_archived),
        contact_test(limit_counts_right_after_a_merge_by_hand_and_its_undoing),
        contact_test(limit_P13_AC25_stops_adding_and_goes_on_updating),
        contact_test(limit_N8_nothing_of_a_parked_event_is_kept),
        contact_test(limit_P13_of_a_batch_the_known_are_updated_and_the_letter_waits_for_the_rest),
        contact_test(limit_N4_a_letter_that_was_not_written_is_written_after_the_crash),
        contact_test(limit_GR07_GR08_bill_goes_on_and_counts_what_is_over),
        contact_test(limit_AC26_auto_raise_goes_on_and_notes_each_raise),
        contact_test(limit_AC29_is_near_once_a_crossing),
        contact_test(limit_what_happened_is_told_once),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
