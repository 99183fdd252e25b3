/* test_contact_orders.c -- a contact's orders and refunds, each counted once; orders of nobody (K1-K8, K10, G4). */
#include "contact_fixture.h"
#include "every_order.h"

#include "base/counters.h"
#include "store/order.h"

#define ADA "ada@example.com"

/* An order as our own protocol says it. `more` is members of the order, with a leading comma, or "". */
static const char *order(struct fixture *f, const char *id, int updated, const char *status, const char *total,
                         const char *currency, const char *more)
{
    return body_of(f,
                   "{'type':'order_updated','occurred_at':'@%d','contact':{'email':'ada@example.com'},'order':{'id':'%s',"
                   "'status':'%s','total':'%s','currency':'%s','created_at':'@5','updated_at':'@%d'%s}}",
                   updated, id, status, total, currency, updated, more);
}

static const char *paid(struct fixture *f, const char *id, const char *total, const char *currency)
{
    return order(f, id, 10, "paid", total, currency, "");
}

/* -- money --------------------------------------------------------------------------------------------------------------- */

static void K1_amounts_have_the_places_of_their_currency(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, paid(f, "1", "10.10", "EUR")));
    assert_applied(plugin_says(f, paid(f, "2", "500", "JPY")));
    assert_applied(plugin_says(f, paid(f, "3", "1.234", "KWD")));
    assert_contact(ADA, "{'orders':{'count':3,'net':{'EUR':'10.10','JPY':'500','KWD':'1.234'}}}");
    assert_int_equal(count_rows(f, "SELECT total FROM shop_order WHERE id = '3'"), 1234);
}

static void K1_ten_dimes_are_one_exactly(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 10; i++)
        assert_applied(plugin_says(f, paid(f, body_of(f, "d%d", i), "0.10", "EUR")));
    assert_contact(ADA, "{'orders':{'count':10,'net':{'EUR':'1.00'}}}");
}

static void K1_what_is_no_amount_refuses_the_event(void **state)
{
    static const char *const bad[] = {"1e3", "1,50", "0x10", "NaN", "12.", " ", "99999999999999999999"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_dead(plugin_says(f, paid(f, "1", bad[i], "EUR")), "mapping");
    assert_dead(plugin_says(f, paid(f, "1", "5.00", "EURO")), "mapping");
    assert_nobody(ADA);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM shop_order"), 0);
}

static void K2_the_shop_amount_counts_and_the_shown_one_is_kept(void **state)
{
    struct fixture *f = *state;

    assert_applied(
        plugin_says(f, order(f, "1", 10, "paid", "10.00", "EUR", ",'presentment_currency':'USD','presentment_total':'10.87'")));
    assert_contact(ADA, "{'orders':{'net':{'EUR':'10.00'},'orders':[{'total':'10.00','currency':'EUR',"
                        "'presentment_currency':'USD','presentment_total':'10.87'}]}}");
    assert_null(json_object_get(json_object_get(json_object_get(contact_json(f, ADA), "orders"), "net"), "USD"));
}

static void K3_totals_are_a_map_by_currency(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, paid(f, "1", "10.00", "EUR")));
    assert_applied(plugin_says(f, paid(f, "2", "7.00", "USD")));
    assert_applied(plugin_says(f, paid(f, "3", "5.00", "EUR")));
    assert_contact(ADA, "{'orders':{'count':3,'net':{'EUR':'15.00','USD':'7.00'}}}");
}

/* -- orders -------------------------------------------------------------------------------------------------------------- */

static void K4_an_order_is_replaced_as_a_whole_by_version(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, order(f, "1", 20, "paid", "20.00", "EUR", ",'number':'A-1','items':[{'sku':'new'}]")));
    assert_applied(
        plugin_says(f, order(f, "1", 10, "pending", "10.00", "EUR", ",'number':'A-0','items':[{'sku':'old'},{'sku':'x'}]")));
    assert_contact(ADA, "{'orders':{'count':1,'net':{'EUR':'20.00'},'orders':[{'number':'A-1','status':'paid','items':"
                        "[{'sku':'new'}]}]}}");
    assert_applied(plugin_says(f, order(f, "1", 30, "completed", "30.00", "EUR", "")));
    assert_contact(ADA, "{'orders':{'count':1,'net':{'EUR':'30.00'},'orders':[{'number':null,'items':[]}]}}");
    assert_ledger(ADA, "K4", "order", "paid", "completed");
}

