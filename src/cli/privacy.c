/* privacy.c -- owns `storehook privacy`: what persons asked for under the law, what was done, and the signed reports of it. */
#include "base/file.h"
#include "base/timefmt.h"
#include "cli/commands.h"
#include "cli/contacts.h"
#include "cli/open.h"
#include "cli/table.h"
#include "engine/privacy_report.h"

enum { ROWS_SHOWN = 100, ROWS_MAX = 10000, WORK_BYTES = 256 << 20, REPORT_FILE_BYTES = 4 << 20 };

/* What one verb works with. */
struct desk {
    struct cli *cli;
    struct contact_reader reader;
    struct store *store;
    struct seal *seal;
};

static int desk_open(struct desk *d, struct cli *cli)
{
    int code;
    enum err err;

    *d = (struct desk){.cli = cli};
    code = cli_open_store(cli, &d->store);
    if (code == CLI_GO)
        code = cli_open_seal(cli, d->store, &d->seal);
    if (code != CLI_GO)
        return code;
    err = contact_reader_init(&d->reader, cli, d->store);
    return err ? cli_fail_why(err, NULL) : CLI_GO;
}

static void desk_close(struct desk *d)
{
    contact_reader_release(&d->reader);
    seal_free(d->seal);
    store_close(d->store);
}

/* --- list ------------------------------------------------------------------------------------------------------------- */

static struct str asker(const struct desk *d, const struct privacy_request *r)
{
    return r->source_id ? view_source_name(d->reader.sources, d->reader.n_sources, r->source_id) : r->asked_by;
}

static const char *state_of(const struct privacy_request *r)
{
    if (r->kind == PRIVACY_DATA)
        return r->done_us ? "given" : "open";
    return r->cleaned_us ? "done" : r->searched_us ? "done, files to be cleaned" : "done, queue to be searched";
}

/* Whose data is asked for; the erased have no name. */
static enum err person_of(struct desk *d, const struct privacy_request *r, struct str *out)
{
    enum err err = r->contact_id.len ? contact_address(d->store, r->contact_id, &d->reader.work, out) : OK;

    if (err == ERR_NOT_FOUND || r->contact_id.len == 0) {
        *out = r->kind == PRIVACY_DATA ? STR("(nobody known)") : STR("");
        err = OK;
    }
    return err;
}

static int list_table(struct desk *d, const struct privacy_request *at, size_t n)
{
    static const char *const columns[] = {"ID", "KIND", "ASKED BY", "AT", "STATE", "PERSON", NULL};
    struct table *table = table_new(columns);
    char time[TIME_ISO_CHARS + 1];
    enum err err = table ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++) {
        struct str person = STR("");

        err = person_of(d, &at[i], &person);
        if (!err)
            err = table_add(table, (struct str[]){at[i].id, str_of(privacy_kind_name(at[i].kind)), asker(d, &at[i]),
                                                  str_of(time_iso(at[i].asked_us, time)), str_of(state_of(&at[i])), person});
    }
    if (!err)
        table_show(table);
    table_free(table);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int list_json(struct desk *d, const struct privacy_request *at, size_t n)
{
    json_t *list = json_array();
    enum err err = OK;

    for (size_t i = 0; i < n && !err; i++) {
        struct str person = STR("");
        json_t *o = json_object();

        err = person_of(d, &at[i], &person);
        json_object_set_new(o, "id", json_str(at[i].id));
        json_object_set_new(o, "kind", json_string(privacy_kind_name(at[i].kind)));
        json_object_set_new(o, "asked_by", json_str(asker(d, &at[i])));
        json_object_set_new(o, "asked_at", json_time(at[i].asked_us));
        json_object_set_new(o, "done_at", json_time(at[i].done_us));
        json_object_set_new(o, "state", json_string(state_of(&at[i])));
        json_object_set_new(o, "email", at[i].contact_id.len ? json_str(person) : json_null());
        json_array_append_new(list, o);
    }
    if (!err)
        return cli_print_json(list);
    json_decref(list);
    return cli_fail_why(err, NULL);
}

