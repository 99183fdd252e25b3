/* test_drain_batch.c -- one batch on a real database with real routes: what commits, dies, waits (N3, N4, N8, D1-D3, D5, AC-30, AC-31). */
#include "contact_fixture.h"

#include "base/counters.h"
#include "store/seen.h"

#define ADA "ada@example.com"

static const char *signup(struct fixture *f, const char *email)
{
    return body_of(f, "{'type':'signup','occurred_at':'@10','contact':{'email':'%s','first_name':'Ada'}}", email);
}

static struct claimed from_plugin(struct fixture *f, const char *body)
{
    return entry_of(f, (struct sent){.source = f->plugin, .body = body});
}

static void assert_reason(const struct drain_verdict *verdict, const char *want)
{
    assert_false(verdict->keep);
    assert_str(verdict->reason, want);
}

static int64_t seen_rows(struct fixture *f)
{
    return count_rows(f, "SELECT count(*) FROM seen");
}

/* -- duplicates ---------------------------------------------------------------------------------------------------------- */

static void D1_D2_one_event_id_under_two_topics_is_two_deliveries(void **state)
{
    struct fixture *f = *state;
    struct sent s = {.source = f->shop, .key = "evt-1", .topic = "orders/create"};

    s.body = "{'id':7,'email':'ada@example.com','total_price':'9.00','currency':'EUR','financial_status':'pending',"
             "'created_at':'@10','updated_at':'@10'}";
    assert_applied(send_delivery(f, s));
    assert_contact(ADA, "{'orders':{'count':0}}");
    s.topic = "orders/paid";
    s.body = "{'id':7,'email':'ada@example.com','total_price':'9.00','currency':'EUR','financial_status':'paid',"
             "'created_at':'@10','updated_at':'@20'}";
    assert_applied(send_delivery(f, s));
    assert_contact(ADA, "{'orders':{'count':1}}");
    assert_int_equal(seen_rows(f), 2);
}

static void D1_keys_are_those_of_one_source(void **state)
{
    struct fixture *f = *state;
    int64_t other = add_source(f, "storehook", "other", "", 0);

    assert_applied(send_delivery(f, (struct sent){.source = f->plugin, .key = "msg", .body = signup(f, ADA)}));
    assert_applied(send_delivery(
        f, (struct sent){.source = other, .platform = "storehook", .key = "msg", .body = signup(f, "bob@example.com")}));
    assert_contacts(2);
}

static void D5_a_duplicate_counts_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    uint64_t duplicates = counter_get(COUNTER_DUPLICATES);
    int64_t lines;
    json_t *before;

    assert_applied(send_delivery(f, (struct sent){.source = f->plugin, .key = "msg", .body = signup(f, ADA)}));
    before = contact_json(f, ADA);
    lines = count_rows(f, "SELECT count(*) FROM ledger");
    receive_at(f, RECEIPT_S + 60);
    assert_applied(send_delivery(
        f,
        (struct sent){.source = f->plugin, .key = "msg", .body = "{'type':'unsubscribe','contact':{'email':'ada@example.com'}}"}));
    assert_true(json_equal(contact_json(f, ADA), before));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM ledger"), lines);
    assert_int_equal(counter_get(COUNTER_DUPLICATES) - duplicates, 1);
}

static void D5_a_duplicate_within_one_batch_is_one(void **state)
{
    struct fixture *f = *state;
    const char *visit = "{'type':'page_visit','occurred_at':'@10','visitor_id':'v','page':{'url':'https://shop.example/'}}";
    struct claimed entries[2] = {entry_of(f, (struct sent){.source = f->plugin, .key = "msg", .body = visit}),
                                 entry_of(f, (struct sent){.source = f->plugin, .key = "msg", .body = visit})};
    struct drain_verdict verdicts[2];

    assert_int_equal(apply_entries(f, entries, 2, verdicts), OK);
    assert_reason(&verdicts[0], "");
    assert_reason(&verdicts[1], "");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM visit"), 1);
}

