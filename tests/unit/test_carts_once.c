/* test_carts_once.c -- what is recorded of a cart, once: cool-down, recovery, consent, first activation, restarts, age, merges (CA1, CA9, CA12-CA16, M9). */
#include "cart_fixture.h"

static void CA9_three_updates_are_one_event(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++)
        cart(f, "k", T + 600 * i);
    assert_sweep(T + 1200 + HOUR - 1, 0, 0);
    assert_sweep(T + 1200 + HOUR, 1, 0);
    assert_sweep(T + 30 * HOUR, 0, 0);
}

static void CA1_CA9_two_devices_are_two_carts_and_one_event_in_the_cool_down(void **state)
{
    struct fixture *f = *state;

    cart(f, "phone", T);
    cart(f, "desk", T + 60);
    assert_sweep(T + 2 * HOUR, 2, 1);
    assert_int_equal(count_rows(f, "SELECT quiet FROM cart_firing WHERE cart_id = 'phone'"), NOT_QUIET);
    assert_int_equal(count_rows(f, "SELECT quiet FROM cart_firing WHERE cart_id = 'desk'"), QUIET_COOL_DOWN);
    assert_int_equal(ledger_count(f, ADA, "CA9", "cart"), 1);
    cart(f, "later", T + 7 * DAY);
    assert_sweep(T + 7 * DAY + HOUR, 1, 1);
    cart(f, "last", T + 7 * DAY + 2 * HOUR);
    assert_sweep(T + 7 * DAY + 3 * HOUR, 1, 0);
}

static void CA9_the_cool_down_is_the_sources_own(void **state)
{
    struct fixture *f = *state;
    struct source_carts none = {.cooldown_ms = 0};

    assert_int_equal(source_set_carts(f->store, f->plugin, &none), OK);
    cart(f, "a", T);
    cart(f, "b", T);
    assert_sweep(T + HOUR, 2, 0);
}

static void CA12_an_order_recovers_once_and_is_named(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    assert_sweep(T + HOUR, 1, 0);
    order(f, "17", T + 2 * HOUR, T + 2 * HOUR, "paid", ",'cart_id':'k'");
    assert_int_equal(sweep_at(f, T + 2 * HOUR).recovered, 1);
    order(f, "17", T + 2 * HOUR, T + 3 * HOUR, "completed", ",'cart_id':'k'");
    assert_int_equal(sweep_at(f, T + 3 * HOUR).recovered, 0);
    assert_contact(ADA, "{'carts':[{'state':'recovered','order_id':'17'}]}");
    assert_ledger(ADA, "CA12", "cart", "abandoned", "recovered");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cart_firing WHERE kind = 1 AND order_id = '17'"), 1);
}

static void CA12_activity_makes_active_again_and_is_another_episode(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    assert_sweep(T + HOUR, 1, 0);
    cart(f, "k", T + 2 * HOUR);
    assert_contact(ADA, body_of(f, "{'carts':[{'state':'active','due_at':'@%d'}]}", T + 3 * HOUR));
    assert_sweep(T + 3 * HOUR, 1, 1);
    assert_contact(ADA, "{'carts':[{'state':'abandoned'}]}");
}

static void CA12_a_purchase_told_late_that_was_before_is_no_recovery(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    assert_sweep(T + HOUR, 1, 0);
    order(f, "1", T + 60, T + 2 * HOUR, "paid", ",'cart_id':'k'");
    assert_int_equal(sweep_at(f, T + 2 * HOUR).recovered, 0);
    assert_contact(ADA, "{'carts':[{'state':'completed'}]}");
}

static void CA12_what_the_platform_calls_abandoned_fires_at_once(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    receive_at(f, T + 60);
    assert_applied(plugin_says(f, body_of(f,
                                          "{'type':'cart_abandoned','abandoned_at':'@%d','contact':{'email':'ada@example.com'},"
                                          "'cart':{'id':'k','currency':'EUR','total':'9.00','updated_at':'@%d','items':" ITEMS "}}",
                                          T + 60, T + 60)));
    assert_sweep(T + 60, 1, 0);
    assert_sweep(T + 2 * HOUR, 0, 0);
    assert_contact(ADA, "{'carts':[{'state':'abandoned'}]}");
}

