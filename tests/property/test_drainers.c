/* test_drainers.c -- owns the proof that many drainers at once, each with its share of shuffled events of a few contacts, end as one does
 * that has them in order (O8). EVENTS (default 600) events, DRAINERS (default 8); STOREHOOK_TEST_DATABASE=postgres on a private server. */
#include "postgres_fixture.h"
#include "tale.h"

#include "base/log.h"
#include "engine/replay.h"

#include <errno.h>

enum { PEOPLE = 6, EVENTS_MAX = 100000, DRAINERS_MAX = 32 };

static struct routes *routes;

static uint64_t number_of(const char *name, uint64_t fallback, uint64_t max)
{
    const char *text = getenv(name);
    uint64_t value = fallback;

    if (text && (str_to_u64(str_of(text), &value) || value == 0 || value > max))
        fail_msg("%s=%s is no number up to %llu", name, text, (unsigned long long)max);
    return value;
}

static json_t *customer(struct tale *t, json_t *event, int person)
{
    json_t *contact = json_pack("{s:o,s:o}", "external_id", words("c%d", person), "email", words("p%d@mail.example", person));

    member(event, "type", json_string("customer_updated"));
    member(contact, "first_name", words("Name %d", one_of(t, 1000)));
    member(contact, "tags", json_pack("[o]", words("t%d", one_of(t, 9))));
    if (perhaps(t, 40))
        member(contact, "consent",
               json_pack("{s:{s:s,s:o}}", "email", "state", perhaps(t, 50) ? "subscribed" : "unsubscribed", "at",
                         time_json(t->now_us)));
    return contact;
}

static json_t *purchase(struct tale *t, json_t *event, int person)
{
    json_t *order = json_pack("{s:o,s:s,s:o,s:s,s:o,s:o}", "id", words("o%d", one_of(t, 200)), "currency", "EUR", "total",
                              words("%d.00", one_of(t, 90)), "status", perhaps(t, 70) ? "paid" : "cancelled", "updated_at",
                              time_json(t->now_us), "created_at", time_json(t->now_us));

    member(event, "type", json_string("order_updated"));
    member(event, "order", order);
    return json_pack("{s:o}", "email", words("p%d@mail.example", person));
}

/* A step of its own time and receipt. Returns owned. */
static json_t *delivery(struct tale *t, size_t i)
{
    int person = one_of(t, PEOPLE);
    json_t *event = json_pack("{s:o}", "id", words("e%zu", i)), *contact;

    t->now_us += (1 + one_of(t, 5)) * US_PER_S;
    member(event, "occurred_at", time_json(t->now_us));
    contact = perhaps(t, 60) ? customer(t, event, person) : purchase(t, event, person);
    member(event, "contact", contact);
    return json_pack("{s:s,s:o,s:o,s:o}", "source", perhaps(t, 50) ? "one" : "two", "id", words("d%zu", i), "received_at",
                     time_json(t->now_us + US_PER_S), "event", event);
}

static struct replay *open_run(const char *url)
{
    struct replay_setting setting = {.routes = routes, .clock = &clock_system, .url = url, .cart_delay_us = US_PER_S};
    struct buf why = BUF_INIT(4096);
    struct replay *r = NULL;

    setting.dir = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    if (replay_open(&setting, &r, &why))
        fail_msg("replay_open: %s", buf_text(&why));
    buf_release(&why);
    return r;
}

/* Takes the step. */
static void take(struct replay *r, json_t *step)
{
    struct buf why = BUF_INIT(4096);

    if (replay_take(r, step, &why)) {
        fprintf(stderr, "replay_take: %s\n", buf_text(&why));
        abort();
    }
    json_decref(step);
    buf_release(&why);
}

static json_t *end_of(struct replay *r)
{
    struct buf why = BUF_INIT(4096);
    json_t *end = NULL;

    if (replay_end(r, &end, &why)) {
        fprintf(stderr, "replay_end: %s\n", buf_text(&why));
        abort();
    }
    buf_release(&why);
    return end;
}

