/* test_db_postgres.c -- the SQL layer on a real PostgreSQL: what holds on every back end, two writers, a server that goes away. */
#include "db_case.h"

#include "postgres_fixture.h"

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    postgres_make(f->url, sizeof(f->url));
    f->why = BUF_INIT(4096);
    if (db_open(f->url, 200, &f->db, &f->why))
        fail_msg("%s", buf_text(&f->why));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    db_close(f->db);
    db_close(f->other);
    buf_release(&f->why);
    free(f);
    return 0;
}

static void open_other(struct fixture *f)
{
    make_things(f);
    assert_int_equal(db_open(f->url, 200, &f->other, &f->why), OK);
}

static void restart(void)
{
    assert_int_equal(postgres_command("kill", ""), 0);
    assert_int_equal(postgres_command("start", ""), 0);
}

static void two_writers_of_different_rows_commit_side_by_side(void **state)
{
    struct fixture *f = *state;

    open_other(f);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(db_begin(f->other), OK);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    assert_int_equal(add_thing(f->other, 2, STR("b")), OK);
    assert_int_equal(db_commit(f->db), OK);
    assert_int_equal(db_commit(f->other), OK);
    assert_int_equal(ask_int(f->db, "SELECT COUNT(*) FROM thing"), 2);
}

/* Each reads what the other writes: in no order of the two would both have counted nothing. */
static void N5_of_two_writers_that_read_what_the_other_writes_one_tries_again(void **state)
{
    struct fixture *f = *state;
    enum err one, two;

    open_other(f);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(db_begin(f->other), OK);
    assert_int_equal(ask_int(f->db, "SELECT COUNT(*) FROM thing"), 0);
    assert_int_equal(ask_int(f->other, "SELECT COUNT(*) FROM thing"), 0);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    assert_int_equal(add_thing(f->other, 2, STR("b")), OK);
    one = db_commit(f->db);
    two = db_commit(f->other);
    assert_int_equal(one, OK);
    assert_int_equal(two, ERR_DB_BUSY);
    assert_int_equal(db_begin(f->other), OK);
    assert_int_equal(ask_int(f->other, "SELECT COUNT(*) FROM thing"), 1);
    assert_int_equal(add_thing(f->other, 2, STR("b")), OK);
    assert_int_equal(db_commit(f->other), OK);
}

static void N9_a_row_that_another_holds_is_busy_after_the_timeout(void **state)
{
    struct fixture *f = *state;

    open_other(f);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(db_begin(f->other), OK);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    assert_int_equal(add_thing(f->other, 1, STR("b")), ERR_DB_BUSY);
    db_rollback(f->other);
    assert_int_equal(db_commit(f->db), OK);
}

static void a_failed_statement_spoils_its_transaction(void **state)
{
    struct fixture *f = *state;

    make_things(f);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    assert_int_equal(add_thing(f->db, 1, STR("a")), ERR_EXISTS);
    assert_int_equal(db_commit(f->db), ERR_DB_DOWN);
    assert_int_equal(ask_int(f->db, "SELECT COUNT(*) FROM thing"), 0);
}

/* N8: an entry is not refused for a byte that PostgreSQL cannot hold, and nothing is cut there. */
static void N8_bytes_that_no_text_may_have_become_question_marks(void **state)
{
    struct fixture *f = *state;

    make_things(f);
    assert_int_equal(add_thing(f->db, 1, STR("a\0b")), OK);
    assert_int_equal(add_thing(f->db, 2, STR("caf\xc3\xa9 \xc3")), OK);
    assert_int_equal(add_thing(f->db, 4, STR("\xff\xf0\x9f\x98\x80")), OK);
    assert_int_equal(ask_int(f->db, "SELECT SUM(id) FROM thing WHERE name IN ('a?b', 'caf\xc3\xa9 ?', '?\xf0\x9f\x98\x80')"), 7);
}

/* kill -9 of the server: what was committed is there, what was under way is not, and statements prepared before work again. */
static void N4_a_server_that_was_killed_is_found_again(void **state)
{
    struct fixture *f = *state;

    make_things(f);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    assert_int_equal(ask_int(f->db, "SELECT SUM(id) FROM thing"), 1);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(add_thing(f->db, 2, STR("b")), OK);
    restart();
    assert_int_equal(add_thing(f->db, 4, STR("c")), ERR_DB_DOWN);
    assert_int_equal(add_thing(f->db, 4, STR("c")), ERR_DB_DOWN); /* not outside of the transaction that was lost */
    assert_int_equal(db_commit(f->db), ERR_DB_DOWN);
    assert_int_equal(ask_int(f->db, "SELECT SUM(id) FROM thing"), 1);
    restart();
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(add_thing(f->db, 8, STR("d")), OK);
    assert_int_equal(db_commit(f->db), OK);
    assert_int_equal(ask_int(f->db, "SELECT SUM(id) FROM thing"), 9);
}

