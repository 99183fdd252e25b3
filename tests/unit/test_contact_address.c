/* test_contact_address.c -- what becomes of a customer that changes its address (H1-H3). */
#include "contact_fixture.h"
#include "every_order.h"

#include "store/conflict.h"

#define ADA "ada@example.com"

/* -- changes of address -------------------------------------------------------------------------------------------------- */

static void H1_a_new_address_keeps_the_contact_and_the_old_one_as_alias(void **state)
{
    struct fixture *f = *state;
    const char *id;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    id = contact_id(f, ADA);
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'king@example.com','updated_at':'@20'}"));
    assert_contacts(1);
    assert_string_equal(contact_id(f, "king@example.com"), id);
    assert_string_equal(contact_id(f, ADA), id);
    assert_contact(ADA, "{'email':'king@example.com'}");
    assert_ledger(ADA, "H1", "email", ADA, "king@example.com");
}

static void H1_an_older_address_that_comes_late_does_not_replace_the_new_one(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'king@example.com','updated_at':'@20'}"));
    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    assert_contact(ADA, "{'email':'king@example.com'}");
    assert_contacts(1);
}

static void H1_a_refusal_goes_along_and_consent_does_not(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'bob@example.com','updated_at':'@10'}"));
    assert_applied(plugin_says(f, "{'type':'subscribe','at':'@15','contact':{'email':'ada@example.com'}}"));
    assert_applied(plugin_says(f, "{'type':'unsubscribe','at':'@15','contact':{'email':'bob@example.com'}}"));
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada2@example.com','updated_at':'@20'}"));
    assert_applied(shop_says(f, "customers/update", "{'id':2,'email':'bob2@example.com','updated_at':'@20'}"));
    assert_contact("ada2@example.com", "{'email':'ada2@example.com','consent':{'state':'none'},'mailable':false}");
    assert_contact("bob2@example.com", "{'email':'bob2@example.com','consent':{'state':'unsubscribed'},'mailable':false}");
}

static void H1_consent_that_comes_with_the_new_address_counts(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    assert_applied(shop_says(f, "customers/update",
                             "{'id':1,'email':'ada2@example.com','updated_at':'@20','email_marketing_consent':"
                             "{'state':'subscribed','consent_updated_at':'@20'}}"));
    assert_contact(ADA, "{'email':'ada2@example.com','consent':{'state':'subscribed'},'mailable':true}");
}

/* -- an address that is another's (H2) ----------------------------------------------------------------------------------- */

/* In any order: customer 1 has two addresses of its own in turn, then says Bob's. */
static const char *say_change(struct fixture *f, size_t which)
{
    static const char *const of_shop[] = {
        "{'id':1,'email':'ada@example.com','first_name':'A','note':'first','updated_at':'@10'}",
        "{'id':1,'email':'Ada.King@example.com','first_name':'B','updated_at':'@20'}",
        "{'id':1,'email':'bob@example.com','first_name':'C','updated_at':'@30'}",
    };

    if (which < 3)
        return shop_says(f, "customers/update", of_shop[which]);
    return plugin_says(f, "{'type':'signup','occurred_at':'@15','contact':{'external_id':'b','email':'bob@example.com',"
                          "'first_name':'Bob','consent':{'email':{'state':'subscribed','at':'@15'}}}}");
}

static void H2_all_but_the_address_applies_and_nobody_is_merged_in_any_order(void **state)
{
    size_t order[] = {0, 1, 2, 3};

    do {
        struct fixture *f = *state;

        for (size_t i = 0; i < 4; i++)
            assert_applied(say_change(f, order[i]));
        assert_contacts(2);
        assert_contact(ADA, "{'email':'Ada.King@example.com','first_name':'C','fields':{'shopify_note':'first'},"
                            "'consent':{'state':'none'},'sources':[{'source':'shop','external_id':'1'}]}");
        assert_contact("bob@example.com", "{'email':'bob@example.com','first_name':'Bob','consent':{'state':'subscribed'},"
                                          "'sources':[{'source':'plugin','external_id':'b'}]}");
        close_contacts(state);
        open_contacts(state);
    } while (next_order(order, 4));
}

static void H2_leaves_a_line_in_the_ledger(void **state)
{
    struct fixture *f = *state;
    size_t n;

    assert_applied(say_change(f, 0));
    assert_applied(say_change(f, 3));
    assert_applied(say_change(f, 2));
    assert_true(str_eq(ledger_of(f, ADA, "H2", "address is another contact's", &n).name, STR("bob@example.com")));
    assert_int_equal(n, 1);
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'bob@example.com','first_name':'D','updated_at':'@40'}"));
    assert_contact(ADA, "{'email':'ada@example.com','first_name':'D'}");
    assert_int_equal(ledger_count(f, ADA, "H2", NULL), 1);
}

