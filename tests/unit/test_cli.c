/* test_cli.c -- what every command shares: flags, hints, exit codes, the configuration that they lead to. */
#include "cli/cli.h"

#include "base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGS_MAX = 20 };

/* What one call left: its exit code, its arguments, and what it wrote. */
struct call {
    struct cli cli;
    bool on;
    const char *name;
    int64_t number, time_ms;
    struct flag_values each;
    int code, argc;
    char *argv_store[ARGS_MAX + 1], **argv;
    char out[8192], err[8192];
};

static int redirect(int fd, const char *path)
{
    int saved = dup(fd);
    FILE *file = fopen(path, "we");

    assert_true(saved >= 0 && file);
    fflush(NULL);
    assert_true(dup2(fileno(file), fd) >= 0);
    fclose(file);
    return saved;
}

static void restore(int fd, int saved, const char *path, char *text, size_t size)
{
    FILE *file;

    fflush(NULL);
    assert_true(dup2(saved, fd) >= 0);
    close(saved);
    file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
    unlink(path);
}

static void split(struct call *c, const char *line)
{
    struct str rest = str_of(line), word;

    while (c->argc < ARGS_MAX && str_split(&rest, ' ', &word))
        c->argv_store[c->argc++] = str_dup(word);
    c->argv = c->argv_store;
}

/* Runs cli_parse on the words of `line` with one flag of each type. */
static void parse(struct call *c, const char *line)
{
    static const struct cli_page page = {"demo VERB [THING]", "About it.", "storehook demo verb x", 0, 1};
    const struct cli_flag flags[] = {
        {"on", FLAG_ON, &c->on, NULL, "a switch"},         {"name", FLAG_TEXT, &c->name, "NAME", "a text"},
        {"number", FLAG_INT, &c->number, "N", "a number"}, {"time", FLAG_MS, &c->time_ms, "TIME", "a time"},
        {"each", FLAG_EACH, &c->each, "X", "several"},     {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    char out[] = "/tmp/storehook-out-XXXXXX", err[] = "/tmp/storehook-err-XXXXXX";
    int saved_out, saved_err;

    *c = (struct call){.argc = 0};
    close(mkstemp(out));
    close(mkstemp(err));
    assert_int_equal(cli_init(&c->cli), OK);
    split(c, line);
    saved_out = redirect(STDOUT_FILENO, out);
    saved_err = redirect(STDERR_FILENO, err);
    c->code = cli_parse(&c->cli, &page, flags, &c->argc, &c->argv);
    restore(STDOUT_FILENO, saved_out, out, c->out, sizeof(c->out));
    restore(STDERR_FILENO, saved_err, err, c->err, sizeof(c->err));
}

static void done(struct call *c)
{
    for (size_t i = 0; i < ARGS_MAX; i++)
        free(c->argv_store[i]);
    cli_release(&c->cli);
}

static void flags_of_every_type_are_read_in_any_place(void **state)
{
    struct call c;

    (void)state;
    parse(&c, "demo --number -5 thing --on --each a --name=n --time 90s --each b --json");
    assert_int_equal(c.code, CLI_GO);
    assert_true(c.on);
    assert_true(c.cli.json);
    assert_string_equal(c.name, "n");
    assert_int_equal(c.number, -5);
    assert_int_equal(c.time_ms, 90000);
    assert_int_equal(c.each.n, 2);
    assert_string_equal(c.each.at[1], "b");
    assert_int_equal(c.argc, 1);
    assert_string_equal(c.argv[0], "thing");
    assert_string_equal(c.err, "");
    done(&c);
}

static void wrong_usage_is_exit_2_and_says_what_is_meant(void **state)
{
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"demo --nmae x", "unknown flag --nmae; did you mean --name?"},
        {"demo --completely-else", "unknown flag --completely-else; see `storehook demo --help`"},
        {"demo --name", "--name needs a value"},
        {"demo --number five", "--number must be a whole number, not \"five\""},
        {"demo --number 99999999999999999999", "--number must be a whole number"},
        {"demo --time 10", "--time must be a time with its unit"},
        {"demo --on=yes", "--on takes no value"},
        {"demo -x", "unknown flag -x"},
        {"demo one two", "unexpected argument \"two\"; usage: storehook demo VERB [THING]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct call c;

        parse(&c, cases[i].line);
        assert_int_equal(c.code, EXIT_USAGE);
        assert_string_equal(c.out, "");
        if (!strstr(c.err, cases[i].says) || strncmp(c.err, "storehook: ", 11))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].line, c.err, cases[i].says);
        done(&c);
    }
}

