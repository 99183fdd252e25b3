/* route.c -- owns `storehook route`: lists, shows and checks route files. */
#include "cli/route.h"

#include "base/file.h"
#include "base/problems.h"
#include "cli/commands.h"
#include "cli/table.h"

#include <errno.h>

enum { FILE_BYTES_MAX = 1 << 20 };

/* Reads the file and loads it as a route; the problems are the caller's to show. */
static enum err load_file(const char *path, struct problems *problems, struct route **out)
{
    struct buf text = BUF_INIT(FILE_BYTES_MAX);
    enum err err = file_read(path, &text);

    if (!err)
        err = route_load(buf_str(&text), problems, out);
    buf_release(&text);
    return err;
}

static int load_failed(const char *path, enum err err, const struct problems *problems)
{
    if (err == ERR_CONFIG) {
        fputs(buf_text(&problems->text), stderr);
        return cli_fail("%s: %zu problem%s", path, problems->n, problems->n == 1 ? "" : "s");
    }
    if (err == ERR_NOT_FOUND || err == ERR_IO)
        return cli_fail("%s: %s", path, strerror(errno));
    return cli_fail("%s: %s", path, err_text(err));
}

int route_open_file(const char *path, struct route **out)
{
    struct problems problems;
    enum err err;
    int code;

    problems_init(&problems, str_of(path));
    err = load_file(path, &problems, out);
    code = err ? load_failed(path, err, &problems) : CLI_GO;
    problems_release(&problems);
    return code;
}

static const char *origin(const struct route *route)
{
    return route_is_builtin(route) ? "built in" : "routes_dir";
}

static json_t *aliases_json(const struct route *route)
{
    json_t *list = json_array();
    size_t n = 0;
    const struct str *aliases = route_aliases(route, &n);

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, json_str(aliases[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* "one, two" */
static enum err aliases_text(const struct route *route, struct buf *out)
{
    size_t n = 0;
    const struct str *aliases = route_aliases(route, &n);
    enum err err = OK;

    buf_clear(out);
    for (size_t i = 0; i < n && !err; i++)
        err = buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARG(aliases[i]));
    return err;
}

/* What a source of the platform must or may be given. */
static json_t *config_json(const struct route *route)
{
    const struct route_config *c;
    json_t *list = json_array();

    for (size_t i = 0; (c = route_config_at(route, i)); i++)
        if (json_array_append_new(list, json_pack("{ss ss sb ss? ss}", "name", c->name, "type", c->secret ? "secret" : "text",
                                                  "required", c->required, "default", c->fallback, "doc", c->doc))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *route_json(const struct route *route)
{
    return json_pack("{ss ss ss ss so so}", "platform", route_platform(route), "title", route_title(route), "from", origin(route),
                     "setup", route_setup(route), "aliases", aliases_json(route), "config", config_json(route));
}

static json_t *list_json(const struct routes *routes)
{
    json_t *list = json_array();

    for (size_t i = 0; routes_at(routes, i); i++) {
        if (json_array_append_new(list, route_json(routes_at(routes, i)))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int print_list(const struct routes *routes)
{
    static const char *const columns[] = {"PLATFORM", "TITLE", "FROM", "ALSO NAMED", NULL};
    struct table *t = table_new(columns);
    struct buf aliases = BUF_INIT(4 << 10);
    enum err err = t ? OK : ERR_MEMORY;

    for (size_t i = 0; routes_at(routes, i) && !err; i++) {
        const struct route *route = routes_at(routes, i);

        err = aliases_text(route, &aliases);
        if (!err)
            err = table_add(t, (const struct str[]){str_of(route_platform(route)), str_of(route_title(route)),
                                                    str_of(origin(route)), buf_str(&aliases)});
    }
    buf_release(&aliases);
    if (!err)
        table_show(t);
    table_free(t);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int route_list_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"route list",
                                         "Lists the platforms that are known, built in or from the folder routes_dir.", NULL, 0, 0};
    struct routes *routes = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = cli_open_routes(cli, &routes);
    if (code == CLI_GO)
        code = cli->json ? cli_print_json(list_json(routes)) : print_list(routes);
    routes_free(routes);
    return code;
}

static int print_text(struct str text)
{
    return fwrite(text.p, 1, text.len, stdout) == text.len ? EXIT_DONE : cli_fail_why(ERR_IO, NULL);
}

static int route_show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"route show PLATFORM",
                                         "Prints a platform's route file; what every member means is in docs/routes.md.",
                                         "storehook route show PLATFORM > routes/myshop.json", 1, 1};
    struct routes *routes = NULL;
    const struct route *route = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = cli_open_routes(cli, &routes);
    if (code == CLI_GO)
        code = cli_find_route(routes, argv[0], &route);
    if (code == CLI_GO)
        code = print_text(route_text(route));
    routes_free(routes);
    return code;
}

/* Each line of the problems as one text. */
static json_t *problems_json(const struct problems *problems)
{
    struct str rest = buf_str(&problems->text), line;
    json_t *list = json_array();

    while (str_split(&rest, '\n', &line))
        if (line.len && json_array_append_new(list, json_str(line))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static int check_json(const char *path, enum err err, const struct route *route, const struct problems *problems)
{
    int code;

    if (err && err != ERR_CONFIG)
        return load_failed(path, err, problems);
    code = cli_print_json(json_pack("{sb ss ss so}", "ok", !err, "file", path, "platform", route ? route_platform(route) : "",
                                    "problems", problems_json(problems)));
    return code == EXIT_DONE && err ? EXIT_FAILED : code;
}

static int route_check_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"route check FILE",
                                         "Reads a route file as the program would, and tells everything that is wrong with it.",
                                         "storehook route check routes/myshop.json", 1, 1};
    struct route *route = NULL;
    struct problems problems;
    enum err err;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    problems_init(&problems, str_of(argv[0]));
    err = load_file(argv[0], &problems, &route);
    if (cli->json)
        code = check_json(argv[0], err, route, &problems);
    else if (err)
        code = load_failed(argv[0], err, &problems);
    else {
        printf("%s: ok, platform %s\n", argv[0], route_platform(route));
        code = EXIT_DONE;
    }
    problems_release(&problems);
    route_free(route);
    return code;
}

static const struct cli_command verbs[] = {
    {"list", route_list_verb, "lists the platforms that are known", NULL},
    {"show", route_show_verb, "prints a platform's route file", NULL},
    {"check", route_check_verb, "tells what is wrong with a route file", NULL},
    {"try", route_try_verb, "tells what a body means to a route file", NULL},
    {NULL, NULL, NULL, NULL},
};

int cmd_route(struct cli *cli, int argc, char **argv)
{
    return cli_dispatch(cli, "route", verbs, argc, argv);
}