static void D5_an_event_of_the_same_id_in_another_delivery_is_a_duplicate(void **state)
{
    struct fixture *f = *state;
    const char *visit =
        "{'id':'e1','type':'page_visit','occurred_at':'@10','visitor_id':'v','page':{'url':'https://shop.example/'}}";

    assert_applied(plugin_says(f, visit));
    assert_applied(plugin_says(f, visit));
    assert_int_equal(count_rows(f, "SELECT count(*) FROM visit"), 1);
}

/* -- one entry fails ----------------------------------------------------------------------------------------------------- */

static bool is_on_sqlite(const struct fixture *f)
{
    return str_starts(str_of(f->url), STR("sqlite:"));
}

/* Real refusals of the database, for orders of the id 666. */
static void break_orders(struct fixture *f)
{
    const char *sql = is_on_sqlite(f) ? "CREATE TRIGGER broken BEFORE INSERT ON shop_order WHEN NEW.id = '666'"
                                        " BEGIN SELECT RAISE(ABORT, 'broken for the test'); END"
                                      : "ALTER TABLE shop_order ADD CONSTRAINT broken CHECK (id <> '666')";

    assert_int_equal(db_run(f->store->db, sql, ""), OK);
}

static void mend_orders(struct fixture *f)
{
    const char *sql = is_on_sqlite(f) ? "DROP TRIGGER broken" : "ALTER TABLE shop_order DROP CONSTRAINT broken";

    assert_int_equal(db_run(f->store->db, sql, ""), OK);
}

static const char *broken_order(void)
{
    return "{'type':'order_updated','occurred_at':'@10','contact':{'email':'broken@example.com'},'order':{'id':'666',"
           "'status':'paid','total':'1.00','currency':'EUR','updated_at':'@10'}}";
}

static void D3_N4_a_failed_entry_leaves_neither_seen_nor_effects_and_the_others_commit(void **state)
{
    struct fixture *f = *state;
    struct claimed entries[3] = {from_plugin(f, signup(f, ADA)), from_plugin(f, broken_order()),
                                 from_plugin(f, signup(f, "bob@example.com"))};
    struct drain_verdict verdicts[3];

    break_orders(f);
    assert_int_equal(apply_entries(f, entries, 3, verdicts), OK);
    assert_reason(&verdicts[0], "");
    assert_true(verdicts[1].keep);
    assert_reason(&verdicts[2], "");
    assert_contacts(2);
    assert_nobody("broken@example.com");
    assert_int_equal(seen_rows(f), 2);
    mend_orders(f);
    assert_int_equal(apply_entries(f, &entries[1], 1, verdicts), OK); /* handed out again */
    assert_reason(&verdicts[0], "");
    assert_contact("broken@example.com", "{'orders':{'count':1}}");
}

static void N8_an_entry_handed_out_too_often_is_poison(void **state)
{
    struct fixture *f = *state;
    struct claimed entries[3] = {from_plugin(f, broken_order()), from_plugin(f, signup(f, ADA)), from_plugin(f, broken_order())};
    struct drain_verdict verdicts[3];

    break_orders(f);
    entries[0].deliveries = 6; /* tries is 5 */
    entries[2].deliveries = 5;
    assert_int_equal(apply_entries(f, entries, 3, verdicts), OK);
    assert_reason(&verdicts[0], "poison");
    assert_reason(&verdicts[1], "");
    assert_true(verdicts[2].keep);
    assert_contacts(1);
}

static void N8_every_kind_of_bad_entry_dies_alone_and_the_batch_commits(void **state)
{
    struct fixture *f = *state;
    struct claimed entries[7] = {
        from_plugin(f, signup(f, ADA)),
        from_plugin(f, "{'type':"),
        from_plugin(f, "{'type':'invented','contact':{'email':'x@example.com'}}"),
        entry_of(f, (struct sent){.source = f->shop, .topic = "", .body = "{'id':1}"}),
        entry_of(f, (struct sent){.source = 4711, .platform = "storehook", .body = signup(f, "x@example.com")}),
        from_plugin(f, "{'type':'order_created','contact':{'email':'x@example.com'},'order':{'total':'1.00','currency':'EUR'}}"),
        from_plugin(f, signup(f, "bob@example.com")),
    };
    static const char *const reasons[7] = {"", "not_json", "unknown_topic", "unknown_topic", "unknown_source", "mapping", ""};
    struct drain_verdict verdicts[7];
    uint64_t dead = counter_get(COUNTER_DEAD), applied = counter_get(COUNTER_APPLIED);

    assert_int_equal(apply_entries(f, entries, 7, verdicts), OK);
    for (size_t i = 0; i < 7; i++) {
        assert_reason(&verdicts[i], reasons[i]);
        assert_int_equal(verdicts[i].detail.len > 0, reasons[i][0] != '\0');
    }
    assert_contacts(2);
    assert_nobody("x@example.com");
    assert_int_equal(counter_get(COUNTER_DEAD) - dead, 5);
    assert_int_equal(counter_get(COUNTER_APPLIED) - applied, 2);
}

