/* test_lists.c -- lists of both kinds, and the operator's acts on a real database (C3, C4, C6, C8, C10, C12, N5, N6, X3). */
#include "contact_fixture.h"
#include "every_order.h"

#include "engine/consent_act.h"
#include "engine/edit.h"
#include "store/list.h"

#define ADA "ada@example.com"
#define NEWS "news"

#define SAYS(word, time)                                                                                                        \
    "{'type':'consent_updated','occurred_at':'" time "','list':'news','contact':{'email':'ada@example.com','consent':{'email':" \
    "{'state':'" word "','at':'" time "'}}}}"
#define CONFIRMS(time)                                                                                                          \
    "{'type':'consent_updated','occurred_at':'" time "','list':'news','contact':{'email':'ada@example.com','consent':{'email':" \
    "{'state':'subscribed','confirmed':true,'at':'" time "'}}}}"
#define LEAVES_ALL(time) \
    "{'type':'unsubscribe','channel':'email','at':'" time "','source':'link','contact':{'email':'ada@example.com'}}"

static void add_list(struct fixture *f, const char *name, bool is_double)
{
    assert_int_equal(list_add(f->store, str_of(name), STR_NONE, is_double), OK);
}

static void set_kind(struct fixture *f, const char *name, bool is_double)
{
    assert_int_equal(list_set(f->store, str_of(name), &(struct list_change){.is_double = &is_double}), OK);
}

static enum err act_of(struct fixture *f, struct consent_act act, struct consent_act_result *out)
{
    act.email = act.email.len ? act.email : STR(ADA);
    act.by = STR("grace");
    return consent_act_commit(f->store, f->seal, &act, &f->arena, out);
}

static struct consent_act_result act(struct fixture *f, struct consent_act one)
{
    struct consent_act_result result;

    assert_int_equal(act_of(f, one, &result), OK);
    return result;
}

/* Applies the events in every order to a double list; the contact must look the same each time (N5). */
static void assert_in_every_order(void **state, const char *const *said, size_t n, const char *want)
{
    size_t order[4];

    for (size_t i = 0; i < n; i++)
        order[i] = i;
    do {
        struct fixture *f = *state;

        add_list(f, NEWS, true);
        for (size_t i = 0; i < n; i++)
            assert_applied(plugin_says(f, said[order[i]]));
        assert_contact(ADA, want);
        close_contacts(state);
        open_contacts(state);
    } while (next_order(order, n));
}

static void consent_C8_an_opt_in_to_a_double_list_is_pending_until_it_is_confirmed(void **state)
{
    static const char *const asked[] = {SAYS("subscribed", "@10"), SAYS("subscribed", "@20")};
    static const char *const confirmed[] = {SAYS("subscribed", "@10"), CONFIRMS("@20")};
    static const char *const again[] = {SAYS("subscribed", "@10"), CONFIRMS("@20"), SAYS("subscribed", "@30")};

    assert_in_every_order(state, asked, 2, "{'lists':[{'list':'news','status':'pending','mailable':false}]}");
    assert_in_every_order(state, confirmed, 2, "{'lists':[{'list':'news','status':'subscribed','mailable':true}]}");
    assert_in_every_order(state, again, 3, "{'lists':[{'list':'news','status':'subscribed','mailable':true}]}");
}

static void consent_C8_who_left_a_double_list_confirms_anew(void **state)
{
    static const char *const left[] = {SAYS("subscribed", "@10"), CONFIRMS("@20"), SAYS("unsubscribed", "@30")};
    static const char *const back[] = {CONFIRMS("@20"), SAYS("unsubscribed", "@30"), SAYS("subscribed", "@40")};
    static const char *const sure[] = {CONFIRMS("@20"), LEAVES_ALL("@30"), SAYS("subscribed", "@40"), CONFIRMS("@50")};

    assert_in_every_order(state, left, 3, "{'lists':[{'list':'news','status':'unsubscribed','mailable':false}]}");
    assert_in_every_order(state, back, 3, "{'lists':[{'list':'news','status':'pending','mailable':false}]}");
    assert_in_every_order(state, sure, 4, "{'lists':[{'list':'news','status':'subscribed','mailable':true}]}");
}

