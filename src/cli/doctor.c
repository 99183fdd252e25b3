/* doctor.c -- owns `storehook doctor`: why deliveries of a source were rejected, and what to do. */
#include "cli/commands.h"
#include "cli/source.h"
#include "cli/table.h"
#include "engine/doctor_report.h"

enum { TEXT_BYTES_MAX = 1 << 20 };

/* Names of headers and hosts are a stranger's: no byte of them may steer the terminal. */
static void print(const char *before, struct str text)
{
    struct buf escaped = BUF_INIT(TEXT_BYTES_MAX);

    printf("%s%s\n", before, text_escape(text, false, &escaped) ? "" : buf_text(&escaped));
    buf_release(&escaped);
}

static void print_member(const char *before, const json_t *object, const char *member)
{
    print(before, json_member_text(object, member));
}

static void print_rejected(const json_t *list)
{
    json_t *row, *one;
    size_t i, k;

    if (json_array_size(list) == 0)
        puts("no rejected delivery of the last 24 hours is kept");
    json_array_foreach(list, i, row)
    {
        putchar('\n');
        print_member("rejected  ", row, "at");
        print_member("reason    ", row, "reason");
        print_member("method    ", row, "method");
        printf("body      %lld bytes\n", (long long)json_integer_value(json_object_get(row, "body_bytes")));
        if (json_is_true(json_object_get(row, "old_url")))
            puts("url       one that was replaced");
        json_array_foreach(json_object_get(row, "headers"), k, one) print("header    ", json_text(one));
        json_array_foreach(json_object_get(row, "findings"), k, one) print_member("finding   ", one, "text");
    }
}

static void print_dead(const json_t *list)
{
    json_t *row, *topic;
    size_t i, k;

    json_array_foreach(list, i, row)
    {
        printf("\ndead      %lld letters\n", (long long)json_integer_value(json_object_get(row, "count")));
        print_member("reason    ", row, "reason");
        json_array_foreach(json_object_get(row, "topics"), k, topic) print("topic     ", json_text(topic));
        print_member("finding   ", row, "text");
    }
}

static int show(struct cli *cli, json_t *report)
{
    const char *reason;
    json_t *value;

    if (cli->json)
        return cli_print_json(report);
    print_member("source    ", report, "source");
    print_member("platform  ", report, "platform");
    json_object_foreach(json_object_get(report, "refused"), reason, value)
        printf("refused   %lld %s\n", (long long)json_integer_value(value), reason);
    print_rejected(json_object_get(report, "rejected"));
    print_dead(json_object_get(report, "dead"));
    json_decref(report);
    return EXIT_DONE;
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "doctor SOURCE",
        "Explains the last rejected deliveries of a source, and its dead letters by reason. The receivers keep up to five\n"
        "rejected deliveries of a source for a day. No secret and no signature is printed.",
        "storehook doctor \"my shop\"", 1, 1};
    struct secret_work w = {.routes = NULL};
    json_t *report = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code == CLI_GO)
        code = cli_open_routes(cli, &w.routes);
    if (code == CLI_GO)
        code = source_work_open(cli, argv[0], &w.at);
    if (code == CLI_GO)
        code = cli_open_seal(cli, w.at.store, &w.seal);
    if (code == CLI_GO)
        code = cli_find_route(w.routes, w.at.source.platform, &w.route);
    if (code == CLI_GO) {
        struct doctor_parts parts = {.store = w.at.store,
                                     .stream = w.at.stream,
                                     .routes = w.routes,
                                     .seal = w.seal,
                                     .public_url = str_of(config_text(cli->cfg, SET_PUBLIC_URL))};
        enum err err = doctor_report(&parts, &w.at.source, &report);

        code = err ? cli_fail_why(err, NULL) : show(cli, report);
    }
    secret_work_close(&w);
    return code;
}
