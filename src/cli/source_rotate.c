/* source_rotate.c -- owns `storehook source rotate`: a new secret, a new URL, and the end of the old ones. */
#include "base/timefmt.h"
#include "cli/source.h"
#include "engine/figures.h"
#include "queue/queue.h"

#include <poll.h>

enum { COUNTED_AFTER_MS = 2 * QUEUE_COUNTS_FLUSH_MS };
enum { WHY_BYTES = 4096, GRACE_MS_DEFAULT = 3600000, GRACE_MS_MAX = 30 * 86400000LL };
#define QUIET_US (3600 * US_PER_S) /* an old secret that rested for so long is not missed */

/* What the flags say. */
struct rotation {
    struct given_flags given;
    int64_t grace_ms;
    bool url, finish, force;
};

/* --- a new secret ----------------------------------------------------------------------------------------------------- */

static int rotate_one(struct secret_work *w, const struct given_secret *given, int64_t grace_ms, struct buf *id)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = source_check_secret(w->route, given, &why);
    int code = err ? cli_fail_why(err, &why) : CLI_GO;

    buf_release(&why);
    if (code != CLI_GO)
        return code;
    err = source_rotate(w->at.store, w->seal, w->at.source.id, given, grace_ms, id);
    if (err == ERR_TOO_MANY)
        return cli_fail("%d secrets are still valid; end the old ones with --finish, or wait for one to end", SOURCE_SECRETS_MAX);
    return err ? cli_fail("database: %s", db_trouble(w->at.store->db)) : CLI_GO;
}

static int print_rotated(struct cli *cli, const struct secret_work *w, const char *id, int64_t grace_ms)
{
    struct str made = w->given.made ? secret_bytes(w->given.made) : STR_NONE;

    if (cli->json) {
        json_t *object = json_pack("{ss ss sI}", "name", w->at.source.name, "secret_id", id, "grace_ms", (json_int_t)grace_ms);

        if (object && made.p && json_object_set_new(object, "secret", json_str(made))) {
            json_decref(object);
            object = NULL;
        }
        return cli_print_json(object);
    }
    printf("source \"%s\": secret %s is valid; the one before ends in %lld s\n", w->at.source.name, id,
           (long long)(grace_ms / 1000));
    if (made.p)
        printf("secret, shown this once: %.*s\n", STR_ARG(made));
    return EXIT_DONE;
}

static int rotate_secrets(struct cli *cli, struct secret_work *w, const struct rotation *r)
{
    struct buf id = BUF_INIT(WHY_BYTES);
    int code = cli_open_seal(cli, w->at.store, &w->seal);

    if (code == CLI_GO)
        code = given_secrets(cli, w->route, &r->given, &w->given);
    if (code == CLI_GO && w->given.n == 0)
        code = cli_fail("there is no new secret; give it with --secret-file FILE or --secret-env VAR, or have one made with "
                        "--generate");
    for (size_t i = 0; i < w->given.n && code == CLI_GO; i++) {
        buf_clear(&id);
        code = rotate_one(w, &w->given.at[i], r->grace_ms, &id);
    }
    if (code == CLI_GO)
        code = source_work_publish(&w->at);
    if (code == CLI_GO)
        code = print_rotated(cli, w, buf_text(&id), r->grace_ms);
    buf_release(&id);
    return code;
}

/* --- a new URL -------------------------------------------------------------------------------------------------------- */

