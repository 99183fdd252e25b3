/* source_add.c -- owns `storehook source add` and `source rotate`: the verbs that take secrets. */
#include "cli/given.h"
#include "cli/source.h"

enum { WHY_BYTES = 4096, GRACE_MS_DEFAULT = 3600000, GRACE_MS_MAX = 30 * 86400000LL };

/* What a verb that takes secrets works with. */
struct add_work {
    struct routes *routes;
    const struct route *route;
    struct seal *seal;
    struct given given;
    json_t *config;
    struct source_work at;
};

static void add_close(struct add_work *w)
{
    source_work_close(&w->at);
    json_decref(w->config);
    given_release(&w->given);
    seal_free(w->seal);
    routes_free(w->routes);
}

static int print_added(struct cli *cli, const struct add_work *w, struct str url)
{
    const struct source *s = &w->at.source;
    struct str made = w->given.made ? secret_bytes(w->given.made) : STR_NONE;
    json_t *object;

    if (!cli->json) {
        printf("source \"%s\" added, platform %s, id %lld\nurl: %.*s\n", s->name, s->platform, (long long)s->id, STR_ARG(url));
        if (made.p)
            printf("secret, shown this once: %.*s\n", STR_ARG(made));
        if (*route_setup(w->route))
            printf("%s\n", route_setup(w->route));
        return EXIT_DONE;
    }
    object = json_pack("{sI ss ss ss ss#}", "id", (json_int_t)s->id, "name", s->name, "platform", s->platform, "key", s->key, "url",
                       url.p, (int)url.len);
    if (object && made.p && json_object_set_new(object, "secret", json_str(made))) {
        json_decref(object);
        object = NULL;
    }
    if (object && json_object_set_new(object, "setup", json_string(route_setup(w->route)))) {
        json_decref(object);
        object = NULL;
    }
    return cli_print_json(object);
}

static int add(struct cli *cli, struct add_work *w, const struct source_plan *plan)
{
    struct buf text = BUF_INIT(WHY_BYTES);
    enum err err = source_add(w->at.store, w->seal, plan, &w->at.source, &text);
    int code;

    if (err == ERR_EXISTS)
        code = cli_fail("there is a source \"%.*s\" already; choose another --name, or remove that one", STR_ARG(plan->name));
    else if (err)
        code = cli_fail("%s", text.len                       ? buf_text(&text)
                              : *db_trouble(w->at.store->db) ? db_trouble(w->at.store->db)
                                                             : err_text(err));
    else
        code = source_work_publish(&w->at);
    buf_clear(&text);
    if (code == CLI_GO)
        code = cli_endpoint(cli, &w->at.source, &text) ? cli_fail_why(ERR_IO, NULL) : print_added(cli, w, buf_str(&text));
    buf_release(&text);
    return code;
}

int source_add_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "source add PLATFORM --name NAME [--secret-file FILE] [--set KEY=VALUE]... [--list LIST] [--rank N]",
        "Connects a store or an account, and prints the URL that it must call. The secret comes from a file, from the\n"
        "environment (STOREHOOK_SECRET) or from the terminal, never from an argument.",
        "storehook source add storehook --name \"my shop\" --secret-file secret.txt", 1, 1};
    struct flag_values files = {.n = 0}, sets = {.n = 0};
    const char *name = NULL, *list = "";
    int64_t rank = 0;
    const struct cli_flag flags[] = {
        {"name", FLAG_TEXT, &name, "NAME", "what you call it; each name is used once"},
        {"secret-file", FLAG_EACH, &files, "FILE", "file with the secret of the signature; NAME=FILE for another secret"},
        {"set", FLAG_EACH, &sets, "KEY=VALUE", "what the platform needs to know; `storehook route show PLATFORM` lists it"},
        {"list", FLAG_TEXT, &list, "LIST", "list that its contacts join"},
        {"rank", FLAG_INT, &rank, "N", "of two changes at the same time the higher rank wins"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct add_work w = {.routes = NULL};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && !name)
        code = cli_wrong("--name is missing; usage: storehook %s", page.usage);
    if (code == CLI_GO && (rank < -1000000 || rank > 1000000))
        code = cli_wrong("--rank must be between -1000000 and 1000000");
    if (code == CLI_GO)
        code = given_config(&sets, &w.config);
    if (code == CLI_GO)
        code = cli_open_routes(cli, &w.routes);
    if (code == CLI_GO)
        code = cli_find_route(w.routes, argv[0], &w.route);
    if (code == CLI_GO)
        code = source_work_open(cli, NULL, &w.at);
    if (code == CLI_GO)
        code = cli_open_seal(cli, &w.seal);
    if (code == CLI_GO)
        code = given_secrets(cli, w.route, &files, &w.given);
    if (code == CLI_GO) {
        struct source_plan plan = {
            .route = w.route, .name = str_of(name), .list = str_of(list), .rank = (int)rank, .config = w.config};

        memcpy(plan.secrets, w.given.at, sizeof(plan.secrets));
        plan.n_secrets = w.given.n;
        code = add(cli, &w, &plan);
    }
    add_close(&w);
    return code;
}

