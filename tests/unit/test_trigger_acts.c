/* test_trigger_acts.c -- conditions and actions of triggers, imports, erasure (T1-T3, GR-48, CA9, CA13, AC-11, AC-12, X2). */
#include "trigger_fixture.h"

#include "cart_sweep_at.h"
#include "store/account.h"
#include "store/notice_target.h"

static void target(struct fixture *f, const char *name, const char *types)
{
    struct notice_target_plan plan = {.name = str_of(name), .url = STR("https://hooks.example/in"), .types = str_of(types)};
    struct secret *secret = NULL;

    assert_int_equal(notice_target_add(f->store, f->seal, &plan, &secret), OK);
    secret_free(secret);
}

static void subscribe(struct fixture *f, const char *email)
{
    assert_applied(plugin_says(
        f, body_of(f, "{'type':'subscribe','at':'@5','channel':'email','source':'form','contact':{'email':'%s'}}", email)));
}

/* -- conditions ---------------------------------------------------------------------------------------------------------- */

static void triggers_GR48_purchase_conditions_hold_or_not(void **state)
{
    struct fixture *f = *state;
    const char *items = ",'items':[{'product_id':'7','variant_id':'70','sku':'shirt-m','quantity':'1','price':'9.00'}]";

    trigger(f, "least", "purchase", "{'amount':'>=9.00 EUR'}", "['tag:a']");
    trigger(f, "more", "purchase", "{'amount':'>9.00 EUR'}", "['tag:a']");
    trigger(f, "dollars", "purchase", "{'amount':'>=1.00 USD'}", "['tag:a']");
    trigger(f, "product", "purchase", "{'product':'7'}", "['tag:a']");
    trigger(f, "variant", "purchase", "{'product':'70'}", "['tag:a']");
    trigger(f, "sku", "purchase", "{'product':'shirt-m'}", "['tag:a']");
    trigger(f, "other", "purchase", "{'product':'8'}", "['tag:a']");
    assert_applied(plugin_says(f, order_body(f, "1", 10, "paid", "9.00", items)));
    assert_fired("least", 1);
    assert_fired("more", 0);
    assert_fired("dollars", 0);
    assert_fired("product", 1);
    assert_fired("variant", 1);
    assert_fired("sku", 1);
    assert_fired("other", 0);
}

static void triggers_GR48_a_visited_url_fits_a_pattern_or_not(void **state)
{
    struct fixture *f = *state;

    trigger(f, "path", "page_visit", "{'url':'/sale*'}", "['tag:a']");
    trigger(f, "whole", "page_visit", "{'url':'https://s.example/*/shirts'}", "['tag:a']");
    trigger(f, "plain", "page_visit", "{'url':'/sale'}", "['tag:a']");
    assert_applied(plugin_says(f, signup_body(f, "1", ADA, "")));
    assert_applied(plugin_says(f, visit_body(f, 20, "https://s.example/sale/shirts?id=1")));
    assert_fired("path", 1);
    assert_fired("whole", 0);
    assert_fired("plain", 0);
    assert_applied(plugin_says(f, visit_body(f, 30, "https://s.example/a/b/shirts")));
    assert_applied(plugin_says(f, visit_body(f, 40, "https://s.example/sale")));
    assert_fired("path", 2);
    assert_fired("whole", 1);
    assert_fired("plain", 1);
}

