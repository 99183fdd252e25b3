/* source_show.c -- owns `storehook source show`: one source, its counters, and how its secrets are used. */
#include "base/timefmt.h"
#include "cli/source.h"
#include "cli/table.h"
#include "engine/figures.h"
#include "store/activity.h"

enum { TEXT_BYTES_MAX = 1 << 16, ACTIVITIES_SHOWN = 10, ARENA_BYTES = 4 << 20 };

/* What is shown of a source besides itself. */
struct shown {
    json_t *counts, *fetches;
    struct arena arena;
    struct activity_line *activities; /* the newest first */
    size_t n_activities;
};

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

/* What is the source's own; the rest are settings of all sources. */
static void show_carts(const struct source *s)
{
    static const char *const names[] = {"cart_delay", "cart_cooldown", "cart_back"};
    const int64_t values[] = {s->cart_delay_ms ? s->cart_delay_ms : -1, s->cart_cooldown_ms,
                              s->cart_back_ms ? s->cart_back_ms : -1};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (values[i] >= 0)
            printf("carts     %s=%llds\n", names[i], (long long)(values[i] / 1000));
}

static enum err show_visits(const struct cli *cli, const struct source *s)
{
    struct buf snippet = BUF_INIT(TEXT_BYTES_MAX);
    enum err err = source_snippet(cli, s, &snippet);

    if (!err)
        printf("visits    from %s\n%s\n", s->visits_origins, buf_text(&snippet));
    buf_release(&snippet);
    return err;
}

/* "activity  2024-05-01T10:00:00Z ticket opened: #7 is late https://desk.example/7" */
static enum err show_activity(const struct activity_line *line)
{
    struct buf text = BUF_INIT(64 << 10), safe = BUF_INIT(256 << 10);
    char time[TIME_ISO_CHARS + 1];
    enum err err = buf_printf(&text, "%s %.*s%s%.*s%s%.*s", time_iso(line->at_us, time), STR_ARG(line->name),
                              line->text.len ? ": " : "", STR_ARG(line->text), line->url.len ? " " : "", STR_ARG(line->url));

    if (!err)
        err = text_escape(buf_str(&text), false, &safe);
    if (!err)
        printf("activity  %s\n", buf_text(&safe));
    buf_release(&safe);
    buf_release(&text);
    return err;
}

static int show_text(const struct cli *cli, const struct source *s, const struct shown *shown)
{
    const json_t *counts = shown->counts;
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
    show_carts(s);
    source_fields_print(s);
    if (!err && s->visits_on)
        err = show_visits(cli, s);
    json_object_foreach((json_t *)(uintptr_t)counts, name, value)
        printf("count     %s=%lld\n", name, (long long)json_integer_value(value));
    json_object_foreach(shown->fetches, name, value) if (json_integer_value(value))
        printf("fetch     %s=%lld\n", name, (long long)json_integer_value(value));
    for (size_t i = 0; i < shown->n_activities && !err; i++)
        err = show_activity(&shown->activities[i]);
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

static json_t *activities_json(const struct shown *shown)
{
    json_t *list = json_array();
    char time[TIME_ISO_CHARS + 1];

    for (size_t i = 0; i < shown->n_activities; i++) {
        const struct activity_line *line = &shown->activities[i];

        if (json_array_append_new(list, json_pack("{ss so so so so}", "at", time_iso(line->at_us, time), "name",
                                                  json_str(line->name), "text", json_str(line->text), "url", json_str(line->url),
                                                  "delivery", json_str(line->delivery_id)))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int show_json(const struct cli *cli, const struct source *s, const struct shown *shown)
{
    json_t *object = source_describe(cli, s);

    if (object &&
        (add_use(object, shown->counts) || json_object_set(object, "counts", shown->counts) ||
         json_object_set(object, "fetches", shown->fetches) || json_object_set_new(object, "activities", activities_json(shown)))) {
        json_decref(object);
        object = NULL;
    }
    return cli_print_json(object);
}

static enum err load_shown(struct source_work *work, struct shown *shown)
{
    enum err err = shown->counts ? figures_counts(work->stream, work->source.id, shown->counts) : ERR_MEMORY;

    if (!err)
        err = figures_fetches(work->store, work->source.id, &shown->fetches);
    return err ? err
               : activity_of_source(work->store, work->source.id, ACTIVITIES_SHOWN, &shown->arena, &shown->activities,
                                    &shown->n_activities);
}

int source_show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "source show NAME",
        "Prints one source: settings, counters, ids of its secrets and their use, what is to be fetched, last activities.",
        "storehook source show \"my shop\"", 1, 1};
    struct source_work work = {.store = NULL};
    struct shown shown = {.counts = json_object()};
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    arena_init(&shown.arena, ARENA_BYTES);
    if (code == CLI_GO)
        code = source_work_open(cli, argv[0], &work);
    if (code == CLI_GO) {
        enum err err = load_shown(&work, &shown);

        if (err)
            code = cli_fail_why(err, NULL);
        else
            code = cli->json ? show_json(cli, &work.source, &shown) : show_text(cli, &work.source, &shown);
    }
    json_decref(shown.counts);
    json_decref(shown.fetches);
    arena_release(&shown.arena);
    source_work_close(&work);
    return code;
}
