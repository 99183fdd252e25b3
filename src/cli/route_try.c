/* route_try.c -- owns `storehook route try`: what a body means to a route file, without signature, queue or database. */
#include "cli/route.h"

#include "base/file.h"
#include "cli/given.h"
#include "route/mapped_json.h"

#include <unistd.h>

enum { BODY_BYTES_MAX = 4 << 20, HEADERS_MAX = 32, WHY_BYTES_MAX = 4096 };

/* What is tried, and what comes of it. */
struct trial {
    struct routes *routes; /* when a platform was named instead of a file */
    struct route *file;
    const struct route *route;
    struct buf body;
    json_t *config; /* of the source, as --set says */
    struct arena arena;
    struct field headers[HEADERS_MAX];
    size_t n_headers;
    struct mapped mapped;
    struct map_failure failure;
};

/* Cuts "Name: value" apart; both are borrowed. */
static int add_header(struct trial *t, const char *given)
{
    struct str line = str_of(given), name = str_trim(str_upto(line, str_find(line, ':')));

    if (name.len == 0 || str_find(line, ':') == line.len)
        return cli_wrong("--header \"%s\" is not \"Name: value\"", given);
    if (t->n_headers == HEADERS_MAX)
        return cli_wrong("--header may be given at most %d times", HEADERS_MAX);
    t->headers[t->n_headers++] = (struct field){.name = name, .value = str_trim(str_from(line, str_find(line, ':') + 1))};
    return CLI_GO;
}

/* `what` is a file, or the name of a platform. */
static int open_route(struct cli *cli, struct trial *t, const char *what)
{
    int code;

    if (access(what, F_OK) == 0) {
        code = route_open_file(what, &t->file);
        t->route = t->file;
        return code;
    }
    code = cli_open_routes(cli, &t->routes);
    return code == CLI_GO ? cli_find_route(t->routes, what, &t->route) : code;
}

static int check_config(const struct trial *t)
{
    struct buf why = BUF_INIT(WHY_BYTES_MAX);
    enum err err = source_check_config(t->route, t->config, &why);
    int code = err ? cli_fail_why(err, &why) : CLI_GO;

    buf_release(&why);
    return code;
}

static int try_body(const struct cli *cli, struct trial *t, const char *topic)
{
    struct fields received = {.at = t->headers, .n = t->n_headers};
    struct entry entry = {.id = STR("00000000000000000000000000000000"), .source_id = STR("0"), .body = buf_str(&t->body)};
    struct field kept[ENTRY_FIELDS_MAX];
    enum err err;

    if (!fields_get(received, STR("Content-Type"), &entry.content_type))
        entry.content_type = STR_NONE;
    entry.topic = topic ? str_of(topic) : route_header_topic(t->route, received);
    entry.headers = (struct fields){.at = kept, .n = route_keep_headers(t->route, received, kept)};
    err = route_map(t->route, &entry, t->config, &t->arena, &t->mapped, &t->failure);
    if (err == ERR_SYNTAX)
        return cli_fail("%s: %.*s%s", t->failure.reason, STR_ARG(t->failure.detail),
                        t->mapped.topic.len ? "" : "; name it with --topic");
    if (err)
        return cli_fail_why(err, NULL);
    return cli->json ? cli_print_json(mapped_json(t->route, &t->mapped)) : route_print_mapped(mapped_json(t->route, &t->mapped));
}

int route_try_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "route try FILE BODY [--topic TOPIC] [--header \"NAME: VALUE\"]... [--set NAME=VALUE]...",
        "Tells which events a body gives under a route file (or the platform of that name), which objects it tells to fetch and\n"
        "what of it is refused, as the drainer would map it. BODY is a file, - is standard input. Nothing is stored. With --topic\n"
        "fetch:OBJECT the body is what was fetched of that object.",
        "storehook route try routes/myshop.json order.json --topic order.created", 2, 2};
    const char *topic = NULL;
    struct flag_values headers = {.n = 0}, sets = {.n = 0};
    const struct cli_flag flags[] = {
        {"topic", FLAG_TEXT, &topic, "TOPIC", "the topic; by default what headers and body say"},
        {"header", FLAG_EACH, &headers, "\"NAME: VALUE\"", "a header of the request"},
        {"set", FLAG_EACH, &sets, "NAME=VALUE", "a member of the source's config that the file reads"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct trial t = {.body = BUF_INIT(BODY_BYTES_MAX)};
    enum err err = OK;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    arena_init(&t.arena, ROUTE_MAP_ARENA_BYTES);
    for (size_t i = 0; i < headers.n && code == CLI_GO; i++)
        code = add_header(&t, headers.at[i]);
    if (code == CLI_GO)
        code = given_config(&sets, &t.config);
    if (code == CLI_GO)
        code = open_route(cli, &t, argv[0]);
    if (code == CLI_GO)
        code = check_config(&t);
    if (code == CLI_GO)
        err = file_read(argv[1], &t.body);
    if (err)
        code = cli_fail("%s: %s", argv[1], err_text(err));
    if (code == CLI_GO)
        code = try_body(cli, &t, topic);
    arena_release(&t.arena);
    buf_release(&t.body);
    json_decref(t.config);
    route_free(t.file);
    routes_free(t.routes);
    return code;
}
