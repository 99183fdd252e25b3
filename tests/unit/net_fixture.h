/* net_fixture.h -- owns what the tests of the server share: a server in its own thread, and a plain or TLS client. */
#ifndef TESTS_NET_FIXTURE_H
#define TESTS_NET_FIXTURE_H

#include "net/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_S = 10, TEXT_MAX = 1 << 20, HELD_MAX = 4 };

/* One server on loopback, running in its thread until fixture_stop. */
struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct tls_context *tls;
    SSL_CTX *client;
    pthread_t thread;
    struct sockaddr_in address;
    char dir[64];
    struct loop_defer *answer_later;
    struct http_exchange *held[HELD_MAX]; /* waiting for an answer; the server's thread only */
    size_t n_held;
    atomic_int heads, ends, gone, bodies, stopped;
};

static inline void answer_text(struct http_exchange *x, int status, struct str body)
{
    http_answer(x, &(struct http_answer){.status = status, .content_type = "text/plain", .body = body});
}

/* "<length> <sum of bytes>" for big bodies, else the body itself. */
static inline void echo(struct http_exchange *x)
{
    struct str body = http_body(x);
    unsigned long sum = 0;
    char text[64];

    if (body.len <= 4096) {
        answer_text(x, 200, body);
        return;
    }
    for (size_t i = 0; i < body.len; i++)
        sum = sum * 31 + (unsigned char)body.p[i];
    snprintf(text, sizeof(text), "%zu %lu", body.len, sum);
    answer_text(x, 200, str_of(text));
}

static inline void answer_held(void *arg)
{
    struct fixture *f = arg;
    struct http_exchange *x;

    for (size_t n = f->n_held; n; n--) {
        x = f->held[0];
        memmove(f->held, f->held + 1, --f->n_held * sizeof(*f->held));
        echo(x);
    }
}

/* GET /hello answers in head; POST /echo at the end, /later from outside, /hold when told; POST /big a long answer. */
static inline enum err fixture_head(void *arg, struct http_exchange *x)
{
    struct fixture *f = arg;
    struct str path = http_path(x);

    f->heads++;
    if (str_eq(path, STR("/hello"))) {
        if (http_method(x) == HTTP_GET || http_method(x) == HTTP_HEAD) {
            answer_text(x, 200, STR("hello"));
            return OK;
        }
        http_set_allow(x, "GET, HEAD");
        return ERR_METHOD;
    }
    if (str_eq(path, STR("/signed")))
        return ERR_SIGNATURE_MISSING;
    if (str_eq(path, STR("/down")))
        return ERR_QUEUE_DOWN;
    return str_eq(path, STR("/echo")) || str_eq(path, STR("/later")) || str_eq(path, STR("/hold")) || str_eq(path, STR("/big"))
               ? OK
               : ERR_NOT_FOUND;
}

static inline void fixture_body(void *arg, struct http_exchange *x, struct str chunk)
{
    struct fixture *f = arg;
    struct str whole = http_body(x);

    f->bodies++;
    assert_true(chunk.len > 0 && chunk.len <= whole.len);
    assert_memory_equal(whole.p + whole.len - chunk.len, chunk.p, chunk.len);
}

static inline void fixture_end(void *arg, struct http_exchange *x)
{
    static char big[100000];
    struct fixture *f = arg;

    f->ends++;
    if (str_eq(http_path(x), STR("/echo"))) {
        echo(x);
    } else if (str_eq(http_path(x), STR("/big"))) {
        memset(big, 'b', sizeof(big));
        answer_text(x, 200, str_n(big, sizeof(big)));
    } else {
        assert_true(f->n_held < HELD_MAX);
        http_set_user(x, f);
        f->held[f->n_held++] = x;
        if (str_eq(http_path(x), STR("/later")))
            loop_defer_schedule(f->answer_later);
    }
}

static inline void fixture_gone(void *arg, struct http_exchange *x)
{
    struct fixture *f = arg;

    for (size_t i = 0; i < f->n_held; i++)
        if (f->held[i] == x)
            f->held[i] = f->held[--f->n_held];
    f->gone++;
}

