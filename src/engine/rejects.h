/* rejects.h -- owns the sampling of rejected deliveries in one worker: how many are looked at, and when they go to the queue. */
#ifndef ENGINE_REJECTS_H
#define ENGINE_REJECTS_H

#include "engine/sources.h"
#include "net/server.h"

struct rejects;

/* Borrows all. */
struct rejects_parts {
    struct loop *loop;
    const struct clock *clock;
    struct queue *queue;
    const struct routes *routes;
    const struct seal *seal;
};
/* Returns owned. */
enum err rejects_new(const struct rejects_parts *parts, struct rejects **out) MUST_CHECK;
/* After the server was freed: no delivery is rejected any more. NULL is fine. */
void rejects_free(struct rejects *r);

/*
 * Takes a sample of a delivery that is being rejected for `why`, at most one a second of a source and eight a second in all; copies
 * what it needs. The sample goes to the queue after this turn of the loop, so after the answer, and is dropped when the queue is
 * away or behind. `r` may be NULL.
 */
void rejects_take(struct rejects *r, const struct live_source *live, struct http_exchange *x, int64_t received_at_us, enum err why);

#endif
