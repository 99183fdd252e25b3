/* send.c -- owns `storehook send`: deliveries signed as a platform signs them, sent and counted. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/id.h"
#include "cli/given.h"
#include "cli/open.h"
#include "cli/send_check.h"
#include "cli/sender.h"
#include "cli/table.h"
#include "net/client.h"

#include <unistd.h>

enum {
    BODY_FILE_MAX_BYTES = 64 << 20,
    LINES_MAX = 20,
    COUNT_MAX = 10000000,
    STATUS_MAX = 600,
    WHY_BYTES = 1024,
    URL_MAX_BYTES = 16 << 10
};

/* What the flags say. */
struct send_order {
    struct flag_values sets; /* NAME=VALUE of the source's config */
    const char *topic, *to, *secret_file, *body_file, *email, *ca;
    int64_t count, number, timeout_ms;
    bool tamper, stale, duplicate, insecure, check;
};

/* What is open while it works. */
struct send_work {
    struct send_order order;
    struct routes *routes;
    const struct route *route;
    struct secret *secret;
    const char *secret_name; /* the member of config that it is; NULL: of whichever way to sign it fits */
    json_t *config;          /* of the source, as --set says */
    struct sender *sender;
    struct http_client *client;
    struct draft draft;
    struct buf body; /* of --body */
    struct buf answer, why, ca, url;
    json_t *lines; /* with --json: the answers */
    uint64_t by_status[STATUS_MAX];
    uint64_t sent;
};

/* True when one of the platform's ways to sign takes a secret. */
static bool needs_secret(const struct route *route)
{
    const struct verify_spec *spec;

    for (size_t i = 0; (spec = route_verify_at(route, i)) != NULL; i++)
        if (verify_spec_secret_name(spec).len)
            return true;
    return false;
}

/* What --set says of a member of the source's config, else the route's default. */
static const char *config_of(void *arg, struct str name)
{
    const struct send_work *w = arg;
    const char *said = json_string_value(json_object_getn(w->config, name.p, name.len));

    return said ? said : route_config_default(w->route, name);
}

static int open_secret(struct cli *cli, struct send_work *w)
{
    const struct route_config *named;
    const char *file = NULL;

    if (!needs_secret(w->route))
        return CLI_GO;
    if (!w->order.secret_file) {
        if (!cli->secret)
            return cli_wrong("--secret-file is missing (or the environment's STOREHOOK_SECRET)");
        w->secret = cli->secret;
        cli->secret = NULL;
        return CLI_GO;
    }
    named = given_named(w->route, w->order.secret_file, &file);
    w->secret_name = named ? named->name : NULL;
    return given_read_file(file, &w->secret);
}

/* True when the URL leads to this machine, whose own certificate authority then is the one to trust. */
static bool is_ours(const struct cli *cli, struct str url)
{
    static const char *const hosts[] = {"https://localhost:", "https://127.0.0.1:", "https://[::1]:"};
    struct str public_url = str_of(config_text(cli->cfg, SET_PUBLIC_URL));

    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
        if (str_starts(url, str_of(hosts[i])))
            return true;
    return public_url.len && str_starts(url, public_url);
}

/* The CA to trust: --ca, else the self-made one beside the server's certificate, for our own URLs. */
static enum err choose_ca(const struct cli *cli, struct send_work *w, const char **out)
{
    enum err err;

    *out = w->order.ca;
    if (w->order.ca || !is_ours(cli, str_of(w->order.to)))
        return OK;
    err = cli_own_ca(cli, &w->ca);
    if (!err && w->ca.len)
        *out = buf_text(&w->ca);
    return err;
}

static int open_sender(struct send_work *w)
{
    struct verify_config config = {.get = config_of, .arg = w};
    struct problems problems;
    enum err err;
    int code;

    problems_init(&problems, STR("--set"));
    err = sender_new(w->route, w->secret, str_of(w->secret_name), str_of(w->order.to), &config, &problems, &w->sender);
    code = err ? cli_fail_why(err, &problems.text) : CLI_GO;
    problems_release(&problems);
    return code;
}

static int open_client(const struct cli *cli, struct send_work *w)
{
    struct http_client_options options = {.insecure = w->order.insecure, .timeout_ms = w->order.timeout_ms};
    enum err err = choose_ca(cli, w, &options.ca_file);

    if (!err)
        err = http_client_new(&options, &w->client);
    return err ? cli_fail_why(err, NULL) : open_sender(w);
}

static int open_work(struct cli *cli, struct send_work *w, const char *platform)
{
    int code = cli_open_routes(cli, &w->routes);
    enum err err;

    if (code == CLI_GO)
        code = cli_find_route(w->routes, platform, &w->route);
    if (code == CLI_GO)
        code = given_config(&w->order.sets, &w->config);
    if (code == CLI_GO)
        code = open_secret(cli, w);
    if (code != CLI_GO || !w->order.body_file)
        return code == CLI_GO ? open_client(cli, w) : code;
    err = file_read(w->order.body_file, &w->body);
    return err ? cli_fail("%s: %s", w->order.body_file, err_text(err)) : open_client(cli, w);
}

