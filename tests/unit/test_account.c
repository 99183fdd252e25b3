/* test_account.c -- accounts: told apart by name, each with sources, contacts, consent and keys of its own. */
#include "contact_fixture.h"

#include "store/account.h"
#include "store/erase_task.h"

#define ADA "ada@example.com"

/* Another account with a shop; the store stays where it was. */
struct tenant {
    int64_t account_id, shop;
};

static struct tenant new_tenant(struct fixture *f, const char *name)
{
    struct account account;
    struct tenant t;

    assert_int_equal(account_add(f->store, str_of(name), &account), OK);
    t.account_id = account.id;
    store_enter(f->store, t.account_id);
    t.shop = add_source(f, "shopify", "shop", "", 0);
    store_enter(f->store, ACCOUNT_DEFAULT);
    return t;
}

static const char *tenant_says(struct fixture *f, struct tenant t, const char *topic, const char *body)
{
    return send_delivery(f, (struct sent){.source = t.shop, .platform = "shopify", .topic = topic, .body = body});
}

static void an_account_is_found_by_its_name_until_it_is_removed(void **state)
{
    struct fixture *f = *state;
    struct account made, found;

    assert_int_equal(account_find(f->store, STR("default"), &found), OK);
    assert_int_equal(found.id, ACCOUNT_DEFAULT);
    assert_int_equal(account_find(f->store, STR("acme"), &found), ERR_NOT_FOUND);
    assert_int_equal(account_add(f->store, STR("acme"), &made), OK);
    assert_int_equal(account_add(f->store, STR("acme"), &found), ERR_EXISTS);
    assert_int_equal(account_find(f->store, STR("acme"), &found), OK);
    assert_int_equal(found.id, made.id);
    assert_int_equal(account_remove(f->store, made.id), OK);
    assert_int_equal(account_find(f->store, STR("acme"), &found), ERR_NOT_FOUND);
    assert_int_equal(account_add(f->store, STR("acme"), &found), OK);
    assert_int_not_equal(found.id, made.id);
}

static void a_name_of_other_letters_is_refused(void **state)
{
    static const char *const names[] = {"",         "a b",  "a/b",
                                        "\xc3\xa4", "a\nb", "12345678901234567890123456789012345678901234567890123456789012345"};
    struct fixture *f = *state;
    struct account account;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_int_equal(account_add(f->store, str_of(names[i]), &account), ERR_SYNTAX);
    assert_int_equal(account_add(f->store, STR("A-1.b_2"), &account), OK);
}

static void an_account_with_a_source_or_a_contact_is_not_removed(void **state)
{
    struct fixture *f = *state;
    struct tenant t = new_tenant(f, "acme");

    assert_int_equal(account_remove(f->store, ACCOUNT_DEFAULT), ERR_RANGE);
    assert_int_equal(account_remove(f->store, t.account_id), ERR_EXISTS);
    assert_applied(tenant_says(f, t, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    store_enter(f->store, t.account_id);
    assert_int_equal(source_remove(f->store, t.shop), OK);
    assert_int_equal(account_remove(f->store, t.account_id), ERR_EXISTS);
}

static void an_id_of_a_source_is_given_once_over_all_accounts(void **state)
{
    struct fixture *f = *state;
    struct tenant acme = new_tenant(f, "acme"), bolt = new_tenant(f, "bolt");
    int64_t own = add_source(f, "shopify", "another", "", 0);

    assert_true(acme.shop > f->plugin && bolt.shop > acme.shop && own > bolt.shop);
}

static void the_receivers_know_the_sources_of_all_accounts(void **state)
{
    struct fixture *f = *state;
    struct tenant t = new_tenant(f, "acme");
    struct buf text = BUF_INIT(1 << 20);
    json_t *json = NULL, *list;

    assert_int_equal(source_snapshot(f->store, &text), OK);
    assert_int_equal(json_parse(buf_str(&text), &json, NULL), OK);
    list = json_object_get(json, "sources");
    assert_int_equal(json_array_size(list), 4);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 3), "id")), t.shop);
    json_decref(json);
    buf_release(&text);
}

static const char subscribed[] = "{'id':1,'email':'ada@example.com','first_name':'Ada','tags':'vip','updated_at':'@10',"
                                 "'email_marketing_consent':{'state':'subscribed','consent_updated_at':'@10'}}";
static const char unsubscribed[] = "{'id':1,'email':'ada@example.com','first_name':'Augusta','tags':'','updated_at':'@20',"
                                   "'email_marketing_consent':{'state':'unsubscribed','consent_updated_at':'@20'}}";

