/* test_trigger.c -- what sets off triggers, and that each fires once (T1-T5, K9, M9, D7, GR-40..44, GR-48). */
#include "trigger_fixture.h"

#include "cart_sweep_at.h"

enum { DAY = 86400, SCRIPT_MAX = 40 };

/* A scripted life: every kind of happening comes at least once. Sent by the plugin; `key` names the delivery. */
static size_t play(struct fixture *f, struct sent script[SCRIPT_MAX])
{
    static const char *const bodies[] = {
        "{'type':'signup','occurred_at':'@10','contact':{'external_id':'1','email':'" ADA "','tags':['new']}}",
        "{'type':'form_signup','occurred_at':'@20','contact':{'email':'" ADA "'},'form':{'id':'f'}}",
        "{'type':'customer_updated','occurred_at':'@30','contact':{'external_id':'1','email':'" ADA
        "','first_name':'Ada','tags':[]}}",
        "{'type':'page_visit','occurred_at':'@40','contact':{'email':'" ADA "'},'page':{'url':'https://s.example/a'}}",
        "{'type':'product_viewed','occurred_at':'@50','contact':{'email':'" ADA "'},'product':{'id':'7'}}",
        "{'type':'order_updated','occurred_at':'@60','contact':{'email':'" ADA
        "'},'order':{'id':'o','status':'paid','total':'9.00',"
        "'currency':'EUR','created_at':'@60','updated_at':'@60'}}",
        "{'type':'order_refunded','occurred_at':'@70','contact':{'email':'" ADA "'},'order':{'id':'o','currency':'EUR',"
        "'refunds':[{'id':'r','amount':'2.00'}],'updated_at':'@70'}}",
        "{'type':'order_updated','occurred_at':'@80','contact':{'email':'" ADA "'},'order':{'id':'p','status':'cancelled',"
        "'total':'9.00','currency':'EUR','created_at':'@80','updated_at':'@80'}}",
        "{'type':'consent_updated','occurred_at':'@90','contact':{'email':'" ADA
        "','consent':{'email':{'state':'pending','at':'@90'}}}}",
        "{'type':'subscribe','at':'@100','channel':'email','source':'form','contact':{'email':'" ADA "'}}",
        "{'type':'unsubscribe','at':'@110','channel':'email','source':'mail','contact':{'email':'" ADA "'}}",
        "{'type':'cart_updated','occurred_at':'@100000','contact':{'email':'" ADA
        "'},'cart':{'id':'k','currency':'EUR','total':'9.00',"
        "'updated_at':'@100000','items':[{'product_id':'1','quantity':'1'}]}}",
        "{'type':'customer_deleted','occurred_at':'@99000','contact':{'external_id':'1','email':'" ADA "'}}",
    };
    size_t n = sizeof(bodies) / sizeof(*bodies);

    for (size_t i = 0; i < n; i++) {
        script[i] = (struct sent){.source = f->plugin, .body = bodies[i], .key = body_of(f, "delivery-%zu", i)};
        assert_applied(send_delivery(f, script[i]));
    }
    return n;
}

/* The second net: dedupe keys are gone, everything is told again, by the platform or by the operator. */
static void replay_all(struct fixture *f, struct sent *script, size_t n, bool by_operator)
{
    assert_int_equal(db_run(f->store->db, "DELETE FROM seen", ""), OK);
    for (size_t i = 0; i < n; i++) {
        script[i].replay = by_operator;
        assert_applied(send_delivery(f, script[i]));
    }
}

static void triggers_T5_GR41_GR43_GR44_fire_for_what_they_are_named_after_and_T4_once(void **state)
{
    struct fixture *f = *state;
    struct sent script[SCRIPT_MAX];
    size_t n;
    int64_t all;

    trigger_of_each_kind(f);
    sweep_at(f, RECEIPT_S);
    n = play(f, script);
    sweep_at(f, RECEIPT_S + 3600);
    script[n] = (struct sent){.source = f->plugin,
                              .key = "bought",
                              .body = "{'type':'order_updated','occurred_at':'@103650','contact':{'email':'" ADA
                                      "'},'order':{'id':'q','status':'paid','total':'9.00','currency':'EUR','cart_id':'k',"
                                      "'created_at':'@103650','updated_at':'@103650'}}"};
    assert_applied(send_delivery(f, script[n++]));
    sweep_at(f, RECEIPT_S + 3700);
    for (const char *const *kind = happening_names(); *kind; kind++)
        if (fired(f, *kind) == 0)
            fail_msg("%s did not fire", *kind);
    assert_fired("signup", 1);
    assert_fired("contact_added", 1);
    assert_fired("contact_updated", 1);
    assert_fired("purchase", 2);
    assert_fired("order_refunded", 1);
    assert_fired("order_cancelled", 1);
    assert_fired("opt_in_pending", 1);
    assert_fired("subscribed", 1);
    assert_fired("unsubscribed", 1);
    assert_fired("cart_abandoned", 1);
    assert_fired("deleted", 1);
    all = firings(f);
    replay_all(f, script, n, false);
    replay_all(f, script, n, true);
    sweep_at(f, RECEIPT_S + 3800);
    assert_int_equal(firings(f), all);
}

