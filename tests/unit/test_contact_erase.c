/* test_contact_erase.c -- deletion in the store, erasure of a person, and what comes after it (X1-X4, C13). */
#include "contact_fixture.h"

#include "store/erase_task.h"
#include "store/fetch.h"

#define ADA "ada@example.com"
#define BOB "bob@example.com"

/* Everything that may be known of a person, from three sources. */
static void know_ada(struct fixture *f)
{
    assert_applied(
        shop_says(f, "customers/create",
                  "{'id':1,'email':'Ada@example.com','first_name':'Countess','phone':'+493012345678','tags':'lovelace',"
                  "'note':'Countess','updated_at':'@10','email_marketing_consent':{'state':'subscribed',"
                  "'consent_updated_at':'@10'},'sms_marketing_consent':{'state':'subscribed','consent_updated_at':'@10'}}"));
    assert_applied(shop_says(f, "orders/create",
                             "{'id':7,'email':'ada@example.com','customer':{'id':1},'total_price':'9.00','currency':'EUR',"
                             "'financial_status':'paid','checkout_token':'tok','created_at':'@20','updated_at':'@20',"
                             "'line_items':[{'product_id':1,'name':'for the Countess'}],'refunds':[{'id':3,'transactions':"
                             "[{'kind':'refund','status':'success','amount':'1.00'}]}]}"));
    assert_applied(
        woo_says(f, "order.created",
                 "{'id':8,'status':'processing','currency':'EUR','total':'5.00','customer_id':0,'date_created_gmt':'~20',"
                 "'date_modified_gmt':'~20','billing':{'email':'ada@example.com','first_name':'Countess'}}"));
    assert_applied(plugin_says(f,
                               "{'events':[{'type':'cart_updated','occurred_at':'@30','visitor_id':'v-ada','contact':{'email':"
                               "'ada@example.com'},'cart':{'id':'k','currency':'EUR','total':'1.00','url':"
                               "'https://shop.example/?q=Countess','updated_at':'@30','items':[{'name':'Countess'}]}},"
                               "{'type':'identify','occurred_at':'@31','visitor_id':'v-ada','contact':{'email':'ada@example.com'}},"
                               "{'type':'page_visit','occurred_at':'@32','visitor_id':'v-ada','page':{'url':"
                               "'https://shop.example/Countess'}}]}"));
    assert_applied(
        shop_says(f, "customers/update", "{'id':1,'email':'ada.king@example.com','first_name':'Countess','updated_at':'@40'}"));
}

static const char *redact_ada(struct fixture *f)
{
    return shop_says(f, "customers/redact",
                     "{'shop_domain':'demo.example','customer':{'id':1,'email':'ada@example.com'},'orders_to_redact':[7]}");
}

/* How many values of the whole database contain the text. */
static size_t count_traces(struct fixture *f, const char *text)
{
    static const char *const tables[][2] = {
        {"contact", "id"},
        {"customer", "subject || external_id || email || email_shown"},
        {"address", "address"},
        {"claim", "address || subject"},
        {"customer_field", "subject || value"},
        {"consent", "address || restrict_basis || opt_in_basis || weak_basis"},
        {"suppression", "address"},
        {"shop_order", "subject || number || items || url"},
        {"refund", "id"},
        {"cart", "subject || items || url || visitor_id"},
        {"visit", "subject || url || title || visitor_id"},
        {"visitor", "id || subject"},
        {"ledger", "what || name || old_value || new_value"},
        {"seen", "key || reason || detail"},
        {"activity", "subject || address || text || url"},
        {"fetch_task", "object_id || last_error"},
        {"notice", "contact_id || address || body"},
    };
    size_t n = 0;

    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
        char sql[300];
        int64_t rows;

        snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE lower(%s) LIKE '%%%s%%'", tables[i][0], tables[i][1], text);
        rows = count_rows(f, sql);
        if (rows)
            print_message("  %lld in %s\n", (long long)rows, tables[i][0]);
        n += (size_t)rows;
    }
    return n;
}