static void K4_an_order_that_moves_to_another_customer_is_counted_there_only(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, paid(f, "1", "10.00", "EUR")));
    assert_applied(plugin_says(f, "{'type':'order_updated','occurred_at':'@20','contact':{'email':'bob@example.com'},'order':"
                                  "{'id':'1','status':'paid','total':'10.00','currency':'EUR','updated_at':'@20'}}"));
    assert_contact(ADA, "{'orders':{'count':0,'net':{}}}");
    assert_contact("bob@example.com", "{'orders':{'count':1,'net':{'EUR':'10.00'}}}");
}

static void K5_refunds_are_known_by_their_ids(void **state)
{
    struct fixture *f = *state;
    const char *first = ",'refunds':[{'id':'r1','amount':'4.00'}]";

    assert_applied(plugin_says(f, order(f, "1", 10, "paid", "20.00", "EUR", first)));
    assert_applied(plugin_says(f, order(f, "1", 20, "paid", "20.00", "EUR", first)));
    assert_contact(ADA, "{'orders':{'net':{'EUR':'16.00'},'orders':[{'status':'partially_refunded','refunded':'4.00'}]}}");
    assert_applied(plugin_says(
        f, order(f, "1", 30, "paid", "20.00", "EUR", ",'refunds':[{'id':'r1','amount':'4.00'},{'id':'r2','amount':'6.00'}]")));
    assert_contact(ADA, "{'orders':{'count':1,'net':{'EUR':'10.00'},'orders':[{'refunded':'10.00'}]}}");
    assert_int_equal(ledger_count(f, ADA, "K5", "refund"), 2);
}

static void K5_more_than_the_total_is_flagged_and_net_is_not_below_zero(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, order(f, "1", 10, "paid", "20.00", "EUR", ",'refunds':[{'id':'r1','amount':'25.00'}]")));
    assert_contact(ADA, "{'orders':{'net':{'EUR':'0.00'},'orders':[{'status':'refunded','over_refunded':true,'net':'0.00'}]}}");
    assert_applied(
        plugin_says(f, order(f, "1", 20, "partially_refunded", "20.00", "EUR", ",'refunds':[{'id':'r1','amount':'25.00'}]")));
    assert_contact(ADA, "{'orders':{'net':{'EUR':'0.00'},'orders':[{'over_refunded':true,'net':'0.00'}]}}");
}

static void K5_a_refund_may_come_before_its_order(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "refunds/create",
                             "{'id':900,'order_id':7,'created_at':'@30','transactions':[{'kind':'refund','status':'success',"
                             "'amount':'3.00','currency':'EUR'}]}"));
    assert_applied(shop_says(f, "orders/create",
                             "{'id':7,'email':'ada@example.com','total_price':'10.00','currency':'EUR','financial_status':'paid',"
                             "'created_at':'@10','updated_at':'@10'}"));
    assert_contact(ADA, "{'orders':{'net':{'EUR':'7.00'},'orders':[{'status':'partially_refunded'}]}}");
}

static void K5_the_total_refunded_so_far_is_no_difference(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, paid(f, "1", "20.00", "EUR")));
    for (int i = 1; i <= 2; i++)
        assert_applied(plugin_says(f, body_of(f,
                                              "{'type':'order_refunded','occurred_at':'@2%d','contact':{'email':'ada@example.com'},"
                                              "'order':{'id':'1','refunded':'%d.00','currency':'EUR'}}",
                                              i, 4 * i)));
    assert_contact(ADA, "{'orders':{'net':{'EUR':'12.00'},'orders':[{'refunded':'8.00'}]}}");
}

static void K6_a_cancelled_order_counts_nothing_once_in_any_order(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct fixture *f = *state;
        const char *refunded = order(f, "1", 20, "paid", "20.00", "EUR", ",'refunds':[{'id':'r1','amount':'5.00'}]");
        const char *cancelled = order(f, "1", 30, "cancelled", "20.00", "EUR", ",'refunds':[{'id':'r1','amount':'5.00'}]");

        assert_applied(plugin_says(f, paid(f, "2", "3.00", "EUR")));
        assert_applied(plugin_says(f, i ? cancelled : refunded));
        assert_applied(plugin_says(f, i ? refunded : cancelled));
        assert_contact(ADA, "{'orders':{'count':1,'net':{'EUR':'3.00'}}}");
        close_contacts(state);
        open_contacts(state);
    }
}