/* Only the facts hold it back: the trigger is younger than what is told again. */
static void triggers_D7_of_today_do_not_fire_for_what_was_known_before(void **state)
{
    struct fixture *f = *state;
    struct sent script[SCRIPT_MAX];
    size_t n = play(f, script);

    trigger(f, "buy", "purchase", "{}", "['tag:a']");
    trigger(f, "back", "order_refunded", "{}", "['tag:a']");
    trigger(f, "off", "order_cancelled", "{}", "['tag:a']");
    trigger(f, "new", "contact_added", "{}", "['tag:a']");
    trigger(f, "in", "subscribed", "{}", "['tag:a']");
    trigger(f, "out", "unsubscribed", "{}", "['tag:a']");
    trigger(f, "gone", "deleted", "{}", "['tag:a']");
    trigger(f, "see", "page_visit", "{}", "['tag:a']");
    trigger(f, "field", "contact_updated", "{}", "['tag:a']");
    replay_all(f, script, n, false);
    assert_int_equal(firings(f), 0);
}

static void triggers_T4_fire_once_for_a_delivery_that_comes_twice(void **state)
{
    struct fixture *f = *state;
    struct claimed twice[2];
    struct drain_verdict verdicts[2];
    const char *body = order_body(f, "1", 10, "paid", "9.00", "");

    trigger(f, "buy", "purchase", "{}", "['tag:buyer','cycle:thanks']");
    twice[0] = entry_of(f, (struct sent){.source = f->plugin, .body = body, .key = "one"});
    twice[1] = entry_of(f, (struct sent){.source = f->plugin, .body = body, .key = "two"}); /* the store told it twice */
    assert_int_equal(apply_entries(f, twice, 2, verdicts), OK);
    assert_int_equal(apply_entries(f, twice, 2, verdicts), OK); /* the acknowledgement got lost */
    assert_fired("buy", 1);
    assert_contact(ADA, "{'tags':['buyer']}");
}

/* -- what starts nothing ------------------------------------------------------------------------------------------------- */

static void triggers_K9_historical_orders_count_but_do_not_fire(void **state)
{
    struct fixture *f = *state;

    trigger_of_each_kind(f);
    for (int i = 0; i < 100; i++)
        assert_applied(
            plugin_says(f, body_of(f,
                                   "{'type':'order_updated','backfill':true,'occurred_at':'@%d','contact':{'email':'" ADA
                                   "'},'order':{'id':'%d',"
                                   "'status':'paid','total':'1.00','currency':'EUR','created_at':'@%d','updated_at':'@%d'}}",
                                   i, i, i, i)));
    assert_contact(ADA, "{'orders':{'count':100,'net':{'EUR':'100.00'}}}");
    assert_int_equal(firings(f), 0);
    assert_applied(plugin_says(f, order_body(f, "new", 200, "paid", "1.00", "")));
    assert_fired("purchase", 1);
}

#define EDITED                                                                                                      \
    "{'type':'order_updated','occurred_at':'@%d','contact':{'email':'" ADA "'},'order':{'id':'%s','status':'paid'," \
    "'total':'9.00','currency':'EUR','created_at':'@0','updated_at':'@%d'}}"
/* Nothing marks it as history but its own times. */
static void triggers_K9_an_old_order_that_is_heard_of_only_now_does_not_fire(void **state)
{
    struct fixture *f = *state;
    const char *unpaid = "{'type':'order_created','occurred_at':'@0','contact':{'email':'" ADA "'},'order':{'id':'known','status':"
                         "'pending','total':'9.00','currency':'EUR','created_at':'@0','updated_at':'@0'}}";

    trigger(f, "buy", "purchase", "{}", "['tag:a']");
    assert_applied(plugin_says(f, unpaid));
    receive_at(f, 30 * DAY);
    assert_applied(plugin_says(f, body_of(f, EDITED, 30 * DAY, "old", 30 * DAY)));
    assert_fired("buy", 0);
    assert_applied(plugin_says(f, body_of(f, EDITED, 30 * DAY, "known", 30 * DAY))); /* paid by bank, and we saw it placed */
    assert_fired("buy", 1);
    assert_applied(plugin_says(f, body_of(f, EDITED, 5, "late", 5))); /* told 30 days late */
    assert_fired("buy", 1);
}