static void CA13_consent_decides_the_mail_and_not_the_record(void **state)
{
    struct fixture *f = *state;

    receive_at(f, T);
    assert_applied(plugin_says(f, body_of(f,
                                          "{'type':'signup','occurred_at':'@%d','contact':{'email':'bo@example.com','consent':"
                                          "{'email':{'state':'subscribed','at':'@%d','source':'form'}}}}",
                                          T, T)));
    assert_applied(plugin_says(f, body_of(f, "{'type':'unsubscribe','at':'@%d','contact':{'email':'ada@example.com'}}", T)));
    cart(f, "hers", T);
    cart_of(f, "'email':'bo@example.com'", "his", T, ITEMS);
    assert_sweep(T + HOUR, 2, 0);
    assert_int_equal(count_rows(f, "SELECT mailable FROM cart_firing WHERE cart_id = 'hers'"), 0);
    assert_int_equal(count_rows(f, "SELECT mailable FROM cart_firing WHERE cart_id = 'his'"), 1);
}

static void CA14_a_cart_that_was_due_before_the_source_was_added_does_not_fire(void **state)
{
    struct fixture *f = *state;

    receive_at(f, T);
    for (int i = 0; i < 2; i++) {
        int active = T - HOUR - 1 + i;

        assert_applied(
            plugin_says(f, body_of(f,
                                   "{'type':'cart_updated','occurred_at':'@%d','contact':{'email':'p%d@example.com'},"
                                   "'cart':{'id':'k%d','currency':'EUR','total':'9.00','updated_at':'@%d','items':" ITEMS "}}",
                                   active, i, i, active)));
    }
    assert_sweep(T, 2, 1);
    assert_contact("p0@example.com", "{'carts':[{'state':'active'}]}");
    assert_contact("p1@example.com", "{'carts':[{'state':'abandoned'}]}");
    assert_int_equal(ledger_count(f, "p0@example.com", "CA14", "cart"), 1);
}

static void CA14_carts_up_to_three_days_back_fire_when_the_operator_says_so(void **state)
{
    struct fixture *f = *state;
    struct source_carts back = {.cooldown_ms = -1, .back_ms = INT64_C(3) * DAY * 1000};

    assert_int_equal(source_set_carts(f->store, f->plugin, &back), OK);
    receive_at(f, T);
    assert_applied(plugin_says(f, body_of(f,
                                          "{'type':'cart_updated','occurred_at':'@%d','contact':{'email':'ada@example.com'},"
                                          "'cart':{'id':'k','currency':'EUR','total':'9.00','updated_at':'@%d','items':" ITEMS "}}",
                                          T - 20 * HOUR, T - 20 * HOUR)));
    assert_sweep(T, 1, 0);
}

static void CA14_a_database_of_before_fires_nothing_of_the_past(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    assert_int_equal(db_run(f->store->db, "UPDATE source SET carts_from_us = 0", ""), OK);
    assert_sweep(T + 2 * HOUR, 1, 1);
    cart(f, "new", T + 2 * HOUR);
    assert_sweep(T + 3 * HOUR, 1, 0);
}

static void CA14_what_became_due_while_the_source_was_disabled_does_not_fire(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    assert_int_equal(source_set_enabled(f->store, f->plugin, false), OK);
    assert_sweep(T + 2 * HOUR, 0, 0);
    assert_int_equal(source_set_enabled(f->store, f->plugin, true), OK);
    assert_sweep(T + 2 * HOUR, 1, 1);
}

static void CA15_overdue_carts_fire_once_after_a_restart_the_oldest_first(void **state)
{
    struct fixture *f = *state;
    struct buf why = BUF_INIT(1000);
    struct cart_swept swept;

    for (int i = 0; i < 5; i++)
        cart_of(f, body_of(f, "'email':'p%d@example.com'", i), body_of(f, "k%d", i), T + 60 * (5 - i), ITEMS);
    assert_sweep(T + 360, 0, 0);
    store_close(f->store);
    assert_int_equal(store_open_url(f->url, 50, &f->clock, &f->store, &why), OK);
    receive_at(f, T + 10 * HOUR);
    assert_int_equal(cart_sweep(f->store, &settings, 2, &swept), OK);
    assert_int_equal(swept.abandoned, 2);
    assert_true(swept.more);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cart_firing WHERE cart_id IN ('k4', 'k3')"), 2);
    assert_sweep(T + 10 * HOUR, 3, 0);
    assert_sweep(T + 10 * HOUR, 0, 0);
    assert_int_equal(firings(f), 5);
    buf_release(&why);
}