static void K6_an_order_that_the_store_deleted_counts_nothing(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "orders/create",
                             "{'id':7,'email':'ada@example.com','total_price':'10.00','currency':'EUR','financial_status':'paid',"
                             "'created_at':'@10','updated_at':'@10'}"));
    assert_applied(shop_says(f, "orders/delete", "{'id':7}"));
    assert_contact(ADA, "{'orders':{'count':0,'net':{},'orders':[{'status':'cancelled'}]}}");
}

static void K7_test_orders_never_count(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, order(f, "1", 10, "paid", "20.00", "EUR", ",'test':true,'accepts_marketing':true")));
    assert_contact(ADA, "{'orders':{'count':0,'net':{},'last_at':null,'orders':[{'test':true,'counted':false}]},"
                        "'consent':{'state':'none'}}");
}

static void K8_an_order_counts_when_paid_processing_or_completed(void **state)
{
    static const struct {
        const char *status;
        int count;
    } walk[] = {{"pending", 0},   {"on-hold", 0}, {"processing", 1}, {"completed", 1},
                {"cancelled", 0}, {"failed", 0},  {"refunded", 1}};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(walk) / sizeof(*walk); i++) {
        assert_applied(woo_says(f, "order.updated",
                                body_of(f,
                                        "{'id':5,'status':'%s','currency':'EUR','total':'8.00','customer_id':0,"
                                        "'date_created_gmt':'~5','date_modified_gmt':'~%zu','billing':{'email':'ada@example.com'}}",
                                        walk[i].status, 10 + i)));
        print_message("  %s counts %d\n", walk[i].status, walk[i].count);
        assert_contact(ADA, body_of(f, "{'orders':{'count':%d}}", walk[i].count));
    }
}

