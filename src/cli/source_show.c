/* source_show.c -- owns `storehook source show`: one source, its counters, and how its secrets are used. */
#include "base/timefmt.h"
#include "cli/source.h"
#include "engine/figures.h"

enum { TEXT_BYTES_MAX = 1 << 16 };

static void show_time(const char *label, int64_t us)
{
    char text[TIME_ISO_CHARS + 1];

    printf(" %s %s", label, time_iso(us, text));
}

static void show_secret(const struct source_secret *secret, const json_t *counts)
{
    struct figures_use use = figures_use(counts, secret->id);

    printf("secret    %s %s", secret->id, secret->name);
    show_time("from", secret->from_us);
    if (secret->until_us)
        show_time("until", secret->until_us);
    printf(", used %lld", (long long)use.times);
    if (use.last_us)
        show_time("last", use.last_us);
    putchar('\n');
}

static int show_text(const struct cli *cli, const struct source *s, const json_t *counts)
{
    struct buf url = BUF_INIT(TEXT_BYTES_MAX);
    enum err err = cli_endpoint(cli, s, &url);
    const char *name;
    json_t *value;

    printf("source    %s\nid        %lld\nplatform  %s\nstate     %s\nlist      %s\nrank      %d\nurl       %s\n", s->name,
           (long long)s->id, s->platform, s->enabled ? "enabled" : "disabled", *s->list ? s->list : "-", s->rank, buf_text(&url));
    for (size_t i = 0; i < s->n_old_keys; i++) {
        printf("old url   /in/%s", s->old_keys[i].key);
        show_time("until", s->old_keys[i].until_us);
        putchar('\n');
    }
    json_object_foreach(s->config, name, value) printf("config    %s=%s\n", name, json_string_value(value));
    for (size_t i = 0; i < s->n_secrets; i++)
        show_secret(&s->secrets[i], counts);
    json_object_foreach((json_t *)(uintptr_t)counts, name, value)
        printf("count     %s=%lld\n", name, (long long)json_integer_value(value));
    buf_release(&url);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

/* Adds to each secret how it is used. */
static int add_use(json_t *object, const json_t *counts)
{
    json_t *secret;
    size_t i;
    int failed = 0;

    json_array_foreach(json_object_get(object, "secrets"), i, secret)
    {
        struct figures_use use = figures_use(counts, json_string_value(json_object_get(secret, "id")));

        failed |= json_object_set_new(secret, "uses", json_integer(use.times)) ||
                  json_object_set_new(secret, "last_used_us", json_integer(use.last_us));
    }
    return failed;
}

static int show_json(const struct cli *cli, const struct source *s, json_t *counts)
{
    json_t *object = source_describe(cli, s);

    if (object && (add_use(object, counts) || json_object_set(object, "counts", counts))) {
        json_decref(object);
        object = NULL;
    }
    return cli_print_json(object);
}

int source_show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"source show NAME",
                                         "Prints one source: settings, counters, ids of its secrets and their use.",
                                         "storehook source show \"my shop\"", 1, 1};
    struct source_work work = {.store = NULL};
    json_t *counts = json_object();
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = source_work_open(cli, argv[0], &work);
    if (code == CLI_GO) {
        enum err err = counts ? figures_counts(work.stream, work.source.id, counts) : ERR_MEMORY;

        if (err)
            code = cli_fail_why(err, NULL);
        else
            code = cli->json ? show_json(cli, &work.source, counts) : show_text(cli, &work.source, counts);
    }
    json_decref(counts);
    source_work_close(&work);
    return code;
}
