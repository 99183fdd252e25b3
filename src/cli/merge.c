/* merge.c -- owns `storehook merge` and `storehook unmerge`: two contacts by hand made one, and one made two again (M10). */
#include "cli/commands.h"

#include "base/timefmt.h"
#include "cli/contacts.h"
#include "cli/open.h"
#include "cli/operator.h"
#include "store/merge.h"

/* What both commands work with. */
struct desk {
    struct store *store;
    struct contact_reader reader;
    struct merge_desk merge;
};

static int desk_open(struct desk *d, struct cli *cli)
{
    int code;
    enum err err;

    *d = (struct desk){.store = NULL};
    code = cli_open_store(cli, &d->store);
    if (code != CLI_GO)
        return code;
    err = contact_reader_init(&d->reader, cli, d->store);
    d->merge = (struct merge_desk){
        .store = d->store, .sources = d->reader.sources, .n_sources = d->reader.n_sources, .arena = &d->reader.work};
    return err ? cli_fail_why(err, NULL) : CLI_GO;
}

static void desk_close(struct desk *d)
{
    contact_reader_release(&d->reader);
    store_close(d->store);
}

static int refuse_changed(const struct merge_result *r, const char *who)
{
    struct buf list = BUF_INIT(1024);
    enum err err = OK;
    int code;

    for (size_t i = 0; i < r->n_members && !err; i++)
        err = buf_printf(&list, "%s%s", i ? ", " : "", r->members[i]);
    code = cli_fail("%s: not undone, changed since the merge: %s; a merge is undone only while everything else is as it was", who,
                    buf_text(&list));
    buf_release(&list);
    return code;
}

/* Says why it was not done. */
static int refuse(const struct merge_result *r, const char *who)
{
    char time[TIME_ISO_CHARS + 1];

    switch (r->refusal) {
    case MERGE_NOBODY:
        return cli_fail("no contact %.*s; `storehook contacts list` shows all", STR_ARG(r->who));
    case MERGE_ONE:
        return cli_fail("both are one contact already; `storehook contacts show %s` shows it", who);
    case MERGE_TOO_LARGE:
        return cli_fail("refused: the contact would have, or has, more customers and addresses than one may have (docs/queue.md, "
                        "group_too_large)");
    case MERGE_NONE:
        return cli_fail("%s was not merged by hand; what a store merged, its store must part, and who has the same address is one "
                        "contact",
                        who);
    case MERGE_LATE:
        return cli_fail("%s: too late, merged %s; a merge can be undone for %d days", who, time_iso(r->at_us, time), MERGE_DAYS);
    case MERGE_CHANGED:
        return refuse_changed(r, who);
    case MERGE_DONE:
        break;
    }
    return EXIT_DONE;
}

static int tell(struct cli *cli, const struct merge_result *r, const char *verb)
{
    if (cli->json)
        return cli_print_json(json_pack("{sb so so so so}", verb, 1, "id", json_str(r->kept_id), "other_id", json_str(r->gone_id),
                                        "merged_at", json_time(r->at_us), "merged_by", json_str(r->by)));
    if (strcmp(verb, "merged") == 0)
        printf("merged into %.*s; %.*s leads there from now on. `storehook unmerge %.*s` undoes it within %d days\n",
               STR_ARG(r->kept_id), STR_ARG(r->gone_id), STR_ARG(r->kept_id), MERGE_DAYS);
    else
        printf("undone: %.*s and %.*s are two contacts again\n", STR_ARG(r->kept_id), STR_ARG(r->gone_id));
    return EXIT_DONE;
}

int cmd_merge(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "merge EMAIL|ID EMAIL|ID [--by NAME]",
        "Makes two contacts one. The oldest identified contact's id stays, the other leads to it. The more restrictive consent\n"
        "of the two counts until there is an opt-in after the merge; of the open carts the newest stays. Nothing is fired.",
        "storehook merge zoe@example.com zoe.b@example.org --by \"Ada Smith\"", 2, 2};
    const char *by = NULL;
    struct str who;
    const struct cli_flag flags[] = {OPERATOR_FLAG(by), {0}};
    struct merge_result result = {.refusal = MERGE_DONE};
    struct desk d;
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    code = operator_name(by, &who);
    if (code != CLI_GO)
        return code;
    code = desk_open(&d, cli);
    if (code == CLI_GO) {
        err = merge_contacts(&d.merge, str_of(argv[0]), str_of(argv[1]), who, &result);
        code = err ? cli_fail_why(err, NULL) : refuse(&result, argv[0]);
    }
    if (code == EXIT_DONE)
        code = tell(cli, &result, "merged");
    desk_close(&d);
    return code;
}

int cmd_unmerge(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "unmerge EMAIL|ID",
        "Undoes the latest `storehook merge` of a contact, for 7 days and while no field of it changed. Both contacts are then as\n"
        "they were, with their ids; orders, carts and visits that came since are with the customer whose they are.",
        "storehook unmerge zoe@example.com", 1, 1};
    struct merge_result result = {.refusal = MERGE_DONE};
    struct desk d;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    code = desk_open(&d, cli);
    if (code == CLI_GO) {
        err = merge_undo(&d.merge, str_of(argv[0]), &result);
        code = err ? cli_fail_why(err, NULL) : refuse(&result, argv[0]);
    }
    if (code == EXIT_DONE)
        code = tell(cli, &result, "undone");
    desk_close(&d);
    return code;
}
