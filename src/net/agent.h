/* agent.h -- owns HTTP requests to others on the event loop (libcurl multi): many at a time, bounded, guarded. */
#ifndef NET_AGENT_H
#define NET_AGENT_H

#include "base/fields.h"
#include "net/address_guard.h"
#include "net/loop.h"

/*
 *  http_agent_send ──► waits for a connection ──► in work ──answer, failure or deadline──► `done` is called, the call is freed
 *                              └──────────http_agent_cancel─────────┴──────────────────► freed
 *
 * No redirect is followed: it is an answer like any other. No proxy, cookie or environment variable is used. TLS is 1.2 at least,
 * certificate and name are checked. An address is judged when the connection is opened, so a name that leads elsewhere the second
 * time is judged again.
 */
struct http_agent; /* belongs to the loop's thread */
struct http_call;  /* one request in work */

struct http_agent_options {
    const char *ca_file;               /* PEM of the only CA to trust; NULL = the system's */
    const struct address_guard *guard; /* copied; NULL: every address and port */
    bool plain;                        /* http: URLs are taken, too */
    int connections_max;               /* in all; more wait, against their own deadline */
    int host_connections_max;          /* to one host */
    size_t calls_max;                  /* in work and waiting */
};

enum { HTTP_AGENT_URL_MAX = 8000, HTTP_AGENT_WHY_BYTES = 300, HTTP_AGENT_HEAD_MAX = 64 << 10, HTTP_AGENT_FIELDS_MAX = 100 };

/* Borrows the loop. Returns owned. */
enum err http_agent_new(struct loop *loop, const struct http_agent_options *options, struct http_agent **out) MUST_CHECK;
/* Ends what is in work without a word. NULL is fine. */
void http_agent_free(struct http_agent *agent);

/* Holds a URL against the options: https (or http), no name and password in it, a port and an address that may be reached.
 * ERR_USAGE, ERR_FORBIDDEN; `why` says, without the URL. */
enum err http_agent_check_url(const struct http_agent_options *options, struct str url, struct buf *why) MUST_CHECK;

struct http_agent_request {
    const char *method;
    struct str url;
    struct fields fields;  /* Content-Type too, when there is a body; sent as they are */
    struct str body;       /* sent with Content-Length when .p is set, also when empty */
    size_t body_max_bytes; /* of the answer, unpacked */
    int64_t timeout_ms;    /* from now to the last byte of the answer */
};

/* What came of it. Everything is valid during the callback only. */
struct http_reply {
    enum err err;   /* OK: an answer, of whatever status. ERR_TOO_LARGE: an answer with a longer body or head; what fits is there.
                   * ERR_FORBIDDEN, ERR_TIMEOUT, ERR_TLS, ERR_IO, ERR_USAGE, ERR_MEMORY: none, or not all of it */
    int status;     /* 0 = none came */
    struct str why; /* for err; names neither URL nor body */
    struct fields fields;
    struct str body;
    int64_t took_us;
};

/*
 * Starts a request; `done` is called once, from the loop and never from in here. All is copied. *out (may be NULL) is for
 * http_agent_cancel, until `done` is called.
 * Errors: ERR_TOO_MANY (calls_max), ERR_USAGE and ERR_FORBIDDEN as http_agent_check_url, ERR_MEMORY; then `done` is not called.
 */
enum err http_agent_send(struct http_agent *agent, const struct http_agent_request *request,
                         void (*done)(void *arg, const struct http_reply *reply), void *arg, struct http_call **out) MUST_CHECK;
/* Ends it; `done` is not called. */
void http_agent_cancel(struct http_call *call);
/* Requests in work. */
size_t http_agent_calls(const struct http_agent *agent);

#endif