static void triggers_GR48_an_abandoned_cart_fires_once_with_its_conditions(void **state)
{
    struct fixture *f = *state;

    trigger(f, "cart", "cart_abandoned", "{'amount':'>=5.00 EUR','product':'1'}", "['tag:left','notice:crm']");
    trigger(f, "big", "cart_abandoned", "{'amount':'>=50.00 EUR'}", "['tag:big']");
    trigger(f, "mail", "cart_abandoned", "{'mailable':true}", "['tag:mail']");
    target(f, "crm", "");
    sweep_at(f, RECEIPT_S);
    assert_applied(
        plugin_says(f, "{'type':'cart_updated','occurred_at':'@100000','contact':{'email':'" ADA "'},'cart':{'id':'k',"
                       "'currency':'EUR','total':'9.00','updated_at':'@100000','items':[{'product_id':'1','quantity':'1'}]}}"));
    sweep_at(f, RECEIPT_S + 3599);
    assert_fired("cart", 0);
    sweep_at(f, RECEIPT_S + 3600);
    sweep_at(f, RECEIPT_S + 9000);
    assert_fired("cart", 1); /* CA9 */
    assert_fired("big", 0);
    assert_fired("mail", 0); /* CA13: recorded, and not mailable */
    assert_contact(ADA, "{'tags':['left']}");
    assert_int_equal(
        count_rows(f, "SELECT count(*) FROM notice WHERE type = 'cart_abandoned' AND body LIKE '%\"mailable\":false%'"), 1);
}

static void triggers_with_first_fire_for_the_first_purchase_ever(void **state)
{
    struct fixture *f = *state;

    trigger(f, "first", "purchase", "{'first':true}", "['tag:a']");
    assert_applied(plugin_says(f, order_body(f, "1", 10, "paid", "9.00", "")));
    assert_applied(plugin_says(f, order_body(f, "2", 20, "paid", "9.00", "")));
    assert_fired("first", 1);
    assert_applied(plugin_says(f,
                               "{'type':'order_updated','backfill':true,'occurred_at':'@1','contact':{'email':'" BOB "'},'order':{"
                               "'id':'3','status':'paid','total':'1.00','currency':'EUR','created_at':'@1','updated_at':'@1'}}"));
    assert_applied(plugin_says(f,
                               "{'type':'order_updated','occurred_at':'@30','contact':{'email':'" BOB "'},'order':{"
                               "'id':'4','status':'paid','total':'1.00','currency':'EUR','created_at':'@30','updated_at':'@30'}}"));
    assert_fired("first", 1); /* history counts */
}

static void triggers_with_first_fire_for_the_first_visit_of_a_page(void **state)
{
    struct fixture *f = *state;

    trigger(f, "first", "page_visit", "{'first':true,'url':'/sale*'}", "['tag:a']");
    assert_applied(plugin_says(f, signup_body(f, "1", ADA, "")));
    assert_applied(plugin_says(f, visit_body(f, 20, "https://s.example/about")));
    assert_fired("first", 0);
    assert_applied(plugin_says(f, visit_body(f, 30, "https://s.example/sale/1")));
    assert_applied(plugin_says(f, visit_body(f, 40, "https://s.example/sale/2")));
    assert_fired("first", 1);
}

static void triggers_ask_for_tags_lists_and_whether_the_contact_may_be_mailed(void **state)
{
    struct fixture *f = *state;

    trigger(f, "vip", "purchase", "{'tags':['vip']}", "['tag:a']");
    trigger(f, "no vip", "purchase", "{'no_tags':['vip']}", "['tag:a']");
    trigger(f, "mail", "purchase", "{'mailable':true}", "['tag:a']");
    trigger(f, "news", "subscribed", "{'list':'news'}", "['tag:a']");
    trigger(f, "got vip", "tag_added", "{'tag_name':'vip'}", "['tag:a']");
    assert_applied(plugin_says(f, signup_body(f, "1", ADA, ",'tags':['vip','x']")));
    assert_applied(plugin_says(f, order_body(f, "1", 20, "paid", "9.00", "")));
    assert_fired("vip", 1);
    assert_fired("no vip", 0);
    assert_fired("mail", 0);
    assert_fired("got vip", 1);
    subscribe(f, ADA);
    assert_fired("news", 0);
    assert_applied(plugin_says(
        f, "{'type':'subscribe','at':'@40','channel':'email','list':'news','source':'form','contact':{'email':'" ADA "'}}"));
    assert_fired("news", 1);
    assert_applied(plugin_says(f, order_body(f, "2", 50, "paid", "9.00", "")));
    assert_fired("mail", 1);
}

