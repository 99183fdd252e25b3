/* test_contact_carts.c -- a contact's carts, and that nothing counts twice (CA1-CA3, CA6, CA7, CA11, CA12, D4, D6, D7). */
#include "contact_fixture.h"

#include "store/seen.h"

#define ADA "ada@example.com"

/* -- carts --------------------------------------------------------------------------------------------------------------- */

#define ONE_ITEM "[{'product_id':1,'quantity':1,'price':'9.00'}]"

static const char *checkout(struct fixture *f, const char *token, int updated, const char *items)
{
    return body_of(f,
                   "{'token':'%s','cart_token':'cart-%s','email':'ada@example.com','currency':'EUR','total_price':'9.00',"
                   "'created_at':'@10','updated_at':'@%d','line_items':%s}",
                   token, token, updated, items);
}

static const char *order_naming(struct fixture *f, int created, const char *more)
{
    return body_of(f,
                   "{'id':7,'total_price':'9.00','currency':'EUR','financial_status':'paid','created_at':'@%d',"
                   "'updated_at':'@%d'%s}",
                   created, created, more);
}

static void CA1_the_checkout_token_is_the_carts_identity(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "checkouts/create", checkout(f, "a", 10, ONE_ITEM)));
    assert_applied(shop_says(f, "checkouts/update", checkout(f, "a", 20, ONE_ITEM)));
    assert_applied(shop_says(f, "checkouts/create", checkout(f, "b", 15, ONE_ITEM)));
    assert_contact(ADA, "{'carts':[{'id':'a','source':'shop','value':'9.00','active_at':'@20'},{'id':'b'}]}");
}

static void CA1_without_a_token_the_person_is_the_identity(void **state)
{
    struct fixture *f = *state;

    for (int i = 1; i <= 2; i++)
        assert_applied(plugin_says(f, body_of(f,
                                              "{'type':'cart_updated','occurred_at':'@1%d','contact':{'email':'ada@example.com'},"
                                              "'cart':{'currency':'EUR','total':'%d.00','items':" ONE_ITEM "}}",
                                              i, i)));
    assert_contact(ADA, "{'carts':[{'value':'2.00'}]}");
}

static void CA2_CA3_a_cart_is_due_an_hour_after_the_last_activity(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "checkouts/create", checkout(f, "a", 20, ONE_ITEM)));
    assert_contact(ADA, "{'carts':[{'state':'active','due_at':'@3620'}]}");
}

static void CA2_without_items_a_cart_is_never_due(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "checkouts/create", checkout(f, "a", 20, "[]")));
    assert_contact(ADA, "{'carts':[{'state':'closed','due_at':null}]}");
}

static void CA2_without_an_address_a_cart_waits_for_one(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "carts/create", "{'token':'k','updated_at':'@10','line_items':" ONE_ITEM "}"));
    assert_contacts(0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cart"), 1);
}

static void CA6_an_order_completes_the_cart_each_way(void **state)
{
    static const struct {
        const char *how, *more, *state;
        int created;
    } ways[] = {
        {"same checkout token", ",'checkout_token':'a','email':'other@example.com'", "completed", 5},
        {"same cart token", ",'cart_token':'cart-a','email':'other@example.com'", "completed", 5},
        {"same contact, since the first activity", ",'email':'ada@example.com'", "completed", 10},
        {"same contact, before the first activity", ",'email':'ada@example.com'", "active", 9},
        {"another contact", ",'email':'other@example.com'", "active", 30},
    };

    for (size_t i = 0; i < 2 * sizeof(ways) / sizeof(*ways); i++) {
        struct fixture *f = *state;
        bool order_first = i % 2; /* CA7 */
        const char *bought = order_naming(f, ways[i / 2].created, ways[i / 2].more);

        print_message("  %s%s\n", ways[i / 2].how, order_first ? ", order first" : "");
        if (order_first)
            assert_applied(shop_says(f, "orders/create", bought));
        assert_applied(shop_says(f, "checkouts/create", checkout(f, "a", 20, ONE_ITEM)));
        if (!order_first)
            assert_applied(shop_says(f, "orders/create", bought));
        assert_contact(ADA, body_of(f, "{'carts':[{'state':'%s'}]}", ways[i / 2].state));
        close_contacts(state);
        open_contacts(state);
    }
}

/* Not every platform says when an order was placed. */
static void CA6_an_order_without_a_time_of_its_own_has_that_of_its_event(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "checkouts/create", checkout(f, "a", 20, ONE_ITEM)));
    assert_applied(plugin_says(f, "{'type':'purchase','occurred_at':'@40','contact':{'email':'ada@example.com'},'order':{'id':'1',"
                                  "'status':'paid','currency':'EUR','total':'9.00'}}"));
    assert_contact(ADA, "{'carts':[{'state':'completed','due_at':null}],'orders':{'count':1,'last_at':'@40'}}");
}

