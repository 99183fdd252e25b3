/* tag.c -- owns `storehook tag`: list, show, add, remove. */
#include "store/tag.h"

#include "cli/commands.h"
#include "cli/edits.h"
#include "cli/open.h"
#include "cli/table.h"
#include "store/contact.h"

#include <inttypes.h>

enum { ARENA_BYTES = 512 << 20, OWNERS_BYTES = 64 << 10, SHOW_DEFAULT = 50, TARGETS_MAX = 1000 };

/* What one verb works with. */
struct desk {
    struct store *store;
    struct arena arena;
    struct view_source *sources;
    size_t n_sources;
};

static int desk_open(struct desk *d, struct cli *cli)
{
    int code;
    enum err err;

    *d = (struct desk){.store = NULL};
    arena_init(&d->arena, ARENA_BYTES);
    code = cli_open_store(cli, &d->store);
    if (code != CLI_GO)
        return code;
    err = contact_sources(d->store, 0, &d->arena, &d->sources, &d->n_sources);
    return err ? cli_fail_why(err, NULL) : CLI_GO;
}

static void desk_close(struct desk *d)
{
    arena_release(&d->arena);
    store_close(d->store);
}

/* -- list ---------------------------------------------------------------------------------------------------------------- */

/* The rows of one tag are together, the sum of it first. */
static enum err owners_text(const struct desk *d, const struct tag_count *rows, size_t n, struct buf *out)
{
    enum err err = OK;

    for (size_t i = 0; i < n && !err; i++)
        err = buf_printf(out, "%s%.*s %" PRIu64, i ? ", " : "",
                         STR_ARG(view_source_name(d->sources, d->n_sources, rows[i].source_id)), rows[i].contacts);
    return err;
}

static json_t *owners_json(const struct desk *d, const struct tag_count *rows, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{so sI}", "source",
                                              json_str(view_source_name(d->sources, d->n_sources, rows[i].source_id)), "contacts",
                                              (json_int_t)rows[i].contacts));
    return list;
}

static size_t rows_of_tag(const struct tag_count *rows, size_t n)
{
    size_t run = 1;

    while (run < n && str_eq(rows[run].tag, rows[0].tag))
        run++;
    return run;
}

static int list_json(const struct desk *d, const struct tag_count *rows, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0, run; i < n; i += run) {
        run = rows_of_tag(&rows[i], n - i);
        json_array_append_new(list, json_pack("{so sI so}", "tag", json_str(rows[i].tag), "contacts", (json_int_t)rows[i].contacts,
                                              "owners", owners_json(d, &rows[i + 1], run - 1)));
    }
    return cli_print_json(list);
}

static int list_table(const struct desk *d, const struct tag_count *rows, size_t n)
{
    static const char *const columns[] = {"TAG", "CONTACTS", "SET BY", NULL};
    struct table *t = table_new(columns);
    enum err err = t ? OK : ERR_MEMORY;

    for (size_t i = 0, run; i < n && !err; i += run) {
        struct buf owners = BUF_INIT(OWNERS_BYTES);
        char contacts[24];

        run = rows_of_tag(&rows[i], n - i);
        snprintf(contacts, sizeof(contacts), "%" PRIu64, rows[i].contacts);
        err = owners_text(d, &rows[i + 1], run - 1, &owners);
        if (!err)
            err = table_add(t, (struct str[]){rows[i].tag, str_of(contacts), buf_str(&owners)});
        buf_release(&owners);
    }
    if (!err)
        table_show(t);
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int tag_list(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "tag list",
        "Lists the tags, how many contacts have each, and which sources say so. Reads the tags of all "
        "contacts once.",
        NULL, 0, 0};
    struct tag_count *rows = NULL;
    struct desk d;
    size_t n = 0;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    code = desk_open(&d, cli);
    if (code == CLI_GO) {
        err = tag_counts(d.store, &d.arena, &rows, &n);
        if (err == ERR_TOO_MANY)
            code = cli_fail("there are more than %d different tags; `storehook tag show TAG` shows one", TAG_COUNTS_MAX / 2);
        else if (err)
            code = cli_fail_why(err, NULL);
        else
            code = cli->json ? list_json(&d, rows, n) : list_table(&d, rows, n);
    }
    desk_close(&d);
    return code;
}

/* -- show ---------------------------------------------------------------------------------------------------------------- */

/* Contacts that have one tag; their ids are collected first, as no other statement runs while they are read. */
struct search {
    struct desk *desk;
    struct str tag;
    size_t max, n;
    uint64_t found;
    struct holder {
        struct str id, email;
        struct view_tag *owners;
        size_t n_owners;
    } * holders;
};

static enum err keep_owners(struct search *s, const struct contact_view *view, struct holder *h)
{
    h->owners = arena_array(&s->desk->arena, view->n_tag_owners, sizeof(*h->owners));
    for (size_t i = 0; h->owners && i < view->n_tag_owners; i++)
        if (str_eq(view->tag_owners[i].tag, s->tag))
            h->owners[h->n_owners++] = view->tag_owners[i];
    return h->owners ? OK : ERR_MEMORY;
}

static enum err search_contact(void *arg, const struct contact_view *view)
{
    struct search *s = arg;
    struct holder *h;
    bool has = false;

    for (size_t i = 0; i < view->n_tags && !has; i++)
        has = str_eq(view->tags[i], s->tag);
    s->found += has;
    if (!has || s->n == s->max)
        return OK;
    h = &s->holders[s->n++];
    h->id = arena_str(&s->desk->arena, view->id);
    return h->id.p ? keep_owners(s, view, h) : ERR_MEMORY;
}