static void N8_what_is_no_entry_dies_as_such(void **state)
{
    struct fixture *f = *state;
    struct claimed nothing = {.deliveries = 1};
    struct drain_verdict verdict;

    assert_int_equal(apply_entries(f, &nothing, 1, &verdict), OK);
    assert_reason(&verdict, "not_an_entry");
}

static void one_bad_event_of_a_batch_is_refused_alone(void **state)
{
    struct fixture *f = *state;
    const char *reason;

    reason = plugin_says(f, "{'events':[{'type':'signup','occurred_at':'@10','contact':{'email':'ada@example.com'}},"
                            "{'type':'invented'},{'type':'signup','occurred_at':'@10','contact':{'email':'no address'}},"
                            "{'type':'signup','occurred_at':'@10','contact':{'email':'bob@example.com'}}]}");
    assert_true(strcmp(reason, "unknown_topic") == 0 || strcmp(reason, "invalid_email") == 0);
    assert_non_null(strstr(f->trouble, "event 1: unknown_topic"));
    assert_non_null(strstr(f->trouble, "event 2: invalid_email"));
    assert_null(strstr(f->trouble, "event 0"));
    assert_null(strstr(f->trouble, "event 3"));
    assert_contacts(2);
}

/* A replay of the delivery above must find the visit that it made, though the route file now reads what it refused before. */
static void D7_an_event_keeps_its_name_when_those_before_it_are_refused(void **state)
{
    struct fixture *f = *state;

    assert_dead(plugin_says(f, "{'events':[{'type':'invented'},{'type':'page_visit','occurred_at':'@10','visitor_id':'v',"
                               "'page':{'url':'https://shop.example/'}}]}"),
                "unknown_topic");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM visit WHERE id LIKE 'd:%:1'"), 1);
}

/* -- dead letters -------------------------------------------------------------------------------------------------------- */

static void N3_an_entry_claimed_again_after_its_commit_writes_its_dead_letter_again(void **state)
{
    struct fixture *f = *state;
    struct claimed entry = from_plugin(f, "{'type':'signup','occurred_at':'@10','contact':{'external_id':'1'}}");
    struct drain_verdict first, again;

    assert_int_equal(apply_entries(f, &entry, 1, &first), OK);
    assert_reason(&first, "no_email");
    entry.deliveries = 2; /* the drainer died between the commit and the letter */
    assert_int_equal(apply_entries(f, &entry, 1, &again), OK);
    assert_reason(&again, "no_email");
    assert_true(str_eq(first.detail, again.detail));
    assert_int_equal(seen_rows(f), 1);
}

static void N3_an_applied_entry_claimed_again_is_only_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct claimed entry =
        from_plugin(f, "{'type':'page_visit','occurred_at':'@10','visitor_id':'v','page':{'url':'https://shop.example/'}}");
    struct drain_verdict verdict;

    for (int64_t i = 1; i <= 2; i++) {
        entry.deliveries = i;
        assert_int_equal(apply_entries(f, &entry, 1, &verdict), OK);
        assert_reason(&verdict, "");
    }
    assert_int_equal(count_rows(f, "SELECT count(*) FROM visit"), 1);
}