static void CA7_a_checkout_event_after_the_purchase_changes_nothing(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "orders/create", order_naming(f, 30, ",'checkout_token':'a','email':'ada@example.com'")));
    assert_applied(shop_says(f, "checkouts/create", checkout(f, "a", 20, ONE_ITEM)));
    assert_applied(shop_says(f, "checkouts/update", checkout(f, "a", 40, ONE_ITEM)));
    assert_contact(ADA, "{'carts':[{'state':'completed','due_at':null}],'orders':{'count':1}}");
}

static void CA11_an_emptied_cart_closes(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "checkouts/create", checkout(f, "a", 20, ONE_ITEM)));
    assert_applied(shop_says(f, "checkouts/update", checkout(f, "a", 30, "[]")));
    assert_contact(ADA, "{'carts':[{'state':'closed','due_at':null}]}");
}

static void CA12_after_abandoned_activity_makes_active_and_an_order_recovered(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'cart_updated','occurred_at':'@10','contact':{'email':'ada@example.com'},'cart':"
                                  "{'id':'k','currency':'EUR','total':'9.00','updated_at':'@10','items':" ONE_ITEM "}}"));
    assert_applied(plugin_says(f, "{'type':'cart_abandoned','abandoned_at':'@20','contact':{'email':'ada@example.com'},'cart':"
                                  "{'id':'k','currency':'EUR','total':'9.00','updated_at':'@20','items':" ONE_ITEM "}}"));
    assert_contact(ADA, "{'carts':[{'state':'abandoned','due_at':null}]}");
    assert_applied(plugin_says(f, "{'type':'cart_updated','occurred_at':'@30','contact':{'email':'ada@example.com'},'cart':"
                                  "{'id':'k','currency':'EUR','total':'9.00','updated_at':'@30','items':" ONE_ITEM "}}"));
    assert_contact(ADA, "{'carts':[{'state':'active','due_at':'@3630'}]}");
    assert_applied(plugin_says(f, "{'type':'purchase','occurred_at':'@40','contact':{'email':'ada@example.com'},'order':{'id':'1',"
                                  "'cart_id':'k','currency':'EUR','total':'9.00','created_at':'@40','updated_at':'@40'}}"));
    assert_contact(ADA, "{'carts':[{'state':'recovered','due_at':null}],'orders':{'count':1}}");
}

/* As the platforms of thin deliveries say it: the cart comes by another way, and earlier or later. */
static void CA1_an_end_without_the_cart_keeps_what_was_in_it(void **state)
{
    static const struct {
        const char *end, *state;
    } ends[] = {{"{'type':'cart_abandoned','occurred_at':'@90','abandoned_at':'@90','cart':{'id':'k'}}", "abandoned"},
                {"{'type':'cart_updated','occurred_at':'@90','cart':{'id':'k','completed_at':'@90'}}", "completed"}};
    const char *filled = "{'type':'cart_updated','occurred_at':'@10','contact':{'email':'ada@example.com'},'cart':"
                         "{'id':'k','currency':'EUR','total':'9.00','updated_at':'@10','items':" ONE_ITEM "}}";

    for (size_t i = 0; i < 4; i++) {
        struct fixture *f = *state;
        bool end_first = i % 2;

        assert_applied(plugin_says(f, end_first ? ends[i / 2].end : filled));
        assert_applied(plugin_says(f, end_first ? filled : ends[i / 2].end));
        assert_contact(ADA,
                       body_of(f, "{'carts':[{'state':'%s','value':'9.00','items':[{'product_id':'1'}]}]}", ends[i / 2].state));
        close_contacts(state);
        open_contacts(state);
    }
}

/* -- once ---------------------------------------------------------------------------------------------------------------- */

static void D6_two_equal_page_visits_are_two(void **state)
{
    struct fixture *f = *state;
    const char *visit = "{'type':'page_visit','occurred_at':'@10','visitor_id':'v1','contact':{'email':'ada@example.com'},"
                        "'page':{'url':'https://shop.example/shirts'}}";

    assert_applied(
        plugin_says(f, "{'type':'identify','occurred_at':'@5','visitor_id':'v1','contact':{'email':'ada@example.com'}}"));
    for (int i = 0; i < 2; i++)
        assert_applied(send_delivery(f, (struct sent){.source = f->plugin, .key = i ? "msg-2" : "msg-1", .body = visit}));
    assert_contact(ADA, "{'visits':{'count':2,'last_url':'https://shop.example/shirts','last_at':'@10'}}");
    assert_applied(send_delivery(f, (struct sent){.source = f->plugin, .key = "msg-2", .body = visit}));
    assert_contact(ADA, "{'visits':{'count':2}}");
}

