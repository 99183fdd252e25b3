/* test_queue.c -- proves the pipelined queue of the event loop against a real redis-server and its faults. */
#include "queue/queue.h"

#include "base/id.h"
#include "redis_fixture.h"

enum { MANY = 200, WAIT_S = 20 };

struct fixture {
    struct redis_fixture redis;
    struct config *cfg;
    struct loop *loop;
    struct loop_timer *tick;
    struct queue *q;
    int64_t end_us;
    bool (*until)(struct fixture *f);
    size_t answered, ok;
    enum err last;
    int64_t version;
    char json[128];
    char full[4096];
};

static void on_tick(void *arg)
{
    struct fixture *f = arg;

    if (f->until(f) || clock_mono_us(&clock_system) > f->end_us)
        loop_stop(f->loop);
    else
        loop_timer_start(f->tick, 5);
}

/* Turns the loop until the condition holds; fails the test after 20 s. */
static void turn_until(struct fixture *f, bool (*until)(struct fixture *f))
{
    f->until = until;
    f->end_us = clock_mono_us(&clock_system) + WAIT_S * US_PER_S;
    loop_timer_start(f->tick, 0);
    assert_int_equal(loop_run(f->loop), OK);
    assert_true(until(f));
}

static bool is_ready(struct fixture *f)
{
    return queue_trouble(f->q)[0] == '\0';
}

static bool is_not_ready(struct fixture *f)
{
    return !is_ready(f);
}

static bool none_pending(struct fixture *f)
{
    return queue_pending(f->q) == 0;
}

static bool has_answer(struct fixture *f)
{
    return f->answered > 0;
}

static void on_done(void *arg, enum err err)
{
    struct fixture *f = arg;

    f->answered++;
    f->ok += err == OK;
    f->last = err;
}

static int setup_with(void **state, const char *timeout)
{
    struct fixture *f = calloc(1, sizeof(*f));

    redis_fixture_start(&f->redis);
    f->cfg = redis_fixture_config(&f->redis);
    redis_fixture_setting(f->cfg, SET_REDIS_TIMEOUT, timeout);
    redis_fixture_setting(f->cfg, SET_REDIS_PIPELINE_MAX, "64k");
    assert_int_equal(loop_new(&f->loop), OK);
    assert_int_equal(loop_timer_new(f->loop, on_tick, f, &f->tick), OK);
    assert_int_equal(queue_open(f->loop, f->cfg, &clock_system, &f->q), OK);
    turn_until(f, is_ready);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, "2s");
}

static int setup_impatient(void **state)
{
    return setup_with(state, "300ms");
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    queue_close(f->q);
    loop_timer_free(f->tick);
    loop_free(f->loop);
    config_free(f->cfg);
    redis_fixture_stop(&f->redis);
    free(f);
    return 0;
}

static enum err append(struct fixture *f, enum lane lane, struct str body)
{
    struct id id = id_new(clock_wall_us(&clock_system));
    struct entry e = {.id = id_str(&id), .source_id = STR("7"), .topic = STR("t"), .received_at_us = 1, .body = body, .lane = lane};

    return queue_append(f->q, &e, on_done, f);
}

static long long length(struct fixture *f, const char *stream)
{
    redisReply *reply = redis_fixture_command(&f->redis, "XLEN %s", stream);
    long long n = reply->integer;

    freeReplyObject(reply);
    return n;
}

static void answers_ok_when_the_entry_is_in_its_lane_N1(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < MANY; i++)
        assert_int_equal(append(f, i % 5 ? LANE_LIVE : LANE_BULK, STR("{}")), OK);
    assert_int_equal(f->answered, 0); /* never from within */
    assert_int_equal(queue_pending(f->q), MANY);
    turn_until(f, none_pending);
    assert_int_equal(f->ok, MANY);
    assert_int_equal(length(f, "storehook:{0}:live"), MANY / 5 * 4);
    assert_int_equal(length(f, "storehook:{0}:bulk"), MANY / 5);
}

static void refuses_more_than_the_pipeline_holds_N9(void **state)
{
    struct fixture *f = *state;
    size_t taken = 0;
    enum err err = OK;

    while (!err && taken < 100) {
        err = append(f, LANE_LIVE, str_n(f->full, sizeof(f->full)));
        taken += err == OK;
    }
    assert_int_equal(err, ERR_QUEUE_FULL);
    assert_in_range(taken, 10, 16);
    turn_until(f, none_pending);
    assert_int_equal(f->ok, taken);
    assert_int_equal(append(f, LANE_LIVE, STR("x")), OK); /* there is room again */
    turn_until(f, none_pending);
}

