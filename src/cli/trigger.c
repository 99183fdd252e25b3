/* trigger.c -- owns `storehook trigger`: list, enable, disable, remove, kinds, cycles. */
#include "cli/trigger.h"

#include "base/problems.h"
#include "base/timefmt.h"
#include "cli/commands.h"
#include "cli/table.h"

#include <inttypes.h>

enum { ARENA_BYTES = 256 << 20, TEXT_BYTES = 64 << 10, CYCLES_DEFAULT = 100, CYCLES_MAX = 100000 };

int trigger_desk_open(struct trigger_desk *d, struct cli *cli)
{
    int code;
    enum err err;

    *d = (struct trigger_desk){.cli = cli};
    arena_init(&d->arena, ARENA_BYTES);
    code = cli_open_store(cli, &d->store);
    if (code != CLI_GO)
        return code;
    err = contact_sources(d->store, 0, &d->arena, &d->sources, &d->n_sources);
    return err ? cli_fail("database: %s", db_trouble(d->store->db)) : CLI_GO;
}

void trigger_desk_close(struct trigger_desk *d)
{
    arena_release(&d->arena);
    store_close(d->store);
}

struct str trigger_source(const struct trigger_desk *d, int64_t id)
{
    return view_source_name(d->sources, d->n_sources, id);
}

int trigger_unknown(struct trigger_desk *d, const char *name)
{
    const char *names[TRIGGERS_MAX + 1] = {NULL}, *near;
    struct trigger_row *rows = NULL;
    size_t n = 0;

    if (trigger_list(d->store, &d->arena, &rows, &n))
        return cli_fail("database: %s", db_trouble(d->store->db));
    for (size_t i = 0; i < n; i++)
        names[i] = rows[i].name.p;
    near = nearest_name(str_of(name), names);
    if (near)
        return cli_fail("there is no trigger \"%s\"; did you mean \"%s\"?", name, near);
    return cli_fail("there is no trigger \"%s\"; `storehook trigger list` shows those there are", name);
}

/* --- list -------------------------------------------------------------------------------------------------------------- */

static json_t *loaded(struct str text)
{
    json_t *value = NULL;

    return json_parse(text, &value, NULL) ? json_null() : value;
}

json_t *trigger_json(const struct trigger_desk *d, const struct trigger_row *row)
{
    json_t *conditions = loaded(row->conditions);
    int64_t source_id = json_integer_value(json_object_get(conditions, "source"));

    if (source_id)
        json_object_set_new(conditions, "source", json_str(trigger_source(d, source_id)));
    return json_pack("{so so so so so sb sI so so}", "name", json_str(row->name), "on", json_str(row->kind), "when", conditions,
                     "do", loaded(row->actions), "created_at", json_time(row->created_us), "enabled", row->enabled, "fired",
                     (json_int_t)row->fired, "last_fired_at", json_time(row->last_fired_us), "id",
                     json_integer((json_int_t)row->id));
}

static int list_json(const struct trigger_desk *d, const struct trigger_row *rows, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, trigger_json(d, &rows[i]))) {
            json_decref(list);
            return cli_fail_why(ERR_MEMORY, NULL);
        }
    return cli_print_json(list);
}

/* The actions as one writes them, parted by commas. */
static enum err actions_text(const struct trigger_row *row, struct buf *out)
{
    json_t *list = loaded(row->actions), *action;
    enum err err = OK;
    size_t i;

    json_array_foreach(list, i, action) if (!err) err = buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARG(json_text(action)));
    json_decref(list);
    return err;
}

static enum err add_row(const struct trigger_row *row, struct table *t)
{
    char when[TIME_ISO_CHARS + 1] = "never", count[24];
    struct buf actions = BUF_INIT(TEXT_BYTES);
    enum err err = actions_text(row, &actions);

    if (row->last_fired_us)
        time_iso(row->last_fired_us - row->last_fired_us % US_PER_S, when);
    snprintf(count, sizeof(count), "%" PRIu64, row->fired);
    if (!err)
        err = table_add(t, (const struct str[]){row->name, row->kind, row->enabled ? STR("enabled") : STR("disabled"),
                                                str_of(count), str_of(when), buf_str(&actions)});
    buf_release(&actions);
    return err;
}

