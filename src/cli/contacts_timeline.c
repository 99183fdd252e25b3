/* contacts_timeline.c -- owns `storehook contacts timeline`: what happened with one contact, the newest first. */
#include "base/timefmt.h"
#include "cli/contacts.h"
#include "cli/open.h"
#include "cli/table.h"
#include "store/timeline.h"

enum { MOMENTS_SHOWN = 100 };

struct question {
    struct cli *cli;
    const char *who, *kind, *before;
    int64_t limit;
    struct timeline_filter filter;
};

/* What we do ourselves is of no source. */
static bool has_source(const struct moment *m)
{
    return m->kind != MOMENT_CREATED && m->kind != MOMENT_TRIGGER && m->kind != MOMENT_CYCLE && m->kind != MOMENT_NOTICE;
}

static json_t *moment_json(const struct contact_reader *r, const struct moment *m)
{
    json_t *o = json_object();

    json_object_set_new(o, "at", json_time(m->at_us));
    json_object_set_new(o, "kind", json_string(timeline_kind_name(m->kind)));
    json_object_set_new(
        o, "source", m->kind == MOMENT_CREATED ? json_null() : json_str(view_source_name(r->sources, r->n_sources, m->source_id)));
    json_object_set_new(o, "ref", m->ref.len ? json_str(m->ref) : json_null());
    json_object_set_new(o, "text", m->text.len ? json_str(m->text) : json_null());
    json_object_set_new(o, "url", m->url.len ? json_str(m->url) : json_null());
    return o;
}

static int print_json(const struct contact_reader *r, const struct moment *at, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, moment_json(r, &at[i]));
    return cli_print_json(list);
}

static int print_table(const struct contact_reader *r, const struct moment *at, size_t n)
{
    static const char *const columns[] = {"AT", "WHAT", "SOURCE", "OF", "TEXT", "URL", NULL};
    struct table *table = table_new(columns);
    char time[TIME_ISO_CHARS + 1];
    enum err err = table ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++) {
        struct str source = !has_source(&at[i]) ? STR("") : view_source_name(r->sources, r->n_sources, at[i].source_id);

        err = table_add(table, (struct str[]){str_of(time_iso(at[i].at_us, time)), str_of(timeline_kind_name(at[i].kind)), source,
                                              at[i].ref, at[i].text, at[i].url});
    }
    if (!err)
        table_show(table);
    table_free(table);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int tell(const struct question *q, struct contact_reader *r)
{
    struct contact_view view;
    struct scope facts;
    struct moment *moments = NULL;
    size_t n = 0;
    int code = contact_open(q->cli, r, q->who, &view);
    enum err err;

    if (code != CLI_GO)
        return code;
    err = contact_load_facts(r->store, view.id, r->sources, r->n_sources, &r->work, &facts, &view);
    if (!err)
        err = timeline_load(r->store, &facts, &view, &q->filter, &r->work, &moments, &n);
    if (err)
        return cli_fail_why(err, NULL);
    return q->cli->json ? print_json(r, moments, n) : print_table(r, moments, n);
}

static int check(struct question *q)
{
    if (q->kind && timeline_kind_parse(str_of(q->kind), &q->filter.kind)) {
        fprintf(stderr, "kinds:");
        for (int i = 0; i < MOMENT__COUNT; i++)
            fprintf(stderr, " %s", timeline_kind_name((enum timeline_kind)i));
        fputc('\n', stderr);
        return cli_wrong("--kind %s: give one of the kinds above", q->kind);
    }
    if (q->before && time_parse(str_of(q->before), TIME_ANY, &q->filter.before_us))
        return cli_wrong("--before %s: give a day or a time, such as 2024-05-02 or 2024-05-02T09:00:00Z", q->before);
    if (q->limit < 1 || q->limit > TIMELINE_MAX)
        return cli_wrong("--limit %lld: give a number from 1 to %d", (long long)q->limit, TIMELINE_MAX);
    q->filter.max = (size_t)q->limit;
    return CLI_GO;
}

int contacts_timeline(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "contacts timeline EMAIL|ID [--kind KIND] [--before TIME] [--limit N]",
        "Tells what happened with a contact, the newest first: orders, carts, visits, consent, activities. For the page before,\n"
        "give --before the time of the last line.",
        "storehook contacts timeline zoe@example.com --kind page_visit", 1, 1};
    struct question q = {.cli = cli, .limit = MOMENTS_SHOWN, .filter = {.kind = MOMENT__COUNT}};
    const struct cli_flag flags[] = {{"kind", FLAG_TEXT, &q.kind, "KIND", "only one kind: order, cart_abandoned, page_visit, ..."},
                                     {"before", FLAG_TEXT, &q.before, "TIME", "only what was before that time"},
                                     {"limit", FLAG_INT, &q.limit, "N", "at most N lines (default 100)"},
                                     {0}};
    struct contact_reader r;
    struct store *store = NULL;
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code == CLI_GO)
        code = check(&q);
    if (code != CLI_GO)
        return code;
    q.who = argv[0];
    code = cli_open_store(cli, &store);
    if (code != CLI_GO)
        return code;
    err = contact_reader_init(&r, cli, store);
    code = err ? cli_fail_why(err, NULL) : tell(&q, &r);
    contact_reader_release(&r);
    store_close(store);
    return code;
}
