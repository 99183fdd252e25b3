/* notice.c -- owns `storehook notice`: list, show, replay and drop; targets and the test have files of their own. */
#include "cli/notice.h"

#include "base/timefmt.h"
#include "cli/commands.h"
#include "cli/table.h"

enum { LIST_DEFAULT = 100, LIST_MAX = 100000, ARENA_BYTES = 256 << 20, WHY_BYTES = 1024 };

int notice_desk_fail(const struct notice_desk *desk, enum err err)
{
    return err == ERR_MEMORY ? cli_fail_why(err, NULL) : cli_fail("database: %s", db_trouble(desk->store->db));
}

static int find_target(struct notice_desk *desk, const char *name)
{
    enum err err = notice_target_find(desk->store, str_of(name), &desk->arena, &desk->target);

    if (err == ERR_NOT_FOUND)
        return cli_fail("there is no target \"%s\"; `storehook notice target list` shows those there are", name);
    return err ? notice_desk_fail(desk, err) : CLI_GO;
}

int notice_desk_open(struct cli *cli, const char *target, int flags, struct notice_desk *desk)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    int code = CLI_GO;
    enum err err = notify_rules(cli->cfg, &desk->guard, &desk->options, &why);

    arena_init(&desk->arena, ARENA_BYTES);
    if (err)
        code = cli_fail_why(err, &why);
    if (code == CLI_GO)
        code = cli_open_store(cli, &desk->store);
    if (code == CLI_GO && flags & DESK_SEAL)
        code = cli_open_seal(cli, desk->store, &desk->seal);
    if (code == CLI_GO && target)
        code = find_target(desk, target);
    buf_release(&why);
    return code;
}

void notice_desk_close(struct notice_desk *desk)
{
    seal_free(desk->seal);
    store_close(desk->store);
    arena_release(&desk->arena);
}

/* --- list --------------------------------------------------------------------------------------------------------------- */

static json_t *describe(const struct notice_row *row)
{
    bool waits = row->state == NOTICE_WAITING;

    return json_pack("{so so so ss so so so sI so sb so so so}", "id", json_str(row->id), "type", json_str(row->type), "target",
                     json_str(row->target), "state", notice_state_names[row->state], "contact_id",
                     row->contact_id.len ? json_str(row->contact_id) : json_null(), "made_at", json_time(row->made_at_us),
                     "ended_at", json_time(row->ended_at_us), "failed_attempts", (json_int_t)row->attempts, "next_attempt_at",
                     waits ? json_time(row->due_us) : json_null(), "in_work", (int)(waits && row->in_work), "last_status",
                     row->last_status ? json_integer(row->last_status) : json_null(), "last_error",
                     row->last_error.len ? json_str(row->last_error) : json_null(), "address",
                     row->address.len ? json_str(row->address) : json_null());
}

static enum err add_row(struct table *t, const struct notice_row *row)
{
    char made[TIME_ISO_CHARS + 1], next[TIME_ISO_CHARS + 1], failed[24];

    time_iso(row->made_at_us - row->made_at_us % US_PER_S, made);
    time_iso(row->due_us - row->due_us % US_PER_S, next);
    snprintf(failed, sizeof(failed), "%lld", (long long)row->attempts);
    return table_add(t, (const struct str[]){row->id, row->type, row->target, str_of(notice_state_names[row->state]), str_of(made),
                                             row->state != NOTICE_WAITING ? STR("-")
                                             : row->in_work               ? STR("under way")
                                                                          : str_of(next),
                                             str_of(failed), row->last_error});
}

static int print_table(const struct notice_row *rows, size_t n)
{
    static const char *const columns[] = {"ID", "TYPE", "TARGET", "STATE", "MADE", "NEXT", "FAILED", "LAST ERROR", NULL};
    struct table *t = table_new(columns);
    enum err err = t ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++)
        err = add_row(t, &rows[i]);
    if (!err && n)
        table_show(t);
    else if (!err)
        puts("no notices");
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static json_t *describe_all(const struct notice_row *rows, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n && array; i++)
        if (json_array_append_new(array, describe(&rows[i]))) {
            json_decref(array);
            array = NULL;
        }
    return array;
}

