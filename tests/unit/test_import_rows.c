/* test_import_rows.c -- rows of CSV files through the drainer: what they may say of consent and people, and what is noted of each (C4, C8, C11, N6, X3). */
#include "contact_fixture.h"

#include "engine/row_verdict.h"
#include "store/list.h"
#include "store/seen.h"

#define ZOE "zoe@example.com"

static int64_t csv_source(struct fixture *f)
{
    struct source_plan plan = {.route = route_of("csv"), .name = STR("csv import"), .disabled = true};
    struct source source = {.id = 0};
    struct buf why = BUF_INIT(1000);
    int64_t id;

    if (source_find(f->store, plan.name, &source) && source_add(f->store, f->seal, &plan, &source, &why))
        fail_msg("%s", buf_text(&why));
    assert_false(source.enabled);
    id = source.id;
    source_release(&source);
    buf_release(&why);
    return id;
}

/* One row of line `line`; `members` are those of the body behind its name. Returns what the drainer noted of it. */
static const char *row(struct fixture *f, int line, const char *members)
{
    int64_t source = csv_source(f);
    struct seen_key *keys = NULL;
    char key[64];
    size_t n = 0;

    assert_applied(send_delivery(
        f,
        (struct sent){.source = source, .platform = "csv", .body = body_of(f, "{'import':'i','row':'%03d',%s}", line, members)}));
    snprintf(key, sizeof(key), "row|i|%03d", line);
    assert_int_equal(seen_range(f->store, source, str_of(key), str_of(key), 2, &f->arena, &keys, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(keys[0].reason.len, 0);
    return keys[0].detail.p;
}

#define SUBSCRIBED "'contact.email':'" ZOE "','contact.consent.email.state':'Subscribed'"
#define CONFIRMED ",'confirmed':'Ada, May 2024, paper forms'"
#define UNSUBSCRIBED "'contact.email':'" ZOE "','contact.consent.email.state':'unsubscribed'"

static void consent_C11_subscribed_needs_the_operators_confirmation(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(row(f, 2, SUBSCRIBED), "new");
    assert_contact(ZOE, "{'consent':{'state':'none'},'mailable':false}");
    assert_string_equal(row(f, 3, SUBSCRIBED CONFIRMED), "updated");
    assert_contact(ZOE,
                   "{'consent':{'state':'subscribed','basis':'Ada, May 2024, paper forms','source':'csv import'},'mailable':true}");
}

static void consent_C11_pending_needs_it_too_and_an_unmailable_row_is_no_opt_in(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(row(f, 2, "'contact.email':'" ZOE "','contact.consent.email.state':'pending'"), "new");
    assert_contact(ZOE, "{'consent':{'state':'none'}}");
    assert_string_equal(row(f, 3, SUBSCRIBED CONFIRMED ",'unmailable':true"), "unchanged");
    assert_contact(ZOE, "{'consent':{'state':'none'}}");
}

static void consent_C4_N6_an_import_never_relaxes_whenever_it_comes(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'unsubscribe','occurred_at':'@10','contact':{'email':'" ZOE "'}}"));
    assert_string_equal(row(f, 2, SUBSCRIBED CONFIRMED ",'contact.consent.email.at':'2024-05-09'"), "unchanged refused");
    assert_contact(ZOE, "{'consent':{'state':'unsubscribed'},'mailable':false}");
    assert_int_equal(ledger_count(f, ZOE, "C4", "consent email refused"), 1);
    assert_string_equal(row(f, 3, "'contact.email':'bob@example.com','contact.consent.email.state':'subscribed'" CONFIRMED), "new");
    assert_applied(plugin_says(f, "{'type':'unsubscribe','occurred_at':'@10','contact':{'email':'bob@example.com'}}"));
    assert_contact("bob@example.com", "{'consent':{'state':'unsubscribed'},'mailable':false}");
}

#define SMS(word) "'contact.email':'" ZOE "','contact.phone':'+49 30 1234567','contact.consent.sms.state':'" word "'"
#define SMS_CONFIRMED ",'sms_confirmed':'Ada, May 2024, the same forms'"

static void consent_C11_text_messages_have_a_confirmation_of_their_own(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(row(f, 2, SMS("subscribed") CONFIRMED), "new");
    assert_contact(ZOE, "{'consent_sms':{'state':'none'}}");
    assert_string_equal(row(f, 3, SMS("subscribed") ",'contact.consent.email.state':'subscribed'" SMS_CONFIRMED), "updated");
    assert_contact(ZOE,
                   "{'consent_sms':{'state':'subscribed','basis':'Ada, May 2024, the same forms'},'consent':{'state':'none'}}");
    assert_string_equal(row(f, 4, "'contact.email':'bob@example.com','contact.consent.sms.state':'subscribed'" SMS_CONFIRMED),
                        "new"); /* of which number? */
    assert_contact("bob@example.com", "{'consent_sms':{'state':'none'}}");
}

static void consent_C4_N6_an_import_never_relaxes_consent_to_text_messages(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(row(f, 2, SMS("unsubscribed")), "new");
    assert_contact(ZOE, "{'consent_sms':{'state':'unsubscribed'}}");
    assert_string_equal(row(f, 3, SMS("subscribed") SMS_CONFIRMED), "unchanged refused");
    assert_contact(ZOE, "{'consent_sms':{'state':'unsubscribed'}}");
}

static void consent_C8_an_import_with_proof_subscribes_to_a_double_list_without_a_mail(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(list_add(f->store, STR("sure"), STR_NONE, true), OK);
    assert_string_equal(row(f, 2, SUBSCRIBED CONFIRMED ",'list':'sure'"), "new");
    assert_contact(ZOE, "{'lists':[{'list':'sure','status':'subscribed'}],'mailable':true}");
    assert_string_equal(row(f, 3, "'contact.email':'bob@example.com','contact.consent.email.state':'subscribed','list':'sure'"),
                        "new");
    assert_contact("bob@example.com", "{'lists':[{'list':'sure','status':'none'}],'mailable':false}");
}

static void G5_a_row_of_a_marketplace_relay_is_noted_as_skipped(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(row(f, 2, "'contact.email':'x1@marketplace.amazon.de'"), "skipped");
    assert_contacts(0);
}

static void consent_C2_unsubscribed_always_restricts(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'subscribe','occurred_at':'@10','contact':{'email':'" ZOE "'}}"));
    assert_contact(ZOE, "{'consent':{'state':'subscribed'}}");
    assert_string_equal(row(f, 2, UNSUBSCRIBED), "updated");
    assert_contact(ZOE, "{'consent':{'state':'unsubscribed'}}");
}

