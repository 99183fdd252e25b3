/* main.c -- owns the table of commands: finds the one that was asked for and runs it. */
#include "admin/admin.h"
#include "base/problems.h"
#include "cli/commands.h"

#include <signal.h>

#define STOREHOOK_VERSION "0.1"

static const struct cli_command commands[] = {
#define X(name, group, help) {#name, cmd_##name, help, group},
    COMMANDS(X)
#undef X
        {NULL, NULL, NULL, NULL}};

static const char *const groups[] = {"run", "set up", "look", "try"};

/* The admin role stands beside the commands, not below them. */
int cmd_admin(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "admin",
        "Serves a page with the figures, the same as JSON at /api/stats, and /metrics, on a loopback address, until SIGTERM.",
        "storehook admin --dir var", 0, 0};
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    return code == CLI_GO ? admin_main(cli->cfg, cli->clock, cli->json) : code;
}

static void print_help(FILE *out)
{
    fputs("storehook: signed store events in, up-to-date contacts out\n\nusage: storehook COMMAND [...]\n", out);
    for (size_t g = 0; g < sizeof(groups) / sizeof(*groups); g++) {
        fprintf(out, "\n%s\n", groups[g]);
        for (const struct cli_command *c = commands; c->name; c++)
            if (strcmp(c->group, groups[g]) == 0)
                fprintf(out, "  %-10s %s\n", c->name, c->help);
    }
    fputs("\n`storehook COMMAND --help` says more. Every command takes --dir DIR or --config FILE, --account NAME,\nand --json.\n",
          out);
}

static int unknown_command(const char *given)
{
    const char *names[sizeof(commands) / sizeof(*commands)] = {NULL}, *near; /* the last row has no name */

    for (size_t i = 0; commands[i].name; i++)
        names[i] = commands[i].name;
    near = *given == '-' ? NULL : nearest_name(str_of(given), names);
    if (near)
        return cli_wrong("unknown command \"%s\"; did you mean \"%s\"?", given, near);
    return cli_wrong("unknown command \"%s\"; see `storehook --help`", given);
}

static int run(int argc, char **argv)
{
    const char *given = argc > 1 ? argv[1] : NULL;
    struct cli cli;
    int code;

    if (!given) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(given, "--help") == 0 || strcmp(given, "-h") == 0 || strcmp(given, "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(given, "--version") == 0) {
        puts("storehook " STOREHOOK_VERSION);
        return EXIT_DONE;
    }
    for (const struct cli_command *c = commands; c->name; c++)
        if (strcmp(c->name, given) == 0) {
            enum err err = cli_init(&cli);

            code = err ? cli_fail("STOREHOOK_SECRET: %s", err_text(err)) : c->run(&cli, argc - 1, argv + 1);
            cli_release(&cli);
            return code;
        }
    return unknown_command(given);
}

int main(int argc, char **argv)
{
    int code;

    signal(SIGPIPE, SIG_IGN);
    code = run(argc, argv);
    if (fflush(stdout) && code == EXIT_DONE)
        code = cli_fail("standard output cannot be written");
    return code;
}
