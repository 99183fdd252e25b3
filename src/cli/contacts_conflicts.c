/* contacts_conflicts.c -- owns `storehook contacts conflicts`: addresses that a customer named and another contact has (M3, H2). */
#include "cli/contacts.h"

#include "base/timefmt.h"
#include "cli/open.h"
#include "cli/table.h"
#include "store/conflict.h"

enum { SHOWN_MAX = 10000 };

static const char *reason(const struct conflict *c)
{
    return c->why == APART_TAKEN ? "another contact's" : "two customers of one source";
}

static int print_json(const struct contact_reader *r, const struct conflict *list, size_t n)
{
    json_t *all = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(all, json_pack("{so so so so so ss ss so}", "address", json_str(list[i].address), "contact_id",
                                             json_str(list[i].contact_id), "source",
                                             json_str(view_source_name(r->sources, r->n_sources, list[i].source_id)), "external_id",
                                             json_str(list[i].external_id), "holder_id", json_str(list[i].holder_id), "rule",
                                             list[i].why == APART_TAKEN ? "H2" : "M3", "reason", reason(&list[i]), "since",
                                             json_time(list[i].first_us)));
    return cli_print_json(all);
}

static int print_table(const struct contact_reader *r, const struct conflict *list, size_t n)
{
    static const char *const columns[] = {"ADDRESS", "OF CONTACT", "ALSO NAMED BY", "CUSTOMER", "CONTACT", "WHY", "SINCE", NULL};
    struct table *t = table_new(columns);
    char time[TIME_ISO_CHARS + 1];
    enum err err = t ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++)
        err = table_add(t, (struct str[]){list[i].address, list[i].holder_id,
                                          view_source_name(r->sources, r->n_sources, list[i].source_id), list[i].external_id,
                                          list[i].contact_id, str_of(reason(&list[i])), str_of(time_iso(list[i].first_us, time))});
    if (!err) {
        table_show(t);
        printf("%zu shown%s\n", n, n ? "; `storehook merge` makes two contacts one" : "");
    }
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int show(struct cli *cli, struct contact_reader *r, const char *after, size_t max)
{
    struct conflict *list = NULL;
    size_t n = 0;
    enum err err = conflict_list(r->store, str_of(after), max, &r->work, &list, &n);

    if (err)
        return cli_fail_why(err, NULL);
    return cli->json ? print_json(r, list, n) : print_table(r, list, n);
}

int contacts_conflicts(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "contacts conflicts [--limit N] [--after ADDRESS]",
        "Lists addresses that a customer named though another contact has them: two customers of one source (M3), or a change to\n"
        "an address that was another's before (H2). Nobody was merged; `storehook merge` does it where it is one person.",
        "storehook contacts conflicts --json", 0, 0};
    int64_t limit = 100;
    const char *after = NULL;
    const struct cli_flag flags[] = {{"limit", FLAG_INT, &limit, "N", "at most N (default 100)"},
                                     {"after", FLAG_TEXT, &after, "ADDRESS", "go on after this address"},
                                     {0}};
    struct contact_reader r;
    struct store *store = NULL;
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    if (limit < 1 || limit > SHOWN_MAX)
        return cli_wrong("--limit %lld: give a number from 1 to %d", (long long)limit, SHOWN_MAX);
    code = cli_open_store(cli, &store);
    if (code != CLI_GO)
        return code;
    err = contact_reader_init(&r, cli, store);
    code = err ? cli_fail_why(err, NULL) : show(cli, &r, after, (size_t)limit);
    contact_reader_release(&r);
    store_close(store);
    return code;
}