static void X1_a_customer_deleted_in_the_store_is_detached_from_it(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    assert_applied(
        plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'external_id':'p1','email':'ada@example.com'}}"));
    assert_applied(plugin_says(f, "{'type':'subscribe','at':'@15','contact':{'email':'ada@example.com'}}"));
    assert_applied(shop_says(f, "customers/delete", "{'id':1}"));
    assert_contact(ADA, "{'archived':false,'mailable':true,'sources':[{'source':'plugin','external_id':'p1'}]}");
}

static void X1_without_a_source_left_the_contact_is_archived(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create",
                             "{'id':1,'email':'ada@example.com','updated_at':'@10','email_marketing_consent':{'state':'subscribed',"
                             "'consent_updated_at':'@10'}}"));
    assert_applied(shop_says(f, "customers/update",
                             "{'id':1,'email':'ada@example.com','updated_at':'@20','email_marketing_consent':{'state':'invalid',"
                             "'consent_updated_at':'@20'}}"));
    assert_applied(shop_says(f, "customers/delete", "{'id':1}"));
    assert_contact(ADA, "{'archived':true,'mailable':false,'sources':[],'suppressions':['invalid']}");
}

static void X2_an_erasure_leaves_nothing_but_tombstones(void **state)
{
    struct fixture *f = *state;

    know_ada(f);
    assert_true(count_traces(f, "countess") > 5);
    assert_true(count_traces(f, "ada@") > 5);
    assert_applied(redact_ada(f));
    assert_nobody(ADA);
    assert_nobody("ada.king@example.com");
    assert_contacts(0);
    assert_int_equal(count_traces(f, "countess") + count_traces(f, "ada@") + count_traces(f, "lovelace"), 0);
    assert_int_equal(count_traces(f, "ada.king") + count_traces(f, "v-ada"), 0);
    assert_int_equal(count_traces(f, "493012345678"), 0);
    assert_true(count_rows(f, "SELECT count(*) FROM erased WHERE length(tombstone) = 64") >= 3);
}

static void X2_visits_that_name_only_the_address_go_as_well(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    assert_applied(plugin_says(f, "{'type':'page_visit','occurred_at':'@20','contact':{'email':'ada@example.com'},"
                                  "'page':{'url':'https://shop.example/'}}"));
    assert_applied(redact_ada(f));
    assert_int_equal(count_traces(f, "ada@"), 0);
}

static void X2_fetch_tasks_and_refusals_that_name_the_address_go_as_well(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fetch_put(f->store, f->woo, STR("customer"), STR("Ada@example.com")), OK);
    assert_int_equal(fetch_put(f->store, f->woo, STR("customer"), STR("ada")), OK);
    assert_dead(shop_says(f, "orders/create", "{'email':'ada@example.com'"), "not_json");
    assert_int_equal(db_run(f->store->db,
                            "INSERT INTO seen (account_id, source_id, key, delivery_id, at_us, reason, detail) VALUES (1, $1, 'k',"
                            " 'd', 1, 'mapping', 'ADA@example.com has no total')",
                            "i", f->shop),
                     OK);
    assert_applied(redact_ada(f));
    assert_int_equal(count_traces(f, ADA), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM seen WHERE key = 'k' AND reason = 'mapping'"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM fetch_task"), 1);
}

static bool has_task(struct fixture *f, int64_t source_id, const char *address)
{
    struct erase_task *tasks = NULL;
    size_t n = 0;
    bool has = false;

    assert_int_equal(erase_task_list(f->store, 100, &f->arena, &tasks, &n), OK);
    for (size_t i = 0; i < n; i++)
        has |= tasks[i].source_id == source_id && str_eq(tasks[i].address, str_of(address));
    return has;
}

