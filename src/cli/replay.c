/* replay.c -- owns `storehook replay`: a script of deliveries and acts, run on a database of its own or put into the queue. */
#include "cli/commands.h"

#include "base/buf.h"
#include "base/id.h"
#include "base/log.h"
#include "cli/open.h"
#include "cli/table.h"
#include "engine/replay.h"
#include "store/seen.h"
#include "store/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { WHY_BYTES = 64 << 10, RUNS_MAX = 64, NAME_BYTES = 100, INTO_ARENA_BYTES = 64 << 20 };

/* One run, and what it ended in. */
struct run {
    char name[NAME_BYTES + 1];
    json_t *end;
    struct replay_figures figures;
};

/* What the command works with. */
struct play {
    struct cli *cli;
    FILE *file;
    const char *path;
    uint64_t line;
    struct replay_setting setting;
    struct replay *now; /* the run in hand; NULL before its first step */
    struct run runs[RUNS_MAX];
    size_t n_runs;
    /* --into */
    struct store *store;
    struct stream *stream;
    uint64_t queued;
    bool fire;
};

static int fail_line(const struct play *p, enum err err, const struct buf *why)
{
    if (why->len)
        return cli_fail("%s:%llu: %s", p->path, (unsigned long long)p->line, buf_text(why));
    return cli_fail("%s:%llu: %s", p->path, (unsigned long long)p->line, err_text(err));
}

/* --- runs --------------------------------------------------------------------------------------------------------------- */

static int end_run(struct play *p)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = p->now ? replay_end(p->now, &p->runs[p->n_runs - 1].end, &why) : OK;
    int code = err ? fail_line(p, err, &why) : CLI_GO;

    if (p->now)
        p->runs[p->n_runs - 1].figures = *replay_figures_of(p->now);
    replay_close(p->now);
    p->now = NULL;
    buf_release(&why);
    return code;
}

static int begin_run(struct play *p, struct str name)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    int code = end_run(p);
    enum err err = OK;

    if (code == CLI_GO && p->n_runs == RUNS_MAX)
        code = cli_fail("%s:%llu: more than %d runs", p->path, (unsigned long long)p->line, RUNS_MAX);
    if (code == CLI_GO)
        err = replay_open(&p->setting, &p->now, &why);
    if (err)
        code = cli_fail_why(err, &why);
    if (code == CLI_GO)
        snprintf(p->runs[p->n_runs++].name, sizeof(p->runs[0].name), "%.*s", STR_ARG(str_upto(name, NAME_BYTES)));
    buf_release(&why);
    return code;
}

static int take_step(struct play *p, json_t *step)
{
    struct str name = json_member_text(step, "run");
    struct buf why = BUF_INIT(WHY_BYTES);
    int code = CLI_GO;
    enum err err;

    if (name.len)
        return begin_run(p, name);
    if (!p->now)
        code = begin_run(p, STR("script"));
    err = code == CLI_GO ? replay_take(p->now, step, &why) : OK;
    if (err)
        code = fail_line(p, err, &why);
    buf_release(&why);
    return code;
}

/* --- into the queue ------------------------------------------------------------------------------------------------------ */

static enum err queue_delivery(struct play *p, json_t *step, struct arena *arena, struct buf *why)
{
    struct str name = json_member_text(step, "source"), delivery = json_member_text(step, "id");
    int64_t now = clock_wall_us(p->cli->clock), received = now;
    struct source source = {.id = 0};
    struct entry entry;
    struct id id;
    char number[24];
    enum err err = source_find(p->store, name, &source);

    if (err == ERR_NOT_FOUND)
        err = replay_wrong(why, "there is no source \"%.*s\"; `storehook source list` shows those there are", STR_ARG(name));
    if (!err)
        err = replay_time(step, "received_at", &received, why);
    id = id_new(received < now ? received : now);
    if (!err)
        err = replay_entry_read(step, delivery.len ? delivery : id_str(&id), arena, &entry, why);
    if (!err) {
        snprintf(number, sizeof(number), "%lld", (long long)source.id);
        entry.id = id_str(&id);
        entry.source_id = str_of(number);
        entry.received_at_us = received < now ? received : now;
        entry.replay = true; /* it is applied also when it was seen, and starts nothing (T1) */
        entry.fire = p->fire;
        entry.lane = LANE_BULK;
        err = stream_append(p->stream, &entry);
    }
    p->queued += !err;
    source_release(&source);
    return err;
}

