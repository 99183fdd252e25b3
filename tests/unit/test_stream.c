/* test_stream.c -- proves claiming, acknowledging and dead letters against a real redis-server. */
#include "queue/stream.h"

#include "base/counters.h"
#include "base/id.h"
#include "redis_fixture.h"

#include <sys/time.h>

struct fixture {
    struct redis_fixture redis;
    struct config *cfg;
    struct stream *s;
    struct arena arena;
};

static struct stream *open_stream(struct config *cfg)
{
    struct buf why = BUF_INIT(512);
    struct stream *s = NULL;

    if (stream_open(cfg, &clock_system, &s, &why))
        fail_msg("%s", buf_text(&why));
    buf_release(&why);
    return s;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    redis_fixture_start(&f->redis);
    f->cfg = redis_fixture_config(&f->redis);
    redis_fixture_setting(f->cfg, SET_DRAIN_CLAIM_IDLE, "100ms");
    arena_init(&f->arena, 64 << 20);
    f->s = open_stream(f->cfg);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    stream_close(f->s);
    arena_release(&f->arena);
    config_free(f->cfg);
    redis_fixture_stop(&f->redis);
    free(f);
    return 0;
}

static struct id append(struct fixture *f, enum lane lane, const char *body)
{
    struct id id = id_new(clock_wall_us(&clock_system));
    struct entry e = {.id = id_str(&id),
                      .source_id = STR("7"),
                      .topic = STR("orders/paid"),
                      .received_at_us = 1,
                      .content_type = STR("application/json"),
                      .body = str_of(body),
                      .lane = lane};

    assert_int_equal(stream_append(f->s, &e), OK);
    return id;
}

static size_t claim(struct fixture *f, struct stream *s, const char *consumer, size_t max, int64_t wait_ms, struct claimed **out)
{
    size_t n = 0;

    assert_int_equal(stream_claim(s, str_of(consumer), max, wait_ms, &f->arena, out, &n), OK);
    return n;
}

static void done(struct stream *s, const struct claimed *c, size_t n)
{
    const struct claimed *list[64];

    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++)
        list[i] = &c[i];
    assert_int_equal(stream_done(s, list, n), OK);
}

/* Claims until an entry comes, for at most 10 s. */
static size_t claim_soon(struct fixture *f, struct stream *s, const char *consumer, struct claimed **out)
{
    int64_t end_us = clock_mono_us(&clock_system) + 10 * US_PER_S;
    size_t n = 0;

    while (n == 0 && clock_mono_us(&clock_system) < end_us)
        n = claim(f, s, consumer, 10, 50, out);
    return n;
}

static struct stream_stats stats(struct fixture *f)
{
    struct stream_stats st;

    assert_int_equal(stream_stats(f->s, &st), OK);
    return st;
}

static void claims_what_was_appended_and_forgets_it_when_done(void **state)
{
    struct fixture *f = *state;
    struct id id = append(f, LANE_LIVE, "{\"n\":1}");
    struct claimed *c = NULL;
    struct stream_stats st = stats(f);

    assert_int_equal(st.lanes[LANE_LIVE].waiting, 1);
    assert_true(st.lanes[LANE_LIVE].oldest_at_us > 0 && st.memory_bytes > 0);
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 1);
    assert_true(str_eq(c->entry.id, id_str(&id)) && str_eq(c->entry.body, STR("{\"n\":1}")));
    assert_int_equal(c->deliveries, 1);
    assert_int_equal(c->entry.lane, LANE_LIVE);
    assert_int_equal(stats(f).lanes[LANE_LIVE].pending, 1);
    done(f->s, c, 1);
    st = stats(f);
    assert_int_equal(st.lanes[LANE_LIVE].waiting + st.lanes[LANE_LIVE].pending, 0);
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 0);
}

static void urgent_comes_first_and_bulk_never_starves(void **state)
{
    struct fixture *f = *state;
    struct claimed *c = NULL;
    size_t bulk = 0, live = 0;

    for (int i = 0; i < 40; i++) {
        append(f, LANE_LIVE, "live");
        append(f, LANE_BULK, "bulk");
    }
    append(f, LANE_URGENT, "urgent");
    assert_int_equal(claim(f, f->s, "a", 1, 0, &c), 1);
    assert_true(str_eq(c->entry.body, STR("urgent")));
    for (int i = 0; i < 27; i++) { /* small batches too */
        assert_int_equal(claim(f, f->s, "a", 1, 0, &c), 1);
        bulk += c->entry.lane == LANE_BULK;
        live += c->entry.lane == LANE_LIVE;
    }
    assert_int_equal(bulk, 3);
    assert_int_equal(live, 24);
    assert_int_equal(claim(f, f->s, "a", 60, 0, &c), 53); /* what one lane leaves the other takes */
}