static void H2_M3_conflicts_are_listed_until_they_are_over(void **state)
{
    struct fixture *f = *state;
    struct conflict *list = NULL;
    size_t n = 0;

    assert_applied(say_change(f, 0));
    assert_applied(say_change(f, 3));
    assert_applied(say_change(f, 2));
    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'ada@example.com','updated_at':'@60'}"));
    assert_int_equal(conflict_list(f->store, STR_NONE, 10, &f->arena, &list, &n), OK);
    assert_int_equal(n, 2);
    assert_true(str_eq(list[0].address, STR(ADA)) && list[0].why == APART_SAME_SOURCE);
    assert_true(str_eq(list[0].external_id, STR("2")) && str_eq(list[0].holder_id, str_of(contact_id(f, ADA))));
    assert_true(str_eq(list[1].address, STR("bob@example.com")) && list[1].why == APART_TAKEN);
    assert_true(str_eq(list[1].contact_id, list[0].holder_id) && list[1].first_us == at(30));
    assert_int_equal(conflict_list(f->store, STR(ADA), 10, &f->arena, &list, &n), OK);
    assert_int_equal(n, 1);
    assert_applied(shop_says(f, "customers/delete", "{'id':2}"));
    assert_applied(plugin_says(f, "{'type':'customer_deleted','occurred_at':'@50','contact':{'external_id':'b'}}"));
    assert_int_equal(conflict_list(f->store, STR_NONE, 10, &f->arena, &list, &n), OK);
    assert_int_equal(n, 0);
}

static void H2_the_address_is_free_when_its_store_deleted_the_other(void **state)
{
    struct fixture *f = *state;

    assert_applied(say_change(f, 0));
    assert_applied(say_change(f, 3));
    assert_applied(say_change(f, 2));
    assert_applied(plugin_says(f, "{'type':'customer_deleted','occurred_at':'@50','contact':{'external_id':'b'}}"));
    assert_contact(ADA, "{'email':'bob@example.com','sources':[{'external_id':'1'}]}");
}

static void H2_M4_a_guest_of_the_new_address_is_the_same_person(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'purchase','occurred_at':'@5','contact':{'email':'bob@example.com'},'order':{'id':'o',"
                                  "'currency':'EUR','total':'5.00','created_at':'@5'}}"));
    assert_applied(say_change(f, 0));
    assert_applied(say_change(f, 2));
    assert_contacts(1);
    assert_contact(ADA, "{'email':'bob@example.com','orders':{'count':1}}");
}

static void H2_an_order_with_anothers_address_merges_nobody(void **state)
{
    struct fixture *f = *state;

    assert_applied(say_change(f, 0));
    assert_applied(say_change(f, 3));
    assert_applied(shop_says(f, "orders/create",
                             "{'id':7,'email':'bob@example.com','customer':{'id':1},'total_price':'9.00','currency':'EUR',"
                             "'financial_status':'paid','created_at':'@40','updated_at':'@40'}"));
    assert_contacts(2);
    assert_contact(ADA, "{'email':'ada@example.com','orders':{'count':1}}");
    assert_contact("bob@example.com", "{'orders':{'count':0}}");
}

static void H3_an_invalid_new_address_keeps_the_old_and_is_noted(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','first_name':'Ada','updated_at':'@10'}"));
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@@example','first_name':'Augusta','updated_at':'@20'}"));
    assert_contact(ADA, "{'email':'ada@example.com','first_name':'Augusta'}");
    assert_int_equal(ledger_count(f, ADA, "H3", "invalid e-mail ignored"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(H1_a_new_address_keeps_the_contact_and_the_old_one_as_alias),
        contact_test(H1_an_older_address_that_comes_late_does_not_replace_the_new_one),
        contact_test(H1_a_refusal_goes_along_and_consent_does_not),
        contact_test(H1_consent_that_comes_with_the_new_address_counts),
        contact_test(H2_all_but_the_address_applies_and_nobody_is_merged_in_any_order),
        contact_test(H2_leaves_a_line_in_the_ledger),
        contact_test(H2_M3_conflicts_are_listed_until_they_are_over),
        contact_test(H2_the_address_is_free_when_its_store_deleted_the_other),
        contact_test(H2_M4_a_guest_of_the_new_address_is_the_same_person),
        contact_test(H2_an_order_with_anothers_address_merges_nobody),
        contact_test(H3_an_invalid_new_address_keeps_the_old_and_is_noted),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