static int rotate_one(struct add_work *w, const struct given_secret *given, int64_t grace_ms, struct buf *ids)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = source_check_secret(w->route, given, &why);
    int code = CLI_GO;

    if (err)
        code = cli_fail_why(err, &why);
    buf_release(&why);
    if (code != CLI_GO)
        return code;
    err = source_rotate(w->at.store, w->seal, w->at.source.id, given, grace_ms, ids);
    if (err == ERR_TOO_MANY)
        return cli_fail("%d secrets are still valid; wait for one to end, or give a shorter --grace", SOURCE_SECRETS_MAX);
    return err ? cli_fail("database: %s", db_trouble(w->at.store->db)) : CLI_GO;
}

static int print_rotated(struct cli *cli, const struct add_work *w, const char *id, int64_t grace_ms)
{
    struct str made = w->given.made ? secret_bytes(w->given.made) : STR_NONE;

    if (cli->json)
        return cli_print_json(json_pack("{ss ss sI ss#*}", "name", w->at.source.name, "secret_id", id, "grace_ms",
                                        (json_int_t)grace_ms, "secret", made.p, (int)made.len));
    printf("source \"%s\": secret %s is valid; the one before ends in %lld s\n", w->at.source.name, id,
           (long long)(grace_ms / 1000));
    if (made.p)
        printf("secret, shown this once: %.*s\n", STR_ARG(made));
    return EXIT_DONE;
}

int source_rotate_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"source rotate NAME --secret-file FILE [--grace TIME]",
                                         "Gives the source a new secret; the old one stays valid for the time of grace.",
                                         "storehook source rotate \"my shop\" --secret-file new.txt --grace 1h", 1, 1};
    struct flag_values files = {.n = 0};
    int64_t grace_ms = GRACE_MS_DEFAULT;
    const struct cli_flag flags[] = {
        {"secret-file", FLAG_EACH, &files, "FILE", "file with the new secret"},
        {"grace", FLAG_MS, &grace_ms, "TIME", "how long the old one stays valid (default 1h; 0s = not at all)"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct add_work w = {.routes = NULL};
    struct buf ids = BUF_INIT(WHY_BYTES);
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && grace_ms > GRACE_MS_MAX)
        code = cli_wrong("--grace must be 30d at most");
    if (code == CLI_GO)
        code = cli_open_routes(cli, &w.routes);
    if (code == CLI_GO)
        code = source_work_open(cli, argv[0], &w.at);
    if (code == CLI_GO)
        code = cli_find_route(w.routes, w.at.source.platform, &w.route);
    if (code == CLI_GO)
        code = cli_open_seal(cli, &w.seal);
    if (code == CLI_GO)
        code = given_secrets(cli, w.route, &files, &w.given);
    if (code == CLI_GO && w.given.n == 0)
        code = cli_fail("there is no new secret; give it with --secret-file FILE");
    for (size_t i = 0; i < w.given.n && code == CLI_GO; i++) {
        buf_clear(&ids);
        code = rotate_one(&w, &w.given.at[i], grace_ms, &ids);
    }
    if (code == CLI_GO)
        code = source_work_publish(&w.at);
    if (code == CLI_GO)
        code = print_rotated(cli, &w, buf_text(&ids), grace_ms);
    buf_release(&ids);
    add_close(&w);
    return code;
}
