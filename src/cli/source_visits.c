/* source_visits.c -- owns `storehook source visits`: whether browsers may tell of visits, and what is pasted into the shop. */
#include "cli/source.h"
#include "model/page_url.h"

enum { ORIGINS_BYTES_MAX = 8192, SNIPPET_BYTES_MAX = 4096 };

/* The queue in front takes calls until the script is there; the picture is for browsers without scripts. */
enum err source_snippet(const struct cli *cli, const struct source *s, struct buf *out)
{
    struct buf base = BUF_INIT(SNIPPET_BYTES_MAX);
    enum err err = s->visits_on ? cli_base_url(cli, &base) : OK;

    if (!err && s->visits_on)
        err = buf_printf(out,
                         "<script>window.storehook=window.storehook||function(){(storehook.q=storehook.q||[]).push(arguments)};"
                         "storehook('page')</script>\n"
                         "<script async src=\"%s/visit/%s.js\"></script>",
                         buf_text(&base), s->visits_key);
    buf_release(&base);
    return err;
}

/* Joins the origins with blanks. CLI_GO or the exit code. */
static int join(const struct flag_values *given, struct buf *out)
{
    if (given->n > PAGE_ORIGINS_MAX)
        return cli_wrong("--origin is given more than %d times", PAGE_ORIGINS_MAX);
    for (size_t i = 0; i < given->n; i++) {
        if (!page_url_is_origin(str_of(given->at[i])))
            return cli_wrong("--origin \"%s\": give scheme, name and port only, in lower case, such as https://shop.example",
                             given->at[i]);
        if (buf_printf(out, "%s%s", i ? " " : "", given->at[i]))
            return cli_fail("the origins are longer than %d bytes together", ORIGINS_BYTES_MAX);
    }
    return CLI_GO;
}

static int print_visits(struct cli *cli, const struct source *s)
{
    struct buf snippet = BUF_INIT(SNIPPET_BYTES_MAX);
    int code = EXIT_DONE;

    if (source_snippet(cli, s, &snippet))
        code = cli_fail_why(ERR_IO, NULL);
    else if (cli->json)
        code = cli_print_json(json_pack("{ss sb ss ss ss#}", "name", s->name, "on", (int)s->visits_on, "key", s->visits_key,
                                        "origins", s->visits_origins, "snippet", buf_text(&snippet), (int)snippet.len));
    else if (s->visits_on)
        printf("source \"%s\" takes visits from pages of %s; paste this into each page, before </head>:\n%s\n", s->name,
               s->visits_origins, buf_text(&snippet));
    else
        printf("source \"%s\" takes no visits\n", s->name);
    buf_release(&snippet);
    return code;
}

/* Changes the source, and reads it again with its public key. CLI_GO or the exit code. */
static int change(struct source_work *work, bool on, struct str origins)
{
    int64_t id = work->source.id;
    enum err err = on ? source_visits_on(work->store, id, origins) : source_visits_off(work->store, id);

    source_release(&work->source);
    if (!err)
        err = source_get(work->store, id, &work->source);
    return err ? cli_fail("database: %s", db_trouble(work->store->db)) : source_work_publish(work);
}

int source_visits_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "source visits NAME on|off [--origin URL]...",
        "Lets browsers tell of visits on the shop's pages, and prints what is pasted into them. Each --origin is a site that the\n"
        "pages belong to; visits from others are dropped. The public key stays the same when visits are switched off and on.",
        "storehook source visits \"my shop\" on --origin https://shop.example --origin https://www.shop.example", 2, 2};
    struct flag_values given = {.n = 0};
    const struct cli_flag flags[] = {
        {"origin", FLAG_EACH, &given, "URL", "a site of the shop, such as https://shop.example"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct source_work work = {.store = NULL};
    struct buf origins = BUF_INIT(ORIGINS_BYTES_MAX);
    int code = cli_parse(cli, &page, flags, &argc, &argv);
    bool on = code == CLI_GO && strcmp(argv[1], "on") == 0;

    if (code == CLI_GO && !on && strcmp(argv[1], "off") != 0)
        code = cli_wrong("give on or off, not \"%s\"; usage: storehook %s", argv[1], page.usage);
    if (code == CLI_GO && on == (given.n == 0))
        code = on ? cli_wrong("--origin is missing: the site that the pages belong to, such as https://shop.example")
                  : cli_wrong("--origin belongs to on, not to off");
    if (code == CLI_GO)
        code = join(&given, &origins);
    if (code == CLI_GO)
        code = source_work_open(cli, argv[0], &work);
    if (code == CLI_GO)
        code = change(&work, on, buf_str(&origins));
    if (code == CLI_GO)
        code = print_visits(cli, &work.source);
    source_work_close(&work);
    buf_release(&origins);
    return code;
}