static void nothing_of_an_address_crosses_between_two_accounts(void **state)
{
    struct fixture *f = *state;
    struct tenant t = new_tenant(f, "acme");
    const char *own, *other;

    assert_applied(shop_says(f, "customers/create", subscribed));
    assert_applied(tenant_says(f, t, "customers/create", subscribed));
    assert_applied(tenant_says(f, t, "customers/update", unsubscribed));
    assert_contact(ADA, "{'first_name':'Ada','tags':['vip'],'mailable':true,'consent':{'state':'subscribed'}}");
    assert_contacts(1);
    own = contact_id(f, ADA);
    store_enter(f->store, t.account_id);
    assert_contact(ADA, "{'first_name':'Augusta','tags':[],'mailable':false,'consent':{'state':'unsubscribed'}}");
    assert_contacts(1);
    other = contact_id(f, ADA);
    assert_string_not_equal(own, other);
    assert_null(contact_json(f, own)); /* not by its id either */
}

static void the_ledger_of_an_account_tells_of_no_other(void **state)
{
    struct fixture *f = *state;
    struct tenant t = new_tenant(f, "acme");

    assert_applied(shop_says(f, "customers/create", subscribed));
    assert_applied(tenant_says(f, t, "customers/create", unsubscribed));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM ledger WHERE account_id = 1 AND new_value = 'Augusta'"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM ledger WHERE account_id > 1 AND new_value = 'Augusta'"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM ledger WHERE account_id > 1 AND new_value = 'Ada'"), 0);
}

static void one_key_counts_in_each_account_once(void **state)
{
    struct fixture *f = *state;
    struct tenant t = new_tenant(f, "acme");
    struct sent first = {.source = f->shop, .platform = "shopify", .topic = "customers/create", .body = subscribed, .key = "k"},
                second = first;

    second.source = t.shop;
    assert_applied(send_delivery(f, first));
    assert_applied(send_delivery(f, second));
    store_enter(f->store, t.account_id);
    assert_contacts(1);
}

static void erase_X4_in_one_account_leaves_the_person_in_the_other(void **state)
{
    struct fixture *f = *state;
    struct tenant t = new_tenant(f, "acme");
    struct erase_task *tasks = NULL;
    size_t n = 0;

    assert_applied(shop_says(f, "customers/create", subscribed));
    assert_applied(tenant_says(f, t, "customers/create", subscribed));
    assert_applied(
        tenant_says(f, t, "customers/redact",
                    "{'shop_domain':'demo.example','customer':{'id':1,'email':'ada@example.com'},'orders_to_redact':[]}"));
    assert_contact(ADA, "{'mailable':true}");
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','first_name':'A','updated_at':'@30'}"));
    assert_contact(ADA, "{'first_name':'A'}");
    store_enter(f->store, t.account_id);
    assert_nobody(ADA);
    assert_int_equal(erase_task_list(f->store, 10, &f->arena, &tasks, &n), OK);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(tasks[i].account_id, t.account_id);
}

static void an_entry_is_applied_in_the_account_of_its_source_wherever_the_store_is(void **state)
{
    struct fixture *f = *state;
    struct tenant t = new_tenant(f, "acme");

    store_enter(f->store, t.account_id);
    assert_applied(shop_says(f, "customers/create", subscribed));
    assert_int_equal(f->store->account_id, t.account_id);
    assert_contacts(0);
    store_enter(f->store, ACCOUNT_DEFAULT);
    assert_contacts(1);
}

static enum err note_account(struct store *store, void *arg)
{
    struct buf *seen = arg;

    return buf_printf(seen, "%lld ", (long long)store->account_id);
}

static void a_walk_goes_through_all_accounts_some_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct buf seen = BUF_INIT(100);
    int64_t after = 0;

    new_tenant(f, "acme");
    new_tenant(f, "bolt");
    assert_int_equal(account_walk(f->store, 2, &after, note_account, &seen), OK);
    assert_string_equal(buf_text(&seen), "1 2 ");
    assert_int_equal(account_walk(f->store, 2, &after, note_account, &seen), OK);
    assert_string_equal(buf_text(&seen), "1 2 3 ");
    assert_int_equal(after, 0);
    assert_int_equal(f->store->account_id, ACCOUNT_DEFAULT);
    buf_release(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(an_account_is_found_by_its_name_until_it_is_removed),
        contact_test(a_name_of_other_letters_is_refused),
        contact_test(an_account_with_a_source_or_a_contact_is_not_removed),
        contact_test(an_id_of_a_source_is_given_once_over_all_accounts),
        contact_test(the_receivers_know_the_sources_of_all_accounts),
        contact_test(nothing_of_an_address_crosses_between_two_accounts),
        contact_test(the_ledger_of_an_account_tells_of_no_other),
        contact_test(one_key_counts_in_each_account_once),
        contact_test(erase_X4_in_one_account_leaves_the_person_in_the_other),
        contact_test(an_entry_is_applied_in_the_account_of_its_source_wherever_the_store_is),
        contact_test(a_walk_goes_through_all_accounts_some_at_a_time),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