static void forgets_a_sender_that_left_but_keeps_the_entry(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(append(f, LANE_LIVE, STR("x")), OK);
    queue_forget(f->q, f);
    turn_until(f, none_pending);
    assert_int_equal(f->answered, 0);
    assert_int_equal(length(f, "storehook:{0}:live"), 1);
}

static void killed_redis_answers_down_and_comes_back_N1(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(append(f, LANE_LIVE, STR("before")), OK);
    turn_until(f, none_pending);
    kill(f->redis.pid, SIGSTOP); /* so that it cannot answer before it dies */
    assert_int_equal(append(f, LANE_LIVE, STR("unknown")), OK);
    redis_fixture_kill(&f->redis);
    turn_until(f, none_pending);
    assert_int_equal(f->answered, 2);
    assert_int_equal(f->last, ERR_QUEUE_DOWN);
    turn_until(f, is_not_ready);
    assert_int_equal(append(f, LANE_LIVE, STR("refused")), ERR_QUEUE_DOWN);
    redis_fixture_launch(&f->redis);
    turn_until(f, is_ready);
    assert_int_equal(append(f, LANE_LIVE, STR("after")), OK);
    turn_until(f, none_pending);
    assert_int_equal(f->last, OK);
    assert_in_range(length(f, "storehook:{0}:live"), 2, 3); /* acknowledged ones are there */
}

static void hung_redis_costs_a_deadline_and_no_answer_shifts_N9(void **state)
{
    struct fixture *f = *state;
    int64_t start_us;

    kill(f->redis.pid, SIGSTOP);
    for (int i = 0; i < 8; i++)
        assert_int_equal(append(f, LANE_LIVE, STR("hung")), OK);
    start_us = clock_mono_us(&clock_system);
    turn_until(f, none_pending);
    assert_true(clock_mono_us(&clock_system) - start_us < 2 * US_PER_S);
    assert_int_equal(f->answered, 8);
    assert_int_equal(f->ok, 0);
    assert_int_equal(append(f, LANE_LIVE, STR("refused")), ERR_QUEUE_DOWN);
    kill(f->redis.pid, SIGCONT);
    turn_until(f, is_ready);
    f->answered = f->ok = 0;
    REDIS_DO(&f->redis, "DEL storehook:{0}:live");
    REDIS_DO(&f->redis, "SET storehook:{0}:live wrong-type");
    assert_int_equal(append(f, LANE_LIVE, STR("x")), OK); /* its own answer is an error, not a late OK */
    turn_until(f, none_pending);
    assert_int_equal(f->last, ERR_QUEUE_DOWN);
}

static void evicting_or_unlogged_redis_is_unsafe_within_the_interval(void **state)
{
    static const struct {
        const char *bad, *good;
    } cases[] = {{"CONFIG SET maxmemory-policy allkeys-lru", "CONFIG SET maxmemory-policy noeviction"},
                 {"CONFIG SET appendonly no", "CONFIG SET appendonly yes"},
                 {"CONFIG SET appendfsync everysec", "CONFIG SET appendfsync always"}};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        REDIS_DO(&f->redis, cases[i].bad);
        turn_until(f, is_not_ready);
        assert_non_null(strstr(queue_trouble(f->q), "Redis would"));
        assert_int_equal(append(f, LANE_LIVE, STR("x")), ERR_QUEUE_UNSAFE);
        assert_int_equal(queue_probe(f->q, on_done, f), ERR_QUEUE_UNSAFE);
        REDIS_DO(&f->redis, cases[i].good);
        turn_until(f, is_ready);
    }
    assert_int_equal(f->answered, 0);
}

static void full_memory_is_an_error_and_recovers_alone(void **state)
{
    struct fixture *f = *state;

    REDIS_DO(&f->redis, "CONFIG SET maxmemory 1");
    assert_int_equal(append(f, LANE_LIVE, STR("x")), OK);
    turn_until(f, none_pending);
    assert_int_equal(f->last, ERR_QUEUE_FULL);
    assert_int_equal(queue_probe(f->q, on_done, f), OK);
    turn_until(f, none_pending);
    assert_int_equal(f->last, ERR_QUEUE_FULL);
    REDIS_DO(&f->redis, "CONFIG SET maxmemory 0");
    assert_int_equal(queue_probe(f->q, on_done, f), OK);
    turn_until(f, none_pending);
    assert_int_equal(f->last, OK);
}

