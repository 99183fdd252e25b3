/* serve_fixture.h -- owns the role serve as a process of its own, with real TLS, Redis, routes and sources, for a test. */
#ifndef TESTS_UNIT_SERVE_FIXTURE_H
#define TESTS_UNIT_SERVE_FIXTURE_H

#include "engine/serve.h"

#include "base/encode.h"
#include "base/id.h"
#include "model/source.h"
#include "net_fixture.h"
#include "queue/stream.h"
#include "redis_fixture.h"
#include "route/route.h"

enum { SOURCES_MAX = 4, REQUEST_MAX = 1 << 16 };

/* A source as the test made it. */
struct made {
    struct source source;
    char text[4][64]; /* secrets in clear */
};

struct serving {
    struct redis_fixture redis;
    struct config *cfg;
    struct seal *seal;
    struct routes *routes;
    struct stream *stream;
    struct made made[SOURCES_MAX];
    size_t n_made;
    pid_t pid;
    int out; /* its standard output */
    char request[REQUEST_MAX];
};

static struct serving serving;
#define S (&serving)

/* --- sources ---------------------------------------------------------------------------------------------------------- */

static inline void add_secret(struct made *m, int64_t until_us)
{
    struct source *s = &m->source;
    struct source_secret *secret = &s->secrets[s->n_secrets];
    char random[24], base64[BASE64_LEN(sizeof(random)) + 1], context[40];
    struct buf sealed = BUF_INIT(1024);

    random_bytes(random, sizeof(random));
    base64_encode(str_n(random, sizeof(random)), base64);
    snprintf(m->text[s->n_secrets], sizeof(m->text[0]), "%s%s", strcmp(s->platform, "storehook") ? "" : "whsec_", base64);
    snprintf(context, sizeof(context), "source:%lld", (long long)s->id);
    assert_int_equal(seal_close(S->seal, str_of(context), str_of(m->text[s->n_secrets]), &sealed), OK);
    secret->id = str_dup(s->n_secrets ? STR("s2") : STR("s1"));
    secret->name = str_dup(STR("secret"));
    secret->sealed = buf_take(&sealed);
    secret->until_us = until_us;
    s->n_secrets++;
}

static inline struct made *add_source(const char *platform)
{
    struct made *m = &S->made[S->n_made];
    struct source *s = &m->source;
    char key[KEY_CHARS + 1];

    key_new(key);
    *s = (struct source){.id = 11 + (int64_t)S->n_made++, .account_id = 1, .enabled = true};
    s->key = str_dup(str_of(key));
    s->platform = str_dup(str_of(platform));
    s->name = str_dup(str_of(platform));
    s->list = str_dup(STR(""));
    s->config = json_object();
    add_secret(m, 0);
    return m;
}

static inline void publish(void)
{
    json_t *root = json_object(), *list = json_array();
    struct buf text = BUF_INIT(1 << 20);
    int64_t version;

    for (size_t i = 0; i < S->n_made; i++)
        assert_int_equal(json_array_append_new(list, source_to_json(&S->made[i].source)), 0);
    assert_int_equal(json_object_set_new(root, "sources", list), 0);
    assert_int_equal(json_print(root, &text), OK);
    assert_int_equal(stream_publish_sources(S->stream, buf_str(&text), &version), OK);
    json_decref(root);
    buf_release(&text);
}

/* --- the process ------------------------------------------------------------------------------------------------------ */

static inline void prepare(void)
{
    char hex[65], random[32], path[96];
    struct buf why = BUF_INIT(1024);
    struct problems problems;

    memset(S, 0, sizeof(*S));
    memset(F, 0, sizeof(*F));
    redis_fixture_start(&S->redis);
    S->cfg = redis_fixture_config(&S->redis);
    random_bytes(random, sizeof(random));
    hex_encode(str_n(random, sizeof(random)), hex);
    redis_fixture_setting(S->cfg, SET_MASTER_KEY, hex);
    assert_int_equal(seal_load(str_of(hex), NULL, &S->seal), OK);
    problems_init(&problems, STR("routes"));
    assert_int_equal(routes_load(NULL, &S->routes, &problems), OK);
    problems_release(&problems);
    if (stream_open(S->cfg, &clock_system, &S->stream, &why))
        fail_msg("%s", buf_text(&why));
    fixture_tls(F);
    snprintf(path, sizeof(path), "%s/server.pem", F->dir);
    redis_fixture_setting(S->cfg, SET_SERVE_CERT, path);
    snprintf(path, sizeof(path), "%s/server.key", F->dir);
    redis_fixture_setting(S->cfg, SET_SERVE_KEY, path);
    redis_fixture_setting(S->cfg, SET_SERVE_LISTEN, "127.0.0.1:0");
    redis_fixture_setting(S->cfg, SET_SERVE_WORKERS, "2");
    redis_fixture_setting(S->cfg, SET_SERVE_BODY_MAX, "8k");
    redis_fixture_setting(S->cfg, SET_REDIS_TIMEOUT, "500ms");
    buf_release(&why);
}

