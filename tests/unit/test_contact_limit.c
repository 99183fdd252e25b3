/* test_contact_limit.c -- the limit of contacts: what counts, who is parked, who enters when there is room, what operators see (P13). */
#include "contact_fixture.h"

#include "engine/drain_job.h"
#include "store/account.h"
#include "store/account_limit.h"
#include "store/erase.h"
#include "store/merge.h"
#include "store/parked.h"

static struct account_limit set_limit(struct fixture *f, int64_t limit, enum limit_policy policy, int64_t step)
{
    struct account_limit now;

    assert_int_equal(
        account_limit_set(f->store, &(struct account_limit){.limit = limit, .policy = policy, .raise_step = step}, &now), OK);
    return now;
}

/* What is kept is what is there, whatever came before. */
static void check_limit(struct fixture *f, int64_t contacts, const char *file, int line)
{
    int64_t counted = 0, kept = 0;

    _assert_int_equal((unsigned long)contact_count_check(f->store, &counted, &kept), OK, file, line);
    _assert_int_equal((unsigned long)counted, (unsigned long)contacts, file, line);
    _assert_int_equal((unsigned long)kept, (unsigned long)contacts, file, line);
}
#define assert_counted(contacts) check_limit(f, contacts, __FILE__, __LINE__)

static struct sent signup(struct fixture *f, int number, bool replay)
{
    return (struct sent){.source = f->shop,
                         .topic = "customers/create",
                         .body = body_of(f, "{'id':%d,'email':'p%d@example.com','first_name':'P%d','updated_at':'@%d'}", number,
                                         number, number, number),
                         .key = body_of(f, "key-%d", number),
                         .delivery = body_of(f, "%032d", number),
                         .replay = replay};
}

static const char *sign_up(struct fixture *f, int number)
{
    return send_delivery(f, signup(f, number, false));
}

/* As when the letter was put back into its lane. */
static const char *enter_again(struct fixture *f, int number)
{
    return send_delivery(f, signup(f, number, true));
}

static void fill(struct fixture *f, int from, int to)
{
    for (int i = from; i <= to; i++)
        assert_applied(sign_up(f, i));
}

static void erase(struct fixture *f, int number)
{
    struct event event = {.type = EVENT_ERASE};
    struct privacy_ask ask = {.by = STR("test")};
    struct event_refs refs;

    event.m[M_CONTACT_EMAIL] = (struct value){.is = PRESENT, .text = str_of(body_of(f, "p%d@example.com", number))};
    assert_int_equal(event_refs(&event, &f->arena, &refs), OK);
    assert_int_equal(db_begin(f->store->db), OK);
    assert_int_equal(store_end(f->store, erase_person(f->store, f->seal, &refs, &ask, f->now_us, &f->arena, NULL)), OK);
}

/* The letters that are called in now, as text "1 2 3". */
static const char *called(struct fixture *f)
{
    struct buf text = BUF_INIT(4096);
    struct parked_letter *letters = NULL;
    struct str kept;
    size_t n = 0;
    bool more = false;

    f->now_us += US_PER_S;
    assert_int_equal(parked_call(f->store, &f->arena, &letters, &n, &more), OK);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(buf_printf(&text, "%s%d", i ? " " : "", (int)strtol(letters[i].delivery_id.p, NULL, 10)), OK);
        letters[i].found = true;
    }
    assert_int_equal(parked_back(f->store, letters, n), OK);
    kept = arena_str(&f->arena, buf_str(&text));
    buf_release(&text);
    return kept.p ? kept.p : "";
}

static struct parked_counts parked(struct fixture *f)
{
    struct parked_counts counts;

    assert_int_equal(parked_count(f->store, &counts), OK);
    return counts;
}

/* The kinds of what happened, the oldest first, as text; those of one moment in any order. */
static size_t happened(struct fixture *f, const char *kind)
{
    struct account_event *events = NULL;
    size_t n = 0, found = 0;

    assert_int_equal(account_events(f->store, 100, &f->arena, &events, &n), OK);
    for (size_t i = 0; i < n; i++)
        found += str_eq(events[i].kind, str_of(kind));
    return found;
}

