/* client.h -- owns the blocking HTTP client of the commands: one request at a time on a reused connection (libcurl easy). */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "base/buf.h"
#include "base/fields.h"

#include <stdint.h>

struct http_client; /* belongs to one thread */

struct http_client_options {
    const char *ca_file; /* PEM of the only CA to trust; NULL = the system's */
    bool insecure;       /* neither certificate nor name is checked: for a look at a broken set-up only */
    int64_t timeout_ms;  /* the whole request with its answer; at least 1 */
};

/* Returns owned. Copies the options. ERR_MEMORY. */
enum err http_client_new(const struct http_client_options *options, struct http_client **out) MUST_CHECK;
/* NULL is fine. */
void http_client_free(struct http_client *c);

struct http_client_request {
    const char *method, *url; /* http: or https: */
    struct fields fields;     /* Content-Type too, when there is a body; sent as they are */
    struct str body;          /* sent with Content-Length when .p is set, also when empty */
};

enum { HTTP_CLIENT_BODY_MAX = 65536 };

/*
 * Sends one request and waits for its answer. `*status` is the answer's status, `body` (cleared first) its body, cut at 64 KiB.
 * No redirect is followed, no proxy is used, no environment variable is read. On failure `why` says what happened, in words.
 * Errors: ERR_USAGE (URL, or a field with control characters), ERR_TIMEOUT, ERR_TLS, ERR_IO (no connection, no valid answer), ERR_MEMORY.
 */
enum err http_client_send(struct http_client *c, const struct http_client_request *request, int *status, struct buf *body,
                          struct buf *why) MUST_CHECK;

#endif