/* What was received before the list was of a kind stays as it was, whatever the list becomes. */
static void consent_C8_a_change_of_the_list_counts_for_later_opt_ins_only(void **state)
{
    struct fixture *f = *state;

    add_list(f, NEWS, false);
    assert_applied(plugin_says(f, SAYS("subscribed", "@10")));
    receive_at(f, RECEIPT_S + 100);
    set_kind(f, NEWS, true);
    assert_contact(ADA, "{'lists':[{'list':'news','status':'subscribed'}]}");
    receive_at(f, RECEIPT_S + 200);
    assert_applied(plugin_says(f, SAYS("subscribed", "@20")));
    assert_contact(ADA, "{'lists':[{'list':'news','status':'subscribed'}]}");
    assert_applied(plugin_says(f, "{'type':'subscribe','channel':'email','at':'@20','source':'x','list':'news','contact':{'email':"
                                  "'bob@example.com'}}"));
    receive_at(f, RECEIPT_S + 300);
    set_kind(f, NEWS, false);
    assert_contact("bob@example.com", "{'lists':[{'list':'news','status':'pending'}]}");
    receive_at(f, RECEIPT_S + 200); /* an entry of then that is applied only now */
    assert_applied(plugin_says(f, "{'type':'subscribe','channel':'email','at':'@30','source':'x','list':'news','contact':{'email':"
                                  "'eve@example.com'}}"));
    assert_contact("eve@example.com", "{'lists':[{'list':'news','status':'pending'}]}");
}

/* Without naming a list a source speaks for all and for its own. */
static void consent_C8_a_source_of_a_double_list_subscribes_nobody_unconfirmed(void **state)
{
    struct fixture *f = *state;
    int64_t source;

    add_list(f, NEWS, true);
    source = add_source(f, "storehook", "listed", NEWS, 0);
    assert_applied(send_delivery(
        f, (struct sent){.source = source,
                         .body = "{'type':'signup','occurred_at':'@10','contact':{'external_id':'1','email':'ada@example.com',"
                                 "'consent':{'email':{'state':'subscribed','at':'@10'}}}}"}));
    assert_contact(ADA, "{'consent':{'state':'pending'},'mailable':false,'lists':[{'list':'news','status':'pending'}]}");
    assert_ledger(ADA, "C8", "consent email", "none", "pending");
    act(f, (struct consent_act){.kind = ACT_CONFIRM, .list = STR(NEWS)});
    assert_contact(ADA, "{'consent':{'state':'subscribed'},'mailable':true,'lists':[{'list':'news','status':'subscribed'}]}");
}

static void consent_C8_the_order_box_waits_as_well_and_never_relaxes(void **state)
{
    struct fixture *f = *state;
    int64_t source;

    add_list(f, NEWS, true);
    source = add_source(f, "storehook", "listed", NEWS, 0);
#define ORDER(time)                                                                                                         \
    "{'type':'order_created','occurred_at':'" time "','contact':{'email':'ada@example.com'},'order':{'id':'1','total':'1'," \
    "'currency':'EUR','created_at':'" time "','accepts_marketing':true}}"
    assert_applied(send_delivery(f, (struct sent){.source = source, .body = ORDER("@10")}));
    assert_contact(ADA, "{'mailable':false,'lists':[{'list':'news','status':'pending'}]}");
    act(f, (struct consent_act){.kind = ACT_UNSUBSCRIBE, .list = STR(NEWS), .at_us = at(20)});
    assert_contact(ADA, "{'lists':[{'list':'news','status':'unsubscribed'}]}");
}