static void a_replayed_dead_letter_is_applied_once_its_cause_is_gone(void **state)
{
    struct fixture *f = *state;
    struct sent joins = {.source = f->plugin,
                         .body = "{'type':'subscribe','channel':'email','at':'@5','source':'x','contact':{'external_id':'44'}}"};

    joins.key = joins.delivery = "00000000000000000000000000000044";
    assert_dead(send_delivery(f, joins), "no_email");
    joins.replay = true;
    assert_dead(send_delivery(f, joins), "no_email"); /* nothing has changed */
    assert_applied(plugin_says(f, "{'type':'signup','occurred_at':'@1','contact':{'external_id':'44','email':'ada@example.com'}}"));
    assert_applied(send_delivery(f, joins));
    assert_contact(ADA, "{'consent':{'state':'subscribed'}}");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM seen WHERE reason <> ''"), 0);
    joins.replay = false;
    assert_applied(send_delivery(f, joins)); /* the shop sends it again: a duplicate */
    assert_contact(ADA, "{'consent':{'state':'subscribed'}}");
}

static void AC_30_a_contact_needs_an_address(void **state)
{
    struct fixture *f = *state;

    assert_dead(plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'external_id':'1','first_name':'Ada'}}"),
                "no_email");
    assert_dead(plugin_says(f, "{'type':'signup','occurred_at':'@10','contact':{'external_id':'1','email':''}}"), "no_email");
    assert_dead(shop_says(f, "customers/create", "{'id':1,'email':null,'phone':'+4930123456','updated_at':'@10'}"), "no_email");
    assert_contacts(0);
    assert_applied(shop_says(f, "customers/update", "{'id':1,'email':'ada@example.com','updated_at':'@20'}"));
    assert_contact(ADA, "{'phone':'+4930123456'}"); /* what was said before is not lost */
}

static void AC_31_an_address_must_be_valid(void **state)
{
    static const char *const malformed[] = {"ada",
                                            "ada@",
                                            "@example.com",
                                            "ada@example",
                                            "ada@@example.com",
                                            "ada@exa mple.com",
                                            "ada king@example.com",
                                            "ada..king@example.com",
                                            ".ada@example.com",
                                            "ada.@example.com",
                                            "ada@-example.com",
                                            "ada@example..com",
                                            "ada@127.0.0.1",
                                            "ada@exam_ple.com",
                                            "Ada <ada@example.com>"};
    struct fixture *f = *state;

    assert_int_equal(sizeof(malformed) / sizeof(*malformed), 15);
    for (size_t i = 0; i < 15; i++) {
        print_message("  %s\n", malformed[i]);
        assert_dead(plugin_says(f, signup(f, malformed[i])), "invalid_email");
    }
    assert_contacts(0);
    assert_applied(plugin_says(f, signup(f, ADA)));
    assert_contacts(1);
}

/* -- the database -------------------------------------------------------------------------------------------------------- */

static void D3_a_database_locked_by_another_connection_applies_nothing(void **state)
{
    struct fixture *f = *state;
    struct claimed entries[2] = {from_plugin(f, signup(f, ADA)), from_plugin(f, "{'type':")};
    struct drain_verdict verdicts[2];
    struct buf why = BUF_INIT(1000);
    struct db *other = NULL;

    if (!is_on_sqlite(f)) { /* no transaction locks another out there */
        buf_release(&why);
        skip();
    }
    assert_int_equal(db_open(f->url, 50, &other, &why), OK);
    assert_int_equal(db_begin(other), OK);
    assert_int_equal(apply_entries(f, entries, 2, verdicts), ERR_DB_BUSY);
    db_rollback(other);
    db_close(other);
    buf_release(&why);
    assert_contacts(0);
    assert_int_equal(seen_rows(f), 0);
    assert_int_equal(apply_entries(f, entries, 2, verdicts), OK);
    assert_reason(&verdicts[0], "");
    assert_reason(&verdicts[1], "not_json");
    assert_contacts(1);
}

/* -- secrets that handshakes bring --------------------------------------------------------------------------------------- */

static struct claimed secret_of(struct fixture *f, enum entry_kind kind, const char *sealed)
{
    struct claimed c = from_plugin(f, sealed);

    c.entry.kind = kind;
    c.entry.topic = STR("secret");
    return c;
}

static int64_t secrets(struct fixture *f)
{
    return count_rows(f, "SELECT count(*) FROM source_secret WHERE until_us = 0 AND name = 'secret'");
}

