/* db_case.h -- what the SQL layer does on every back end: values, statements, transactions, migrations. */
#ifndef TESTS_DB_CASE_H
#define TESTS_DB_CASE_H

#include "db/db.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A fresh database and up to two connections to it. `dir` holds the file, where there is one. */
struct fixture {
    char dir[64], url[160];
    struct db *db, *other;
    struct buf why;
};

static const struct db_migration first[] = {
    {1, "things", "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, name TEXT UNIQUE); CREATE INDEX thing_name ON thing (name)"},
};
static const struct db_migration second[] = {
    {1, "things", "never run again"},
    {2, "color", "ALTER TABLE thing ADD COLUMN color TEXT; UPDATE thing SET color = 'red'"},
};

static inline void make_things(struct fixture *f)
{
    assert_int_equal(db_migrate(f->db, first, 1, &f->why), OK);
}

static inline enum err add_thing(struct db *db, int64_t id, struct str name)
{
    return db_run(db, "INSERT INTO thing (id, name) VALUES ($1, $2)", "is", id, name);
}

static inline int64_t ask_int(struct db *db, const char *sql)
{
    struct db_stmt *st = NULL;
    bool row = false;
    int64_t value;

    assert_int_equal(db_prepare(db, sql, &st), OK);
    assert_int_equal(db_step(st, &row), OK);
    assert_true(row);
    value = db_column_int(st, 0);
    db_done(st);
    return value;
}

static void values_come_back_as_they_were_bound(void **state)
{
    struct fixture *f = *state;
    struct db_stmt *st = NULL;
    bool row = false;

    make_things(f);
    assert_int_equal(add_thing(f->db, INT64_MIN, STR("caf\xc3\xa9")), OK);
    assert_int_equal(db_changes(f->db), 1);
    assert_int_equal(db_run(f->db, "INSERT INTO thing (id, name) VALUES ($1, $2)", "in", INT64_MAX), OK);
    assert_int_equal(add_thing(f->db, 0, STR("")), OK);
    assert_int_equal(db_prepare(f->db, "SELECT id, name FROM thing ORDER BY id", &st), OK);
    assert_int_equal(db_step(st, &row), OK);
    assert_true(db_column_int(st, 0) == INT64_MIN);
    assert_true(str_eq(db_column_str(st, 1), STR("caf\xc3\xa9")));
    assert_int_equal(db_step(st, &row), OK);
    assert_false(db_column_null(st, 1));
    assert_non_null(db_column_str(st, 1).p);
    assert_int_equal(db_column_str(st, 1).len, 0);
    assert_int_equal(db_step(st, &row), OK);
    assert_true(db_column_int(st, 0) == INT64_MAX);
    assert_true(db_column_null(st, 1));
    assert_null(db_column_str(st, 1).p);
    assert_int_equal(db_step(st, &row), OK);
    assert_false(row);
    db_done(st);
}

/* "$2 ... $1": SQLite alone would number names in the order in which they appear. */
static void parameters_are_found_by_number_and_never_inside_text_or_comments(void **state)
{
    struct fixture *f = *state;
    struct db_stmt *st = NULL;
    bool row = false;

    assert_int_equal(db_prepare(f->db, "SELECT $2, $1, '$3 it''s $4', \"$5\" /* $6 */ FROM (SELECT 7 AS \"$5\") AS t -- $8", &st),
                     OK);
    db_bind_str(st, 1, STR("one"));
    db_bind_str(st, 2, STR("two"));
    assert_int_equal(db_step(st, &row), OK);
    assert_true(str_eq(db_column_str(st, 0), STR("two")));
    assert_true(str_eq(db_column_str(st, 1), STR("one")));
    assert_true(str_eq(db_column_str(st, 2), STR("$3 it's $4")));
    assert_int_equal(db_column_int(st, 3), 7);
    db_done(st);
}

