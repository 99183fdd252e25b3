/* replay.c -- owns one run of a script: its database, its sources, its deliveries, and their batches (N3, N4). */
#include "engine/replay.h"

#include "base/encode.h"
#include "base/id.h"
#include "engine/replay_impl.h"
#include "store/source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARENA_BYTES = 256 << 20,
    BATCH_ARENA_BYTES = 128 << 20,
    DB_TIMEOUT_MS = 10000,
    TRIES = 5,
    BUSY_MAX = 1000,
    BUSY_WAIT_MS = 10,
    BUSY_WAIT_MAX = 20,
    DIED = 99
};

const struct replay_figures *replay_figures_of(const struct replay *r)
{
    return &r->figures;
}

/* --- the database ------------------------------------------------------------------------------------------------------- */

static enum err make_dir(struct replay *r, struct buf *why)
{
    const char *base = r->setting.dir ? r->setting.dir : getenv("TMPDIR");
    int n = snprintf(r->dir, sizeof(r->dir), "%s/storehook-replay-XXXXXX", base && *base ? base : "/tmp");

    if (n > 0 && (size_t)n < sizeof(r->dir) && mkdtemp(r->dir)) {
        snprintf(r->url, sizeof(r->url), "sqlite:%s/replay.db", r->dir);
        return OK;
    }
    n = errno;
    r->dir[0] = '\0';
    return buf_printf(why, "no directory for the replay's database: %s; set TMPDIR", strerror(n)) ? ERR_MEMORY : ERR_IO;
}

static void remove_dir(const struct replay *r)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[sizeof(r->dir) + 32];

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        snprintf(path, sizeof(path), "%s/replay.db%s", r->dir, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(r->dir);
}

/* Sources of a replay never check a signature; the key that seals what they are given dies with the run. */
static enum err make_seal(struct replay *r)
{
    unsigned char key[32];
    char hex[sizeof(key) * 2 + 1];

    random_bytes(key, sizeof(key));
    for (size_t i = 0; i < sizeof(key); i++)
        snprintf(hex + 2 * i, 3, "%02x", key[i]);
    return seal_load(str_of(hex), "", &r->seal);
}

enum err replay_open(const struct replay_setting *setting, struct replay **out, struct buf *why)
{
    struct replay *r = calloc(1, sizeof(*r));
    enum err err = OK;

    if (!r)
        return ERR_MEMORY;
    r->setting = *setting;
    r->now_us = clock_wall_us(setting->clock);
    r->clock = clock_fixed(&r->now_us);
    r->batch_size = 1;
    r->dead = json_array();
    r->refused = json_array();
    arena_init(&r->arena, ARENA_BYTES);
    if (setting->url)
        snprintf(r->url, sizeof(r->url), "%s", setting->url);
    else
        err = make_dir(r, why);
    if (!err)
        err = r->dead && r->refused ? make_seal(r) : ERR_MEMORY;
    if (!err)
        err = store_open_url(r->url, DB_TIMEOUT_MS, &r->clock, &r->store, why);
    if (err)
        replay_close(r);
    else
        *out = r;
    return err;
}

void replay_close(struct replay *r)
{
    if (!r)
        return;
    store_close(r->store);
    if (r->dir[0])
        remove_dir(r);
    seal_free(r->seal);
    json_decref(r->dead);
    json_decref(r->refused);
    arena_release(&r->arena);
    free(r);
}

/* --- sources ------------------------------------------------------------------------------------------------------------ */

/* What a route asks for is made up: nothing is verified here. */
static enum err fill_plan(struct source_plan *plan, json_t *config, struct secret *secrets[SOURCE_SECRETS_MAX])
{
    const struct route_config *c;
    enum err err = OK;

    for (size_t i = 0; !err && (c = route_config_at(plan->route, i)); i++) {
        unsigned char bytes[32];
        char text[BASE64_LEN(sizeof(bytes)) + 8] = "whsec_";

        if (!c->required || c->fallback)
            continue;
        if (!c->secret) {
            err = json_object_set_new(config, c->name, json_string("replay")) ? ERR_MEMORY : OK;
            continue;
        }
        random_bytes(bytes, sizeof(bytes));
        base64_encode(str_n((const char *)bytes, sizeof(bytes)), text + strlen(text));
        err = plan->n_secrets < SOURCE_SECRETS_MAX ? secret_new(str_of(text), &secrets[plan->n_secrets]) : ERR_TOO_MANY;
        if (!err)
            plan->secrets[plan->n_secrets] = (struct given_secret){.name = c->name, .secret = secrets[plan->n_secrets]};
        plan->n_secrets += !err;
    }
    plan->config = config;
    return err;
}

