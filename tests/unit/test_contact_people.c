/* test_contact_people.c -- who a contact is: look-up, joining, merging, guests (M1-M8, G1-G3). */
#include "contact_fixture.h"

#define ADA "ada@example.com"

/* -- look-up ------------------------------------------------------------------------------------------------------------- */

enum sender { SHOP, PLUGIN };

static const struct lookup {
    const char *what;
    enum sender first_from;
    const char *first;
    enum sender then_from;
    const char *then;
    uint64_t contacts;
} lookups[] = {
    {"the same id and address", SHOP, "{'id':1,'email':'ada@example.com','updated_at':'@10'}", SHOP,
     "{'id':1,'email':'ada@example.com','updated_at':'@20'}", 1},
    {"the same id with another address", SHOP, "{'id':1,'email':'ada@example.com','updated_at':'@10'}", SHOP,
     "{'id':1,'email':'lovelace@example.com','updated_at':'@20'}", 1},
    {"the same id in another source", SHOP, "{'id':1,'email':'ada@example.com','updated_at':'@10'}", PLUGIN,
     "{'type':'signup','occurred_at':'@20','contact':{'external_id':'1','email':'lovelace@example.com'}}", 2},
    {"the same address in another source", SHOP, "{'id':1,'email':'ada@example.com','updated_at':'@10'}", PLUGIN,
     "{'type':'signup','occurred_at':'@20','contact':{'external_id':'55','email':'ada@example.com'}}", 1},
    {"the same address in capitals", SHOP, "{'id':1,'email':'ada@example.com','updated_at':'@10'}", PLUGIN,
     "{'type':'signup','occurred_at':'@20','contact':{'email':' ADA@Example.COM '}}", 1},
    {"the same domain in Unicode", SHOP, "{'id':1,'email':'ada@xn--exmple-cua.de','updated_at':'@10'}", PLUGIN,
     "{'type':'signup','occurred_at':'@20','contact':{'email':'ada@ex\\u00e4mple.de'}}", 1},
    {"an address with a dot more", SHOP, "{'id':1,'email':'ada@example.com','updated_at':'@10'}", PLUGIN,
     "{'type':'signup','occurred_at':'@20','contact':{'email':'a.da@example.com'}}", 2},
    {"a guest of the same address twice", PLUGIN, "{'type':'signup','occurred_at':'@10','contact':{'email':'ada@example.com'}}",
     PLUGIN, "{'type':'signup','occurred_at':'@20','contact':{'email':'ada@example.com'}}", 1},
    {"the same telephone only", SHOP, "{'id':1,'email':'ada@example.com','phone':'+4930123456','updated_at':'@10'}", PLUGIN,
     "{'type':'signup','occurred_at':'@20','contact':{'email':'bob@example.com','phone':'+4930123456'}}", 2},
    {"the same name only", SHOP, "{'id':1,'email':'ada@example.com','first_name':'Ada','last_name':'King','updated_at':'@10'}",
     PLUGIN, "{'type':'signup','occurred_at':'@20','contact':{'email':'bob@example.com','first_name':'Ada','last_name':'King'}}",
     2},
    {"an id past 2^53 that differs in its last digit", SHOP, "{'id':9007199254740993,'email':'ada@example.com','updated_at':'@10'}",
     SHOP, "{'id':9007199254740992,'email':'bob@example.com','updated_at':'@20'}", 2},
    {"the id of one and the address of another customer", SHOP, "{'id':1,'email':'ada@example.com','updated_at':'@10'}", SHOP,
     "{'id':2,'email':'ada@example.com','updated_at':'@20'}", 2},
};

static const char *say(struct fixture *f, enum sender from, const char *body)
{
    return from == SHOP ? shop_says(f, "customers/update", body) : plugin_says(f, body);
}