/* Every nth of the events, in batches; `all` borrows. */
static void drain_share(struct replay *r, json_t *all, size_t from, size_t every, struct tale *dice)
{
    size_t left = 0;

    for (size_t i = from; i < json_array_size(all); i += every) {
        if (left == 0) {
            left = 1 + (size_t)one_of(dice, 40);
            take(r, json_pack("{sI}", "batch", (json_int_t)left));
        }
        take(r, json_incref(json_array_get(all, i)));
        left--;
    }
    json_decref(end_of(r));
}

static void shuffle(json_t *all, struct tale *dice)
{
    for (size_t i = json_array_size(all); i > 1; i--) {
        size_t j = (size_t)one_of(dice, (int)i);
        json_t *one = json_incref(json_array_get(all, i - 1)), *other = json_incref(json_array_get(all, j));

        json_array_set_new(all, i - 1, other);
        json_array_set_new(all, j, one);
    }
}

static void start_drainers(const char *url, json_t *all, size_t n, pid_t *children)
{
    for (size_t i = 0; i < n; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            struct tale dice = {.random = i + 1};
            struct replay *r = open_run(url);

            drain_share(r, all, i, n, &dice);
            replay_close(r);
            _exit(0);
        }
    }
}

static void wait_for(const pid_t *children, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int status = 0;

        while (waitpid(children[i], &status, 0) < 0)
            assert_int_equal(errno, EINTR);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static void O8_many_drainers_with_shuffled_events_of_few_contacts_end_as_one_in_order(void **state)
{
    size_t n = (size_t)number_of("EVENTS", 600, EVENTS_MAX), drainers = (size_t)number_of("DRAINERS", 8, DRAINERS_MAX);
    struct tale t = {.random = 8, .now_us = INT64_C(1714521600) * US_PER_S};
    char dir[] = "/tmp/storehook-drainers-XXXXXX", url[160], path[96];
    static const char *const ends[] = {"", "-wal", "-shm"};
    struct buf why = BUF_INIT(1 << 20);
    json_t *all = json_array(), *sorted, *many;
    pid_t children[DRAINERS_MAX];
    struct replay *r;

    (void)state;
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < n; i++)
        json_array_append_new(all, delivery(&t, i));
    r = open_run(NULL);
    take(r, json_pack("{ss}", "define", "one"));
    take(r, json_pack("{sssi}", "define", "two", "rank", 1));
    drain_share(r, all, 0, 1, &t);
    sorted = end_of(r);
    replay_close(r);
    test_database(dir, url, sizeof(url));
    r = open_run(url);
    take(r, json_pack("{ss}", "define", "one"));
    take(r, json_pack("{sssi}", "define", "two", "rank", 1));
    replay_close(r);
    shuffle(all, &t);
    start_drainers(url, all, drainers, children);
    wait_for(children, drainers);
    r = open_run(url);
    many = end_of(r);
    replay_close(r);
    if (replay_difference(sorted, many, &why))
        fail_msg("%s", buf_text(&why));
    assert_int_equal(json_array_size(json_object_get(many, "contacts")), PEOPLE);
    print_message("%zu events, %zu drainers\n", n, drainers);
    json_decref(sorted);
    json_decref(many);
    json_decref(all);
    buf_release(&why);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/test.db%s", dir, ends[i]);
        (void)unlink(path);
    }
    rmdir(dir);
}

static int set_up(void **state)
{
    struct problems problems;

    (void)state;
    log_setup((enum log_level)(LOG_ERROR + 1), "test");
    problems_init(&problems, STR("routes"));
    assert_int_equal(routes_load(NULL, &routes, &problems), OK);
    problems_release(&problems);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    routes_free(routes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(O8_many_drainers_with_shuffled_events_of_few_contacts_end_as_one_in_order)};

    return cmocka_run_group_tests_name("drainers", tests, set_up, tear_down);
}
