/* demo.c -- owns the demo of `storehook up --demo`: sources of its own, one push of each kind, what they made. */
#include "cli/demo.h"

#include "base/id.h"
#include "cli/contacts.h"
#include "cli/given.h"
#include "cli/sender.h"
#include "net/client.h"
#include "store/source.h"

enum { DEMO_SOURCES = 3, URL_BYTES = 4096, WHY_BYTES = 4096, SEND_MS = 5000, TABLE_ROWS = 50, TOPICS_MAX = 64 };

/* What the demo shows, and the events that show it. */
enum kind { KIND_SIGNUP, KIND_PURCHASE, KIND_CART, KIND_VISIT, KIND__COUNT };
static const struct {
    enum event_type event;
    enum kind kind;
} kinds[] = {
    {EVENT_SIGNUP, KIND_SIGNUP},     {EVENT_CUSTOMER_UPDATED, KIND_SIGNUP}, {EVENT_ORDER_CREATED, KIND_PURCHASE},
    {EVENT_CART_UPDATED, KIND_CART}, {EVENT_CART_ABANDONED, KIND_CART},     {EVENT_PAGE_VISIT, KIND_VISIT},
};

struct demo_source {
    const struct route *route;
    struct secret *secret;
    struct source source;
};

struct demo {
    struct routes *routes;
    struct demo_source sources[DEMO_SOURCES];
    size_t n;
    struct arena arena; /* of one mapped example */
};

void demo_free(struct demo *demo)
{
    if (!demo)
        return;
    for (size_t i = 0; i < DEMO_SOURCES; i++) {
        secret_free(demo->sources[i].secret);
        source_release(&demo->sources[i].source);
    }
    arena_release(&demo->arena);
    routes_free(demo->routes);
    free(demo);
}

static enum err is_empty(struct store *store, bool *empty)
{
    struct source_list list;
    uint64_t contacts = 0;
    enum err err = source_list_load(store, &list);

    if (!err)
        err = contact_count(store, &contacts);
    *empty = list.n == 0 && contacts == 0;
    source_list_release(&list);
    return err;
}

/* --- sources ---------------------------------------------------------------------------------------------------------- */

static enum err add_source(struct store *store, const struct seal *seal, struct demo *demo, const struct route *route,
                           struct buf *why)
{
    struct demo_source *s = &demo->sources[demo->n];
    struct str secret_name = verify_spec_secret_name(route_verify_at(route, 0));
    char name[SOURCE_NAME_BYTES_MAX], secret[64];
    struct source_plan plan = {.route = route, .n_secrets = 1};
    enum err err = given_make_secret(route_verify_at(route, 0), &s->secret);

    if (err)
        return err;
    snprintf(name, sizeof(name), "demo %s", route_platform(route));
    snprintf(secret, sizeof(secret), "%.*s", STR_ARG(secret_name));
    plan.name = str_of(name);
    plan.list = STR("demo");
    plan.secrets[0] = (struct given_secret){.name = secret, .secret = s->secret};
    err = source_add(store, seal, &plan, &s->source, why);
    if (!err) {
        s->route = route;
        demo->n++;
    }
    return err;
}

static int add_sources(struct cli *cli, struct store *store, struct demo *demo)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    struct seal *seal = NULL;
    int code = cli_open_routes(cli, &demo->routes);
    const struct route *route;
    enum err err = OK;

    if (code == CLI_GO)
        code = cli_open_seal(cli, store, &seal);
    for (size_t i = 0; code == CLI_GO && !err && demo->n < DEMO_SOURCES && (route = routes_at(demo->routes, i)); i++)
        if (route_is_builtin(route) && route_verify_at(route, 0) && route_in_demo(route))
            err = add_source(store, seal, demo, route, &why);
    if (err)
        code = cli_fail_why(err, &why);
    seal_free(seal);
    buf_release(&why);
    return code;
}

int demo_prepare(struct cli *cli, struct store *store, struct demo **out)
{
    struct demo *demo = NULL;
    bool empty = false;
    enum err err = is_empty(store, &empty);
    int code;

    *out = NULL;
    if (err)
        return cli_fail("database: %s", db_trouble(store->db));
    if (!empty)
        return CLI_GO;
    demo = calloc(1, sizeof(*demo));
    if (!demo)
        return cli_fail_why(ERR_MEMORY, NULL);
    arena_init(&demo->arena, ROUTE_MAP_ARENA_BYTES);
    code = add_sources(cli, store, demo);
    if (code == CLI_GO)
        *out = demo;
    else
        demo_free(demo);
    return code;
}

/* --- pushes ----------------------------------------------------------------------------------------------------------- */

/* What is at hand while one source sends. */
struct sending {
    struct demo *demo;
    struct demo_source *s;
    struct sender *sender;
    struct http_client *client;
    struct draft draft;
    struct buf url, answer, why;
    bool sent[KIND__COUNT];
};