static void consent_C8_who_is_to_be_asked_is_told_once_for_each_opt_in(void **state)
{
    struct fixture *f = *state;
    struct consent_act join = {.kind = ACT_SUBSCRIBE, .list = STR(NEWS), .at_us = at(10), .proof = STR("card 17")};

    add_list(f, NEWS, true);
    assert_true(str_eq(act(f, join).asks_list, STR(NEWS)));
    assert_int_equal(act(f, join).asks_list.len, 0);
    join.at_us = at(20);
    assert_true(str_eq(act(f, join).asks_list, STR(NEWS)));
    act(f, (struct consent_act){.kind = ACT_CONFIRM, .list = STR(NEWS)});
    join.at_us = at(30);
    assert_int_equal(act(f, join).asks_list.len, 0);
    assert_contact(ADA, "{'lists':[{'list':'news','status':'subscribed'}]}");
}

static void consent_C8_only_what_waits_can_be_confirmed(void **state)
{
    struct fixture *f = *state;
    struct consent_act confirm = {.kind = ACT_CONFIRM, .list = STR(NEWS)};
    struct consent_act_result result;

    add_list(f, NEWS, true);
    assert_int_equal(act_of(f, confirm, &result), ERR_NOT_FOUND);
    act(f, (struct consent_act){.kind = ACT_SUBSCRIBE, .list = STR(NEWS), .proof = STR("card")});
    receive_at(f, RECEIPT_S + 10);
    act(f, (struct consent_act){.kind = ACT_UNSUBSCRIBE});
    receive_at(f, RECEIPT_S + 20);
    assert_int_equal(act_of(f, confirm, &result), ERR_NOT_FOUND);
    assert_contact(ADA, "{'lists':[{'list':'news','status':'unsubscribed'}]}");
}

static void consent_C8_with_a_proof_of_the_confirmation_nobody_is_asked(void **state)
{
    struct fixture *f = *state;

    add_list(f, NEWS, true);
    assert_int_equal(act(f, (struct consent_act){.kind = ACT_SUBSCRIBE,
                                                 .list = STR(NEWS),
                                                 .confirmed = true,
                                                 .proof = STR("link of the old system"),
                                                 .at_us = at(10)})
                         .asks_list.len,
                     0);
    assert_contact(ADA, "{'lists':[{'list':'news','status':'subscribed','since':'@10'}]}");
}

/* A trigger's act, and an operator's without a proof. */
static void consent_C4_an_act_without_a_proof_never_relaxes(void **state)
{
    struct fixture *f = *state;
    struct consent_act join = {.kind = ACT_SUBSCRIBE, .list = STR(NEWS)};
    struct consent_act_result result;

    add_list(f, NEWS, false);
    act(f, (struct consent_act){.kind = ACT_UNSUBSCRIBE, .list = STR(NEWS), .at_us = at(10)});
    result = act(f, join);
    assert_true(result.refused);
    assert_false(result.changed);
    assert_contact(ADA, "{'lists':[{'list':'news','status':'unsubscribed'}]}");
    join.proof = STR("card 17");
    join.at_us = at(5);
    assert_true(act(f, join).refused); /* C3: older than the refusal */
    join.at_us = at(20);
    assert_true(act(f, join).changed);
    assert_contact(ADA, "{'lists':[{'list':'news','status':'subscribed'}]}");
    assert_true(act(f, (struct consent_act){.email = STR("new@example.com"), .kind = ACT_SUBSCRIBE, .list = STR(NEWS)}).changed);
    assert_contact("new@example.com", "{'lists':[{'list':'news','status':'subscribed'}],'consent':{'state':'none'}}");
}

static struct edit_result edit_list(struct fixture *f, enum edit_kind kind, const char *list, int64_t at_us)
{
    struct edit edit = {.kind = kind, .email = STR(ADA), .name = str_of(list), .at_us = at_us, .by = STR("trigger welcome")};
    struct edit_result result;

    assert_int_equal(edit_commit(f->store, &edit, &f->arena, &result), OK);
    return result;
}