static void binding_a_parameter_that_is_not_there_fails_the_step(void **state)
{
    struct fixture *f = *state;
    struct db_stmt *st = NULL;
    bool row = false;

    assert_int_equal(db_prepare(f->db, "SELECT $1", &st), OK);
    db_bind_int(st, 2, 5);
    assert_int_equal(db_step(st, &row), ERR_DB);
    db_done(st);
    assert_int_equal(db_prepare(f->db, "SELECT $1", &st), OK);
    db_bind_int(st, 1, 5);
    assert_int_equal(db_step(st, &row), OK);
    db_done(st);
}

static void a_statement_in_use_can_be_prepared_again(void **state)
{
    struct fixture *f = *state;
    struct db_stmt *outer = NULL, *inner = NULL;
    bool row = false;

    make_things(f);
    for (int64_t i = 1; i <= 3; i++)
        assert_int_equal(add_thing(f->db, i, STR_NONE), OK);
    assert_int_equal(db_prepare(f->db, "SELECT id FROM thing ORDER BY id", &outer), OK);
    for (int64_t i = 1; i <= 3; i++) {
        assert_int_equal(db_step(outer, &row), OK);
        assert_int_equal(db_prepare(f->db, "SELECT id FROM thing ORDER BY id", &inner), OK);
        assert_int_equal(db_step(inner, &row), OK);
        assert_int_equal(db_column_int(inner, 0), 1);
        db_done(inner);
        assert_int_equal(db_column_int(outer, 0), i);
    }
    db_done(outer);
}

static void the_statement_cache_is_bounded_and_goes_by_content(void **state)
{
    struct fixture *f = *state;
    char sql[64];

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 300; i++) {
            snprintf(sql, sizeof(sql), "SELECT %d", i); /* the same address with another text each time */
            assert_int_equal(ask_int(f->db, sql), i);
        }
}

static void a_second_value_for_a_key_is_exists_but_a_missing_value_is_not(void **state)
{
    struct fixture *f = *state;

    make_things(f);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    assert_int_equal(add_thing(f->db, 1, STR("b")), ERR_EXISTS);
    assert_int_equal(add_thing(f->db, 2, STR("a")), ERR_EXISTS);
    assert_int_equal(db_run(f->db, "INSERT INTO thing (id, name) VALUES ($1, $2)", "ns", STR("c")), ERR_DB);
    assert_non_null(strcasestr(db_trouble(f->db), "null")) /* each server says it its own way */;
    assert_int_equal(ask_int(f->db, "SELECT COUNT(*) FROM thing"), 1);
}

static void rollback_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    make_things(f);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    db_rollback(f->db);
    assert_int_equal(ask_int(f->db, "SELECT COUNT(*) FROM thing"), 0);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(add_thing(f->db, 2, STR("b")), OK);
    assert_int_equal(db_commit(f->db), OK);
    assert_int_equal(ask_int(f->db, "SELECT MIN(id) FROM thing"), 2);
}

/* N8: one poison entry must not take the batch with it. */
static void N8_a_savepoint_isolates_one_entry_of_a_batch(void **state)
{
    struct fixture *f = *state;

    make_things(f);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(db_savepoint(f->db), OK);
    assert_int_equal(add_thing(f->db, 1, STR("kept")), OK);
    assert_int_equal(db_savepoint_release(f->db), OK);
    assert_int_equal(db_savepoint(f->db), OK);
    assert_int_equal(add_thing(f->db, 2, STR("poison")), OK);
    assert_int_equal(add_thing(f->db, 2, STR("poison")), ERR_EXISTS);
    assert_int_equal(db_savepoint_rollback(f->db), OK);
    assert_int_equal(db_savepoint(f->db), OK);
    assert_int_equal(add_thing(f->db, 3, STR("kept too")), OK);
    assert_int_equal(db_savepoint_release(f->db), OK);
    assert_int_equal(db_commit(f->db), OK);
    assert_int_equal(ask_int(f->db, "SELECT SUM(id) FROM thing"), 4);
}

