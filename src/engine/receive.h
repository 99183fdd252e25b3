/* receive.h -- owns the endpoint /in/<key>: from the request's head to the answer that promises durability. */
#ifndef ENGINE_RECEIVE_H
#define ENGINE_RECEIVE_H

#include "engine/rate.h"
#include "engine/rejects.h"
#include "engine/sources.h"
#include "net/server.h"

struct receiver; /* one a worker */

/* Borrows all. `rate` may be NULL (no limit). */
struct receiver_parts {
    struct loop *loop;
    const struct clock *clock;
    struct queue *queue;
    struct sources *sources;
    struct rate *rate;
    struct rate *check_rate; /* of check mode; never NULL */
    struct rejects *rejects; /* NULL: no samples */
    struct str public_url;   /* "https://hooks.example.com", may be empty */
};
/* Returns owned. ERR_MEMORY, ERR_INTERNAL. */
enum err receiver_new(const struct receiver_parts *parts, struct receiver **out) MUST_CHECK;
/* After the server and the queue were freed: no answer can come any more. NULL is fine. */
void receiver_free(struct receiver *r);

/* What http_handler calls for paths that begin with "/in/"; `arg` is the receiver. */
enum err receiver_head(void *arg, struct http_exchange *x) MUST_CHECK;
void receiver_body(void *arg, struct http_exchange *x, struct str chunk);
void receiver_end(void *arg, struct http_exchange *x);
void receiver_gone(void *arg, struct http_exchange *x);

#endif
