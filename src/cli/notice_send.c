/* notice_send.c -- owns `storehook notice send`: notices that the operator makes, one for each line of a file. */
#include "cli/notice.h"

#include "base/id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH_MAX = 200, EFFECT_BYTES = 4096, DATA_BYTES_MAX = 63 << 10, LINE_BYTES_MAX = 4 * DATA_BYTES_MAX };

/* The notices of one command. */
struct sending {
    struct notice_desk desk;
    const char *file, *key;
    struct notice common; /* what all have in common */
    size_t lines, made, deliveries;
    struct arena arena; /* of the batch */
    struct notice batch[BATCH_MAX];
    size_t n, batch_made, batch_deliveries;
};

static int wrong_line(const struct sending *s, const char *what)
{
    return cli_fail("%s, line %zu: %s; the lines before it were taken", s->file, s->lines, what);
}

/* Adds one line to the batch: an object, printed anew so that no byte but JSON goes out. Returns CLI_GO or the exit code. */
static int take_line(struct sending *s, struct str line)
{
    struct buf data = BUF_INIT(DATA_BYTES_MAX), effect = BUF_INIT(EFFECT_BYTES);
    struct notice *notice = &s->batch[s->n];
    json_t *object = NULL;
    int code = CLI_GO;

    if (json_parse(line, &object, NULL) || !json_is_object(object))
        code = wrong_line(s, "this is no JSON object");
    else if (json_print(object, &data))
        code = wrong_line(s, "a notice has at most 63 KiB");
    else if (buf_printf(&effect, "send:%s:%zu", s->key, s->lines))
        code = cli_wrong("--key is too long");
    if (code == CLI_GO) {
        *notice = s->common;
        notice->data = arena_str(&s->arena, buf_str(&data));
        notice->effect = arena_str(&s->arena, buf_str(&effect));
        s->n++;
        if (!notice->data.p || !notice->effect.p)
            code = cli_fail_why(ERR_MEMORY, NULL);
    }
    json_decref(object);
    buf_release(&data);
    buf_release(&effect);
    return code;
}

/* Inside a transaction. */
static enum err put_batch(struct store *store, void *arg)
{
    struct sending *s = arg;
    enum err err = OK;

    s->batch_made = s->batch_deliveries = 0;
    for (size_t i = 0; i < s->n && !err; i++) {
        size_t n = 0;

        err = notice_put(store, &s->batch[i], &n);
        s->batch_made += n > 0;
        s->batch_deliveries += n;
    }
    return err;
}

static int commit_batch(struct sending *s)
{
    enum err err = s->n ? store_transact(s->desk.store, put_batch, s) : OK;

    if (err)
        return notice_desk_fail(&s->desk, err);
    if (s->n) {
        s->made += s->batch_made;
        s->deliveries += s->batch_deliveries;
    }
    s->n = 0;
    arena_reset(&s->arena);
    return CLI_GO;
}

/* A broken line ends it; what stands before it is taken. */
static int put_all(struct sending *s, FILE *in)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    int code = CLI_GO, committed;

    while (code == CLI_GO && (n = getline(&line, &size, in)) >= 0) {
        struct str text = str_trim(str_n(line, (size_t)n));

        s->lines++;
        if (n > LINE_BYTES_MAX)
            code = wrong_line(s, "a notice has at most 63 KiB");
        else if (text.len)
            code = take_line(s, text);
        if (code == CLI_GO && s->n == BATCH_MAX)
            code = commit_batch(s);
    }
    free(line);
    committed = commit_batch(s);
    return code == CLI_GO ? committed : code;
}

static int send_file(struct cli *cli, struct sending *s)
{
    bool is_stdin = strcmp(s->file, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(s->file, "re");
    int code = in ? put_all(s, in) : cli_fail("%s: %s", s->file, strerror(errno));

    if (in && !is_stdin)
        fclose(in);
    if (code != CLI_GO)
        return code;
    if (cli->json)
        return cli_print_json(json_pack("{sI sI}", "notices", (json_int_t)s->made, "deliveries", (json_int_t)s->deliveries));
    printf("%zu notices made, for %zu deliveries\n", s->made, s->deliveries);
    return EXIT_DONE;
}

int notice_send_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "notice send TYPE FILE [--target NAME] [--key KEY]",
        "Makes a notice of each line of a file, a JSON object each, which becomes the member \"data\" of what is sent.\n"
        "With --key the same line of a second run makes no second notice.",
        "echo '{\"coupon\":\"SPRING\"}' | storehook notice send campaign.started -", 2, 2};
    struct sending s = {.desk = {.store = NULL}};
    const char *target = NULL;
    struct id id = id_new(clock_wall_us(&clock_system));
    const struct cli_flag flags[] = {
        {"target", FLAG_TEXT, &target, "NAME", "for this target alone (default: each that is enabled and wants the type)"},
        {"key", FLAG_TEXT, &s.key, "KEY", "what makes the run one of a kind (default: every run is)"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code != CLI_GO)
        return code;
    if (notice_type_check(str_of(argv[0])))
        return cli_wrong("\"%s\" is no type of notice; a type is words with dots between them, such as cart_abandoned", argv[0]);
    s.file = argv[1];
    s.key = s.key ? s.key : id.text;
    arena_init(&s.arena, 2 * BATCH_MAX * DATA_BYTES_MAX);
    code = notice_desk_open(cli, target, 0, &s.desk);
    if (code == CLI_GO) {
        s.common = (struct notice){
            .type = str_of(argv[0]), .target = str_of(target ? target : ""), .at_us = clock_wall_us(s.desk.store->clock)};
        code = send_file(cli, &s);
    }
    arena_release(&s.arena);
    notice_desk_close(&s.desk);
    return code;
}