/* -- what counts --------------------------------------------------------------------------------------------------------- */

static void an_account_without_a_limit_counts_nothing(void **state)
{
    struct fixture *f = *state;
    struct account_limit now;

    fill(f, 1, 3);
    assert_int_equal(account_limit_get(f->store, &now), OK);
    assert_int_equal(now.contacts, 0);
    assert_int_equal(set_limit(f, 10, LIMIT_STOP, 0).contacts, 3);
    assert_int_equal(set_limit(f, 0, LIMIT_STOP, 0).contacts, 0);
}

static void limit_counts_what_is_made_merged_erased_and_archived(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 100, LIMIT_STOP, 0);
    fill(f, 1, 4);
    assert_counted(4);
    assert_applied(sign_up(f, 1)); /* a repetition */
    assert_applied(shop_says(f, "customers/merge",
                             "{'admin_graphql_api_customer_kept_id':'gid://shopify/Customer/1',"
                             "'admin_graphql_api_customer_deleted_id':'gid://shopify/Customer/2','status':'completed'}"));
    assert_counted(3);
    assert_applied(shop_says(f, "customers/delete", "{'id':3}"));
    assert_contact("p3@example.com", "{'archived':true}");
    assert_counted(3);
    erase(f, 4);
    assert_counted(2);
    erase(f, 4);
    assert_counted(2);
    assert_applied(shop_says(f, "shop/redact", "{'shop_domain':'demo.example'}"));
    assert_counted(0);
}

static void limit_counts_right_after_a_merge_by_hand_and_its_undoing(void **state)
{
    struct fixture *f = *state;
    struct merge_desk desk = {.store = f->store, .arena = &f->arena};
    struct merge_result result;
    struct view_source *sources = NULL;

    set_limit(f, 2, LIMIT_STOP, 0);
    fill(f, 1, 2);
    assert_int_equal(contact_sources(f->store, 3600 * US_PER_S, &f->arena, &sources, &desk.n_sources), OK);
    desk.sources = sources;
    assert_int_equal(merge_contacts(&desk, STR("p1@example.com"), STR("p2@example.com"), STR("test"), &result), OK);
    assert_int_equal(result.refusal, MERGE_DONE);
    assert_counted(1);
    assert_int_equal(merge_undo(&desk, STR("p1@example.com"), &result), OK);
    assert_int_equal(result.refusal, MERGE_DONE);
    assert_counted(2);
    assert_dead(sign_up(f, 3), "contact_limit");
}

/* -- stop ---------------------------------------------------------------------------------------------------------------- */

static void limit_P13_AC25_stops_adding_and_goes_on_updating(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 100, LIMIT_STOP, 0);
    fill(f, 1, 100);
    for (int i = 101; i <= 120; i++)
        assert_dead(sign_up(f, i), "contact_limit");
    assert_counted(100);
    assert_nobody("p101@example.com");
    for (int i = 1; i <= 100; i++)
        assert_applied(shop_says(f, "customers/update",
                                 body_of(f, "{'id':%d,'email':'p%d@example.com','first_name':'New','updated_at':'@500'}", i, i)));
    assert_contact("p77@example.com", "{'first_name':'New'}");
    assert_counted(100);
    assert_int_equal(parked(f).persons, 20);
}

static void limit_N8_nothing_of_a_parked_event_is_kept(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(shop_says(f, "orders/create",
                          "{'id':7,'email':'guest@example.com','total_price':'9.00','currency':'EUR','created_at':'@20',"
                          "'updated_at':'@20','buyer_accepts_marketing':true}"),
                "contact_limit");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM shop_order"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM address WHERE address = 'guest@example.com'"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM consent WHERE address = 'guest@example.com'"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM ledger WHERE contact_id = ''"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM parked WHERE person LIKE '%guest%' OR customer LIKE '%guest%'"), 0);
}

