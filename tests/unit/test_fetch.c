/* test_fetch.c -- proves the fetch tasks: asked for by deliveries, claimed, ended, tried again, and what a document becomes. */
#include "own_routes.h"

#include "engine/fetch.h"
#include "redis_fixture.h"

static const char ROUTE[] = OWN_ROUTE(
    "thin", "",
    "\"objects\":{\"customer\":{\"contact.external_id\":\"/id\",\"contact.email\":\"/email\",\"contact.first_name\":\"/name\","
    "\"contact.updated_at\":\"/at\"}},\"topics\":{\"customer.changed\":{\"fetch\":\"customer\",\"id\":\"/id\",\"event\":"
    "\"customer_updated\"}}");

static int load_thin(void **state)
{
    (void)state;
    return load_own_route(ROUTE);
}

enum { LEASE_US = 60 * 1000000 };

static const char *changed(struct fixture *f, int64_t source, const char *id)
{
    return send_delivery(
        f, (struct sent){.source = source, .platform = "thin", .body = body_of(f, "{'topic':'customer.changed','id':%s}", id)});
}

static int64_t add_thin(struct fixture *f)
{
    return add_source(f, "thin", "thin", "", 0);
}

static struct fetch_task *claim(struct fixture *f, size_t want)
{
    struct fetch_task *tasks = NULL;
    size_t n = 0;

    assert_int_equal(fetch_claim(f->store, 10, LEASE_US, &f->arena, &tasks, &n), OK);
    assert_int_equal(n, want);
    return tasks;
}

static struct fetch_counts counts(struct fixture *f)
{
    struct fetch_counts c;

    assert_int_equal(fetch_count(f->store, 0, &c), OK);
    return c;
}

static void a_delivery_asks_for_an_object_once_however_often_it_says_so_N4(void **state)
{
    struct fixture *f = *state;
    int64_t thin = add_thin(f);
    struct fetch_task *task;

    assert_applied(changed(f, thin, "820982911946154508"));
    assert_applied(changed(f, thin, "820982911946154508"));
    assert_applied(changed(f, thin, "'x'"));
    assert_int_equal(counts(f).waiting, 2);
    assert_contacts(0);
    task = claim(f, 2);
    assert_int_equal(task[0].source_id, thin);
    assert_str(task[0].object, "customer");
    assert_str(task[0].id, "820982911946154508");
    assert_int_equal(task[0].generation, 2);
    claim(f, 0); /* they are in work */
    receive_at(f, RECEIPT_S + 61);
    claim(f, 2); /* whoever had them died */
}

static void a_dead_letter_asks_for_nothing(void **state)
{
    struct fixture *f = *state;

    assert_dead(changed(f, add_thin(f), "null"), "mapping");
    assert_int_equal(counts(f).waiting, 0);
}

static void what_changed_while_it_was_fetched_is_fetched_again(void **state)
{
    struct fixture *f = *state;
    int64_t thin = add_thin(f);
    struct fetch_task *task;

    assert_applied(changed(f, thin, "1"));
    task = claim(f, 1);
    assert_applied(changed(f, thin, "1"));
    claim(f, 0); /* not twice at a time */
    assert_int_equal(fetch_done(f->store, task), OK);
    task = claim(f, 1);
    assert_int_equal(task->generation, 2);
    assert_int_equal(fetch_done(f->store, task), OK);
    assert_int_equal(counts(f).waiting, 0);
    assert_int_equal(fetch_done(f->store, task), OK); /* a second time is no harm */
    assert_int_equal(counts(f).waiting, 0);
}

static void a_failure_is_tried_again_later_and_later_N9(void **state)
{
    static const int64_t waits[] = {30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600};
    struct fixture *f = *state;
    int64_t now = RECEIPT_S, thin = add_thin(f);

    assert_applied(changed(f, thin, "1"));
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        struct fetch_task *task = claim(f, 1);

        assert_int_equal(task->attempts, i);
        assert_int_equal(fetch_failed(f->store, task, STR("503 from the platform"), 0), OK);
        assert_applied(changed(f, thin, "1")); /* asking again does not shorten the back-off */
        receive_at(f, now + waits[i] - 1);
        claim(f, 0);
        now += waits[i];
        receive_at(f, now);
    }
    assert_int_equal(counts(f).failing, 1);
    assert_str(claim(f, 1)->last_error, "503 from the platform");
    assert_int_equal(counts(f).oldest_at_us, at(RECEIPT_S));
}

