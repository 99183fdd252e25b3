/* drain.c -- owns the drainer's loop: claim, apply, acknowledge; waits when the queue or the database is away (N3, N8, N9). */
#include "engine/drain.h"

#include "base/counters.h"
#include "base/id.h"
#include "base/log.h"
#include "engine/cart_sweep.h"
#include "engine/drain_forget.h"
#include "engine/erasure.h"
#include "engine/limit_watch.h"
#include "engine/ready.h"
#include "engine/state.h"
#include "store/account.h"
#include "store/cart.h"
#include "store/master_key.h"
#include "store/source.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

/*
 *   CONNECT --connect_all--> CLAIM --stream_claim--> APPLY --drain_batch--> SETTLE --settle--> CLAIM
 *   any error of the queue: back to CONNECT after a wait; nothing is lost, entries stay pending
 *   any error of the database: APPLY again after a wait; nothing was acknowledged
 *   SIGTERM: after SETTLE, or at once while waiting
 */
enum {
    CLAIM_WAIT_MS = 1000,
    RETRY_FIRST_MS = 100,
    RETRY_LAST_MS = 5000,
    HOUSEKEEPING_S = 60,
    CLEAN_FILES_S = 600, /* at most this often: Redis writes its whole file for it */
    PRESENCE_TTL_MS = 15000,
    PRESENCE_S = 5,
    NO_PRESENCE_MS = 1,
    CART_SWEEP_S = 1,
    LIMITS_S = 1,
    SWEEP_ACCOUNTS = 32, /* whose carts are looked at in one turn */
    CLAIM_ARENA_BYTES = 512 << 20
};

static volatile sig_atomic_t stopping;

