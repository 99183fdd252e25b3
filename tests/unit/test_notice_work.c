/* test_notice_work.c -- proves the work on notices: claimed once, settled by the claim's holder, paused, given up, forgotten. */
#include "contact_fixture.h"

#include "store/notice_list.h"
#include "store/notice_work.h"

enum { LEASE_S = 60 };

static const struct notice_pauses pauses = {.first_us = 30 * US_PER_S, .most_us = 300 * US_PER_S};

static void add_target(struct fixture *f, const char *name)
{
    struct notice_target_plan plan = {.name = str_of(name), .url = STR("https://hooks.example/in")};
    struct secret *secret = NULL;

    assert_int_equal(notice_target_add(f->store, f->seal, &plan, &secret), OK);
    secret_free(secret);
}

static struct notice_target target(struct fixture *f, const char *name)
{
    struct notice_target t;

    assert_int_equal(notice_target_find(f->store, str_of(name), &f->arena, &t), OK);
    return t;
}

static void put(struct fixture *f, const char *effect)
{
    struct notice notice = {
        .type = STR("test.made"), .effect = str_of(effect), .address = STR("ada@example.com"), .data = STR("{}"), .at_us = at(1)};
    size_t n = 0;

    assert_int_equal(notice_put(f->store, &notice, &n), OK);
    assert_true(n > 0);
}

static struct notice_due *due(struct fixture *f, size_t want)
{
    struct notice_due *list = NULL;
    size_t n = 0;

    assert_int_equal(notice_due_targets(f->store, 100, &f->arena, &list, &n), OK);
    assert_int_equal(n, want);
    return list;
}

static struct notice_task *claim(struct fixture *f, const struct notice_due *at_target, size_t max, size_t want)
{
    struct notice_task *tasks = NULL;
    size_t n = 0;

    assert_int_equal(notice_claim(f->store, at_target, max, LEASE_S * US_PER_S, &f->arena, &tasks, &n), OK);
    assert_int_equal(n, want);
    return tasks;
}

static void settle(struct fixture *f, const struct notice_task *task, enum notice_state state, int64_t due_s, const char *error)
{
    struct notice_outcome outcome = {.task = task, .state = state, .due_us = at(due_s), .status = 500, .error = str_of(error)};

    assert_int_equal(notice_settle(f->store, &pauses, &outcome, 1), OK);
}

static struct notice_counts counts(struct fixture *f)
{
    struct notice_counts c;

    assert_int_equal(notice_count(f->store, 0, &c), OK);
    return c;
}

static void N4_a_notice_is_claimed_by_one_and_comes_back_when_the_lease_is_over(void **state)
{
    struct fixture *f = *state;
    struct notice_due *at_target;
    struct notice_task *first, *again;

    add_target(f, "t");
    put(f, "1");
    put(f, "2");
    at_target = due(f, 1);
    first = claim(f, at_target, 1, 1);
    claim(f, at_target, 5, 1); /* the other one */
    claim(f, at_target, 5, 0);
    due(f, 0);
    receive_at(f, RECEIPT_S + LEASE_S - 1);
    due(f, 0);
    receive_at(f, RECEIPT_S + LEASE_S);
    again = claim(f, due(f, 1), 5, 2);
    assert_true(str_eq(first->notice_id, again[0].notice_id) || str_eq(first->notice_id, again[1].notice_id));
    assert_int_equal(again[0].attempts, 0);
}

static void N4_who_comes_back_late_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct notice_task *late, *holder;

    add_target(f, "t");
    put(f, "1");
    late = claim(f, due(f, 1), 1, 1);
    receive_at(f, RECEIPT_S + LEASE_S);
    holder = claim(f, due(f, 1), 1, 1);
    settle(f, late, NOTICE_DEAD, 0, "late");
    assert_int_equal(notice_release(f->store, late), OK);
    due(f, 0);
    assert_int_equal(counts(f).waiting, 1);
    settle(f, holder, NOTICE_DELIVERED, 0, "");
    assert_int_equal(counts(f).waiting, 0);
    assert_int_equal(counts(f).dead, 0);
    assert_int_equal(target(f, "t").delivered_at_us, f->now_us);
}