static const struct http_handler fixture_handler = {
    .head = fixture_head, .body = fixture_body, .end = fixture_end, .gone = fixture_gone};

static inline struct http_limits fixture_limits(void)
{
    return (struct http_limits){
        .head_max_bytes = 16384,
        .body_max_bytes = 1 << 20,
        .connections = 100,
        .handshake_timeout_ms = 10000,
        .head_timeout_ms = 10000,
        .body_timeout_ms = 10000,
        .write_timeout_ms = 10000,
        .idle_timeout_ms = 10000,
    };
}

static inline void *fixture_run(void *arg)
{
    struct fixture *f = arg;

    assert_int_equal(loop_run(f->loop), OK);
    return NULL;
}

static inline void fixture_tls(struct fixture *f)
{
    char cert[96], key[96], ca[96];
    struct buf why = BUF_INIT(256);

    snprintf(f->dir, sizeof(f->dir), "/tmp/storehook-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(cert, sizeof(cert), "%s/server.pem", f->dir);
    snprintf(key, sizeof(key), "%s/server.key", f->dir);
    snprintf(ca, sizeof(ca), "%s/ca.pem", f->dir);
    assert_int_equal(tls_self_made(f->dir, STR_NONE, &why), OK);
    assert_int_equal(tls_context_new(cert, key, &f->tls, &why), OK);
    f->client = SSL_CTX_new(TLS_client_method());
    assert_int_equal(SSL_CTX_load_verify_locations(f->client, ca, NULL), 1);
    SSL_CTX_set_verify(f->client, SSL_VERIFY_PEER, NULL);
    buf_release(&why);
}

static inline void fixture_remove_dir(const char *dir)
{
    static const char *const names[] = {"server.pem", "server.key", "ca.pem", "ca.key"};
    char path[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

static inline void fixture_start(struct fixture *f, struct http_limits limits, bool tls)
{
    struct buf bound = BUF_INIT(256), why = BUF_INIT(256);
    int fd = -1;
    socklen_t len = sizeof(f->address);

    memset(f, 0, sizeof(*f));
    assert_int_equal(loop_new(&f->loop), OK);
    if (tls)
        fixture_tls(f);
    assert_int_equal(http_server_new(f->loop, &limits, &fixture_handler, f, &f->server), OK);
    assert_int_equal(net_listen(STR("127.0.0.1:0"), &fd, &bound, &why), OK);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&f->address, &len), 0);
    assert_int_equal(http_server_accept(f->server, fd, f->tls), OK);
    assert_int_equal(loop_defer_new(f->loop, answer_held, f, &f->answer_later), OK);
    assert_int_equal(pthread_create(&f->thread, NULL, fixture_run, f), 0);
    buf_release(&bound);
    buf_release(&why);
}

static inline void fixture_stopped(void *arg)
{
    struct fixture *f = arg;

    f->stopped++;
    loop_stop(f->loop);
}

static inline void fixture_begin_stop(void *arg)
{
    struct fixture *f = arg;

    http_server_stop(f->server, fixture_stopped, f);
}

static inline void fixture_halt(void *arg)
{
    loop_stop(((struct fixture *)arg)->loop);
}

/* Frees all, also connections that are still open. */
static inline void fixture_end_all(struct fixture *f, bool stop_at_once)
{
    if (stop_at_once)
        loop_wake(f->loop, fixture_halt, f);
    pthread_join(f->thread, NULL);
    http_server_free(f->server);
    loop_defer_free(f->answer_later);
    loop_free(f->loop);
    tls_context_free(f->tls);
    SSL_CTX_free(f->client);
    if (f->dir[0])
        fixture_remove_dir(f->dir);
}

struct client {
    int fd;
    SSL *ssl;
};

static inline int socket_with_deadline(void)
{
    const struct timeval deadline = {.tv_sec = WAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline)), 0);
    return fd;
}

/* Connects; with TLS when the fixture has it. */
static inline struct client client_open(struct fixture *f)
{
    struct client c = {.fd = socket_with_deadline(), .ssl = NULL};

    assert_int_equal(connect(c.fd, (struct sockaddr *)&f->address, sizeof(f->address)), 0);
    if (f->client) {
        c.ssl = SSL_new(f->client);
        assert_int_equal(SSL_set1_host(c.ssl, "localhost"), 1);
        SSL_set_fd(c.ssl, c.fd);
        assert_int_equal(SSL_connect(c.ssl), 1);
    }
    return c;
}

