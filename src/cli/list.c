/* list.c -- owns `storehook list`: add, list, show, set, remove. */
#include "cli/list.h"

#include "base/timefmt.h"
#include "cli/commands.h"
#include "cli/contacts.h"
#include "cli/open.h"
#include "cli/table.h"
#include "store/list.h"
#include "store/source.h"

#include <inttypes.h>

enum { ARENA_BYTES = 16 << 20, TITLE_BYTES_MAX = 1000 };

/* What one verb works with. */
struct list_work {
    struct cli *cli;
    struct store *store;
    struct arena arena;
};

static int work_open(struct list_work *w, struct cli *cli)
{
    *w = (struct list_work){.cli = cli};
    arena_init(&w->arena, ARENA_BYTES);
    return cli_open_store(cli, &w->store);
}

static void work_close(struct list_work *w)
{
    arena_release(&w->arena);
    store_close(w->store);
}

static const char *kind_name(bool is_double)
{
    return is_double ? "double" : "single";
}

/* CLI_GO or the exit code. */
static int read_kind(const char *given, bool *is_double)
{
    *is_double = strcmp(given, "double") == 0;
    if (*is_double || strcmp(given, "single") == 0)
        return CLI_GO;
    return cli_wrong("--opt-in %s: give single (an opt-in counts at once) or double (it waits for a confirmation)", given);
}

static int check_title(const char *title)
{
    if (title && (strlen(title) > TITLE_BYTES_MAX || !str_is_utf8(str_of(title))))
        return cli_wrong("--title: give at most %d bytes of UTF-8", TITLE_BYTES_MAX);
    return CLI_GO;
}

static int fail_list(struct list_work *w, enum err err, const char *name)
{
    switch (err) {
    case ERR_NOT_FOUND:
        return cli_fail("there is no list \"%s\"; `storehook list list` shows all, `storehook list add` makes one", name);
    case ERR_EXISTS:
        return cli_fail("there is a list \"%s\" already; `storehook list set` changes it", name);
    case ERR_RANGE:
        return cli_fail("\"%s\": a list's name has 1 to %d printable bytes, no blank at its ends", name, LIST_NAME_BYTES_MAX);
    default:
        return *db_trouble(w->store->db) ? cli_fail("database: %s", db_trouble(w->store->db)) : cli_fail_why(err, NULL);
    }
}

static int print_list(struct list_work *w, const char *name, const char *done)
{
    struct list_row list;
    enum err err = list_find(w->store, str_of(name), &w->arena, &list);

    if (err)
        return fail_list(w, err, name);
    if (w->cli->json)
        return cli_print_json(json_pack("{ss ss so ss}", "name", name, "opt_in", kind_name(list.is_double), "title",
                                        json_str(list.title), "done", done));
    printf("list \"%s\" %s, opt-in %s\n", name, done, kind_name(list.is_double));
    return EXIT_DONE;
}

static int list_add_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "list add NAME [--opt-in single|double] [--title TEXT]",
        "Makes a list. On a double opt-in list nobody is subscribed before a confirmation: an opt-in makes a contact pending "
        "until\n"
        "an event with a confirmed opt-in or `storehook list confirm` comes. A removed list of the name comes back.",
        "storehook list add newsletter --opt-in double", 1, 1};
    const char *kind = "single", *title = "";
    const struct cli_flag flags[] = {{"opt-in", FLAG_TEXT, &kind, "KIND", "single (default) or double"},
                                     {"title", FLAG_TEXT, &title, "TEXT", "what people call it"},
                                     {0}};
    struct list_work w;
    bool is_double = false;
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code == CLI_GO)
        code = read_kind(kind, &is_double);
    if (code == CLI_GO)
        code = check_title(title);
    if (code != CLI_GO)
        return code;
    code = work_open(&w, cli);
    if (code == CLI_GO) {
        err = list_add(w.store, str_of(argv[0]), str_of(title), is_double);
        code = err ? fail_list(&w, err, argv[0]) : print_list(&w, argv[0], "added");
    }
    work_close(&w);
    return code;
}

