/* test_merge.c -- what an operator's merge of two contacts makes, and how it is undone (M6-M10). */
#include "contact_fixture.h"
#include "every_order.h"

#include "store/account_limit.h"
#include "store/merge.h"

#define ADA "ada@example.com"
#define BOB "bob@example.com"
#define CID "cid@example.com"

enum { DAY = 86400 };

static struct merge_result act(struct fixture *f, const char *left, const char *right)
{
    struct view_source *sources = NULL;
    struct merge_result result;
    size_t n = 0;
    struct merge_desk desk = {.store = f->store, .arena = &f->arena};

    assert_int_equal(contact_sources(f->store, 3600 * US_PER_S, &f->arena, &sources, &n), OK);
    desk.sources = sources;
    desk.n_sources = n;
    if (right)
        assert_int_equal(merge_contacts(&desk, str_of(left), str_of(right), STR("Grace"), &result), OK);
    else
        assert_int_equal(merge_undo(&desk, str_of(left), &result), OK);
    return result;
}

static void merge(struct fixture *f, const char *left, const char *right)
{
    assert_int_equal(act(f, left, right).refusal, MERGE_DONE);
}

static void unmerge(struct fixture *f, const char *who)
{
    struct merge_result r = act(f, who, NULL);

    for (size_t i = 0; i < r.n_members; i++)
        print_error("changed: %s\n", r.members[i]);
    assert_int_equal(r.refusal, MERGE_DONE);
}

/* `contacts show --json`, byte for byte. */
static const char *shown(struct fixture *f, const char *who)
{
    struct buf text = BUF_INIT(1 << 20);
    struct str kept;

    assert_int_equal(json_print_pretty(contact_json(f, who), &text), OK);
    kept = arena_str(&f->arena, buf_str(&text));
    assert_non_null(kept.p);
    buf_release(&text);
    return kept.p;
}

static void ada_and_bob(struct fixture *f)
{
    assert_applied(
        shop_says(f, "customers/create",
                  "{'id':1,'email':'ada@example.com','first_name':'Ada','tags':'vip','note':'tall','updated_at':'@10'}"));
    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@20','visitor_id':'v1','contact':{'external_id':'b','email':"
                                  "'bob@example.com','first_name':'Bob','country':'GB','tags':['club'],'consent':{'email':{'state':"
                                  "'subscribed','at':'@20','source':'form'}}}}"));
    assert_contacts(2);
}

static void M10_two_contacts_become_one_that_has_what_both_had(void **state)
{
    struct fixture *f = *state;

    ada_and_bob(f);
    merge(f, ADA, BOB);
    assert_contacts(1);
    assert_contact(ADA, "{'first_name':'Bob','tags':['club','vip'],'sources':[{'external_id':'1'},{'external_id':'b'}],"
                        "'fields':{'country':'GB','shopify_note':'tall'}}");
    assert_string_equal(contact_id(f, ADA), contact_id(f, BOB));
    assert_int_equal(ledger_count(f, ADA, "M10", "contacts merged by Grace"), 1);
}

static void M10_merge_undo_compare_bytes(void **state)
{
    struct fixture *f = *state;
    const char *ada, *bob;

    ada_and_bob(f);
    assert_applied(shop_says(f, "orders/create",
                             "{'id':7,'email':'ada@example.com','customer':{'id':1},'total_price':'9.00','currency':'EUR',"
                             "'financial_status':'paid','created_at':'@30','updated_at':'@30'}"));
    assert_applied(
        plugin_says(f, "{'type':'page_visit','occurred_at':'@40','visitor_id':'v1','page':{'url':'https://a.example/'}}"));
    ada = shown(f, ADA);
    bob = shown(f, BOB);
    merge(f, BOB, ADA);
    assert_contacts(1);
    receive_at(f, RECEIPT_S + 6 * DAY);
    unmerge(f, BOB);
    assert_contacts(2);
    assert_string_equal(shown(f, ADA), ada);
    assert_string_equal(shown(f, BOB), bob);
    assert_int_equal(ledger_count(f, ADA, "M10", "merge undone"), 1);
    assert_int_equal(ledger_count(f, BOB, "M10", "merge undone"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM contact_merge"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM claim WHERE source_id = 0"), 0);
    merge(f, ADA, BOB); /* and it can be done again */
    assert_contacts(1);
}