static const char *refusal(struct fixture *f, enum happening_kind on, const char *conditions, const char *actions)
{
    struct buf why = BUF_INIT(4096);
    struct trigger t = {.on = on};
    const char *text;

    assert_int_equal(trigger_read(str_of(plain(f, conditions)), str_of(plain(f, actions)), &f->arena, &t, &why), ERR_CONFIG);
    text = arena_str(&f->arena, buf_str(&why)).p;
    buf_release(&why);
    return text;
}

static void triggers_that_make_no_sense_are_refused_with_the_reason(void **state)
{
    struct fixture *f = *state;

    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "{'colour':'red'}", "['tag:a']"), "unknown condition \"colour\""));
    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "{'url':'/a'}", "['tag:a']"), "page_visit product_viewed"));
    assert_non_null(strstr(refusal(f, HAPPENING_SIGNUP, "{'first':true}", "['tag:a']"), "purchase"));
    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "{'amount':'10 EUR'}", "['tag:a']"), ">=10.00 EUR"));
    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "{'amount':'>=10.001 EUR'}", "['tag:a']"), ">=10.00 EUR"));
    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "{'first':false}", "['tag:a']"), "leave it out"));
    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "{'tags':'vip'}", "['tag:a']"), "list"));
    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "[]", "['tag:a']"), "object"));
    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "{}", "[]"), "1 to 8 actions"));
    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "{}", "['mail:x']"), "tag:TAG"));
    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "{}", "['tag:']"), "1 to 100 bytes"));
    assert_non_null(strstr(refusal(f, HAPPENING_PURCHASE, "{}", "['cycle:w@soon']"), "number"));
}

/* -- actions ------------------------------------------------------------------------------------------------------------- */

static void triggers_tag_and_untag_and_start_no_trigger_by_it(void **state)
{
    struct fixture *f = *state;

    trigger(f, "buy", "purchase", "{}", "['tag:buyer','untag:lead']");
    trigger(f, "lead", "signup", "{}", "['tag:lead']");
    trigger(f, "loop", "tag_added", "{}", "['tag:again']");
    assert_applied(plugin_says(f, signup_body(f, "1", ADA, "")));
    assert_contact(ADA, "{'tags':['lead']}");
    assert_applied(plugin_says(f, order_body(f, "1", 20, "paid", "9.00", "")));
    assert_contact(ADA, "{'tags':['buyer']}");
    assert_fired("loop", 0);
    assert_int_equal(ledger_count(f, ADA, "T4", "trigger"), 2);
    assert_string_equal(did(f, "buy"), "tag:buyer; untag:lead");
}

static void triggers_start_a_cycle_only_for_whom_may_be_mailed(void **state)
{
    struct fixture *f = *state;

    trigger(f, "buy", "purchase", "{}", "['cycle:thanks@3']");
    target(f, "mailer", "cycle.start");
    target(f, "other", "purchase");
    assert_applied(plugin_says(f, order_body(f, "1", 10, "paid", "9.00", "")));
    assert_non_null(strstr(did(f, "buy"), "not done: the contact may not be mailed"));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cycle_start"), 0);
    subscribe(f, ADA);
    assert_applied(plugin_says(f, order_body(f, "2", 20, "paid", "9.00", "")));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cycle_start WHERE cycle = 'thanks' AND day = 3 AND address = '" ADA "'"),
                     1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice WHERE type = 'cycle.start' AND body LIKE '%\"cycle\":\"thanks\"%'"),
                     1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice_delivery"), 1);
}

static void triggers_send_notices_to_one_target_or_to_all_that_want_them(void **state)
{
    struct fixture *f = *state;

    target(f, "crm", "subscribed");
    target(f, "all", "");
    target(f, "none", "subscribed");
    trigger(f, "one", "purchase", "{}", "['notice:crm']");
    trigger(f, "each", "purchase", "{}", "['notice']");
    trigger(f, "gone", "purchase", "{}", "['notice:nobody']");
    assert_applied(plugin_says(f, order_body(f, "1", 10, "paid", "9.00", "")));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice_delivery"), 2);
    assert_int_equal(
        count_rows(f, "SELECT count(*) FROM notice WHERE body LIKE '%\"order_id\":\"1\"%' AND body LIKE '%\"amount\":\"9.00\"%'"
                      " AND body LIKE '%\"happening\":\"purchase\"%' AND body LIKE '%\"email\":\"" ADA "\"%'"),
        2);
    assert_non_null(strstr(did(f, "gone"), "no such target"));
}