static void a_released_notice_is_due_at_once_and_no_attempt_is_counted(void **state)
{
    struct fixture *f = *state;
    struct notice_task *task;

    add_target(f, "t");
    put(f, "1");
    task = claim(f, due(f, 1), 1, 1);
    assert_int_equal(notice_release(f->store, task), OK);
    assert_int_equal(claim(f, due(f, 1), 1, 1)->attempts, 0);
}

static void a_failed_notice_is_due_later_and_says_why(void **state)
{
    struct fixture *f = *state;
    struct notice_choice choice = {.state = NOTICE_WAITING};
    struct notice_row *rows;
    size_t n;

    add_target(f, "t");
    put(f, "1");
    settle(f, claim(f, due(f, 1), 1, 1), NOTICE_WAITING, RECEIPT_S + 5, "HTTP 500");
    due(f, 0);
    receive_at(f, RECEIPT_S + 5);
    assert_int_equal(claim(f, due(f, 1), 1, 1)->attempts, 1);
    assert_int_equal(notice_list(f->store, &choice, 10, &f->arena, &rows, &n), OK);
    assert_int_equal(n, 1);
    assert_true(str_eq(rows[0].last_error, STR("HTTP 500")));
    assert_true(rows[0].in_work);
    assert_int_equal(rows[0].last_status, 500);
    assert_int_equal(counts(f).failing, 1);
}

static void a_target_that_fails_is_left_alone_for_longer_and_longer_N9(void **state)
{
    static const struct {
        int64_t failures, pause_s;
    } rows[] = {{0, 0}, {1, 0}, {4, 0}, {5, 30}, {6, 60}, {7, 120}, {8, 240}, {9, 300}, {60, 300}};
    static const struct notice_pauses never = {.first_us = 0, .most_us = 300 * US_PER_S};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_int_equal(notice_pause_us(&pauses, rows[i].failures), rows[i].pause_s * US_PER_S);
        assert_int_equal(notice_pause_us(&never, rows[i].failures), 0);
    }
}

static void a_paused_target_has_nothing_due_until_the_pause_is_over_and_success_ends_it(void **state)
{
    struct fixture *f = *state;
    struct notice_due *at_target;

    add_target(f, "bad");
    for (int i = 0; i < 7; i++) {
        char effect[8];

        snprintf(effect, sizeof(effect), "%d", i);
        put(f, effect);
    }
    at_target = due(f, 1);
    for (int i = 0; i < NOTICE_FAILURES_BEFORE_PAUSE + 1; i++) /* the last one was under way with the others */
        settle(f, claim(f, at_target, 1, 1), NOTICE_WAITING, RECEIPT_S, "HTTP 500");
    assert_int_equal(target(f, "bad").failures, NOTICE_FAILURES_BEFORE_PAUSE);
    assert_int_equal(target(f, "bad").paused_until_us, at(RECEIPT_S + 30));
    due(f, 0);
    add_target(f, "good");
    put(f, "for both");
    assert_true(str_eq(due(f, 1)->target.name, STR("good")));
    receive_at(f, RECEIPT_S + 30);
    at_target = due(f, 2);
    settle(f, claim(f, at_target, 1, 1), NOTICE_DELIVERED, 0, "");
    assert_int_equal(target(f, "bad").failures, 0);
}

static void a_target_that_asks_to_be_left_alone_is_disabled_and_says_why(void **state)
{
    struct fixture *f = *state;
    struct notice_task *task;
    struct notice_outcome outcome = {.state = NOTICE_WAITING, .status = 410, .disable = STR("410 Gone"), .error = STR("HTTP 410")};

    add_target(f, "t");
    put(f, "1");
    task = claim(f, due(f, 1), 1, 1);
    outcome.task = task;
    outcome.due_us = f->now_us;
    assert_int_equal(notice_settle(f->store, &pauses, &outcome, 1), OK);
    assert_false(target(f, "t").enabled);
    assert_true(str_eq(target(f, "t").disabled_why, STR("410 Gone")));
    due(f, 0);
    assert_int_equal(notice_target_set_enabled(f->store, target(f, "t").id, true, STR("")), OK);
    due(f, 1);
}

static const struct notice_keep keep = {.give_up_us = 7 * 86400 * US_PER_S, .keep_us = 30 * 86400 * US_PER_S, .keep_n = 3};

static struct notice_forgotten forget(struct fixture *f)
{
    struct notice_forgotten gone;