static void M10_two_customers_of_one_shop_with_one_address_can_be_merged_by_id(void **state)
{
    struct fixture *f = *state;
    const char *first, *second, *one, *two;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','first_name':'Ada','updated_at':'@10'}"));
    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'ada@example.com','last_name':'King','updated_at':'@20'}"));
    first = customer_contact(f, f->shop, "1");
    second = customer_contact(f, f->shop, "2");
    one = shown(f, first);
    two = shown(f, second);
    merge(f, ADA, second);
    assert_contacts(1);
    assert_contact(ADA, "{'first_name':'Ada','last_name':'King','sources':[{'external_id':'1'},{'external_id':'2'}]}");
    assert_applied(shop_says(f, "customers/create", "{'id':3,'email':'ada@example.com','updated_at':'@30'}"));
    assert_contacts(2); /* M3 goes on for others */
    unmerge(f, second);
    assert_contacts(3);
    assert_string_equal(shown(f, first), one);
    assert_string_equal(shown(f, second), two);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM address WHERE address LIKE '#%'"), 0);
}

static void M10_too_late_after_seven_days(void **state)
{
    struct fixture *f = *state;

    ada_and_bob(f);
    merge(f, ADA, BOB);
    receive_at(f, RECEIPT_S + 7 * DAY);
    assert_int_equal(merge_forget(f->store), OK);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM contact_merge"), 1);
    receive_at(f, RECEIPT_S + 7 * DAY + 1);
    assert_int_equal(act(f, ADA, NULL).refusal, MERGE_LATE);
    assert_int_equal(merge_forget(f->store), OK);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM contact_merge"), 0);
    assert_int_equal(act(f, ADA, NULL).refusal, MERGE_LATE);
    assert_contacts(1);
}

static void M10_a_field_that_changed_since_keeps_the_merge_and_is_named(void **state)
{
    struct fixture *f = *state;
    struct merge_result r;

    ada_and_bob(f);
    merge(f, ADA, BOB);
    assert_applied(
        shop_says(f, "customers/update",
                  "{'id':1,'email':'ada@example.com','first_name':'Augusta','tags':'vip','note':'tall','updated_at':'@99'}"));
    r = act(f, ADA, NULL);
    assert_int_equal(r.refusal, MERGE_CHANGED);
    assert_int_equal(r.n_members, 1);
    assert_string_equal(r.members[0], "first_name");
    assert_contacts(1);
    assert_contact(BOB, "{'first_name':'Augusta'}");
}

static void M10_an_order_that_came_since_stays_with_its_customer(void **state)
{
    struct fixture *f = *state;

    ada_and_bob(f);
    merge(f, ADA, BOB);
    assert_applied(plugin_says(f,
                               "{'type':'purchase','occurred_at':'@90','contact':{'external_id':'b'},'order':{'id':'o','currency':"
                               "'EUR','total':'5.00','created_at':'@90'}}"));
    assert_contact(ADA, "{'orders':{'count':1}}");
    unmerge(f, ADA);
    assert_contact(ADA, "{'orders':{'count':0}}");
    assert_contact(BOB, "{'orders':{'count':1,'net':{'EUR':'5.00'}}}");
}

