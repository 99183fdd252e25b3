/* source_add.c -- owns `storehook source add`. */
#include "cli/source.h"

enum { WHY_BYTES = 4096 };

void secret_work_close(struct secret_work *w)
{
    source_work_close(&w->at);
    json_decref(w->config);
    given_release(&w->given);
    seal_free(w->seal);
    routes_free(w->routes);
}

/* Where nothing that is signed proves who sends, the unguessable URL must. */
static bool url_is_secret(const struct route *route)
{
    const struct verify_spec *spec;

    for (size_t i = 0; (spec = route_verify_at(route, i)); i++)
        if (verify_spec_proves(spec))
            return false;
    return true;
}

/* True when a way to sign of the platform has the URL in its text, and nobody has said how the platform calls it. */
static bool lacks_url(const struct cli *cli, const struct secret_work *w)
{
    const char *own = source_config(&w->at.source, "url");
    const struct verify_spec *spec;

    if (*config_text(cli->cfg, SET_PUBLIC_URL) || (own && *own))
        return false;
    for (size_t i = 0; (spec = route_verify_at(w->route, i)); i++)
        if (verify_spec_needs_url(spec))
            return true;
    return false;
}

/* Until it is known no delivery can be judged, so that each is answered 503. */
static void warn_without_url(const struct cli *cli, const struct secret_work *w)
{
    const struct route_config *c;
    bool takes_url = false;

    if (!lacks_url(cli, w))
        return;
    for (size_t i = 0; (c = route_config_at(w->route, i)); i++)
        takes_url |= strcmp(c->name, "url") == 0;
    fprintf(stderr,
            "storehook: warning: %s signs the URL that it calls, and none is set here: its deliveries are answered 503 until "
            "storehook.public_url in the configuration says how it calls this server, such as https://hooks.example.com (then "
            "restart)%s\n",
            route_title(w->route),
            takes_url ? "; or add the source with --set url=https://..., the whole URL as registered there" : "");
}

static int print_added(struct cli *cli, const struct secret_work *w, struct str url)
{
    const struct source *s = &w->at.source;
    struct str made = w->given.made ? secret_bytes(w->given.made) : STR_NONE;
    json_t *object;

    if (!cli->json) {
        printf("source \"%s\" added, platform %s, id %lld\nurl: %.*s\n", s->name, s->platform, (long long)s->id, STR_ARG(url));
        if (made.p)
            printf("secret, shown this once: %.*s\n", STR_ARG(made));
        if (url_is_secret(w->route))
            printf(
                "%s signs nothing: the URL is the secret, and who has it can post. Keep it out of tickets and chats; when it got "
                "out, `storehook source rotate \"%s\" --url` makes a new one.\n",
                route_title(w->route), s->name);
        if (*route_setup(w->route))
            printf("%s\n", route_setup(w->route));
        return EXIT_DONE;
    }
    object = json_pack("{sI ss ss ss ss# sb}", "id", (json_int_t)s->id, "name", s->name, "platform", s->platform, "key", s->key,
                       "url", url.p, (int)url.len, "url_is_secret", (int)url_is_secret(w->route));
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

static int add(struct cli *cli, struct secret_work *w, const struct source_plan *plan)
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
        warn_without_url(cli, w);
    if (code == CLI_GO)
        code = cli_endpoint(cli, &w->at.source, &text) ? cli_fail_why(ERR_IO, NULL) : print_added(cli, w, buf_str(&text));
    buf_release(&text);
    return code;
}

int source_add_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "source add PLATFORM --name NAME [--secret-file FILE] [--set KEY=VALUE]... [--list LIST] [--rank N]",
        "Connects a store or an account, and prints the URL that it must call. The secret comes from a file, from stdin, from\n"
        "the environment (STOREHOOK_SECRET, or the variable that is named) or from the terminal, never from an argument.",
        "storehook source add storehook --name \"my shop\" --secret-file secret.txt", 1, ARGUMENTS_MAX};
    struct given_flags given = {.generate = false};
    struct flag_values sets = {.n = 0};
    const char *name = NULL, *list = "";
    int64_t rank = 0;
    const struct cli_flag flags[] = {
        {"name", FLAG_TEXT, &name, "NAME", "what you call it; each name is used once"},
        GIVEN_FLAGS(given),
        {"secret", FLAG_TEXT, &given.name, "NAME", "which secret, where the platform has several (a name, never the secret)"},
        {"set", FLAG_EACH, &sets, "KEY=VALUE", "what the platform needs to know; `storehook route show PLATFORM` lists it"},
        {"list", FLAG_TEXT, &list, "LIST", "list that its contacts join"},
        {"rank", FLAG_INT, &rank, "N", "of two changes at the same time the higher rank wins"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct secret_work w = {.routes = NULL};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && argc > 1)
        code = given_refuse_argument();
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
    if (code == CLI_GO && !route_verify_at(w.route, 0))
        code = cli_fail("%s is nothing that calls a URL. %s", argv[0], route_setup(w.route));
    if (code == CLI_GO)
        code = source_work_open(cli, NULL, &w.at);
    if (code == CLI_GO)
        code = cli_open_seal(cli, w.at.store, &w.seal);
    if (code == CLI_GO)
        code = given_secrets(cli, w.route, &given, &w.given);
    if (code == CLI_GO) {
        struct source_plan plan = {
            .route = w.route, .name = str_of(name), .list = str_of(list), .rank = (int)rank, .config = w.config};

        memcpy(plan.secrets, w.given.at, sizeof(plan.secrets));
        plan.n_secrets = w.given.n;
        code = add(cli, &w, &plan);
    }
    secret_work_close(&w);
    return code;
}