static void triggers_N6_subscribe_to_a_list_and_never_relax(void **state)
{
    struct fixture *f = *state;

    trigger(f, "buy", "purchase", "{}", "['list:buyers']");
    trigger(f, "back", "order_refunded", "{}", "['unlist:buyers']");
    assert_applied(plugin_says(f, order_body(f, "1", 10, "paid", "9.00", "")));
    assert_contact(ADA, "{'lists':[{'list':'buyers','status':'subscribed'}]}");
    assert_applied(plugin_says(f, order_body(f, "1", 20, "refunded", "9.00", ",'refunded':'9.00'")));
    assert_contact(ADA, "{'lists':[{'list':'buyers','status':'unsubscribed'}]}");
    assert_applied(plugin_says(f, order_body(f, "2", 30, "paid", "9.00", "")));
    assert_fired("buy", 2);
    assert_contact(ADA, "{'lists':[{'list':'buyers','status':'unsubscribed'}]}");
}

static void triggers_are_of_their_account(void **state)
{
    struct fixture *f = *state;
    struct account account;
    int64_t other;

    trigger(f, "here", "purchase", "{}", "['tag:a']");
    assert_int_equal(account_add(f->store, STR("other"), &account), OK);
    store_enter(f->store, account.id);
    other = add_source(f, "storehook", "plugin", "", 0);
    trigger(f, "there", "purchase", "{}", "['tag:b']");
    assert_applied(send_delivery(f, (struct sent){.source = other, .body = order_body(f, "1", 10, "paid", "9.00", "")}));
    assert_fired("there", 1);
    assert_contact(ADA, "{'tags':['b']}");
    store_enter(f->store, ACCOUNT_DEFAULT);
    assert_fired("here", 0);
    assert_nobody(ADA);
}

/* -- imports ------------------------------------------------------------------------------------------------------------- */

static int64_t csv_source(struct fixture *f)
{
    struct source_plan plan = {.route = route_of("csv"), .name = STR("csv import"), .disabled = true};
    struct source source = {.id = 0};
    struct buf why = BUF_INIT(1000);
    int64_t id;

    assert_int_equal(source_add(f->store, f->seal, &plan, &source, &why), OK);
    id = source.id;
    source_release(&source);
    buf_release(&why);
    return id;
}

static void import_row(struct fixture *f, int64_t csv, int row, const char *email, const char *name, bool fire, const char *on_add)
{
    assert_applied(send_delivery(
        f,
        (struct sent){.source = csv,
                      .platform = "csv",
                      .body = body_of(f,
                                      "{'import':'x','row':'%d','confirmed':'Ada','contact.email':'%s','contact.first_name':'%s',"
                                      "'contact.consent.email.state':'subscribed'}",
                                      row, email, name),
                      .fire = fire,
                      .on_add = on_add}));
}

static void imports_T2_AC11_AC12_start_no_cycle_and_send_no_notice(void **state)
{
    struct fixture *f = *state;
    int64_t csv = csv_source(f);

    trigger_of_each_kind(f);
    trigger(f, "welcome", "contact_added", "{}", "['cycle:welcome','notice']");
    trigger(f, "changed", "contact_updated", "{}", "['notice']");
    target(f, "all", "");
    for (int i = 0; i < 50; i++)
        import_row(f, csv, i, body_of(f, "p%d@example.com", i), "A", false, NULL);
    for (int i = 0; i < 50; i++)
        import_row(f, csv, 50 + i, body_of(f, "p%d@example.com", i), "B", false, NULL);
    assert_contacts(50);
    assert_contact("p7@example.com", "{'first_name':'B'}");
    assert_int_equal(firings(f), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cycle_start"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice"), 0);
}

