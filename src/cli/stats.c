/* stats.c -- owns `storehook stats`: queue, roles and counters. */
#include "cli/commands.h"
#include "cli/open.h"
#include "cli/table.h"
#include "engine/figures.h"

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static enum err print_lanes(const json_t *figures)
{
    static const char *const columns[] = {"LANE", "WAITING", "PENDING", "OLDEST", NULL};
    struct table *t = table_new(columns);
    const char *name;
    json_t *lane;
    enum err err = t ? OK : ERR_MEMORY;

    json_object_foreach(json_object_get(figures, "lanes"), name, lane)
    {
        char waiting[24], pending[24], oldest[32];

        snprintf(waiting, sizeof(waiting), "%lld", (long long)number(lane, "waiting"));
        snprintf(pending, sizeof(pending), "%lld", (long long)number(lane, "pending"));
        snprintf(oldest, sizeof(oldest), "%.1f s", (double)number(lane, "oldest_age_ms") / 1000);
        if (!err)
            err = table_add(t, (const struct str[]){str_of(name), str_of(waiting), str_of(pending), str_of(oldest)});
    }
    if (!err)
        table_show(t);
    table_free(t);
    return err;
}

static enum err print_roles(const json_t *figures)
{
    static const char *const columns[] = {"ROLE", "PID", NULL};
    struct table *t = table_new(columns);
    json_t *role;
    size_t i;
    enum err err = t ? OK : ERR_MEMORY;

    json_array_foreach(json_object_get(figures, "roles"), i, role)
    {
        char pid[24];

        snprintf(pid, sizeof(pid), "%lld", (long long)number(role, "pid"));
        if (!err)
            err = table_add(t, (const struct str[]){json_member_text(role, "role"), str_of(pid)});
    }
    if (!err && table_rows(t))
        table_show(t);
    else if (!err)
        puts("no role is running");
    table_free(t);
    return err;
}

static enum err print_sources(const json_t *figures)
{
    static const char *const columns[] = {"SOURCE", "PLATFORM", "COUNTER", "VALUE", NULL};
    struct table *t = table_new(columns);
    json_t *source, *value;
    const char *field;
    size_t i;
    enum err err = t ? OK : ERR_MEMORY;

    json_array_foreach(json_object_get(figures, "sources"), i, source)
    {
        json_object_foreach(json_object_get(source, "counts"), field, value)
        {
            char text[24];

            snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
            if (!err)
                err = table_add(t, (const struct str[]){json_member_text(source, "name"), json_member_text(source, "platform"),
                                                        str_of(field), str_of(text)});
        }
    }
    if (!err && table_rows(t)) {
        putchar('\n');
        table_show(t);
    }
    table_free(t);
    return err;
}

/* Nothing where no account has a limit. */
static enum err print_limits(const json_t *figures)
{
    static const char *const columns[] = {"ACCOUNT", "CONTACTS", "LIMIT", "POLICY", "OVER", "PARKED", "STATE", NULL};
    const json_t *list = json_object_get(figures, "limits"), *account;
    struct table *t = table_new(columns);
    enum err err = t ? OK : ERR_MEMORY;
    size_t i;

    json_array_foreach(list, i, account)
    {
        static const char *const keys[] = {"contacts", "contact_limit", "over", "parked"};
        char texts[4][24];
        bool full = json_is_true(json_object_get(account, "full")), near = json_is_true(json_object_get(account, "near"));

        for (size_t k = 0; k < 4; k++)
            snprintf(texts[k], sizeof(texts[k]), "%lld", (long long)number(account, keys[k]));
        if (!err)
            err = table_add(t, (const struct str[]){json_member_text(account, "name"), str_of(texts[0]), str_of(texts[1]),
                                                    json_member_text(account, "policy"), str_of(texts[2]), str_of(texts[3]),
                                                    full   ? STR("full")
                                                    : near ? STR("near the limit")
                                                           : STR("ok")});
    }
    if (!err && table_rows(t)) {
        table_show(t);
        putchar('\n');
    }
    table_free(t);
    return err;
}

static int print_figures(const json_t *figures)
{
    enum err err = print_lanes(figures);

    const json_t *fetches = json_object_get(figures, "fetches"), *notices = json_object_get(figures, "notices");

    printf("\ncontacts %lld, dead letters %lld, queue memory %lld bytes\n", (long long)number(figures, "contacts"),
           (long long)number(figures, "dead"), (long long)number(figures, "queue_memory_bytes"));
    printf("to fetch %lld, of these failing %lld; gone %lld\n", (long long)number(fetches, "waiting"),
           (long long)number(fetches, "failing"), (long long)number(fetches, "gone"));
    printf("notices waiting %lld, of these failing %lld, the oldest for %.1f s; %lld dead\n\n",
           (long long)number(notices, "waiting"), (long long)number(notices, "failing"),
           (double)number(notices, "oldest_age_ms") / 1000, (long long)number(notices, "dead"));
    if (!err)
        err = print_limits(figures);
    if (!err)
        err = print_roles(figures);
    if (!err)
        err = print_sources(figures);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

int cmd_stats(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"stats",
                                         "Prints what waits in the queue, which roles run, and the counters of every source.",
                                         "storehook stats --dir var", 0, 0};
    struct store *store = NULL;
    struct stream *stream = NULL;
    json_t *figures = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = cli_open_store(cli, &store);
    if (code == CLI_GO)
        code = cli_open_stream(cli, &stream);
    if (code == CLI_GO) {
        enum err err = figures_load(stream, store, &figures);

        if (err)
            code = cli_fail_why(err, NULL);
        else
            code = cli->json ? cli_print_json(json_incref(figures)) : print_figures(figures);
    }
    json_decref(figures);
    stream_close(stream);
    store_close(store);
    return code;
}
