/* dead.c -- owns `storehook dead`: list, replay, drop. */
#include "cli/dead.h"

#include "base/timefmt.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "store/parked.h"

enum { LIST_MAX_DEFAULT = 100, LIST_MAX = 100000, NAME_BYTES = 4096 };

static int add_row(struct dead_walk *walk, const struct dead_letter *letter, void *arg)
{
    char when[TIME_ISO_CHARS + 1];
    struct buf name = BUF_INIT(NAME_BYTES);
    enum err err = dead_source_name(walk, letter, &name);

    time_iso(letter->died_at_us - letter->died_at_us % US_PER_S, when);
    if (!err)
        err = table_add(arg, (const struct str[]){letter->dead_id, str_of(when), buf_str(&name), letter->entry.topic,
                                                  letter->reason, letter->detail});
    buf_release(&name);
    return err ? cli_fail_why(err, NULL) : CLI_GO;
}

static int add_object(struct dead_walk *walk, const struct dead_letter *letter, void *arg)
{
    return json_array_append_new(arg, dead_describe(walk, letter)) ? cli_fail_why(ERR_MEMORY, NULL) : CLI_GO;
}

static int list_table(struct dead_walk *walk, size_t max)
{
    static const char *const columns[] = {"ID", "WHEN", "SOURCE", "TOPIC", "REASON", "DETAIL", NULL};
    struct table *t = table_new(columns);
    int code = t ? dead_each(walk, max, add_row, t) : cli_fail_why(ERR_MEMORY, NULL);

    if (code == CLI_GO && table_rows(t))
        table_show(t);
    else if (code == CLI_GO)
        puts("no dead letters");
    table_free(t);
    return code == CLI_GO ? EXIT_DONE : code;
}

static int list_json(struct dead_walk *walk, size_t max)
{
    json_t *array = json_array();
    int code = array ? dead_each(walk, max, add_object, array) : cli_fail_why(ERR_MEMORY, NULL);

    if (code == CLI_GO)
        return cli_print_json(array);
    json_decref(array);
    return code;
}

static int dead_list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"dead list [--reason REASON] [--source NAME] [--max N]",
                                         "Prints the entries that could not be applied, and why; the oldest first.",
                                         "storehook dead list --reason invalid_email", 0, 0};
    struct dead_choice choice = {.all = true};
    int64_t max = LIST_MAX_DEFAULT;
    const struct cli_flag flags[] = {
        {"reason", FLAG_TEXT, &choice.reason, "REASON", "only those with this reason"},
        {"source", FLAG_TEXT, &choice.source, "NAME", "only those of this source"},
        {"max", FLAG_INT, &max, "N", "at most so many (default 100)"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct dead_walk walk;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && (max < 1 || max > LIST_MAX))
        code = cli_wrong("--max must be between 1 and %d", LIST_MAX);
    if (code != CLI_GO)
        return code;
    code = dead_open(cli, &choice, &walk);
    if (code == CLI_GO)
        code = cli->json ? list_json(&walk, (size_t)max) : list_table(&walk, (size_t)max);
    dead_close(&walk);
    return code;
}

/* What is done with each letter, and the word for it. */
struct deed {
    enum err (*run)(struct stream *s, const struct dead_letter *letter, bool fire);
    bool fire;   /* triggers fire for what is replayed */
    bool is_end; /* who waited with the letter for room waits no longer */
    const char *word;
    size_t done;
};

static int run_deed(struct dead_walk *walk, const struct dead_letter *letter, void *arg)
{
    struct deed *deed = arg;
    enum err err = deed->run(walk->stream, letter, deed->fire);

    if (err == ERR_NOT_FOUND) /* another command was faster */
        return CLI_GO;
    if (!err && deed->is_end)
        err = parked_forget(walk->store, letter->entry.id);
    if (err)
        return cli_fail("after %zu: %s", deed->done, err_text(err));
    deed->done++;
    return CLI_GO;
}

static int run_one(struct dead_walk *walk, const char *id, struct deed *deed)
{
    struct dead_letter letter;
    int code = dead_find(walk, id, &letter);

    return code == CLI_GO ? run_deed(walk, &letter, deed) : code;
}

/* replay and drop differ in the deed, and in what it can be told. */
static int deed_verb(struct cli *cli, const struct cli_page *page, struct deed deed, int argc, char **argv)
{
    struct dead_choice choice = {.all = false};
    const struct cli_flag flags[] = {
        {"reason", FLAG_TEXT, &choice.reason, "REASON", "all with this reason"},
        {"source", FLAG_TEXT, &choice.source, "NAME", "all of this source"},
        {"all", FLAG_ON, &choice.all, NULL, "all of them"},
        {deed.run == stream_dead_replay ? "fire-triggers" : NULL, FLAG_ON, &deed.fire, NULL,
         "triggers fire for them, once (default: none)"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct dead_walk walk;
    int code = cli_parse(cli, page, flags, &argc, &argv);

    if (code == CLI_GO && argc == 0 && !choice.all && !choice.reason && !choice.source)
        code = cli_wrong("say which: an id, --reason, --source or --all");
    if (code == CLI_GO && argc && (choice.all || choice.reason || choice.source))
        code = cli_wrong("give ids, or --reason, --source and --all, not both");
    if (code != CLI_GO)
        return code;
    code = dead_open(cli, &choice, &walk);
    for (int i = 0; i < argc && code == CLI_GO; i++)
        code = run_one(&walk, argv[i], &deed);
    if (code == CLI_GO && argc == 0)
        code = dead_each(&walk, 0, run_deed, &deed);
    dead_close(&walk);
    if (code != CLI_GO)
        return code;
    if (cli->json)
        return cli_print_json(json_pack("{sI}", deed.word, (json_int_t)deed.done));
    printf("%zu %s\n", deed.done, deed.word);
    return EXIT_DONE;
}

static int dead_replay_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "dead replay [ID]... [--reason REASON] [--source NAME] [--all] [--fire-triggers]",
        "Puts dead letters back into their lane, to be applied again. What cannot be applied again becomes a dead letter again.\n"
        "A letter may be old, so triggers do not fire for it unless --fire-triggers says so.",
        "storehook dead replay --reason unknown_topic", 0, 1000};

    return deed_verb(cli, &page, (struct deed){.run = stream_dead_replay, .word = "replayed"}, argc, argv);
}

static enum err drop(struct stream *s, const struct dead_letter *letter, bool fire)
{
    (void)fire;
    return stream_dead_drop(s, letter);
}

static int dead_drop_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"dead drop [ID]... [--reason REASON] [--source NAME] [--all]",
                                         "Forgets dead letters for good.", "storehook dead drop 0:1714641068000-0", 0, 1000};

    return deed_verb(cli, &page, (struct deed){.run = drop, .is_end = true, .word = "dropped"}, argc, argv);
}

static const struct cli_command verbs[] = {
    {"list", dead_list_verb, "prints what could not be applied, and why", NULL},
    {"show", dead_show_verb, "prints one with its headers and body", NULL},
    {"replay", dead_replay_verb, "applies them again", NULL},
    {"drop", dead_drop_verb, "forgets them", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_dead(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "dead", verbs, argc, argv);
}
