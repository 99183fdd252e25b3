/* test_db.c -- the SQL layer on real SQLite files: what holds on every back end, locks, full disks, foreign files. */
#include "db_case.h"

#include <sys/stat.h>
#include <unistd.h>

static void remove_file(const struct fixture *f, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    unlink(path);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    snprintf(f->dir, sizeof(f->dir), "/tmp/storehook-db-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->url, sizeof(f->url), "sqlite:%s/test.db", f->dir);
    f->why = BUF_INIT(4096);
    assert_int_equal(db_open(f->url, 50, &f->db, &f->why), OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    db_close(f->db);
    db_close(f->other);
    remove_file(f, "test.db");
    remove_file(f, "test.db-wal");
    remove_file(f, "test.db-shm");
    rmdir(f->dir);
    buf_release(&f->why);
    free(f);
    return 0;
}

static void a_second_writer_is_told_busy_after_the_timeout_and_readers_go_on(void **state)
{
    struct fixture *f = *state;

    make_things(f);
    assert_int_equal(db_open(f->url, 20, &f->other, &f->why), OK);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    assert_int_equal(db_begin(f->other), ERR_DB_BUSY);
    assert_int_equal(add_thing(f->other, 2, STR("b")), ERR_DB_BUSY);
    assert_int_equal(ask_int(f->other, "SELECT COUNT(*) FROM thing"), 0);
    assert_int_equal(db_commit(f->db), OK);
    assert_int_equal(db_begin(f->other), OK);
    assert_int_equal(add_thing(f->other, 2, STR("b")), OK);
    assert_int_equal(db_commit(f->other), OK);
    assert_int_equal(ask_int(f->db, "SELECT COUNT(*) FROM thing"), 2);
}

static void limit_pages(struct db *db, int more)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %d", (int)ask_int(db, "PRAGMA page_count") + more);
    ask_int(db, sql);
}

/* N4: what came before a full disk must not be committed without what comes after. */
static void N4_a_full_database_commits_nothing_and_works_again_with_room(void **state)
{
    struct fixture *f = *state;
    struct buf name = BUF_INIT(65536);
    enum err err = OK;

    for (int i = 0; i < 3000; i++)
        assert_int_equal(buf_append_c(&name, 'x'), OK);
    make_things(f);
    limit_pages(f->db, 4);
    assert_int_equal(db_begin(f->db), OK);
    for (int64_t i = 0; i < 100 && !err; i++) {
        assert_int_equal(buf_printf(&name, "%d", (int)i), OK);
        err = add_thing(f->db, i, buf_str(&name));
    }
    assert_int_equal(err, ERR_DB_DOWN);
    assert_non_null(strstr(db_trouble(f->db), "full"));
    db_rollback(f->db);
    assert_int_equal(ask_int(f->db, "SELECT COUNT(*) FROM thing"), 0);
    limit_pages(f->db, 1000);
    assert_int_equal(add_thing(f->db, 1, buf_str(&name)), OK);
    buf_release(&name);
}

/* A failure that undid the transaction by itself: what follows is refused, not done outside of it. */
static void N4_nothing_runs_after_the_transaction_was_lost(void **state)
{
    struct fixture *f = *state;

    make_things(f);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(add_thing(f->db, 2, STR("b")), OK);
    assert_int_equal(db_run(f->db, "INSERT OR ROLLBACK INTO thing (id, name) VALUES ($1, $2)", "is", (int64_t)1, STR("c")),
                     ERR_EXISTS);
    assert_int_equal(add_thing(f->db, 3, STR("d")), ERR_DB_DOWN);
    assert_int_equal(db_commit(f->db), ERR_DB_DOWN);
    assert_int_equal(ask_int(f->db, "SELECT SUM(id) FROM thing"), 1);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(db_commit(f->db), OK);
}

static void the_connection_is_set_up_to_keep_what_it_commits(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char path[128];

    assert_int_equal(ask_int(f->db, "PRAGMA synchronous"), 2);
    assert_int_equal(ask_int(f->db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(ask_int(f->db, "SELECT 1 FROM pragma_journal_mode() WHERE journal_mode = 'wal'"), 1);
    snprintf(path, sizeof(path), "%s/test.db", f->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void what_cannot_be_opened_says_why(void **state)
{
    static const struct {
        const char *url, *says;
        enum err err;
    } cases[] = {
        {"mysql://u:secret@h/db", "sqlite:path", ERR_CONFIG},
        {"sqlite:", "names no file", ERR_CONFIG},
        {"sqlite:/nonexistent-directory/x.db", "No such file", ERR_DB_DOWN},
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

static void a_file_that_is_no_database_is_refused_and_left_alone(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "this is a shopping list, and it is long enough to be read as the head of a database file";
    char path[128], url[160], back[sizeof(text)];
    FILE *file;

    snprintf(path, sizeof(path), "%s/notes.txt", f->dir);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, sizeof(text), file), sizeof(text));
    fclose(file);
    assert_int_equal(db_open(url, 10, &f->other, &f->why), ERR_DB_DOWN);
    assert_non_null(strstr(buf_text(&f->why), "not a database"));
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(back, 1, sizeof(back), file), sizeof(text));
    fclose(file);
    assert_memory_equal(back, text, sizeof(text));
    remove_file(f, "notes.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DB_CASES,
        WITH_DATABASE(a_second_writer_is_told_busy_after_the_timeout_and_readers_go_on),
        WITH_DATABASE(N4_a_full_database_commits_nothing_and_works_again_with_room),
        WITH_DATABASE(N4_nothing_runs_after_the_transaction_was_lost),
        WITH_DATABASE(the_connection_is_set_up_to_keep_what_it_commits),
        WITH_DATABASE(what_cannot_be_opened_says_why),
        WITH_DATABASE(a_file_that_is_no_database_is_refused_and_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
