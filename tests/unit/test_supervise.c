/* test_supervise.c -- supervision of real processes: readiness, restart, order of the stop, deadlines, programs that are not there. */
#include "engine/supervise.h"

#include "base/log.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { GIVE_UP_MS = 20000, REPORTS_MAX = 16 };

/* Shell programs: `trap` makes them end by themselves when told. */
#define READY_UNTIL_TERM "trap 'exit 0' TERM; echo ready pid=$$; while :; do sleep 0.01; done"

struct fixture {
    struct loop *loop;
    struct loop_timer *deadline;
    struct supervisor *supervisor;
    char *args[2][4];
    struct role roles[2];
    char reports[REPORTS_MAX][64]; /* "name: line" */
    size_t n_reports, stop_after;  /* loop_stop after so many reports */
    const char *failed;
    bool stopped, late;
    char dir[64];
};

static void too_late(void *arg)
{
    struct fixture *f = arg;

    f->late = true;
    loop_stop(f->loop);
}

static void reported(void *arg, const struct role *role, struct str line)
{
    struct fixture *f = arg;

    if (f->n_reports < REPORTS_MAX)
        snprintf(f->reports[f->n_reports++], sizeof(f->reports[0]), "%s: %.*s", role->name, STR_ARG(line));
    if (f->n_reports == f->stop_after)
        loop_stop(f->loop);
}

static void failed(void *arg, const struct role *role)
{
    struct fixture *f = arg;

    f->failed = role->name;
    loop_stop(f->loop);
}

static void stopped(void *arg)
{
    struct fixture *f = arg;

    f->stopped = true;
    loop_stop(f->loop);
}

