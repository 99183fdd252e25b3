/* trigger_test.c -- owns `storehook trigger test`: what a delivery would set off, without doing it. */
#include "cli/trigger.h"

#include "base/file.h"
#include "base/id.h"
#include "base/timefmt.h"
#include "cli/dead.h"
#include "engine/drain.h"
#include "store/source.h"

#include <inttypes.h>

enum { BODY_BYTES_MAX = 4 << 20, HEADERS_MAX = 32, TEXT_BYTES = 64 << 10 };

/* One trial. */
struct trial {
    struct cli *cli;
    const char *topic, *dead;
    struct flag_values headers;
    struct store *store;
    struct routes *routes;
    struct seal *seal;
    struct source source;
    struct dead_walk walk; /* of a dead letter */
    struct buf body;
    struct arena arena;
    struct claimed claimed;
    struct drain_verdict verdict;
    json_t *happenings; /* what happened, each with the triggers that would fire */
};

static void take(void *arg, const struct happening *h, const struct trigger *t)
{
    struct trial *trial = arg;
    json_t *last;

    if (!t) {
        json_array_append_new(trial->happenings,
                              json_pack("{ss so so so s[]}", "happening", happening_name(h->kind), "at", json_time(h->at_us),
                                        "effect", json_str(h->key), "contact", json_str(h->contact_id), "fires"));
        return;
    }
    last = json_array_get(trial->happenings, json_array_size(trial->happenings) - 1);
    json_array_append_new(json_object_get(last, "fires"), json_str(t->name));
}

/* --- the entry --------------------------------------------------------------------------------------------------------- */

static int add_header(struct field *out, const char *given)
{
    struct str line = str_of(given), name = str_trim(str_upto(line, str_find(line, ':')));

    if (name.len == 0 || str_find(line, ':') == line.len)
        return cli_wrong("--header \"%s\" is not \"Name: value\"", given);
    *out = (struct field){.name = name, .value = str_trim(str_from(line, str_find(line, ':') + 1))};
    return CLI_GO;
}

static enum err name_entry(struct trial *t, struct entry *e)
{
    struct id id = id_new(clock_wall_us(t->cli->clock));
    char number[24];

    snprintf(number, sizeof(number), "%" PRId64, t->source.id);
    e->id = arena_str(&t->arena, id_str(&id));
    e->source_id = arena_str(&t->arena, str_of(number));
    return e->id.p && e->source_id.p ? OK : ERR_MEMORY;
}

/* The entry that the receiver would make of the file. */
static int make_entry(struct trial *t, const char *source, const char *path)
{
    struct field *kept = arena_array(&t->arena, ENTRY_FIELDS_MAX, sizeof(*kept)), given[HEADERS_MAX];
    struct fields received = {.at = given, .n = t->headers.n};
    struct entry *e = &t->claimed.entry;
    const struct route *route = NULL;
    enum err err = source_find(t->store, str_of(source), &t->source);
    int code = CLI_GO;

    if (err)
        return cli_fail("there is no source \"%s\"; `storehook source list` shows those there are", source);
    if (t->headers.n > HEADERS_MAX || !kept)
        return cli_wrong("--header may be given at most %d times", HEADERS_MAX);
    for (size_t i = 0; i < t->headers.n && code == CLI_GO; i++)
        code = add_header(&given[i], t->headers.at[i]);
    if (code == CLI_GO)
        code = cli_find_route(t->routes, t->source.platform, &route);
    if (code != CLI_GO)
        return code;
    err = file_read(path, &t->body);
    if (err)
        return cli_fail("%s: %s", path, err_text(err));
    e->received_at_us = clock_wall_us(t->cli->clock);
    e->body = buf_str(&t->body);
    if (!fields_get(received, STR("Content-Type"), &e->content_type))
        e->content_type = STR_NONE;
    e->topic = t->topic ? str_of(t->topic) : route_header_topic(route, received);
    e->headers = (struct fields){.at = kept, .n = route_keep_headers(route, received, kept)};
    return name_entry(t, e) ? cli_fail_why(ERR_MEMORY, NULL) : CLI_GO;
}

static int find_letter(struct trial *t)
{
    struct dead_choice choice = {.all = true};
    struct dead_letter letter;
    int code = dead_open(t->cli, &choice, &t->walk);

    if (code == CLI_GO)
        code = dead_find(&t->walk, t->dead, &letter);
    if (code == CLI_GO)
        t->claimed.entry = letter.entry;
    return code;
}

/* --- the run ------------------------------------------------------------------------------------------------------------ */

