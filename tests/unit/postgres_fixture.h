/* postgres_fixture.h -- owns a private PostgreSQL server for one test program, and a fresh database in it for each test. */
#ifndef TESTS_POSTGRES_FIXTURE_H
#define TESTS_POSTGRES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { POSTGRES_SKIPPED = 77 };

/* One a program: empty `dir` when there is none. */
static struct {
    char dir[64];
    int n_databases;
} postgres;

/* tests/private-postgres; its exit code. `word` may be empty. */
static inline int postgres_command(const char *what, const char *word)
{
    char line[256];
    int status;

    snprintf(line, sizeof(line), "tests/private-postgres %s %s %s >/dev/null", what, postgres.dir, word);
    status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Starts the server: 0, or POSTGRES_SKIPPED where it cannot run (the command has said why). */
static inline int postgres_start(void)
{
    int code;

    snprintf(postgres.dir, sizeof(postgres.dir), "/tmp/storehook-pg-XXXXXX");
    if (!mkdtemp(postgres.dir))
        return -1;
    code = postgres_command("start", "");
    if (code) {
        rmdir(postgres.dir);
        postgres.dir[0] = '\0';
    }
    return code;
}

static inline void postgres_stop(void)
{
    if (postgres.dir[0])
        postgres_command("stop", "");
    postgres.dir[0] = '\0';
}

/* Makes an empty database and writes its URL. */
static inline void postgres_make(char *url, size_t size)
{
    char name[32];

    snprintf(name, sizeof(name), "t%d", ++postgres.n_databases);
    assert_int_equal(postgres_command("make", name), 0);
    snprintf(url, size, "postgres:host=%s user=storehook dbname=%s", postgres.dir, name);
}

/* The database of a test of the store: a file in `dir`, or a fresh one on PostgreSQL when STOREHOOK_TEST_DATABASE=postgres. */
static inline void test_database(const char *dir, char *url, size_t size)
{
    static int on_postgres = -1;

    if (on_postgres < 0) {
        const char *wanted = getenv("STOREHOOK_TEST_DATABASE");

        on_postgres = wanted && strcmp(wanted, "postgres") == 0;
        unsetenv("STOREHOOK_TEST_DATABASE"); /* the program takes every STOREHOOK_ variable for a setting */
    }
    if (!on_postgres) {
        snprintf(url, size, "sqlite:%s/test.db", dir);
        return;
    }
    if (!postgres.dir[0]) {
        assert_int_equal(postgres_start(), 0);
        atexit(postgres_stop);
    }
    postgres_make(url, size);
}

#endif