static int rotate_url(struct cli *cli, struct secret_work *w, const struct rotation *r)
{
    struct source *s = &w->at.source;
    struct source after = {.id = 0};
    struct buf url = BUF_INIT(WHY_BYTES);
    enum err err = source_rotate_key(w->at.store, s->id, r->grace_ms);
    int code;

    if (err == ERR_TOO_MANY)
        return cli_fail("%d old URLs are still valid; end them with --url --finish, or wait for one to end", SOURCE_OLD_KEYS_MAX);
    if (!err)
        err = source_get(w->at.store, s->id, &after);
    code = err ? cli_fail("database: %s", db_trouble(w->at.store->db)) : source_work_publish(&w->at);
    if (code == CLI_GO && cli_endpoint(cli, &after, &url))
        code = cli_fail_why(ERR_IO, NULL);
    if (code == CLI_GO && cli->json) {
        code = cli_print_json(json_pack("{ss ss sI}", "name", s->name, "url", buf_text(&url), "grace_ms", (json_int_t)r->grace_ms));
    } else if (code == CLI_GO) {
        printf("source \"%s\" has a new URL; the one before ends in %lld s\nurl: %s\n", s->name, (long long)(r->grace_ms / 1000),
               buf_text(&url));
        code = EXIT_DONE;
    }
    buf_release(&url);
    source_release(&after);
    return code;
}

/* --- the end of the old ones ------------------------------------------------------------------------------------------ */

static int refuse_finish(const char *what, struct figures_use use, int64_t now_us)
{
    return cli_fail("%s was used %lld s ago, %lld times in all: the sender has not changed over, and would be refused; change it "
                    "there and wait an hour, or end it all the same with --force",
                    what, (long long)((now_us - use.last_us) / US_PER_S), (long long)use.times);
}

static bool is_meant(const struct source *s, size_t i, const char *name, int64_t now_us)
{
    return source_secret_is_old(s, i, now_us) && (!name || strcmp(s->secrets[i].name, name) == 0);
}

static int check_counts(struct secret_work *w, const struct rotation *r, int64_t now_us)
{
    const struct source *s = &w->at.source;
    json_t *counts = json_object();
    enum err err = counts ? figures_counts(w->at.stream, s->id, counts) : ERR_MEMORY;
    int code = err ? cli_fail_why(err, NULL) : CLI_GO;
    struct figures_use use = figures_use(counts, FIGURES_OLD_URL);

    if (code == CLI_GO && r->url && s->n_old_keys && use.last_us > now_us - QUIET_US)
        code = refuse_finish("the old URL", use, now_us);
    for (size_t i = 0; !r->url && i < s->n_secrets && code == CLI_GO; i++) {
        char what[64];

        use = figures_use(counts, s->secrets[i].id);
        snprintf(what, sizeof(what), "the old secret %s", s->secrets[i].id);
        if (is_meant(s, i, r->given.name, now_us) && use.last_us > now_us - QUIET_US)
            code = refuse_finish(what, use, now_us);
    }
    json_decref(counts);
    return code;
}

/* Refuses while an old secret, or an old URL, was used within the hour. What looks quiet is looked at again when the uses of this
 * moment have been counted. */
static int check_quiet(struct secret_work *w, const struct rotation *r, int64_t now_us)
{
    int code = check_counts(w, r, now_us);

    if (code != CLI_GO)
        return code;
    poll(NULL, 0, COUNTED_AFTER_MS);
    return check_counts(w, r, now_us);
}

/* Returns owned: the ids of the old secrets, or the old URLs, which end now. */
static json_t *old_ones(const struct secret_work *w, const struct rotation *r, int64_t now_us)
{
    const struct source *s = &w->at.source;
    json_t *list = json_array();
    int failed = 0;

    for (size_t i = 0; r->url && i < s->n_old_keys; i++)
        if (s->old_keys[i].until_us > now_us)
            failed |= json_array_append_new(list, json_sprintf("/in/%s", s->old_keys[i].key));
    for (size_t i = 0; !r->url && i < s->n_secrets; i++)
        if (is_meant(s, i, r->given.name, now_us))
            failed |= json_array_append_new(list, json_string(s->secrets[i].id));
    if (!failed)
        return list;
    json_decref(list);
    return NULL;
}

