/* db_copy.c -- owns `storehook db copy`: the whole contact database into another one. */
#include "cli/db.h"

#include "cli/open.h"
#include "store/copy.h"

#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

enum { PROGRESS_MS = 200, WHY_BYTES = 8192, DRAINER_SHOWN_MS = 17000, ASK_AGAIN_MS = 250 };

struct copying {
    struct cli *cli;
    const char *from, *to;
    bool tty, again;
    int64_t next_progress_us;
    struct str table;
    size_t number, of;
    json_t *tables; /* with --json */
    bool no_memory;
};

static void show_progress(void *arg, uint64_t rows)
{
    struct copying *c = arg;
    int64_t now_us = clock_mono_us(c->cli->clock);

    if (!c->tty || now_us < c->next_progress_us)
        return;
    c->next_progress_us = now_us + PROGRESS_MS * US_PER_MS;
    fprintf(stderr, "\r\033[K[%zu/%zu] %.*s: %" PRIu64 " rows%s", c->number, c->of, STR_ARG(c->table), rows,
            c->again ? " read back" : "");
    fflush(stderr);
}

static void show_table(void *arg, struct str table, size_t number, size_t of, bool again)
{
    struct copying *c = arg;

    c->table = table;
    c->number = number;
    c->of = of;
    c->again = again;
    show_progress(c, 0);
}

static void show_done(void *arg, struct str table, uint64_t rows, uint64_t digest)
{
    struct copying *c = arg;
    char text[24];

    if (c->tty)
        fputs("\r\033[K", stderr);
    snprintf(text, sizeof(text), "%016" PRIx64, digest);
    if (!c->tables)
        printf("%-16.*s %12" PRIu64 " rows  digest %s\n", STR_ARG(table), rows, text);
    else if (json_array_append_new(c->tables,
                                   json_pack("{so sI ss}", "table", json_str(table), "rows", (json_int_t)rows, "digest", text)))
        c->no_memory = true;
    fflush(stdout);
}

/* --- before ----------------------------------------------------------------------------------------------------------------- */

static void note_drainer(void *arg, const struct role_seen *seen)
{
    bool *runs = arg;

    *runs |= str_eq(seen->role, STR("drain"));
}

static enum err ask_for_drainers(struct stream *stream, bool *runs)
{
    *runs = false;
    return stream_roles(stream, note_drainer, runs);
}

/* One that has just ended is still shown for a while. */
static enum err wait_for_drainers(struct copying *c, struct stream *stream, bool *runs)
{
    int64_t until_us = clock_mono_us(c->cli->clock) + DRAINER_SHOWN_MS * US_PER_MS;
    enum err err = ask_for_drainers(stream, runs);

    while (!err && *runs && clock_mono_us(c->cli->clock) < until_us) {
        if (c->tty)
            fputs("\r\033[Kwaiting for drainers to end", stderr);
        poll(NULL, 0, ASK_AGAIN_MS);
        err = ask_for_drainers(stream, runs);
    }
    if (c->tty)
        fputs("\r\033[K", stderr);
    return err;
}

/* A drainer that runs would write the source again as soon as it is free. Without a queue none runs: drainers need it. */
static int refuse_drainers(struct copying *c)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    struct stream *stream = NULL;
    bool runs = false;
    enum err err = stream_open(c->cli->cfg, c->cli->clock, &stream, &why);

    if (!err)
        err = wait_for_drainers(c, stream, &runs);
    stream_close(stream);
    buf_release(&why);
    if (runs)
        return cli_fail(
            "a drainer runs; stop `storehook up` and every `storehook drain` first: what they write to the source after the copy"
            " would be missing in the target");
    if (err)
        fprintf(stderr,
                "storehook: the queue does not answer, so it is not known whether a drainer runs; let none run until db.url is the"
                " target\n");
    return CLI_GO;
}

/* Opened without bringing it to this program's tables. */
static int open_one(struct cli *cli, const char *flag, const char *url, struct db **out)
{
    struct buf why = BUF_INIT(WHY_BYTES), full = BUF_INIT(WHY_BYTES);
    enum err err = store_url(cli->cfg, str_of(url), &full);
    int code = CLI_GO;

    if (!err)
        err = db_open(buf_text(&full), config_int(cli->cfg, SET_DB_TIMEOUT), out, &why);
    if (err)
        code = cli_fail("--%s: %s", flag, why.len ? buf_text(&why) : err_text(err));
    buf_wipe(&full);
    buf_release(&why);
    return code;
}

static int check_flags(const struct copying *c)
{
    if (!c->from || !c->to)
        return cli_wrong("name both databases: --from URL --to URL, each as db.url is written");
    if (strcmp(c->from, c->to) == 0)
        return cli_wrong("--from and --to are the same database");
    return CLI_GO;
}

static int print_end(struct copying *c, const struct copy_sums *sums, int64_t took_us)
{
    if (c->tables)
        return cli_print_json(json_pack("{sb sO sI sI}", "copied", 1, "tables", c->tables, "rows", (json_int_t)sums->rows,
                                        "took_ms", (json_int_t)(took_us / US_PER_MS)));
    printf("%" PRIu64 " tables, %" PRIu64
           " rows in %.1f s; counts and digests are equal. Set db.url to the target before drainers start;\n"
           "the master key stays the same.\n",
           sums->tables, sums->rows, (double)took_us / US_PER_S);
    return EXIT_DONE;
}

static int run_copy(struct copying *c, struct db *from, struct db *to)
{
    struct copy_watch watch = {.table = show_table, .progress = show_progress, .done = show_done, .arg = c};
    struct buf why = BUF_INIT(WHY_BYTES);
    struct copy_sums sums;
    int64_t start_us = clock_mono_us(c->cli->clock);
    enum err err = copy_run(from, to, &watch, &sums, &why);
    int code;

    if (c->tty)
        fputs("\r\033[K", stderr);
    if (!err && c->no_memory)
        err = ERR_MEMORY;
    code = err ? cli_fail_why(err, &why) : print_end(c, &sums, clock_mono_us(c->cli->clock) - start_us);
    buf_release(&why);
    return code;
}

int db_copy(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "db copy --from URL --to URL",
        "Copies the whole contact database into an empty one, of either back end, reads it back and compares rows\n"
        "and digests. All or nothing: on any failure the target stays empty. The source is locked against writing\n"
        "meanwhile; stop every drainer first, and set db.url to the target before they start again. Secrets stay\n"
        "sealed with the same master key. A password does not belong into an argument: use ~/.pgpass.",
        "storehook db copy --from sqlite:storehook.db --to postgresql://storehook@db1/storehook", 0, 0};
    struct copying c = {.cli = cli};
    const struct cli_flag flags[] = {
        {"from", FLAG_TEXT, &c.from, "URL", "the database to read, as db.url is written"},
        {"to", FLAG_TEXT, &c.to, "URL", "an empty database; its tables are made"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct db *from = NULL, *to = NULL;
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    c.tty = isatty(STDERR_FILENO) && !cli->json;
    if (code == CLI_GO)
        code = check_flags(&c);
    if (code == CLI_GO)
        code = refuse_drainers(&c);
    if (code == CLI_GO)
        code = open_one(cli, "from", c.from, &from);
    if (code == CLI_GO)
        code = open_one(cli, "to", c.to, &to);
    if (code == CLI_GO) {
        c.tables = cli->json ? json_array() : NULL;
        code = run_copy(&c, from, to);
    }
    json_decref(c.tables);
    db_close(to);
    db_close(from);
    return code;
}
