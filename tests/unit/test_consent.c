/* test_consent.c -- consent as a pure function of what was said, and what each kind of event may do to it (C1-C5, C7, C10, C12). */
#include "contact_fixture.h"
#include "every_order.h"

#include "model/consent.h"

/* -- the registers ------------------------------------------------------------------------------------------------------- */

/* One statement: of which kind, saying what, when. */
struct statement {
    enum consent_kind kind;
    enum consent_state state;
    int64_t at_s;
    bool confirmed;
    const char *receipt;
};

static void take(struct consent_register is[CONSENT_KIND__COUNT], const struct statement *s)
{
    struct consent_register said = {.set = true,
                                    .state = s->state,
                                    .at_us = s->at_s * US_PER_S,
                                    .source_id = 1,
                                    .confirmed = s->confirmed,
                                    .receipt = str_of(s->receipt)};

    consent_take(&is[s->kind], &said);
}

static enum consent_state state_after(const struct statement *said, size_t n)
{
    struct consent_register is[CONSENT_KIND__COUNT] = {0};

    for (size_t i = 0; i < n; i++)
        take(is, &said[i]);
    return consent_resolve(is).state;
}

/* The state must be the same whichever of the two comes first. */
static void assert_pair(struct statement a, struct statement b, enum consent_state want)
{
    assert_int_equal(state_after((struct statement[]){a, b}, 2), want);
    assert_int_equal(state_after((struct statement[]){b, a}, 2), want);
}

static const struct statement unsubscribe_20 = {CONSENT_RESTRICT, CONSENT_UNSUBSCRIBED, 20, false, "u20"};
static const struct statement opt_in_10 = {CONSENT_OPT_IN, CONSENT_SUBSCRIBED, 10, false, "o10"};
static const struct statement opt_in_20 = {CONSENT_OPT_IN, CONSENT_SUBSCRIBED, 20, false, "o20"};
static const struct statement opt_in_30 = {CONSENT_OPT_IN, CONSENT_SUBSCRIBED, 30, false, "o30"};
static const struct statement pending_20 = {CONSENT_OPT_IN, CONSENT_PENDING, 20, false, "p20"};
static const struct statement pending_30 = {CONSENT_OPT_IN, CONSENT_PENDING, 30, false, "p30"};
static const struct statement weak_5 = {CONSENT_WEAK, CONSENT_SUBSCRIBED, 5, false, "w05"};
static const struct statement weak_99 = {CONSENT_WEAK, CONSENT_SUBSCRIBED, 99, false, "w99"};

static void consent_C2_a_restriction_applies_unless_a_later_opt_in_is_on_file(void **state)
{
    (void)state;
    assert_pair(opt_in_10, unsubscribe_20, CONSENT_UNSUBSCRIBED);
    assert_pair(opt_in_30, unsubscribe_20, CONSENT_SUBSCRIBED);
}

static void consent_C3_relaxing_needs_a_strictly_later_time(void **state)
{
    (void)state;
    assert_pair(unsubscribe_20, opt_in_30, CONSENT_SUBSCRIBED);
    assert_pair(unsubscribe_20, pending_30, CONSENT_PENDING);
    assert_pair(unsubscribe_20, opt_in_20, CONSENT_UNSUBSCRIBED);
    assert_pair(unsubscribe_20, opt_in_10, CONSENT_UNSUBSCRIBED);
}

static void consent_C4_what_is_weak_never_relaxes(void **state)
{
    (void)state;
    assert_pair(unsubscribe_20, weak_99, CONSENT_UNSUBSCRIBED);
    assert_pair(pending_20, weak_99, CONSENT_PENDING);
    assert_pair(weak_5, pending_20, CONSENT_PENDING);
    assert_int_equal(state_after(&weak_99, 1), CONSENT_SUBSCRIBED);
}

static void consent_C5_at_equal_times_the_restrictive_one_wins(void **state)
{
    const struct statement confirmed = {CONSENT_OPT_IN, CONSENT_SUBSCRIBED, 20, true, "c20"};

    (void)state;
    assert_pair(opt_in_20, unsubscribe_20, CONSENT_UNSUBSCRIBED);
    assert_pair(confirmed, unsubscribe_20, CONSENT_UNSUBSCRIBED);
    assert_pair(opt_in_20, pending_20, CONSENT_PENDING);
}