static void consent_C10_with_a_list_a_refusal_is_for_all_lists_and_the_list_is_joined_GR04(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(row(f, 2, UNSUBSCRIBED ",'list':'news'"), "new");
    assert_contact(ZOE, "{'consent':{'state':'unsubscribed'},'lists':[{'list':'news'}],'mailable':false}");
    assert_string_equal(row(f, 3, "'contact.email':'" ZOE "','list':'offers'"), "updated");
    assert_contact(ZOE, "{'lists':[{'list':'news'},{'list':'offers'}]}");
    assert_string_equal(row(f, 4, "'contact.email':'" ZOE "','list':'offers'"), "unchanged");
}

static void a_word_for_consent_that_is_not_known_is_a_dead_letter_and_redacted_erases_nobody(void **state)
{
    struct fixture *f = *state;

    assert_dead(send_delivery(f, (struct sent){.source = csv_source(f),
                                               .platform = "csv",
                                               .body = "{'import':'i','row':'9','contact.email':'" ZOE
                                                       "','contact.consent.email.state':'perhaps'}"}),
                "mapping");
    assert_nobody(ZOE);
    row(f, 2, "'contact.email':'" ZOE "'");
    row(f, 3, "'contact.email':'" ZOE "','contact.consent.email.state':'redacted'");
    assert_contact(ZOE, "{'consent':{'state':'none'}}");
}