static void the_platform_may_ask_for_more_time(void **state)
{
    struct fixture *f = *state;

    assert_applied(changed(f, add_thin(f), "1"));
    assert_int_equal(fetch_failed(f->store, claim(f, 1), STR("429"), 600), OK);
    receive_at(f, RECEIPT_S + 599);
    claim(f, 0);
    receive_at(f, RECEIPT_S + 600);
    assert_int_equal(fetch_failed(f->store, claim(f, 1), STR("429"), 10000000), OK); /* no longer than the longest back-off */
    receive_at(f, RECEIPT_S + 600 + FETCH_BACKOFF_MAX_S);
    claim(f, 1);
}

static void an_object_that_is_gone_is_recorded_until_it_is_asked_for_again(void **state)
{
    struct fixture *f = *state;
    int64_t thin = add_thin(f);
    struct fetch_task *task;
    size_t n = 0;

    assert_applied(changed(f, thin, "1"));
    assert_int_equal(fetch_gone(f->store, claim(f, 1)), OK);
    claim(f, 0);
    assert_int_equal(counts(f).gone, 1);
    assert_int_equal(counts(f).waiting, 0);
    assert_int_equal(fetch_list(f->store, thin, 10, &f->arena, &task, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(task->gone_at_us, at(RECEIPT_S));
    assert_applied(changed(f, thin, "1"));
    task = claim(f, 1);
    assert_applied(changed(f, thin, "1"));
    assert_int_equal(fetch_gone(f->store, task), OK); /* of an older generation */
    assert_int_equal(fetch_gone(f->store, claim(f, 1)), OK);
    receive_at(f, RECEIPT_S + FETCH_GONE_DAYS * 86400LL + 1);
    assert_int_equal(fetch_forget(f->store), OK);
    assert_int_equal(counts(f).gone, 0);
}

static void sources_that_are_disabled_wait_and_removed_ones_are_forgotten(void **state)
{
    struct fixture *f = *state;
    int64_t thin = add_thin(f);

    assert_applied(changed(f, thin, "1"));
    assert_int_equal(source_set_enabled(f->store, thin, false), OK);
    claim(f, 0);
    assert_int_equal(fetch_forget(f->store), OK);
    assert_int_equal(source_set_enabled(f->store, thin, true), OK);
    claim(f, 1);
    assert_int_equal(source_remove(f->store, thin), OK);
    assert_int_equal(fetch_forget(f->store), OK);
    assert_int_equal(counts(f).waiting, 0);
}

/* -- through a real queue ------------------------------------------------------------------------------------------------ */

struct queue_case {
    struct redis_fixture redis;
    struct config *cfg;
    struct stream *stream;
};

static void open_queue(struct queue_case *q)
{
    struct buf why = BUF_INIT(512);

    redis_fixture_start(&q->redis);
    q->cfg = redis_fixture_config(&q->redis);
    if (stream_open(q->cfg, &clock_system, &q->stream, &why))
        fail_msg("%s", buf_text(&why));
    buf_release(&why);
}

static void close_queue(struct queue_case *q)
{
    stream_close(q->stream);
    config_free(q->cfg);
    redis_fixture_stop(&q->redis);
}

/* Applies the one entry that waits; returns the dead letter's reason. */
static const char *drain_one(struct fixture *f, struct queue_case *q)
{
    struct drain_verdict verdict;
    struct claimed *claimed = NULL;
    size_t n = 0;

    assert_int_equal(stream_claim(q->stream, STR("c"), 10, 100, &f->arena, &claimed, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(claimed->entry.lane, LANE_BULK);
    assert_int_equal(apply_entries(f, claimed, 1, &verdict), OK);
    assert_int_equal(stream_done(q->stream, (const struct claimed *const[]){claimed}, 1), OK);
    return verdict.reason.len ? verdict.reason.p : "";
}

static void deliver(struct fixture *f, struct queue_case *q, const struct fetch_task *task, const char *document)
{
    struct fetch_answer answer = {.outcome = FETCH_CAME, .document = str_of(plain(f, document))};

    assert_int_equal(fetch_deliver(f->store, q->stream, task, &answer), OK);
}

static void a_document_becomes_an_event_of_its_object(void **state)
{
    struct fixture *f = *state;
    int64_t thin = add_thin(f);
    struct queue_case q;

    open_queue(&q);
    assert_applied(changed(f, thin, "7"));
    deliver(f, &q, claim(f, 1), "{'id':7,'email':'ada@example.com','name':'Ada','at':'@10'}");
    assert_int_equal(counts(f).waiting, 0);
    assert_string_equal(drain_one(f, &q), "");
    assert_contact("ada@example.com", "{'first_name':'Ada'}");
    assert_applied(changed(f, thin, "7")); /* the same document again, and then an older one */
    deliver(f, &q, claim(f, 1), "{'id':7,'email':'ada@example.com','name':'Ada','at':'@10'}");
    assert_string_equal(drain_one(f, &q), "");
    assert_applied(changed(f, thin, "7"));
    deliver(f, &q, claim(f, 1), "{'id':7,'email':'ada@example.com','name':'Old','at':'@5'}");
    assert_string_equal(drain_one(f, &q), "");
    assert_contact("ada@example.com", "{'first_name':'Ada'}");
    assert_contacts(1);
    close_queue(&q);
}

static void a_document_that_cannot_be_mapped_is_a_dead_letter(void **state)
{
    struct fixture *f = *state;
    struct queue_case q;

    open_queue(&q);
    assert_applied(changed(f, add_thin(f), "7"));
    deliver(f, &q, claim(f, 1), "<html>");
    assert_string_equal(drain_one(f, &q), "not_json");
    close_queue(&q);
}

static void a_queue_that_is_away_keeps_the_task_N7(void **state)
{
    struct fixture *f = *state;
    struct fetch_answer answer = {.outcome = FETCH_CAME, .document = STR("{}")};
    struct fetch_task *task;
    struct queue_case q;

    open_queue(&q);
    assert_applied(changed(f, add_thin(f), "7"));
    task = claim(f, 1);
    redis_fixture_kill(&q.redis);
    assert_int_not_equal(fetch_deliver(f->store, q.stream, task, &answer), OK);
    assert_int_equal(counts(f).waiting, 1);
    receive_at(f, RECEIPT_S + 61);
    claim(f, 1);
    close_queue(&q);
}

static void other_answers_need_no_queue(void **state)
{
    struct fixture *f = *state;
    struct fetch_answer answer = {.outcome = FETCH_FAILED, .why = STR("timeout"), .retry_after_s = 0};
    struct buf large = BUF_INIT(4 << 20);

    assert_applied(changed(f, add_thin(f), "7"));
    assert_int_equal(fetch_deliver(f->store, NULL, claim(f, 1), &answer), OK);
    assert_int_equal(counts(f).failing, 1);
    receive_at(f, RECEIPT_S + 30);
    for (size_t i = 0; i <= FETCH_DOCUMENT_MAX_BYTES; i++)
        assert_int_equal(buf_append_c(&large, ' '), OK);
    answer = (struct fetch_answer){.outcome = FETCH_CAME, .document = buf_str(&large)};
    assert_int_equal(fetch_deliver(f->store, NULL, claim(f, 1), &answer), OK);
    receive_at(f, RECEIPT_S + 90);
    answer = (struct fetch_answer){.outcome = FETCH_IS_GONE};
    assert_int_equal(fetch_deliver(f->store, NULL, claim(f, 1), &answer), OK);
    assert_int_equal(counts(f).gone, 1);
    buf_release(&large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        contact_test(a_delivery_asks_for_an_object_once_however_often_it_says_so_N4),
        contact_test(a_dead_letter_asks_for_nothing),
        contact_test(what_changed_while_it_was_fetched_is_fetched_again),
        contact_test(a_failure_is_tried_again_later_and_later_N9),
        contact_test(the_platform_may_ask_for_more_time),
        contact_test(an_object_that_is_gone_is_recorded_until_it_is_asked_for_again),
        contact_test(sources_that_are_disabled_wait_and_removed_ones_are_forgotten),
        contact_test(a_document_becomes_an_event_of_its_object),
        contact_test(a_document_that_cannot_be_mapped_is_a_dead_letter),
        contact_test(a_queue_that_is_away_keeps_the_task_N7),
        contact_test(other_answers_need_no_queue),
    };

    return cmocka_run_group_tests(tests, load_thin, free_routes);
}