static void migrations_run_once_in_order_and_keep_the_rows(void **state)
{
    struct fixture *f = *state;
    bool has = true;

    assert_int_equal(db_has_table(f->db, "thing", &has), OK);
    assert_false(has);
    make_things(f);
    make_things(f);
    assert_int_equal(db_has_table(f->db, "thing", &has), OK);
    assert_true(has);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    assert_int_equal(db_migrate(f->db, second, 2, &f->why), OK);
    assert_int_equal(ask_int(f->db, "SELECT COUNT(*) FROM thing WHERE color = 'red'"), 1);
    assert_int_equal(ask_int(f->db, "SELECT COUNT(*) FROM schema_migration"), 2);
}

static void a_failing_migration_leaves_the_database_as_it_was(void **state)
{
    struct fixture *f = *state;
    static const struct db_migration bad[] = {
        {1, "bad", "CREATE TABLE half (id BIGINT); CREATE TABLE half (id BIGINT)"},
    };
    bool has = true;

    assert_int_equal(db_migrate(f->db, bad, 1, &f->why), ERR_DB);
    assert_non_null(strstr(buf_text(&f->why), "migration 1 \"bad\""));
    assert_int_equal(db_has_table(f->db, "half", &has), OK);
    assert_false(has);
    assert_int_equal(db_has_table(f->db, "schema_migration", &has), OK);
    assert_false(has);
}

static void a_newer_or_foreign_schema_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct db_migration foreign[] = {{1, "other", "SELECT 1"}};

    make_things(f);
    assert_int_equal(db_migrate(f->db, second, 2, &f->why), OK);
    assert_int_equal(db_migrate(f->db, first, 1, &f->why), ERR_CONFIG);
    assert_non_null(strstr(buf_text(&f->why), "newer than this program (migration 2 \"color\")"));
    buf_clear(&f->why);
    assert_int_equal(db_migrate(f->db, foreign, 1, &f->why), ERR_CONFIG);
    assert_non_null(strstr(buf_text(&f->why), "\"things\""));
}

static inline enum err insert_things(struct db *db, const struct db_rows *rows)
{
    struct db_many many = {
        .sql = "INSERT INTO thing (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name", .rows = rows};

    return db_run_many(db, &many, 1);
}

/* What a look-up by name found: for each set the id, and how many rows in all. */
struct found {
    int64_t ids[8];
    size_t n;
};

static enum err take_thing(void *arg, struct db_stmt *st, size_t set)
{
    struct found *f = arg;

    assert_in_range(set, 0, 7);
    f->ids[set] = db_column_int(st, 0);
    f->n++;
    return OK;
}

static void many_sets_of_values_are_written_and_found_by_their_set(void **state)
{
    struct fixture *f = *state;
    struct arena arena;
    struct db_rows things, names;
    struct found found = {.n = 0};
    struct db_many look = {.sql = "SELECT id FROM thing WHERE name = $1 ORDER BY id", .each = take_thing, .arg = &found};

    make_things(f);
    arena_init(&arena, 1 << 20);
    things = DB_ROWS("is", &arena);
    names = DB_ROWS("s", &arena);
    assert_int_equal(db_rows_add(&things, INT64_MIN, STR("caf\xc3\xa9")), OK);
    assert_int_equal(db_rows_add(&things, (int64_t)2, STR("")), OK);
    assert_int_equal(db_rows_add(&things, (int64_t)3, STR_NONE), OK);
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(insert_things(f->db, &things), OK);
    things.n = 0;
    assert_int_equal(db_rows_add(&things, (int64_t)3, STR("{\"a\", NULL}")), OK); /* replaced */
    assert_int_equal(insert_things(f->db, &things), OK);
    assert_int_equal(db_rows_add(&names, STR("")), OK);
    assert_int_equal(db_rows_add(&names, STR("nobody")), OK);
    assert_int_equal(db_rows_add(&names, STR("{\"a\", NULL}")), OK);
    assert_int_equal(db_rows_add(&names, STR("caf\xc3\xa9")), OK);
    look.rows = &names;
    assert_int_equal(db_run_many(f->db, &look, 1), OK);
    assert_int_equal(db_commit(f->db), OK);
    assert_int_equal(found.n, 3);
    assert_true(found.ids[0] == 2 && found.ids[2] == 3 && found.ids[3] == INT64_MIN);
    assert_int_equal(ask_int(f->db, "SELECT count(*) FROM thing"), 3);
    arena_release(&arena);
}

