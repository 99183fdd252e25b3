/* source.c -- owns `storehook source`: list, enable, disable, remove. */
#include "cli/source.h"

#include "cli/commands.h"
#include "cli/table.h"

enum { TEXT_BYTES_MAX = 1 << 16, NAMES_MAX = 200 };

static int no_such_source(struct store *store, const char *name)
{
    const char *names[NAMES_MAX + 1] = {NULL}, *near;
    struct source_list list;
    enum err err = source_list_load(store, &list);
    int code;

    for (size_t i = 0; !err && i < list.n && i < NAMES_MAX; i++)
        names[i] = list.at[i].name;
    near = nearest_name(str_of(name), names);
    if (near)
        code = cli_fail("there is no source \"%s\"; did you mean \"%s\"?", name, near);
    else
        code = cli_fail("there is no source \"%s\"; `storehook source list` shows those there are", name);
    source_list_release(&list);
    return code;
}

static int find(struct store *store, const char *name, struct source *out)
{
    enum err err = source_find(store, str_of(name), out);

    if (err == ERR_NOT_FOUND)
        return no_such_source(store, name);
    return err ? cli_fail("database: %s", db_trouble(store->db)) : CLI_GO;
}

int source_work_open(struct cli *cli, const char *name, struct source_work *work)
{
    int code = cli_open_store(cli, &work->store);

    if (code == CLI_GO)
        code = cli_open_stream(cli, &work->stream);
    if (code == CLI_GO && name)
        code = find(work->store, name, &work->source);
    return code;
}

int source_work_publish(struct source_work *work)
{
    enum err err = source_publish(work->store, work->stream);

    if (!err)
        return CLI_GO;
    return cli_fail("the change is made, but the receivers were not told: %s; the next `storehook source` change tells them",
                    err_text(err));
}

void source_work_close(struct source_work *work)
{
    source_release(&work->source);
    stream_close(work->stream);
    store_close(work->store);
}

json_t *source_describe(const struct cli *cli, const struct source *s)
{
    struct buf url = BUF_INIT(TEXT_BYTES_MAX);
    json_t *object = source_to_json(s), *secret, *list = json_object_get(object, "secrets");
    size_t i;

    json_array_foreach(list, i, secret) json_object_del(secret, "sealed");
    json_object_set_new(object, "mapping", json_string(field_map_is_manual(str_of(s->field_map)) ? "manual" : "auto"));
    json_object_set_new(object, "fields", source_fields_json(s));
    if (cli_endpoint(cli, s, &url) || json_object_set_new(object, "url", json_str(buf_str(&url)))) {
        json_decref(object);
        object = NULL;
    }
    buf_release(&url);
    return object;
}

static int list_json(const struct cli *cli, const struct source_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->n; i++)
        if (json_array_append_new(array, source_describe(cli, &list->at[i]))) {
            json_decref(array);
            return cli_fail_why(ERR_MEMORY, NULL);
        }
    return cli_print_json(array);
}

static int list_table(const struct cli *cli, const struct source_list *list)
{
    static const char *const columns[] = {"ID", "NAME", "PLATFORM", "STATE", "LIST", "URL", NULL};
    struct table *t = table_new(columns);
    enum err err = t ? OK : ERR_MEMORY;

    for (size_t i = 0; i < list->n && !err; i++) {
        const struct source *s = &list->at[i];
        struct buf url = BUF_INIT(TEXT_BYTES_MAX);
        char id[24];

        snprintf(id, sizeof(id), "%lld", (long long)s->id);
        err = cli_endpoint(cli, s, &url);
        if (!err)
            err = table_add(t, (const struct str[]){str_of(id), str_of(s->name), str_of(s->platform),
                                                    s->enabled ? STR("enabled") : STR("disabled"), str_of(s->list), buf_str(&url)});
        buf_release(&url);
    }
    if (!err)
        table_show(t);
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int source_list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"source list", "Prints the sources and the URL that each is called at.", NULL, 0, 0};
    struct source_list list = {.at = NULL};
    struct store *store = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = cli_open_store(cli, &store);
    if (code != CLI_GO)
        return code;
    if (source_list_load(store, &list))
        code = cli_fail("database: %s", db_trouble(store->db));
    else
        code = cli->json ? list_json(cli, &list) : list_table(cli, &list);
    source_list_release(&list);
    store_close(store);
    return code;
}

static int forget_samples(struct source_work *work)
{
    char id[24];
    enum err err;

    snprintf(id, sizeof(id), "%lld", (long long)work->source.id);
    err = stream_rejected_forget(work->stream, str_of(id));
    return err ? cli_fail("removed, but samples of its rejected deliveries stay for a day: %s", err_text(err)) : CLI_GO;
}

/* Changes the one source that is named, tells the receivers, and says `done`. */
static int change(struct cli *cli, const struct cli_page *page, enum err (*fn)(struct store *store, int64_t id), const char *done,
                  int argc, char **argv)
{
    struct source_work work = {.store = NULL};
    int code = cli_parse(cli, page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = source_work_open(cli, argv[0], &work);
    if (code == CLI_GO && fn(work.store, work.source.id))
        code = cli_fail("database: %s", db_trouble(work.store->db));
    if (code == CLI_GO && fn == source_remove)
        code = forget_samples(&work);
    if (code == CLI_GO)
        code = source_work_publish(&work);
    if (code == CLI_GO && cli->json)
        code = cli_print_json(json_pack("{sI ss ss}", "id", (json_int_t)work.source.id, "name", work.source.name, "done", done));
    else if (code == CLI_GO)
        code = printf("source \"%s\" %s\n", work.source.name, done) < 0 ? cli_fail_why(ERR_IO, NULL) : EXIT_DONE;
    source_work_close(&work);
    return code;
}

static enum err enable(struct store *store, int64_t id)
{
    return source_set_enabled(store, id, true);
}

static enum err disable(struct store *store, int64_t id)
{
    return source_set_enabled(store, id, false);
}

static int source_enable_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"source enable NAME", "Accepts the source's deliveries again.", NULL, 1, 1};

    return change(cli, &page, enable, "enabled", argc, argv);
}

static int source_disable_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"source disable NAME", "Answers the source's deliveries with 404 until it is enabled.",
                                         NULL, 1, 1};

    return change(cli, &page, disable, "disabled", argc, argv);
}

static int source_remove_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "source remove NAME", "Forgets the source's secrets and its URL; its contacts stay. The name is free again.", NULL, 1, 1};

    return change(cli, &page, source_remove, "removed", argc, argv);
}

static const struct cli_command verbs[] = {
    {"add", source_add_verb, "connects a store or an account", NULL},
    {"list", source_list_verb, "prints all sources", NULL},
    {"show", source_show_verb, "prints one source and its counters", NULL},
    {"rotate", source_rotate_verb, "gives it a new secret", NULL},
    {"set", source_set_verb, "changes how its carts are waited for", NULL},
    {"visits", source_visits_verb, "takes visits that browsers tell of", NULL},
    {"enable", source_enable_verb, "accepts its deliveries again", NULL},
    {"disable", source_disable_verb, "refuses its deliveries", NULL},
    {"remove", source_remove_verb, "forgets it", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_source(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "source", verbs, argc, argv);
}