static void consent_C5_an_opt_in_without_a_time_is_the_oldest(void **state)
{
    const struct statement timeless = {CONSENT_OPT_IN, CONSENT_SUBSCRIBED, CONSENT_OLDEST, false, "o"};
    const struct statement first = {CONSENT_RESTRICT, CONSENT_UNSUBSCRIBED, 1, false, "u"};

    (void)state;
    assert_pair(timeless, first, CONSENT_UNSUBSCRIBED);
    assert_pair(timeless, pending_20, CONSENT_PENDING);
}

static void consent_C7_nothing_said_is_none(void **state)
{
    const struct consent_register nothing[CONSENT_KIND__COUNT] = {0};
    struct consent_register taken = {.set = false};

    (void)state;
    assert_int_equal(consent_resolve(nothing).state, CONSENT_NONE);
    assert_null(consent_resolve(nothing).by);
    assert_false(consent_take(&taken, &nothing[CONSENT_OPT_IN]));
}

static struct id new_id_at_zero(void *arg)
{
    (void)arg;
    return id_new(0);
}

/* Applies an unsubscription of a customer without an address, in an arena of that size. */
static enum err unsubscribe_within(size_t max_bytes, bool *restricts)
{
    char id[4000];
    struct event event = {.type = EVENT_UNSUBSCRIBE};
    struct event_context ctx = {
        .event = &event, .source_id = 1, .receipt = STR("r"), .received_at_us = at(1), .new_id = new_id_at_zero};
    struct arena refs_arena, arena;
    struct scope scope = {.arena = &arena};
    struct event_refs refs;
    struct outcome out;
    enum err err;

    memset(id, 'x', sizeof(id));
    event.m[M_CONTACT_EXTERNAL_ID] = (struct value){.is = PRESENT, .text = str_n(id, sizeof(id))};
    arena_init(&refs_arena, 1 << 20);
    arena_init(&arena, max_bytes);
    assert_int_equal(event_refs(&event, &refs_arena, &refs), OK);
    err = contact_apply(&scope, &refs, &ctx, &policy_default, &out);
    *restricts = scope.consents && scope.consents->is[CONSENT_RESTRICT].set;
    arena_release(&arena);
    arena_release(&refs_arena);
    return err;
}

static void N8_without_memory_an_unsubscription_is_not_dropped(void **state)
{
    bool restricts = false;
    size_t max = 0;

    (void)state;
    for (; !restricts && max < 64 << 10; max += 16)
        if (unsubscribe_within(max, &restricts) == OK && !restricts)
            fail_msg("lost with %zu bytes", max);
    assert_true(restricts);
}

static void assert_same_registers(const struct consent_register *a, const struct consent_register *b)
{
    for (size_t i = 0; i < CONSENT_KIND__COUNT; i++) {
        assert_int_equal(a[i].set, b[i].set);
        assert_int_equal(a[i].state, b[i].state);
        assert_int_equal(a[i].at_us, b[i].at_us);
        assert_int_equal(a[i].confirmed, b[i].confirmed);
        assert_true(str_eq(a[i].receipt, b[i].receipt));
    }
}

/* Takes the statements in every order, each order once more on top of itself: the registers are always the same (N5). */
static void assert_commutes(const struct statement *said, size_t n)
{
    struct consent_register first[CONSENT_KIND__COUNT] = {0};
    size_t order[8];

    for (size_t i = 0; i < n; i++) {
        order[i] = i;
        take(first, &said[i]);
    }
    do {
        struct consent_register is[CONSENT_KIND__COUNT] = {0};

        for (size_t i = 0; i < 2 * n; i++)
            take(is, &said[order[i % n]]);
        assert_same_registers(is, first);
    } while (next_order(order, n));
}

