/* test_stream.c -- proves claiming and acknowledging against a real redis-server. */
#include "stream_fixture.h"

#include "base/counters.h"

#include <sys/time.h>

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
    struct stream *s;
    size_t bulk = 0, live = 0;

    redis_fixture_setting(f->cfg, SET_DRAIN_CLAIM_IDLE, "1h"); /* what is claimed here stays pending, and is not taken over */
    s = open_stream(f->cfg);
    for (int i = 0; i < 40; i++) {
        append(f, LANE_LIVE, "live");
        append(f, LANE_BULK, "bulk");
    }
    append(f, LANE_URGENT, "urgent");
    assert_int_equal(claim(f, s, "a", 1, 0, &c), 1);
    assert_true(str_eq(c->entry.body, STR("urgent")));
    for (int i = 0; i < 27; i++) { /* small batches too */
        assert_int_equal(claim(f, s, "a", 1, 0, &c), 1);
        bulk += c->entry.lane == LANE_BULK;
        live += c->entry.lane == LANE_LIVE;
    }
    assert_int_equal(bulk, 3);
    assert_int_equal(live, 24);
    assert_int_equal(claim(f, s, "a", 60, 0, &c), 53); /* what one lane leaves the other takes */
    stream_close(s);
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
