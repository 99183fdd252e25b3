/* fetch.c -- owns `storehook fetch`: the objects that are to be fetched. */
#include "base/timefmt.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "cli/table.h"
#include "store/fetch.h"
#include "store/source.h"

enum { LIST_DEFAULT = 100, LIST_MAX = 100000, ARENA_BYTES = 256 << 20 };

/* What is listed. */
struct listing {
    struct store *store;
    struct arena arena;
    struct source_list sources; /* those that are not removed */
    struct fetch_task *tasks;
    size_t n;
};

static struct str source_name(const struct listing *l, int64_t id)
{
    for (size_t i = 0; i < l->sources.n; i++)
        if (l->sources.at[i].id == id)
            return str_of(l->sources.at[i].name);
    return STR("(removed)");
}

static const char *state_of(const struct fetch_task *task)
{
    return task->gone_at_us ? "gone" : task->attempts ? "failing" : "waiting";
}

static enum err add_row(const struct listing *l, const struct fetch_task *task, struct table *t)
{
    char wanted[TIME_ISO_CHARS + 1], due[TIME_ISO_CHARS + 1], attempts[24];

    time_iso(task->wanted_at_us - task->wanted_at_us % US_PER_S, wanted);
    time_iso(task->due_at_us - task->due_at_us % US_PER_S, due);
    snprintf(attempts, sizeof(attempts), "%lld", (long long)task->attempts);
    return table_add(t, (const struct str[]){source_name(l, task->source_id), task->object, task->id, str_of(state_of(task)),
                                             str_of(wanted), task->gone_at_us ? STR("-") : str_of(due), str_of(attempts),
                                             task->last_error});
}

static int print_table(const struct listing *l)
{
    static const char *const columns[] = {"SOURCE", "OBJECT", "ID", "STATE", "WANTED", "DUE", "FAILED", "LAST ERROR", NULL};
    struct table *t = table_new(columns);
    enum err err = t ? OK : ERR_MEMORY;

    for (size_t i = 0; i < l->n && !err; i++)
        err = add_row(l, &l->tasks[i], t);
    if (!err && l->n)
        table_show(t);
    else if (!err)
        puts("nothing is to be fetched");
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static json_t *task_json(const struct listing *l, const struct fetch_task *task)
{
    char wanted[TIME_ISO_CHARS + 1], due[TIME_ISO_CHARS + 1], gone[TIME_ISO_CHARS + 1];

    return json_pack("{so so so ss ss ss sI so ss*}", "source", json_str(source_name(l, task->source_id)), "object",
                     json_str(task->object), "id", json_str(task->id), "state", state_of(task), "wanted_at",
                     time_iso(task->wanted_at_us, wanted), "due_at", time_iso(task->due_at_us, due), "attempts",
                     (json_int_t)task->attempts, "last_error", json_str(task->last_error), "gone_at",
                     task->gone_at_us ? time_iso(task->gone_at_us, gone) : NULL);
}

static int print_json(const struct listing *l)
{
    json_t *list = json_array();

    for (size_t i = 0; i < l->n; i++)
        if (json_array_append_new(list, task_json(l, &l->tasks[i]))) {
            json_decref(list);
            return cli_fail_why(ERR_MEMORY, NULL);
        }
    return cli_print_json(list);
}

/* 0 in *id: all sources. */
static int find_source(const struct listing *l, const char *name, int64_t *id)
{
    *id = 0;
    for (size_t i = 0; name && i < l->sources.n; i++)
        if (strcmp(l->sources.at[i].name, name) == 0)
            *id = l->sources.at[i].id;
    if (name && *id == 0)
        return cli_fail("there is no source \"%s\"; `storehook source list` shows those there are", name);
    return CLI_GO;
}

static int list(struct cli *cli, struct listing *l, const char *source, size_t max)
{
    int64_t id = 0;
    enum err err = source_list_load(l->store, &l->sources);
    int code = err ? cli_fail_why(err, NULL) : find_source(l, source, &id);

    if (code != CLI_GO)
        return code;
    err = fetch_list(l->store, id, max, &l->arena, &l->tasks, &l->n);
    if (err)
        return cli_fail_why(err, NULL);
    return cli->json ? print_json(l) : print_table(l);
}

static int fetch_list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "fetch list [--source NAME] [--max N]",
        "Prints the objects that deliveries told to fetch and that did not come yet, the longest due\n"
        "first, and for 30 days those that the platform no longer has.",
        "storehook fetch list --source \"my shop\"", 0, 0};
    const char *source = NULL;
    int64_t max = LIST_DEFAULT;
    const struct cli_flag flags[] = {
        {"source", FLAG_TEXT, &source, "NAME", "only those of this source"},
        {"max", FLAG_INT, &max, "N", "at most so many (default 100)"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct listing l = {.store = NULL};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && (max < 1 || max > LIST_MAX))
        code = cli_wrong("--max must be between 1 and %d", LIST_MAX);
    if (code != CLI_GO)
        return code;
    arena_init(&l.arena, ARENA_BYTES);
    code = cli_open_store(cli, &l.store);
    if (code == CLI_GO)
        code = list(cli, &l, source, (size_t)max);
    source_list_release(&l.sources);
    arena_release(&l.arena);
    store_close(l.store);
    return code;
}

static const struct cli_command verbs[] = {
    {"list", fetch_list_verb, "prints the objects that are to be fetched", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_fetch(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "fetch", verbs, argc, argv);
}