static void close_work(struct send_work *w)
{
    sender_free(w->sender);
    http_client_free(w->client);
    secret_free(w->secret);
    routes_free(w->routes);
    draft_release(&w->draft);
    buf_release(&w->body);
    buf_release(&w->answer);
    buf_release(&w->why);
    buf_release(&w->ca);
    buf_release(&w->url);
    json_decref(w->lines);
    json_decref(w->config);
}

/* Makes the i-th delivery in w->draft. */
static int make(const struct cli *cli, struct send_work *w, uint64_t first, uint64_t i)
{
    struct route_send what = {.topic = str_of(w->order.topic), .n = first + i, .now_us = clock_wall_us(cli->clock)};
    int64_t signed_at_us = what.now_us - (w->order.stale ? 3600 * US_PER_S : 0);
    struct id id = id_new(what.now_us);
    char email[64];
    enum err err;

    snprintf(email, sizeof(email), "shopper-%llu@example.com", (unsigned long long)what.n);
    what.id = id_str(&id);
    what.email = str_of(w->order.email ? w->order.email : email);
    err = sender_make(w->sender, &what, buf_str(&w->body), signed_at_us, &w->draft, &w->why);
    if (err)
        return cli_fail_why(err, &w->why);
    if (w->order.stale && !sender_is_timed(w->sender))
        return cli_wrong("--stale changes nothing here: %s signs no time", route_title(w->route));
    if (w->order.check)
        w->draft.fields[w->draft.n++] = (struct field){.name = STR("storehook-check"), .value = STR("1")};
    if (w->order.tamper && w->draft.body.len)
        w->draft.body.p[w->draft.body.len / 2] ^= 1;
    else if (w->order.tamper && (err = buf_append_c(&w->draft.body, ' ')) != OK)
        return cli_fail_why(err, NULL);
    return CLI_GO;
}

/* Prints or keeps the line of one answer; of many only the sums are told. */
static enum err tell(const struct cli *cli, struct send_work *w, int status)
{
    struct str answer = str_upto(str_trim(buf_str(&w->answer)), 200);
    struct buf harmless = BUF_INIT(2048);
    enum err err = OK;
    json_t *line;

    if (w->order.count * (w->order.duplicate ? 2 : 1) > LINES_MAX)
        return OK;
    if (cli->json) {
        line = json_pack("{si so}", "status", status, "answer", json_str(answer));
        return line && json_array_append_new(w->lines, line) == 0 ? OK : ERR_MEMORY;
    }
    err = text_escape(answer, false, &harmless);
    if (!err)
        printf("%d %s, %zu bytes%s%s\n", status, w->order.topic, w->draft.body.len, answer.len ? ": " : "", buf_text(&harmless));
    buf_release(&harmless);
    return err;
}

/* The URL with the query of the draft, in which a signature may stand. */
static enum err make_url(struct send_work *w)
{
    struct str to = str_of(w->order.to), query = buf_str(&w->draft.query);

    buf_clear(&w->url);
    return buf_printf(&w->url, "%.*s%s%.*s", STR_ARG(str_upto(to, str_find(to, '?'))), query.len ? "?" : "", STR_ARG(query));
}

static int send_draft(const struct cli *cli, struct send_work *w)
{
    struct http_client_request request = {
        .method = "POST", .fields = {w->draft.fields, w->draft.n}, .body = str_n(buf_text(&w->draft.body), w->draft.body.len)};
    int status = 0;
    enum err err = make_url(w);

    request.url = buf_text(&w->url);
    if (!err)
        err = http_client_send(w->client, &request, &status, &w->answer, &w->why);
    if (err)
        return cli_fail("%llu sent, then: %s", (unsigned long long)w->sent, w->why.len ? buf_text(&w->why) : err_text(err));
    if (w->order.check)
        return send_check_print(cli, status, buf_str(&w->answer));
    w->sent++;
    w->by_status[status > 0 && status < STATUS_MAX ? status : 0]++;
    err = tell(cli, w, status);
    return err ? cli_fail_why(err, NULL) : CLI_GO;
}

static uint64_t accepted(const struct send_work *w)
{
    uint64_t n = 0;

    for (size_t status = 200; status < 300; status++)
        n += w->by_status[status];
    return n;
}

static json_t *statuses(const struct send_work *w)
{
    json_t *object = json_object();
    char name[16];

    for (int status = 0; status < STATUS_MAX; status++) {
        if (!w->by_status[status])
            continue;
        snprintf(name, sizeof(name), "%d", status);
        json_object_set_new(object, name, json_integer((json_int_t)w->by_status[status]));
    }
    return object;
}

