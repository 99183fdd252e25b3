/* server.h -- owns the HTTP/1.x server: listeners, TLS, connections, limits, deadlines; one a worker. */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "base/fields.h"
#include "net/http_method.h"
#include "net/loop.h"
#include "net/tls.h"

struct http_server;
struct http_exchange; /* one request and its answer; valid until answered or `gone` */

struct http_limits {
    size_t head_max_bytes, body_max_bytes, connections;
    int64_t handshake_timeout_ms, head_timeout_ms, body_timeout_ms, write_timeout_ms, idle_timeout_ms;
};

/*
 * What the program does with requests. Calls come from the loop, never from within http_answer. What the accessors below give
 * stays where it is until the answer or `gone`; only http_body moves while the body comes (from one `body` call to the next).
 *   head  the request head is complete: OK to read the body; an error is answered with its status (405 needs `allow` set by
 *         http_set_allow), and the connection ends when a body is still to come. http_answer may be called here too.
 *   body  the next piece of the body, in order; the whole of it stays readable through http_body.
 *   end   the body is complete: answer now, or later with http_answer.
 *   gone  the peer left (or a deadline passed) before the answer: forget x. Called only after `head` returned OK.
 */
struct http_handler {
    enum err (*head)(void *arg, struct http_exchange *x);
    void (*body)(void *arg, struct http_exchange *x, struct str chunk);
    void (*end)(void *arg, struct http_exchange *x);
    void (*gone)(void *arg, struct http_exchange *x);
};

/* Returns owned. Borrows loop and handler; copies limits. */
enum err http_server_new(struct loop *loop, const struct http_limits *limits, const struct http_handler *handler, void *arg,
                         struct http_server **out) MUST_CHECK;
/* Accepts on a non-blocking listening socket, which is the server's from now on (also on failure). Borrows tls; NULL = plain
 * HTTP. May be called several times. */
enum err http_server_accept(struct http_server *s, int fd, struct tls_context *tls) MUST_CHECK;
/* Stops accepting; idle connections close, others after their answer. `stopped` is called once when none is left. */
void http_server_stop(struct http_server *s, void (*stopped)(void *arg), void *arg);
void http_server_free(struct http_server *s);
size_t http_server_connections(const struct http_server *s);

/* Opens a listening TCP socket (SO_REUSEPORT, non-blocking, close-on-exec) on "address:port" ([::1]:443 for IPv6), or a unix
 * socket on "unix:/path". `bound` gets the address with the real port. On failure `why` says it. */
enum err net_listen(struct str address, int *fd, struct buf *bound, struct buf *why) MUST_CHECK;
/* As net_listen, but ERR_EXISTS also when another process listens there with SO_REUSEPORT: without this two installations would
 * share out each other's deliveries. For the first socket of a process; its other workers take net_listen. */
enum err net_listen_alone(struct str address, int *fd, struct buf *bound, struct buf *why) MUST_CHECK;
/* True for 127.0.0.0/8, ::1 and unix sockets. */
bool net_is_loopback(struct str address);

enum http_method http_method(const struct http_exchange *x);
struct str http_method_text(const struct http_exchange *x);
struct str http_path(const struct http_exchange *x);  /* before '?', as sent */
struct str http_query(const struct http_exchange *x); /* after '?', may be empty */
struct str http_host(const struct http_exchange *x);  /* name or address, with the port as sent; empty in HTTP/1.0 without it */
struct fields http_fields(const struct http_exchange *x);
struct str http_body(const struct http_exchange *x); /* what has been read of it */
struct str http_peer(const struct http_exchange *x); /* "203.0.113.9:51234" or "unix" */
/* A pointer of the handler's, kept with the exchange; NULL at first. */
void http_set_user(struct http_exchange *x, void *user);
void *http_user(const struct http_exchange *x);
/* The value of the Allow field of a 405 answer; static text. */
void http_set_allow(struct http_exchange *x, const char *allow);

struct http_answer {
    int status;
    const char *content_type; /* NULL = no body */
    struct str body;
    const char *extra; /* more complete field lines, each with CRLF, or NULL */
    bool close;
};
/* Sends the answer with one write, in the order of the requests of its connection. Copies what it needs. x is invalid after. */
void http_answer(struct http_exchange *x, const struct http_answer *answer);

#endif