static void consent_N5_C2_C5_statements_commute_and_repeat_in_every_order(void **state)
{
    const struct statement twins[] = {
        {CONSENT_OPT_IN, CONSENT_SUBSCRIBED, 20, false, "a"}, {CONSENT_OPT_IN, CONSENT_SUBSCRIBED, 20, false, "b"},
        {CONSENT_OPT_IN, CONSENT_SUBSCRIBED, 20, true, "c"},  {CONSENT_OPT_IN, CONSENT_PENDING, 20, false, "d"},
        {CONSENT_OPT_IN, CONSENT_PENDING, 20, true, "e"},     {CONSENT_OPT_IN, CONSENT_SUBSCRIBED, 10, true, "f"}};
    const struct statement mixed[] = {unsubscribe_20, opt_in_10, opt_in_30, pending_30, weak_5, weak_99};
    const struct statement refusals[] = {unsubscribe_20,
                                         {CONSENT_RESTRICT, CONSENT_UNSUBSCRIBED, 20, false, "v20"},
                                         {CONSENT_RESTRICT, CONSENT_UNSUBSCRIBED, 25, false, "u25"},
                                         opt_in_20,
                                         pending_20,
                                         weak_99};

    (void)state;
    assert_commutes(twins, 6);
    assert_commutes(mixed, 6);
    assert_commutes(refusals, 6);
}

static void consent_states_have_names(void **state)
{
    (void)state;
    for (enum consent_state s = CONSENT_NONE; s < CONSENT__COUNT; s++) {
        enum consent_state parsed = CONSENT__COUNT;

        assert_int_equal(consent_state_parse(str_of(consent_state_name(s)), &parsed), OK);
        assert_int_equal(parsed, s);
    }
    assert_int_equal(consent_state_parse(STR("opted-in"), &(enum consent_state){CONSENT_NONE}), ERR_NOT_FOUND);
}

/* -- what events may do -------------------------------------------------------------------------------------------------- */

#define ADA "ada@example.com"

static const struct {
    const char *name, *body, *state;
    bool mailable;
} states[] = {
    {"none", "{'type':'signup','occurred_at':'@10','contact':{'email':'ada@example.com'}}", "none", false},
    {"pending",
     "{'type':'form_signup','occurred_at':'@10','contact':{'email':'ada@example.com','consent':{'email':"
     "{'state':'pending','at':'@10'}}}}",
     "pending", false},
    {"subscribed", "{'type':'subscribe','at':'@10','contact':{'email':'ada@example.com'}}", "subscribed", true},
    {"unsubscribed", "{'type':'unsubscribe','at':'@10','contact':{'email':'ada@example.com'}}", "unsubscribed", false},
    {"suppressed",
     "{'events':[{'type':'subscribe','at':'@10','contact':{'email':'ada@example.com'}},{'type':'customer_updated',"
     "'occurred_at':'@10','contact':{'email':'ada@example.com','consent':{'email':{'state':'invalid'}}}}]}",
     "subscribed", false},
};
enum { STATES = sizeof(states) / sizeof(*states) };

