/* health.h -- owns /healthz and /readyz: does the loop turn, and would a delivery be kept now. */
#ifndef ENGINE_HEALTH_H
#define ENGINE_HEALTH_H

#include "engine/sources.h"
#include "net/server.h"

#include <stdatomic.h>

struct health; /* one a worker */

/* Borrows all. `queues_away` counts the workers of the process whose queue is away: whichever worker is asked, it answers for
 * all. Returns owned. */
enum err health_new(const struct clock *clock, struct queue *queue, const struct sources *sources, const atomic_uint *queues_away,
                    struct health **out) MUST_CHECK;
/* After the server and the queue were freed. NULL is fine. */
void health_free(struct health *h);
/* From now on /readyz says 503 stopping, so that a balancer looks elsewhere. */
void health_stop(struct health *h);

/* What http_handler calls for the two paths; `arg` is the struct health. */
enum err health_head(void *arg, struct http_exchange *x) MUST_CHECK;
void health_live_end(void *arg, struct http_exchange *x);
void health_ready_end(void *arg, struct http_exchange *x);
void health_gone(void *arg, struct http_exchange *x);

#endif