static enum err add_source(struct replay *r, struct str name, json_t *step, struct buf *why)
{
    struct str platform = json_member_text(step, "platform");
    struct secret *secrets[SOURCE_SECRETS_MAX] = {NULL};
    struct source_plan plan = {.name = name, .list = json_member_text(step, "list")};
    struct source made = {.id = 0};
    json_t *config = json_object();
    enum err err;

    plan.rank = (int)json_integer_value(json_object_get(step, "rank"));
    plan.route = routes_find(r->setting.routes, platform.len ? platform : STR("plugin-push"));
    if (!plan.route)
        err = replay_wrong(why, "there is no platform \"%.*s\"", STR_ARG(platform));
    else if (r->n_sources == REPLAY_SOURCES_MAX)
        err = replay_wrong(why, "more than %d sources", REPLAY_SOURCES_MAX);
    else
        err = fill_plan(&plan, config, secrets);
    if (!err)
        err = source_add(r->store, r->seal, &plan, &made, why);
    if (!err) {
        r->sources[r->n_sources++] = (struct replay_source){.name = arena_str(&r->arena, name), .id = made.id};
        err = r->sources[r->n_sources - 1].name.p ? OK : ERR_MEMORY;
    }
    source_release(&made);
    for (size_t i = 0; i < SOURCE_SECRETS_MAX; i++)
        secret_free(secrets[i]);
    json_decref(config);
    return err == ERR_CONFIG || err == ERR_EXISTS ? ERR_SYNTAX : err;
}

/* One that the database has already: somebody else replays into it as well. */
static enum err find_source(struct replay *r, struct str name)
{
    struct source found = {.id = 0};
    enum err err = source_find(r->store, name, &found);

    if (!err && r->n_sources == REPLAY_SOURCES_MAX)
        err = ERR_TOO_MANY;
    if (!err) {
        r->sources[r->n_sources] = (struct replay_source){.name = arena_str(&r->arena, name), .id = found.id};
        err = r->sources[r->n_sources++].name.p ? OK : ERR_MEMORY;
    }
    source_release(&found);
    return err;
}

/* A source that was not defined speaks our own protocol. */
static enum err source_named(struct replay *r, struct str name, int64_t *id, struct buf *why)
{
    enum err err = OK;

    for (int turn = 0; turn < 2 && !err; turn++) {
        for (size_t i = 0; i < r->n_sources; i++)
            if (str_eq(r->sources[i].name, name)) {
                *id = r->sources[i].id;
                return OK;
            }
        err = find_source(r, name);
        if (err == ERR_NOT_FOUND)
            err = add_source(r, name, NULL, why);
    }
    return err;
}

/* --- batches ------------------------------------------------------------------------------------------------------------ */

static enum err note_dead(struct replay *r, const struct entry *entry, const struct drain_verdict *v)
{
    json_t *letter =
        json_pack("{so so so}", "entry", json_str(entry->id), "reason", json_str(v->reason), "detail", json_str(v->detail));

    return json_array_append_new(r->dead, letter) ? ERR_MEMORY : OK;
}

static struct drain_parts parts_of(const struct replay *r, struct store *store, const struct clock *clock)
{
    return (struct drain_parts){.store = store,
                                .routes = r->setting.routes,
                                .seal = r->seal,
                                .clock = clock,
                                .cart_delay_us = r->setting.cart_delay_us,
                                .tries = TRIES};
}

/* Others are at work on the same contacts: the more often they were, the longer it waits, each a time of its own. */
static void wait_for_others(int tries)
{
    unsigned char dice = 0;

    random_bytes(&dice, sizeof(dice));
    if (tries)
        (void)poll(NULL, 0, dice % (tries < BUSY_WAIT_MAX ? tries * BUSY_WAIT_MS : BUSY_WAIT_MAX * BUSY_WAIT_MS));
}

