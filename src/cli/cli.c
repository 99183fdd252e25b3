/* cli.c -- owns what every command shares: the start, the search for a verb, messages, questions. */
#include "cli/cli.h"

#include "base/problems.h"
#include "cli/table.h"

#include <stdarg.h>
#include <unistd.h>

enum { VERBS_MAX = 40, JSON_BYTES_MAX = 64 << 20, SAID_BYTES_MAX = 1 << 20 };

enum err cli_init(struct cli *cli)
{
    char *text = getenv("STOREHOOK_SECRET");
    enum err err = OK;

    *cli = (struct cli){.path = BUF_INIT(8192), .clock = &clock_system};
    if (!text)
        return OK;
    if (*text)
        err = secret_new(str_of(text), &cli->secret);
    explicit_bzero(text, strlen(text)); /* N10 */
    unsetenv("STOREHOOK_SECRET");
    return err;
}

void cli_release(struct cli *cli)
{
    config_free(cli->cfg);
    secret_free(cli->secret);
    buf_release(&cli->path);
}

static __attribute__((format(printf, 1, 0))) void say(const char *format, va_list args)
{
    struct buf text = BUF_INIT(SAID_BYTES_MAX);

    fputs("storehook: ", stderr);
    if (buf_vprintf(&text, format, args))
        fputs("(a message too long to show)", stderr);
    text_print(buf_str(&text), true, stderr); /* a name in it may be somebody else's */
    fputc('\n', stderr);
    buf_release(&text);
}

int cli_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
    return EXIT_FAILED;
}

int cli_wrong(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
    return EXIT_USAGE;
}

int cli_fail_why(enum err err, const struct buf *why)
{
    return cli_fail("%s", why && why->len ? buf_text(why) : err_text(err));
}

static void list_verbs(FILE *out, const char *of, const struct cli_command *verbs)
{
    fprintf(out, "usage: storehook %s VERB [...]\n\n", of);
    for (; verbs->name; verbs++)
        fprintf(out, "  %-10s %s\n", verbs->name, verbs->help);
    fprintf(out, "\n`storehook %s VERB --help` says more.\n", of);
}

static int unknown_verb(const char *of, const struct cli_command *verbs, const char *given)
{
    const char *names[VERBS_MAX + 1] = {NULL};
    const char *near;

    for (size_t i = 0; i < VERBS_MAX && verbs[i].name; i++)
        names[i] = verbs[i].name;
    near = nearest_name(str_of(given), names);
    if (near)
        return cli_wrong("%s has no verb \"%s\"; did you mean \"%s\"?", of, given, near);
    return cli_wrong("%s has no verb \"%s\"; see `storehook %s --help`", of, given, of);
}

int cli_dispatch(struct cli *cli, const char *of, const struct cli_command *verbs, int argc, char **argv)
{
    const char *given = argc > 1 ? argv[1] : NULL;

    if (!given) {
        list_verbs(stderr, of, verbs);
        return EXIT_USAGE;
    }
    if (strcmp(given, "--help") == 0 || strcmp(given, "-h") == 0) {
        list_verbs(stdout, of, verbs);
        return EXIT_DONE;
    }
    for (const struct cli_command *v = verbs; v->name; v++)
        if (strcmp(v->name, given) == 0)
            return v->run(cli, argc - 1, argv + 1);
    return unknown_verb(of, verbs, given);
}

int cli_print_json(json_t *value)
{
    struct buf text = BUF_INIT(JSON_BYTES_MAX);
    enum err err = value ? json_print_pretty(value, &text) : ERR_MEMORY;

    json_decref(value);
    if (!err && (fwrite(text.p, 1, text.len, stdout) != text.len || putchar('\n') == EOF))
        err = ERR_IO;
    buf_release(&text);
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}