    assert_int_equal(notice_forget(f->store, &keep, &gone), OK);
    return gone;
}

static void N8_what_waited_too_long_is_dead_and_can_be_replayed(void **state)
{
    struct fixture *f = *state;
    struct notice_choice choice = {.state = NOTICE_DEAD};
    struct notice_row *rows;
    int64_t n_replayed;
    size_t n;

    add_target(f, "t");
    put(f, "1");
    receive_at(f, RECEIPT_S + 7 * 86400);
    assert_int_equal(forget(f).given_up, 0);
    receive_at(f, RECEIPT_S + 7 * 86400 + 1);
    assert_int_equal(forget(f).given_up, 1);
    assert_int_equal(counts(f).dead, 1);
    assert_int_equal(notice_list(f->store, &choice, 10, &f->arena, &rows, &n), OK);
    assert_true(str_eq(rows[0].last_error, STR("it waited too long")));
    choice.id = rows[0].id;
    assert_int_equal(notice_replay(f->store, &choice, &n_replayed), OK);
    assert_int_equal(n_replayed, 1);
    assert_int_equal(forget(f).given_up, 0);
    assert_true(str_eq(claim(f, due(f, 1), 1, 1)->notice_id, rows[0].id)); /* the same webhook-id again */
}

static void N9_what_is_over_is_forgotten_by_age_and_by_number(void **state)
{
    struct fixture *f = *state;

    add_target(f, "t");
    for (int i = 0; i < 5; i++) {
        char effect[8];

        snprintf(effect, sizeof(effect), "%d", i);
        put(f, effect);
        settle(f, claim(f, due(f, 1), 1, 1), NOTICE_DELIVERED, 0, "");
        receive_at(f, RECEIPT_S + i + 1);
    }
    assert_int_equal(forget(f).delivered, 2);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice"), 3);
    receive_at(f, RECEIPT_S + 30 * 86400 + 4);
    assert_int_equal(forget(f).delivered, 2);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice_effect"), 1);
}

static void what_is_dropped_is_gone(void **state)
{
    struct fixture *f = *state;
    struct notice_choice choice = {.state = NOTICE_DEAD};
    int64_t n;

    add_target(f, "a");
    add_target(f, "b");
    put(f, "1");
    put(f, "2");
    settle(f, claim(f, &due(f, 2)[0], 1, 1), NOTICE_DEAD, 0, "HTTP 400");
    assert_int_equal(notice_drop(f->store, &choice, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice"), 2);
    choice = (struct notice_choice){.state = NOTICE_WAITING};
    assert_int_equal(notice_drop(f->store, &choice, &n), OK);
    assert_int_equal(n, 3);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM notice"), 0);
}

static void one_notice_is_shown_with_each_target_and_its_body(void **state)
{
    struct fixture *f = *state;
    struct notice_row *rows;
    size_t n;

    add_target(f, "a");
    add_target(f, "b");
    put(f, "1");
    assert_int_equal(notice_get(f->store, claim(f, due(f, 2), 1, 1)->notice_id, &f->arena, &rows, &n), OK);
    assert_int_equal(n, 2);
    assert_true(str_eq(rows[1].target, STR("b")));
    assert_true(str_starts(rows[0].body, STR("{\"type\":\"test.made\"")));
    assert_int_equal(notice_get(f->store, STR("msg_0"), &f->arena, &rows, &n), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(N4_a_notice_is_claimed_by_one_and_comes_back_when_the_lease_is_over),
        contact_test(N4_who_comes_back_late_changes_nothing),
        contact_test(a_released_notice_is_due_at_once_and_no_attempt_is_counted),
        contact_test(a_failed_notice_is_due_later_and_says_why),
        cmocka_unit_test(a_target_that_fails_is_left_alone_for_longer_and_longer_N9),
        contact_test(a_paused_target_has_nothing_due_until_the_pause_is_over_and_success_ends_it),
        contact_test(a_target_that_asks_to_be_left_alone_is_disabled_and_says_why),
        contact_test(N8_what_waited_too_long_is_dead_and_can_be_replayed),
        contact_test(N9_what_is_over_is_forgotten_by_age_and_by_number),
        contact_test(what_is_dropped_is_gone),
        contact_test(one_notice_is_shown_with_each_target_and_its_body),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
