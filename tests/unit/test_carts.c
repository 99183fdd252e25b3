/* test_carts.c -- when a cart is due: eligibility, delay, activity, late news, orders, payments (CA2-CA5, CA8, CA10, CA11). */
#include "cart_fixture.h"

static void CA2_only_a_cart_with_an_address_and_an_item_is_abandoned(void **state)
{
    struct fixture *f = *state;

    cart_of(f, "'external_id':'7'", "nobodys", T, ITEMS);
    cart_of(f, "'email':'ada@example.com'", "empty", T, "[]");
    assert_sweep(T + 10 * HOUR, 0, 0);
    assert_int_equal(firings(f), 0);
}

static void CA2_a_cart_is_abandoned_when_its_customer_gets_an_address(void **state)
{
    struct fixture *f = *state;

    cart_of(f, "'external_id':'7'", "k", T, ITEMS);
    assert_sweep(T + 2 * HOUR, 0, 0);
    assert_applied(plugin_says(f, body_of(f,
                                          "{'type':'signup','occurred_at':'@%d','contact':{'external_id':'7','email':"
                                          "'ada@example.com'}}",
                                          T + 2 * HOUR)));
    assert_sweep(T + 2 * HOUR, 1, 0);
    assert_contact(ADA, "{'carts':[{'id':'k','state':'abandoned','due_at':null}]}");
}

static void CA2_a_cart_of_a_visitor_is_abandoned_when_the_visitor_is_known(void **state)
{
    struct fixture *f = *state;

    receive_at(f, T);
    assert_applied(plugin_says(f, body_of(f,
                                          "{'type':'cart_updated','occurred_at':'@%d','visitor_id':'v','cart':{'id':'k',"
                                          "'currency':'EUR','total':'9.00','updated_at':'@%d','items':" ITEMS "}}",
                                          T, T)));
    assert_sweep(T + 2 * HOUR, 0, 0);
    assert_applied(plugin_says(f, body_of(f,
                                          "{'type':'identify','occurred_at':'@%d','visitor_id':'v','contact':{'email':"
                                          "'ada@example.com'}}",
                                          T + 2 * HOUR)));
    assert_sweep(T + 2 * HOUR, 1, 0);
    assert_contact(ADA, "{'carts':[{'id':'k','state':'abandoned'}]}");
}

static void CA3_a_cart_is_due_after_the_delay_and_not_a_second_before(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    assert_sweep(T + HOUR - 1, 0, 0);
    assert_contact(ADA, body_of(f, "{'carts':[{'state':'active','due_at':'@%d'}]}", T + HOUR));
    assert_sweep(T + HOUR, 1, 0);
    assert_contact(ADA, "{'carts':[{'state':'abandoned','due_at':null}]}");
    assert_ledger(ADA, "CA3", "cart", "active", "abandoned");
    assert_sweep(T + 2 * HOUR, 0, 0);
}

static void CA3_each_source_has_its_own_delay_also_for_carts_that_wait(void **state)
{
    struct fixture *f = *state;
    struct source_carts own = {.delay_ms = 600000, .cooldown_ms = -1};

    cart(f, "k", T);
    assert_sweep(T + 599, 0, 0);
    assert_int_equal(source_set_carts(f->store, f->plugin, &own), OK);
    assert_sweep(T + 599, 0, 0);
    assert_sweep(T + 600, 1, 0);
}

static void CA4_a_repetition_and_a_poll_do_not_move_the_activity(void **state)
{
    struct fixture *f = *state;
    const char *same = "{'token':'k','email':'ada@example.com','currency':'EUR','total_price':'9.00','created_at':'@100000',"
                       "'updated_at':'@100000','line_items':[{'product_id':1,'quantity':1}]}";
    const char *timeless = "{'type':'cart_updated','contact':{'email':'ada@example.com'},'cart':{'id':'t','currency':'EUR',"
                           "'total':'9.00','items':" ITEMS "}}";

    for (int i = 0; i < 3; i++) {
        receive_at(f, T + 600 * i);
        assert_applied(shop_says(f, "checkouts/update", same));
        assert_applied(plugin_says(f, timeless)); /* without a time of its own only a change is activity */
    }
    assert_contact(ADA, body_of(f, "{'carts':[{'active_at':'@%d'},{'active_at':'@%d'}]}", T, T));
    assert_sweep(T + HOUR, 2, 1);
}