static void triggers_K7_a_test_order_does_not_fire(void **state)
{
    struct fixture *f = *state;

    trigger_of_each_kind(f);
    assert_applied(plugin_says(f, order_body(f, "1", 10, "paid", "9.00", ",'test':true")));
    assert_fired("purchase", 0);
}

static void triggers_T1_a_replay_fires_only_when_the_operator_says_so(void **state)
{
    struct fixture *f = *state;
    struct sent first = {.source = f->plugin, .body = order_body(f, "1", 10, "paid", "9.00", ""), .replay = true};
    struct sent second = {.source = f->plugin, .body = order_body(f, "2", 10, "paid", "9.00", ""), .replay = true, .fire = true};

    trigger(f, "buy", "purchase", "{}", "['tag:a']");
    assert_applied(send_delivery(f, first));
    assert_fired("buy", 0);
    assert_applied(send_delivery(f, second));
    assert_fired("buy", 1);
    first.fire = true; /* it counts already: nothing happens any more */
    assert_applied(send_delivery(f, first));
    assert_applied(send_delivery(f, second));
    assert_fired("buy", 1);
}

static void triggers_M9_a_merge_fires_nothing(void **state)
{
    struct fixture *f = *state;
    struct sent merge = {
        .source = f->shop,
        .topic = "customers/merge",
        .body = "{'admin_graphql_api_customer_kept_id':'gid://shopify/Customer/1','admin_graphql_api_customer_deleted_id':"
                "'gid://shopify/Customer/2','status':'completed'}"};
    int64_t before;

    trigger_of_each_kind(f);
    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'" ADA "','tags':'a','updated_at':'@10'}"));
    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'" BOB "','tags':'b','updated_at':'@20'}"));
    before = firings(f);
    assert_true(before > 0);
    assert_applied(send_delivery(f, merge));
    merge.replay = merge.fire = true;
    assert_applied(send_delivery(f, merge));
    assert_contacts(1);
    assert_int_equal(firings(f), before);
}

static void triggers_that_are_disabled_or_removed_do_not_fire(void **state)
{
    struct fixture *f = *state;

    trigger(f, "a", "purchase", "{}", "['tag:a']");
    trigger(f, "b", "purchase", "{}", "['tag:b']");
    assert_int_equal(trigger_set_enabled(f->store, STR("a"), false), OK);
    assert_int_equal(trigger_remove(f->store, STR("b")), OK);
    assert_applied(plugin_says(f, order_body(f, "1", 10, "paid", "9.00", "")));
    assert_int_equal(firings(f), 0);
    trigger(f, "b", "purchase", "{}", "['tag:b']"); /* the name is free again, what it had fired is not its own */
    assert_int_equal(trigger_set_enabled(f->store, STR("a"), true), OK);
    assert_applied(plugin_says(f, order_body(f, "2", 10, "paid", "9.00", "")));
    assert_fired("a", 1);
    assert_fired("b", 1);
}

/* -- order of arrival ---------------------------------------------------------------------------------------------------- */

#define BY_ID                                                                                                         \
    "{'type':'order_refunded','occurred_at':'@20','contact':{'email':'" ADA "'},'order':{'id':'%s','currency':'EUR'," \
    "'refunds':[{'id':'r','amount':'4.00'}],'updated_at':'@20'}}"
static void triggers_K5_money_given_back_fires_once_however_it_is_told(void **state)
{
    struct fixture *f = *state;

    trigger(f, "back", "order_refunded", "{}", "['tag:a']");
    assert_applied(plugin_says(f, order_body(f, "1", 10, "paid", "9.00", "")));
    assert_applied(plugin_says(f, body_of(f, BY_ID, "1")));
    assert_applied(plugin_says(f, order_body(f, "1", 30, "partially_refunded", "9.00", ",'refunded':'4.00'")));
    assert_fired("back", 1);
    assert_applied(plugin_says(f, order_body(f, "2", 10, "paid", "9.00", "")));
    assert_applied(plugin_says(f, order_body(f, "2", 30, "partially_refunded", "9.00", ",'refunded':'4.00'")));
    assert_applied(plugin_says(f, body_of(f, BY_ID, "2")));
    assert_fired("back", 2);
    assert_applied(plugin_says(f, order_body(f, "2", 40, "refunded", "9.00", ",'refunded':'9.00'")));
    assert_fired("back", 3);
}