static enum err add_row(struct list_work *w, const struct list_row *list, struct table *table, json_t *array)
{
    char members[24], created[TIME_ISO_CHARS + 1];
    uint64_t n = 0;
    enum err err = list_members(w->store, list->name, &n);

    if (err)
        return err;
    time_iso(list->created_at_us, created);
    snprintf(members, sizeof(members), "%" PRIu64, n);
    if (array)
        return json_array_append_new(array, json_pack("{so ss so sI ss}", "name", json_str(list->name), "opt_in",
                                                      kind_name(list->is_double), "title", json_str(list->title), "members",
                                                      (json_int_t)n, "created_at", created))
                   ? ERR_MEMORY
                   : OK;
    return table_add(table,
                     (struct str[]){list->name, str_of(kind_name(list->is_double)), str_of(members), str_of(created), list->title});
}

static int print_lists(struct list_work *w)
{
    static const char *const columns[] = {"LIST", "OPT-IN", "MEMBERS", "CREATED", "TITLE", NULL};
    struct table *table = table_new(columns);
    json_t *array = w->cli->json ? json_array() : NULL;
    struct list_row *lists = NULL;
    size_t n = 0;
    enum err err = table && (array || !w->cli->json) ? list_all(w->store, &w->arena, &lists, &n) : ERR_MEMORY;
    int code = EXIT_DONE;

    for (size_t i = 0; i < n && !err; i++)
        err = add_row(w, &lists[i], table, array);
    if (err)
        code = fail_list(w, err, "");
    else if (array)
        code = cli_print_json(json_incref(array));
    else
        table_show(table);
    json_decref(array);
    table_free(table);
    return code;
}

static int list_list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "list list",
        "Prints all lists. Members are addresses that joined or of which something was said; `list show` counts states.", NULL, 0,
        0};
    struct list_work w;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = work_open(&w, cli);
    if (code == CLI_GO)
        code = print_lists(&w);
    work_close(&w);
    return code;
}

static json_t *counts_json(const struct list_counts *counts)
{
    json_t *object = json_object();

    for (size_t i = 0; object && i < CONSENT__COUNT; i++)
        if (json_object_set_new(object, consent_state_name((enum consent_state)i), json_integer((json_int_t)counts->states[i]))) {
            json_decref(object);
            object = NULL;
        }
    return object;
}

/* The names of the sources whose contacts join it. */
static json_t *sources_json(struct list_work *w, const char *list, enum err *err)
{
    struct source_list sources = {.at = NULL};
    json_t *array = json_array();

    *err = array ? source_list_load(w->store, &sources) : ERR_MEMORY;
    for (size_t i = 0; i < sources.n && !*err; i++)
        if (strcmp(sources.at[i].list, list) == 0 && json_array_append_new(array, json_string(sources.at[i].name)))
            *err = ERR_MEMORY;
    source_list_release(&sources);
    return array;
}

static void print_member(const char *name, struct str value)
{
    printf("%-10s", name);
    text_print(value, false, stdout);
    putchar('\n');
}

static void print_page(const struct list_row *list, const json_t *sources, const struct list_counts *counts)
{
    char time[TIME_ISO_CHARS + 1];
    size_t i;
    json_t *name;

    print_member("list", list->name);
    printf("opt-in    %s", kind_name(list->is_double));
    if (list->kind_from_us)
        printf(" since %s", time_iso(list->kind_from_us, time));
    printf("\ncreated   %s\n", time_iso(list->created_at_us, time));
    if (list->title.len)
        print_member("title", list->title);
    json_array_foreach((json_t *)(uintptr_t)sources, i, name) print_member("source", json_text(name));
    for (size_t s = 0; s < CONSENT__COUNT; s++)
        printf("%-13s %" PRIu64 "\n", consent_state_name((enum consent_state)s), counts->states[s]);
    printf("%-13s %" PRIu64 "\n", "mailable", counts->mailable);
}