static void missing_replica_and_replica_are_never_success(void **state)
{
    struct fixture *f = *state;

    REDIS_DO(&f->redis, "CONFIG SET min-replicas-to-write 1");
    assert_int_equal(append(f, LANE_LIVE, STR("x")), OK);
    turn_until(f, none_pending);
    assert_int_equal(f->last, ERR_QUEUE_UNSAFE);
    REDIS_DO(&f->redis, "CONFIG SET min-replicas-to-write 0");
    REDIS_DO(&f->redis, "REPLICAOF 127.0.0.1 1");
    turn_until(f, is_not_ready);
    assert_int_equal(append(f, LANE_LIVE, STR("x")), ERR_QUEUE_UNSAFE);
    REDIS_DO(&f->redis, "REPLICAOF NO ONE");
    turn_until(f, is_ready);
}

static void on_snapshot(void *arg, enum err err, int64_t version, struct str json)
{
    struct fixture *f = arg;

    on_done(f, err);
    f->version = version;
    snprintf(f->json, sizeof(f->json), "%.*s", STR_ARG(json));
}

static void fetch(struct fixture *f, int64_t known)
{
    f->answered = 0;
    assert_int_equal(queue_snapshot(f->q, known, on_snapshot, f), OK);
    turn_until(f, has_answer);
    assert_int_equal(f->last, OK);
}

static void snapshot_comes_only_when_it_is_another(void **state)
{
    struct fixture *f = *state;

    fetch(f, 0);
    assert_int_equal(f->version, 0);
    REDIS_DO(&f->redis, "MSET storehook:sources text storehook:sources:version 5");
    fetch(f, 0);
    assert_int_equal(f->version, 5);
    assert_string_equal(f->json, "text");
    fetch(f, 5);
    assert_int_equal(f->version, 5);
    assert_string_equal(f->json, "");
    REDIS_DO(&f->redis, "SET storehook:sources:version 4"); /* Redis was restored from an older file */
    fetch(f, 5);
    assert_string_equal(f->json, "text");
}

static bool counts_arrived(struct fixture *f)
{
    redisReply *reply = redis_fixture_command(&f->redis, "HMGET storehook:source:7:counts accepted last_at_us refused:signature");
    bool ok = reply->element[0]->str && reply->element[1]->str && reply->element[2]->str &&
              strcmp(reply->element[0]->str, "3000") == 0 && strcmp(reply->element[1]->str, "2999") == 0 &&
              strcmp(reply->element[2]->str, "1") == 0;

    freeReplyObject(reply);
    return ok;
}

static void counts_of_a_source_are_added_up(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3000; i++) {
        queue_source_count(f->q, STR("7"), STR("accepted"), 1);
        queue_source_count(f->q, STR("7"), STR("last_at_us"), i);
    }
    queue_source_count(f->q, STR("7"), STR("refused:signature"), 1);
    queue_role_ready(f->q, STR("serve"), 60000);
    turn_until(f, counts_arrived);
}

static void closing_answers_what_is_pending(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(append(f, LANE_LIVE, STR("x")), OK);
    queue_close(f->q);
    f->q = NULL;
    assert_int_equal(f->answered, 1);
    assert_int_equal(f->last, ERR_QUEUE_DOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(answers_ok_when_the_entry_is_in_its_lane_N1),
        T(refuses_more_than_the_pipeline_holds_N9),
        T(forgets_a_sender_that_left_but_keeps_the_entry),
        T(killed_redis_answers_down_and_comes_back_N1),
        cmocka_unit_test_setup_teardown(hung_redis_costs_a_deadline_and_no_answer_shifts_N9, setup_impatient, teardown),
        T(evicting_or_unlogged_redis_is_unsafe_within_the_interval),
        T(full_memory_is_an_error_and_recovers_alone),
        T(missing_replica_and_replica_are_never_success),
        T(snapshot_comes_only_when_it_is_another),
        T(counts_of_a_source_are_added_up),
        T(closing_answers_what_is_pending),
#undef T
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