static void consent_C4_N6_a_trigger_subscribes_nobody_who_ever_said_no(void **state)
{
    struct fixture *f = *state;
    struct edit nobody = {.kind = EDIT_LIST_SUBSCRIBE, .email = STR("nobody@example.com"), .name = STR(NEWS), .by = STR("t")};
    struct edit_result result;

    add_list(f, NEWS, false);
    add_list(f, "sure", true);
    assert_applied(plugin_says(f, "{'type':'signup','contact':{'external_id':'1','email':'ada@example.com'}}"));
    assert_true(edit_list(f, EDIT_LIST_SUBSCRIBE, NEWS, at(10)).changed);
    assert_true(str_eq(edit_list(f, EDIT_LIST_SUBSCRIBE, "sure", at(10)).asks_list, STR("sure")));
    assert_contact(ADA, "{'lists':[{'list':'news','status':'subscribed'},{'list':'sure','status':'pending'}]}");
    assert_true(edit_list(f, EDIT_LIST_UNSUBSCRIBE, NEWS, at(20)).changed);
    assert_false(edit_list(f, EDIT_LIST_SUBSCRIBE, NEWS, at(30)).changed);
    assert_true(edit_list(f, EDIT_LIST_UNSUBSCRIBE, "", at(40)).changed);
    assert_contact(ADA, "{'consent':{'state':'unsubscribed'},'lists':[{'list':'news','status':'unsubscribed'},"
                        "{'list':'sure','status':'unsubscribed'}]}");
    assert_int_equal(ledger_count(f, ADA, "C12", "unsubscribed by trigger welcome"), 2);
    assert_int_equal(edit_commit(f->store, &nobody, &f->arena, &result), ERR_NOT_FOUND);
    assert_nobody("nobody@example.com");
}

static void consent_C10_an_act_without_a_list_is_for_all_lists(void **state)
{
    struct fixture *f = *state;

    add_list(f, NEWS, false);
    add_list(f, "offers", false);
    act(f, (struct consent_act){.kind = ACT_SUBSCRIBE, .list = STR(NEWS), .proof = STR("x"), .at_us = at(10)});
    act(f, (struct consent_act){.kind = ACT_SUBSCRIBE, .list = STR("offers"), .proof = STR("x"), .at_us = at(10)});
    act(f, (struct consent_act){.kind = ACT_UNSUBSCRIBE, .list = STR(NEWS), .at_us = at(20)});
    assert_contact(ADA, "{'lists':[{'list':'news','status':'unsubscribed'},{'list':'offers','status':'subscribed'}]}");
    act(f, (struct consent_act){.kind = ACT_UNSUBSCRIBE, .at_us = at(30)});
    assert_contact(ADA, "{'consent':{'state':'unsubscribed'},'lists':[{'list':'news','status':'unsubscribed'},"
                        "{'list':'offers','status':'unsubscribed'}]}");
}

static void consent_C12_an_act_says_who_and_how_one_knows(void **state)
{
    struct fixture *f = *state;
    size_t n;

    add_list(f, NEWS, false);
    act(f, (struct consent_act){.kind = ACT_SUBSCRIBE, .list = STR(NEWS), .proof = STR("card 17"), .at_us = at(10)});
    ledger_of(f, ADA, "C12", "subscribed by grace: card 17", &n);
    assert_int_equal(n, 1);
    assert_ledger(ADA, "C3", "consent email", "none", "subscribed");
}

static void consent_C6_a_manual_suppression_is_lifted_by_the_operator_only(void **state)
{
    struct fixture *f = *state;

    assert_true(act(f, (struct consent_act){.kind = ACT_SUPPRESS, .proof = STR("lawyer")}).changed); /* nobody has it yet */
    receive_at(f, RECEIPT_S + 10);
    assert_applied(plugin_says(f, "{'type':'consent_updated','contact':{'email':'ada@example.com','consent':{'email':{'state':"
                                  "'subscribed','confirmed':true,'at':'@99990'}}}}"));
    assert_contact(ADA, "{'consent':{'state':'subscribed'},'suppressions':['manual'],'mailable':false}");
    assert_false(act(f, (struct consent_act){.kind = ACT_SUPPRESS, .proof = STR("again")}).changed);
    assert_true(act(f, (struct consent_act){.kind = ACT_UNSUPPRESS, .proof = STR("settled")}).changed);
    assert_contact(ADA, "{'suppressions':[],'mailable':true}");
    assert_false(act(f, (struct consent_act){.kind = ACT_UNSUPPRESS}).changed);
    receive_at(f, RECEIPT_S + 20);
    assert_true(act(f, (struct consent_act){.kind = ACT_SUPPRESS, .proof = STR("once more")}).changed);
    assert_contact(ADA, "{'suppressions':['manual'],'mailable':false}");
    receive_at(f, RECEIPT_S); /* a clock that was set back */
    assert_true(act(f, (struct consent_act){.kind = ACT_UNSUPPRESS}).changed);
    assert_contact(ADA, "{'suppressions':[],'mailable':true}");
}