static void M10_refuses_what_is_not_two_contacts_and_what_was_not_merged_by_hand(void **state)
{
    struct fixture *f = *state;
    struct merge_result r;

    ada_and_bob(f);
    r = act(f, ADA, "nobody@example.com");
    assert_int_equal(r.refusal, MERGE_NOBODY);
    assert_true(str_eq(r.who, STR("nobody@example.com")));
    assert_int_equal(act(f, ADA, contact_id(f, ADA)).refusal, MERGE_ONE);
    assert_int_equal(act(f, "nobody@example.com", NULL).refusal, MERGE_NOBODY);
    assert_int_equal(act(f, ADA, NULL).refusal, MERGE_NONE);
    /* a store's own merge is undone by the store; a guest of the same address is the same contact */
    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'cid@example.com','updated_at':'@10'}"));
    assert_applied(shop_says(f, "customers/merge",
                             "{'admin_graphql_api_customer_kept_id':'gid://shopify/Customer/1',"
                             "'admin_graphql_api_customer_deleted_id':'gid://shopify/Customer/2',"
                             "'status':'completed'}"));
    assert_applied(plugin_says(f, "{'type':'purchase','occurred_at':'@90','contact':{'email':'bob@example.com'},'order':{'id':'o',"
                                  "'currency':'EUR','total':'5.00','created_at':'@90'}}"));
    assert_int_equal(act(f, CID, NULL).refusal, MERGE_NONE);
    assert_int_equal(act(f, BOB, NULL).refusal, MERGE_NONE);
    assert_contacts(2);
}

static void M6_M10_three_contacts_end_the_same_in_all_six_orders_and_aliases_are_flat(void **state)
{
    static const char *const who[] = {ADA, BOB, CID};
    size_t order[] = {0, 1, 2};

    do {
        struct fixture *f = *state;
        const char *ids[3], *now;

        /* a guest is the oldest; of the two identified Bob is the older */
        assert_applied(plugin_says(f, "{'type':'form_signup','occurred_at':'@5','contact':{'email':'ada@example.com'}}"));
        receive_at(f, RECEIPT_S + 10);
        assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'bob@example.com','updated_at':'@10'}"));
        receive_at(f, RECEIPT_S + 20);
        assert_applied(shop_says(f, "customers/create", "{'id':3,'email':'cid@example.com','updated_at':'@10'}"));
        for (size_t i = 0; i < 3; i++)
            ids[i] = contact_id(f, who[i]);
        receive_at(f, RECEIPT_S + 30);
        merge(f, who[order[0]], who[order[1]]);
        receive_at(f, RECEIPT_S + 40);
        merge(f, who[order[1]], who[order[2]]);
        assert_contacts(1);
        for (size_t i = 0; i < 3; i++) {
            now = contact_id(f, who[i]);
            assert_string_equal(now, ids[1]);
            assert_string_equal(contact_id(f, ids[i]), ids[1]);
        }
        assert_int_equal(
            count_rows(f, "SELECT count(*) FROM contact a JOIN contact b ON b.id = a.alias_of WHERE b.alias_of IS NOT NULL"), 0);
        unmerge(f, ADA); /* the latest first */
        assert_contacts(2);
        unmerge(f, who[order[0]]);
        assert_contacts(3);
        for (size_t i = 0; i < 3; i++)
            assert_string_equal(contact_id(f, who[i]), ids[i]);
        close_contacts(state);
        open_contacts(state);
    } while (next_order(order, 3));
}

static void M7_M10_one_order_that_both_saw_counts_once(void **state)
{
    struct fixture *f = *state;

    ada_and_bob(f);
    assert_applied(
        plugin_says(f, "{'type':'order_created','occurred_at':'@30','contact':{'email':'ada@example.com'},'order':{'id':'7',"
                       "'status':'paid','currency':'EUR','total':'5.00','created_at':'@30','updated_at':'@30'}}"));
    assert_applied(plugin_says(f, "{'type':'order_updated','occurred_at':'@40','contact':{'external_id':'b'},'order':{'id':'7',"
                                  "'status':'completed','currency':'EUR','total':'5.00','created_at':'@30','updated_at':'@40'}}"));
    merge(f, ADA, BOB);
    assert_contact(ADA, "{'orders':{'count':1,'net':{'EUR':'5.00'}}}");
}

