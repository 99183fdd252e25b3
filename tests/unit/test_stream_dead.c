/* test_stream_dead.c -- dead letters on a real Redis: buried, listed, replayed or dropped. */
#include "stream_fixture.h"

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
    assert_int_equal(stream_dead_replay(f->s, &one, false), OK);
    assert_int_equal(stream_dead_replay(f->s, &one, false), ERR_NOT_FOUND); /* once */
    assert_int_equal(claim(f, f->s, "a", 10, 0, &c), 1);
    assert_true(c->entry.replay && c->entry.lane == LANE_URGENT && str_eq(c->entry.id, id_str(&id)));
    assert_int_equal(stream_bury(f->s, c, STR("not_json"), STR("again")), OK);
    assert_int_equal(stream_dead_get(f->s, id_str(&id), &f->arena, &one), OK);
    assert_int_equal(stream_dead_drop(f->s, &one), OK);
    assert_int_equal(stream_dead_drop(f->s, &one), ERR_NOT_FOUND);
    assert_int_equal(stream_dead_get(f->s, id_str(&id), &f->arena, &one), ERR_NOT_FOUND);
}

/* In a child: drops one letter after the other, each when `go` says so; its exit code says how many it got. */
static pid_t drop_beside(const struct fixture *f, const struct dead_letter *letters, size_t n, int go)
{
    struct buf why = BUF_INIT(512);
    struct stream *other = NULL;
    pid_t child = fork();
    int got = 0;
    char byte;

    if (child)
        return child;
    if (stream_open(f->cfg, &clock_system, &other, &why))
        _exit(255);
    for (size_t i = 0; i < n && read(go, &byte, 1) == 1; i++)
        got += stream_dead_drop(other, &letters[i]) == OK;
    _exit(got);
}

static void a_letter_is_replayed_or_dropped_never_both_N8(void **state)
{
    enum { LETTERS = 200 };
    struct fixture *f = *state;
    struct dead_filter all = {.max = LETTERS};
    struct dead_letter *letters = NULL;
    struct claimed *c = NULL;
    size_t n = 0, replayed = 0;
    int dropped = 0, go[2];
    pid_t child;

    for (int i = 0; i < LETTERS; i++)
        append(f, LANE_LIVE, "x");
    assert_int_equal(claim(f, f->s, "a", LETTERS, 0, &c), LETTERS);
    for (int i = 0; i < LETTERS; i++)
        assert_int_equal(stream_bury(f->s, &c[i], STR("mapping"), STR("")), OK);
    assert_int_equal(stream_dead_list(f->s, &all, &f->arena, &letters, &n), OK);
    assert_int_equal(n, LETTERS);
    assert_int_equal(pipe(go), 0);
    child = drop_beside(f, letters, n, go[0]);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(write(go[1], "", 1), 1);
        replayed += stream_dead_replay(f->s, &letters[i], false) == OK;
    }
    close(go[0]);
    close(go[1]);
    assert_int_equal(waitpid(child, &dropped, 0), child);
    assert_true(WIFEXITED(dropped) && WEXITSTATUS(dropped) != 255);
    assert_int_equal(replayed + (size_t)WEXITSTATUS(dropped), LETTERS);
    assert_int_equal(stats(f).lanes[LANE_LIVE].waiting, replayed);
    assert_int_equal(stats(f).dead, 0);
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
    assert_int_equal(stream_dead_replay(f->s, letters, false), OK);
    reply = redis_fixture_command(&f->redis, "XRANGE storehook:{0}:live - +");
    assert_int_equal(reply->elements, 1);
    assert_string_equal(reply->element[0]->element[1]->element[2]->str, "who");
    assert_string_equal(reply->element[0]->element[1]->element[3]->str, "knows");
    freeReplyObject(reply);
}