static const struct supervisor_handler handler = {.reported = reported, .failed = failed};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    log_setup(LOG_ERROR + 1, "test");
    snprintf(f->dir, sizeof(f->dir), "/tmp/storehook-up-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(loop_new(&f->loop), OK);
    assert_int_equal(loop_timer_new(f->loop, too_late, f, &f->deadline), OK);
    assert_int_equal(supervisor_new(f->loop, &clock_system, &handler, f, &f->supervisor), OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[96];

    supervisor_free(f->supervisor);
    loop_timer_free(f->deadline);
    loop_free(f->loop);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 3; k++)
            free(f->args[i][k]);
    snprintf(command, sizeof(command), "rm -r '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

/* Fills role i with a shell program that runs in the test's directory. */
static struct role *shell(struct fixture *f, size_t i, const char *name, const char *program)
{
    static const char *const words[] = {"/bin/sh", "-c"};

    for (size_t k = 0; k < 2; k++)
        f->args[i][k] = str_dup(str_of(words[k]));
    f->args[i][2] = str_dup(str_of(program));
    f->roles[i] = (struct role){.name = name,
                                .plan = {.argv = f->args[i], .directory = f->dir, .reports = true},
                                .copies = 1,
                                .stop_rank = (int)i,
                                .stop_timeout_ms = 10000};
    return &f->roles[i];
}

static void start(struct fixture *f, const struct role *role)
{
    struct buf why = BUF_INIT(512);

    if (supervisor_start(f->supervisor, role, &why))
        fail_msg("%s", buf_text(&why));
    buf_release(&why);
}

static void run(struct fixture *f)
{
    loop_timer_start(f->deadline, GIVE_UP_MS);
    assert_int_equal(loop_run(f->loop), OK);
    assert_false(f->late);
}

static void stop(struct fixture *f)
{
    supervisor_stop(f->supervisor, stopped, f);
    if (!f->stopped)
        run(f);
    assert_true(f->stopped);
}

/* Reads what the programs wrote into a file of the directory. */
static void assert_file(const struct fixture *f, const char *name, const char *want)
{
    char path[96], text[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, want);
}

static void a_role_is_ready_when_it_says_so(void **state)
{
    struct fixture *f = *state;
    struct role *two = shell(f, 0, "two", READY_UNTIL_TERM);

    two->copies = 2;
    f->stop_after = 1;
    start(f, two);
    assert_false(supervisor_all_ready(f->supervisor));
    run(f);
    f->stop_after = 2;
    if (f->n_reports < 2)
        run(f);
    assert_true(supervisor_all_ready(f->supervisor));
    assert_non_null(strstr(f->reports[0], "two: pid="));
    assert_string_not_equal(f->reports[0], f->reports[1]);
    stop(f);
}

static void a_killed_role_is_started_again(void **state)
{
    struct fixture *f = *state;
    int pid = 0;

    f->stop_after = 1;
    start(f, shell(f, 0, "one", READY_UNTIL_TERM));
    run(f);
    assert_int_equal(sscanf(f->reports[0], "one: pid=%d", &pid), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    f->stop_after = 2;
    run(f);
    assert_string_not_equal(f->reports[0], f->reports[1]);
    assert_null(f->failed);
    stop(f);
}

static void a_role_that_fails_before_it_was_ready_is_given_up(void **state)
{
    struct fixture *f = *state;

    start(f, shell(f, 0, "broken", "exit 1"));
    run(f);
    assert_string_equal(f->failed, "broken");
    stop(f);
}

static void a_lower_rank_has_ended_before_a_higher_one_is_told(void **state)
{
    struct fixture *f = *state;

    f->stop_after = 2;
    start(f, shell(f, 1, "last", "trap 'echo last >>order; exit 0' TERM; echo ready; while :; do sleep 0.01; done"));
    start(f, shell(f, 0, "first", "trap 'sleep 0.2; echo first >>order; exit 0' TERM; echo ready; while :; do sleep 0.01; done"));
    run(f);
    stop(f);
    assert_file(f, "order", "first\nlast\n");
}

static void N9_a_role_that_does_not_stop_in_time_is_killed(void **state)
{
    struct fixture *f = *state;
    struct role *deaf = shell(f, 0, "deaf", "trap '' TERM; echo ready; while :; do sleep 0.01; done");

    deaf->stop_timeout_ms = 50;
    f->stop_after = 1;
    start(f, deaf);
    run(f);
    stop(f);
}

static void a_program_that_is_not_there_is_told_at_once(void **state)
{
    struct fixture *f = *state;
    struct role *role = shell(f, 0, "none", "");
    struct buf why = BUF_INIT(512);

    free(f->args[0][0]);
    f->args[0][0] = str_dup(STR("no-such-program-of-storehook"));
    assert_int_equal(supervisor_start(f->supervisor, role, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(buf_text(&why), "no-such-program-of-storehook cannot be started: No such file"));
    buf_release(&why);
    stop(f);
}

/* A parent that is killed: its children get SIGTERM from the kernel. */
static void children_do_not_outlive_a_killed_parent(void **state)
{
    struct fixture *f = *state;
    char word[16] = "", *argv[4];
    int ends[2], out = -1;
    pid_t parent, child;

    shell(f, 0, "child", "trap 'echo ended >&3; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
    memcpy(argv, f->args[0], sizeof(argv));
    assert_int_equal(pipe(ends), 0);
    parent = fork();
    if (parent == 0) {
        struct child_plan plan = {.argv = argv, .directory = f->dir, .reports = true};
        struct buf why = BUF_INIT(256);

        if (dup2(ends[1], 3) == 3 && child_start(&plan, &child, &out, &why) == OK)
            while (read(out, word, sizeof(word)) <= 0) /* until it is ready */
                ;
        kill(getpid(), SIGKILL);
    }
    close(ends[1]);
    waitpid(parent, NULL, 0);
    alarm(GIVE_UP_MS / 1000);
    assert_int_equal(read(ends[0], word, sizeof(word)), 6);
    alarm(0);
    assert_memory_equal(word, "ended\n", 6);
    close(ends[0]);
    stop(f);
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(a_role_is_ready_when_it_says_so),
        WITH_LOOP(a_killed_role_is_started_again),
        WITH_LOOP(a_role_that_fails_before_it_was_ready_is_given_up),
        WITH_LOOP(a_lower_rank_has_ended_before_a_higher_one_is_told),
        WITH_LOOP(N9_a_role_that_does_not_stop_in_time_is_killed),
        WITH_LOOP(a_program_that_is_not_there_is_told_at_once),
        WITH_LOOP(children_do_not_outlive_a_killed_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