/* Says what the draft is about, as a drainer would see it. */
static bool draft_kind(struct sending *w, const struct route_send *what, enum kind *out)
{
    struct fields headers = {w->draft.fields, w->draft.n < ENTRY_FIELDS_MAX ? w->draft.n : ENTRY_FIELDS_MAX};
    struct entry entry = {.id = what->id,
                          .topic = route_header_topic(w->s->route, headers),
                          .received_at_us = what->now_us,
                          .content_type = route_send_content_type(w->s->route),
                          .headers = headers,
                          .body = buf_str(&w->draft.body)};
    struct mapped mapped = {.n = 0};
    struct map_failure failure;

    arena_reset(&w->demo->arena);
    if (route_map(w->s->route, &entry, w->s->source.config, &w->demo->arena, &mapped, &failure) || mapped.n == 0)
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (kinds[i].event == mapped.events[0].type) {
            *out = kinds[i].kind;
            return true;
        }
    return false;
}

static int send_draft(struct sending *w)
{
    struct http_client_request request = {
        .method = "POST", .url = buf_text(&w->url), .fields = {w->draft.fields, w->draft.n}, .body = buf_str(&w->draft.body)};
    int status = 0;
    enum err err = http_client_send(w->client, &request, &status, &w->answer, &w->why);

    if (err)
        return cli_fail_why(err, &w->why);
    if (status < 200 || status > 299)
        return cli_fail("demo: %s answered %d to a signed delivery", buf_text(&w->url), status);
    return CLI_GO;
}

/* Sends the topic's example when its kind was not sent yet. */
static int send_topic(struct cli *cli, struct sending *w, struct str topic)
{
    struct route_send what = {.topic = topic, .n = (uint64_t)w->s->source.id, .now_us = clock_wall_us(cli->clock)};
    struct id id = id_new(what.now_us);
    enum kind kind;
    char email[64];
    enum err err;

    snprintf(email, sizeof(email), "shopper-%lld@example.com", (long long)w->s->source.id);
    what.id = id_str(&id);
    what.email = str_of(email);
    err = sender_make(w->sender, &what, STR_NONE, what.now_us, &w->draft, &w->why);
    if (err)
        return cli_fail_why(err, &w->why);
    if (!draft_kind(w, &what, &kind) || w->sent[kind])
        return CLI_GO;
    w->sent[kind] = true;
    return send_draft(w);
}

/* 0.0.0.0 and [::] are where we listen, not where one calls; and no certificate is made for them. */
static enum err call_url(struct str base, const struct source *source, struct buf *out)
{
    static const struct str everywhere[] = {{"https://0.0.0.0:", 16}, {"https://[::]:", 13}};

    for (size_t i = 0; i < sizeof(everywhere) / sizeof(*everywhere); i++)
        if (str_starts(base, everywhere[i]))
            return buf_printf(out, "https://127.0.0.1:%.*s/in/%s", STR_ARG(str_from(base, everywhere[i].len)), source->key);
    return buf_printf(out, "%.*s/in/%s", STR_ARG(base), source->key);
}

static int send_source(struct cli *cli, struct demo *demo, struct demo_source *s, struct http_client *client, struct str base)
{
    struct sending w = {.demo = demo,
                        .s = s,
                        .client = client,
                        .url = BUF_INIT(URL_BYTES),
                        .answer = BUF_INIT(HTTP_CLIENT_BODY_MAX),
                        .why = BUF_INIT(WHY_BYTES)};
    const struct verify_config no_config = {.get = NULL};
    enum err err = call_url(base, &s->source, &w.url);
    struct problems problems;
    struct str topic;
    int code = CLI_GO;

    problems_init(&problems, STR("demo"));
    draft_init(&w.draft);
    if (!err)
        err = sender_new(s->route, s->secret, STR_NONE, buf_str(&w.url), &no_config, &problems, &w.sender);
    if (err)
        code = cli_fail_why(err, NULL);
    for (size_t i = 0; i < TOPICS_MAX && code == CLI_GO && (topic = route_send_topic(s->route, i)).p; i++)
        code = send_topic(cli, &w, topic);
    sender_free(w.sender);
    problems_release(&problems);
    draft_release(&w.draft);
    buf_release(&w.url);
    buf_release(&w.answer);
    buf_release(&w.why);
    return code;
}

int demo_send(struct cli *cli, struct demo *demo, struct str base)
{
    struct buf ca = BUF_INIT(URL_BYTES);
    struct http_client *client = NULL;
    enum err err = cli_own_ca(cli, &ca);
    struct http_client_options options = {.timeout_ms = SEND_MS};
    int code = CLI_GO;

    options.ca_file = ca.len ? buf_text(&ca) : NULL;
    if (!err)
        err = http_client_new(&options, &client);
    if (err)
        code = cli_fail_why(err, NULL);
    for (size_t i = 0; i < demo->n && code == CLI_GO; i++)
        code = send_source(cli, demo, &demo->sources[i], client, base);
    http_client_free(client);
    buf_release(&ca);
    return code;
}

int demo_print(struct cli *cli, struct demo *demo)
{
    struct buf url = BUF_INIT(URL_BYTES);
    enum err err = OK;
    int code;

    puts("\nendpoints, called with signed deliveries:");
    for (size_t i = 0; i < demo->n && !err; i++) {
        buf_clear(&url);
        err = cli_endpoint(cli, &demo->sources[i].source, &url);
        printf("  %-20s %s\n", demo->sources[i].source.name, buf_text(&url));
    }
    buf_release(&url);
    if (err)
        return cli_fail_why(err, NULL);
    puts("\ncontacts that they made:");
    code = contacts_print_table(cli, &(struct contact_walk){.max = TABLE_ROWS});
    puts("\nserving; Ctrl-C stops");
    return code == EXIT_DONE ? CLI_GO : code;
}