static void CA9_N4_two_sweepers_record_each_once(void **state)
{
    struct fixture *f = *state;
    struct buf why = BUF_INIT(1000);
    struct store *other = NULL;
    struct cart_swept a, b;
    uint64_t sum = 0;

    for (int i = 0; i < 9; i++)
        cart_of(f, body_of(f, "'email':'p%d@example.com'", i), "k", T, ITEMS), cart(f, body_of(f, "a%d", i), T);
    assert_int_equal(store_open_url(f->url, 50, &f->clock, &other, &why), OK);
    receive_at(f, T + HOUR);
    do {
        assert_int_equal(cart_sweep(f->store, &settings, 2, &a), OK);
        assert_int_equal(cart_sweep(other, &settings, 3, &b), OK);
        sum += a.abandoned + b.abandoned;
    } while (a.more || b.more);
    assert_int_equal(sum, firings(f));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cart WHERE look_us > 0"), 0);
    store_close(other);
    buf_release(&why);
}

static void CA9_D7_a_replay_of_everything_fires_nothing_again(void **state)
{
    struct fixture *f = *state;
    bool more = false;

    for (int i = 0; i < 2; i++) {
        receive_at(f, T);
        assert_applied(shop_says(f, "checkouts/update",
                                 "{'token':'k','email':'ada@example.com','currency':'EUR','total_price':'9.00','created_at':"
                                 "'@100000','updated_at':'@100000','line_items':[{'product_id':1,'quantity':1}]}"));
        assert_sweep(T + HOUR + i, i ? 0 : 1, 0);
        assert_int_equal(db_run(f->store->db, "DELETE FROM seen", ""), OK);
    }
    receive_at(f, T + 31 * DAY); /* nor after the cart itself is forgotten */
    assert_int_equal(cart_forget(f->store, &more), OK);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cart"), 0);
    tell_late(f, 31 * DAY);
    assert_sweep(T + 31 * DAY, 1, 1);
}

static void CA16_a_cart_idle_for_thirty_days_is_forgotten(void **state)
{
    struct fixture *f = *state;
    bool more = true;

    cart(f, "old", T);
    cart(f, "young", T + 1);
    receive_at(f, T + 30 * DAY);
    assert_int_equal(cart_forget(f->store, &more), OK);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cart"), 2);
    receive_at(f, T + 30 * DAY + 1);
    assert_int_equal(cart_forget(f->store, &more), OK);
    assert_false(more);
    assert_contact(ADA, "{'carts':[{'id':'young'}]}");
}

static void M9_a_merge_fires_nothing_and_keeps_the_newest_cart(void **state)
{
    static const struct {
        const char *token, *email;
        int id;
    } carts[] = {{"older", "ada@example.com", 1}, {"newer", "bo@example.com", 2}};
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        receive_at(f, T + 60 * i);
        assert_applied(shop_says(f, "checkouts/create",
                                 body_of(f,
                                         "{'token':'%s','email':'%s','customer':{'id':%d,'email':'%s'},'currency':'EUR',"
                                         "'total_price':'9.00','created_at':'@%d','updated_at':'@%d','line_items':" ITEMS "}",
                                         carts[i].token, carts[i].email, carts[i].id, carts[i].email, T, T + 60 * i)));
    }
    receive_at(f, T + 120);
    assert_applied(shop_says(f, "customers/merge",
                             "{'admin_graphql_api_customer_kept_id':'gid://shopify/Customer/2',"
                             "'admin_graphql_api_customer_deleted_id':'gid://shopify/Customer/1','status':'completed'}"));
    assert_sweep(T + 120, 0, 0);
    assert_contact("bo@example.com", "{'carts':[{'id':'newer','state':'active'},{'id':'older','state':'closed','due_at':null}]}");
    assert_sweep(T + 2 * HOUR, 1, 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cart_firing WHERE cart_id = 'newer'"), 1);
}

static void X2_an_erasure_takes_what_fired_with_it(void **state)
{
    struct fixture *f = *state;

    cart(f, "k", T);
    assert_sweep(T + HOUR, 1, 0);
    assert_applied(plugin_says(f, "{'type':'erase','contact':{'email':'ada@example.com'}}"));
    assert_int_equal(firings(f), 0);
}

