/* flags.c -- owns the reading of a command's flags, its help, and the configuration that they lead to. */
#include "cli/cli.h"

#include "base/log.h"
#include "base/problems.h"
#include "base/setting.h"
#include "engine/state.h"

#include <getopt.h>
#include <unistd.h>

enum { FLAGS_MAX = 32, SHARED_FLAGS = 5, WHY_BYTES = 4096 };

/* Values of the flags that every command has. */
struct common {
    const char *dir, *config, *account;
    bool json, help;
};

static void help_flag(const char *name, const char *value, const char *help)
{
    char left[64];

    snprintf(left, sizeof(left), "--%s%s%s", name, value ? " " : "", value ? value : "");
    printf("  %-24s %s\n", left, help);
}

static void print_help(const struct cli_page *page, const struct cli_flag *flags, size_t n)
{
    printf("usage: storehook %s\n\n%s\n\n", page->usage, page->about);
    for (size_t i = 0; i < n; i++)
        help_flag(flags[i].name, flags[i].value, flags[i].help);
    if (page->example)
        printf("\nexample:\n  %s\n", page->example);
}

/* Gathers the command's flags and the common ones. */
static size_t gather(const struct cli_flag *own, struct common *common, struct cli_flag all[FLAGS_MAX])
{
    const struct cli_flag shared[SHARED_FLAGS] = {
        {"dir", FLAG_TEXT, &common->dir, "DIR", "directory of state; DIR/storehook.ini is read when it is there"},
        {"config", FLAG_TEXT, &common->config, "FILE", "configuration file to read instead"},
        {"account", FLAG_TEXT, &common->account, "NAME", "the account to work in (the first one: default)"},
        {"json", FLAG_ON, &common->json, NULL, "print JSON"},
        {"help", FLAG_ON, &common->help, NULL, "print this"},
    };
    size_t n = 0;

    for (; own && own->name && n < FLAGS_MAX - SHARED_FLAGS; own++)
        all[n++] = *own;
    memcpy(&all[n], shared, sizeof(shared));
    return n + SHARED_FLAGS;
}

static int take_number(const struct cli_flag *f, const char *text)
{
    enum err err = f->type == FLAG_MS ? setting_parse_ms(str_of(text), f->to) : str_to_i64(str_of(text), f->to);

    if (!err)
        return CLI_GO;
    return cli_wrong("--%s must be %s, not \"%s\"", f->name,
                     f->type == FLAG_MS ? "a time with its unit, such as 250ms, 10s, 5m or 1h" : "a whole number", text);
}

static int take_flag(const struct cli_flag *f, const char *text)
{
    struct flag_values *each = f->to;

    switch (f->type) {
    case FLAG_ON:
        *(bool *)f->to = true;
        return CLI_GO;
    case FLAG_TEXT:
        *(const char **)f->to = text;
        return CLI_GO;
    case FLAG_EACH:
        if (each->n == FLAG_VALUES_MAX)
            return cli_wrong("--%s is given more than %d times", f->name, FLAG_VALUES_MAX);
        each->at[each->n++] = text;
        return CLI_GO;
    case FLAG_INT:
    case FLAG_MS:
        return take_number(f, text);
    }
    return CLI_GO;
}

/* getopt has stopped at argv[optind - 1]: an unknown flag, an abbreviation, or one without its value. */
static int bad_flag(const struct cli_page *page, const struct cli_flag *flags, size_t n, const char *given, bool lacks_value)
{
    const char *names[FLAGS_MAX + 1] = {NULL}, *near;
    struct str name = str_of(given);
    int command = (int)strcspn(page->usage, " [");

    while (name.len && *name.p == '-')
        name = str_from(name, 1);
    name = str_upto(name, str_find(name, '='));
    if (lacks_value)
        return cli_wrong("--%.*s needs a value; see `storehook %.*s --help`", STR_ARG(name), command, page->usage);
    for (size_t i = 0; i < n; i++)
        names[i] = flags[i].name;
    near = nearest_name(name, names);
    if (near && !str_eq(str_of(near), name))
        return cli_wrong("unknown flag %.*s; did you mean --%s?", STR_ARG(str_upto(str_of(given), str_find(str_of(given), '='))),
                         near);
    if (near)
        return cli_wrong("--%s takes no value", near);
    return cli_wrong("unknown flag %s; see `storehook %.*s --help`", given, command, page->usage);
}

