/* admin.c -- owns the role admin: the page, the figures as JSON, and the metrics, on loopback. */
#include "admin/admin.h"

#include "admin/page.h"
#include "admin/source_page.h"
#include "base/log.h"
#include "engine/doctor_report.h"
#include "engine/figures.h"
#include "engine/ready.h"
#include "net/listen.h"
#include "net/server.h"

#include <signal.h>
#include <unistd.h>

enum { TEXT_BYTES_MAX = 32 << 20, WHY_BYTES = 4096, ROLE_TTL_MS = 15000, ROLE_EVERY_MS = 5000, N_SIGNALS = 2 };

struct admin {
    struct loop *loop;
    struct loop_signal *signals[N_SIGNALS];
    struct loop_timer *timer;
    struct http_server *server;
    struct store *store;
    struct stream *stream;
    struct routes *routes;
    struct seal *seal; /* NULL: no master key, so no page of a source */
    struct str public_url;
    struct buf bound, why;
};

/* One page. `load` gets what it shows, NULL: nothing; `write` turns that into the body. A path that ends with / has an id after it. */
struct endpoint {
    const char *path, *content_type;
    enum err (*load)(struct admin *a, struct str id, json_t **out);
    enum err (*write)(const json_t *shown, struct buf *out);
};

static enum err load_figures(struct admin *a, struct str id, json_t **out)
{
    (void)id;
    return figures_load(a->stream, a->store, out);
}

static enum err load_source(struct admin *a, struct str id, json_t **out)
{
    struct doctor_parts parts = {
        .store = a->store, .stream = a->stream, .routes = a->routes, .seal = a->seal, .public_url = a->public_url};
    struct source source = {.id = 0};
    int64_t number = 0;
    enum err err = str_to_i64(id, &number) ? ERR_NOT_FOUND : source_get(a->store, number, &source);

    if (!err)
        err = a->seal ? doctor_report(&parts, &source, out) : ERR_SEAL;
    source_release(&source);
    return err;
}

static enum err write_health(const json_t *figures, struct buf *out)
{
    (void)figures;
    return buf_append(out, STR("ok\n"));
}

static const struct endpoint endpoints[] = {
    {"/", "text/html; charset=utf-8", load_figures, page_write},
    {"/source/", "text/html; charset=utf-8", load_source, source_page_write},
    {"/api/source/", "application/json", load_source, json_print_pretty},
    {"/api/stats", "application/json", load_figures, json_print_pretty},
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", load_figures, figures_metrics},
    {"/healthz", "text/plain; charset=utf-8", NULL, write_health},
};

static bool is_path(const struct endpoint *e, struct str path)
{
    struct str own = str_of(e->path);

    return str_eq(path, own) || (own.len > 1 && str_ends(own, STR("/")) && str_starts(path, own));
}

static const struct endpoint *find(struct str path)
{
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(*endpoints); i++)
        if (is_path(&endpoints[i], path))
            return &endpoints[i];
    return NULL;
}

/* A page of another site whose name was pointed at 127.0.0.1 must read nothing here. */
static bool is_our_name(struct str host)
{
    struct str local = STR("localhost");

    return host.len == 0 || str_eq(host, local) || str_starts(host, STR("localhost:")) || net_is_loopback(host);
}

static enum err head(void *arg, struct http_exchange *x)
{
    (void)arg;
    if (!is_our_name(http_host(x)) || !find(http_path(x)))
        return ERR_NOT_FOUND;
    if (http_method(x) != HTTP_GET && http_method(x) != HTTP_HEAD) {
        http_set_allow(x, "GET, HEAD");
        return ERR_METHOD;
    }
    return OK;
}

static void body(void *arg, struct http_exchange *x, struct str chunk)
{
    (void)arg;
    (void)x;
    (void)chunk;
}

/* The next request connects again by itself. */
static void answer_unavailable(struct http_exchange *x, enum err err)
{
    struct http_answer answer = {
        .status = err == ERR_NOT_FOUND ? 404 : 503, .content_type = "text/plain; charset=utf-8", .body = str_of(err_text(err))};

    LOG(LOG_WARN, "figures are not to be had", KV_ERR(err));
    http_answer(x, &answer);
}

static void end(void *arg, struct http_exchange *x)
{
    static const char headers[] =
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n";
    struct admin *a = arg;
    const struct endpoint *e = find(http_path(x));
    struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    json_t *shown = NULL;
    enum err err = e->load ? e->load(a, str_from(http_path(x), strlen(e->path)), &shown) : OK;

    if (!err)
        err = e->write(shown, &text);
    if (err)
        answer_unavailable(x, err);
    else
        http_answer(
            x, &(struct http_answer){.status = 200, .content_type = e->content_type, .body = buf_str(&text), .extra = headers});
    json_decref(shown);
    buf_release(&text);
}