static void takes_over_what_a_dead_consumer_left(void **state)
{
    struct fixture *f = *state;
    struct stream *other = open_stream(f->cfg);
    struct claimed *c = NULL;
    struct id id = append(f, LANE_BULK, "x");

    assert_int_equal(claim(f, other, "dead", 10, 0, &c), 1);
    stream_close(other); /* pending entries keep its consumer */
    assert_int_equal(claim_soon(f, f->s, "alive", &c), 1);
    assert_true(str_eq(c->entry.id, id_str(&id)));
    assert_int_equal(c->deliveries, 2);
    assert_int_equal(c->entry.lane, LANE_BULK);
    done(f->s, c, 1);
}

static void takes_over_one_entry_a_claim_so_that_the_others_are_not_counted_N8(void **state)
{
    struct fixture *f = *state;
    struct stream *other = open_stream(f->cfg);
    struct claimed *c = NULL;

    for (int i = 0; i < 3; i++)
        append(f, LANE_LIVE, "x");
    assert_int_equal(claim(f, other, "dead", 10, 0, &c), 3);
    stream_close(other);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(claim_soon(f, f->s, "alive", &c), 1);
        assert_int_equal(c->deliveries, 2); /* not more, however long it waited */
        done(f->s, c, 1);
    }
}

static void makes_group_and_stream_again_N8(void **state)
{
    struct fixture *f = *state;
    struct claimed *c = NULL;

    REDIS_DO(&f->redis, "DEL storehook:{0}:live");
    append(f, LANE_LIVE, "after");
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 1);
    assert_true(str_eq(c->entry.body, STR("after")));
    REDIS_DO(&f->redis, "FLUSHALL");
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 0);
    append(f, LANE_URGENT, "again");
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 1);
}

static void wait_ends_when_an_entry_comes(void **state)
{
    struct fixture *f = *state;
    struct claimed *c = NULL;
    pid_t child = fork();
    int status;

    if (child == 0) {
        redis_fixture_pause(100);
        execlp("redis-cli", "redis-cli", "-s", f->redis.socket, "XADD", "storehook:{0}:live", "*", "strange", "1", (char *)NULL);
        _exit(127);
    }
    assert_int_equal(claim(f, f->s, "a", 10, 10000, &c), 1);
    assert_int_equal(c->entry.id.len + c->entry.body.len, 0); /* not ours: said to be empty */
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void on_alarm(int number)
{
    (void)number;
}

static void wait_is_ended_by_a_signal(void **state)
{
    struct fixture *f = *state;
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval soon = {.it_value = {.tv_usec = 100000}};
    int64_t start_us = clock_mono_us(&clock_system);
    struct claimed *c = NULL;

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    assert_int_equal(claim(f, f->s, "a", 10, 30000, &c), 0);
    assert_true(clock_mono_us(&clock_system) - start_us < 10 * US_PER_S);
    append(f, LANE_LIVE, "later"); /* the next command works, with its own answer */
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 1);
}

static void buries_lists_replays_and_drops_N8(void **state)
{
    struct fixture *f = *state;
    struct id id = append(f, LANE_URGENT, "not json");
    struct dead_filter all = {.max = 10}, other = {.max = 10, .reason = STR("mapping")};
    struct dead_letter *letters = NULL, one;
    struct claimed *c = NULL;
    size_t n = 0;

    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 1);
    assert_int_equal(stream_bury(f->s, c, STR("not_json"), STR("line 1")), OK);
    assert_int_equal(stats(f).dead, 1);
    assert_int_equal(stats(f).lanes[LANE_URGENT].waiting, 0);
    assert_int_equal(stream_dead_list(f->s, &other, &f->arena, &letters, &n), OK);
    assert_int_equal(n, 0);
    assert_int_equal(stream_dead_list(f->s, &all, &f->arena, &letters, &n), OK);
    assert_int_equal(n, 1);
    assert_true(str_eq(letters->reason, STR("not_json")) && str_eq(letters->detail, STR("line 1")));
    assert_true(str_eq(letters->entry.body, STR("not json")) && letters->died_at_us > 0);
    assert_int_equal(stream_dead_get(f->s, id_str(&id), &f->arena, &one), OK);
    assert_true(str_eq(one.dead_id, letters->dead_id));
    assert_int_equal(stream_dead_get(f->s, letters->dead_id, &f->arena, &one), OK);
    assert_int_equal(stream_dead_replay(f->s, &one), OK);
    assert_int_equal(stream_dead_replay(f->s, &one), ERR_NOT_FOUND); /* once */
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 1);
    assert_true(c->entry.replay && c->entry.lane == LANE_URGENT && str_eq(c->entry.id, id_str(&id)));
    assert_int_equal(stream_bury(f->s, c, STR("not_json"), STR("again")), OK);
    assert_int_equal(stream_dead_get(f->s, id_str(&id), &f->arena, &one), OK);
    assert_int_equal(stream_dead_drop(f->s, &one), OK);
    assert_int_equal(stream_dead_drop(f->s, &one), ERR_NOT_FOUND);
    assert_int_equal(stream_dead_get(f->s, id_str(&id), &f->arena, &one), ERR_NOT_FOUND);
}