static void limit_P13_of_a_batch_the_known_are_updated_and_the_letter_waits_for_the_rest(void **state)
{
    struct fixture *f = *state;
    const char *both = "{'events':[{'type':'signup','occurred_at':'@60','contact':{'external_id':'x','email':'nobody'}},"
                       "{'type':'signup','occurred_at':'@60','contact':{'external_id':'a','email':'p1@example.com',"
                       "'first_name':'Known'}},{'type':'signup','occurred_at':'@60','contact':{'external_id':'b',"
                       "'email':'new@example.com'}}]}";
    struct sent sent = {.source = f->plugin, .body = both, .delivery = "0000000000000000000000000000abcd"};

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(send_delivery(f, sent), "contact_limit"); /* not "invalid_email": that would never pass */
    assert_contact("p1@example.com", "{'first_name':'Known'}");
    assert_nobody("new@example.com");
    set_limit(f, 2, LIMIT_STOP, 0);
    sent.replay = true;
    assert_dead(send_delivery(f, sent), "invalid_email");
    assert_contact("new@example.com", "{}");
    assert_int_equal(parked(f).letters, 0);
}

static void limit_N4_a_letter_that_was_not_written_is_written_after_the_crash(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(sign_up(f, 2), "contact_limit");
    assert_dead(sign_up(f, 2), "contact_limit"); /* the same entry once more: its acknowledgement got lost */
    assert_int_equal(parked(f).letters, 1);
}

/* -- entering again ------------------------------------------------------------------------------------------------------ */

static void limit_AC28_five_who_go_make_room_for_the_five_who_wait_longest(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 10, LIMIT_STOP, 0);
    fill(f, 1, 10);
    for (int i = 11; i <= 30; i++) {
        f->now_us += US_PER_S;
        assert_dead(sign_up(f, i), "contact_limit");
    }
    assert_string_equal(called(f), "");
    for (int i = 1; i <= 5; i++)
        erase(f, i);
    assert_counted(5);
    assert_string_equal(called(f), "11 12 13 14 15");
    assert_string_equal(called(f), ""); /* their places are kept */
    for (int i = 11; i <= 15; i++)
        assert_applied(enter_again(f, i));
    assert_string_equal(called(f), "");
    assert_counted(10);
    assert_int_equal(parked(f).persons, 15);
}

static void limit_AC28_nobody_takes_the_place_of_who_was_called(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(sign_up(f, 2), "contact_limit");
    erase(f, 1);
    assert_string_equal(called(f), "2");
    assert_dead(sign_up(f, 3), "contact_limit");
    assert_applied(enter_again(f, 2));
    assert_counted(1);
}

static void limit_AC27_raising_it_by_hand_lets_the_rest_enter(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 2, LIMIT_STOP, 0);
    fill(f, 1, 2);
    for (int i = 3; i <= 5; i++)
        assert_dead(sign_up(f, i), "contact_limit");
    set_limit(f, 4, LIMIT_STOP, 0);
    assert_string_equal(called(f), "3 4");
    assert_applied(enter_again(f, 3));
    assert_applied(enter_again(f, 4));
    set_limit(f, 0, LIMIT_STOP, 0);
    assert_string_equal(called(f), "5");
    assert_applied(enter_again(f, 5));
    assert_int_equal(parked(f).persons, 0);
    assert_contacts(5);
}

static void limit_P13_an_entry_that_finds_no_room_after_all_waits_again(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(sign_up(f, 2), "contact_limit");
    assert_dead(enter_again(f, 2), "contact_limit"); /* an operator's replay */
    assert_int_equal(parked(f).letters, 1);
    erase(f, 1);
    assert_string_equal(called(f), "2");
    assert_applied(enter_again(f, 2));
}