/* CLI_GO, or the exit code when the word is no state. */
static int parse_state(const char *word, int *out)
{
    *out = -1;
    for (int i = 0; word && i < NOTICE_STATES; i++)
        if (strcmp(word, notice_state_names[i]) == 0)
            *out = i;
    return word && *out < 0 ? cli_wrong("--state must be waiting, delivered or dead, not \"%s\"", word) : CLI_GO;
}

static int notice_list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"notice list [--state STATE] [--target NAME] [--max N]",
                                         "Prints notices and what became of them, one line for each target; the oldest first.",
                                         "storehook notice list --state dead", 0, 0};
    const char *state = NULL, *target = NULL;
    int64_t max = LIST_DEFAULT;
    const struct cli_flag flags[] = {
        {"state", FLAG_TEXT, &state, "STATE", "only those that are waiting, delivered or dead"},
        {"target", FLAG_TEXT, &target, "NAME", "only those for this target"},
        {"max", FLAG_INT, &max, "N", "at most so many (default 100)"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct notice_desk desk = {.store = NULL};
    struct notice_choice choice = {.state = -1};
    struct notice_row *rows = NULL;
    size_t n = 0;
    enum err err;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && (max < 1 || max > LIST_MAX))
        code = cli_wrong("--max must be between 1 and %d", LIST_MAX);
    if (code == CLI_GO)
        code = parse_state(state, &choice.state);
    if (code != CLI_GO)
        return code;
    code = notice_desk_open(cli, target, 0, &desk);
    choice.target_id = desk.target.id;
    if (code == CLI_GO) {
        err = notice_list(desk.store, &choice, (size_t)max, &desk.arena, &rows, &n);
        code = err ? notice_desk_fail(&desk, err) : cli->json ? cli_print_json(describe_all(rows, n)) : print_table(rows, n);
    }
    notice_desk_close(&desk);
    return code;
}

/* --- show --------------------------------------------------------------------------------------------------------------- */

static int print_one(const struct notice_row *rows, size_t n)
{
    struct buf body = BUF_INIT(8 * NOTICE_BODY_MAX);
    int code = print_table(rows, n);

    if (code == EXIT_DONE && text_escape(rows[0].body, true, &body))
        code = cli_fail_why(ERR_MEMORY, NULL);
    if (code == EXIT_DONE)
        printf("\n%s\n", buf_text(&body));
    buf_release(&body);
    return code;
}

static json_t *describe_one(const struct notice_row *rows, size_t n)
{
    json_t *body = NULL;

    if (json_parse(rows[0].body, &body, NULL))
        body = json_str(rows[0].body);
    return json_pack("{so so so so}", "id", json_str(rows[0].id), "type", json_str(rows[0].type), "deliveries",
                     describe_all(rows, n), "body", body);
}

/* An id as a person may have copied it: nothing else is looked for. */
static int no_such(const char *id)
{
    return cli_fail("there is no notice \"%s\"; `storehook notice list` shows those there are", id);
}

static int notice_show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"notice show ID", "Prints one notice: what became of it at each target, and its body.",
                                         "storehook notice show msg_0617e9f0a1b2c3d4e5f60718293a4b5c", 1, 1};
    struct notice_desk desk = {.store = NULL};
    struct notice_row *rows = NULL;
    size_t n = 0;
    enum err err;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = notice_desk_open(cli, NULL, 0, &desk);
    if (code == CLI_GO) {
        err = notice_get(desk.store, str_of(argv[0]), &desk.arena, &rows, &n);
        code = err == ERR_NOT_FOUND ? no_such(argv[0])
               : err                ? notice_desk_fail(&desk, err)
               : cli->json          ? cli_print_json(describe_one(rows, n))
                                    : print_one(rows, n);
    }
    notice_desk_close(&desk);
    return code;
}