/* What follows from each state, in the order of `states`: n, p, s, u as the states begin. */
static const struct {
    const char *name, *topic, *body, *after;
} kinds[] = {
    {"consent topic, later", "customers_email_marketing_consent/update",
     "{'customer_id':1,'email_address':'ada@example.com','email_marketing_consent':{'state':'subscribed',"
     "'consent_updated_at':'@20'}}",
     "sssss"},
    {"consent topic, same time", "customers_email_marketing_consent/update",
     "{'customer_id':1,'email_address':'ada@example.com','email_marketing_consent':{'state':'subscribed',"
     "'consent_updated_at':'@10'}}",
     "spsus"},
    {"form with box, later", NULL,
     "{'type':'form_signup','occurred_at':'@20','contact':{'email':'ada@example.com','consent':{'email':"
     "{'state':'subscribed','at':'@20'}}}}",
     "sssss"},
    {"confirmation pending, later", NULL,
     "{'type':'form_signup','occurred_at':'@20','contact':{'email':'ada@example.com','consent':{'email':"
     "{'state':'pending','at':'@20'}}}}",
     "ppppp"},
    {"unsubscribe, later", NULL, "{'type':'unsubscribe','at':'@20','contact':{'email':'ada@example.com'}}", "uuuuu"},
    {"customer update without statement", "customers/update",
     "{'id':1,'email':'ada@example.com','updated_at':'@20','email_marketing_consent':{'state':'not_subscribed',"
     "'consent_updated_at':'@20'}}",
     "npsus"},
    {"order that says subscribed, later", NULL,
     "{'type':'order_updated','occurred_at':'@20','contact':{'email':'ada@example.com','consent':{'email':"
     "{'state':'subscribed','at':'@20'}}},'order':{'id':'1','currency':'EUR','total':'1.00','updated_at':'@20'}}",
     "spsus"},
    {"cart that says subscribed, later", NULL,
     "{'type':'cart_updated','occurred_at':'@20','contact':{'email':'ada@example.com','consent':{'email':"
     "{'state':'subscribed','at':'@20'}}},'cart':{'id':'k','currency':'EUR','total':'1.00','updated_at':'@20'}}",
     "spsus"},
    {"page visit that says subscribed, later", NULL,
     "{'type':'page_visit','occurred_at':'@20','visitor_id':'v','contact':{'email':'ada@example.com','consent':{'email':"
     "{'state':'subscribed','at':'@20'}}},'page':{'url':'https://shop.example/'}}",
     "npsus"},
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static const char *word_of(char letter)
{
    return letter == 'n' ? "none" : letter == 'p' ? "pending" : letter == 's' ? "subscribed" : "unsubscribed";
}

static void check_cell(struct fixture *f, size_t row, size_t column)
{
    const char *want = word_of(kinds[column].after[row]);
    bool mailable = strcmp(states[row].name, "suppressed") != 0 && strcmp(want, "subscribed") == 0;

    assert_applied(plugin_says(f, states[row].body));
    assert_contact(
        ADA, body_of(f, "{'consent':{'state':'%s'},'mailable':%s}", states[row].state, states[row].mailable ? "true" : "false"));
    assert_applied(kinds[column].topic ? shop_says(f, kinds[column].topic, kinds[column].body)
                                       : plugin_says(f, kinds[column].body));
    print_message("  %s, then %s: %s\n", states[row].name, kinds[column].name, want);
    assert_contact(ADA, body_of(f, "{'consent':{'state':'%s'},'mailable':%s}", want, mailable ? "true" : "false"));
    if (strcmp(want, states[row].state) != 0)
        assert_true(ledger_count(f, ADA, NULL, "consent email") >= 1); /* C12 */
}

static void consent_C3_C4_C7_matrix_of_five_states_and_nine_event_kinds(void **state)
{
    assert_int_equal(STATES, 5);
    assert_int_equal(KINDS, 9);
    for (size_t row = 0; row < STATES; row++)
        for (size_t column = 0; column < KINDS; column++) {
            check_cell(*state, row, column);
            close_contacts(state);
            open_contacts(state);
        }
}

static void consent_C1_belongs_to_the_address_not_to_the_record(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'unsubscribe','at':'@10','contact':{'email':'ada@example.com'}}"));
    assert_applied(shop_says(f, "customers/create", "{'id':7,'email':'ADA@example.com','updated_at':'@20'}"));
    assert_contact(ADA, "{'consent':{'state':'unsubscribed','source':'plugin','at':'@10'},'sources':[{'external_id':'7'}]}");
    assert_contacts(1);
}

static void consent_C1_an_opt_in_to_text_messages_is_the_phones(void **state)
{
    static const char said[] =
        "{'type':'consent_updated','occurred_at':'@%d','contact':{'external_id':'1','email':'ada@example.com',"
        "'phone':'+46 70 000 000%d','consent':{'sms':{'state':'%s','at':'@%d'}}}}";
    struct fixture *f = *state;

    assert_applied(plugin_says(f, body_of(f, said, 10, 1, "subscribed", 10)));
    assert_contact(ADA, "{'consent_sms':{'state':'subscribed'}}");
    assert_applied(plugin_says(f, "{'type':'customer_updated','occurred_at':'@20','contact':{'external_id':'1','email':"
                                  "'ada@example.com','phone':'+46 70 000 0002'}}"));
    assert_contact(ADA, "{'phone':'+46 70 000 0002','consent_sms':{'state':'none'}}");
    assert_applied(plugin_says(f, body_of(f, said, 30, 2, "subscribed", 30)));
    assert_contact(ADA, "{'consent_sms':{'state':'subscribed'}}");
    assert_applied(plugin_says(f, body_of(f, said, 40, 1, "unsubscribed", 40)));
    assert_contact(ADA, "{'consent_sms':{'state':'unsubscribed'}}");
}

