/* test_skip.c -- nobody to write to: relays of marketplaces, drafts, private orders, staff are skipped by list and counted (G5). */
#include "contact_fixture.h"
#include "every_order.h"

#include "base/counters.h"
#include "store/skip.h"

#define ADA "ada@example.com"

static void load(struct fixture *f, const char *setting)
{
    struct buf why = BUF_INIT(1000);

    if (skip_load(str_of(setting), &f->arena, &f->store->skips, &why))
        fail_msg("%s", buf_text(&why));
    buf_release(&why);
}

static const char *order_of(struct fixture *f, const char *email, const char *status, int updated)
{
    return woo_says(f, "order.updated",
                    body_of(f,
                            "{'id':5,'status':'%s','currency':'EUR','total':'8.00','customer_id':0,'date_created_gmt':'~5',"
                            "'date_modified_gmt':'~%d','billing':{'email':'%s'}}",
                            status, updated, email));
}

/* The counter of this process grew by `want` while the call ran. */
#define assert_counted(counter, want, call)                    \
    do {                                                       \
        uint64_t before = counter_get(counter);                \
        assert_applied(call);                                  \
        assert_int_equal(counter_get(counter) - before, want); \
    } while (0)

static void G5_an_order_of_a_marketplace_relay_is_skipped_and_counted(void **state)
{
    static const char *const relays[] = {"x1@marketplace.amazon.de", "x1@marketplace.amazon.co.uk", "x1@members.ebay.com",
                                         "x1@relay.walmart.com", "X1@SCS.TikTokW.us"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(relays) / sizeof(*relays); i++)
        assert_counted(COUNTER_SKIPPED_RELAY, 1, order_of(f, relays[i], "processing", 10));
    assert_contacts(0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM shop_order"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM ledger"), 0);
    assert_counted(COUNTER_SKIPPED_RELAY, 0, order_of(f, "x1@amazon.de", "processing", 10));
    assert_contacts(1);
}

static void G5_a_draft_is_no_order_until_it_is_placed(void **state)
{
    struct fixture *f = *state;

    assert_counted(COUNTER_SKIPPED_DRAFT, 1, order_of(f, ADA, "checkout-draft", 10));
    assert_nobody(ADA);
    assert_counted(COUNTER_SKIPPED_DRAFT, 1,
                   shop_says(f, "draft_orders/create", "{'id':9,'email':'ada@example.com','status':'open','total_price':'1.00'}"));
    assert_nobody(ADA);
    assert_counted(COUNTER_SKIPPED_DRAFT, 0, order_of(f, ADA, "processing", 20));
    assert_contact(ADA, "{'orders':{'count':1}}");
}

static void G5_an_order_that_was_taken_off_the_person_is_skipped(void **state)
{
    struct fixture *f = *state;

    assert_counted(
        COUNTER_SKIPPED_PRIVATE, 1,
        woo_says(f, "order.updated",
                 "{'id':5,'status':'completed','currency':'EUR','total':'8.00','customer_id':0,'date_modified_gmt':'~10',"
                 "'meta_data':[{'key':'x','value':'y'},{'key':'_anonymized','value':'yes'}],"
                 "'billing':{'email':'gone@example.com'}}"));
    assert_counted(COUNTER_SKIPPED_PRIVATE, 1, order_of(f, "deleted@site.invalid", "completed", 10));
    assert_contacts(0);
    assert_counted(
        COUNTER_SKIPPED_PRIVATE, 0,
        woo_says(f, "order.updated",
                 "{'id':6,'status':'completed','currency':'EUR','total':'8.00','customer_id':0,'date_modified_gmt':'~10',"
                 "'meta_data':[{'key':'_download_permissions_granted','value':'yes'}],'billing':{'email':'ada@example.com'}}"));
    assert_contacts(1);
}