static void K8_which_states_count_is_a_setting(void **state)
{
    static const char body[] = "{'id':%d,'status':'%s','currency':'EUR','total':'8.00','customer_id':0,'date_created_gmt':'~5',"
                               "'date_modified_gmt':'~5','billing':{'email':'ada@example.com'}}";
    static const char *const states[] = {"pending", "processing", "completed", "refunded", "cancelled"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
        assert_applied(woo_says(f, "order.updated", body_of(f, body, (int)i + 1, states[i])));
    assert_contact(ADA, "{'orders':{'count':3,'net':{'EUR':'16.00'}}}");
    snprintf(f->store->purchase_states, sizeof(f->store->purchase_states), "completed");
    assert_contact(ADA, "{'orders':{'count':2,'net':{'EUR':'8.00'}}}");
    snprintf(f->store->purchase_states, sizeof(f->store->purchase_states), "pending paid completed");
    assert_contact(ADA, "{'orders':{'count':4,'net':{'EUR':'24.00'}}}");
}

/* A sale at the counter: nobody is named. */
static const char *counter_sale(struct fixture *f, int updated, const char *email)
{
    return woo_says(f, "order.updated",
                    body_of(f,
                            "{'id':7,'status':'completed','currency':'EUR','total':'9.00','customer_id':0,'date_created_gmt':'~5',"
                            "'date_modified_gmt':'~%d','billing':{'email':'%s'}}",
                            updated, email));
}

static void G4_an_order_of_nobody_is_kept_counted_and_attached_when_an_address_comes(void **state)
{
    struct fixture *f = *state;
    uint64_t before = counter_get(COUNTER_ORDERS_ANONYMOUS);

    assert_applied(counter_sale(f, 10, ""));
    assert_int_equal(counter_get(COUNTER_ORDERS_ANONYMOUS) - before, 1);
    assert_contacts(0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM shop_order WHERE subject = '' AND anonymous_us > 0"), 1);
    assert_applied(counter_sale(f, 20, ADA));
    assert_contact(ADA, "{'orders':{'count':1,'net':{'EUR':'9.00'}},'mailable':false}");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM shop_order WHERE anonymous_us > 0"), 0);
    assert_applied(counter_sale(f, 30, "")); /* the shop forgets whose it was */
    assert_contact(ADA, "{'orders':{'count':1,'orders':[{'updated_at':'@30'}]}}");
}

static void G4_a_customer_whose_address_comes_later_has_the_order(void **state)
{
    struct fixture *f = *state;

    assert_applied(woo_says(f, "order.created",
                            "{'id':8,'status':'completed','currency':'EUR','total':'9.00','customer_id':44,'date_created_gmt':'~5',"
                            "'date_modified_gmt':'~5','billing':{'email':''}}"));
    assert_contacts(0);
    assert_applied(woo_says(f, "customer.updated", "{'id':44,'email':'ada@example.com','date_modified_gmt':'~6'}"));
    assert_contact(ADA, "{'orders':{'count':1}}");
}

/* Whose it is does not depend on what comes first: the latest that names somebody says it. */
static void G4_N5_whose_an_order_is_commutes(void **state)
{
    static const struct {
        int updated;
        const char *email;
    } said[] = {{10, "bob@example.com"}, {20, ADA}, {30, ""}, {5, ""}};
    size_t order[] = {0, 1, 2, 3};

    do {
        struct fixture *f = *state;

        for (size_t i = 0; i < 4; i++)
            assert_applied(counter_sale(f, said[order[i]].updated, said[order[i]].email));
        assert_contact(ADA, "{'orders':{'count':1,'orders':[{'updated_at':'@30'}]}}");
        assert_contact("bob@example.com", "{'orders':{'count':0}}");
        close_contacts(state);
        open_contacts(state);
    } while (next_order(order, 4));
}

static void G4_orders_of_nobody_are_forgotten_after_their_time(void **state)
{
    struct fixture *f = *state;
    bool more = true;

    assert_applied(counter_sale(f, 10, ""));
    assert_applied(woo_says(f, "order.created",
                            "{'id':8,'status':'refunded','currency':'EUR','total':'9.00','customer_id':44,'date_created_gmt':'~5',"
                            "'date_modified_gmt':'~5','billing':{'email':''},'refunds':[{'id':1,'total':'-9.00'}]}"));
    assert_applied(woo_says(f, "order.created",
                            "{'id':9,'status':'completed','currency':'EUR','total':'9.00','customer_id':45,'date_created_gmt':'~5',"
                            "'date_modified_gmt':'~5','billing':{'email':''}}"));
    assert_applied(woo_says(f, "customer.updated", "{'id':45,'email':'ada@example.com','date_modified_gmt':'~6'}"));
    assert_int_equal(order_forget(f->store, f->now_us, &more), OK);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM shop_order"), 3); /* not yet */
    assert_int_equal(order_forget(f->store, f->now_us + 1, &more), OK);
    assert_false(more);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM shop_order"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM refund"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM shop_order WHERE anonymous_us > 0"), 0);
    assert_contact(ADA, "{'orders':{'count':1}}");
}

static void K10_guest_and_customer_orders_are_alike(void **state)
{
    struct fixture *f = *state;

    assert_applied(woo_says(f, "customer.created", "{'id':44,'email':'ada@example.com','date_modified_gmt':'~1'}"));
    for (int i = 0; i < 2; i++)
        assert_applied(woo_says(f, "order.created",
                                body_of(f,
                                        "{'id':%d,'status':'processing','currency':'EUR','total':'8.00','customer_id':%d,"
                                        "'date_created_gmt':'~5','date_modified_gmt':'~5','billing':{'email':'ada@example.com'}}",
                                        i + 1, i ? 44 : 0)));
    assert_contacts(1);
    assert_contact(ADA, "{'orders':{'count':2,'net':{'EUR':'16.00'}}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(K1_amounts_have_the_places_of_their_currency),
        contact_test(K1_ten_dimes_are_one_exactly),
        contact_test(K1_what_is_no_amount_refuses_the_event),
        contact_test(K2_the_shop_amount_counts_and_the_shown_one_is_kept),
        contact_test(K3_totals_are_a_map_by_currency),
        contact_test(K4_an_order_is_replaced_as_a_whole_by_version),
        contact_test(K4_an_order_that_moves_to_another_customer_is_counted_there_only),
        contact_test(K5_refunds_are_known_by_their_ids),
        contact_test(K5_more_than_the_total_is_flagged_and_net_is_not_below_zero),
        contact_test(K5_a_refund_may_come_before_its_order),
        contact_test(K5_the_total_refunded_so_far_is_no_difference),
        contact_test(K6_a_cancelled_order_counts_nothing_once_in_any_order),
        contact_test(K6_an_order_that_the_store_deleted_counts_nothing),
        contact_test(K7_test_orders_never_count),
        contact_test(K8_an_order_counts_when_paid_processing_or_completed),
        contact_test(G4_an_order_of_nobody_is_kept_counted_and_attached_when_an_address_comes),
        contact_test(G4_a_customer_whose_address_comes_later_has_the_order),
        contact_test(G4_N5_whose_an_order_is_commutes),
        contact_test(G4_orders_of_nobody_are_forgotten_after_their_time),
        contact_test(K8_which_states_count_is_a_setting),
        contact_test(K10_guest_and_customer_orders_are_alike),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