static int take_into(struct play *p, json_t *step)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    struct arena arena;
    int code = CLI_GO;
    enum err err;

    arena_init(&arena, INTO_ARENA_BYTES);
    if (replay_is_delivery(step))
        err = queue_delivery(p, step, &arena, &why);
    else
        err = replay_wrong(&why, "only deliveries go into the queue; there are commands for what an operator does");
    if (err)
        code = fail_line(p, err, &why);
    arena_release(&arena);
    buf_release(&why);
    return code;
}

/* --- the script --------------------------------------------------------------------------------------------------------- */

static int take_line(struct play *p, struct str line, bool into)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    json_t *step = NULL;
    enum err err = OK;
    int code = CLI_GO;

    line = str_trim(line);
    if (line.len == 0 || *line.p == '#')
        return CLI_GO;
    err = json_parse(line, &step, &why);
    if (!err && !json_is_object(step))
        err = replay_wrong(&why, "a step is an object");
    if (err)
        code = fail_line(p, err, &why);
    else
        code = into ? take_into(p, step) : take_step(p, step);
    json_decref(step);
    buf_release(&why);
    return code;
}

static int read_script(struct play *p, bool into)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n = 0;
    int code = CLI_GO;

    while (code == CLI_GO && (n = getline(&line, &size, p->file)) >= 0) {
        p->line++;
        if (n > REPLAY_STEP_BYTES_MAX)
            code = cli_fail("%s:%llu: longer than %d bytes", p->path, (unsigned long long)p->line, REPLAY_STEP_BYTES_MAX);
        else
            code = take_line(p, str_n(line, (size_t)n), into);
    }
    if (code == CLI_GO && ferror(p->file))
        code = cli_fail("%s: %s", p->path, strerror(errno));
    free(line);
    return code;
}

/* --- the end ------------------------------------------------------------------------------------------------------------ */

static json_t *run_json(const struct run *r)
{
    json_t *o = json_pack("{ss}", "name", r->name);

    json_object_update(o, r->end);
    json_object_set_new(o, "deliveries", json_integer((json_int_t)r->figures.deliveries));
    json_object_set_new(o, "batches", json_integer((json_int_t)r->figures.batches));
    json_object_set_new(o, "crashes", json_integer((json_int_t)r->figures.crashes));
    json_object_set_new(o, "acts", json_integer((json_int_t)r->figures.acts));
    return o;
}

static void print_object(const char *before, const json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);

    fputs(before, stdout);
    text_print(str_of(text ? text : "(no memory)"), false, stdout);
    putchar('\n');
    free(text);
}

static void print_run(const struct run *r)
{
    json_t *one;
    size_t i;

    text_print(str_of(r->name), false, stdout);
    printf(": %llu deliveries in %llu batches, %llu of them lost half-way; %zu contacts, %zu dead letters\n",
           (unsigned long long)r->figures.deliveries, (unsigned long long)r->figures.batches,
           (unsigned long long)r->figures.crashes, json_array_size(json_object_get(r->end, "contacts")),
           json_array_size(json_object_get(r->end, "dead")));
    json_array_foreach(json_object_get(r->end, "contacts"), i, one) print_object("  ", one);
    json_array_foreach(json_object_get(r->end, "refused"), i, one) print_object("  could not be done: ", one);
    json_array_foreach(json_object_get(r->end, "dead"), i, one)
    {
        printf("  dead letter: %s: ", json_string_value(json_object_get(one, "reason")));
        text_print(json_member_text(one, "detail"), false, stdout);
        putchar('\n');
    }
}

/* Says where the ends of two runs part. True when they are the same. */
static bool compare(const struct play *p, struct buf *where)
{
    for (size_t i = 1; i < p->n_runs; i++)
        if (replay_difference(p->runs[0].end, p->runs[i].end, where))
            return false;
    return true;
}

static int tell(const struct play *p)
{
    struct buf where = BUF_INIT(1 << 20);
    bool same = compare(p, &where);
    json_t *runs = json_array();
    int code = EXIT_DONE;

    for (size_t i = 0; i < p->n_runs; i++) {
        if (!p->cli->json)
            print_run(&p->runs[i]);
        json_array_append_new(runs, run_json(&p->runs[i]));
    }
    if (p->cli->json)
        code = cli_print_json(json_pack("{sO sb}", "runs", runs, "same", (int)same));
    if (!same) {
        fflush(stdout);
        code = cli_fail("the runs end differently: %s", buf_text(&where));
    } else if (!p->cli->json && p->n_runs > 1) {
        printf("all %zu runs end in the same contacts\n", p->n_runs);
    }
    json_decref(runs);
    buf_release(&where);
    return code;
}