static void X2_what_is_left_to_be_searched_is_noted_until_it_is_done(void **state)
{
    struct fixture *f = *state;
    struct erase_task *tasks = NULL;
    bool due = true;
    size_t n = 0;

    know_ada(f);
    assert_int_equal(erase_files_due(f->store, &due), OK);
    assert_false(due);
    assert_applied(redact_ada(f));
    assert_applied(shop_says(f, "shop/redact", "{'shop_domain':'demo.example'}"));
    assert_true(has_task(f, 0, ADA) && has_task(f, 0, "ada.king@example.com") && has_task(f, f->shop, ""));
    assert_int_equal(erase_task_list(f->store, 100, &f->arena, &tasks, &n), OK);
    assert_int_equal(erase_task_searched(f->store, tasks, n), OK);
    assert_int_equal(erase_task_list(f->store, 100, &f->arena, &tasks, &n), OK);
    assert_int_equal(n, 0);
    assert_int_equal(erase_files_due(f->store, &due), OK);
    assert_true(due);
    assert_int_equal(erase_files_cleaned(f->store), OK);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM erase_task"), 0);
}

static void X2_of_somebody_unknown_leaves_a_tombstone(void **state)
{
    struct fixture *f = *state;

    assert_applied(redact_ada(f));
    assert_applied(woo_says(f, "customer.created", "{'id':4,'email':'ada@example.com','date_modified_gmt':'~5'}"));
    assert_nobody(ADA);
}

static void X2_C13_the_consent_word_redacted_erases(void **state)
{
    struct fixture *f = *state;

    know_ada(f);
    assert_applied(
        shop_says(f, "customers/update",
                  "{'id':1,'email':'ada@example.com','updated_at':'@50','email_marketing_consent':{'state':'redacted'}}"));
    assert_int_equal(count_traces(f, "countess"), 0);
    assert_contacts(0);
}

static void X3_orders_and_updates_of_an_erased_person_are_dropped(void **state)
{
    struct fixture *f = *state;

    know_ada(f);
    assert_applied(redact_ada(f));
    receive_at(f, RECEIPT_S + 100);
    assert_applied(woo_says(f, "order.created",
                            "{'id':9,'status':'processing','currency':'EUR','total':'5.00','customer_id':0,'billing':{'email':"
                            "'ADA@example.com'}}"));
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'new@example.com','first_name':'Countess'}"));
    assert_applied(shop_says(f, "customers/update", "{'id':1,'first_name':'Countess'}"));
    assert_applied(plugin_says(f, "{'type':'subscribe','at':'@60','contact':{'email':'ada@example.com'}}")); /* older opt-in */
    assert_contacts(0);
    assert_int_equal(count_traces(f, "countess"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM ledger WHERE rule = 'X3'"), 4);
}

static void start_again(struct fixture *f)
{
    know_ada(f);
    assert_applied(redact_ada(f));
    receive_at(f, RECEIPT_S + 100);
    assert_applied(
        plugin_says(f, body_of(f, "{'type':'subscribe','at':'@%d','contact':{'email':'ada@example.com'}}", RECEIPT_S + 50)));
}

static void X3_a_later_opt_in_starts_a_new_contact(void **state)
{
    struct fixture *f = *state;

    start_again(f);
    assert_contact(ADA, "{'email':'ada@example.com','first_name':null,'mailable':true,'orders':{'count':0},'visits':{'count':0}}");
    assert_contacts(1);
}

static void X3_who_started_again_is_a_contact_like_any_other(void **state)
{
    struct fixture *f = *state;

    start_again(f);
    receive_at(f, RECEIPT_S + 200);
    assert_applied(woo_says(f, "order.created",
                            "{'id':9,'status':'processing','currency':'EUR','total':'5.00','customer_id':0,'billing':{'email':"
                            "'ada@example.com'}}"));
    assert_applied(
        woo_says(f, "order.created",
                 "{'id':10,'status':'processing','currency':'EUR','total':'5.00','customer_id':0,'date_created_gmt':'~20',"
                 "'date_modified_gmt':'~20','billing':{'email':'ada@example.com','first_name':'Countess'}}"));
    assert_contact(ADA, "{'first_name':null,'orders':{'count':1,'orders':[{'id':'9'}]}}");
    assert_applied(plugin_says(f, "{'type':'unsubscribe','contact':{'email':'ada@example.com'}}"));
    assert_contact(ADA, "{'consent':{'state':'unsubscribed'},'mailable':false}");
}

static void X2_X3_who_started_again_can_be_erased_again(void **state)
{
    struct fixture *f = *state;

    start_again(f);
    receive_at(f, RECEIPT_S + 200);
    assert_applied(plugin_says(f, "{'type':'erase','contact':{'email':'ada@example.com'}}"));
    assert_nobody(ADA);
    assert_applied(
        plugin_says(f, body_of(f, "{'type':'subscribe','at':'@%d','contact':{'email':'ada@example.com'}}", RECEIPT_S + 150)));
    assert_nobody(ADA);
}

static void X4_an_erasure_touches_only_that_person(void **state)
{
    struct fixture *f = *state;
    json_t *bob;

    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'bob@example.com','first_name':'Bob','updated_at':'@10'}"));
    assert_applied(plugin_says(f, "{'type':'subscribe','at':'@20','contact':{'email':'bob@example.com'}}"));
    bob = contact_json(f, BOB);
    know_ada(f);
    assert_applied(redact_ada(f));
    assert_true(json_equal(contact_json(f, BOB), bob));
    assert_contacts(1);
    assert_int_equal(ledger_count(f, BOB, NULL, NULL), 2);
}