static void consent_C2_late_unsubscribe_with_an_older_time_is_noted_only(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'subscribe','at':'@20','contact':{'email':'ada@example.com'}}"));
    assert_applied(plugin_says(f, "{'type':'unsubscribe','at':'@10','contact':{'email':'ada@example.com'}}"));
    assert_contact(ADA, "{'consent':{'state':'subscribed','at':'@20'},'mailable':true}");
    assert_ledger(ADA, "C2", "consent email refused", "subscribed", "subscribed");
}

static void consent_C4_order_never_relaxes(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'unsubscribe','at':'@10','contact':{'email':'ada@example.com'}}"));
    assert_applied(shop_says(f, "orders/create",
                             "{'id':1,'email':'ada@example.com','total_price':'5.00','currency':'EUR','created_at':'@20',"
                             "'updated_at':'@20','buyer_accepts_marketing':true,'financial_status':'paid'}"));
    assert_contact(ADA, "{'consent':{'state':'unsubscribed','at':'@10'},'mailable':false,'orders':{'count':1}}");
    assert_ledger(ADA, "C4", "consent email refused", "unsubscribed", "unsubscribed");
}

static void consent_C5_without_a_time_restricting_counts_from_receipt(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'subscribe','at':'@20','contact':{'email':'ada@example.com'}}"));
    receive_at(f, RECEIPT_S + 5);
    assert_applied(plugin_says(f, "{'type':'customer_updated','occurred_at':'@1','contact':{'email':'ada@example.com',"
                                  "'consent':{'email':{'state':'unsubscribed'}}}}"));
    assert_contact(ADA, body_of(f, "{'consent':{'state':'unsubscribed','at':'@%d'}}", RECEIPT_S + 5));
}

static void consent_C5_without_a_time_relaxing_is_the_oldest(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'unsubscribe','at':'@10','contact':{'email':'ada@example.com'}}"));
    assert_applied(plugin_says(f, "{'type':'customer_updated','occurred_at':'@90','contact':{'email':'ada@example.com',"
                                  "'consent':{'email':{'state':'subscribed'}}}}"));
    assert_contact(ADA, "{'consent':{'state':'unsubscribed'}}");
    assert_ledger(ADA, "C3", "consent email refused", "unsubscribed", "unsubscribed");
}

static void consent_C7_not_subscribed_is_no_statement(void **state)
{
    struct fixture *f = *state;

    assert_applied(shop_says(f, "customers/create",
                             "{'id':1,'email':'ada@example.com','updated_at':'@10','email_marketing_consent':"
                             "{'state':'not_subscribed','consent_updated_at':'@10'}}"));
    assert_contact(ADA, "{'consent':{'state':'none','at':null},'mailable':false}");
    assert_int_equal(ledger_count(f, ADA, NULL, "consent email"), 0);
}

static void consent_C10_without_a_list_an_unsubscribe_is_global(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++)
        assert_applied(plugin_says(
            f, body_of(f, "{'type':'subscribe','at':'@1%d','list':'%s','contact':{'email':'%s'}}", i, i ? "news" : "offers", ADA)));
    assert_contact(ADA, "{'lists':[{'list':'news','status':'subscribed'},{'list':'offers','status':'subscribed'}]}");
    assert_applied(plugin_says(f, "{'type':'unsubscribe','at':'@20','list':'news','contact':{'email':'ada@example.com'}}"));
    assert_contact(ADA, "{'lists':[{'list':'news','status':'unsubscribed'},{'list':'offers','status':'subscribed'}]}");
    assert_applied(plugin_says(f, "{'type':'unsubscribe','at':'@30','contact':{'email':'ada@example.com'}}"));
    assert_contact(ADA, "{'lists':[{'status':'unsubscribed'},{'status':'unsubscribed'}],'consent':{'state':'unsubscribed'}}");
}