static int show(struct list_work *w, const char *name)
{
    struct contact_reader reader;
    struct list_counts counts;
    struct list_row list;
    json_t *sources = NULL;
    int code = EXIT_DONE;
    enum err err = contact_reader_init(&reader, w->cli, w->store);

    if (!err)
        err = list_find(w->store, str_of(name), &w->arena, &list);
    if (!err)
        sources = sources_json(w, name, &err);
    if (!err)
        err = list_count(w->store, list.name, reader.sources, reader.n_sources, &counts);
    if (err)
        code = fail_list(w, err, name);
    else if (w->cli->json)
        code = cli_print_json(json_pack("{ss ss so sO so sI}", "name", name, "opt_in", kind_name(list.is_double), "title",
                                        json_str(list.title), "sources", sources, "counts", counts_json(&counts), "mailable",
                                        (json_int_t)counts.mailable));
    else
        print_page(&list, sources, &counts);
    json_decref(sources);
    contact_reader_release(&reader);
    return code;
}

static int list_show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"list show NAME",
                                         "Prints one list and how many contacts it has in each state. Each contact is derived for "
                                         "it, so on a large list it takes time.",
                                         NULL, 1, 1};
    struct list_work w;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = work_open(&w, cli);
    if (code == CLI_GO)
        code = show(&w, argv[0]);
    work_close(&w);
    return code;
}

static int list_set_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "list set NAME [--opt-in single|double] [--title TEXT]",
        "Changes a list. The kind counts for opt-ins that are received from now on: who is subscribed stays so, who waits for a\n"
        "confirmation still waits.",
        "storehook list set newsletter --opt-in double", 1, 1};
    const char *kind = NULL, *title = NULL;
    const struct cli_flag flags[] = {{"opt-in", FLAG_TEXT, &kind, "KIND", "single or double, from now on"},
                                     {"title", FLAG_TEXT, &title, "TEXT", "what people call it"},
                                     {0}};
    struct list_work w;
    struct str text;
    bool is_double = false;
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code == CLI_GO && !kind && !title)
        code = cli_wrong("give --opt-in or --title; usage: storehook %s", page.usage);
    if (code == CLI_GO && kind)
        code = read_kind(kind, &is_double);
    if (code == CLI_GO)
        code = check_title(title);
    if (code != CLI_GO)
        return code;
    code = work_open(&w, cli);
    if (code == CLI_GO) {
        text = str_of(title);
        err = list_set(w.store, str_of(argv[0]),
                       &(struct list_change){.title = title ? &text : NULL, .is_double = kind ? &is_double : NULL});
        code = err ? fail_list(&w, err, argv[0]) : print_list(&w, argv[0], "is set");
    }
    work_close(&w);
    return code;
}

static int list_remove_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "list remove NAME",
        "Removes a list that no source names. What persons said about it stays with them, so that a later list of the name mails\n"
        "nobody who unsubscribed.",
        NULL, 1, 1};
    struct list_work w;
    struct str source;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    code = work_open(&w, cli);
    if (code == CLI_GO) {
        err = list_remove(w.store, str_of(argv[0]), &w.arena, &source);
        if (err == ERR_EXISTS)
            code = cli_fail("the contacts of source \"%.*s\" join the list \"%s\"; remove that source first", STR_ARG(source),
                            argv[0]);
        else if (err)
            code = fail_list(&w, err, argv[0]);
        else if (cli->json)
            code = cli_print_json(json_pack("{ss ss}", "name", argv[0], "done", "removed"));
        else
            code = printf("list \"%s\" removed\n", argv[0]) < 0 ? cli_fail_why(ERR_IO, NULL) : EXIT_DONE;
    }
    work_close(&w);
    return code;
}

static const struct cli_command verbs[] = {
    {"add", list_add_verb, "makes a list", NULL},
    {"list", list_list_verb, "prints all lists", NULL},
    {"show", list_show_verb, "prints one list and counts its contacts by state", NULL},
    {"set", list_set_verb, "changes kind or title", NULL},
    {"remove", list_remove_verb, "removes a list that no source names", NULL},
    {"subscribe", list_subscribe_verb, "notes that a person opted in", NULL},
    {"unsubscribe", list_unsubscribe_verb, "notes that a person wants no more mail", NULL},
    {"confirm", list_confirm_verb, "notes that a person confirmed an opt-in", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_list(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "list", verbs, argc, argv);
}