static int run(struct trial *t)
{
    const struct claimed *one = &t->claimed;
    struct drain_trial trial = {.tell = take, .arg = t};
    struct drain_parts parts = {.store = t->store,
                                .routes = t->routes,
                                .seal = t->seal,
                                .clock = t->cli->clock,
                                .query_members = str_of(config_text(t->cli->cfg, SET_VISITS_QUERY)),
                                .cart_delay_us = config_int(t->cli->cfg, SET_DRAIN_CART_DELAY) * US_PER_MS,
                                .trigger_age_us = config_int(t->cli->cfg, SET_DRAIN_TRIGGER_AGE) * US_PER_MS,
                                .trial = &trial,
                                .tries = 1};
    enum err err;

    t->claimed.deliveries = 1;
    t->claimed.entry.replay = true; /* what was seen before is tried all the same */
    err = drain_batch(&parts, &one, 1, &t->arena, &t->verdict);
    return err ? cli_fail("database: %s", db_trouble(t->store->db)) : CLI_GO;
}

static int report_text(const struct trial *t)
{
    struct buf line = BUF_INIT(TEXT_BYTES);
    json_t *h, *name;
    enum err err = OK;
    size_t i, k;

    json_array_foreach(t->happenings, i, h)
    {
        buf_clear(&line);
        json_array_foreach(json_object_get(h, "fires"), k, name) if (!err) err =
            buf_printf(&line, "%s%.*s", k ? ", " : "", STR_ARG(json_text(name)));
        if (!err)
            printf("%.*s at %.*s: %s\n", STR_ARG(json_member_text(h, "happening")), STR_ARG(json_member_text(h, "at")),
                   line.len ? buf_text(&line) : "no trigger fires");
    }
    buf_release(&line);
    if (!err && json_array_size(t->happenings) == 0)
        puts("nothing happens that a trigger could be set on");
    return err ? cli_fail_why(err, NULL) : EXIT_DONE;
}

static int report(struct trial *t)
{
    int code = t->cli->json ? cli_print_json(json_pack("{sO so so}", "happenings", t->happenings, "reason",
                                                       json_str(t->verdict.reason), "detail", json_str(t->verdict.detail)))
                            : report_text(t);

    if (code == EXIT_DONE && t->verdict.reason.len)
        return cli_fail("it would be a dead letter: %.*s: %.*s", STR_ARG(t->verdict.reason), STR_ARG(t->verdict.detail));
    return code;
}

static int open_all(struct trial *t)
{
    int code = cli_open_routes(t->cli, &t->routes);

    if (code == CLI_GO)
        code = cli_open_store(t->cli, &t->store);
    return code == CLI_GO ? cli_open_seal(t->cli, t->store, &t->seal) : code;
}

static void close_all(struct trial *t)
{
    if (t->dead)
        dead_close(&t->walk);
    source_release(&t->source);
    seal_free(t->seal);
    store_close(t->store);
    routes_free(t->routes);
    arena_release(&t->arena);
    buf_release(&t->body);
    json_decref(t->happenings);
}

int trigger_test_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {"trigger test SOURCE BODY [--topic TOPIC] [--header \"NAME: VALUE\"]... | test --dead ID",
                                         "Tells what a delivery of that source would do now, and which triggers would fire. BODY "
                                         "is a file, - is standard input; --dead takes\n"
                                         "a dead letter. Everything is undone: nothing is stored, sent or started. Triggers that "
                                         "fired for it before are told as well.",
                                         "storehook trigger test \"my shop\" order.json --topic orders/paid", 0, 2};
    struct trial t = {.cli = cli, .body = BUF_INIT(BODY_BYTES_MAX), .happenings = json_array()};
    const struct cli_flag flags[] = {
        {"topic", FLAG_TEXT, &t.topic, "TOPIC", "the topic; by default what headers and body say"},
        {"header", FLAG_EACH, &t.headers, "\"NAME: VALUE\"", "a header of the request"},
        {"dead", FLAG_TEXT, &t.dead, "ID", "a dead letter instead of a file"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    arena_init(&t.arena, ROUTE_MAP_ARENA_BYTES);
    if (code == CLI_GO && argc != (t.dead ? 0 : 2))
        code = cli_wrong("give a source and a file, or --dead ID");
    if (code == CLI_GO)
        code = open_all(&t);
    if (code == CLI_GO)
        code = t.dead ? find_letter(&t) : make_entry(&t, argv[0], argv[1]);
    if (code == CLI_GO)
        code = run(&t);
    if (code == CLI_GO)
        code = report(&t);
    close_all(&t);
    return code;
}