static void D7_without_the_seen_keys_a_replay_changes_no_contact(void **state)
{
    struct fixture *f = *state;
    struct claimed script[] = {
        entry_of(f, (struct sent){.source = f->shop,
                                  .topic = "customers/create",
                                  .body = "{'id':1,'email':'ada@example.com','first_name':'Ada','tags':'club','created_at':'@1',"
                                          "'updated_at':'@1','email_marketing_consent':{'state':'subscribed',"
                                          "'consent_updated_at':'@1'}}"}),
        entry_of(f, (struct sent){.source = f->shop, .topic = "checkouts/create", .body = checkout(f, "a", 20, ONE_ITEM)}),
        entry_of(f, (struct sent){.source = f->shop,
                                  .topic = "orders/create",
                                  .body = order_naming(f, 30, ",'checkout_token':'a','email':'ada@example.com'")}),
        entry_of(f, (struct sent){.source = f->shop,
                                  .topic = "refunds/create",
                                  .body = "{'id':900,'order_id':7,'created_at':'@40','transactions':[{'kind':'refund',"
                                          "'status':'success','amount':'3.00','currency':'EUR'}]}"}),
        entry_of(f, (struct sent){.source = f->plugin,
                                  .body = "{'type':'page_visit','occurred_at':'@50','contact':{'email':"
                                          "'ada@example.com'},'page':{'url':'https://shop.example/'}}"}),
        entry_of(f, (struct sent){.source = f->plugin,
                                  .body = "{'type':'unsubscribe','at':'@60','contact':{'email':'ada@example.com'}}"})};
    struct drain_verdict verdicts[6];
    json_t *before;
    int64_t lines;
    bool more = true;

    assert_int_equal(apply_entries(f, script, 6, verdicts), OK);
    before = contact_json(f, ADA);
    lines = count_rows(f, "SELECT count(*) FROM ledger");
    assert_contact(ADA, "{'orders':{'count':1,'net':{'EUR':'6.00'}},'consent':{'state':'unsubscribed'},"
                        "'carts':[{'state':'completed'}]}");
    assert_int_equal(seen_forget(f->store, f->now_us + 1, &more), OK);
    assert_false(more);
    assert_int_equal(apply_entries(f, script, 6, verdicts), OK);
    assert_true(json_equal(contact_json(f, ADA), before));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM ledger WHERE new_value <> 'stale'"), lines);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM visit"), 1);
}

static void D4_N9_old_keys_are_forgotten_the_oldest_first_some_at_a_time(void **state)
{
    struct fixture *f = *state;
    bool more = false;

    assert_int_equal(db_run(f->store->db,
                            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5003)"
                            " INSERT INTO seen (account_id, source_id, key, delivery_id, at_us, reason, detail)"
                            " SELECT 1, 1, 'k' || i, 'd', i, '', '' FROM n",
                            ""),
                     OK);
    assert_int_equal(seen_forget(f->store, 5003, &more), OK);
    assert_true(more);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM seen"), 5003 - SEEN_FORGET_MAX);
    assert_int_equal(count_rows(f, "SELECT min(at_us) FROM seen"), SEEN_FORGET_MAX + 1);
    assert_int_equal(seen_forget(f->store, 5003, &more), OK);
    assert_false(more);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM seen"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(D4_N9_old_keys_are_forgotten_the_oldest_first_some_at_a_time),
        contact_test(CA1_the_checkout_token_is_the_carts_identity),
        contact_test(CA1_without_a_token_the_person_is_the_identity),
        contact_test(CA2_CA3_a_cart_is_due_an_hour_after_the_last_activity),
        contact_test(CA2_without_items_a_cart_is_never_due),
        contact_test(CA2_without_an_address_a_cart_waits_for_one),
        contact_test(CA6_an_order_completes_the_cart_each_way),
        contact_test(CA6_an_order_without_a_time_of_its_own_has_that_of_its_event),
        contact_test(CA7_a_checkout_event_after_the_purchase_changes_nothing),
        contact_test(CA11_an_emptied_cart_closes),
        contact_test(CA1_an_end_without_the_cart_keeps_what_was_in_it),
        contact_test(CA12_after_abandoned_activity_makes_active_and_an_order_recovered),
        contact_test(D6_two_equal_page_visits_are_two),
        contact_test(D7_without_the_seen_keys_a_replay_changes_no_contact),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