/* `refusal` and `opt_in` at those seconds; whoever is named first. */
static void check_refusal_stays(void **state, bool refused_first, bool named_first)
{
    struct fixture *f = *state;
    int refusal = refused_first ? 20 : 40;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    assert_applied(plugin_says(f, body_of(f,
                                          "{'type':'unsubscribe','occurred_at':'@%d','at':'@%d','channel':'email','source':'link',"
                                          "'contact':{'email':'ada@example.com'}}",
                                          refusal, refusal)));
    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@30','contact':{'external_id':'b','email':'bob@example.com',"
                                  "'consent':{'email':{'state':'subscribed','at':'@30','source':'form'}}}}"));
    merge(f, named_first ? ADA : BOB, named_first ? BOB : ADA);
    assert_contact(ADA, "{'consent':{'state':'unsubscribed','source':'plugin'},'mailable':false}");
    receive_at(f, RECEIPT_S + DAY); /* C3: an opt-in after the merge counts, for the address that is mailed */
    assert_applied(plugin_says(f, body_of(f,
                                          "{'type':'subscribe','occurred_at':'@%d','at':'@%d','channel':'email','contact':{'email':"
                                          "'%s'}}",
                                          RECEIPT_S + DAY, RECEIPT_S + DAY,
                                          json_string_value(json_object_get(contact_json(f, ADA), "email")))));
    assert_contact(ADA, "{'consent':{'state':'subscribed'},'mailable':true}");
    close_contacts(state);
    open_contacts(state);
}

static void M8_unsubscribed_and_subscribed_are_unsubscribed_in_both_orders(void **state)
{
    for (int i = 0; i < 4; i++)
        check_refusal_stays(state, i & 1, i & 2);
}

static void M8_suppressions_of_both_stay(void **state)
{
    struct fixture *f = *state;

    ada_and_bob(f);
    assert_applied(plugin_says(f, "{'type':'consent_updated','occurred_at':'@30','contact':{'email':'ada@example.com','consent':"
                                  "{'email':{'state':'complaint','at':'@30'}}}}"));
    assert_contact(BOB, "{'mailable':true}");
    merge(f, BOB, ADA);
    assert_contact(BOB, "{'suppressions':['complaint'],'mailable':false}");
    unmerge(f, BOB);
    assert_contact(BOB, "{'suppressions':[],'mailable':true}");
}

static void M9_of_the_open_carts_the_newest_stays_and_nothing_fires(void **state)
{
    struct fixture *f = *state;
    static const char *const cart =
        "{'type':'cart_updated','occurred_at':'@%d','contact':{'email':'%s'},'cart':{'id':'k%d','currency':"
        "'EUR','total':'5.00','updated_at':'@%d','items':[{'product_id':'1','quantity':'1'}]}}";
    char text[512];

    ada_and_bob(f);
    for (int i = 1; i <= 3; i++) {
        snprintf(text, sizeof(text), cart, i * 10, i == 1 ? ADA : BOB, i, i * 10);
        assert_applied(plugin_says(f, text));
    }
    merge(f, ADA, BOB);
    assert_contact(
        ADA, "{'carts':[{'id':'k3','state':'active'},{'id':'k2','state':'active'},{'id':'k1','state':'closed','due_at':null}]}");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cart_firing"), 0);
    unmerge(f, ADA);
    assert_contact(ADA, "{'carts':[{'id':'k1','state':'active'}]}");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM cart WHERE look_us <> 1"), 0); /* its time is looked after again */
}

static void X2_M10_an_erasure_takes_the_pre_image_along(void **state)
{
    struct fixture *f = *state;

    ada_and_bob(f);
    merge(f, ADA, BOB);
    assert_applied(plugin_says(f, "{'type':'erase','occurred_at':'@90','contact':{'email':'bob@example.com'}}"));
    assert_nobody(ADA);
    assert_nobody(BOB);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM contact_merge"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM claim"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer"), 0);
}

