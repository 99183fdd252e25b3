/* replay.h -- owns the application of a script to a fresh database, in a given order, through the drainer's own batches. */
#ifndef TESTS_PROPERTY_REPLAY_H
#define TESTS_PROPERTY_REPLAY_H

#include "base/encode.h"
#include "base/log.h"
#include "engine/drain.h"
#include "script_make.h"
#include "store/contact.h"
#include "store/source.h"

#include <unistd.h>

enum { STEPS_MAX = DELIVERIES * 2, CONTACTS_MAX = 1000, BATCH_MAX = 64, RETRY_MS = 5000, DRAINERS = 2 };

/* One delivery handed to a drainer. */
struct step {
    size_t delivery;
    int64_t received_us;
    char id[33];
};

/* An order of arrival. */
struct plan {
    struct step at[STEPS_MAX];
    size_t n;
    bool rough; /* small batches, two drainers, crashes */
    uint64_t random;
};

/* The readers' view of every contact, without its id, sorted. */
struct contacts {
    char *text[CONTACTS_MAX]; /* JSON, keys sorted */
    size_t n;
};

/* What all runs share. */
struct bench {
    char dir[64];
    struct routes *routes;
    struct seal *seal;
    uint64_t crashes, repeats;
};

/* One run: a database of its own with two connections. */
struct replay {
    struct bench *bench;
    const struct script *script;
    const bool *left_out; /* by delivery; NULL: none */
    struct store *stores[DRAINERS];
    int64_t now_us;
    struct clock clock;
    char path[96];
};

static inline void bench_open(struct bench *b)
{
    bool memory = access("/dev/shm", W_OK) == 0; /* a file for two connections, that no disk has to sync */
    struct problems problems;
    char key[96];

    *b = (struct bench){.crashes = 0};
    log_setup((enum log_level)(LOG_ERROR + 1), "test"); /* lost batches are meant here */
    snprintf(b->dir, sizeof(b->dir), "%s/storehook-XXXXXX", memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(b->dir));
    snprintf(key, sizeof(key), "%s/key", b->dir);
    assert_int_equal(seal_create(key), OK);
    assert_int_equal(seal_load(STR_NONE, key, &b->seal), OK);
    assert_int_equal(unlink(key), 0);
    problems_init(&problems, STR("routes"));
    assert_int_equal(routes_load(NULL, &b->routes, &problems), OK);
    problems_release(&problems);
}

static inline void bench_close(struct bench *b)
{
    routes_free(b->routes);
    seal_free(b->seal);
    assert_int_equal(rmdir(b->dir), 0);
}

static inline void add_source(struct replay *r, size_t i)
{
    unsigned char bytes[32];
    char text[BASE64_LEN(sizeof(bytes)) + 1], secret_text[BASE64_LEN(sizeof(bytes)) + 8];
    struct secret *secret = NULL;
    struct given_secret given = {.name = "secret"};
    struct source_plan plan = {.route = routes_find(r->bench->routes, str_of(platform_names[script_sources[i].platform])),
                               .name = str_of(script_sources[i].name),
                               .list = str_of(script_sources[i].list),
                               .rank = script_sources[i].rank,
                               .config = json_object(),
                               .n_secrets = 1};
    struct source out = {.id = 0};
    struct buf why = BUF_INIT(4096);

    random_bytes(bytes, sizeof(bytes));
    base64_encode(str_n(bytes, sizeof(bytes)), text);
    snprintf(secret_text, sizeof(secret_text), "whsec_%s", text);
    assert_int_equal(secret_new(str_of(secret_text), &secret), OK);
    given.secret = secret;
    plan.secrets[0] = given;
    if (source_add(r->stores[0], r->bench->seal, &plan, &out, &why))
        fail_msg("source_add: %s", buf_text(&why));
    assert_int_equal(out.id, i + 1);
    json_decref((json_t *)(uintptr_t)plan.config);
    source_release(&out);
    secret_free(secret);
    buf_release(&why);
}

/* A crash in the middle of a batch: the transaction goes when the ledger of a chosen delivery is written. */
static inline void arm(struct store *store)
{
    assert_int_equal(db_run(store->db, "CREATE TEMP TABLE crash (delivery_id TEXT)", ""), OK);
    assert_int_equal(db_run(store->db,
                            "CREATE TEMP TRIGGER crash_now AFTER INSERT ON main.ledger WHEN EXISTS"
                            " (SELECT 1 FROM crash WHERE delivery_id = NEW.delivery_id) BEGIN SELECT RAISE(ROLLBACK, 'crash'); END",
                            ""),
                     OK);
}

static inline void replay_open(struct replay *r, struct bench *b, const struct script *s, const bool *left_out)
{
    struct buf why = BUF_INIT(4096);
    char url[128];

    *r = (struct replay){.bench = b, .script = s, .left_out = left_out, .now_us = s->d[0].at_us};
    r->clock = clock_fixed(&r->now_us);
    snprintf(r->path, sizeof(r->path), "%s/contacts.db", b->dir);
    snprintf(url, sizeof(url), "sqlite:%s", r->path);
    for (size_t i = 0; i < DRAINERS; i++)
        if (store_open_url(url, RETRY_MS, &r->clock, &r->stores[i], &why))
            fail_msg("store_open_url: %s", buf_text(&why));
    for (size_t i = 0; i < SOURCES; i++)
        add_source(r, i);
    for (size_t i = 0; i < DRAINERS; i++)
        arm(r->stores[i]);
    buf_release(&why);
}