static void X3_an_erased_person_is_not_brought_back_and_the_row_is_noted(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'" ZOE "'}}"));
    assert_applied(plugin_says(f, "{'type':'erase','occurred_at':'@20','contact':{'email':'" ZOE "'}}"));
    assert_nobody(ZOE);
    assert_string_equal(row(f, 2, SUBSCRIBED CONFIRMED ",'contact.consent.email.at':'2024-05-02T10:00:00Z'"), "erased");
    assert_nobody(ZOE);
}

static void O1_a_row_of_an_older_version_changes_nothing(void **state)
{
    struct fixture *f = *state;

    row(f, 2, "'contact.email':'" ZOE "','contact.first_name':'New','contact.updated_at':'@50'");
    assert_string_equal(row(f, 3, "'contact.email':'" ZOE "','contact.first_name':'Old','contact.updated_at':'@40'"), "unchanged");
    assert_contact(ZOE, "{'first_name':'New'}");
}

static void the_same_row_again_is_taken_once(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(row(f, 2, "'contact.email':'" ZOE "','contact.first_name':'A'"), "new");
    assert_string_equal(row(f, 3, "'contact.email':'" ZOE "','contact.first_name':'B'"), "updated");
    assert_string_equal(row(f, 2, "'contact.email':'" ZOE "','contact.first_name':'A'"), "new"); /* as it was noted then */
    assert_contact(ZOE, "{'first_name':'B'}");
    assert_contacts(1);
}

static void F3_fields_tags_and_times_of_many_forms_are_taken(void **state)
{
    struct fixture *f = *state;

    row(f, 2,
        "'contact.email':'" ZOE
        "','contact.full_name':'Zo\xc3\xab Ray','contact.tags':'vip, new','contact.created_at':'2020-01-02 03:04:05',"
        "'fields':{'shoe_size':'41'}");
    assert_contact(ZOE, "{'first_name':'Zo\xc3\xab','last_name':'Ray','tags':['new','vip'],'created_at':'2020-01-02T03:04:05Z',"
                        "'fields':{'csv_shoe_size':'41'}}");
}

static void verdicts_have_a_text_and_no_other(void **state)
{
    struct row_verdict verdict, back;
    char text[ROW_VERDICT_CHARS + 1];

    (void)state;
    for (int fate = 0; fate < 2 * ROW_FATE__COUNT; fate++) {
        verdict = (struct row_verdict){.fate = (enum row_fate)(fate / 2), .consent_refused = fate % 2 != 0};
        assert_int_equal(row_verdict_parse(row_verdict_text(verdict, text), &back), OK);
        assert_true(back.fate == verdict.fate && back.consent_refused == verdict.consent_refused);
    }
    assert_int_equal(row_verdict_parse(STR(""), &back), ERR_SYNTAX);
    assert_int_equal(row_verdict_parse(STR("new "), &back), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(consent_C11_subscribed_needs_the_operators_confirmation),
        contact_test(consent_C11_pending_needs_it_too_and_an_unmailable_row_is_no_opt_in),
        contact_test(consent_C4_N6_an_import_never_relaxes_whenever_it_comes),
        contact_test(consent_C11_text_messages_have_a_confirmation_of_their_own),
        contact_test(consent_C4_N6_an_import_never_relaxes_consent_to_text_messages),
        contact_test(consent_C8_an_import_with_proof_subscribes_to_a_double_list_without_a_mail),
        contact_test(G5_a_row_of_a_marketplace_relay_is_noted_as_skipped),
        contact_test(consent_C2_unsubscribed_always_restricts),
        contact_test(consent_C10_with_a_list_a_refusal_is_for_all_lists_and_the_list_is_joined_GR04),
        contact_test(a_word_for_consent_that_is_not_known_is_a_dead_letter_and_redacted_erases_nobody),
        contact_test(X3_an_erased_person_is_not_brought_back_and_the_row_is_noted),
        contact_test(O1_a_row_of_an_older_version_changes_nothing),
        contact_test(the_same_row_again_is_taken_once),
        contact_test(F3_fields_tags_and_times_of_many_forms_are_taken),
        contact_test(verdicts_have_a_text_and_no_other),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