static int privacy_list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "privacy list [--open] [--before ID] [--limit N]",
        "Lists requests of persons, the newest first: for their data, and to be erased. With --open only\n"
        "those that are to be answered: `storehook contacts export EMAIL` makes the answer.",
        "storehook privacy list --open", 0, 0};
    bool open = false;
    const char *before = NULL;
    int64_t limit = ROWS_SHOWN;
    const struct cli_flag flags[] = {{"open", FLAG_ON, &open, NULL, "only what is to be answered"},
                                     {"before", FLAG_TEXT, &before, "ID", "only what came before this one"},
                                     {"limit", FLAG_INT, &limit, "N", "at most N (default 100)"},
                                     {0}};
    struct privacy_request *at = NULL;
    struct desk d;
    size_t n = 0;
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    if (limit < 1 || limit > ROWS_MAX)
        return cli_wrong("--limit %lld: give a number from 1 to %d", (long long)limit, ROWS_MAX);
    code = desk_open(&d, cli);
    if (code == CLI_GO) {
        err = privacy_list(d.store, open, str_of(before), (size_t)limit, &d.reader.fixed, &at, &n);
        code = err ? cli_fail_why(err, NULL) : cli->json ? list_json(&d, at, n) : list_table(&d, at, n);
    }
    desk_close(&d);
    return code;
}

/* --- show, close ------------------------------------------------------------------------------------------------------ */

static int unknown(const char *id)
{
    return cli_fail("no request %s; `storehook privacy list` shows all", id);
}

static int show(struct desk *d, const char *id)
{
    struct privacy_request request;
    json_t *report = NULL;
    enum err err = privacy_get(d->store, str_of(id), &d->reader.work, &request);

    if (!err)
        err = privacy_report(d->seal, &request, request.source_id ? asker(d, &request) : STR_NONE, &report);
    if (err)
        return err == ERR_NOT_FOUND ? unknown(id) : cli_fail_why(err, NULL);
    return cli_print_json(report);
}

static int privacy_show(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "privacy show ID",
        "Prints the signed report of a request, as JSON: who asked, when, what was removed, what is still to be done.",
        "storehook privacy show 000660e666034ea20000580ad35621d0 > report.json", 1, 1};
    struct desk d;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = desk_open(&d, cli);
    if (code == CLI_GO)
        code = show(&d, argv[0]);
    desk_close(&d);
    return code;
}

static int privacy_close_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "privacy close ID", "Closes a request for data that was answered elsewhere, or of a person who is not known.", NULL, 1, 1};
    struct desk d;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    code = desk_open(&d, cli);
    if (code == CLI_GO) {
        err = privacy_close(d.store, str_of(argv[0]));
        code = err == ERR_NOT_FOUND ? unknown(argv[0])
               : err == ERR_EXISTS  ? cli_fail("request %s is closed already", argv[0])
               : err                ? cli_fail_why(err, NULL)
                                    : EXIT_DONE;
    }
    desk_close(&d);
    if (code == EXIT_DONE && cli->json)
        return cli_print_json(json_pack("{sb}", "closed", 1));
    if (code == EXIT_DONE)
        puts("closed");
    return code;
}

/* --- verify ----------------------------------------------------------------------------------------------------------- */

static int tell(const struct cli *cli, const json_t *report, bool ours)
{
    if (cli->json)
        return cli_print_json(json_pack("{sb sb sO}", "unchanged", 1, "ours", (int)ours, "public_key",
                                        json_object_get(json_object_get(report, "signature"), "public_key")));
    printf("unchanged since it was signed, %s\n",
           ours ? "by this installation" : "by another installation (or with another master key): compare the public key");
    return EXIT_DONE;
}

static int verify(struct cli *cli, const struct seal *seal, const char *path)
{
    struct buf text = BUF_INIT(REPORT_FILE_BYTES);
    json_t *report = NULL;
    bool ours = false;
    int code;
    enum err err = file_read(path, &text);

    if (err) {
        code = cli_fail("%s: %s", path, err_text(err));
    } else {
        err = json_parse(buf_str(&text), &report, NULL);
        if (!err)
            err = privacy_report_check(seal, report, &ours);
        code = err == ERR_SIGNATURE ? cli_fail("%s: the report was changed after it was signed", path)
               : err                ? cli_fail("%s: no signed report of `storehook privacy show`", path)
                                    : tell(cli, report, ours);
    }
    json_decref(report);
    buf_release(&text);
    return code;
}

static int privacy_verify(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"privacy verify FILE",
                                         "Checks that a report is as it was signed, and tells whether this installation signed it.",
                                         "storehook privacy verify report.json", 1, 1};
    struct desk d;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = desk_open(&d, cli);
    if (code == CLI_GO)
        code = verify(cli, d.seal, argv[0]);
    desk_close(&d);
    return code;
}

static const struct cli_command verbs[] = {
    {"list", privacy_list_verb, "lists requests: data to be given, erasures done", NULL},
    {"show", privacy_show, "prints the signed report of one", NULL},
    {"close", privacy_close_verb, "closes a request for data by hand", NULL},
    {"verify", privacy_verify, "checks the signature of a report", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_privacy(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "privacy", verbs, argc, argv);
}