static void X4_a_shop_redaction_touches_only_that_source(void **state)
{
    struct fixture *f = *state;
    int64_t other = add_source(f, "shopify", "other", "", 0);

    know_ada(f);
    assert_applied(shop_says(f, "customers/create", "{'id':3,'email':'carl@example.com','updated_at':'@10'}"));
    assert_applied(send_delivery(f, (struct sent){.source = other,
                                                  .platform = "shopify",
                                                  .topic = "customers/create",
                                                  .body = "{'id':1,'email':'bob@example.com','updated_at':'@10'}"}));
    assert_applied(shop_says(f, "shop/redact", "{'shop_id':1,'shop_domain':'demo.example'}"));
    assert_nobody("carl@example.com");
    assert_contact(BOB, "{'sources':[{'source':'other','external_id':'1'}]}");
    assert_contact(ADA, "{'sources':[],'orders':{'count':1,'orders':[{'source':'woo','id':'8'}]},'carts':[{'source':'plugin'}]}");
    assert_int_equal(count_rows(f, body_of(f, "SELECT count(*) FROM customer WHERE source_id = %d", (int)f->shop)), 0);
    assert_int_equal(count_rows(f, body_of(f, "SELECT count(*) FROM shop_order WHERE source_id = %d", (int)f->shop)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(X1_a_customer_deleted_in_the_store_is_detached_from_it),
        contact_test(X1_without_a_source_left_the_contact_is_archived),
        contact_test(X2_an_erasure_leaves_nothing_but_tombstones),
        contact_test(X2_visits_that_name_only_the_address_go_as_well),
        contact_test(X2_fetch_tasks_and_refusals_that_name_the_address_go_as_well),
        contact_test(X2_what_is_left_to_be_searched_is_noted_until_it_is_done),
        contact_test(X2_of_somebody_unknown_leaves_a_tombstone),
        contact_test(X2_C13_the_consent_word_redacted_erases),
        contact_test(X3_orders_and_updates_of_an_erased_person_are_dropped),
        contact_test(X3_a_later_opt_in_starts_a_new_contact),
        contact_test(X3_who_started_again_is_a_contact_like_any_other),
        contact_test(X2_X3_who_started_again_can_be_erased_again),
        contact_test(X4_an_erasure_touches_only_that_person),
        contact_test(X4_a_shop_redaction_touches_only_that_source),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