static void N4_a_brought_secret_is_kept_once_and_published_each_time(void **state)
{
    struct fixture *f = *state;
    struct claimed entry = secret_of(f, ENTRY_SECRET, "sealed text");
    int64_t all = count_rows(f, "SELECT count(*) FROM source_secret"), open = secrets(f);
    struct drain_verdict verdict;

    for (int i = 0; i < 3; i++) { /* handed out again: its acknowledgement got lost */
        assert_int_equal(apply_entries(f, &entry, 1, &verdict), OK);
        assert_reason(&verdict, "");
        assert_true(verdict.publish);
    }
    assert_int_equal(count_rows(f, "SELECT count(*) FROM source_secret"), all + 1);
    assert_int_equal(secrets(f), open ? open : 1); /* those before it end an hour later */
    assert_int_equal(count_rows(f, "SELECT count(*) FROM source_secret WHERE sealed = 'sealed text' AND until_us = 0"), 1);
}

static void I5_a_first_secret_is_refused_where_there_is_one_and_dies_again_when_claimed_again(void **state)
{
    struct fixture *f = *state;
    struct claimed first = secret_of(f, ENTRY_FIRST_SECRET, "one"), second = secret_of(f, ENTRY_FIRST_SECRET, "two");
    struct drain_verdict verdict;

    assert_int_equal(db_run(f->store->db, "DELETE FROM source_secret", ""), OK);
    assert_int_equal(apply_entries(f, &first, 1, &verdict), OK);
    assert_reason(&verdict, "");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(apply_entries(f, &second, 1, &verdict), OK);
        assert_reason(&verdict, "secret_refused");
        assert_true(verdict.detail.len > 0);
    }
    assert_int_equal(count_rows(f, "SELECT count(*) FROM source_secret WHERE sealed = 'one'"), 1);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM source_secret"), 1);
}

static void a_removed_source_gets_no_secret(void **state)
{
    struct fixture *f = *state;
    struct claimed entry = secret_of(f, ENTRY_SECRET, "late");
    struct drain_verdict verdict;

    assert_int_equal(source_remove(f->store, f->plugin), OK);
    assert_int_equal(apply_entries(f, &entry, 1, &verdict), OK);
    assert_reason(&verdict, "secret_refused");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM source_secret WHERE sealed = 'late'"), 0);
}

static void an_empty_batch_is_fine(void **state)
{
    struct fixture *f = *state;
    struct drain_verdict none;

    assert_int_equal(apply_entries(f, NULL, 0, &none), OK);
    assert_contacts(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(D1_D2_one_event_id_under_two_topics_is_two_deliveries),
        contact_test(D1_keys_are_those_of_one_source),
        contact_test(D5_a_duplicate_counts_and_changes_nothing),
        contact_test(D5_a_duplicate_within_one_batch_is_one),
        contact_test(D5_an_event_of_the_same_id_in_another_delivery_is_a_duplicate),
        contact_test(D3_N4_a_failed_entry_leaves_neither_seen_nor_effects_and_the_others_commit),
        contact_test(N8_an_entry_handed_out_too_often_is_poison),
        contact_test(N8_every_kind_of_bad_entry_dies_alone_and_the_batch_commits),
        contact_test(N8_what_is_no_entry_dies_as_such),
        contact_test(one_bad_event_of_a_batch_is_refused_alone),
        contact_test(D7_an_event_keeps_its_name_when_those_before_it_are_refused),
        contact_test(N3_an_entry_claimed_again_after_its_commit_writes_its_dead_letter_again),
        contact_test(N3_an_applied_entry_claimed_again_is_only_acknowledged),
        contact_test(a_replayed_dead_letter_is_applied_once_its_cause_is_gone),
        contact_test(AC_30_a_contact_needs_an_address),
        contact_test(AC_31_an_address_must_be_valid),
        contact_test(D3_a_database_locked_by_another_connection_applies_nothing),
        contact_test(N4_a_brought_secret_is_kept_once_and_published_each_time),
        contact_test(I5_a_first_secret_is_refused_where_there_is_one_and_dies_again_when_claimed_again),
        contact_test(a_removed_source_gets_no_secret),
        contact_test(an_empty_batch_is_fine),
    };

    return cmocka_run_group_tests(tests, load_routes, free_routes);
}