static int read_flags(const struct cli_page *page, const struct cli_flag *flags, size_t n, int argc, char **argv)
{
    struct option options[FLAGS_MAX + 1] = {{0}};
    int at = 0, code = CLI_GO;

    for (size_t i = 0; i < n; i++)
        options[i] = (struct option){flags[i].name, flags[i].type == FLAG_ON ? no_argument : required_argument, NULL, 0};
    optind = 0; /* a fresh start, also for a second call in one process */
    opterr = 0;
    while (code == CLI_GO) {
        int c = getopt_long(argc, argv, ":h", options, &at);

        if (c == -1)
            break;
        if (c == 'h') {
            *(bool *)flags[n - 1].to = true;
            continue;
        }
        code = c == 0 ? take_flag(&flags[at], optarg) : bad_flag(page, flags, n, argv[optind - 1], c == ':');
    }
    return code;
}

static int load_config(struct cli *cli, const struct common *common)
{
    const char *dir = common->dir ? common->dir : setting_row(SET_DIR)->fallback;
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err;

    if (!*dir) /* as with a shell's variable that is not set: not the root of the file system */
        return cli_wrong("--dir is empty; name the directory of state, such as --dir var");
    err = buf_printf(&cli->path, "%s/storehook.ini", dir);
    cli->dir = common->dir;
    cli->file = common->config;
    if (!err && !cli->file && access(buf_text(&cli->path), F_OK) == 0)
        cli->file = buf_text(&cli->path);
    if (!err)
        err = config_load(cli->file, &cli->cfg, &why);
    if (!err && common->dir)
        err = config_set(cli->cfg, SET_DIR, str_of(common->dir), &why);
    if (err)
        cli_fail_why(err, &why);
    buf_release(&why);
    return err ? EXIT_FAILED : CLI_GO;
}

/* A running `up` may have given its queue a shorter name than the configured one. */
static void find_queue(struct cli *cli)
{
    struct buf url = BUF_INIT(WHY_BYTES), why = BUF_INIT(WHY_BYTES);
    const char *usual = setting_row(SET_REDIS_URL)->fallback;

    if (strcmp(config_text(cli->cfg, SET_REDIS_URL), usual) == 0 && state_read(cli->cfg, STATE_REDIS_URL, &url) == OK)
        cli->queue_noted = config_set(cli->cfg, SET_REDIS_URL, buf_str(&url), &why) == OK;
    buf_release(&url);
    buf_release(&why);
}

static void apply_config(struct cli *cli, const char *usage)
{
    const char *clock_file = config_text(cli->cfg, SET_CLOCK_FILE);
    enum log_level level = LOG_INFO;

    if (*clock_file) {
        cli->clock_of_file = clock_from_file(clock_file);
        cli->clock = &cli->clock_of_file;
    }
    if (log_level_parse(str_of(config_text(cli->cfg, SET_LOG_LEVEL)), &level))
        level = LOG_INFO; /* the settings table lets no other word in */
    find_queue(cli);
    snprintf(cli->role, sizeof(cli->role), "%.*s", (int)strcspn(usage, " "), usage);
    log_setup(level, cli->role);
}

static int check_arguments(const struct cli_page *page, int n, char **arguments)
{
    if (n < page->least)
        return cli_wrong("an argument is missing; usage: storehook %s", page->usage);
    if (n > page->most)
        return cli_wrong("unexpected argument \"%s\"; usage: storehook %s", arguments[page->most], page->usage);
    return CLI_GO;
}

int cli_parse(struct cli *cli, const struct cli_page *page, const struct cli_flag *flags, int *argc, char ***argv)
{
    struct common common = {.dir = NULL};
    struct cli_flag all[FLAGS_MAX];
    size_t n = gather(flags, &common, all);
    int code = read_flags(page, all, n, *argc, *argv);

    if (code != CLI_GO)
        return code;
    if (common.help) {
        print_help(page, all, n);
        return EXIT_DONE;
    }
    *argc -= optind;
    *argv += optind;
    code = check_arguments(page, *argc, *argv);
    cli->json = common.json;
    cli->account = common.account;
    if (code == CLI_GO && (code = load_config(cli, &common)) == CLI_GO)
        apply_config(cli, page->usage);
    return code;
}
