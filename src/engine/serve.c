/* serve.c -- owns the role serve: from the settings to N workers that receive deliveries, until a signal ends it. */
#include "engine/serve.h"

#include "base/log.h"
#include "engine/ready.h"
#include "engine/source_table.h"
#include "engine/state.h"
#include "engine/worker.h"
#include "queue/stream.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    WORKERS_MAX = 256,
    WHY_MAX_BYTES = 4096,
    URL_MAX_BYTES = 256,
    SNAPSHOT_BYTES_MAX = 64 << 20,
    CHECKS_PER_S = 3 /* of a source, in check mode */
};

struct serve {
    const struct config *cfg;
    bool as_json; /* the ready line */
    struct clock clock;
    struct routes *routes;
    struct seal *seal;
    struct tls_context *tls;
    struct rate *rate, *check_rate;
    struct visit_limits *visit_limits;
    struct worker_shared shared;
    atomic_uint queues_away;
    struct buf https, plain; /* the addresses that are listened on, with real ports; empty = none */
    int plain_unix_fd;       /* a unix socket is opened once and shared; -1 = none */
    struct loop *loop;       /* of the main thread: signals, and what workers tell */
    struct loop_signal *signals[2];
    struct worker *workers[WORKERS_MAX];
    pthread_t threads[WORKERS_MAX];
    size_t n_workers, n_started, n_ready, n_stopped;
    struct buf why;
};

/* --- what the main thread hears --------------------------------------------------------------------------------------- */

static void print_ready(const struct serve *s)
{
    char https[URL_MAX_BYTES + 16] = "", plain[URL_MAX_BYTES + 16] = "";

    if (s->https.len)
        snprintf(https, sizeof(https), "https://%s", buf_text(&s->https));
    if (s->plain.len)
        snprintf(plain, sizeof(plain), "%s%s", str_starts(buf_str(&s->plain), STR("unix:")) ? "" : "http://", buf_text(&s->plain));
    ready_print(s->as_json, (const struct ready_part[]){{"https", str_of(https)}, {"http", str_of(plain)}}, 2);
}

static void one_ready(void *arg)
{
    struct serve *s = arg;

    if (++s->n_ready == s->n_workers)
        print_ready(s);
}

static void one_stopped(void *arg)
{
    struct serve *s = arg;

    if (++s->n_stopped == s->n_started)
        loop_stop(s->loop);
}

/* Called in a worker's thread. */
static void worker_is_ready(void *arg)
{
    struct serve *s = arg;

    loop_wake(s->loop, one_ready, s);
}

static void worker_has_stopped(void *arg)
{
    struct serve *s = arg;

    loop_wake(s->loop, one_stopped, s);
}

static void stop_all(void *arg)
{
    struct serve *s = arg;

    LOG(LOG_INFO, "stopping", KV_UINT("workers", s->n_started));
    for (size_t i = 0; i < s->n_started; i++)
        worker_stop(s->workers[i]);
}

/* Says why it cannot start; words that do not fit are lost, the error is not. */
static enum err explain(struct serve *s, enum err err, const char *what, const char *detail)
{
    if (buf_printf(&s->why, "%s%s", what, detail))
        buf_clear(&s->why);
    return err;
}

/* --- start ------------------------------------------------------------------------------------------------------------ */

static enum err load_routes(struct serve *s)
{
    struct problems problems;
    enum err err;

    problems_init(&problems, STR("routes"));
    err = routes_load(config_text(s->cfg, SET_ROUTES_DIR), &s->routes, &problems);
    if (err)
        err = explain(s, err, buf_text(&problems.text), "");
    problems_release(&problems);
    return err;
}

static enum err load_seal(struct serve *s)
{
    enum err err = seal_load(str_of(config_text(s->cfg, SET_MASTER_KEY)), config_text(s->cfg, SET_MASTER_KEY_FILE), &s->seal);

    return err ? explain(s, err, "master key: ", err_text(err)) : OK;
}

/* A master key that opens no secret is noticed before the first delivery. Without a queue or a snapshot there is nothing to try:
 * then each source says so when it is used. */
static enum err try_seal(struct serve *s)
{
    struct buf json = BUF_INIT(SNAPSHOT_BYTES_MAX), why = BUF_INIT(WHY_MAX_BYTES);
    struct source_table *table = NULL;
    struct stream *stream = NULL;
    enum err err = stream_open(s->cfg, &s->clock, &stream, &why);

    if (!err)
        err = stream_sources(stream, &json);
    if (!err && json.len)
        err = source_table_new(buf_str(&json), s->routes, s->seal, &table);
    if (!err && table)
        err = source_table_try_seal(table);
    if (err == ERR_SEAL)
        state_explain_key(s->cfg, &s->why);
    source_table_release(table);
    stream_close(stream);
    buf_release(&json);
    buf_release(&why);
    return err == ERR_SEAL ? err : OK;
}

static enum err load_tls(struct serve *s)
{
    if (config_text(s->cfg, SET_SERVE_LISTEN)[0] == '\0')
        return OK;
    return tls_context_new(config_text(s->cfg, SET_SERVE_CERT), config_text(s->cfg, SET_SERVE_KEY), &s->tls, &s->why);
}

/* Opens the next worker's listener: the first bind decides the port, the others take the same. */
static enum err listen_next(struct serve *s, enum setting setting, struct buf *bound, int *fd)
{
    struct str address = bound->len ? buf_str(bound) : str_of(config_text(s->cfg, setting));
    struct buf again = BUF_INIT(URL_MAX_BYTES);
    enum err err;

    *fd = -1;
    if (address.len == 0)
        return OK;
    err = bound->len ? net_listen(address, fd, &again, &s->why) : net_listen_alone(address, fd, bound, &s->why);
    buf_release(&again);
    return err;
}