/* True when SQLite answers the question by an index alone, without reading or sorting a whole table. */
static bool uses_index(struct fixture *f, const char *sql, const char *index)
{
    struct db_stmt *st = NULL;
    bool row = false, found = false, whole = false;

    assert_int_equal(db_prepare(f->store->db, sql, &st), OK);
    while (db_step(st, &row) == OK && row) {
        const char *text = arena_str(&f->arena, db_column_str(st, 3)).p;

        found |= strstr(text, index) != NULL;
        whole |= strncmp(text, "SCAN", 4) == 0 || strstr(text, "TEMP B-TREE") != NULL;
    }
    db_done(st);
    return found && !whole;
}

static void N9_the_sweep_asks_indexes_only(void **state)
{
    struct fixture *f = *state;

    if (!str_starts(str_of(f->url), STR("sqlite:"))) {
        print_message("skipped: asks SQLite how it answers\n");
        skip();
    }
    assert_true(uses_index(f,
                           "EXPLAIN QUERY PLAN SELECT source_id, id, look_us FROM cart WHERE account_id = 1 AND look_us > 0"
                           " AND look_us <= 9 ORDER BY look_us, source_id, id LIMIT 5",
                           "cart_look"));
    assert_true(
        uses_index(f, "EXPLAIN QUERY PLAN UPDATE cart SET look_us = 1 WHERE account_id = 1 AND source_id = 1 AND cart_id = 'k'",
                   "cart_token"));
    assert_true(
        uses_index(f, "EXPLAIN QUERY PLAN UPDATE cart SET look_us = 1 WHERE account_id = 1 AND source_id = 1 AND subject = 'c:1'",
                   "cart_customer"));
    assert_true(uses_index(f,
                           "EXPLAIN QUERY PLAN UPDATE cart SET look_us = 1 WHERE account_id = 1 AND source_id = 1 AND subject = ''"
                           " AND visitor_id IN (SELECT id FROM visitor WHERE account_id = 1 AND source_id = 1 AND subject = 'c:1')",
                           "cart_visitor (account_id=? AND source_id=? AND visitor_id=?"));
    assert_true(uses_index(f,
                           "EXPLAIN QUERY PLAN SELECT account_id, source_id, id FROM cart WHERE account_id = 1 AND heard_us < 9"
                           " AND active_us < 9 ORDER BY heard_us LIMIT 5",
                           "cart_heard"));
    assert_true(uses_index(f,
                           "EXPLAIN QUERY PLAN SELECT account_id, id FROM cart_firing WHERE account_id = 1 AND fired_us < 9"
                           " ORDER BY fired_us LIMIT 5",
                           "cart_firing_age"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(CA9_three_updates_are_one_event),
        contact_test(CA1_CA9_two_devices_are_two_carts_and_one_event_in_the_cool_down),
        contact_test(CA9_the_cool_down_is_the_sources_own),
        contact_test(CA12_an_order_recovers_once_and_is_named),
        contact_test(CA12_activity_makes_active_again_and_is_another_episode),
        contact_test(CA12_a_purchase_told_late_that_was_before_is_no_recovery),
        contact_test(CA12_what_the_platform_calls_abandoned_fires_at_once),
        contact_test(CA13_consent_decides_the_mail_and_not_the_record),
        contact_test(CA14_a_cart_that_was_due_before_the_source_was_added_does_not_fire),
        contact_test(CA14_carts_up_to_three_days_back_fire_when_the_operator_says_so),
        contact_test(CA14_a_database_of_before_fires_nothing_of_the_past),
        contact_test(CA14_what_became_due_while_the_source_was_disabled_does_not_fire),
        contact_test(CA15_overdue_carts_fire_once_after_a_restart_the_oldest_first),
        contact_test(CA9_N4_two_sweepers_record_each_once),
        contact_test(CA9_D7_a_replay_of_everything_fires_nothing_again),
        contact_test(CA16_a_cart_idle_for_thirty_days_is_forgotten),
        contact_test(M9_a_merge_fires_nothing_and_keeps_the_newest_cart),
        contact_test(X2_an_erasure_takes_what_fired_with_it),
        contact_test(N9_the_sweep_asks_indexes_only),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