static void limit_N5_all_letters_of_a_person_come_in_together_in_any_order(void **state)
{
    struct fixture *f = *state;
    struct sent update = {.source = f->shop,
                          .topic = "customers/update",
                          .body = "{'id':2,'email':'p2@example.com','first_name':'Later','updated_at':'@90',"
                                  "'email_marketing_consent':{'state':'unsubscribed','consent_updated_at':'@90'}}",
                          .delivery = "00000000000000000000000000000099"};

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(sign_up(f, 2), "contact_limit");
    assert_dead(send_delivery(f, update), "contact_limit");
    assert_dead(sign_up(f, 3), "contact_limit");
    erase(f, 1);
    assert_string_equal(called(f), "2 99");
    update.replay = true;
    assert_applied(send_delivery(f, update));
    assert_applied(enter_again(f, 2));
    assert_contact("p2@example.com", "{'first_name':'Later','mailable':false,'consent':{'state':'unsubscribed'}}");
    assert_counted(1);
}

static void limit_P13_what_waits_of_a_person_who_became_a_contact_needs_no_room(void **state)
{
    struct fixture *f = *state;

    set_limit(f, 2, LIMIT_STOP, 0);
    fill(f, 1, 2);
    assert_dead(sign_up(f, 3), "contact_limit");
    erase(f, 1);
    /* under another address, and faster than the letter: the place is taken */
    assert_applied(shop_says(f, "customers/update", "{'id':3,'email':'other@example.com','updated_at':'@95'}"));
    assert_counted(2);
    assert_string_equal(called(f), "3");
    assert_applied(enter_again(f, 3));
    assert_counted(2);
    assert_contact("p3@example.com", "{'email':'other@example.com','first_name':'P3'}");
}

static void limit_a_letter_that_nobody_put_back_is_looked_for_again_and_then_forgotten(void **state)
{
    struct fixture *f = *state;
    struct parked_letter *letters = NULL;
    size_t n = 0;
    bool more = false;

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(sign_up(f, 2), "contact_limit");
    erase(f, 1);
    assert_int_equal(parked_call(f->store, &f->arena, &letters, &n, &more), OK);
    assert_int_equal(n, 1);
    assert_int_equal(parked_call(f->store, &f->arena, &letters, &n, &more), OK);
    assert_int_equal(n, 0);
    f->now_us += (PARKED_LOOK_AGAIN_S + 1) * US_PER_S;
    assert_int_equal(parked_call(f->store, &f->arena, &letters, &n, &more), OK);
    assert_int_equal(n, 1);
    f->now_us += (PARKED_LOST_S + 1) * US_PER_S;
    assert_int_equal(parked_call(f->store, &f->arena, &letters, &n, &more), OK);
    assert_int_equal(n, 0);
    assert_int_equal(parked(f).persons, 0);
    assert_applied(sign_up(f, 3)); /* the place is free again */
}

static void limit_of_one_account_is_none_of_another(void **state)
{
    struct fixture *f = *state;
    struct account account;
    int64_t shop;

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_dead(sign_up(f, 2), "contact_limit");
    assert_int_equal(account_add(f->store, STR("acme"), &account), OK);
    store_enter(f->store, account.id);
    shop = add_source(f, "shopify", "shop", "", 0);
    assert_applied(send_delivery(f, (struct sent){.source = shop,
                                                  .platform = "shopify",
                                                  .topic = "customers/create",
                                                  .body = "{'id':2,'email':'p2@example.com','updated_at':'@10'}"}));
    assert_contacts(1);
    assert_int_equal(parked(f).persons, 0);
}

/* -- bill, auto_raise, marks --------------------------------------------------------------------------------------------- */