static void CA4_a_changed_cart_is_activity_though_it_says_no_time(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        receive_at(f, T + 600 * i);
        assert_applied(plugin_says(f, body_of(f,
                                              "{'type':'cart_updated','contact':{'email':'ada@example.com'},'cart':{'id':'t',"
                                              "'currency':'EUR','total':'9.00','items':[{'product_id':'1','quantity':'%d'}]}}",
                                              i + 1)));
    }
    assert_contact(ADA, body_of(f, "{'carts':[{'active_at':'@%d'}]}", T + 600));
}

static void CA5_a_delivery_five_hours_late_does_not_prolong_the_wait(void **state)
{
    struct fixture *f = *state;

    tell_late(f, 5 * HOUR);
    assert_contact(ADA, body_of(f, "{'carts':[{'due_at':'@%d'}]}", T + HOUR));
    assert_sweep(T + 5 * HOUR, 1, 0);
}

static void CA5_a_delivery_more_than_a_day_after_it_was_due_is_recorded_and_fires_nothing(void **state)
{
    struct fixture *f = *state;

    tell_late(f, DAY + HOUR + 1);
    assert_sweep(T + DAY + HOUR + 1, 1, 1);
    assert_int_equal(ledger_count(f, ADA, "CA5", "cart"), 1);
    tell_late(f, 3 * DAY);
    assert_sweep(T + 3 * DAY, 0, 0);
    assert_contact(ADA, "{'carts':[{'id':'k','state':'active'}]}");
}

static void CA5_at_a_day_after_it_was_due_it_still_fires(void **state)
{
    struct fixture *f = *state;

    tell_late(f, DAY + HOUR);
    assert_sweep(T + DAY + HOUR, 1, 0);
}

static void CA8_an_order_in_the_last_moment_counts(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    order(f, "1", T + HOUR, T + HOUR, "paid", "");
    assert_sweep(T + HOUR, 0, 0);
    assert_contact(ADA, "{'carts':[{'state':'completed','order_id':'1'}]}");
}

static void CA10_a_pending_payment_suspends_for_a_day(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    order(f, "1", T + 60, T + 60, "pending", ",'cart_id':'k'");
    assert_contact(ADA, body_of(f, "{'carts':[{'state':'active','due_at':'@%d'}]}", T + 60 + DAY));
    assert_sweep(T + 60 + DAY - 1, 0, 0);
    assert_sweep(T + 60 + DAY, 1, 0);
}

static void CA10_a_failed_payment_resumes_with_the_full_delay(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    order(f, "1", T + 60, T + 60, "pending", ",'cart_id':'k'");
    assert_sweep(T + 2 * HOUR, 0, 0);
    order(f, "1", T + 60, T + 2 * HOUR, "failed", ",'cart_id':'k'");
    assert_sweep(T + 3 * HOUR - 1, 0, 0);
    assert_sweep(T + 3 * HOUR, 1, 0);
}

static void CA10_a_payment_that_comes_through_completes(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    order(f, "1", T + 60, T + 60, "pending", ",'cart_id':'k'");
    order(f, "1", T + 60, T + 120, "paid", ",'cart_id':'k'");
    assert_sweep(T + 2 * DAY, 0, 0);
    assert_contact(ADA, "{'carts':[{'state':'completed','order_id':'1'}]}");
}

static void CA11_an_emptied_cart_fires_nothing(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    cart_of(f, "'email':'ada@example.com'", "k", T + 60, "[]");
    assert_sweep(T + DAY, 0, 0);
    assert_contact(ADA, "{'carts':[{'state':'closed','due_at':null}]}");
    assert_int_equal(firings(f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(CA2_only_a_cart_with_an_address_and_an_item_is_abandoned),
        contact_test(CA2_a_cart_is_abandoned_when_its_customer_gets_an_address),
        contact_test(CA2_a_cart_of_a_visitor_is_abandoned_when_the_visitor_is_known),
        contact_test(CA3_a_cart_is_due_after_the_delay_and_not_a_second_before),
        contact_test(CA3_each_source_has_its_own_delay_also_for_carts_that_wait),
        contact_test(CA4_a_repetition_and_a_poll_do_not_move_the_activity),
        contact_test(CA4_a_changed_cart_is_activity_though_it_says_no_time),
        contact_test(CA5_a_delivery_five_hours_late_does_not_prolong_the_wait),
        contact_test(CA5_a_delivery_more_than_a_day_after_it_was_due_is_recorded_and_fires_nothing),
        contact_test(CA5_at_a_day_after_it_was_due_it_still_fires),
        contact_test(CA8_an_order_in_the_last_moment_counts),
        contact_test(CA10_a_pending_payment_suspends_for_a_day),
        contact_test(CA10_a_failed_payment_resumes_with_the_full_delay),
        contact_test(CA10_a_payment_that_comes_through_completes),
        contact_test(CA11_an_emptied_cart_fires_nothing),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
