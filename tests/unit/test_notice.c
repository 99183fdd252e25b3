/* test_notice.c -- proves the notices in the database: made once, for the targets that want them, gone with the person. */
#include "contact_fixture.h"

#include "store/notice.h"
#include "store/notice_target.h"

#define ADA "ada@example.com"

static struct secret *add_target(struct fixture *f, const char *name, const char *types)
{
    struct notice_target_plan plan = {.name = str_of(name), .url = STR("https://hooks.example/in"), .types = str_of(types)};
    struct secret *secret = NULL;

    assert_int_equal(notice_target_add(f->store, f->seal, &plan, &secret), OK);
    return secret;
}

static void add_targets(struct fixture *f)
{
    secret_free(add_target(f, "all", ""));
    secret_free(add_target(f, "carts", "cart.abandoned cart.recovered"));
    secret_free(add_target(f, "tags", "contact.tagged"));
}

static struct notice cart_notice(const char *effect)
{
    return (struct notice){.type = STR("cart.abandoned"),
                           .effect = str_of(effect),
                           .address = STR(ADA),
                           .data = STR("{\"email\":\"ada@example.com\"}"),
                           .at_us = at(10)};
}

static size_t put(struct fixture *f, struct notice notice)
{
    size_t n = 99;

    assert_int_equal(db_begin(f->store->db), OK);
    assert_int_equal(store_end(f->store, notice_put(f->store, &notice, &n)), OK);
    return n;
}

static void a_notice_goes_to_every_target_that_wants_its_type(void **state)
{
    struct fixture *f = *state;
    struct notice notice = cart_notice("1");

    add_targets(f);
    assert_int_equal(put(f, notice), 2); /* all, carts */
    notice.type = STR("cart");           /* a part of a word is no type */
    notice.effect = STR("2");
    assert_int_equal(put(f, notice), 1); /* all */
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice"), 2);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice WHERE body = '{\"type\":\"cart.abandoned\",\"timestamp\":"
                                   "\"2024-05-01T10:00:10Z\",\"data\":{\"email\":\"ada@example.com\"}}'"),
                     1);
}

static void N4_an_effect_makes_its_notice_once(void **state)
{
    struct fixture *f = *state;

    add_targets(f);
    assert_int_equal(put(f, cart_notice("1")), 2);
    assert_int_equal(put(f, cart_notice("1")), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice_delivery"), 2);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice_effect WHERE effect = '1'"), 0); /* hashed */
}

static void N4_a_notice_goes_with_the_transaction_that_made_it(void **state)
{
    struct fixture *f = *state;
    struct notice notice = cart_notice("1");

    add_targets(f);
    assert_int_equal(db_begin(f->store->db), OK);
    assert_int_equal(notice_put(f->store, &notice, NULL), OK);
    assert_int_equal(store_end(f->store, ERR_DB), ERR_DB);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice"), 0);
    assert_int_equal(put(f, notice), 2);
}

static void one_target_can_be_named_and_gets_it_when_it_is_enabled_again(void **state)
{
    struct fixture *f = *state;
    struct notice notice = cart_notice("1");
    struct notice_target target;

    add_targets(f);
    assert_int_equal(notice_target_find(f->store, STR("tags"), &f->arena, &target), OK);
    assert_int_equal(notice_target_set_enabled(f->store, target.id, false, STR("")), OK);
    notice.target = STR("tags");
    assert_int_equal(put(f, notice), 1);
    notice.target = STR("nobody");
    notice.effect = STR("2");
    assert_int_equal(put(f, notice), 0);
    notice = cart_notice("3");
    notice.type = STR("contact.tagged");
    assert_int_equal(put(f, notice), 1); /* all; not the disabled one */
}