static enum err drain_pending(struct replay *r, const struct drain_parts *parts, struct arena *arena,
                              struct drain_verdict verdicts[REPLAY_BATCH_MAX])
{
    const struct claimed *list[REPLAY_BATCH_MAX];
    enum err err = ERR_DB_BUSY;

    for (size_t i = 0; i < r->n_pending; i++)
        list[i] = &r->pending[i];
    for (int i = 0; i < BUSY_MAX && err == ERR_DB_BUSY; i++) {
        wait_for_others(i);
        arena_reset(arena);
        err = drain_batch(parts, list, r->n_pending, arena, verdicts);
    }
    return err;
}

/* A clock at which its process dies. */
struct doom {
    int64_t now_us, looks_left;
};

static int64_t doomed_us(void *arg)
{
    struct doom *doom = arg;

    if (--doom->looks_left == 0)
        _exit(DIED);
    return doom->now_us;
}

/* What another process of the same program does until it dies, or to its end. */
static _Noreturn void apply_and_die(struct replay *r)
{
    struct doom doom = {.now_us = r->now_us, .looks_left = -1};
    const struct clock clock = {.wall_us = doomed_us, .mono_us = doomed_us, .arg = &doom};
    struct drain_verdict verdicts[REPLAY_BATCH_MAX];
    struct buf why = BUF_INIT(4096);
    struct store *store = NULL;
    struct drain_parts parts;
    struct arena arena;

    if (store_open_url(r->url, DB_TIMEOUT_MS, &clock, &store, &why))
        _exit(EXIT_FAILURE);
    parts = parts_of(r, store, &clock);
    arena_init(&arena, BATCH_ARENA_BYTES);
    doom.looks_left = r->crash_at;
    _exit(drain_pending(r, &parts, &arena, verdicts) ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* The drainer that has the batch dies, half-way or after its commit; nothing is acknowledged, so the batch is handed out again (N3). */
static enum err crash(struct replay *r, struct buf *why)
{
    pid_t child;
    int status = 0;
    enum err err = OK;

    store_close(r->store); /* a connection does not survive a fork */
    r->store = NULL;
    child = fork();
    if (child == 0)
        apply_and_die(r);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == EXIT_FAILURE)
        err = buf_printf(why, "the drainer that should die did not work") ? ERR_MEMORY : ERR_IO;
    r->figures.crashes += WIFEXITED(status) && WEXITSTATUS(status) == DIED;
    return err ? err : store_open_url(r->url, DB_TIMEOUT_MS, &r->clock, &r->store, why);
}

enum err replay_flush(struct replay *r, struct buf *why)
{
    struct drain_verdict verdicts[REPLAY_BATCH_MAX];
    struct drain_parts parts;
    struct arena arena;
    enum err err = r->n_pending && r->crash_at ? crash(r, why) : OK;

    if (err || r->n_pending == 0)
        return err;
    parts = parts_of(r, r->store, &r->clock);
    arena_init(&arena, BATCH_ARENA_BYTES);
    err = drain_pending(r, &parts, &arena, verdicts);
    for (size_t i = 0; i < r->n_pending && !err; i++) {
        if (verdicts[i].keep)
            err = buf_printf(why, "entry %.*s failed: %s", STR_ARG(r->pending[i].entry.id), db_trouble(r->store->db)) ? ERR_MEMORY
                                                                                                                      : ERR_DB;
        else if (verdicts[i].reason.len)
            err = note_dead(r, &r->pending[i].entry, &verdicts[i]);
    }
    arena_release(&arena);
    r->figures.batches++;
    r->figures.deliveries += r->n_pending;
    r->n_pending = 0;
    r->crash_at = 0;
    r->batch_size = 1;
    return err;
}

/* --- deliveries --------------------------------------------------------------------------------------------------------- */

/* The same delivery has the same id in every run that gives it the same time. */
static void name_entry(struct replay_delivery *d)
{
    uint64_t hash = UINT64_C(1469598103934665603) + d->times;

    for (size_t i = 0; i < d->name.len; i++)
        hash = (hash ^ (unsigned char)d->name.p[i]) * UINT64_C(1099511628211);
    snprintf(d->entry_id, sizeof(d->entry_id), "%016llx%016llx", (unsigned long long)d->received_us, (unsigned long long)hash);
}

static enum err enqueue(struct replay *r, const struct replay_delivery *d, struct buf *why)
{
    struct str id = arena_str(&r->arena, str_of(d->entry_id));

    if (!id.p)
        return ERR_MEMORY;
    r->now_us = d->received_us;
    r->pending[r->n_pending] = (struct claimed){.entry = d->entry, .stream_id = STR("0-1"), .deliveries = 1};
    r->pending[r->n_pending].entry.id = id;
    r->pending[r->n_pending++].entry.received_at_us = d->received_us;
    return r->n_pending >= r->batch_size ? replay_flush(r, why) : OK;
}

static struct replay_delivery *find_delivery(const struct replay *r, struct str name)
{
    struct replay_delivery *d = r->deliveries;

    while (d && !str_eq(d->name, name))
        d = d->next;
    return d;
}

static enum err read_name(struct replay *r, json_t *step, struct str *out, struct buf *why)
{
    struct str name = json_member_text(step, "id");
    char number[24];

    snprintf(number, sizeof(number), "step-%zu", r->n_steps);
    *out = arena_str(&r->arena, name.len ? name : str_of(number));
    if (!out->p)
        return ERR_MEMORY;
    return find_delivery(r, *out)
               ? replay_wrong(why, "there is a delivery \"%.*s\" already; {\"again\": ...} repeats one", STR_ARG(*out))
               : OK;
}

static enum err take_delivery(struct replay *r, json_t *step, struct buf *why)
{
    struct replay_delivery *d = arena_alloc(&r->arena, sizeof(*d));
    struct str source = json_member_text(step, "source");
    char number[24];
    int64_t id = 0;
    enum err err = d ? OK : ERR_MEMORY;

    if (!err && source.len == 0)
        err = replay_wrong(why, "a delivery needs \"source\", a name");
    if (!err)
        err = source_named(r, source, &id, why);
    if (!err)
        err = read_name(r, step, &d->name, why);
    if (!err)
        err = replay_entry_read(step, d->name, &r->arena, &d->entry, why);
    if (err)
        return err;
    snprintf(number, sizeof(number), "%lld", (long long)id);
    d->entry.source_id = arena_str(&r->arena, str_of(number));
    d->received_us = r->now_us + US_PER_S;
    err = d->entry.source_id.p ? replay_time(step, "received_at", &d->received_us, why) : ERR_MEMORY;
    if (err)
        return err;
    d->next = r->deliveries;
    r->deliveries = d;
    name_entry(d);
    return enqueue(r, d, why);
}

/* With a time the store sent it once more; without one the queue handed the same entry out again. */
static enum err take_again(struct replay *r, json_t *step, struct buf *why)
{
    struct replay_delivery *d = find_delivery(r, json_member_text(step, "again"));
    enum err err;

    if (!d)
        return replay_wrong(why, "\"again\" names no delivery that came before");
    if (json_object_get(step, "received_at")) {
        err = replay_time(step, "received_at", &d->received_us, why);
        if (err)
            return err;
        d->times++;
        name_entry(d);
    }
    return enqueue(r, d, why);
}

static enum err take_batch(struct replay *r, json_t *step, struct buf *why)
{
    json_int_t size = json_integer_value(json_object_get(step, "batch")), at = json_integer_value(json_object_get(step, "crash"));
    enum err err = replay_flush(r, why);

    if (err)
        return err;
    if (size < 1 || size > REPLAY_BATCH_MAX || at < 0)
        return replay_wrong(why, "\"batch\": a number from 1 to %d, with \"crash\": the look at the clock at which it dies",
                            REPLAY_BATCH_MAX);
    r->batch_size = (size_t)size;
    r->crash_at = at;
    return OK;
}

enum err replay_take(struct replay *r, json_t *step, struct buf *why)
{
    struct str name = json_member_text(step, "define");
    enum err err;

    r->n_steps++;
    if (json_object_get(step, "event") || json_object_get(step, "events") || json_object_get(step, "body"))
        return take_delivery(r, step, why);
    if (json_object_get(step, "again"))
        return take_again(r, step, why);
    if (json_object_get(step, "batch"))
        return take_batch(r, step, why);
    if (name.len)
        return add_source(r, name, step, why);
    if (!replay_is_act(step))
        return replay_wrong(why, "no step: see docs/replay.md");
    err = replay_flush(r, why);
    return err ? err : replay_act(r, step, why);
}
