/* contacts_list.c -- owns `storehook contacts list`: the contacts that pass, as a table or as JSON, a page at a time. */
#include "cli/contacts_filter.h"
#include "cli/open.h"

#include <unistd.h>

enum { TABLE_ROWS = 50, CONTACT_BYTES = 64 << 20 };

/* The array is printed as it is read: a million contacts need no more memory than one. */
struct printer {
    const struct contact_reader *reader;
    bool any;
};

static enum err print_one(void *arg, const struct contact_view *view)
{
    struct printer *p = arg;
    struct buf text = BUF_INIT(CONTACT_BYTES);
    json_t *object = view_json(view, p->reader->sources, p->reader->n_sources);
    enum err err = object ? json_print_pretty(object, &text) : ERR_MEMORY;

    if (!err && (fputs(p->any ? ",\n" : "", stdout) == EOF || fwrite(buf_text(&text), 1, text.len, stdout) != text.len))
        err = ERR_IO;
    p->any = true;
    buf_release(&text);
    json_decref(object);
    return err;
}

static enum err print_array(struct contact_reader *r, struct contact_walk *walk)
{
    struct printer p = {.reader = r};
    enum err err;

    fputs("[\n", stdout);
    err = contact_reader_each(r, walk, print_one, &p);
    fputs(p.any ? "\n]\n" : "]\n", stdout);
    return !err && ferror(stdout) ? ERR_IO : err;
}

static int list_json(struct cli *cli, struct contact_walk *walk)
{
    struct contact_reader r;
    struct store *store = NULL;
    int code = cli_open_store(cli, &store);
    enum err err;

    if (code != CLI_GO)
        return code;
    err = contact_reader_init(&r, cli, store);
    if (!err)
        err = print_array(&r, walk);
    contact_reader_release(&r);
    store_close(store);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

/* A filter looks at every contact, which takes a while where there are many. */
static void show_progress(const struct contact_walk *walk)
{
    fprintf(stderr, "\r%zu contacts looked at, %zu pass ", walk->read, walk->found);
}

int contacts_list(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "contacts list [--list L] [--tag T] [...] [--limit N] [--after ID]",
        "Lists the contacts that pass every filter given, in the order in which they were made. With --json all members of each.\n"
        "The last line of the table says how to go on; with --json give --after the id of the last contact.",
        "storehook contacts list --list newsletter --status subscribed --bought 1001 --limit 100", 0, 0};
    struct contact_filter filter = {0};
    struct contact_walk walk = {0};
    int64_t limit = 0;
    const char *after = NULL;
    const struct cli_flag flags[] = {CONTACT_FILTER_FLAGS(filter),
                                     {"limit", FLAG_INT, &limit, "N", "at most N contacts (table: 50, --json: all)"},
                                     {"after", FLAG_TEXT, &after, "ID", "go on after the contact with this id"},
                                     {0}};
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    bool shows = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);

    if (code == CLI_GO)
        code = contact_filter_check(&filter);
    if (code != CLI_GO)
        return code;
    if (limit < 0)
        return cli_wrong("--limit %lld: give a number of contacts from 1 on", (long long)limit);
    if (after && strlen(after) != ID_CHARS)
        return cli_wrong("--after %s: give the id of a contact, %d characters", after, ID_CHARS);
    walk = (struct contact_walk){.after = str_of(after), .filter = &filter, .progress = shows ? show_progress : NULL};
    walk.max = limit ? (size_t)limit : cli->json ? 0 : TABLE_ROWS;
    code = cli->json ? list_json(cli, &walk) : contacts_print_table(cli, &walk);
    if (shows && walk.read)
        fputc('\n', stderr);
    return code;
}