static inline void client_close(struct client *c)
{
    SSL_free(c->ssl);
    if (c->fd >= 0)
        close(c->fd);
    *c = (struct client){.fd = -1, .ssl = NULL};
}

static inline void client_send(struct client *c, struct str text)
{
    for (size_t at = 0; at < text.len;) {
        ssize_t n =
            c->ssl ? SSL_write(c->ssl, text.p + at, (int)(text.len - at)) : send(c->fd, text.p + at, text.len - at, MSG_NOSIGNAL);

        assert_true(n > 0);
        at += (size_t)n;
    }
}

/* Returns bytes read, 0 at the end (orderly or reset), -1 when nothing came in time. */
static inline ssize_t client_read(struct client *c, char *out, size_t room)
{
    ssize_t n;

    errno = 0;
    n = c->ssl ? SSL_read(c->ssl, out, (int)room) : recv(c->fd, out, room, 0);
    if (n > 0)
        return n;
    return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : 0;
}

/* One answer: the text of its head, and its body. */
struct answer {
    int status;
    char head[2048];
    char body[TEXT_MAX];
    size_t body_len;
};

static inline bool answer_has(const struct answer *a, const char *line)
{
    char text[256];

    snprintf(text, sizeof(text), "\r\n%s\r\n", line);
    return strstr(a->head, text) != NULL;
}

/* Reads exactly one answer, byte by byte for the head so that nothing of the next is taken. */
static inline void client_answer(struct client *c, struct answer *a, bool head_only)
{
    size_t n = 0, length = 0;
    const char *field;

    memset(a->head, 0, sizeof(a->head));
    while (!strstr(a->head, "\r\n\r\n")) {
        assert_true(n < sizeof(a->head) - 1);
        assert_int_equal(client_read(c, a->head + n, 1), 1);
        n++;
    }
    assert_int_equal(sscanf(a->head, "HTTP/1.1 %d ", &a->status), 1);
    field = strstr(a->head, "\r\nContent-Length: ");
    if (field)
        length = strtoul(field + 18, NULL, 10);
    assert_true(length < sizeof(a->body));
    for (a->body_len = 0; !head_only && a->body_len < length;) {
        ssize_t got = client_read(c, a->body + a->body_len, length - a->body_len);

        assert_true(got > 0);
        a->body_len += (size_t)got;
    }
    a->body[a->body_len] = '\0';
}

/* The server must close, without another byte. */
static inline void client_expect_end(struct client *c)
{
    char byte;

    assert_int_equal(client_read(c, &byte, 1), 0);
}

/* Sends `text` and reads one answer, whose status must be `status`. */
static inline void exchange_expect(struct client *c, struct str text, int status, struct answer *a)
{
    client_send(c, text);
    client_answer(c, a, false);
    assert_int_equal(a->status, status);
}

/* Waits for an event of the server's thread. */
static inline void wait_for(const atomic_int *counter, int value)
{
    int left = WAIT_S * 1000;

    while (atomic_load(counter) < value && left-- > 0)
        poll(NULL, 0, 1);
    assert_true(atomic_load(counter) >= value);
}

/* What a test works with: one fixture, one answer. */
static struct fixture fixture;
static struct answer answer __attribute__((unused));

#define F (&fixture)

static inline int start_tls(void **state)
{
    *state = F;
    fixture_start(F, fixture_limits(), true);
    return 0;
}

static inline int start_plain(void **state)
{
    *state = F;
    fixture_start(F, fixture_limits(), false);
    return 0;
}

static inline int finish(void **state)
{
    (void)state;
    fixture_end_all(F, true);
    return 0;
}

#define NEXT "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define ON_TLS(test) cmocka_unit_test_setup_teardown(test, start_tls, finish)
#define ON_PLAIN(test) cmocka_unit_test_setup_teardown(test, start_plain, finish)

#endif