static void triggers_O4_a_registration_fires_also_when_the_update_came_first(void **state)
{
    struct fixture *f = *state;

    trigger(f, "reg", "signup", "{}", "['tag:a']");
    assert_applied(
        plugin_says(f, "{'type':'customer_updated','occurred_at':'@30','contact':{'external_id':'1','email':'" ADA "'}}"));
    assert_fired("reg", 0);
    assert_applied(plugin_says(f, signup_body(f, "1", ADA, "")));
    assert_fired("reg", 1);
}

static void triggers_O5_a_registration_before_a_deletion_that_is_known_does_not_fire(void **state)
{
    struct fixture *f = *state;

    trigger(f, "reg", "signup", "{}", "['tag:a']");
    send_delivery(f, (struct sent){.source = f->plugin,
                                   .body = "{'type':'customer_deleted','occurred_at':'@30','contact':{'external_id':'1'}}"});
    assert_applied(plugin_says(f, signup_body(f, "1", ADA, "")));
    assert_fired("reg", 0);
}

/* -- stores --------------------------------------------------------------------------------------------------------------- */

static void triggers_GR40_GR43_fire_for_the_stores_own_topics(void **state)
{
    struct fixture *f = *state;

    trigger(f, "reg", "signup", body_of(f, "{'source':%lld}", (long long)f->shop), "['tag:shopper']");
    trigger(f, "woo", "signup", body_of(f, "{'source':%lld}", (long long)f->woo), "['tag:woo']");
    assert_applied(shop_says(f, "customers/create", "{'id':7,'email':'" ADA "','created_at':'@10','updated_at':'@10'}"));
    assert_fired("reg", 1);
    assert_fired("woo", 0);
    assert_applied(
        woo_says(f, "customer.created", "{'id':7,'email':'" ADA "','date_created_gmt':'~10','date_modified_gmt':'~10'}"));
    assert_fired("woo", 1);
    assert_contact(ADA, "{'tags':['shopper','woo']}");
}

#define VISIT "{'type':'page_visit','occurred_at':'@%d','visitor_id':'0123456789abcdef','page':{'url':'https://s.example/a'}}"
static void triggers_GR42_a_visitor_fires_once_it_is_known_who_it_is(void **state)
{
    struct fixture *f = *state;

    trigger(f, "see", "page_visit", "{}", "['tag:visitor']");
    assert_applied(plugin_says(f, body_of(f, VISIT, 10)));
    assert_fired("see", 0);
    assert_applied(plugin_says(
        f,
        "{'type':'identify','occurred_at':'@20','visitor_id':'0123456789abcdef','contact':{'external_id':'1','email':'" ADA "'}}"));
    assert_applied(plugin_says(f, body_of(f, VISIT, 30)));
    assert_fired("see", 1);
    assert_contact(ADA, "{'tags':['visitor']}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(triggers_T5_GR41_GR43_GR44_fire_for_what_they_are_named_after_and_T4_once),
        contact_test(triggers_D7_of_today_do_not_fire_for_what_was_known_before),
        contact_test(triggers_T4_fire_once_for_a_delivery_that_comes_twice),
        contact_test(triggers_K9_historical_orders_count_but_do_not_fire),
        contact_test(triggers_K9_an_old_order_that_is_heard_of_only_now_does_not_fire),
        contact_test(triggers_K7_a_test_order_does_not_fire),
        contact_test(triggers_T1_a_replay_fires_only_when_the_operator_says_so),
        contact_test(triggers_M9_a_merge_fires_nothing),
        contact_test(triggers_that_are_disabled_or_removed_do_not_fire),
        contact_test(triggers_K5_money_given_back_fires_once_however_it_is_told),
        contact_test(triggers_O4_a_registration_fires_also_when_the_update_came_first),
        contact_test(triggers_O5_a_registration_before_a_deletion_that_is_known_does_not_fire),
        contact_test(triggers_GR40_GR43_fire_for_the_stores_own_topics),
        contact_test(triggers_GR42_a_visitor_fires_once_it_is_known_who_it_is),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