static void on_stop(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

struct drainer {
    const struct config *cfg;
    struct drain_parts parts;
    struct store *store;
    struct stream *stream;
    struct routes *routes;
    struct seal *seal;
    struct arena arena;
    struct id consumer;
    int64_t retry_ms;
    int64_t presence_us, housekeeping_us; /* monotonic time of the next one */
    int64_t clean_files_us;               /* monotonic; 0 at first */
    int64_t sweep_us;                     /* monotonic time of the next look at carts */
    int64_t sweep_after;                  /* the account that was looked into last; 0 = begin with the first */
    struct drain_forget forget;
    int64_t limits_us; /* monotonic time of the next look at limits of contacts */
    struct limit_watch limits;
    bool announced, as_json, away; /* the database is away: the role is not shown as ready */
    bool wrong_key;                /* the master key is not the database's: it cannot go on */
};

/* Waits after trouble, twice as long each time; a signal ends it. */
static void wait_after_trouble(struct drainer *d)
{
    d->retry_ms = d->retry_ms ? d->retry_ms * 2 : RETRY_FIRST_MS;
    if (d->retry_ms > RETRY_LAST_MS)
        d->retry_ms = RETRY_LAST_MS;
    if (!stopping)
        poll(NULL, 0, (int)d->retry_ms);
}

/* Opens the database and asks for its write lock: what cannot be applied now is not claimed, for being handed out counts against
 * an entry (N8). */
static enum err open_store(struct drainer *d, struct buf *why)
{
    enum err err = store_open(d->cfg, d->parts.clock, &d->store, why);

    if (err)
        return err;
    err = master_key_check(d->store, d->seal);
    d->wrong_key = err == ERR_SEAL;
    if (!err)
        err = db_begin(d->store->db);
    if (!err) {
        db_rollback(d->store->db);
        return OK;
    }
    if (d->wrong_key)
        state_explain_key(d->cfg, why);
    else if (buf_append(why, str_of(db_trouble(d->store->db))))
        buf_clear(why);
    store_close(d->store);
    d->store = NULL;
    return err;
}

static bool connect_store(struct drainer *d)
{
    struct buf why = BUF_INIT(4096);
    enum err err = d->store ? OK : open_store(d, &why);

    if (d->wrong_key)
        fprintf(stderr, "storehook: drain: %s\n", buf_text(&why));
    else if (err)
        LOG(LOG_ERROR, "database not usable, waiting", KV_ERR(err), KV_STR("why", buf_str(&why)));
    d->parts.store = d->store;
    buf_release(&why);
    return err == OK;
}

static bool connect_stream(struct drainer *d, bool again)
{
    struct buf why = BUF_INIT(4096);
    enum err err = OK;

    if (!d->stream)
        err = stream_open(d->cfg, d->parts.clock, &d->stream, &why);
    else if (again)
        err = stream_reopen(d->stream, &why);
    if (err)
        LOG(LOG_ERROR, "queue not usable, waiting", KV_ERR(err), KV_STR("why", buf_str(&why)));
    buf_release(&why);
    return err == OK;
}

/* What the last use of the database says of it shows at once in who is ready (`stats`, the admin page). */
static void note_database(struct drainer *d, enum err err)
{
    bool away = err == ERR_DB_DOWN;

    if (away != d->away && stream_role_ready(d->stream, STR("drain"), away ? NO_PRESENCE_MS : PRESENCE_TTL_MS))
        d->presence_us = 0; /* told with the next housekeeping */
    d->away = away;
}

static void announce(struct drainer *d)
{
    if (!d->announced)
        ready_print(d->as_json, NULL, 0);
    d->announced = true;
}

/* What an erasure leaves in the queue. It is noted in the database, so a failure only puts it off. */
static void finish_erasures(struct drainer *d)
{
    struct erasure_removed removed;
    enum err err = erasure_finish(d->store, d->stream, d->seal, &removed);

    if (err)
        LOG(LOG_WARN, "erasure not finished in the queue, trying again", KV_ERR(err), KV_TEXT("why", db_trouble(d->store->db)));
}

/* What the files still hold of the erased, once the queue does not. */
static void clean_files(struct drainer *d)
{
    int64_t now = clock_mono_us(d->parts.clock);
    bool done = false;
    enum err err = now < d->clean_files_us ? OK : erasure_clean_files(d->store, d->stream, &done);

    if (done)
        d->clean_files_us = now + CLEAN_FILES_S * US_PER_S;
    if (!err)
        return;
    d->clean_files_us = now + HOUSEKEEPING_S * US_PER_S;
    LOG(LOG_WARN, "erased data stays in files, trying again", KV_ERR(err), KV_TEXT("why", db_trouble(d->store->db)));
}

/* After the commit (N3): letters first, each with its own acknowledgement; then what an erasure among the entries is to find, these
 * letters included; then the rest in one round trip. */
static enum err settle(struct drainer *d, const struct claimed *const *entries, const struct drain_verdict *verdicts, size_t n)
{
    const struct claimed **done = arena_array(&d->arena, n, sizeof(*done));
    size_t n_done = 0;
    enum err err = done ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++) {
        if (verdicts[i].reason.len)
            err = stream_bury(d->stream, entries[i], verdicts[i].reason, verdicts[i].detail);
        else if (!verdicts[i].keep)
            done[n_done++] = entries[i];
    }
    if (!err)
        finish_erasures(d);
    if (!err && n_done)
        err = stream_done(d->stream, done, n_done);
    return err;
}

/* A secret that a handshake brought is known to the receivers before its entry is gone: else it would be lost to them (N8). */
static enum err publish_secrets(struct drainer *d, const struct drain_verdict *verdicts, size_t n)
{
    enum err err = OK;
    size_t i = 0;

    while (i < n && !verdicts[i].publish)
        i++;
    if (i == n)
        return OK;
    err = source_publish(d->store, d->stream);
    if (err)
        LOG(LOG_WARN, "sources not published, trying again", KV_ERR(err));
    else
        LOG(LOG_INFO, "sources published", KV_TEXT("why", "a handshake brought a secret"));
    return err;
}

/* Opens the database anew after it went away: whether the last commit took place is told by the seen keys. */
static bool reconnect_store(struct drainer *d)
{
    store_close(d->store);
    d->store = NULL;
    while (!stopping && !d->wrong_key && !connect_store(d))
        wait_after_trouble(d);
    return d->store != NULL;
}

/* Applies what was claimed, again and again while the database is away; then settles it. */
static enum err apply_part(struct drainer *d, const struct claimed *const *entries, size_t n)
{
    struct drain_verdict *verdicts = arena_array(&d->arena, n, sizeof(*verdicts));
    enum err err = verdicts ? drain_batch(&d->parts, entries, n, &d->arena, verdicts) : ERR_MEMORY;