/* --- replay, drop ------------------------------------------------------------------------------------------------------- */

/* What is done with the choice, and the word for it. */
struct deed {
    enum err (*run)(struct store *store, const struct notice_choice *choice, int64_t *n);
    const char *word;
    bool takes_state;
};

static int run_deed(struct cli *cli, const struct deed *deed, const char *target, struct notice_choice *choice, int argc,
                    char **argv)
{
    struct notice_desk desk = {.store = NULL};
    int64_t done = 0, n = 0;
    int code = notice_desk_open(cli, target, 0, &desk);
    enum err err = OK;

    choice->target_id = desk.target.id;
    for (int i = 0; code == CLI_GO && i < (argc ? argc : 1) && !err; i++) {
        choice->id = argc ? str_of(argv[i]) : STR_NONE;
        err = deed->run(desk.store, choice, &n);
        done += n;
        if (!err && argc && n == 0)
            code = cli_fail("there is no%s notice \"%s\" to be %s%s", deed->takes_state ? "" : " dead", argv[i], deed->word,
                            deed->takes_state ? "" : "; one that waits is tried by itself");
    }
    if (code == CLI_GO && err)
        code = notice_desk_fail(&desk, err);
    notice_desk_close(&desk);
    if (code != CLI_GO)
        return code;
    if (cli->json)
        return cli_print_json(json_pack("{sI}", deed->word, (json_int_t)done));
    printf("%lld %s\n", (long long)done, deed->word);
    return EXIT_DONE;
}

static int deed_verb(struct cli *cli, const struct cli_page *page, const struct deed *deed, int argc, char **argv)
{
    const char *target = NULL, *state = NULL;
    bool all = false;
    struct notice_choice choice = {.state = NOTICE_DEAD};
    const struct cli_flag flags[] = {
        {"target", FLAG_TEXT, &target, "NAME", "those for this target"},
        {"all", FLAG_ON, &all, NULL, "those for every target"},
        {deed->takes_state ? "state" : NULL, FLAG_TEXT, &state, "STATE", "waiting or delivered ones instead of dead ones"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    int code = cli_parse(cli, page, flags, &argc, &argv);

    if (code == CLI_GO && argc == 0 && !all && !target)
        code = cli_wrong("say which: an id, --target or --all");
    if (code == CLI_GO && argc && all)
        code = cli_wrong("give ids, or --all, not both");
    if (code == CLI_GO && state)
        code = parse_state(state, &choice.state);
    return code == CLI_GO ? run_deed(cli, deed, target, &choice, argc, argv) : code;
}

static int notice_replay_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "notice replay [ID]... [--target NAME] [--all]",
        "Sends dead notices again, with all their attempts before them and under their old ids.\n"
        "An id alone is sent again to each target where it is dead; with --target to that one alone.",
        "storehook notice replay --target crm", 0, 1000};
    static const struct deed deed = {.run = notice_replay, .word = "replayed", .takes_state = false};

    return deed_verb(cli, &page, &deed, argc, argv);
}

static int notice_drop_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"notice drop [ID]... [--target NAME] [--all] [--state STATE]",
                                         "Forgets notices for good: the dead ones, or those of --state; by id in whatever state.",
                                         "storehook notice drop --target crm", 0, 1000};
    static const struct deed deed = {.run = notice_drop, .word = "dropped", .takes_state = true};

    return deed_verb(cli, &page, &deed, argc, argv);
}

static const struct cli_command verbs[] = {
    {"target", notice_target_verbs, "says where notices go", NULL},
    {"test", notice_test_verb, "sends a test notice to a target and tells what came back", NULL},
    {"send", notice_send_verb, "makes notices of the lines of a file", NULL},
    {"list", notice_list_verb, "prints notices and what became of them", NULL},
    {"show", notice_show_verb, "prints one with its body", NULL},
    {"replay", notice_replay_verb, "sends dead ones again", NULL},
    {"drop", notice_drop_verb, "forgets them", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_notice(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "notice", verbs, argc, argv);
}