static int play_alone(struct play *p)
{
    struct routes *routes = NULL;
    int code = cli_open_routes(p->cli, &routes);

    log_setup(LOG_ERROR, "replay"); /* what the drainer says of a made-up story is in the result */
    p->setting = (struct replay_setting){.routes = routes,
                                         .clock = p->cli->clock,
                                         .cart_delay_us = config_int(p->cli->cfg, SET_DRAIN_CART_DELAY) * US_PER_MS,
                                         .cart_cooldown_us = config_int(p->cli->cfg, SET_DRAIN_CART_COOLDOWN) * US_PER_MS};
    if (code == CLI_GO)
        code = read_script(p, false);
    if (code == CLI_GO)
        code = end_run(p);
    replay_close(p->now);
    if (code == CLI_GO)
        code = tell(p);
    for (size_t i = 0; i < p->n_runs; i++)
        json_decref(p->runs[i].end);
    routes_free(routes);
    return code;
}

static int play_into(struct play *p)
{
    int code = cli_open_store(p->cli, &p->store);

    if (code == CLI_GO)
        code = cli_open_stream(p->cli, &p->stream);
    if (code == CLI_GO)
        code = read_script(p, true);
    if (code == CLI_GO)
        code = EXIT_DONE;
    if (code == EXIT_DONE && p->cli->json)
        code = cli_print_json(json_pack("{sI}", "queued", (json_int_t)p->queued));
    else if (p->queued || code == EXIT_DONE)
        printf("%llu deliveries queued; the drainers apply them\n", (unsigned long long)p->queued);
    stream_close(p->stream);
    store_close(p->store);
    return code;
}

/* A delivery that was applied is not kept, so it cannot be replayed; who asks for one learns what can be done instead. */
static int refuse_delivery(struct cli *cli, const char *id)
{
    struct store *store = NULL;
    bool seen = false;
    int code = cli_open_store(cli, &store);
    enum err err = code == CLI_GO ? seen_delivery(store, str_of(id), &seen) : OK;

    store_close(store);
    if (code != CLI_GO)
        return code;
    if (err)
        return cli_fail_why(err, NULL);
    if (seen)
        return cli_fail("delivery %s was applied, and bodies of applied deliveries are not kept; have the store send it again (a "
                        "repetition changes nothing), or `storehook dead replay %s` if it became a dead letter",
                        id, id);
    return cli_fail("no file %s, and no delivery of that id was applied; `storehook dead list` shows what could not be", id);
}

static bool is_delivery_id(const char *text)
{
    return strlen(text) == ID_CHARS && strspn(text, "0123456789abcdef") == ID_CHARS;
}

int cmd_replay(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "replay FILE|- [--into [--fire-triggers]]",
        "Runs a script, one JSON object a line (docs/replay.md), on a database of its own that is gone afterwards, and prints the\n"
        "contacts it ends in. A script of several runs fails when they end differently. With --into its deliveries are put\n"
        "into the queue of this installation instead; triggers stay silent unless --fire-triggers says otherwise.",
        "storehook replay counter-example.jsonl", 1, 1};
    struct play p = {.cli = cli};
    bool into = false;
    const struct cli_flag flags[] = {
        {"into", FLAG_ON, &into, NULL, "put the deliveries into the queue, for the sources of these names"},
        {"fire-triggers", FLAG_ON, &p.fire, NULL, "with --into: triggers fire for them, once"},
        {0}};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && p.fire && !into)
        code = cli_wrong("--fire-triggers goes with --into; alone a script runs on a database that has no triggers");
    if (code != CLI_GO)
        return code;
    p.path = argv[0];
    p.file = strcmp(argv[0], "-") == 0 ? stdin : fopen(argv[0], "re");
    if (!p.file && errno == ENOENT && is_delivery_id(argv[0]))
        return refuse_delivery(cli, argv[0]);
    if (!p.file)
        return cli_fail("%s: %s", argv[0], strerror(errno));
    code = into ? play_into(&p) : play_alone(&p);
    if (p.file != stdin)
        fclose(p.file);
    return code;
}