static int summary(const struct cli *cli, struct send_work *w, int64_t took_us)
{
    uint64_t good = accepted(w);
    int code = EXIT_DONE;

    if (cli->json)
        code = cli_print_json(json_pack("{sI sI sI so sO}", "sent", (json_int_t)w->sent, "accepted", (json_int_t)good, "took_us",
                                        (json_int_t)took_us, "statuses", statuses(w), "answers", w->lines));
    else if (w->sent > 1)
        for (int status = 0; status < STATUS_MAX; status++)
            if (w->by_status[status])
                printf("%llu answered %d\n", (unsigned long long)w->by_status[status], status);
    if (code == EXIT_DONE && good < w->sent)
        return cli_fail("%llu of %llu were not accepted; the reason is in the log of the receiver and in its source's counters",
                        (unsigned long long)(w->sent - good), (unsigned long long)w->sent);
    return code;
}

static int send_all(const struct cli *cli, struct send_work *w)
{
    int64_t start_us = clock_mono_us(cli->clock);
    uint64_t first = w->order.number > 0 ? (uint64_t)w->order.number : (uint64_t)(clock_wall_us(&clock_system) / US_PER_MS);
    int code = CLI_GO;

    for (int64_t i = 0; i < w->order.count && code == CLI_GO; i++) {
        code = make(cli, w, first, (uint64_t)i);
        for (int copies = w->order.duplicate ? 2 : 1; copies > 0 && code == CLI_GO; copies--)
            code = send_draft(cli, w);
    }
    return code == CLI_GO ? summary(cli, w, clock_mono_us(cli->clock) - start_us) : code;
}

static int check_order(const struct send_order *order, const struct cli_page *page)
{
    if (!order->to)
        return cli_wrong("--to is missing; usage: storehook %s", page->usage);
    if (order->count < 1 || order->count > COUNT_MAX)
        return cli_wrong("--count must be between 1 and %d", COUNT_MAX);
    if (order->check && (order->count != 1 || order->duplicate))
        return cli_wrong("--check asks about one delivery; leave out --count and --duplicate");
    if (order->number < 0)
        return cli_wrong("--number must not be negative");
    if (order->timeout_ms < 1)
        return cli_wrong("--timeout must be at least 1ms");
    return CLI_GO;
}

int cmd_send(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "send PLATFORM TOPIC --to URL [--secret-file FILE] [--set NAME=VALUE]... [--body FILE] [--count N] [--tamper] [--stale] "
        "[--duplicate] [--check]",
        "Sends deliveries signed as the platform signs them, one after the other on one connection. Without --body each has the\n"
        "route file's example for the topic, with a person of its own. The exit code is 0 when every answer was 2xx.",
        "storehook send storehook signup --to https://127.0.0.1:8443/in/KEY --secret-file secret.txt", 2, 2};
    struct send_work w = {.order = {.count = 1, .timeout_ms = 30000},
                          .body = BUF_INIT(BODY_FILE_MAX_BYTES),
                          .answer = BUF_INIT(HTTP_CLIENT_BODY_MAX),
                          .why = BUF_INIT(WHY_BYTES),
                          .ca = BUF_INIT(4096),
                          .url = BUF_INIT(URL_MAX_BYTES)};
    const struct cli_flag flags[] = {
        {"to", FLAG_TEXT, &w.order.to, "URL", "the endpoint, as `storehook source list` shows it"},
        {"secret-file", FLAG_TEXT, &w.order.secret_file, "FILE",
         "file with the secret of the signature; NAME=FILE where there are several"},
        {"set", FLAG_EACH, &w.order.sets, "NAME=VALUE", "a member of the source's config that the signature needs"},
        {"body", FLAG_TEXT, &w.order.body_file, "FILE", "send these bytes as they are; - is stdin"},
        {"count", FLAG_INT, &w.order.count, "N", "so many deliveries, each with ids of its own"},
        {"tamper", FLAG_ON, &w.order.tamper, NULL, "change the body after signing: must be refused"},
        {"stale", FLAG_ON, &w.order.stale, NULL, "sign as of an hour ago: must be refused"},
        {"duplicate", FLAG_ON, &w.order.duplicate, NULL, "send each delivery twice, byte for byte: must be applied once"},
        {"check", FLAG_ON, &w.order.check, NULL, "keep nothing: print what the delivery would mean, or what is wrong"},
        {"email", FLAG_TEXT, &w.order.email, "ADDRESS", "the address in the example"},
        {"number", FLAG_INT, &w.order.number, "N", "number in the example's ids; the same number is the same person"},
        {"ca", FLAG_TEXT, &w.order.ca, "FILE", "trust only this authority, PEM"},
        {"insecure", FLAG_ON, &w.order.insecure, NULL, "do not check the server's certificate"},
        {"timeout", FLAG_MS, &w.order.timeout_ms, "TIME", "of one delivery with its answer"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    draft_init(&w.draft);
    if (code == CLI_GO)
        code = check_order(&w.order, &page);
    if (code == CLI_GO) {
        w.order.topic = argv[1];
        w.lines = json_array();
        code = open_work(cli, &w, argv[0]);
    }
    if (code == CLI_GO)
        code = send_all(cli, &w);
    close_work(&w);
    return code;
}