    while (err && verdicts) {
        LOG(LOG_ERROR, "database refuses the batch, waiting", KV_ERR(err), KV_TEXT("why", db_trouble(d->store->db)),
            KV_UINT("entries", n));
        note_database(d, err);
        wait_after_trouble(d);
        if (stopping || (err == ERR_DB_DOWN && !reconnect_store(d)))
            return err; /* they stay pending and come back to another drainer */
        err = drain_batch(&d->parts, entries, n, &d->arena, verdicts);
    }
    d->retry_ms = 0;
    note_database(d, err);
    if (!err)
        err = publish_secrets(d, verdicts, n);
    return err ? err : settle(d, entries, verdicts, n);
}

static enum err apply_claimed(struct drainer *d, const struct claimed *claimed, size_t n)
{
    const struct claimed **entries = arena_array(&d->arena, n, sizeof(*entries));

    for (size_t i = 0; entries && i < n; i++)
        entries[i] = &claimed[i];
    return entries ? apply_part(d, entries, n) : ERR_MEMORY;
}

/* The receivers know the sources by a snapshot in the queue: one that is missing, at the first start or after the queue lost its
 * data, is published anew. */
static enum err keep_snapshot(struct drainer *d)
{
    bool present = true;
    enum err err = stream_sources_present(d->stream, &present), published;

    if (err || present)
        return err;
    published = source_publish(d->store, d->stream);
    if (published)
        LOG(LOG_WARN, "sources not published, trying again", KV_ERR(published));
    else
        LOG(LOG_INFO, "sources published", KV_TEXT("why", "the queue had no snapshot"));
    return OK;
}

/* Presence for `stats`, the snapshot of sources, and the age of dedupe keys (D4). */
static enum err housekeeping(struct drainer *d)
{
    int64_t now = clock_mono_us(d->parts.clock);
    enum err err = OK;

    if (now >= d->presence_us) {
        err = d->away ? OK : stream_role_ready(d->stream, STR("drain"), PRESENCE_TTL_MS);
        if (!err)
            err = keep_snapshot(d);
        clean_files(d);
        d->presence_us = now + PRESENCE_S * US_PER_S;
    }
    if (now < d->housekeeping_us)
        return err;
    finish_erasures(d);
    d->housekeeping_us = now + (drain_forget(&d->forget, d->store, d->cfg, d->parts.clock) ? 1 : HOUSEKEEPING_S) * US_PER_S;
    return err;
}

/* What the looks of one turn found, over all accounts. */
struct sweep {
    struct cart_settings settings;
    struct cart_swept all;
};

static enum err sweep_account(struct store *store, void *arg)
{
    struct sweep *sweep = arg;
    struct cart_swept swept;
    enum err err = cart_sweep(store, &sweep->settings, CART_SWEEP_MAX, &swept);

    sweep->all.looked += swept.looked;
    sweep->all.abandoned += swept.abandoned;
    sweep->all.quiet += swept.quiet;
    sweep->all.recovered += swept.recovered;
    sweep->all.more |= swept.more;
    return err;
}

/* Carts whose time has come: every second or two, a bounded number at a time (N9, CA15), so that deliveries do not wait. With more
 * accounts than are looked into at once, the next ones follow in the next turn. */
static void sweep_carts(struct drainer *d)
{
    struct sweep sweep = {
        .settings = {.delay_us = d->parts.cart_delay_us, .cooldown_us = config_int(d->cfg, SET_DRAIN_CART_COOLDOWN) * US_PER_MS}};
    int64_t now = clock_mono_us(d->parts.clock);
    enum err err;

    if (now < d->sweep_us)
        return;
    err = account_walk(d->store, SWEEP_ACCOUNTS, &d->sweep_after, sweep_account, &sweep);
    d->sweep_us = sweep.all.more || d->sweep_after ? now : now + CART_SWEEP_S * US_PER_S;
    note_database(d, err);
    if (err)
        LOG(LOG_WARN, "carts not looked at, trying again", KV_ERR(err), KV_TEXT("why", db_trouble(d->store->db)));
    else if (sweep.all.abandoned || sweep.all.recovered)
        LOG(LOG_INFO, "carts looked at", KV_UINT("looked", sweep.all.looked), KV_UINT("abandoned", sweep.all.abandoned),
            KV_UINT("quiet", sweep.all.quiet), KV_UINT("recovered", sweep.all.recovered));
}

