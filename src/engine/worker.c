/* worker.c -- owns one worker of serve: its loop, listeners, queue, sources, and which endpoint a request goes to. */
#include "engine/worker.h"

#include "base/config.h"
#include "base/log.h"
#include "engine/health.h"
#include "engine/receive.h"
#include "engine/visit.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    READY_LOOK_MS = 20, /* until it is ready the first time */
    ROLE_TTL_MS = 6000, /* `stats` and `up` see the role for so long after its last sign */
    ROLE_SIGN_MS = 2000
};

struct worker {
    const struct worker_shared *shared;
    unsigned index;
    bool was_ready, stopping, queue_away;
    struct loop *loop;
    struct queue *queue;
    struct sources *sources;
    struct receiver *receiver;
    struct visits *visits;
    struct rejects *rejects;
    struct health *health;
    struct http_server *server;
    struct loop_timer *role;  /* looks whether it is ready; then signs the role's presence */
    struct loop_timer *limit; /* serve.stop_timeout; then the last turn */
};

/* --- endpoints -------------------------------------------------------------------------------------------------------- */

/* One endpoint; `part` picks the struct that its functions get. */
struct endpoint {
    struct str path;
    bool is_prefix;
    void *(*part)(struct worker *w);
    enum err (*head)(void *arg, struct http_exchange *x);
    void (*body)(void *arg, struct http_exchange *x, struct str chunk);
    void (*end)(void *arg, struct http_exchange *x);
    void (*gone)(void *arg, struct http_exchange *x);
};

static void *part_receiver(struct worker *w)
{
    return w->receiver;
}

static void *part_visits(struct worker *w)
{
    return w->visits;
}

static void *part_health(struct worker *w)
{
    return w->health;
}

static const struct endpoint endpoints[] = {
    {{"/in/", 4}, true, part_receiver, receiver_head, receiver_body, receiver_end, receiver_gone},
    {{"/visit/", 7}, true, part_visits, visits_head, NULL, visits_end, visits_gone},
    {{"/healthz", 8}, false, part_health, health_head, NULL, health_live_end, health_gone},
    {{"/readyz", 7}, false, part_health, health_head, NULL, health_ready_end, health_gone},
};

static const struct endpoint *find_endpoint(struct str path)
{
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
        if (endpoints[i].is_prefix ? str_starts(path, endpoints[i].path) : str_eq(path, endpoints[i].path))
            return &endpoints[i];
    return NULL;
}

static enum err worker_head(void *arg, struct http_exchange *x)
{
    struct worker *w = arg;
    const struct endpoint *e = find_endpoint(http_path(x));

    return e ? e->head(e->part(w), x) : ERR_NOT_FOUND;
}

static void worker_body(void *arg, struct http_exchange *x, struct str chunk)
{
    struct worker *w = arg;
    const struct endpoint *e = find_endpoint(http_path(x));

    if (e->body)
        e->body(e->part(w), x, chunk);
}

static void worker_end(void *arg, struct http_exchange *x)
{
    struct worker *w = arg;
    const struct endpoint *e = find_endpoint(http_path(x));

    e->end(e->part(w), x);
}

static void worker_gone(void *arg, struct http_exchange *x)
{
    struct worker *w = arg;
    const struct endpoint *e = find_endpoint(http_path(x));

    e->gone(e->part(w), x);
}

static const struct http_handler handler = {.head = worker_head, .body = worker_body, .end = worker_end, .gone = worker_gone};

/* --- ready, stop ------------------------------------------------------------------------------------------------------ */

static bool is_ready(const struct worker *w)
{
    return queue_trouble(w->queue)[0] == '\0' && sources_loaded(w->sources);
}

static void set_queue_away(struct worker *w, bool away)
{
    if (away == w->queue_away)
        return;
    w->queue_away = away;
    if (away)
        atomic_fetch_add(w->shared->queues_away, 1);
    else
        atomic_fetch_sub(w->shared->queues_away, 1);
}

static void queue_changed(void *arg, enum err state)
{
    set_queue_away(arg, state != OK);
}

static void role_fired(void *arg)
{
    struct worker *w = arg;

    if (is_ready(w) && !w->was_ready) {
        w->was_ready = true;
        w->shared->ready(w->shared->arg);
    }
    if (is_ready(w) && w->index == 0)
        queue_role_ready(w->queue, STR("serve"), ROLE_TTL_MS);
    loop_timer_start(w->role, w->was_ready ? ROLE_SIGN_MS : READY_LOOK_MS);
}

static void limit_fired(void *arg)
{
    struct worker *w = arg;

    if (http_server_connections(w->server) > 0)
        LOG(LOG_WARN, "stop cut short", KV_UINT("connections", http_server_connections(w->server)));
    loop_stop(w->loop);
}

/* All is answered: the counters go out with this turn, the next one is the last. */
static void server_stopped(void *arg)
{
    struct worker *w = arg;

    queue_flush_counts(w->queue);
    loop_timer_start(w->limit, 0);
}