static void a_type_is_words_with_dots(void **state)
{
    static const char *const good[] = {"a", "cart.abandoned", "contact_tagged.v2"}, *const bad[] = {"",     ".",   "a.",  ".a",
                                                                                                    "a..b", "a b", "a-b", "a\"b"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_int_equal(notice_type_check(str_of(good[i])), OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(notice_type_check(str_of(bad[i])), ERR_SYNTAX);
}

static void X2_an_erasure_takes_the_notices_of_the_person(void **state)
{
    struct fixture *f = *state;
    struct notice notice = cart_notice("1");

    add_targets(f);
    assert_applied(shop_says(f, "customers/create", "{'id':1,'email':'ada@example.com','updated_at':'@10'}"));
    put(f, notice);
    notice.effect = STR("2");
    notice.address = STR("");
    notice.contact_id = str_of(contact_id(f, ADA));
    put(f, notice);
    notice.effect = STR("3");
    notice.contact_id = STR("somebody else");
    put(f, notice);
    assert_applied(shop_says(f, "customers/redact",
                             "{'shop_domain':'demo.example','customer':{'id':1,'email':'ada@example.com'},'orders_to_redact':[]}"));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice_delivery"), 2);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice WHERE contact_id = 'somebody else'"), 1);
}

static size_t valid_secrets(struct fixture *f, int64_t target_id, struct notice_secret *out)
{
    size_t n = 0;

    assert_int_equal(notice_target_secrets(f->store, target_id, &f->arena, out, &n), OK);
    return n;
}

static void N10_secrets_are_sealed_and_several_are_valid_during_a_rotation(void **state)
{
    struct fixture *f = *state;
    struct secret *first = add_target(f, "t", ""), *second = NULL, *opened = NULL;
    struct notice_secret secrets[NOTICE_SECRETS_MAX];
    struct notice_target target;

    assert_int_equal(notice_target_find(f->store, STR("t"), &f->arena, &target), OK);
    assert_true(str_starts(secret_bytes(first), STR("whsec_")));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice_secret WHERE sealed LIKE '%whsec%'"), 0);
    assert_int_equal(notice_target_rotate(f->store, f->seal, target.id, NULL, 60000, &second), OK);
    assert_int_equal(valid_secrets(f, target.id, secrets), 2);
    assert_int_equal(notice_secret_open(f->store, f->seal, target.id, &secrets[0], &opened), OK); /* the latest first */
    assert_true(str_eq(secret_bytes(opened), secret_bytes(second)));
    secret_free(opened);
    assert_int_equal(notice_secret_open(f->store, f->seal, target.id + 1, &secrets[0], &opened), ERR_SEAL);
    receive_at(f, RECEIPT_S + 61);
    assert_int_equal(valid_secrets(f, target.id, secrets), 1);
    secret_free(first);
    secret_free(second);
}

static void a_secret_that_is_given_must_have_its_form(void **state)
{
    static const char *const bad[] = {"hello", "whsec_", "whsec_AAAA", "whsec_!!!!",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct notice_target_plan plan = {.name = STR("t"), .url = STR("https://hooks.example/")};
        struct secret *given = NULL, *secret = NULL;

        assert_int_equal(secret_new(str_of(bad[i]), &given), OK);
        plan.secret = given;
        assert_int_equal(notice_target_add(f->store, f->seal, &plan, &secret), ERR_SYNTAX);
        secret_free(given);
    }
}

static void a_removed_target_takes_what_was_for_it_alone(void **state)
{
    struct fixture *f = *state;
    struct notice notice = cart_notice("1");
    struct notice_target target;

    add_targets(f);
    put(f, notice);
    notice.effect = STR("2");
    notice.target = STR("carts");
    put(f, notice);
    assert_int_equal(notice_target_find(f->store, STR("carts"), &f->arena, &target), OK);
    assert_int_equal(notice_target_remove(f->store, target.id), OK);
    assert_int_equal(notice_target_remove(f->store, target.id), ERR_NOT_FOUND);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice_delivery"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice_secret"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(a_notice_goes_to_every_target_that_wants_its_type),
        contact_test(N4_an_effect_makes_its_notice_once),
        contact_test(N4_a_notice_goes_with_the_transaction_that_made_it),
        contact_test(one_target_can_be_named_and_gets_it_when_it_is_enabled_again),
        contact_test(a_type_is_words_with_dots),
        contact_test(X2_an_erasure_takes_the_notices_of_the_person),
        contact_test(N10_secrets_are_sealed_and_several_are_valid_during_a_rotation),
        contact_test(a_secret_that_is_given_must_have_its_form),
        contact_test(a_removed_target_takes_what_was_for_it_alone),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