static int finish(struct cli *cli, struct secret_work *w, const struct rotation *r)
{
    int64_t now_us = clock_wall_us(cli->clock);
    json_t *ended = old_ones(w, r, now_us), *one;
    bool asks = !r->force && json_array_size(ended) > 0;
    int code = !ended ? cli_fail_why(ERR_MEMORY, NULL) : asks ? check_quiet(w, r, now_us) : CLI_GO;
    enum err err = OK;
    size_t i;

    if (code == CLI_GO)
        err = r->url ? source_finish_key(w->at.store, w->at.source.id) : source_finish(w->at.store, w->at.source.id, r->given.name);
    if (err)
        code = cli_fail("database: %s", db_trouble(w->at.store->db));
    if (code == CLI_GO)
        code = source_work_publish(&w->at);
    if (code == CLI_GO && cli->json) {
        code = cli_print_json(json_pack("{ss sO}", "name", w->at.source.name, "ended", ended));
    } else if (code == CLI_GO) {
        json_array_foreach(ended, i, one) printf("source \"%s\": %s has ended\n", w->at.source.name, json_string_value(one));
        if (json_array_size(ended) == 0)
            printf("source \"%s\": nothing old is valid\n", w->at.source.name);
        code = EXIT_DONE;
    }
    json_decref(ended);
    return code;
}

/* --- the verb --------------------------------------------------------------------------------------------------------- */

static int check_flags(const struct rotation *r)
{
    bool given = r->given.files.n || r->given.variables.n || r->given.generate;

    if (r->grace_ms < 0 || r->grace_ms > GRACE_MS_MAX)
        return cli_wrong("--grace must be 30d at most");
    if (given && (r->url || r->finish))
        return cli_wrong("a new secret is one thing, --url and --finish are others; give them one after the other");
    return r->force && !r->finish ? cli_wrong("--force belongs to --finish") : CLI_GO;
}

static int rotate(struct cli *cli, struct secret_work *w, const char *name, const struct rotation *r)
{
    int code = cli_open_routes(cli, &w->routes);

    if (code == CLI_GO)
        code = source_work_open(cli, name, &w->at);
    if (code == CLI_GO && r->finish)
        return finish(cli, w, r);
    if (code == CLI_GO && r->url)
        return rotate_url(cli, w, r);
    if (code == CLI_GO)
        code = cli_find_route(w->routes, w->at.source.platform, &w->route);
    return code == CLI_GO ? rotate_secrets(cli, w, r) : code;
}

int source_rotate_verb(struct cli *cli, int argc, char **argv)
{
    static const struct cli_page page = {
        "source rotate NAME [--secret-file FILE | --secret-env VAR | --generate | --url | --finish] [--grace TIME]",
        "Gives the source a new secret, or a new URL; the old one stays valid for the time of grace, or until --finish.\n"
        "A secret comes from a file, from stdin, from the environment or from the terminal, never from an argument.",
        "storehook source rotate \"my shop\" --secret-file new.txt --grace 1h", 1, ARGUMENTS_MAX};
    struct rotation r = {.grace_ms = GRACE_MS_DEFAULT, .given.one_will_do = true};
    const struct cli_flag flags[] = {
        GIVEN_FLAGS(r.given),
        {"secret", FLAG_TEXT, &r.given.name, "NAME", "which secret, where the platform has several (a name, never the secret)"},
        {"grace", FLAG_MS, &r.grace_ms, "TIME", "how long the old one stays valid (default 1h; 0s = not at all)"},
        {"url", FLAG_ON, &r.url, NULL, "a new URL instead of a new secret"},
        {"finish", FLAG_ON, &r.finish, NULL, "end the old secrets now (with --url: the old URLs)"},
        {"force", FLAG_ON, &r.force, NULL, "with --finish: also when an old one was used within the hour"},
        {NULL, FLAG_ON, NULL, NULL, NULL},
    };
    struct secret_work w = {.routes = NULL};
    int code = cli_parse(cli, &page, flags, &argc, &argv);

    if (code == CLI_GO && argc > 1)
        code = given_refuse_argument();
    if (code == CLI_GO)
        code = check_flags(&r);
    if (code == CLI_GO)
        code = rotate(cli, &w, argv[0], &r);
    secret_work_close(&w);
    return code;
}