static int list_table(const struct trigger_row *rows, size_t n)
{
    static const char *const columns[] = {"NAME", "ON", "STATE", "FIRED", "LAST", "DOES", NULL};
    struct table *t = table_new(columns);
    enum err err = t ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++)
        err = add_row(&rows[i], t);
    if (!err && n)
        table_show(t);
    else if (!err)
        puts("no triggers; `storehook trigger add --help` says how one is made");
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int trigger_list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"trigger list", "Prints the triggers, what they do, and how often each has fired.", NULL,
                                         0, 0};
    struct trigger_row *rows = NULL;
    struct trigger_desk d = {.store = NULL};
    size_t n = 0;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = trigger_desk_open(&d, cli);
    if (code == CLI_GO && trigger_list(d.store, &d.arena, &rows, &n))
        code = cli_fail("database: %s", db_trouble(d.store->db));
    if (code == CLI_GO)
        code = cli->json ? list_json(&d, rows, n) : list_table(rows, n);
    trigger_desk_close(&d);
    return code;
}

/* --- change ------------------------------------------------------------------------------------------------------------ */

static enum err enable(struct store *store, struct str name)
{
    return trigger_set_enabled(store, name, true);
}

static enum err disable(struct store *store, struct str name)
{
    return trigger_set_enabled(store, name, false);
}

static int change(struct cli *cli, const struct cli_page *page, enum err (*fn)(struct store *store, struct str name),
                  const char *done, int argc, char **argv)
{
    struct trigger_desk d = {.store = NULL};
    int code = cli_parse(cli, page, NULL, &argc, &argv);
    enum err err = OK;

    if (code != CLI_GO)
        return code;
    code = trigger_desk_open(&d, cli);
    if (code == CLI_GO)
        err = fn(d.store, str_of(argv[0]));
    if (err == ERR_NOT_FOUND)
        code = trigger_unknown(&d, argv[0]);
    else if (err)
        code = cli_fail("database: %s", db_trouble(d.store->db));
    if (code == CLI_GO && cli->json)
        code = cli_print_json(json_pack("{ss ss}", "name", argv[0], "done", done));
    else if (code == CLI_GO)
        code = printf("trigger \"%s\" %s\n", argv[0], done) < 0 ? cli_fail_why(ERR_IO, NULL) : EXIT_DONE;
    trigger_desk_close(&d);
    return code;
}

static int trigger_enable_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"trigger enable NAME", "Lets it fire again, for what happens from now on.", NULL, 1, 1};

    return change(cli, &page, enable, "enabled", argc, argv);
}

static int trigger_disable_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "trigger disable NAME", "It does not fire until it is enabled; what happens meanwhile is not made up for.", NULL, 1, 1};

    return change(cli, &page, disable, "disabled", argc, argv);
}

static int trigger_remove_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "trigger remove NAME", "Removes it; what it did stays. The name is free again; a new trigger of that name is another one.",
        NULL, 1, 1};

    return change(cli, &page, trigger_remove, "removed", argc, argv);
}

/* --- kinds, cycles ------------------------------------------------------------------------------------------------------- */

static int trigger_kinds_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"trigger kinds", "Prints what triggers can be set on, and when each happens.", NULL, 0, 0};
    static const char *const columns[] = {"KIND", "WHEN", NULL};
    json_t *list = json_array();
    struct table *t = table_new(columns);
    int code = cli_parse(cli, &page, NULL, &argc, &argv);
    enum err err = t && list ? OK : ERR_MEMORY;

    for (size_t i = 0; i < HAPPENING__COUNT && !err; i++) {
        const char *name = happening_name((enum happening_kind)i), *help = happening_help((enum happening_kind)i);

        err = table_add(t, (const struct str[]){str_of(name), str_of(help)});
        if (!err && json_array_append_new(list, json_pack("{ss ss}", "kind", name, "when", help)))
            err = ERR_MEMORY;
    }
    if (code == CLI_GO && err)
        code = cli_fail_why(err, NULL);
    if (code == CLI_GO && cli->json)
        code = cli_print_json(json_incref(list));
    if (code == CLI_GO) {
        table_show(t);
        code = EXIT_DONE;
    }
    json_decref(list);
    table_free(t);
    return code;
}

