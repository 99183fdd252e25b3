/* send_check.c -- owns what `storehook send --check` prints. */
#include "cli/send_check.h"

#include "base/json.h"
#include "cli/table.h"

enum { LINE_MAX_BYTES = 64 << 10 };

/* Prints "name  value"; the value is foreign text, made harmless for a terminal. */
static enum err print_line(const char *indent, const char *name, struct str value)
{
    struct buf harmless = BUF_INIT(LINE_MAX_BYTES);
    enum err err = text_escape(value, false, &harmless);

    if (!err)
        printf("%s%-24s %s\n", indent, name, buf_text(&harmless));
    buf_release(&harmless);
    return err;
}

static enum err print_value(const char *name, const json_t *value)
{
    struct buf text = BUF_INIT(LINE_MAX_BYTES);
    enum err err = json_is_string(value) ? buf_append(&text, json_text(value)) : json_print(value, &text);

    if (!err)
        err = print_line("  ", name, buf_str(&text));
    buf_release(&text);
    return err;
}

static enum err print_events(const json_t *events)
{
    const json_t *event;
    json_t *value;
    const char *name;
    size_t i;
    enum err err = OK;

    json_array_foreach((json_t *)(uintptr_t)events, i, event)
    {
        if (!err)
            err = print_line("", "event", json_member_text(event, "type"));
        json_object_foreach((json_t *)(uintptr_t)event, name, value)
        {
            if (!err && strcmp(name, "type") != 0)
                err = print_value(name, value);
        }
    }
    return err;
}

/* "reason: detail" of an error or of one rejected event. */
static enum err print_trouble(const char *name, const json_t *trouble)
{
    struct buf text = BUF_INIT(LINE_MAX_BYTES);
    enum err err =
        buf_printf(&text, "%.*s: %.*s", STR_ARG(json_member_text(trouble, "reason")), STR_ARG(json_member_text(trouble, "detail")));

    if (!err)
        err = print_line("", name, buf_str(&text));
    buf_release(&text);
    return err;
}

static enum err print_told(const json_t *told)
{
    const json_t *error = json_object_get(told, "error"), *rejected = json_object_get(told, "rejected"), *one;
    size_t i;
    enum err err;

    puts("the signature is good; nothing was kept");
    err = print_line("", "topic", json_member_text(told, "topic"));
    if (!err)
        err = print_line("", "lane", json_member_text(told, "lane"));
    if (!err)
        err = print_line("", "dedupe key", json_member_text(told, "dedupe_key"));
    if (!err)
        err = print_events(json_object_get(told, "events"));
    json_array_foreach((json_t *)(uintptr_t)rejected, i, one)
    {
        char name[32];

        snprintf(name, sizeof(name), "rejected %lld", (long long)json_integer_value(json_object_get(one, "index")));
        if (!err)
            err = print_trouble(name, one);
    }
    return err || !error ? err : print_trouble("error", error);
}

int send_check_print(const struct cli *cli, int status, struct str answer)
{
    json_t *told = NULL;
    enum err err;
    bool good;

    if (status == 401)
        return cli_fail("401: the signature is not good; check the secret and the clock");
    if (status == 429)
        return cli_fail("429: too many checks of this source; wait a second");
    if (status != 200)
        return cli_fail("the receiver answered %d", status);
    if (json_parse(answer, &told, NULL) || !json_is_array(json_object_get(told, "events"))) {
        json_decref(told);
        return cli_fail("the answer is larger than this command reads, or not that of check mode; send a smaller body");
    }
    good = !json_object_get(told, "error") && json_array_size(json_object_get(told, "rejected")) == 0;
    if (cli->json)
        return cli_print_json(told) == EXIT_DONE && good ? EXIT_DONE : EXIT_FAILED;
    err = print_told(told);
    json_decref(told);
    if (err)
        return cli_fail_why(err, NULL);
    return good ? EXIT_DONE : cli_fail("not all of it would apply; the lines above say why");
}