static void X4_M10_a_source_that_is_erased_leaves_no_half_of_a_merge(void **state)
{
    struct fixture *f = *state;

    ada_and_bob(f);
    merge(f, ADA, BOB);
    assert_applied(plugin_says(f, "{'type':'source_erase','occurred_at':'@90'}"));
    assert_contact(ADA, "{'sources':[{'external_id':'1'}]}");
    assert_nobody(BOB);
    assert_contacts(1);
}

/* P13: a merge makes room, and its undoing takes it; nobody is refused, for both contacts were there before. */
static void P13_M10_the_contacts_of_an_account_with_a_limit_are_counted(void **state)
{
    struct fixture *f = *state;
    struct account_limit limit = {.limit = 2, .policy = LIMIT_STOP}, now;

    ada_and_bob(f);
    assert_int_equal(account_limit_set(f->store, &limit, &now), OK);
    assert_int_equal(now.contacts, 2);
    merge(f, ADA, BOB);
    assert_int_equal(account_limit_get(f->store, &now), OK);
    assert_int_equal(now.contacts, 1);
    unmerge(f, ADA);
    assert_int_equal(account_limit_get(f->store, &now), OK);
    assert_int_equal(now.contacts, 2);
    assert_contacts(2);
}

/* N5: the merge is a fact, so what comes late ends the same. */
static void N5_M10_events_before_and_after_the_merge_end_the_same(void **state)
{
    static const char *const late[] = {
        "{'id':1,'email':'ada@example.com','first_name':'Augusta','updated_at':'@50'}",
        "{'id':1,'email':'new@example.com','first_name':'Ada','updated_at':'@60'}",
        "{'id':9,'email':'bob@example.com','first_name':'Nine','updated_at':'@70'}",
    };
    const char *ends[2];

    for (int run = 0; run < 2; run++) {
        struct fixture *f = *state;
        struct buf text = BUF_INIT(1 << 20);
        json_t *json;

        ada_and_bob(f);
        if (run == 0)
            merge(f, ADA, BOB);
        for (size_t i = 0; i < 3; i++)
            assert_applied(shop_says(f, "customers/update", late[run == 0 ? i : 2 - i]));
        if (run == 1)
            merge(f, ADA, BOB);
        json = contact_json(f, ADA);
        json_object_del(json, "id");
        assert_int_equal(json_print(json, &text), OK);
        ends[run] = strdup(buf_text(&text));
        buf_release(&text);
        close_contacts(state);
        open_contacts(state);
    }
    assert_string_equal(ends[0], ends[1]);
    free((void *)(uintptr_t)ends[0]);
    free((void *)(uintptr_t)ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(M10_two_contacts_become_one_that_has_what_both_had),
        contact_test(M10_merge_undo_compare_bytes),
        contact_test(M10_two_customers_of_one_shop_with_one_address_can_be_merged_by_id),
        contact_test(M10_too_late_after_seven_days),
        contact_test(M10_a_field_that_changed_since_keeps_the_merge_and_is_named),
        contact_test(M10_an_order_that_came_since_stays_with_its_customer),
        contact_test(M10_refuses_what_is_not_two_contacts_and_what_was_not_merged_by_hand),
        contact_test(M6_M10_three_contacts_end_the_same_in_all_six_orders_and_aliases_are_flat),
        contact_test(M7_M10_one_order_that_both_saw_counts_once),
        contact_test(M8_unsubscribed_and_subscribed_are_unsubscribed_in_both_orders),
        contact_test(M8_suppressions_of_both_stay),
        contact_test(M9_of_the_open_carts_the_newest_stays_and_nothing_fires),
        contact_test(X2_M10_an_erasure_takes_the_pre_image_along),
        contact_test(X4_M10_a_source_that_is_erased_leaves_no_half_of_a_merge),
        contact_test(P13_M10_the_contacts_of_an_account_with_a_limit_are_counted),
        contact_test(N5_M10_events_before_and_after_the_merge_end_the_same),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