static void consent_C6_the_operator_lifts_neither_complaint_nor_bounce(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'consent_updated','occurred_at':'@10','contact':{'email':'ada@example.com','consent':"
                                  "{'email':{'state':'complaint','at':'@10'}}}}"));
    assert_applied(plugin_says(f, "{'type':'consent_updated','occurred_at':'@10','contact':{'email':'ada@example.com','consent':"
                                  "{'email':{'state':'hard_bounce','at':'@10'}}}}"));
    assert_false(act(f, (struct consent_act){.kind = ACT_UNSUPPRESS}).changed);
    assert_contact(ADA, "{'suppressions':['complaint','hard_bounce']}");
}

static void consent_X3_an_act_without_a_proof_brings_no_erased_person_back(void **state)
{
    struct fixture *f = *state;
    struct consent_act join = {.kind = ACT_SUBSCRIBE, .list = STR(NEWS)};

    add_list(f, NEWS, false);
    assert_applied(plugin_says(f, SAYS("subscribed", "@10")));
    assert_applied(plugin_says(f, "{'type':'erase','contact':{'email':'ada@example.com'}}"));
    receive_at(f, RECEIPT_S + 10);
    assert_true(act(f, join).erased);
    assert_true(act(f, (struct consent_act){.kind = ACT_SUPPRESS, .proof = STR("x")}).erased);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM suppression"), 0);
    assert_nobody(ADA);
    join.proof = STR("card 17");
    join.at_us = at(20);
    assert_true(act(f, join).erased); /* older than the erasure */
    join.at_us = at(RECEIPT_S + 5);
    assert_true(act(f, join).changed);
    assert_contact(ADA, "{'lists':[{'list':'news','status':'subscribed'}]}");
}

static void list_kinds_of_one_account_are_not_those_of_another(void **state)
{
    static const struct list_kind doubles = {.account_id = 2, .list = {NEWS, 4}, .from_us = 100, .is_double = true};

    (void)state;
    assert_true(list_is_double(&doubles, 2, STR(NEWS), 100));
    assert_false(list_is_double(&doubles, 2, STR(NEWS), 99));
    assert_false(list_is_double(&doubles, 1, STR(NEWS), 100));
    assert_false(list_is_double(&doubles, 2, STR("offers"), 100));
}

static void list_a_source_makes_its_list_as_a_single_one(void **state)
{
    struct fixture *f = *state;
    struct list_row list;
    struct str source;

    add_source(f, "storehook", "listed", NEWS, 0);
    assert_int_equal(list_find(f->store, STR(NEWS), &f->arena, &list), OK);
    assert_false(list.is_double);
    assert_int_equal(list_add(f->store, STR(NEWS), STR_NONE, true), ERR_EXISTS);
    assert_int_equal(list_remove(f->store, STR(NEWS), &f->arena, &source), ERR_EXISTS);
    assert_true(str_eq(source, STR("listed")));
    assert_int_equal(list_add(f->store, STR(" x"), STR_NONE, false), ERR_RANGE);
}

