/* config.c -- owns `storehook config`: shows, checks and samples the settings. */
#include "cli/commands.h"

enum { TEXT_BYTES_MAX = 1 << 20 };

static int print_text(enum err err, struct buf *text)
{
    if (!err && fwrite(buf_text(text), 1, text->len, stdout) != text->len)
        err = ERR_IO;
    buf_release(text);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int config_show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"config show", "Prints every setting in force, and where its value is from.",
                                         "storehook config show --dir var", 0, 0};
    struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    return code == CLI_GO ? print_text(config_show(cli->cfg, cli->json, &text), &text) : code;
}

static int config_check_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"config check",
                                         "Reads the configuration as a start would; says the first thing that is wrong.",
                                         "storehook config check --config storehook.ini", 0, 0};
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    if (cli->json)
        return cli_print_json(json_pack("{sb ss}", "ok", 1, "file", cli->file ? cli->file : ""));
    printf("%s: ok\n", cli->file ? cli->file : "defaults and environment");
    return EXIT_DONE;
}

static int config_sample_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "config sample",
        "Prints a configuration file with every setting, its default and its meaning; with --json a list of the settings.",
        "storehook config sample > storehook.ini", 0, 0};
    struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    return code == CLI_GO ? print_text(config_sample(cli->json, &text), &text) : code;
}

static const struct cli_command verbs[] = {
    {"show", config_show_verb, "prints every setting in force", NULL},
    {"check", config_check_verb, "says whether the configuration is right", NULL},
    {"sample", config_sample_verb, "prints a configuration file to start from", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_config(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "config", verbs, argc, argv);
}
