/* dead_show.c -- owns `storehook dead show`: one letter with its headers and body, so that no byte of it can steer a terminal. */
#include "cli/dead.h"

#include "base/encode.h"
#include "cli/table.h"

enum { TEXT_BYTES_MAX = 512 << 20 };

static enum err print_escaped(struct str s)
{
    struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    enum err err = text_escape(s, true, &text);

    if (!err && fwrite(buf_text(&text), 1, text.len, stdout) != text.len)
        err = ERR_IO;
    buf_release(&text);
    return err;
}

static enum err print_line(const char *label, struct str value)
{
    enum err err;

    printf("%-12s ", label);
    err = print_escaped(value);
    putchar('\n');
    return err;
}

static int show_text(const json_t *about, const struct entry *e)
{
    enum err err = OK;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)about, name, value) if (!err && json_is_string(value)) err =
        print_line(name, json_text(value));
    for (size_t i = 0; i < e->headers.n && !err; i++) {
        fputs("header       ", stdout);
        err = print_escaped(e->headers.at[i].name);
        fputs(": ", stdout);
        if (!err)
            err = print_escaped(e->headers.at[i].value);
        putchar('\n');
    }
    printf("body         %zu bytes\n\n", e->body.len);
    if (!err)
        err = print_escaped(e->body);
    putchar('\n');
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static json_t *headers_object(const struct entry *e)
{
    json_t *array = json_array();

    for (size_t i = 0; i < e->headers.n && array; i++)
        if (json_array_append_new(
                array, json_pack("{so so}", "name", json_str(e->headers.at[i].name), "value", json_str(e->headers.at[i].value)))) {
            json_decref(array);
            array = NULL;
        }
    return array;
}

/* A body that is no text is given as base64, so that nothing of it is lost. */
static json_t *body_value(struct str body, const char **name)
{
    char *base64;
    json_t *value;

    *name = "body";
    if (str_is_utf8(body))
        return json_str(body);
    *name = "body_base64";
    base64 = malloc(BASE64_LEN(body.len) + 1);
    if (!base64)
        return NULL;
    base64_encode(body, base64);
    value = json_string(base64);
    free(base64);
    return value;
}

static int show_json(json_t *about, const struct entry *e)
{
    const char *name;
    json_t *body = body_value(e->body, &name);

    if (json_object_set_new(about, name, body) || json_object_set_new(about, "headers", headers_object(e)))
        return cli_fail_why(ERR_MEMORY, NULL);
    return cli_print_json(json_incref(about));
}

int dead_show_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "dead show ID", "Prints one dead letter with its headers and its body. ID is the letter's or the delivery's.",
        "storehook dead show 0:1714641068000-0", 1, 1};
    struct dead_walk walk;
    struct dead_letter letter;
    json_t *about = NULL;
    int code = cli_parse(cli, &page, NULL, &argc, &argv);

    if (code != CLI_GO)
        return code;
    code = dead_open(cli, NULL, &walk);
    if (code == CLI_GO)
        code = dead_find(&walk, argv[0], &letter);
    if (code == CLI_GO && !(about = dead_describe(&walk, &letter)))
        code = cli_fail_why(ERR_MEMORY, NULL);
    if (code == CLI_GO)
        code = cli->json ? show_json(about, &letter.entry) : show_text(about, &letter.entry);
    json_decref(about);
    dead_close(&walk);
    return code;
}