static void imports_T1_fire_when_the_operator_says_so(void **state)
{
    struct fixture *f = *state;
    int64_t csv = csv_source(f);

    trigger(f, "new", "contact_added", "{}", "['tag:a']");
    import_row(f, csv, 1, ADA, "A", true, NULL);
    import_row(f, csv, 2, BOB, "B", false, NULL);
    assert_fired("new", 1);
    assert_contact(ADA, "{'tags':['a']}");
}

static void imports_T3_GR05_start_a_cycle_for_added_contacts_only(void **state)
{
    struct fixture *f = *state;
    int64_t csv = csv_source(f);

    trigger(f, "new", "contact_added", "{}", "['tag:a']");
    target(f, "mailer", "");
    assert_applied(plugin_says(f, "{'type':'unsubscribe','at':'@1','channel':'email','source':'x','contact':{'email':'" BOB "'}}"));
    import_row(f, csv, 1, ADA, "A", false, "cycle:welcome@2");
    import_row(f, csv, 2, ADA, "A2", false, "cycle:welcome@2");
    import_row(f, csv, 3, BOB, "B", false, "cycle:welcome@2");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cycle_start"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cycle_start WHERE address = '" ADA "' AND because = 'import' AND day = 2"),
                     1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice WHERE type = 'cycle.start'"), 1);
    assert_fired("new", 1); /* by the unsubscription, which is no import */
}

/* -- the end ------------------------------------------------------------------------------------------------------------- */

static void triggers_X2_leave_nothing_of_an_erased_person(void **state)
{
    struct fixture *f = *state;

    trigger(f, "buy", "purchase", "{}", "['cycle:thanks','tag:a']");
    trigger(f, "reg", "signup", "{}", "['tag:a']");
    subscribe(f, ADA);
    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'" ADA "'}}"));
    assert_applied(plugin_says(f, order_body(f, "1", 20, "paid", "9.00", "")));
    assert_int_equal(firings(f), 2);
    assert_applied(plugin_says(f, "{'type':'erase','contact':{'email':'" ADA "'}}"));
    assert_int_equal(firings(f), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cycle_start"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice"), 0);
}

static void triggers_N9_forget_old_firings_and_keep_their_number(void **state)
{
    struct fixture *f = *state;
    bool more = true;

    trigger(f, "buy", "purchase", "{}", "['tag:a']");
    assert_applied(plugin_says(f, order_body(f, "1", 20, "paid", "9.00", "")));
    receive_at(f, RECEIPT_S + 10);
    assert_applied(plugin_says(f, order_body(f, "2", 30, "paid", "9.00", "")));
    assert_int_equal(trigger_forget(f->store, at(RECEIPT_S + 5), &more), OK);
    assert_false(more);
    assert_int_equal(firings(f), 1);
    assert_fired("buy", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(triggers_GR48_purchase_conditions_hold_or_not),
        contact_test(triggers_GR48_a_visited_url_fits_a_pattern_or_not),
        contact_test(triggers_GR48_an_abandoned_cart_fires_once_with_its_conditions),
        contact_test(triggers_with_first_fire_for_the_first_purchase_ever),
        contact_test(triggers_with_first_fire_for_the_first_visit_of_a_page),
        contact_test(triggers_ask_for_tags_lists_and_whether_the_contact_may_be_mailed),
        contact_test(triggers_that_make_no_sense_are_refused_with_the_reason),
        contact_test(triggers_tag_and_untag_and_start_no_trigger_by_it),
        contact_test(triggers_start_a_cycle_only_for_whom_may_be_mailed),
        contact_test(triggers_send_notices_to_one_target_or_to_all_that_want_them),
        contact_test(triggers_N6_subscribe_to_a_list_and_never_relax),
        contact_test(triggers_are_of_their_account),
        contact_test(imports_T2_AC11_AC12_start_no_cycle_and_send_no_notice),
        contact_test(imports_T1_fire_when_the_operator_says_so),
        contact_test(imports_T3_GR05_start_a_cycle_for_added_contacts_only),
        contact_test(triggers_X2_leave_nothing_of_an_erased_person),
        contact_test(triggers_N9_forget_old_firings_and_keep_their_number),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