/* Reads the line "ready https=https://127.0.0.1:<port>" and remembers the port. */
static inline void await_ready(void)
{
    char line[256];
    size_t n = 0;
    unsigned port = 0;
    struct pollfd p = {.fd = S->out, .events = POLLIN};

    while (n < sizeof(line) - 1 && poll(&p, 1, WAIT_S * 1000) == 1 && read(S->out, line + n, 1) == 1)
        if (line[n++] == '\n')
            break;
    line[n] = '\0';
    if (sscanf(line, "ready https=https://127.0.0.1:%u", &port) != 1)
        fail_msg("serve said: %s", line);
    F->address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline void launch(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    S->pid = fork();
    assert_true(S->pid >= 0);
    if (S->pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        exit(serve_main(S->cfg, false)); /* not _exit: a sanitizer wants its last word */
    }
    close(ends[1]);
    S->out = ends[0];
    await_ready();
}

static inline int start_serving(void **state)
{
    (void)state;
    prepare();
    add_source("woocommerce");
    publish();
    launch();
    return 0;
}

static inline int stop_serving(void **state)
{
    int status = 0;

    (void)state;
    if (S->pid > 0) {
        kill(S->pid, SIGTERM);
        waitpid(S->pid, &status, 0);
        close(S->out);
    }
    stream_close(S->stream);
    for (size_t i = 0; i < S->n_made; i++)
        source_release(&S->made[i].source);
    routes_free(S->routes);
    seal_free(S->seal);
    config_free(S->cfg);
    redis_fixture_stop(&S->redis);
    SSL_CTX_free(F->client);
    tls_context_free(F->tls);
    fixture_remove_dir(F->dir);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1; /* every stop is an orderly one */
}

/* --- requests --------------------------------------------------------------------------------------------------------- */

/* The signature's header lines of `body` under the i-th secret. */
static inline void sign(const struct made *m, size_t secret, struct str body, struct buf *lines)
{
    const struct verify_spec *spec = route_verify_at(routes_find(S->routes, str_of(m->source.platform)), 0);
    struct sign_request request = {.method = STR("POST"), .id = STR("msg_1"), .body = body, .now_us = clock_wall_us(&clock_system)};
    struct field fields[SIGN_FIELDS_MAX];
    struct buf values = BUF_INIT(4096);
    struct verify_key *key = NULL;
    struct secret *s = NULL;
    size_t n = 0;

    assert_int_equal(secret_new(str_of(m->text[secret]), &s), OK);
    assert_int_equal(verify_key_new(spec, s, &key), OK);
    assert_int_equal(verify_sign(spec, key, &request, &values, fields, &n), OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(buf_printf(lines, "%.*s: %.*s\r\n", STR_ARG(fields[i].name), STR_ARG(fields[i].value)), OK);
    verify_key_free(key);
    secret_free(s);
    buf_release(&values);
}

/* Makes a POST of `body` with these header lines. */
static inline struct str post_text(const char *key, const char *lines, struct str body)
{
    int n = snprintf(S->request, sizeof(S->request), "POST /in/%s HTTP/1.1\r\nHost: shop\r\n%sContent-Length: %zu\r\n\r\n%.*s", key,
                     lines, body.len, STR_ARG(body));

    assert_true(n > 0 && (size_t)n < sizeof(S->request));
    return str_n(S->request, (size_t)n);
}

static inline int ask(struct str text)
{
    struct client c = client_open(F);

    client_send(&c, text);
    client_answer(&c, &answer, str_starts(text, STR("HEAD ")));
    client_close(&c);
    return answer.status;
}

static inline int post_signed(const struct made *m, size_t secret, const char *more, struct str body)
{
    struct buf lines = BUF_INIT(8192);
    int status;

    assert_int_equal(buf_append(&lines, str_of(more)), OK);
    sign(m, secret, body, &lines);
    status = ask(post_text(m->source.key, buf_text(&lines), body));
    buf_release(&lines);
    return status;
}

static inline uint64_t queued(void)
{
    struct stream_stats st;

    assert_int_equal(stream_stats(S->stream, &st), OK);
    return st.lanes[LANE_URGENT].waiting + st.lanes[LANE_LIVE].waiting + st.lanes[LANE_BULK].waiting;
}

#define WOO "Content-Type: application/json\r\nX-WC-Webhook-Topic: order.updated\r\nX-WC-Webhook-ID: 5\r\n"
#define BODY STR("{\"id\": 7,  \"name\": \"\\u00e9\"}")

static inline void add_number(void *arg, struct str field, int64_t value)
{
    struct str *wanted = arg;

    if (str_eq(field, *wanted))
        *wanted = str_n(NULL, (size_t)value);
}

/* Waits until a counter of the first source has that value. */
static inline void await_count(const char *name, size_t value)
{
    for (int i = 0; i < WAIT_S * 100; i++) {
        struct str found = str_of(name);

        assert_int_equal(stream_source_counts(S->stream, STR("11"), add_number, &found), OK);
        if (!found.p && found.len == value)
            return;
        redis_fixture_pause(10);
    }
    fail_msg("%s did not become %zu", name, value);
}

#endif
