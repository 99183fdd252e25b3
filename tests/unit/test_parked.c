/* test_parked.c -- people who wait for room in their account: who is called in, in which order, and what becomes of their letters (P13). */
#include "limit_fixture.h"

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

static void limit_N8_a_letter_that_was_called_anew_is_not_noted_as_put_back_by_the_call_before(void **state)
{
    struct fixture *f = *state;
    struct parked_letter *first = NULL, *second = NULL;
    size_t n = 0;
    bool more = false;

    set_limit(f, 2, LIMIT_STOP, 0);
    fill(f, 1, 2);
    assert_dead(sign_up(f, 3), "contact_limit");
    erase(f, 1);
    assert_int_equal(parked_call(f->store, &f->arena, &first, &n, &more), OK);
    assert_int_equal(n, 1);
    first[0].found = true;
    set_limit(f, 1, LIMIT_STOP, 0);
    assert_dead(enter_again(f, 3), "contact_limit");
    set_limit(f, 2, LIMIT_STOP, 0);
    assert_int_equal(parked_call(f->store, &f->arena, &second, &n, &more), OK);
    assert_int_equal(n, 1);
    assert_int_equal(parked_back(f->store, first, 1), OK); /* the slower one, late */
    f->now_us += (PARKED_LOOK_AGAIN_S + 1) * US_PER_S;
    assert_int_equal(parked_call(f->store, &f->arena, &second, &n, &more), OK);
    assert_int_equal(n, 1); /* it still is to be put back */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(limit_AC28_five_who_go_make_room_for_the_five_who_wait_longest),
        contact_test(limit_AC28_nobody_takes_the_place_of_who_was_called),
        contact_test(limit_AC27_raising_it_by_hand_lets_the_rest_enter),
        contact_test(limit_P13_an_entry_that_finds_no_room_after_all_waits_again),
        contact_test(limit_N5_all_letters_of_a_person_come_in_together_in_any_order),
        contact_test(limit_P13_what_waits_of_a_person_who_became_a_contact_needs_no_room),
        contact_test(limit_a_letter_that_nobody_put_back_is_looked_for_again_and_then_forgotten),
        contact_test(limit_N8_a_letter_that_was_called_anew_is_not_noted_as_put_back_by_the_call_before),
        contact_test(limit_of_one_account_is_none_of_another),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
