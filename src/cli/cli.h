/* cli.h -- owns what every command shares: its configuration, flags, help, output, and the way it says that something is wrong. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "base/secret.h"

/* Exit codes: done; it failed, one line on stderr says what and what to do; wrong usage. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* What a command works with. Filled by cli_parse. */
struct cli {
    struct config *cfg; /* owned; NULL before cli_parse */
    const char *dir;    /* --dir, NULL when not given; cfg has the directory in force */
    const char *file;   /* the configuration file that was read, NULL when none */
    struct buf path;    /* holds `file` when it was found below the directory */
    char role[16];      /* the command's first word, for the log */
    bool json;
    const char *account; /* --account, NULL when not given */
    const struct clock *clock;
    struct clock clock_of_file;
    bool queue_noted;      /* redis.url is what a running `up` has noted, not what is configured */
    struct secret *secret; /* of the environment's STOREHOOK_SECRET; owned, NULL when it is not set */
};

/* Takes STOREHOOK_SECRET out of the environment, so that no child inherits it. */
enum err cli_init(struct cli *cli) MUST_CHECK;
void cli_release(struct cli *cli);

/* A command, or one verb of a command. */
struct cli_command {
    const char *name;
    int (*run)(struct cli *cli, int argc, char **argv); /* argv[0] is the name */
    const char *help, *group;
};
/* Finds argv[0] among the verbs (a row without a name ends them) and runs it. `of` is the command, for help and messages. */
int cli_dispatch(struct cli *cli, const char *of, const struct cli_command *verbs, int argc, char **argv);

enum flag_type { FLAG_ON, FLAG_TEXT, FLAG_INT, FLAG_MS, FLAG_EACH };
enum { FLAG_VALUES_MAX = 64 };
struct flag_values {
    const char *at[FLAG_VALUES_MAX];
    size_t n;
};
/* One flag of one command; a row without a name ends the list. */
struct cli_flag {
    const char *name; /* without the dashes */
    enum flag_type type;
    void *to;          /* ON: bool; TEXT: const char *; INT: int64_t; MS: int64_t; EACH (may be repeated): struct flag_values */
    const char *value; /* its name in the help, NULL for ON */
    const char *help;
};
struct cli_page {
    const char *usage;   /* "source add PLATFORM --name NAME [...]" */
    const char *about;   /* one or more sentences */
    const char *example; /* NULL when the usage says it all */
    int least, most;     /* arguments that are no flags */
};
enum { CLI_GO = -1 };
/*
 * Reads the flags, those that all commands have (--dir, --config, --account, --json, --help) included, and loads the configuration.
 * Afterwards *argc and *argv are the arguments that are no flags. Returns CLI_GO, or the exit code when the command is over
 * (help was printed, wrong usage, broken configuration).
 */
int cli_parse(struct cli *cli, const struct cli_page *page, const struct cli_flag *flags, int *argc, char ***argv);

/* "storehook: what is wrong; what to do" on stderr. Return the exit code. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* cli_fail with what a function left in `why`, or the error's text when it left nothing. */
int cli_fail_why(enum err err, const struct buf *why);

/* Prints a JSON value (indented) and a newline on stdout. Takes `value`; NULL means that memory is out. */
int cli_print_json(json_t *value);
/*
 * Asks for a secret on the terminal, twice, without echo. Returns owned.
 * ERR_NOT_FOUND when stdin is no terminal, ERR_RANGE when it is empty or longer than 4096 bytes, ERR_EXISTS when the two differ.
 * A signal ends the program as ever, after the terminal shows again what is typed.
 */
enum err cli_ask_secret(const char *question, struct secret **out) MUST_CHECK;

#endif
