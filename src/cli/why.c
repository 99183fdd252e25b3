/* why.c -- owns `storehook why`: the story of a contact out of the ledger. */
#include "cli/commands.h"

#include "base/timefmt.h"
#include "cli/contacts.h"
#include "cli/open.h"
#include "cli/table.h"
#include "cli/why_facts.h"

enum { LINES_MAX = 1000 };

json_t *why_line_json(const struct contact_reader *r, const struct ledger_line *line)
{
    json_t *o = json_object();

    json_object_set_new(o, "event_at", json_time(line->event_at_us));
    json_object_set_new(o, "received_at", json_time(line->received_at_us));
    json_object_set_new(o, "applied_at", json_time(line->applied_at_us));
    json_object_set_new(o, "source", json_str(view_source_name(r->sources, r->n_sources, line->source_id)));
    json_object_set_new(o, "type", json_str(line->type));
    json_object_set_new(o, "delivery", json_str(line->delivery_id));
    json_object_set_new(o, "rule", json_str(line->rule));
    json_object_set_new(o, "what", json_str(line->what));
    json_object_set_new(o, "name", json_str(line->name));
    json_object_set_new(o, "old", json_str(line->old));
    json_object_set_new(o, "new", json_str(line->new));
    if (line->url.len)
        json_object_set_new(o, "url", json_str(line->url));
    return o;
}

/* What is asked for. */
struct question {
    struct cli *cli;
    const char *who, *field; /* field: NULL for all of them */
    bool consent;
};

static bool is_asked_for(const struct question *q, const struct ledger_line *line)
{
    return (!q->field && !q->consent) || (q->field && why_line_is_of_field(line, str_of(q->field))) ||
           (q->consent && why_line_is_of_consent(line));
}

static json_t *lines_json(const struct question *q, const struct contact_reader *r, const struct ledger_line *lines, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        if (is_asked_for(q, &lines[i]))
            json_array_append_new(list, why_line_json(r, &lines[i]));
    return list;
}

static void print_line(const struct contact_reader *r, const struct ledger_line *line)
{
    char time[TIME_ISO_CHARS + 1];
    struct buf text = BUF_INIT(64 << 10), safe = BUF_INIT(256 << 10);
    struct str source = view_source_name(r->sources, r->n_sources, line->source_id);
    enum err err = buf_printf(&text, "%s  %.*s %.*s", time_iso(line->event_at_us, time), STR_ARG(source), STR_ARG(line->type));

    if (!err)
        err = buf_printf(&text, ": %.*s%s%.*s", STR_ARG(line->what), line->name.len ? " " : "", STR_ARG(line->name));
    if (!err && line->rule.len == 0) /* an activity: nothing was changed */
        err = buf_printf(&text, "%s%.*s%s%.*s  [delivery %.*s]", line->new.len ? ": " : "", STR_ARG(line->new),
                         line->url.len ? " " : "", STR_ARG(line->url), STR_ARG(line->delivery_id));
    else if (!err && (line->old.len || line->new.len))
        err = buf_printf(&text, ": %s%.*s%s -> %s%.*s%s", line->old.len ? "\"" : "", STR_ARG(line->old),
                         line->old.len ? "\"" : "nothing", line->new.len ? "\"" : "", STR_ARG(line->new),
                         line->new.len ? "\"" : "nothing");
    if (!err && line->rule.len)
        err = buf_printf(&text, "  [rule %.*s%s%.*s]", STR_ARG(line->rule), line->delivery_id.len ? ", delivery " : "",
                         STR_ARG(line->delivery_id));
    if (!err)
        err = text_escape(buf_str(&text), false, &safe);
    printf("%s\n", err ? "(a line too long to show; see --json)" : buf_text(&safe));
    buf_release(&safe);
    buf_release(&text);
}

/* Takes the facts of what is asked for; NULL where the whole story is. */
static json_t *facts_json(const struct question *q, const struct why_facts *w)
{
    return q->field ? why_field_json(w, str_of(q->field)) : q->consent ? why_consent_json(w) : NULL;
}

static int print_json(const struct question *q, const struct why_facts *w, const struct ledger_line *lines, size_t n)
{
    const struct contact_view *v = w->view;
    json_t *o = json_object(), *facts = facts_json(q, w);

    json_object_set_new(o, "id", json_str(v->id));
    json_object_set_new(o, "email", json_str(v->email));
    json_object_set_new(o, "mailable", json_boolean(v->mailable));
    json_object_set_new(o, "consent", json_string(consent_state_name(v->consent.state)));
    if (facts)
        json_object_set_new(o, "facts", facts);
    json_object_set_new(o, "ledger", lines_json(q, w->reader, lines, n));
    return cli_print_json(o);
}

static int print_story(const struct question *q, const struct why_facts *w, const struct ledger_line *lines, size_t n)
{
    const struct contact_view *v = w->view;
    json_t *facts = facts_json(q, w);
    size_t told = 0;

    printf("%.*s: consent %s, %s\n", STR_ARG(v->email), consent_state_name(v->consent.state),
           v->mailable ? "may be mailed" : "is not to be mailed");
    if (q->field)
        why_field_print(facts, str_of(q->field));
    else if (q->consent)
        why_consent_print(facts);
    for (size_t i = 0; i < n; i++) {
        if (!is_asked_for(q, &lines[i]))
            continue;
        if (facts && told++ == 0)
            puts("how it came about:");
        print_line(w->reader, &lines[i]);
    }
    if (n == LINES_MAX)
        printf("(the last %d lines of the ledger)\n", LINES_MAX);
    json_decref(facts);
    return EXIT_DONE;
}

static int tell(const struct question *q, struct contact_reader *r)
{
    struct ledger_line *lines = NULL;
    struct contact_view view;
    struct scope facts;
    struct why_facts w = {.reader = r, .facts = &facts, .view = &view};
    size_t n = 0;
    int code = contact_open(q->cli, r, q->who, &view);
    enum err err;

    if (code != CLI_GO)
        return code;
    err = contact_load_facts(r->store, view.id, r->sources, r->n_sources, &r->work, &facts, &view);
    if (!err)
        err = contact_ledger(r->store, view.id, LINES_MAX, &r->fixed, &lines, &n);
    if (err)
        return cli_fail_why(err, NULL);
    return q->cli->json ? print_json(q, &w, lines, n) : print_story(q, &w, lines, n);
}

int cmd_why(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "why EMAIL|ID [--field NAME | --consent]",
        "Tells what made a contact as it is: each change and each refusal, with its rule, source and times. With --field what\n"
        "each source says of one field and which counts; with --consent every statement about consent and which decides.",
        "storehook why zoe@example.com --consent", 1, 1};
    struct question q = {.cli = cli};
    const struct cli_flag flags[] = {{"field", FLAG_TEXT, &q.field, "NAME", "only this field, such as first_name"},
                                     {"consent", FLAG_ON, &q.consent, NULL, "only consent, lists and suppressions"},
                                     {0}};
    struct contact_reader r;
    struct store *store = NULL;
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    if (q.field && q.consent)
        return cli_wrong("--field and --consent are two questions; ask one at a time");
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