static void M1_looks_up_by_id_then_by_address_and_by_nothing_else(void **state)
{
    assert_int_equal(sizeof(lookups) / sizeof(*lookups), 12);
    for (size_t i = 0; i < sizeof(lookups) / sizeof(*lookups); i++) {
        struct fixture *f = *state;

        print_message("  %s\n", lookups[i].what);
        assert_applied(say(f, lookups[i].first_from, lookups[i].first));
        assert_applied(say(f, lookups[i].then_from, lookups[i].then));
        assert_contacts(lookups[i].contacts);
        close_contacts(state);
        open_contacts(state);
    }
}

static void M1_the_id_decides_before_the_address(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','first_name':'Ada','updated_at':'@10'}"));
    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'bob@example.com'}}"));
    assert_applied(
        shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','first_name':'Augusta','updated_at':'@20'}"));
    assert_contact(ADA, "{'first_name':'Augusta','sources':[{'source':'shop','external_id':'1'}]}");
    assert_contact("bob@example.com", "{'first_name':null}");
}

static void M2_is_normalised_for_matching_and_shown_as_written(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'A.B+x@Ex\\u00e4mple.de'}}"));
    assert_contact("a.b+x@xn--exmple-cua.de", "{'email':'A.B+x@Ex\\u00e4mple.de'}");
    assert_nobody("ab@xn--exmple-cua.de");
    assert_nobody("a.b@xn--exmple-cua.de");
}

/* -- joining ------------------------------------------------------------------------------------------------------------- */

static void M3_one_address_with_two_ids_of_one_source_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    const char *second;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','first_name':'Ada','updated_at':'@10'}"));
    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'ada@example.com','first_name':'Bob','updated_at':'@20'}"));
    assert_contacts(2);
    assert_contact(ADA, "{'first_name':'Ada','sources':[{'external_id':'1'}]}");
    second = customer_contact(f, f->shop, "2");
    assert_contact(second, "{'first_name':'Bob','sources':[{'external_id':'2'}]}");
    assert_int_equal(ledger_count(f, second, "M3", "address kept apart"), 1);
}

static void M3_is_the_same_whoever_comes_first(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'ada@example.com','updated_at':'@20'}"));
    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    assert_contacts(2);
    assert_contact(ADA, "{'sources':[{'external_id':'1'}]}");
}

static void M4_a_guest_joins_the_identified_contact_of_its_address(void **state)
{
    struct fixture *f = *state;
    const char *guest = "{'id':11,'email':'ada@example.com','total_price':'5.00','currency':'EUR','financial_status':'paid',"
                        "'created_at':'@10','updated_at':'@10'}";

    assert_applied(shop_says(f, "orders/create", guest));
    assert_contact(ADA, "{'sources':[],'orders':{'count':1}}");
    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@20'}"));
    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'ada@example.com','updated_at':'@30'}"));
    assert_contacts(2);
    assert_contact(ADA, "{'sources':[{'external_id':'1'}],'orders':{'count':1,'net':{'EUR':'5.00'}}}");
    assert_contact(customer_contact(f, f->shop, "2"), "{'orders':{'count':0}}");
}

static const char *merge_body(struct fixture *f, int gone, int kept)
{
    return body_of(f,
                   "{'admin_graphql_api_customer_kept_id':'gid://shopify/Customer/%d','admin_graphql_api_customer_deleted_id':"
                   "'gid://shopify/Customer/%d','status':'completed'}",
                   kept, gone);
}

static void M5_follows_the_stores_own_merge(void **state)
{
    struct fixture *f = *state;
    const char *gone;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'bob@example.com','phone':'+4930123','updated_at':'@20'}"));
    gone = customer_contact(f, f->shop, "2");
    assert_applied(shop_says(f, "customers/merge", merge_body(f, 2, 1)));
    assert_contacts(1);
    assert_contact(ADA, "{'email':'ada@example.com','phone':'+4930123','sources':[{'external_id':'1'}]}");
    assert_string_equal(contact_id(f, "bob@example.com"), contact_id(f, ADA));
    assert_string_equal(contact_id(f, gone), contact_id(f, ADA));
    assert_int_equal(ledger_count(f, ADA, "M5", "customer merged"), 1);
    assert_int_equal(ledger_count(f, ADA, "M6", "contact merged"), 1);
}