static void N9_a_flag_that_may_be_repeated_has_a_maximum(void **state)
{
    struct flag_values each = {.n = 0};
    const struct cli_flag flags[] = {{"each", FLAG_EACH, &each, "X", "several"}, {NULL, FLAG_ON, NULL, NULL, NULL}};
    static const struct cli_page page = {"demo", "About.", NULL, 0, 0};
    char word[] = "demo", flag[] = "--each=x", *store[FLAG_VALUES_MAX + 3] = {word}, **argv = store;
    int argc = FLAG_VALUES_MAX + 2;
    struct cli cli;

    (void)state;
    for (int i = 1; i < argc; i++)
        store[i] = flag;
    assert_int_equal(cli_init(&cli), OK);
    assert_int_equal(cli_parse(&cli, &page, flags, &argc, &argv), EXIT_USAGE);
    assert_int_equal(each.n, FLAG_VALUES_MAX);
    cli_release(&cli);
}

static void help_prints_usage_flags_and_an_example_and_needs_no_configuration(void **state)
{
    struct call c;

    (void)state;
    parse(&c, "demo --config /nonexistent/file --help");
    assert_int_equal(c.code, EXIT_DONE);
    assert_non_null(strstr(c.out, "usage: storehook demo VERB [THING]"));
    assert_non_null(strstr(c.out, "--name NAME"));
    assert_non_null(strstr(c.out, "--json"));
    assert_non_null(strstr(c.out, "storehook demo verb x"));
    assert_string_equal(c.err, "");
    done(&c);
}

static void a_configuration_that_is_not_there_is_exit_1(void **state)
{
    struct call c;

    (void)state;
    parse(&c, "demo --config /nonexistent/file");
    assert_int_equal(c.code, EXIT_FAILED);
    assert_non_null(strstr(c.err, "/nonexistent/file"));
    done(&c);
}

static void dir_leads_to_the_configuration_in_it_and_wins_over_its_dir(void **state)
{
    char dir[] = "/tmp/storehook-cli-XXXXXX", path[64], line[96];
    struct call c;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/storehook.ini", dir);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs("[storehook]\ndir = /elsewhere\n[drain]\nbatch = 7\n", file);
    fclose(file);
    snprintf(line, sizeof(line), "demo --dir %s", dir);
    parse(&c, line);
    assert_int_equal(c.code, CLI_GO);
    assert_int_equal(config_int(c.cli.cfg, SET_DRAIN_BATCH), 7);
    assert_string_equal(config_text(c.cli.cfg, SET_DIR), dir);
    done(&c);
    unlink(path);
    rmdir(dir);
}

static void N10_the_secret_of_the_environment_is_taken_out_of_it(void **state)
{
    struct cli cli;

    (void)state;
    assert_int_equal(setenv("STOREHOOK_SECRET", "from the environment", 1), 0);
    assert_int_equal(cli_init(&cli), OK);
    assert_null(getenv("STOREHOOK_SECRET"));
    assert_true(str_eq(secret_bytes(cli.secret), STR("from the environment")));
    cli_release(&cli);
}

static int run_verb(struct cli *cli, int argc, char **argv)
{
    (void)cli;
    return strcmp(argv[0], "list") == 0 && argc == 2 && strcmp(argv[1], "x") == 0 ? EXIT_DONE : EXIT_FAILED;
}

static void a_verb_is_found_by_its_name_and_a_near_one_is_named(void **state)
{
    static const struct cli_command verbs[] = {
        {"list", run_verb, "lists", NULL}, {"show", run_verb, "shows", NULL}, {NULL, NULL, NULL, NULL}};
    char command[] = "demo", list[] = "list", lits[] = "lits", x[] = "x", *right[] = {command, list, x, NULL},
         *wrong[] = {command, lits, NULL}, *nothing[] = {command, NULL};
    char err[] = "/tmp/storehook-err-XXXXXX", text[4096];
    struct cli cli;
    int saved;

    (void)state;
    assert_int_equal(cli_init(&cli), OK);
    assert_int_equal(cli_dispatch(&cli, "demo", verbs, 3, right), EXIT_DONE);
    close(mkstemp(err));
    saved = redirect(STDERR_FILENO, err);
    assert_int_equal(cli_dispatch(&cli, "demo", verbs, 2, wrong), EXIT_USAGE);
    assert_int_equal(cli_dispatch(&cli, "demo", verbs, 1, nothing), EXIT_USAGE);
    restore(STDERR_FILENO, saved, err, text, sizeof(text));
    assert_non_null(strstr(text, "did you mean \"list\"?"));
    assert_non_null(strstr(text, "shows"));
    cli_release(&cli);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_of_every_type_are_read_in_any_place),
        cmocka_unit_test(wrong_usage_is_exit_2_and_says_what_is_meant),
        cmocka_unit_test(N9_a_flag_that_may_be_repeated_has_a_maximum),
        cmocka_unit_test(help_prints_usage_flags_and_an_example_and_needs_no_configuration),
        cmocka_unit_test(a_configuration_that_is_not_there_is_exit_1),
        cmocka_unit_test(dir_leads_to_the_configuration_in_it_and_wins_over_its_dir),
        cmocka_unit_test(N10_the_secret_of_the_environment_is_taken_out_of_it),
        cmocka_unit_test(a_verb_is_found_by_its_name_and_a_near_one_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