static void stop_now(void *arg)
{
    struct worker *w = arg;

    if (w->stopping)
        return;
    w->stopping = true;
    health_stop(w->health);
    loop_timer_stop(w->role);
    loop_timer_start(w->limit, config_int(w->shared->cfg, SET_SERVE_STOP_TIMEOUT));
    http_server_stop(w->server, server_stopped, w);
}

void worker_stop(struct worker *w)
{
    loop_wake(w->loop, stop_now, w);
}

void worker_run(struct worker *w)
{
    enum err err;

    loop_timer_start(w->role, 0);
    err = loop_run(w->loop);
    if (err)
        LOG(LOG_ERROR, "worker failed", KV_ERR(err), KV_UINT("worker", w->index));
    w->shared->stopped(w->shared->arg);
}

/* --- life ------------------------------------------------------------------------------------------------------------- */

static struct http_limits read_limits(const struct config *cfg)
{
    return (struct http_limits){
        .head_max_bytes = (size_t)config_int(cfg, SET_SERVE_HEAD_MAX),
        .body_max_bytes = (size_t)config_int(cfg, SET_SERVE_BODY_MAX),
        .connections = (size_t)config_int(cfg, SET_SERVE_CONNECTIONS),
        .handshake_timeout_ms = config_int(cfg, SET_SERVE_HANDSHAKE_TIMEOUT),
        .head_timeout_ms = config_int(cfg, SET_SERVE_HEAD_TIMEOUT),
        .body_timeout_ms = config_int(cfg, SET_SERVE_BODY_TIMEOUT),
        .write_timeout_ms = config_int(cfg, SET_SERVE_WRITE_TIMEOUT),
        .idle_timeout_ms = config_int(cfg, SET_SERVE_IDLE_TIMEOUT),
    };
}

static enum err open_visits(struct worker *w)
{
    const struct worker_shared *shared = w->shared;
    struct visits_parts parts = {.clock = shared->clock,
                                 .queue = w->queue,
                                 .sources = w->sources,
                                 .limits = shared->visit_limits,
                                 .seal = shared->seal,
                                 .query_members = str_of(config_text(shared->cfg, SET_VISITS_QUERY))};

    return visits_new(&parts, &w->visits);
}

static enum err open_parts(struct worker *w)
{
    const struct worker_shared *shared = w->shared;
    struct sources_parts sources = {.clock = shared->clock, .routes = shared->routes, .seal = shared->seal};
    struct receiver_parts receiver = {.clock = shared->clock,
                                      .rate = shared->rate,
                                      .check_rate = shared->check_rate,
                                      .public_url = str_of(config_text(shared->cfg, SET_PUBLIC_URL))};
    struct http_limits limits = read_limits(shared->cfg);
    enum err err = loop_new(&w->loop);

    if (!err)
        err = queue_open(w->loop, shared->cfg, shared->clock, &w->queue);
    if (!err) {
        set_queue_away(w, true);
        queue_watch(w->queue, queue_changed, w);
    }
    sources.loop = receiver.loop = w->loop;
    sources.queue = receiver.queue = w->queue;
    if (!err)
        err = sources_open(&sources, &w->sources);
    receiver.sources = w->sources;
    if (!err)
        err = rejects_new(
            &(struct rejects_parts){
                .loop = w->loop, .clock = shared->clock, .queue = w->queue, .routes = shared->routes, .seal = shared->seal},
            &w->rejects);
    receiver.rejects = w->rejects;
    if (!err)
        err = receiver_new(&receiver, &w->receiver);
    if (!err)
        err = open_visits(w);
    if (!err)
        err = health_new(shared->clock, w->queue, w->sources, shared->queues_away, &w->health);
    if (!err)
        err = http_server_new(w->loop, &limits, &handler, w, &w->server);
    if (!err)
        err = loop_timer_new(w->loop, role_fired, w, &w->role);
    return err ? err : loop_timer_new(w->loop, limit_fired, w, &w->limit);
}

enum err worker_new(const struct worker_shared *shared, unsigned index, int https_fd, int plain_fd, struct worker **out)
{
    struct worker *w = calloc(1, sizeof(*w));
    enum err err = ERR_MEMORY;

    if (!w)
        goto done;
    w->shared = shared;
    w->index = index;
    err = open_parts(w);
    if (!err && https_fd >= 0) {
        err = http_server_accept(w->server, https_fd, shared->tls);
        https_fd = -1;
    }
    if (!err && plain_fd >= 0) {
        err = http_server_accept(w->server, plain_fd, NULL);
        plain_fd = -1;
    }
    if (err)
        goto done;
    *out = w;
    w = NULL;
done:
    if (https_fd >= 0)
        close(https_fd);
    if (plain_fd >= 0)
        close(plain_fd);
    worker_free(w);
    return err;
}

/* The server first, so that nobody waits for an answer; the queue before the receiver, which hears what became of its entries. */
void worker_free(struct worker *w)
{
    if (!w)
        return;
    http_server_free(w->server);
    sources_close(w->sources);
    set_queue_away(w, false);
    queue_close(w->queue);
    receiver_free(w->receiver);
    visits_free(w->visits);
    rejects_free(w->rejects);
    health_free(w->health);
    loop_timer_free(w->role);
    loop_timer_free(w->limit);
    loop_free(w->loop);
    free(w);
}