static enum err find_addresses(struct search *s)
{
    enum err err = OK;

    for (size_t i = 0; i < s->n && !err; i++) {
        err = contact_address(s->desk->store, s->holders[i].id, &s->desk->arena, &s->holders[i].email);
        if (err == ERR_NOT_FOUND) /* its addresses belong to another contact now (M3) */
            err = OK;
    }
    return err;
}

static int show_json(const struct search *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->n; i++) {
        const struct holder *h = &s->holders[i];
        json_t *owners = json_array();

        for (size_t k = 0; k < h->n_owners; k++)
            json_array_append_new(owners, json_str(view_source_name(s->desk->sources, s->desk->n_sources, h->owners[k].source_id)));
        json_array_append_new(list, json_pack("{so so so}", "id", json_str(h->id), "email",
                                              h->email.len ? json_str(h->email) : json_null(), "sources", owners));
    }
    return cli_print_json(json_pack("{so sI so}", "tag", json_str(s->tag), "contacts", (json_int_t)s->found, "shown", list));
}

static int show_table(const struct search *s)
{
    static const char *const columns[] = {"E-MAIL", "SET BY", "ID", NULL};
    struct table *t = table_new(columns);
    enum err err = t ? OK : ERR_MEMORY;

    for (size_t i = 0; i < s->n && !err; i++) {
        const struct holder *h = &s->holders[i];
        struct buf owners = BUF_INIT(OWNERS_BYTES);

        for (size_t k = 0; k < h->n_owners && !err; k++)
            err = buf_printf(&owners, "%s%.*s", k ? ", " : "",
                             STR_ARG(view_source_name(s->desk->sources, s->desk->n_sources, h->owners[k].source_id)));
        if (!err)
            err = table_add(t, (struct str[]){h->email, buf_str(&owners), h->id});
        buf_release(&owners);
    }
    if (!err) {
        table_show(t);
        printf("%zu of %" PRIu64 " contacts\n", s->n, s->found);
    }
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int tag_show(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"tag show TAG [--limit N]",
                                         "Shows the contacts that have the tag, and which sources say so.",
                                         "storehook tag show vip --json", 1, 1};
    int64_t limit = SHOW_DEFAULT;
    const struct cli_flag flags[] = {{"limit", FLAG_INT, &limit, "N", "show at most N contacts (default 50)"}, {0}};
    struct desk d;
    struct search s = {.desk = &d};
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    enum err err;

    if (code != CLI_GO)
        return code;
    if (limit < 1 || limit > 1000000)
        return cli_wrong("--limit %lld: give a number of contacts from 1 to 1000000", (long long)limit);
    s.tag = str_of(argv[0]);
    s.max = (size_t)limit;
    code = desk_open(&d, cli);
    if (code == CLI_GO) {
        s.holders = arena_array(&d.arena, s.max, sizeof(*s.holders));
        err = s.holders ? tag_each(d.store, search_contact, &s) : ERR_MEMORY;
        if (!err)
            err = find_addresses(&s);
        code = err ? cli_fail_why(err, NULL) : cli->json ? show_json(&s) : show_table(&s);
    }
    desk_close(&d);
    return code;
}

/* -- add, remove ---------------------------------------------------------------------------------------------------------- */

static int change(struct cli *cli, const struct cli_page *page, enum edit_kind kind, const char *done, int argc, char **argv)
{
    struct edit edit = {.kind = kind};
    struct edit_targets targets = {.n = 0};
    struct store *store = NULL;
    const struct cli_flag flags[] = {{"file", FLAG_TEXT, &targets.file, "FILE", "addresses, one a line; - reads stdin"}, {0}};
    int code = cli_parse(cli, page, flags, &argc, &argv);

    if (code != CLI_GO)
        return code;
    edit.name = str_trim(str_of(argv[0]));
    targets.emails = argv + 1;
    targets.n = argc - 1;
    if (!tag_is_valid(edit.name))
        return cli_wrong("a tag has 1 to %d bytes and no control character", TAG_BYTES_MAX);
    if (targets.n == 0 && !targets.file)
        return cli_wrong("give one or more e-mail addresses, or --file FILE");
    code = cli_open_store(cli, &store);
    if (code == CLI_GO)
        code = cli_edit_all(cli, store, &edit, &targets, done);
    store_close(store);
    return code;
}

static int tag_add(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "tag add TAG EMAIL... [--file FILE]",
        "Gives contacts a tag of your own. It stays whatever their sources say, until you remove it.",
        "storehook tag add vip zoe@example.com", 1, TARGETS_MAX};

    return change(cli, &page, EDIT_TAG_ADD, "added", argc, argv);
}

static int tag_remove(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "tag remove TAG EMAIL... [--file FILE]",
        "Takes back a tag that you or a trigger gave. A tag that a source says stays until the source\n"
        "drops it: `storehook tag show TAG` tells which.",
        "storehook tag remove vip --file addresses.txt", 1, TARGETS_MAX};

    return change(cli, &page, EDIT_TAG_REMOVE, "removed", argc, argv);
}

static const struct cli_command verbs[] = {
    {"list", tag_list, "lists the tags with their counts", NULL},
    {"show", tag_show, "shows who has a tag, and by whose word", NULL},
    {"add", tag_add, "gives contacts a tag", NULL},
    {"remove", tag_remove, "takes it back", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_tag(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "tag", verbs, argc, argv);
}