static void an_entry_that_two_drainers_bury_is_one_letter_N8(void **state)
{
    struct fixture *f = *state;
    struct claimed *c = NULL;

    append(f, LANE_LIVE, "x");
    append(f, LANE_LIVE, "y");
    assert_int_equal(claim(f, f->s, "a", 2, 0, &c), 2);
    assert_int_equal(stream_bury(f->s, &c[0], STR("mapping"), STR("")), OK);
    assert_int_equal(stream_bury(f->s, &c[0], STR("mapping"), STR("")), OK); /* by one who was taken for dead */
    assert_int_equal(stats(f).dead, 1);
    assert_int_equal(stream_bury(f->s, &c[1], STR("mapping"), STR("")), OK);
    assert_int_equal(stats(f).dead, 2);
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

static bool dump_holds(struct fixture *f, const char *text)
{
    redisReply *reply = redis_fixture_command(&f->redis, "DUMP storehook:{0}:dead");
    bool holds;

    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    holds = str_find_str(str_n(reply->str, (size_t)reply->len), str_of(text)) < (size_t)reply->len;
    freeReplyObject(reply);
    return holds;
}

static void bury_new(struct fixture *f, const char *body)
{
    struct claimed *c = NULL;

    append(f, LANE_LIVE, body);
    assert_int_equal(claim(f, f->s, "a", 1, 0, &c), 1);
    assert_int_equal(stream_bury(f->s, c, STR("mapping"), STR("")), OK);
}

static void a_dropped_letter_leaves_no_byte_once_all_are_written_anew_X2(void **state)
{
    struct fixture *f = *state;
    struct dead_filter all = {.max = 100};
    struct dead_letter *before = NULL, *after = NULL;
    redisReply *reply;
    size_t n = 0;

    assert_int_equal(stream_dead_rewrite(f->s), OK); /* none */
    REDIS_DO(&f->redis, "CONFIG SET rdbcompression no");
    for (int i = 0; i < 40; i++)
        bury_new(f, i == 20 ? "of the erased" : "of another");
    assert_int_equal(stream_dead_list(f->s, &all, &f->arena, &before, &n), OK);
    assert_int_equal(stream_dead_drop(f->s, &before[20]), OK);
    assert_true(dump_holds(f, "of the erased")); /* Redis keeps it: why this is needed */
    assert_int_equal(stream_dead_rewrite(f->s), OK);
    assert_false(dump_holds(f, "of the erased"));
    assert_int_equal(stream_dead_list(f->s, &all, &f->arena, &after, &n), OK);
    assert_int_equal(n, 39);
    for (size_t i = 0; i < n; i++) {
        const struct dead_letter *was = &before[i < 20 ? i : i + 1];

        assert_true(str_eq(after[i].dead_id, was->dead_id) && str_eq(after[i].entry.id, was->entry.id));
        assert_true(str_eq(after[i].reason, STR("mapping")) && str_eq(after[i].entry.body, STR("of another")));
    }
    reply = redis_fixture_command(&f->redis, "TTL storehook:{0}:dead");
    assert_int_equal(reply->integer, -1); /* for good, unlike the copy */
    freeReplyObject(reply);
}

static void letters_that_come_while_they_are_written_anew_stay_N8(void **state)
{
    enum { LETTERS = 150 };
    struct fixture *f = *state;
    struct dead_filter all = {.max = 1000};
    struct dead_letter *letters = NULL;
    size_t n = 0;
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        stream_close(f->s); /* the parent's connection: this process's end of it only */
        f->s = open_stream(f->cfg);
        for (int i = 0; i < LETTERS; i++)
            bury_new(f, "x");
        _exit(0);
    }
    for (enum err err = OK; waitpid(child, &status, WNOHANG) == 0;) {
        err = stream_dead_rewrite(f->s);
        if (err && err != ERR_EXISTS)
            fail_msg("%s", err_text(err));
    }
    assert_int_equal(status, 0);
    assert_int_equal(stream_dead_rewrite(f->s), OK);
    assert_int_equal(stream_dead_list(f->s, &all, &f->arena, &letters, &n), OK);
    assert_int_equal(n, LETTERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(buries_lists_replays_and_drops_N8),
        T(a_letter_is_replayed_or_dropped_never_both_N8),
        T(keeps_the_bytes_of_an_entry_it_cannot_read_N8),
        T(an_entry_that_two_drainers_bury_is_one_letter_N8),
        T(lists_letters_page_by_page),
        T(a_dropped_letter_leaves_no_byte_once_all_are_written_anew_X2),
        T(letters_that_come_while_they_are_written_anew_stay_N8),
#undef T
    };

    return cmocka_run_group_tests_name("dead letters", tests, NULL, NULL);
}