static void list_a_removed_list_keeps_what_was_said(void **state)
{
    struct fixture *f = *state;
    struct list_row list;
    struct str source;

    add_list(f, NEWS, true);
    assert_applied(plugin_says(f, SAYS("unsubscribed", "@10")));
    assert_int_equal(list_remove(f->store, STR(NEWS), &f->arena, &source), OK);
    assert_int_equal(list_find(f->store, STR(NEWS), &f->arena, &list), ERR_NOT_FOUND);
    assert_int_equal(list_remove(f->store, STR(NEWS), &f->arena, &source), ERR_NOT_FOUND);
    receive_at(f, RECEIPT_S + 10);
    add_list(f, NEWS, false);
    assert_int_equal(list_find(f->store, STR(NEWS), &f->arena, &list), OK);
    assert_false(list.is_double);
    assert_contact(ADA, "{'lists':[{'list':'news','status':'unsubscribed'}]}");
}

/* Each contact once, also one with two addresses on the list, and one whose statement names no address. */
static void list_counts_are_those_of_its_contacts(void **state)
{
    struct fixture *f = *state;
    struct view_source *sources = NULL;
    struct list_counts counts;
    size_t n = 0;

    add_list(f, NEWS, true);
    assert_applied(plugin_says(f, SAYS("subscribed", "@10")));
    assert_applied(plugin_says(f, "{'type':'customer_updated','contact':{'external_id':'7','email':'a@example.com','updated_at':"
                                  "'@10'}}"));
    assert_applied(plugin_says(f, "{'type':'subscribe','list':'news','at':'@20','source':'x','contact':{'external_id':'7',"
                                  "'email':'a@example.com'}}"));
    assert_applied(plugin_says(f, "{'type':'customer_updated','contact':{'external_id':'7','email':'b@example.com','updated_at':"
                                  "'@30'}}"));
    assert_applied(plugin_says(f, "{'type':'unsubscribe','list':'news','at':'@40','source':'x','contact':{'external_id':'7',"
                                  "'email':'b@example.com'}}"));
    assert_applied(plugin_says(f, "{'type':'customer_updated','contact':{'external_id':'8','email':'c@example.com'}}"));
    assert_applied(plugin_says(f, "{'type':'unsubscribe','list':'news','at':'@40','source':'x','contact':{'external_id':'8'}}"));
    assert_int_equal(contact_sources(f->store, 0, &f->arena, &sources, &n), OK);
    assert_int_equal(list_count(f->store, STR(NEWS), sources, n, &counts), OK);
    assert_int_equal(counts.states[CONSENT_PENDING], 1);
    assert_int_equal(counts.states[CONSENT_UNSUBSCRIBED], 2);
    assert_int_equal(counts.states[CONSENT_SUBSCRIBED], 0);
    assert_int_equal(counts.mailable, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(consent_C8_an_opt_in_to_a_double_list_is_pending_until_it_is_confirmed),
        contact_test(consent_C8_who_left_a_double_list_confirms_anew),
        contact_test(consent_C8_a_change_of_the_list_counts_for_later_opt_ins_only),
        contact_test(consent_C8_a_source_of_a_double_list_subscribes_nobody_unconfirmed),
        contact_test(consent_C8_the_order_box_waits_as_well_and_never_relaxes),
        contact_test(consent_C8_who_is_to_be_asked_is_told_once_for_each_opt_in),
        contact_test(consent_C8_only_what_waits_can_be_confirmed),
        contact_test(consent_C8_with_a_proof_of_the_confirmation_nobody_is_asked),
        contact_test(consent_C4_an_act_without_a_proof_never_relaxes),
        contact_test(consent_C4_N6_a_trigger_subscribes_nobody_who_ever_said_no),
        contact_test(consent_C10_an_act_without_a_list_is_for_all_lists),
        contact_test(consent_C12_an_act_says_who_and_how_one_knows),
        contact_test(consent_C6_a_manual_suppression_is_lifted_by_the_operator_only),
        contact_test(consent_C6_the_operator_lifts_neither_complaint_nor_bounce),
        contact_test(consent_X3_an_act_without_a_proof_brings_no_erased_person_back),
        cmocka_unit_test(list_kinds_of_one_account_are_not_those_of_another),
        contact_test(list_a_source_makes_its_list_as_a_single_one),
        contact_test(list_a_removed_list_keeps_what_was_said),
        contact_test(list_counts_are_those_of_its_contacts),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
