/* test_suppression.c -- what keeps an address from being mailed whatever its consent (C6, C9, C13). */
#include "contact_fixture.h"
#include "every_order.h"

#define ADA "ada@example.com"

/* Applies the two or three events in every order; the contact must look the same each time (N5). */
static void assert_in_every_order(void **state, const char *const *said, size_t n, const char *want)
{
    size_t order[4];

    for (size_t i = 0; i < n; i++)
        order[i] = i;
    do {
        struct fixture *f = *state;

        for (size_t i = 0; i < n; i++)
            assert_applied(plugin_says(f, said[order[i]]));
        assert_contact(ADA, want);
        close_contacts(state);
        open_contacts(state);
    } while (next_order(order, n));
}

#define SAYS_OF_MAIL(word, time)                                                                                                 \
    "{'type':'consent_updated','occurred_at':'" time "','contact':{'email':'ada@example.com','consent':{'email':{'state':'" word \
    "','at':'" time "'}}}}"
#define CONFIRMED(time)                                                                                           \
    "{'type':'consent_updated','occurred_at':'" time "','contact':{'email':'ada@example.com','consent':{'email':" \
    "{'state':'subscribed','confirmed':true,'at':'" time "'}}}}"

static void consent_C6_a_complaint_is_lifted_by_no_opt_in(void **state)
{
    static const char *const said[] = {SAYS_OF_MAIL("complaint", "@10"), SAYS_OF_MAIL("subscribed", "@20"), CONFIRMED("@30")};

    assert_in_every_order(state, said, 3, "{'suppressions':['complaint'],'consent':{'state':'subscribed'},'mailable':false}");
}

static void consent_C6_a_hard_bounce_is_lifted_by_a_later_confirmed_opt_in_only(void **state)
{
    static const char *const ordinary[] = {SAYS_OF_MAIL("hard_bounce", "@10"), SAYS_OF_MAIL("subscribed", "@20")};
    static const char *const confirmed[] = {SAYS_OF_MAIL("hard_bounce", "@10"), CONFIRMED("@20"),
                                            SAYS_OF_MAIL("subscribed", "@30")};
    static const char *const again[] = {SAYS_OF_MAIL("hard_bounce", "@10"), CONFIRMED("@20"), SAYS_OF_MAIL("hard_bounce", "@30")};
    static const char *const same_time[] = {SAYS_OF_MAIL("hard_bounce", "@20"), CONFIRMED("@20")};

    assert_in_every_order(state, ordinary, 2, "{'suppressions':['hard_bounce'],'mailable':false}");
    assert_in_every_order(state, confirmed, 3, "{'suppressions':[],'consent':{'state':'subscribed'},'mailable':true}");
    assert_in_every_order(state, again, 3, "{'suppressions':['hard_bounce'],'mailable':false}");
    assert_in_every_order(state, same_time, 2, "{'suppressions':['hard_bounce'],'mailable':false}");
}

static void consent_C9_a_bounce_keeps_the_unsubscription(void **state)
{
    static const char *const said[] = {SAYS_OF_MAIL("unsubscribed", "@10"), SAYS_OF_MAIL("hard_bounce", "@20")};

    assert_in_every_order(state, said, 2, "{'suppressions':['hard_bounce'],'consent':{'state':'unsubscribed','at':'@10'}}");
}

static void consent_C13_invalid_suppresses_and_absent_says_nothing(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create",
                             "{'id':1,'email':'ada@example.com','updated_at':'@10','email_marketing_consent':"
                             "{'state':'subscribed','consent_updated_at':'@10'}}"));
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','updated_at':'@20'}"));
    assert_contact(ADA, "{'consent':{'state':'subscribed'},'mailable':true}");
    assert_applied(shop_says(f, "customers/update",
                             "{'id':1,'email':'ada@example.com','updated_at':'@30','email_marketing_consent':"
                             "{'state':'invalid','consent_updated_at':'@30'}}"));
    assert_contact(ADA, "{'suppressions':['invalid'],'mailable':false}");
    assert_int_equal(ledger_count(f, ADA, "C13", "suppression"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(consent_C6_a_complaint_is_lifted_by_no_opt_in),
        contact_test(consent_C6_a_hard_bounce_is_lifted_by_a_later_confirmed_opt_in_only),
        contact_test(consent_C9_a_bounce_keeps_the_unsubscription),
        contact_test(consent_C13_invalid_suppresses_and_absent_says_nothing),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