static json_t *cycle_json(const struct trigger_desk *d, const struct cycle_start *s)
{
    return json_pack("{so so so so sI so so so}", "id", json_str(s->id), "contact", json_str(s->contact_id), "email",
                     json_str(s->address), "cycle", json_str(s->cycle), "day", (json_int_t)s->day, "because", json_str(s->because),
                     "source", json_str(trigger_source(d, s->source_id)), "at", json_time(s->at_us));
}

static int cycles_json(const struct trigger_desk *d, const struct cycle_start *starts, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, cycle_json(d, &starts[i]))) {
            json_decref(list);
            return cli_fail_why(ERR_MEMORY, NULL);
        }
    return cli_print_json(list);
}

static int cycles_table(const struct cycle_start *starts, size_t n)
{
    static const char *const columns[] = {"ID", "WHEN", "EMAIL", "CYCLE", "DAY", "BECAUSE", NULL};
    struct table *t = table_new(columns);
    enum err err = t ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++) {
        const struct cycle_start *s = &starts[i];
        char when[TIME_ISO_CHARS + 1], day[24];

        time_iso(s->at_us - s->at_us % US_PER_S, when);
        snprintf(day, sizeof(day), "%" PRId64, s->day);
        err = table_add(t, (const struct str[]){s->id, str_of(when), s->address, s->cycle, str_of(day), s->because});
    }
    if (!err && n)
        table_show(t);
    else if (!err)
        puts("no cycles were started");
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int trigger_cycles_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"trigger cycles [--after ID] [--max N]",
                                         "Prints the contacts that are to be taken into a cycle, the first one first. A mail "
                                         "system that takes no notices (`cycle.start`)\n"
                                         "reads them here, each time after the last id it has seen.",
                                         "storehook trigger cycles --json --after 018f3c...", 0, 0};
    const char *after = "";
    int64_t max = CYCLES_DEFAULT;
    const struct cli_flag flags[] = {
        {"after", FLAG_TEXT, &after, "ID", "only those made after this one"},
        {"max", FLAG_INT, &max, "N", "at most so many (default 100)"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct cycle_start *starts = NULL;
    struct trigger_desk d = {.store = NULL};
    size_t n = 0;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && (max < 1 || max > CYCLES_MAX))
        code = cli_wrong("--max must be between 1 and %d", CYCLES_MAX);
    if (code != CLI_GO)
        return code;
    code = trigger_desk_open(&d, cli);
    if (code == CLI_GO && cycle_start_list(d.store, str_of(after), (size_t)max, &d.arena, &starts, &n))
        code = cli_fail("database: %s", db_trouble(d.store->db));
    if (code == CLI_GO)
        code = cli->json ? cycles_json(&d, starts, n) : cycles_table(starts, n);
    trigger_desk_close(&d);
    return code;
}

static const struct cli_command verbs[] = {
    {"add", trigger_add_verb, "says what is to be done when something happens", NULL},
    {"list", trigger_list_verb, "prints the triggers and how often each has fired", NULL},
    {"show", trigger_show_verb, "prints one with its latest firings", NULL},
    {"kinds", trigger_kinds_verb, "prints what triggers can be set on", NULL},
    {"test", trigger_test_verb, "tells what a delivery would set off", NULL},
    {"enable", trigger_enable_verb, "lets it fire again", NULL},
    {"disable", trigger_disable_verb, "keeps it from firing", NULL},
    {"remove", trigger_remove_verb, "forgets it", NULL},
    {"cycles", trigger_cycles_verb, "prints who is to be taken into a cycle", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_trigger(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "trigger", verbs, argc, argv);
}