static void M5_a_merge_that_failed_says_nothing(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'bob@example.com','updated_at':'@20'}"));
    assert_applied(shop_says(f, "customers/merge",
                             "{'admin_graphql_api_customer_kept_id':'gid://shopify/Customer/1',"
                             "'admin_graphql_api_customer_deleted_id':'gid://shopify/Customer/2','status':'failed'}"));
    assert_contacts(2);
}

static void M6_the_oldest_identified_contact_survives_in_all_six_orders(void **state)
{
    static const int orders[6][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};

    for (size_t i = 0; i < 12; i++) {
        struct fixture *f = *state;
        const char *made[3], *oldest;

        for (size_t j = 0; j < 3; j++) {
            int id = orders[i % 6][j];

            assert_applied(
                shop_says(f, "customers/create", body_of(f, "{'id':%d,'email':'m%d@example.com','updated_at':'@10'}", id, id)));
            made[j] = customer_contact(f, f->shop, body_of(f, "%d", id));
        }
        oldest = made[0];
        assert_applied(shop_says(f, "customers/merge", i < 6 ? merge_body(f, 3, 2) : merge_body(f, 2, 1)));
        assert_applied(shop_says(f, "customers/merge", i < 6 ? merge_body(f, 2, 1) : merge_body(f, 3, 2)));
        assert_contacts(1);
        for (size_t j = 0; j < 3; j++)
            assert_string_equal(contact_id(f, made[j]), oldest); /* every id resolves for ever */
        assert_contact(oldest, "{'email':'m1@example.com','sources':[{'external_id':'1'}]}");
        assert_int_equal(count_rows(f, "SELECT count(*) FROM contact a JOIN contact b ON b.id = a.alias_of"
                                       " WHERE b.alias_of IS NOT NULL"),
                         0); /* chains are flat */
        close_contacts(state);
        open_contacts(state);
    }
}

static void M6_an_identified_contact_survives_before_an_older_guest(void **state)
{
    struct fixture *f = *state;
    const char *identified;

    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'guest@example.com'}}"));
    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@20'}"));
    identified = contact_id(f, ADA);
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'guest@example.com','updated_at':'@30'}"));
    assert_contacts(1);
    assert_string_equal(contact_id(f, "guest@example.com"), identified);
}

static void M7_a_merge_unites_fields_tags_and_orders(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create",
                             "{'id':1,'email':'ada@example.com','first_name':'Old','tags':'club, vip','updated_at':'@10'}"));
    assert_applied(shop_says(f, "customers/create",
                             "{'id':2,'email':'bob@example.com','first_name':'New','tags':'vip, news','updated_at':'@20'}"));
    for (int customer = 1; customer <= 2; customer++)
        assert_applied(shop_says(f, "orders/updated",
                                 body_of(f,
                                         "{'id':7,'email':'%s','customer':{'id':%d},'total_price':'9.00','currency':'EUR',"
                                         "'financial_status':'paid','created_at':'@30','updated_at':'@3%d'}",
                                         customer == 1 ? ADA : "bob@example.com", customer, customer)));
    assert_applied(shop_says(f, "customers/merge", merge_body(f, 2, 1)));
    assert_contact(ADA, "{'first_name':'New','tags':['club','news','vip'],'orders':{'count':1,'net':{'EUR':'9.00'}}}");
}

static void C4_M8_a_merge_keeps_the_refusal_of_either_side(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct fixture *f = *state;

        assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
        assert_applied(shop_says(f, "customers/create", "{'id':2,'email':'bob@example.com','updated_at':'@10'}"));
        assert_applied(plugin_says(f, "{'type':'subscribe','at':'@20','contact':{'email':'ada@example.com'}}"));
        assert_applied(plugin_says(f, "{'type':'unsubscribe','at':'@30','contact':{'email':'bob@example.com'}}"));
        assert_contact(ADA, "{'mailable':true}");
        assert_applied(shop_says(f, "customers/merge", i ? merge_body(f, 1, 2) : merge_body(f, 2, 1)));
        assert_contact(ADA, "{'consent':{'state':'unsubscribed'},'mailable':false}");
        close_contacts(state);
        open_contacts(state);
    }
}