static inline void replay_close(struct replay *r)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[128];

    for (size_t i = 0; i < DRAINERS; i++)
        store_close(r->stores[i]);
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        snprintf(path, sizeof(path), "%s%s", r->path, ends[i]);
        (void)unlink(path);
    }
}

struct batch_plan {
    const struct step *at[BATCH_MAX];
    size_t n;
};

static inline enum err drain_once(struct replay *r, size_t drainer, const struct batch_plan *batch)
{
    static struct claimed claimed[BATCH_MAX];
    static char source_ids[BATCH_MAX][24];
    const struct claimed *entries[BATCH_MAX];
    struct drain_verdict verdicts[BATCH_MAX];
    struct drain_parts parts = {
        .store = r->stores[drainer], .routes = r->bench->routes, .seal = r->bench->seal, .clock = &r->clock, .tries = 5};
    struct arena arena;
    enum err err;

    arena_init(&arena, 64 << 20);
    for (size_t i = 0; i < batch->n; i++) {
        const struct step *step = batch->at[i];
        const struct delivery *d = &r->script->d[step->delivery];

        snprintf(source_ids[i], sizeof(source_ids[i]), "%zu", d->source + 1);
        claimed[i] = (struct claimed){.entry = {.id = str_of(step->id),
                                                .source_id = str_of(source_ids[i]),
                                                .topic = d->topic,
                                                .received_at_us = step->received_us,
                                                .content_type = STR("application/json"),
                                                .headers = {.at = d->headers, .n = d->n_headers},
                                                .body = d->body,
                                                .lane = LANE_LIVE},
                                      .stream_id = STR("0-1"),
                                      .deliveries = 1};
        entries[i] = &claimed[i];
        r->now_us = step->received_us;
    }
    err = drain_batch(&parts, entries, batch->n, &arena, verdicts);
    for (size_t i = 0; i < batch->n && !err; i++)
        assert_false(verdicts[i].keep);
    arena_release(&arena);
    return err;
}

/* Applies a batch; now and then its transaction is lost half-way, or it is handed out again after its commit (N3, N4). */
static inline void drain(struct replay *r, size_t drainer, const struct batch_plan *batch, struct script *dice, bool rough)
{
    struct db *db = r->stores[drainer]->db;

    if (batch->n == 0)
        return;
    if (rough && chance(dice, 4)) {
        const char *id = batch->at[pick(dice, (int)batch->n)]->id;
        enum err err;

        assert_int_equal(db_run(db, "INSERT INTO crash (delivery_id) VALUES ($1)", "s", str_of(id)), OK);
        err = drain_once(r, drainer, batch);
        r->bench->crashes += err != OK;
        assert_int_equal(db_run(db, "DELETE FROM crash", ""), OK);
        if (!err)
            return;
    }
    assert_int_equal(drain_once(r, drainer, batch), OK);
    if (rough && chance(dice, 4)) {
        r->bench->repeats++;
        assert_int_equal(drain_once(r, DRAINERS - 1 - drainer, batch), OK);
    }
}

static inline void next_batch(const struct replay *r, const struct plan *plan, size_t *at, size_t max, struct batch_plan *out)
{
    out->n = 0;
    for (; *at < plan->n && max; (*at)++, max--)
        if (!r->left_out || !r->left_out[plan->at[*at].delivery])
            out->at[out->n++] = &plan->at[*at];
}

/* The two drainers each claim a batch; either may be done first. */
static inline void replay_plan(struct replay *r, const struct plan *plan)
{
    struct script dice = {.random = plan->random};
    struct batch_plan batches[DRAINERS];
    size_t at = 0;

    while (at < plan->n) {
        size_t first = plan->rough ? (size_t)pick(&dice, DRAINERS) : 0;

        for (size_t i = 0; i < DRAINERS; i++)
            next_batch(r, plan, &at, plan->rough ? (size_t)(1 + pick(&dice, BATCH_MAX)) : BATCH_MAX, &batches[i]);
        drain(r, first, &batches[first], &dice, plan->rough);
        drain(r, DRAINERS - 1 - first, &batches[DRAINERS - 1 - first], &dice, plan->rough);
    }
}

static inline int compare_views(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Reads all contacts as `contacts show --json` does.  */
static inline void replay_read(struct replay *r, struct contacts *out)
{
    static struct str ids[CONTACTS_MAX];
    struct view_source *sources = NULL;
    struct contact_view view;
    struct arena arena;
    size_t n_sources = 0, n = 0;

    *out = (struct contacts){.n = 0};
    arena_init(&arena, 256 << 20);
    assert_int_equal(contact_sources(r->stores[0], INT64_C(3600) * US_PER_S, &arena, &sources, &n_sources), OK);
    assert_int_equal(contact_ids(r->stores[0], STR_NONE, CONTACTS_MAX, &arena, ids, &n), OK);
    for (size_t i = 0; i < n; i++) {
        json_t *object;

        assert_int_equal(contact_load(r->stores[0], ids[i], sources, n_sources, &arena, &view), OK);
        object = view_json(&view, sources, n_sources);
        assert_non_null(object);
        assert_int_equal(json_object_del(object, "id"), 0);
        out->text[out->n] = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
        assert_non_null(out->text[out->n++]);
        json_decref(object);
    }
    qsort(out->text, out->n, sizeof(*out->text), compare_views);
    arena_release(&arena);
}

static inline void contacts_release(struct contacts *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->text[i]);
    c->n = 0;
}

static inline void replay_run(struct bench *b, const struct script *s, const struct plan *plan, const bool *left_out,
                              struct contacts *out)
{
    struct replay r;

    replay_open(&r, b, s, left_out);
    replay_plan(&r, plan);
    replay_read(&r, out);
    replay_close(&r);
}

#endif
