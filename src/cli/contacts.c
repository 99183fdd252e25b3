/* contacts.c -- owns `storehook contacts`: its verbs, show and export. */
#include "cli/contacts.h"

#include "base/csv.h"
#include "base/timefmt.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "cli/table.h"

/* What one verb works with. */
struct desk {
    struct cli *cli;
    struct store *store;
    struct contact_reader reader;
};

static int desk_open(struct desk *d, struct cli *cli)
{
    int code;
    enum err err;

    *d = (struct desk){.cli = cli};
    code = cli_open_store(cli, &d->store);
    if (code != CLI_GO)
        return code;
    err = contact_reader_init(&d->reader, cli, d->store);
    return err ? cli_fail_why(err, NULL) : CLI_GO;
}

static void desk_close(struct desk *d)
{
    contact_reader_release(&d->reader);
    store_close(d->store);
}

static void show_time(const char *name, int64_t us)
{
    char text[TIME_ISO_CHARS + 1];

    printf("%-12s %s\n", name, us > 0 ? time_iso(us, text) : "-");
}

/* Foreign text, made harmless for a terminal. */
static void show_text(const char *name, struct str s)
{
    struct buf text = BUF_INIT(1 << 20);

    if (s.len && text_escape(s, false, &text))
        buf_clear(&text);
    printf("%-12s %s\n", name, text.len ? buf_text(&text) : "-");
    buf_release(&text);
}

static void show_orders(const struct contact_view *v)
{
    char money[MONEY_TEXT_CHARS + 1];

    printf("%-12s %zu counted", "orders", v->orders_counted);
    for (size_t i = 0; i < v->n_net; i++)
        printf(", net %s %s", money_text(&v->net[i], money), v->net[i].currency.code);
    printf("\n");
    for (size_t i = 0; i < v->n_orders && i < 20; i++) {
        struct money total = {.minor = v->orders[i].order->total};

        show_text("  order", v->orders[i].order->id);
        printf("%-12s %.*s%s", "    status", STR_ARG(v->orders[i].status), v->orders[i].order->test ? " (test)" : "");
        if (!currency_parse(v->orders[i].order->currency, &total.currency))
            printf(", %s %s", money_text(&total, money), total.currency.code);
        printf("\n");
    }
}

static void show_carts(const struct contact_view *v)
{
    char time[TIME_ISO_CHARS + 1];

    for (size_t i = 0; i < v->n_carts; i++) {
        show_text("cart", v->carts[i].cart->id);
        printf("%-12s %s", "  state", cart_state_name(v->carts[i].state));
        if (v->carts[i].due_us)
            printf(", abandoned if quiet until %s", time_iso(v->carts[i].due_us, time));
        printf("\n");
    }
}

static void show_page(const struct desk *d, const struct contact_view *v)
{
    show_text("id", v->id);
    show_text("e-mail", v->email);
    show_text("first name", v->first_name);
    show_text("last name", v->last_name);
    show_text("phone", v->phone);
    show_time("created", v->created_us);
    show_time("updated", v->updated_us);
    printf("%-12s %s\n", "consent", consent_state_name(v->consent.state));
    printf("%-12s %s%s\n", "mailable", v->mailable ? "yes" : "no", v->archived ? " (archived: deleted in every source)" : "");
    for (size_t i = 0; i < v->n_suppressions; i++)
        show_text("suppressed", v->suppressions[i]);
    for (size_t i = 0; i < v->n_lists; i++) {
        show_text("list", v->lists[i].list);
        printf("%-12s %s\n", "  status", consent_state_name(v->lists[i].state));
    }
    for (size_t i = 0; i < v->n_tag_owners; i++) {
        if (i == 0 || !str_eq(v->tag_owners[i].tag, v->tag_owners[i - 1].tag))
            show_text("tag", v->tag_owners[i].tag);
        show_text("  set by", view_source_name(d->reader.sources, d->reader.n_sources, v->tag_owners[i].source_id));
    }
    for (size_t i = 0; i < v->n_fields; i++) {
        show_text("field", v->fields[i]->name);
        show_text("  value", v->fields[i]->value);
    }
    for (size_t i = 0; i < v->n_asides; i++) {
        show_text("set aside", v->asides[i]->name);
        show_text("  text", v->asides[i]->value);
    }
    for (size_t i = 0; i < v->n_customers; i++) {
        show_text("source", view_source_name(d->reader.sources, d->reader.n_sources, v->customers[i]->source_id));
        show_text("  customer", v->customers[i]->external_id);
    }
    show_orders(v);
    show_carts(v);
    printf("%-12s %llu\n", "visits", (unsigned long long)v->visits);
    if (v->visits)
        show_text("  last", v->last_url);
}