/* -- guests -------------------------------------------------------------------------------------------------------------- */

static void G1_a_guest_order_makes_a_contact_that_is_not_mailable(void **state)
{
    struct fixture *f = *state;

    assert_applied(woo_says(f, "order.created",
                            "{'id':5,'status':'processing','currency':'EUR','total':'12.50','customer_id':0,"
                            "'date_created_gmt':'~10','date_modified_gmt':'~10','billing':{'email':'ada@example.com'}}"));
    assert_contact(ADA, "{'consent':{'state':'none'},'mailable':false,'sources':[],'orders':{'count':1,'net':{'EUR':'12.50'}}}");
}

static void G2_a_later_signup_attaches_the_id_to_the_same_contact(void **state)
{
    struct fixture *f = *state;
    const char *id;

    assert_applied(woo_says(f, "order.created",
                            "{'id':5,'status':'processing','currency':'EUR','total':'12.50','customer_id':0,"
                            "'date_created_gmt':'~10','date_modified_gmt':'~10','billing':{'email':'ada@example.com'}}"));
    id = contact_id(f, ADA);
    assert_applied(
        woo_says(f, "customer.created", "{'id':44,'email':'Ada@Example.com','first_name':'Ada','date_modified_gmt':'~20'}"));
    assert_contacts(1);
    assert_string_equal(contact_id(f, ADA), id);
    assert_contact(ADA, "{'first_name':'Ada','sources':[{'source':'woo','external_id':'44'}],'orders':{'count':1}}");
}

static const char *order_with_box(struct fixture *f, int id, int created, int updated)
{
    return body_of(f,
                   "{'id':%d,'email':'ada@example.com','total_price':'5.00','currency':'EUR','financial_status':'paid',"
                   "'buyer_accepts_marketing':true,'created_at':'@%d','updated_at':'@%d'}",
                   id, created, updated);
}

static void G3_the_box_counts_with_the_orders_creation_time(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "orders/create", order_with_box(f, 1, 10, 40)));
    assert_contact(ADA, "{'consent':{'state':'subscribed','at':'@10','basis':'order'},'mailable':true}");
    assert_ledger(ADA, "C4", "consent email", "none", "subscribed");
}

static void G3_the_box_counts_on_the_create_event_only(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "orders/updated", order_with_box(f, 1, 10, 40)));
    assert_contact(ADA, "{'consent':{'state':'none'},'mailable':false,'orders':{'count':1}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(M1_looks_up_by_id_then_by_address_and_by_nothing_else),
        contact_test(M1_the_id_decides_before_the_address),
        contact_test(M2_is_normalised_for_matching_and_shown_as_written),
        contact_test(M3_one_address_with_two_ids_of_one_source_is_a_conflict),
        contact_test(M3_is_the_same_whoever_comes_first),
        contact_test(M4_a_guest_joins_the_identified_contact_of_its_address),
        contact_test(M5_follows_the_stores_own_merge),
        contact_test(M5_a_merge_that_failed_says_nothing),
        contact_test(M6_the_oldest_identified_contact_survives_in_all_six_orders),
        contact_test(M6_an_identified_contact_survives_before_an_older_guest),
        contact_test(M7_a_merge_unites_fields_tags_and_orders),
        contact_test(C4_M8_a_merge_keeps_the_refusal_of_either_side),
        contact_test(G1_a_guest_order_makes_a_contact_that_is_not_mailable),
        contact_test(G2_a_later_signup_attaches_the_id_to_the_same_contact),
        contact_test(G3_the_box_counts_with_the_orders_creation_time),
        contact_test(G3_the_box_counts_on_the_create_event_only),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