static void a_failure_among_many_sets_is_told_and_a_savepoint_undoes_them(void **state)
{
    struct fixture *f = *state;
    struct arena arena;
    struct db_rows things;
    struct db_many many[2];

    make_things(f);
    arena_init(&arena, 1 << 20);
    things = DB_ROWS("is", &arena);
    assert_int_equal(db_rows_add(&things, (int64_t)1, STR("a")), OK);
    assert_int_equal(db_rows_add(&things, (int64_t)2, STR("a")), OK); /* names are unique */
    many[0] = many[1] = (struct db_many){.sql = "INSERT INTO thing (id, name) VALUES ($1, $2)", .rows = &things};
    assert_int_equal(db_begin(f->db), OK);
    assert_int_equal(db_savepoint(f->db), OK);
    assert_int_equal(db_run_many(f->db, many, 2), ERR_EXISTS);
    assert_int_equal(db_savepoint_rollback(f->db), OK);
    assert_int_equal(add_thing(f->db, 9, STR("b")), OK);
    assert_int_equal(db_commit(f->db), OK);
    assert_int_equal(ask_int(f->db, "SELECT count(*) FROM thing"), 1);
    arena_release(&arena);
}

static enum err count_calls(void *arg, bool reads)
{
    int *calls = arg;

    calls[reads]++;
    return calls[reads] > 2 ? ERR_DB : OK;
}

static void who_gathers_is_called_before_every_other_statement(void **state)
{
    struct fixture *f = *state;
    int calls[2] = {0, 0};
    struct db_stmt *st = NULL;

    make_things(f);
    db_gather(f->db, count_calls, calls);
    assert_int_equal(add_thing(f->db, 1, STR("a")), OK);
    assert_int_equal(ask_int(f->db, "SELECT count(*) FROM thing"), 1);
    assert_int_equal(calls[0], 1);
    assert_int_equal(calls[1], 1);
    assert_int_equal(ask_int(f->db, "SELECT count(*) FROM thing"), 1);
    assert_int_equal(db_prepare(f->db, "SELECT count(*) FROM thing", &st), ERR_DB); /* its error is the statement's */
    db_gather(f->db, NULL, NULL);
    assert_int_equal(ask_int(f->db, "SELECT count(*) FROM thing"), 1);
}

/* The program that includes this has set_up and tear_down. */
#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define DB_CASES                                                                                                               \
    WITH_DATABASE(many_sets_of_values_are_written_and_found_by_their_set),                                                     \
        WITH_DATABASE(a_failure_among_many_sets_is_told_and_a_savepoint_undoes_them),                                          \
        WITH_DATABASE(who_gathers_is_called_before_every_other_statement), WITH_DATABASE(values_come_back_as_they_were_bound), \
        WITH_DATABASE(parameters_are_found_by_number_and_never_inside_text_or_comments),                                       \
        WITH_DATABASE(binding_a_parameter_that_is_not_there_fails_the_step),                                                   \
        WITH_DATABASE(a_statement_in_use_can_be_prepared_again),                                                               \
        WITH_DATABASE(the_statement_cache_is_bounded_and_goes_by_content),                                                     \
        WITH_DATABASE(a_second_value_for_a_key_is_exists_but_a_missing_value_is_not), WITH_DATABASE(rollback_leaves_nothing),  \
        WITH_DATABASE(N8_a_savepoint_isolates_one_entry_of_a_batch),                                                           \
        WITH_DATABASE(migrations_run_once_in_order_and_keep_the_rows),                                                         \
        WITH_DATABASE(a_failing_migration_leaves_the_database_as_it_was), WITH_DATABASE(a_newer_or_foreign_schema_is_refused)

#endif