static void keeps_the_bytes_of_an_entry_it_cannot_read_N8(void **state)
{
    struct fixture *f = *state;
    struct dead_filter all = {.max = 10};
    struct dead_letter *letters = NULL;
    struct claimed *c = NULL;
    redisReply *reply;
    size_t n = 0;

    REDIS_DO(&f->redis, "XADD storehook:{0}:live * v 9 who knows");
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 1);
    assert_int_equal(stream_bury(f->s, c, STR("format"), STR("unknown")), OK);
    assert_int_equal(stream_dead_list(f->s, &all, &f->arena, &letters, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(letters->entry.id.len, 0);
    assert_int_equal(stream_dead_replay(f->s, letters), OK);
    reply = redis_fixture_command(&f->redis, "XRANGE storehook:{0}:live - +");
    assert_int_equal(reply->elements, 1);
    assert_string_equal(reply->element[0]->element[1]->element[2]->str, "who");
    assert_string_equal(reply->element[0]->element[1]->element[3]->str, "knows");
    freeReplyObject(reply);
}

static void lists_letters_page_by_page(void **state)
{
    struct fixture *f = *state;
    struct dead_filter page = {.max = 7, .source_id = STR("7")};
    struct dead_letter *letters = NULL;
    struct claimed *c = NULL;
    size_t n = 0, seen = 0;

    for (int i = 0; i < 30; i++) {
        append(f, LANE_LIVE, "x");
        assert_int_equal(claim(f, f->s, "a", 1, 0, &c), 1);
        assert_int_equal(stream_bury(f->s, c, STR("mapping"), STR("")), OK);
    }
    do {
        assert_int_equal(stream_dead_list(f->s, &page, &f->arena, &letters, &n), OK);
        seen += n;
        if (n)
            page.after = letters[n - 1].dead_id;
    } while (n);
    assert_int_equal(seen, 30);
    page.source_id = STR("8");
    page.after = STR_NONE;
    assert_int_equal(stream_dead_list(f->s, &page, &f->arena, &letters, &n), OK);
    assert_int_equal(n, 0);
}

static void leaves_no_consumer_behind(void **state)
{
    struct fixture *f = *state;
    struct stream *other = open_stream(f->cfg);
    struct claimed *c = NULL;
    redisReply *reply;

    append(f, LANE_LIVE, "x");
    assert_int_equal(claim(f, other, "gone", 10, 0, &c), 1);
    done(other, c, 1);
    stream_close(other);
    reply = redis_fixture_command(&f->redis, "XINFO CONSUMERS storehook:{0}:live drain");
    assert_int_equal(reply->elements, 0);
    freeReplyObject(reply);
}

static void refuses_a_server_that_would_lose_entries(void **state)
{
    static const char *const settings[] = {"maxmemory-policy allkeys-lru", "appendonly no", "appendfsync everysec"};
    static const char *const undo[] = {"maxmemory-policy noeviction", "appendonly yes", "appendfsync always"};
    struct fixture *f = *state;

    for (size_t i = 0; i < 3; i++) {
        struct buf why = BUF_INIT(512);
        struct stream *s = NULL;
        char command[96];

        snprintf(command, sizeof(command), "CONFIG SET %s", settings[i]);
        REDIS_DO(&f->redis, command);
        assert_int_equal(stream_open(f->cfg, &clock_system, &s, &why), ERR_QUEUE_UNSAFE);
        assert_non_null(strstr(buf_text(&why), "Redis would"));
        snprintf(command, sizeof(command), "CONFIG SET %s", undo[i]);
        REDIS_DO(&f->redis, command);
        buf_release(&why);
    }
}

static void says_down_and_comes_back_after_kill(void **state)
{
    struct fixture *f = *state;
    struct buf why = BUF_INIT(512);
    struct claimed *c = NULL;
    size_t n = 0;
    struct id id = append(f, LANE_LIVE, "kept");

    redis_fixture_kill(&f->redis);
    assert_int_equal(stream_claim(f->s, STR("a"), 10, 0, &f->arena, &c, &n), ERR_QUEUE_DOWN);
    assert_int_equal(stream_reopen(f->s, &why), ERR_QUEUE_DOWN);
    redis_fixture_launch(&f->redis);
    assert_int_equal(stream_reopen(f->s, &why), OK);
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 1);
    assert_true(str_eq(c->entry.id, id_str(&id)));
    buf_release(&why);
}

