/* test_activity.c -- proves what an activity leaves: a line in the timeline of whom it names, in any order, and nothing else. */
#include "contact_fixture.h"

#include "store/activity.h"

#define ADA "ada@example.com"

static const char *const SIGNUP = "{'type':'signup','occurred_at':'@10','contact':{'external_id':'c1','email':'ada@example.com',"
                                  "'first_name':'Ada'}}";

static const char *activity(struct fixture *f, const char *contact, int64_t at_s, const char *name)
{
    return body_of(f,
                   "{'type':'activity','occurred_at':'@%d','contact':%s,'activity':{'name':'%s','text':'#7 is late','url':"
                   "'https://desk.example/7'}}",
                   (int)at_s, contact, name);
}

/* The names of the activities in a contact's timeline, "a b ". */
static const char *timeline(struct fixture *f, const char *who)
{
    struct buf names = BUF_INIT(1000);
    struct ledger_line *lines = NULL;
    struct str id, kept;
    size_t n = 0;

    assert_int_equal(contact_find(f->store, str_of(who), &f->arena, &id), OK);
    assert_int_equal(contact_ledger(f->store, id, 100, &f->arena, &lines, &n), OK);
    for (size_t i = 0; i < n; i++)
        if (lines[i].rule.len == 0)
            assert_int_equal(buf_printf(&names, "%.*s ", STR_ARG(lines[i].name)), OK);
    kept = arena_str(&f->arena, buf_str(&names));
    buf_release(&names);
    return kept.p ? kept.p : "";
}

static void an_activity_stands_in_the_timeline_of_whom_it_names(void **state)
{
    struct fixture *f = *state;
    struct ledger_line *lines = NULL;
    struct str id;
    size_t n = 0;

    assert_applied(plugin_says(f, SIGNUP));
    receive_at(f, RECEIPT_S + 60);
    assert_applied(plugin_says(f, activity(f, "{'email':'Ada@Example.com'}", 20, "ticket opened")));
    assert_int_equal(contact_find(f->store, STR(ADA), &f->arena, &id), OK);
    assert_int_equal(contact_ledger(f->store, id, 100, &f->arena, &lines, &n), OK);
    assert_str(lines[n - 1].what, "activity"); /* applied last */
    assert_str(lines[n - 1].name, "ticket opened");
    assert_str(lines[n - 1].new, "#7 is late");
    assert_str(lines[n - 1].url, "https://desk.example/7");
    assert_int_equal(lines[n - 1].event_at_us, at(20));
    assert_int_equal(contact_ledger(f->store, id, 1, &f->arena, &lines, &n), OK);
    assert_int_equal(n, 1);
    assert_str(lines[0].what, "activity");
}

static void an_activity_makes_no_contact_and_touches_no_consent(void **state)
{
    struct fixture *f = *state;
    const char *whole = "{'external_id':'c1','email':'ada@example.com','first_name':'Eve','phone':'1','tags':['x'],"
                        "'consent':{'email':{'state':'subscribed','at':'@30'}}}";
    json_t *before;

    assert_applied(plugin_says(f, activity(f, whole, 20, "a")));
    assert_contacts(0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM customer"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM consent"), 0);
    assert_applied(plugin_says(f, SIGNUP));
    before = contact_json(f, ADA);
    assert_applied(plugin_says(f, activity(f, whole, 40, "b")));
    assert_applied(plugin_says(f, activity(f, "{'email':'ada@example.com','consent':{'email':{'state':'redacted'}}}", 41, "c")));
    assert_true(json_equal(contact_json(f, ADA), before));
    assert_string_equal(timeline(f, ADA), "a b c ");
}

static void an_activity_of_nobody_is_kept_for_its_source(void **state)
{
    struct fixture *f = *state;
    struct activity_line *lines = NULL;
    size_t n = 0;

    assert_applied(plugin_says(f, activity(f, "{}", 20, "first")));
    assert_applied(plugin_says(f, activity(f, "{'email':'no address'}", 30, "second")));
    assert_int_equal(activity_of_source(f->store, f->plugin, 10, &f->arena, &lines, &n), OK);
    assert_int_equal(n, 2);
    assert_str(lines[0].name, "second");
    assert_str(lines[1].text, "#7 is late");
    assert_int_equal(activity_of_source(f->store, f->shop, 10, &f->arena, &lines, &n), OK);
    assert_int_equal(n, 0);
}

