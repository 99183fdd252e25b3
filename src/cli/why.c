/* why.c -- owns `storehook why`: the story of a contact out of the ledger. */
#include "cli/commands.h"

#include "base/timefmt.h"
#include "cli/contacts.h"
#include "cli/open.h"
#include "cli/table.h"

enum { LINES_MAX = 1000 };

static json_t *line_json(const struct contact_reader *r, const struct ledger_line *line)
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

static int print_json(const struct contact_reader *r, const struct contact_view *v, const struct ledger_line *lines, size_t n)
{
    json_t *o = json_object(), *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, line_json(r, &lines[i]));
    json_object_set_new(o, "id", json_str(v->id));
    json_object_set_new(o, "email", json_str(v->email));
    json_object_set_new(o, "mailable", json_boolean(v->mailable));
    json_object_set_new(o, "consent", json_string(consent_state_name(v->consent.state)));
    json_object_set_new(o, "ledger", list);
    return cli_print_json(o);
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

static int tell(struct cli *cli, struct contact_reader *r, const char *who)
{
    struct ledger_line *lines = NULL;
    struct contact_view view;
    size_t n = 0;
    int code = contact_open(cli, r, who, &view);
    enum err err = code == CLI_GO ? contact_ledger(r->store, view.id, LINES_MAX, &r->fixed, &lines, &n) : OK;

    if (code != CLI_GO)
        return code;
    if (err)
        return cli_fail_why(err, NULL);
    if (cli->json)
        return print_json(r, &view, lines, n);
    printf("%.*s: consent %s, %s\n", STR_ARG(view.email), consent_state_name(view.consent.state),
           view.mailable ? "may be mailed" : "is not to be mailed");
    for (size_t i = 0; i < n; i++)
        print_line(r, &lines[i]);
    return EXIT_DONE;
}

int cmd_why(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "why EMAIL|ID", "Tells what made a contact as it is: each change and each refusal, with its rule, source and times.",
        "storehook why zoe@example.com", 1, 1};
    struct contact_reader r;
    struct store *store = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    code = cli_open_store(cli, &store);
    if (code != CLI_GO)
        return code;
    err = contact_reader_init(&r, cli, store);
    code = err ? cli_fail_why(err, NULL) : tell(cli, &r, argv[0]);
    contact_reader_release(&r);
    store_close(store);
    return code;
}