static void a_hung_server_costs_a_deadline_and_no_shifted_answer_N9(void **state)
{
    struct fixture *f = *state;
    struct buf why = BUF_INIT(512);
    struct stream_stats st;
    struct stream *s;
    bool present = true;

    redis_fixture_setting(f->cfg, SET_REDIS_TIMEOUT, "200ms");
    s = open_stream(f->cfg);
    kill(f->redis.pid, SIGSTOP);
    assert_int_equal(stream_stats(s, &st), ERR_QUEUE_DOWN);
    kill(f->redis.pid, SIGCONT);
    assert_int_equal(stream_sources_present(s, &present), ERR_QUEUE_DOWN); /* that connection is closed */
    assert_int_equal(stream_reopen(s, &why), OK);
    assert_int_equal(stream_sources_present(s, &present), OK);
    assert_false(present);
    stream_close(s);
    buf_release(&why);
}

static void goes_on_taking_out_when_memory_is_full(void **state)
{
    struct fixture *f = *state;
    struct entry e = {.id = STR("0123456789abcdef0123456789abcdef"), .source_id = STR("7"), .lane = LANE_LIVE};
    struct claimed *c = NULL;

    append(f, LANE_LIVE, "x");
    REDIS_DO(&f->redis, "CONFIG SET maxmemory 1");
    assert_int_equal(stream_append(f->s, &e), ERR_QUEUE_FULL);
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 1);
    done(f->s, c, 1);
    REDIS_DO(&f->redis, "CONFIG SET maxmemory 0");
    assert_int_equal(stream_append(f->s, &e), OK);
}

static void look_at_role(void *arg, const struct role_seen *seen)
{
    int *n = arg;

    assert_true(str_eq(seen->role, STR("drain")));
    assert_int_equal(seen->pid, getpid());
    assert_true(str_find_str(seen->counters, STR("stale=3")) < seen->counters.len);
    (*n)++;
}

static void a_role_that_is_there_shows_what_it_counted(void **state)
{
    struct fixture *f = *state;
    int n = 0;

    assert_int_equal(stream_roles(f->s, look_at_role, &n), OK);
    assert_int_equal(n, 0);
    counter_add(COUNTER_STALE, 3);
    assert_int_equal(stream_role_ready(f->s, STR("drain"), 60000), OK);
    assert_int_equal(stream_roles(f->s, look_at_role, &n), OK);
    assert_int_equal(n, 1);
}

static void each_snapshot_has_a_newer_version(void **state)
{
    struct fixture *f = *state;
    int64_t first, second;
    bool present;

    assert_int_equal(stream_sources_present(f->s, &present), OK);
    assert_false(present);
    assert_int_equal(stream_publish_sources(f->s, STR("{\"sources\":[]}"), &first), OK);
    assert_int_equal(stream_publish_sources(f->s, STR("{\"sources\":[]}"), &second), OK);
    assert_true(second > first);
    assert_int_equal(stream_sources_present(f->s, &present), OK);
    assert_true(present);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(claims_what_was_appended_and_forgets_it_when_done),
        T(urgent_comes_first_and_bulk_never_starves),
        T(takes_over_what_a_dead_consumer_left),
        T(takes_over_one_entry_a_claim_so_that_the_others_are_not_counted_N8),
        T(makes_group_and_stream_again_N8),
        T(wait_ends_when_an_entry_comes),
        T(wait_is_ended_by_a_signal),
        T(buries_lists_replays_and_drops_N8),
        T(keeps_the_bytes_of_an_entry_it_cannot_read_N8),
        T(lists_letters_page_by_page),
        T(leaves_no_consumer_behind),
        T(refuses_a_server_that_would_lose_entries),
        T(says_down_and_comes_back_after_kill),
        T(a_hung_server_costs_a_deadline_and_no_shifted_answer_N9),
        T(goes_on_taking_out_when_memory_is_full),
        T(a_role_that_is_there_shows_what_it_counted),
        T(each_snapshot_has_a_newer_version),
#undef T
    };

    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