static void a_repeated_activity_is_one_D5(void **state)
{
    struct fixture *f = *state;
    struct sent once = {.source = f->plugin, .key = "msg", .body = activity(f, "{}", 20, "a")};

    assert_applied(send_delivery(f, once));
    assert_applied(send_delivery(f, once));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM activity"), 1);
}

static void an_erased_person_has_no_activities_X2(void **state)
{
    struct fixture *f = *state;

    assert_applied(plugin_says(f, activity(f, "{'external_id':'c1'}", 5, "by id")));
    assert_applied(plugin_says(f, activity(f, "{'email':'ada@example.com'}", 6, "by address")));
    assert_applied(plugin_says(f, activity(f, "{'email':'bob@example.com'}", 6, "other")));
    assert_applied(plugin_says(f, SIGNUP));
    assert_applied(plugin_says(f, "{'type':'erase','contact':{'email':'ada@example.com'}}"));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM activity"), 1);
    assert_applied(plugin_says(f, activity(f, "{'email':'ada@example.com'}", 7, "late"))); /* X3 */
    assert_int_equal(count_rows(f, "SELECT count(*) FROM activity"), 1);
    assert_applied(plugin_says(f, "{'type':'erase','contact':{'email':'bob@example.com'}}")); /* never a contact */
    assert_int_equal(count_rows(f, "SELECT count(*) FROM activity"), 0);
}

/* Applies the deliveries of `order` to a database of its own and returns the timeline. */
static const char *in_order(const size_t order[4])
{
    void *state = NULL;
    struct fixture *f;
    static char got[200];

    assert_int_equal(open_contacts(&state), 0);
    f = state;
    for (size_t i = 0; i < 4; i++) {
        const char *bodies[] = {SIGNUP, activity(f, "{'external_id':'c1'}", 20, "one"),
                                activity(f, "{'email':'ada@example.com'}", 30, "two"),
                                "{'type':'customer_updated','occurred_at':'@40','contact':{'external_id':'c1','email':"
                                "'ada@example.com'}}"};

        receive_at(f, RECEIPT_S + 10 * (int64_t)order[i]); /* only the order differs */
        assert_applied(plugin_says(f, bodies[order[i]]));
    }
    assert_contacts(1);
    snprintf(got, sizeof(got), "%s", timeline(f, ADA));
    close_contacts(&state);
    return got;
}

static void every_order_ends_in_the_same_timeline_N5(void **state)
{
    size_t tried = 0;

    (void)state;
    for (size_t code = 0; code < 256; code++) {
        size_t order[4] = {code & 3, (code >> 2) & 3, (code >> 4) & 3, code >> 6};

        if ((1u << order[0] | 1u << order[1] | 1u << order[2] | 1u << order[3]) != 15)
            continue;
        assert_string_equal(in_order(order), "one two ");
        tried++;
    }
    assert_int_equal(tried, 24);
}

static void activities_of_nobody_are_bounded_by_number_and_age_N9(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < ACTIVITIES_KEPT + 5; i++)
        assert_int_equal(db_run(f->store->db, "INSERT INTO activity VALUES ($1, $2, 'n' || $3, $3, '', '', 'n', '', '', 'd', 1, 1)",
                                "iii", f->store->account_id, f->plugin, at(i)),
                         OK);
    assert_applied(plugin_says(f, SIGNUP));
    assert_applied(plugin_says(f, activity(f, "{'external_id':'c1'}", 1, "kept")));
    assert_applied(plugin_says(f, activity(f, "{'email':'nobody@example.com'}", 1, "not known")));
    assert_int_equal(activity_forget(f->store), OK);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM activity"), ACTIVITIES_KEPT + 2);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM activity WHERE name = 'n'"), ACTIVITIES_KEPT);
    receive_at(f, RECEIPT_S + (ACTIVITY_DAYS + 1) * 86400LL);
    assert_int_equal(activity_forget(f->store), OK);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM activity"), 1);
    assert_string_equal(timeline(f, ADA), "kept ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(an_activity_stands_in_the_timeline_of_whom_it_names),
        contact_test(an_activity_makes_no_contact_and_touches_no_consent),
        contact_test(an_activity_of_nobody_is_kept_for_its_source),
        contact_test(a_repeated_activity_is_one_D5),
        contact_test(an_erased_person_has_no_activities_X2),
        cmocka_unit_test(every_order_ends_in_the_same_timeline_N5),
        contact_test(activities_of_nobody_are_bounded_by_number_and_age_N9),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
