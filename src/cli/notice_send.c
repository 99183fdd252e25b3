/* notice_send.c -- owns `storehook notice send`: notices that the operator makes, one for each line of a file. */
#include "cli/notice.h"

#include "base/id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOTICES_A_TRANSACTION = 200, EFFECT_BYTES = 4096, DATA_BYTES_MAX = 63 << 10 };

/* The notices of one command. */
struct sending {
    struct notice_desk desk;
    const char *file, *key;
    struct notice notice; /* what all have in common */
    size_t lines, made, deliveries;
    struct buf effect;
};

static int wrong_line(const struct sending *s, const char *what)
{
    return cli_fail("%s, line %zu: %s; the lines before it were taken", s->file, s->lines, what);
}

/* One line is an object, printed anew so that no byte but JSON goes out. Returns CLI_GO or the exit code. */
static int put_line(struct sending *s, struct str line, enum err *err)
{
    struct buf data = BUF_INIT(NOTICE_BODY_MAX);
    json_t *object = NULL;
    size_t n = 0;
    int code = CLI_GO;

    if (json_parse(line, &object, NULL) || !json_is_object(object)) {
        code = wrong_line(s, "this is no JSON object");
    } else {
        *err = json_print(object, &data);
        if (*err == ERR_TOO_LARGE || data.len > DATA_BYTES_MAX) {
            *err = OK;
            code = wrong_line(s, "a notice has at most 63 KiB");
        }
    }
    if (code == CLI_GO && !*err) {
        buf_clear(&s->effect);
        *err = buf_printf(&s->effect, "send:%s:%zu", s->key, s->lines);
        s->notice.data = buf_str(&data);
        s->notice.effect = buf_str(&s->effect);
        if (!*err)
            *err = notice_put(s->desk.store, &s->notice, &n);
        s->made += n > 0;
        s->deliveries += n;
    }
    json_decref(object);
    buf_release(&data);
    return code;
}

/* Reads on to the end of one transaction; *more is false at the end of the file. Returns CLI_GO or the exit code. */
static int put_lines(struct sending *s, FILE *in, char **line, size_t *size, bool *more, enum err *err)
{
    int code = CLI_GO;

    for (int i = 0; i < NOTICES_A_TRANSACTION && code == CLI_GO && !*err; i++) {
        ssize_t n = getline(line, size, in);
        struct str text = n > 0 ? str_trim(str_n(*line, (size_t)n)) : STR_NONE;

        *more = n >= 0;
        if (n < 0)
            break;
        s->lines++;
        if (n > 4 * NOTICE_BODY_MAX)
            return wrong_line(s, "a notice has at most 63 KiB");
        if (text.len)
            code = put_line(s, text, err);
    }
    return code;
}

static int put_all(struct sending *s, FILE *in)
{
    char *line = NULL;
    size_t size = 0;
    bool more = true;
    int code = CLI_GO;

    while (more && code == CLI_GO) {
        enum err err = db_begin(s->desk.store->db), failed = OK;

        if (!err)
            code = put_lines(s, in, &line, &size, &more, &failed);
        if (!err)
            err = store_end(s->desk.store, failed);
        if (err && code == CLI_GO)
            code = notice_desk_fail(&s->desk, err);
    }
    free(line);
    return code;
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
    struct sending s = {.desk = {.store = NULL}, .effect = BUF_INIT(EFFECT_BYTES)};
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
        return cli_wrong("\"%s\" is no type of notice; a type is words with dots between them, such as cart.abandoned", argv[0]);
    s.file = argv[1];
    s.key = s.key ? s.key : id.text;
    code = notice_desk_open(cli, target, 0, &s.desk);
    if (code == CLI_GO) {
        s.notice = (struct notice){
            .type = str_of(argv[0]), .target = str_of(target ? target : ""), .at_us = clock_wall_us(s.desk.store->clock)};
        code = send_file(cli, &s);
    }
    notice_desk_close(&s.desk);
    buf_release(&s.effect);
    return code;
}
