/* http_conn.h -- owns the shapes that the files of the HTTP server share: server, connection, exchange. For src/net only. */
#ifndef NET_HTTP_CONN_H
#define NET_HTTP_CONN_H

#include "net/http_answer.h"
#include "net/http_chunked.h"
#include "net/http_parse.h"
#include "net/io.h"
#include "net/listen.h"

#include <sys/queue.h>

/*
 * One connection. http_conn_set_state is the only writer of `state`, and starts the state's deadline, a total that no byte
 * extends (N9).
 *
 *   HANDSHAKE --TLS is up--> HEAD --head with a body, handler says OK--> BODY --whole body--> QUEUED
 *       |                    ^  |                                          |                    |
 *       |                    |  +--head without a body, handler says OK----|------------------->|
 *       |        first byte  |  +--refused, or answered at once------------+--> REPLY <--answer-+
 *       |                    |                                                   |
 *       |                   IDLE <--------- sent, the connection goes on --------+
 *       |                    |                                                   |
 *       |    deadline, stop  |               sent, it was the last -----> LINGER-+
 *       v                    v                                              |
 *     CLOSED <---------------+------------ peer gone, failure, deadline ----+    (from every state)
 *
 * HANDSHAKE  nothing of HTTP yet. HEAD, BODY  reading, an exchange holds the buffer (in HEAD from the first byte on).
 * QUEUED     the handler has the whole request; reading pauses. REPLY  the answer waits for the socket; reading pauses.
 * IDLE       between requests, no buffer. LINGER  all is said; what still comes is dropped, so that the answer arrives.
 * CLOSED     freed at the end of the loop turn.
 */
enum http_state { STATE_HANDSHAKE, STATE_HEAD, STATE_BODY, STATE_QUEUED, STATE_REPLY, STATE_IDLE, STATE_LINGER, STATE_CLOSED };

struct http_conn {
    struct http_server *server;
    struct io io;
    struct loop_fd *watch;
    struct loop_timer *timer;
    int64_t deadline_us, timer_us; /* when the state ends; when the timer fires (0 = not running), never later */
    enum http_state state;
    unsigned requests;       /* read on this connection */
    bool accepted;           /* the handler knows the exchange and has not answered: it is due an answer or `gone` */
    bool close_after;        /* the answer that waits is the last */
    bool running;            /* http_conn.c is at work on it further up the stack */
    bool scheduled;          /* in the server's list of connections to go on with */
    struct http_exchange *x; /* NULL while nothing has been read */
    TAILQ_ENTRY(http_conn) link, ready_link;
    char peer[NET_ADDRESS_CHARS];
};

TAILQ_HEAD(http_conn_list, http_conn);

/* One request and its answer, with the buffer they live in; from the server's pool. */
struct http_exchange {
    struct http_conn *conn;
    SLIST_ENTRY(http_exchange) pool_link;
    void *user;
    const char *allow;
    struct http_head head;
    struct field fields[HTTP_FIELDS_MAX];
    struct http_chunked chunked;
    uint64_t body_left;       /* of a body with Content-Length */
    size_t body_at, body_len; /* of the body, in `in` */
    bool body_moved;          /* the body outgrew `in` and is in `big` */
    struct buf big, out;      /* a big body; the answer */
    size_t out_sent;          /* bytes of `out` */
    size_t len, read_at;      /* of `in`: bytes filled, bytes done with */
    char in[];                /* server->in_bytes; never moves, so the head's texts stay where they are */
};

struct http_listener;

SLIST_HEAD(http_listener_list, http_listener);
SLIST_HEAD(http_exchange_list, http_exchange);

struct http_server {
    struct loop *loop;
    struct http_limits limits;
    const struct http_handler *handler;
    void *arg;
    struct loop_defer *turn_end;
    struct loop_timer *accept_timer; /* accepting is paused while it runs */
    int64_t accept_pause_ms, accept_logged_us;
    int reserve_fd; /* given up for a moment when descriptors are out */
    struct http_listener_list listeners;
    struct http_conn_list conns, ready, dead;
    size_t n_conns;
    struct http_exchange_list pool;
    size_t n_pool, in_bytes;
    size_t big_bytes, big_max_bytes; /* memory of all bodies in `big` */
    bool stopping, full;
    void (*stopped)(void *arg);
    void *stopped_arg;
    int64_t date_s;
    char date[HTTP_DATE_CHARS + 1];
};

/* http_exchange.c: the pool, the buffer and the body. */
struct http_exchange *http_exchange_take(struct http_conn *c); /* NULL when memory is out */
void http_exchange_put(struct http_exchange *x);               /* back to the pool; NULL is fine */
void http_exchange_pool_free(struct http_server *s);
/* Forgets the request and its answer; bytes of the next request move to the front. */
void http_exchange_next(struct http_exchange *x);
/* The head is complete: its fields become readable, the body starts after it. */
void http_exchange_begin(struct http_exchange *x);
/* Makes room in `in` and returns how much there is; 0 when memory is out. */
size_t http_exchange_room(struct http_exchange *x);
/* Takes `data`, which lies in `in`, as the body's next piece; `*piece` is where it is now. ERR_MEMORY. */
enum err http_exchange_add_body(struct http_exchange *x, struct str data, struct str *piece) MUST_CHECK;
struct str http_exchange_unread(const struct http_exchange *x);

/* http_conn.c: the state machine. */
/* Takes a connected, non-blocking socket; closes it on failure. tls NULL = plain. */
enum err http_conn_new(struct http_server *s, int fd, struct tls_context *tls, const char *peer) MUST_CHECK;
/* Ends it now; freed by http_conn_free at the end of the turn. */
void http_conn_close(struct http_conn *c);
void http_conn_free(struct http_conn *c);
/* Goes on with what is in the buffer: a pipelined request behind an answer that was sent from outside. */
void http_conn_resume(struct http_conn *c);
/* The server stops: serves what has come already, closes when that is nothing. */
void http_conn_stop(struct http_conn *c);
/* Writes `answer` to the exchange's peer; the state becomes REPLY. */
void http_conn_answer(struct http_conn *c, const struct http_answer *answer, bool last);

/* The only way to another state; starts its deadline. */
void http_conn_set_state(struct http_conn *c, enum http_state next);
/* Answers with the error's status and closes (facts: reliability 3, "refuse"); the handler's exchange is gone before. */
void http_conn_refuse(struct http_conn *c, enum err err);
/* Sends what waits in `out`; true when nothing waits any more. */
bool http_conn_send(struct http_conn *c);
bool http_conn_has_unread(const struct http_conn *c);

/* http_request.c: what HEAD and BODY do with the bytes at hand. True when the state moved and there may be more to do. */
bool http_request_head(struct http_conn *c);
bool http_request_body(struct http_conn *c);

/* server.c */
/* The connection wants http_conn_resume at the end of the turn. */
void http_server_schedule(struct http_server *s, struct http_conn *c);
/* The connection is over: it leaves the list and is freed at the end of the turn. */
void http_server_bury(struct http_server *s, struct http_conn *c);
struct str http_server_date(struct http_server *s);

#endif