static void limit_GR07_GR08_bill_goes_on_and_counts_what_is_over(void **state)
{
    struct fixture *f = *state;
    struct account_event *events = NULL;
    struct account_limit now;
    size_t n = 0;

    set_limit(f, 10, LIMIT_BILL, 0);
    fill(f, 1, 12);
    assert_counted(12);
    assert_int_equal(happened(f, "overage"), 1);
    f->now_us += INT64_C(86400) * US_PER_S;
    fill(f, 13, 14);
    erase(f, 1);
    assert_counted(13);
    assert_int_equal(happened(f, "overage"), 2); /* one a day */
    assert_int_equal(account_events(f->store, 1, &f->arena, &events, &n), OK);
    assert_int_equal(events[0].contacts - events[0].limit, 4); /* the most of that day */
    assert_int_equal(account_limit_get(f->store, &now), OK);
    assert_int_equal(now.limit, 10);
}

static void limit_AC26_auto_raise_goes_on_and_notes_each_raise(void **state)
{
    struct fixture *f = *state;
    struct account_limit now;

    set_limit(f, 10, LIMIT_AUTO_RAISE, 5);
    fill(f, 1, 17);
    assert_counted(17);
    assert_int_equal(account_limit_get(f->store, &now), OK);
    assert_int_equal(now.limit, 20);
    assert_int_equal(happened(f, "limit_raised"), 2);
}

static void limit_AC29_is_near_once_a_crossing(void **state)
{
    struct fixture *f = *state;
    struct account_limit now;

    set_limit(f, 20, LIMIT_STOP, 0);
    fill(f, 1, 17);
    assert_int_equal(happened(f, "limit_near"), 0);
    fill(f, 18, 20);
    assert_int_equal(happened(f, "limit_near"), 1);
    assert_int_equal(happened(f, "limit_reached"), 1);
    assert_dead(sign_up(f, 21), "contact_limit");
    assert_int_equal(happened(f, "limit_reached"), 1);
    erase(f, 1);
    erase(f, 2);
    assert_int_equal(happened(f, "limit_near"), 1);
    erase(f, 3);
    assert_int_equal(account_limit_get(f->store, &now), OK);
    assert_int_equal(now.near_us, 0);
    assert_int_equal(now.full_us, 0);
    fill(f, 22, 22);
    assert_int_equal(happened(f, "limit_near"), 2);
}

static void limit_what_happened_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct account_event *events = NULL;
    size_t n = 0;

    set_limit(f, 1, LIMIT_STOP, 0);
    fill(f, 1, 1);
    assert_int_equal(account_events_untold(f->store, 10, &f->arena, &events, &n), OK);
    assert_int_equal(n, 3); /* set, near, reached */
    assert_int_equal(account_events_untold(f->store, 10, &f->arena, &events, &n), OK);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(an_account_without_a_limit_counts_nothing),
        contact_test(limit_counts_what_is_made_merged_erased_and_archived),
        contact_test(limit_counts_right_after_a_merge_by_hand_and_its_undoing),
        contact_test(limit_P13_AC25_stops_adding_and_goes_on_updating),
        contact_test(limit_N8_nothing_of_a_parked_event_is_kept),
        contact_test(limit_P13_of_a_batch_the_known_are_updated_and_the_letter_waits_for_the_rest),
        contact_test(limit_N4_a_letter_that_was_not_written_is_written_after_the_crash),
        contact_test(limit_AC28_five_who_go_make_room_for_the_five_who_wait_longest),
        contact_test(limit_AC28_nobody_takes_the_place_of_who_was_called),
        contact_test(limit_AC27_raising_it_by_hand_lets_the_rest_enter),
        contact_test(limit_P13_an_entry_that_finds_no_room_after_all_waits_again),
        contact_test(limit_N5_all_letters_of_a_person_come_in_together_in_any_order),
        contact_test(limit_P13_what_waits_of_a_person_who_became_a_contact_needs_no_room),
        contact_test(limit_a_letter_that_nobody_put_back_is_looked_for_again_and_then_forgotten),
        contact_test(limit_of_one_account_is_none_of_another),
        contact_test(limit_GR07_GR08_bill_goes_on_and_counts_what_is_over),
        contact_test(limit_AC26_auto_raise_goes_on_and_notes_each_raise),
        contact_test(limit_AC29_is_near_once_a_crossing),
        contact_test(limit_what_happened_is_told_once),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