static void consent_C12_a_change_writes_old_new_rule_source_event_and_both_times(void **state)
{
    struct fixture *f = *state;
    struct ledger_line line;
    size_t n;

    assert_applied(plugin_says(f, "{'type':'subscribe','at':'@10','contact':{'email':'ada@example.com'}}"));
    receive_at(f, RECEIPT_S + 7);
    assert_applied(
        send_delivery(f, (struct sent){.source = f->plugin,
                                       .delivery = "0000000000000000000000000000abcd",
                                       .body = "{'type':'unsubscribe','at':'@20','contact':{'email':'ada@example.com'}}"}));
    line = ledger_of(f, ADA, "C2", "consent email", &n);
    assert_int_equal(n, 1);
    assert_str(line.old, "subscribed");
    assert_str(line.new, "unsubscribed");
    assert_str(line.type, "unsubscribe");
    assert_str(line.delivery_id, "0000000000000000000000000000abcd");
    assert_int_equal(line.source_id, f->plugin);
    assert_int_equal(line.event_at_us, at(20));
    assert_int_equal(line.received_at_us, at(RECEIPT_S + 7));
}

static void consent_C12_the_time_told_is_the_consents_own(void **state)
{
    struct fixture *f = *state;
    struct ledger_line line;
    size_t n;

    assert_applied(
        plugin_says(f, "{'type':'customer_updated','occurred_at':'@90','contact':{'external_id':'1','email':'ada@example.com',"
                       "'consent':{'email':{'state':'unsubscribed','at':'@20'}},'updated_at':'@80'}}"));
    line = ledger_of(f, ADA, "C2", "consent email", &n);
    assert_int_equal(n, 1);
    assert_int_equal(line.event_at_us, at(20));
}

static void consent_C12_a_repeated_statement_is_no_change(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++)
        assert_applied(shop_says(f, "customers/update",
                                 body_of(f,
                                         "{'id':1,'email':'ada@example.com','updated_at':'@2%d','email_marketing_consent':"
                                         "{'state':'subscribed','consent_updated_at':'@10'}}",
                                         i)));
    assert_contact(ADA, "{'consent':{'state':'subscribed','at':'@10'}}");
    assert_int_equal(ledger_count(f, ADA, "C3", "consent email"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(N8_without_memory_an_unsubscription_is_not_dropped),
        cmocka_unit_test(consent_C2_a_restriction_applies_unless_a_later_opt_in_is_on_file),
        cmocka_unit_test(consent_C3_relaxing_needs_a_strictly_later_time),
        cmocka_unit_test(consent_C4_what_is_weak_never_relaxes),
        cmocka_unit_test(consent_C5_at_equal_times_the_restrictive_one_wins),
        cmocka_unit_test(consent_C5_an_opt_in_without_a_time_is_the_oldest),
        cmocka_unit_test(consent_C7_nothing_said_is_none),
        cmocka_unit_test(consent_N5_C2_C5_statements_commute_and_repeat_in_every_order),
        cmocka_unit_test(consent_states_have_names),
        contact_test(consent_C3_C4_C7_matrix_of_five_states_and_nine_event_kinds),
        contact_test(consent_C1_belongs_to_the_address_not_to_the_record),
        contact_test(consent_C1_an_opt_in_to_text_messages_is_the_phones),
        contact_test(consent_C2_late_unsubscribe_with_an_older_time_is_noted_only),
        contact_test(consent_C4_order_never_relaxes),
        contact_test(consent_C5_without_a_time_restricting_counts_from_receipt),
        contact_test(consent_C5_without_a_time_relaxing_is_the_oldest),
        contact_test(consent_C7_not_subscribed_is_no_statement),
        contact_test(consent_C10_without_a_list_an_unsubscribe_is_global),
        contact_test(consent_C12_a_change_writes_old_new_rule_source_event_and_both_times),
        contact_test(consent_C12_the_time_told_is_the_consents_own),
        contact_test(consent_C12_a_repeated_statement_is_no_change),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