static void gone(void *arg, struct http_exchange *x)
{
    (void)arg;
    (void)x;
}

static const struct http_handler handler = {.head = head, .body = body, .end = end, .gone = gone};

static void stopped(void *arg)
{
    struct admin *a = arg;

    loop_stop(a->loop);
}

static void stop(void *arg)
{
    struct admin *a = arg;

    http_server_stop(a->server, stopped, a);
}

/* Best effort: without the key the role is not listed, nothing else. */
static void show_presence(void *arg)
{
    struct admin *a = arg;
    enum err err = stream_role_ready(a->stream, STR("admin"), ROLE_TTL_MS);

    if (err)
        LOG(LOG_DEBUG, "presence not shown", KV_ERR(err));
    loop_timer_start(a->timer, ROLE_EVERY_MS);
}

static enum err listen_on(struct admin *a, const char *address)
{
    int fd = -1;
    enum err err = net_listen_alone(str_of(address), &fd, &a->bound, &a->why);

    if (!err && !net_is_loopback(buf_str(&a->bound))) {
        close(fd);
        err = buf_printf(&a->why, "admin.listen: %s is not a loopback address; the page has no password", address);
        return err ? err : ERR_CONFIG;
    }
    return err ? err : http_server_accept(a->server, fd, NULL);
}

/* The pages of sources look into signatures; without routes or master key the others are there. */
static enum err open_doctor(struct admin *a, const struct config *cfg)
{
    struct problems problems;
    enum err err;

    a->public_url = str_of(config_text(cfg, SET_PUBLIC_URL));
    err = seal_load(str_of(config_text(cfg, SET_MASTER_KEY)), config_text(cfg, SET_MASTER_KEY_FILE), &a->seal);
    if (err)
        LOG(LOG_WARN, "no page of a source: the master key is not to be had", KV_ERR(err));
    problems_init(&problems, str_of(config_text(cfg, SET_ROUTES_DIR)));
    err = routes_load(config_text(cfg, SET_ROUTES_DIR), &a->routes, &problems);
    if (err && problems.n && buf_append(&a->why, buf_str(&problems.text)))
        buf_clear(&a->why);
    problems_release(&problems);
    return err;
}

static enum err start(struct admin *a, const struct config *cfg, const struct clock *clock)
{
    static const int signals[N_SIGNALS] = {SIGTERM, SIGINT};
    static const struct http_limits limits = {.head_max_bytes = 16384,
                                              .body_max_bytes = 1024,
                                              .connections = 100,
                                              .handshake_timeout_ms = 10000,
                                              .head_timeout_ms = 10000,
                                              .body_timeout_ms = 10000,
                                              .write_timeout_ms = 30000,
                                              .idle_timeout_ms = 60000};
    enum err err = loop_new(&a->loop);

    for (size_t i = 0; i < N_SIGNALS && !err; i++)
        err = loop_signal_new(a->loop, signals[i], stop, a, &a->signals[i]);
    if (!err)
        err = loop_timer_new(a->loop, show_presence, a, &a->timer);
    if (!err)
        err = http_server_new(a->loop, &limits, &handler, a, &a->server);
    if (!err)
        err = listen_on(a, config_text(cfg, SET_ADMIN_LISTEN));
    if (!err)
        err = store_open(cfg, clock, &a->store, &a->why);
    if (!err)
        err = open_doctor(a, cfg);
    return err ? err : stream_open(cfg, clock, &a->stream, &a->why);
}

static void release(struct admin *a)
{
    stream_close(a->stream);
    routes_free(a->routes);
    seal_free(a->seal);
    store_close(a->store);
    http_server_free(a->server);
    loop_timer_free(a->timer);
    for (size_t i = 0; i < N_SIGNALS; i++)
        loop_signal_free(a->signals[i]);
    loop_free(a->loop);
    buf_release(&a->bound);
    buf_release(&a->why);
}

static void announce(const struct admin *a, bool as_json)
{
    char url[NET_ADDRESS_CHARS + 16];

    snprintf(url, sizeof(url), "http://%s", buf_text(&a->bound));
    ready_print(as_json, (const struct ready_part[]){{"admin", str_of(url)}}, 1);
}

int admin_main(const struct config *cfg, const struct clock *clock, bool as_json)
{
    struct admin a = {.bound = BUF_INIT(WHY_BYTES), .why = BUF_INIT(WHY_BYTES)};
    enum err err = start(&a, cfg, clock);

    if (!err) {
        show_presence(&a);
        announce(&a, as_json);
        err = loop_run(a.loop);
    }
    if (err)
        fprintf(stderr, "storehook: admin: %s\n", a.why.len ? buf_text(&a.why) : err_text(err));
    release(&a);
    return err ? 1 : 0;
}