static void a_server_that_is_away_is_said_and_waited_for(void **state)
{
    struct fixture *f = *state;

    make_things(f);
    assert_int_equal(postgres_command("kill", ""), 0);
    assert_int_equal(db_begin(f->db), ERR_DB_DOWN);
    assert_int_equal(db_open(f->url, 50, &f->other, &f->why), ERR_DB_DOWN);
    assert_non_null(strstr(buf_text(&f->why), "connection to server on socket"));
    assert_int_equal(postgres_command("start", ""), 0);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(db_commit(f->db), OK);
}

/* N10: what libpq would quote of a password is never said. */
static void N10_what_cannot_be_opened_says_why_and_never_the_password(void **state)
{
    static const struct {
        const char *url, *says;
        enum err err;
    } cases[] = {
        {"postgres:", "cannot be read", ERR_CONFIG},
        {"postgres:secret", "cannot be read", ERR_CONFIG},
        {"postgres:host=h password=a secret", "cannot be read", ERR_CONFIG},
        {"postgresql://u:se@secret@h/db", "cannot be read", ERR_CONFIG},
        {"postgresql://u:se/secret@h/db", "cannot be read", ERR_CONFIG},
        {"postgresql://u:se?secret@h/db", "cannot be read", ERR_CONFIG},
        {"postgres://u:se#secret@h/db", "cannot be read", ERR_CONFIG},
        {"postgresql://u:secret%ZZ@h/db", "cannot be read", ERR_CONFIG},
        {"postgresql://u:secret@/db?host=/nonexistent-directory", "No such file", ERR_DB_DOWN},
        {"postgres:host=/nonexistent-directory user=u password=secret", "No such file", ERR_DB_DOWN},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        buf_clear(&f->why);
        assert_int_equal(db_open(cases[i].url, 10, &f->other, &f->why), cases[i].err);
        assert_null(f->other);
        assert_non_null(strstr(buf_text(&f->why), cases[i].says));
        assert_null(strstr(buf_text(&f->why), "secret"));
    }
}

static void two_first_starts_at_once_migrate_once(void **state)
{
    struct fixture *f = *state;
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) { /* its own connection; nothing of the parent's is used */
        struct buf why = BUF_INIT(4096);
        struct db *db = NULL;
        enum err err = db_open(f->url, 5000, &db, &why);

        _exit(err ? 1 : db_migrate(db, first, 1, &why) ? 2 : 0);
    }
    assert_int_equal(db_open(f->url, 5000, &f->other, &f->why), OK);
    assert_int_equal(db_migrate(f->other, first, 1, &f->why), OK);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(ask_int(f->db, "SELECT COUNT(*) FROM schema_migration"), 1);
}

static void skipped_without_a_server(void **state)
{
    (void)state;
    skip();
}

static void many_sets_are_sent_as_arrays(void **state)
{
    struct fixture *f = *state;
    struct arena arena;
    struct db_rows things;

    make_things(f);
    arena_init(&arena, 1 << 20);
    things = DB_ROWS("is", &arena);
    for (int64_t i = 0; i < 100; i++)
        assert_int_equal(db_rows_add(&things, i, STR_NONE), OK);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(insert_things(f->db, &things), OK);
    assert_int_equal(db_commit(f->db), OK);
    assert_int_equal(ask_int(f->db, "SELECT count(*) FROM thing"), 100);
    assert_int_equal(ask_int(f->db, "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM unnest(%'"),
                     2); /* and this */
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DB_CASES,
        WITH_DATABASE(many_sets_are_sent_as_arrays),
        WITH_DATABASE(two_writers_of_different_rows_commit_side_by_side),
        WITH_DATABASE(N5_of_two_writers_that_read_what_the_other_writes_one_tries_again),
        WITH_DATABASE(N9_a_row_that_another_holds_is_busy_after_the_timeout),
        WITH_DATABASE(a_failed_statement_spoils_its_transaction),
        WITH_DATABASE(N8_bytes_that_no_text_may_have_become_question_marks),
        WITH_DATABASE(N4_a_server_that_was_killed_is_found_again),
        WITH_DATABASE(a_server_that_is_away_is_said_and_waited_for),
        WITH_DATABASE(N10_what_cannot_be_opened_says_why_and_never_the_password),
        WITH_DATABASE(two_first_starts_at_once_migrate_once),
    };
    const struct CMUnitTest without[] = {cmocka_unit_test(skipped_without_a_server)};
    int code = postgres_start();

    if (code == POSTGRES_SKIPPED)
        return cmocka_run_group_tests(without, NULL, NULL);
    code = code ? code : cmocka_run_group_tests(tests, NULL, NULL);
    postgres_stop();
    return code;
}