static int contacts_show(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"contacts show EMAIL|ID", "Shows one contact, found by any of its addresses or its id.",
                                         "storehook contacts show zoe@example.com --json", 1, 1};
    struct contact_view view;
    struct desk d;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = desk_open(&d, cli);
    if (code == CLI_GO)
        code = contact_open(cli, &d.reader, argv[0], &view);
    if (code == CLI_GO && cli->json) {
        code = cli_print_json(view_json(&view, d.reader.sources, d.reader.n_sources));
    } else if (code == CLI_GO) {
        show_page(&d, &view);
        code = EXIT_DONE;
    }
    desk_close(&d);
    return code;
}

static enum err print_line(void *arg, const struct contact_view *view)
{
    const struct contact_reader *r = arg;
    json_t *object = view_json(view, r->sources, r->n_sources);
    struct buf text = BUF_INIT(64 << 20);
    enum err err = object ? json_print(object, &text) : ERR_MEMORY;

    if (!err && (fwrite(buf_text(&text), 1, text.len, stdout) != text.len || putchar('\n') == EOF))
        err = ERR_IO;
    buf_release(&text);
    json_decref(object);
    return err;
}

static enum err print_csv(void *arg, const struct contact_view *v)
{
    char orders[24], created[TIME_ISO_CHARS + 1];

    (void)arg;
    snprintf(orders, sizeof(orders), "%zu", v->orders_counted);
    csv_write_cell(v->id, false, stdout);
    csv_write_cell(v->email, false, stdout);
    csv_write_cell(v->first_name, false, stdout);
    csv_write_cell(v->last_name, false, stdout);
    csv_write_cell(v->phone, false, stdout);
    csv_write_cell(str_of(consent_state_name(v->consent.state)), false, stdout);
    csv_write_cell(v->mailable ? STR("yes") : STR("no"), false, stdout);
    csv_write_cell(str_of(orders), false, stdout);
    csv_write_cell(v->created_us > 0 ? str_of(time_iso(v->created_us, created)) : STR(""), true, stdout);
    return ferror(stdout) ? ERR_IO : OK;
}

static int export_all(struct cli *cli, bool csv)
{
    struct contact_walk walk = {0};
    struct desk d;
    int code = desk_open(&d, cli);
    enum err err;

    if (code == CLI_GO) {
        if (csv)
            fputs("id,email,first_name,last_name,phone,consent,mailable,orders,created_at\r\n", stdout);
        err = contact_reader_each(&d.reader, &walk, csv ? print_csv : print_line, &d.reader);
        code = err ? cli_fail_why(err, NULL) : EXIT_DONE;
    }
    desk_close(&d);
    return code;
}

static int contacts_export(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "contacts export [EMAIL|ID] [--format csv|jsonl]",
        "Writes every contact to stdout: jsonl has all members, csv the main ones. Of one person: everything that is stored, as\n"
        "one JSON object (contact, customers, consent, orders, carts, visits, ledger), to be handed out when they ask.",
        "storehook contacts export zoe@example.com > zoe.json", 0, 1};
    const char *format = NULL;
    const struct cli_flag flags[] = {{"format", FLAG_TEXT, &format, "F", "csv or jsonl (default jsonl)"}, {0}};
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    bool csv = code == CLI_GO && format && strcmp(format, "csv") == 0;

    if (code != CLI_GO)
        return code;
    if (format && !csv && strcmp(format, "jsonl") != 0)
        return cli_wrong("--format %s: give csv or jsonl", format);
    if (format && argc > 0)
        return cli_wrong("--format is for all contacts; what is stored about one person is one JSON object");
    if (csv && cli->json)
        return cli_wrong("--format csv is not JSON; leave --json out, or give --format jsonl");
    return argc > 0 ? contacts_print_bundle(cli, argv[0]) : export_all(cli, csv);
}

static const struct cli_command verbs[] = {
    {"list", contacts_list, "lists contacts", NULL},
    {"show", contacts_show, "shows one contact", NULL},
    {"timeline", contacts_timeline, "tells what happened with one contact", NULL},
    {"export", contacts_export, "writes all contacts, or all that is stored about one person", NULL},
    {"import", contacts_import, "takes the rows of a CSV file as contacts", NULL},
    {"suppress", contacts_suppress, "keeps an address from being mailed", NULL},
    {"unsuppress", contacts_unsuppress, "lifts that again", NULL},
    {"conflicts", contacts_conflicts, "lists addresses that two contacts name", NULL},
    {"erase", contacts_erase, "erases a person for good", NULL},
    {"token", contacts_token, "makes the text that ties who follows a mailing's link to its contact", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_contacts(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "contacts", verbs, argc, argv);
}