/* Who may enter again, and what is to be told of limits: every second, a bounded number at a time (N9). */
static void watch_limits(struct drainer *d)
{
    int64_t now = clock_mono_us(d->parts.clock);
    bool more = false;
    enum err err;

    if (now < d->limits_us)
        return;
    err = limit_watch_turn(&d->limits, d->store, d->stream, &more);
    d->limits_us = more && !err ? now : now + LIMITS_S * US_PER_S;
    if (err)
        LOG(LOG_WARN, "limits not looked at, trying again", KV_ERR(err), KV_TEXT("why", db_trouble(d->store->db)));
}

/* One turn: claim, apply, settle. */
static enum err turn(struct drainer *d)
{
    struct claimed *claimed = NULL;
    size_t n = 0, max = (size_t)config_int(d->cfg, SET_DRAIN_BATCH);
    enum err err = housekeeping(d);

    arena_reset(&d->arena);
    sweep_carts(d);
    if (!err)
        watch_limits(d);
    if (!err) {
        announce(d);
        err = stream_claim(d->stream, id_str(&d->consumer), max, CLAIM_WAIT_MS, &d->arena, &claimed, &n);
    }
    if (err || n == 0)
        return err;
    counter_add(COUNTER_CLAIMED, n);
    return apply_claimed(d, claimed, n);
}

static int drainer_init(struct drainer *d, const struct config *cfg, const struct clock *clock)
{
    struct problems problems;
    int code = 1;

    problems_init(&problems, STR("routes"));
    *d = (struct drainer){.cfg = cfg, .consumer = id_new(clock_wall_us(clock))};
    d->parts.clock = clock;
    d->parts.tries = config_int(cfg, SET_DRAIN_TRIES);
    d->parts.cart_delay_us = config_int(cfg, SET_DRAIN_CART_DELAY) * US_PER_MS;
    d->parts.trigger_age_us = config_int(cfg, SET_DRAIN_TRIGGER_AGE) * US_PER_MS;
    d->parts.query_members = str_of(config_text(cfg, SET_VISITS_QUERY));
    arena_init(&d->arena, CLAIM_ARENA_BYTES);
    drain_forget_init(&d->forget);
    limit_watch_init(&d->limits);
    if (routes_load(config_text(cfg, SET_ROUTES_DIR), &d->routes, &problems))
        LOG(LOG_ERROR, "route files not usable", KV_STR("why", buf_str(&problems.text)));
    else if (seal_load(str_of(config_text(cfg, SET_MASTER_KEY)), config_text(cfg, SET_MASTER_KEY_FILE), &d->seal))
        LOG(LOG_ERROR, "master key not usable; `storehook up` makes one", KV_TEXT("file", config_text(cfg, SET_MASTER_KEY_FILE)));
    else
        code = 0;
    d->parts.routes = d->routes;
    d->parts.seal = d->seal;
    problems_release(&problems);
    return code;
}

static void drainer_release(struct drainer *d)
{
    stream_close(d->stream);
    store_close(d->store);
    seal_free(d->seal);
    routes_free(d->routes);
    limit_watch_release(&d->limits);
    arena_release(&d->arena);
    drain_forget_release(&d->forget);
}

int drain_main(const struct config *cfg, const struct clock *clock, bool as_json)
{
    struct sigaction action = {.sa_handler = on_stop}; /* no SA_RESTART: a signal ends every wait */
    struct drainer d;
    int code = drainer_init(&d, cfg, clock);
    bool again = false;

    d.as_json = as_json;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    while (code == 0 && !stopping && !d.wrong_key) {
        if (!connect_store(&d) || !connect_stream(&d, again)) {
            wait_after_trouble(&d);
            continue;
        }
        again = turn(&d) != OK;
        if (again) {
            d.presence_us = 0; /* the queue may be another one now */
            limit_watch_reset(&d.limits);
            wait_after_trouble(&d);
        } else {
            d.retry_ms = 0;
        }
    }
    LOG(LOG_INFO, "drainer stopped", KV_UINT("applied", counter_get(COUNTER_APPLIED)), KV_UINT("dead", counter_get(COUNTER_DEAD)));
    code = d.wrong_key ? 1 : code;
    drainer_release(&d);
    return code;
}