/* Plain HTTP is for a proxy on this machine only. */
static enum err listen_plain(struct serve *s, int *fd)
{
    struct str address = str_of(config_text(s->cfg, SET_SERVE_PLAIN));
    enum err err;

    *fd = -1;
    if (address.len && !net_is_loopback(address))
        return explain(s, ERR_CONFIG, "serve.plain_listen: plain HTTP is only for a proxy on this machine, not on ", address.p);
    if (s->plain_unix_fd < 0)
        err = listen_next(s, SET_SERVE_PLAIN, &s->plain, fd);
    else
        err = (*fd = fcntl(s->plain_unix_fd, F_DUPFD_CLOEXEC, 0)) < 0 ? ERR_IO : OK;
    if (!err && str_starts(address, STR("unix:")) && s->plain_unix_fd < 0)
        s->plain_unix_fd = *fd;
    return err;
}

static enum err make_workers(struct serve *s)
{
    int64_t wanted = config_int(s->cfg, SET_SERVE_WORKERS);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = wanted ? (size_t)wanted : cores > 0 ? (size_t)cores : 1;
    enum err err = OK;

    if (config_text(s->cfg, SET_SERVE_LISTEN)[0] == '\0' && config_text(s->cfg, SET_SERVE_PLAIN)[0] == '\0')
        return explain(s, ERR_CONFIG, "neither serve.listen nor serve.plain_listen is set", "");

    for (size_t i = 0; i < n && i < WORKERS_MAX && !err; i++) {
        int https = -1, plain = -1;

        err = listen_next(s, SET_SERVE_LISTEN, &s->https, &https);
        if (!err)
            err = listen_plain(s, &plain);
        if (err && https >= 0)
            close(https);
        if (!err)
            err = worker_new(&s->shared, (unsigned)i, https, plain, &s->workers[i]);
        s->n_workers += err ? 0 : 1;
    }
    return err;
}

static void *thread_main(void *arg)
{
    worker_run(arg);
    return NULL;
}

/* Starts the threads with all signals blocked, so that the main thread hears them. */
static enum err start_threads(struct serve *s)
{
    sigset_t all, before;
    enum err err = OK;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (size_t i = 0; i < s->n_workers && !err; i++) {
        if (pthread_create(&s->threads[i], NULL, thread_main, s->workers[i]))
            err = ERR_MEMORY;
        else
            s->n_started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

static enum err watch_signals(struct serve *s)
{
    static const int numbers[2] = {SIGTERM, SIGINT};
    enum err err = loop_new(&s->loop);

    for (size_t i = 0; i < 2 && !err; i++) {
        signal(numbers[i], SIG_IGN); /* what holds again after the loop: a second signal does not cut the ordered end short */
        err = loop_signal_new(s->loop, numbers[i], stop_all, s, &s->signals[i]);
    }
    return err;
}

static enum err start(struct serve *s)
{
    int64_t rate = config_int(s->cfg, SET_SERVE_SOURCE_RATE);
    const char *clock_file = config_text(s->cfg, SET_CLOCK_FILE);
    enum err err = watch_signals(s);

    s->clock = clock_file[0] ? clock_from_file(clock_file) : clock_system;
    if (!err)
        err = load_routes(s);
    if (!err)
        err = load_seal(s);
    if (!err)
        err = try_seal(s);
    if (!err)
        err = load_tls(s);
    if (!err && rate > 0)
        err = rate_new(rate, &s->rate);
    if (!err)
        err = rate_new(CHECKS_PER_S, &s->check_rate);
    if (!err)
        err = visit_limits_new(s->cfg, s->seal, &s->visit_limits);
    s->shared = (struct worker_shared){.cfg = s->cfg,
                                       .queues_away = &s->queues_away,
                                       .clock = &s->clock,
                                       .routes = s->routes,
                                       .seal = s->seal,
                                       .tls = s->tls,
                                       .rate = s->rate,
                                       .check_rate = s->check_rate,
                                       .visit_limits = s->visit_limits,
                                       .ready = worker_is_ready,
                                       .stopped = worker_has_stopped,
                                       .arg = s};
    if (!err)
        err = make_workers(s);
    return err ? err : start_threads(s);
}

static void release(struct serve *s)
{
    for (size_t i = 0; i < s->n_workers; i++)
        worker_free(s->workers[i]);
    rate_free(s->rate);
    rate_free(s->check_rate);
    visit_limits_free(s->visit_limits);
    tls_context_free(s->tls);
    seal_free(s->seal);
    routes_free(s->routes);
    for (size_t i = 0; i < 2; i++)
        loop_signal_free(s->signals[i]);
    loop_free(s->loop);
    buf_release(&s->https);
    buf_release(&s->plain);
    buf_release(&s->why);
}

int serve_main(const struct config *cfg, bool as_json)
{
    struct serve *s = calloc(1, sizeof(*s));
    enum err err = ERR_MEMORY, ran = OK;

    if (s) {
        s->cfg = cfg;
        s->as_json = as_json;
        s->plain_unix_fd = -1;
        buf_init(&s->https, URL_MAX_BYTES);
        buf_init(&s->plain, URL_MAX_BYTES);
        buf_init(&s->why, WHY_MAX_BYTES);
        err = start(s);
    }
    if (err)
        fprintf(stderr, "storehook: serve: %s\n", s && s->why.len ? buf_text(&s->why) : err_text(err));
    if (err && s && s->n_started)
        stop_all(s);
    if (s && s->n_started) {
        ran = loop_run(s->loop);
        for (size_t i = 0; i < s->n_started; i++)
            pthread_join(s->threads[i], NULL);
    }
    if (s)
        release(s);
    free(s);
    return err || ran ? 1 : 0;
}