static void G5_staff_is_skipped_by_role_and_by_list(void **state)
{
    struct fixture *f = *state;

    load(f, "staff:team.example staff:Owner@Example.com");
    assert_counted(
        COUNTER_SKIPPED_STAFF, 1,
        woo_says(f, "customer.created", "{'id':1,'role':'shop_manager','email':'m@example.com','date_modified_gmt':'~1'}"));
    assert_counted(COUNTER_SKIPPED_STAFF, 1, order_of(f, "kim@team.example", "completed", 10));
    assert_counted(COUNTER_SKIPPED_STAFF, 1, order_of(f, "kim@berlin.team.example", "completed", 10));
    assert_counted(COUNTER_SKIPPED_STAFF, 1, order_of(f, "owner@example.com", "completed", 10));
    assert_contacts(0);
    assert_counted(COUNTER_SKIPPED_STAFF, 0,
                   woo_says(f, "customer.created", "{'id':2,'role':'customer','email':'c@example.com','date_modified_gmt':'~1'}"));
    assert_counted(COUNTER_SKIPPED_STAFF, 0, order_of(f, "kim@otherteam.example", "completed", 10));
    assert_contacts(2);
}

/* C2: whoever it is, who says no is not mailed. */
static void G5_C2_a_refusal_is_never_skipped(void **state)
{
    struct fixture *f = *state;

    load(f, "staff:example.com");
    assert_counted(
        COUNTER_SKIPPED_STAFF, 0,
        plugin_says(f, "{'type':'unsubscribe','channel':'email','at':'@10','source':'x','contact':{'email':'" ADA "'}}"));
    assert_counted(COUNTER_SKIPPED_STAFF, 0,
                   plugin_says(f, "{'type':'consent_updated','contact':{'email':'eve@example.com','consent':{'email':{'state':"
                                  "'complaint','at':'@10'}}}}"));
    assert_contact(ADA, "{'consent':{'state':'unsubscribed'}}");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM suppression WHERE address = 'eve@example.com'"), 1);
}

static void G5_N5_what_is_skipped_leaves_no_trace_in_any_order(void **state)
{
    static const struct {
        const char *status;
        int updated;
    } said[] = {{"checkout-draft", 10}, {"processing", 20}, {"completed", 30}};
    size_t order[] = {0, 1, 2};

    do {
        struct fixture *f = *state;

        for (size_t i = 0; i < 3; i++)
            assert_applied(order_of(f, ADA, said[order[i]].status, said[order[i]].updated));
        assert_contact(ADA, "{'orders':{'count':1,'orders':[{'status':'completed','updated_at':'@30'}]}}");
        close_contacts(state);
        open_contacts(state);
    } while (next_order(order, 3));
}

static void skip_setting_adds_and_takes_out(void **state)
{
    struct fixture *f = *state;
    struct buf why = BUF_INIT(1000);
    const struct skip_rule *rules = NULL;

    load(f, "-members.ebay.* relay:buyers.example");
    assert_int_equal(skip_find(f->store->skips, STR("a@members.ebay.com")), SKIP_NOTHING);
    assert_int_equal(skip_find(f->store->skips, STR("a@buyers.example")), SKIP_RELAY);
    assert_int_equal(skip_find(f->store->skips, STR("a@mail.buyers.example")), SKIP_RELAY);
    assert_int_equal(skip_find(f->store->skips, STR("a@marketplace.amazon.fr")), SKIP_RELAY);
    assert_int_equal(skip_find(f->store->skips, STR("")), SKIP_NOTHING);
    assert_int_equal(skip_load(STR("crew:x.example"), &f->arena, &rules, &why), ERR_CONFIG);
    assert_int_equal(skip_load(STR("-nothing.example"), &f->arena, &rules, &why), ERR_CONFIG);
    assert_int_equal(skip_load(STR("staff:"), &f->arena, &rules, &why), ERR_CONFIG);
    buf_release(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(G5_an_order_of_a_marketplace_relay_is_skipped_and_counted),
        contact_test(G5_a_draft_is_no_order_until_it_is_placed),
        contact_test(G5_an_order_that_was_taken_off_the_person_is_skipped),
        contact_test(G5_staff_is_skipped_by_role_and_by_list),
        contact_test(G5_C2_a_refusal_is_never_skipped),
        contact_test(G5_N5_what_is_skipped_leaves_no_trace_in_any_order),
        contact_test(skip_setting_adds_and_takes_out),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
