/* worker.h -- owns one worker of serve: its loop, listeners, queue, sources, and which endpoint a request goes to. */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include "engine/rate.h"
#include "engine/sources.h"
#include "engine/visit_limits.h"
#include "net/server.h"

#include <stdatomic.h>

struct worker;

/* What the workers of a process share; read-only, and outlives them. */
struct worker_shared {
    const struct config *cfg;
    const struct clock *clock;
    const struct routes *routes;
    const struct seal *seal;
    struct tls_context *tls; /* NULL: no HTTPS listener */
    struct rate *rate;       /* NULL: no limit */
    struct rate *check_rate; /* of check mode */
    struct visit_limits *visit_limits;
    atomic_uint *queues_away; /* workers whose queue cannot keep a delivery now: the process is ready when it is 0 */
    /* Called in the worker's thread: once when it is ready to keep deliveries, once when it has stopped. */
    void (*ready)(void *arg);
    void (*stopped)(void *arg);
    void *arg;
};

/* Takes the listening sockets (-1 = none), also on failure. `index` 0 also tells Redis that the role is there. Returns owned. */
enum err worker_new(const struct worker_shared *shared, unsigned index, int https_fd, int plain_fd, struct worker **out) MUST_CHECK;
/* Serves until it has stopped; the body of the worker's thread. */
void worker_run(struct worker *w);
/* From any thread: stop accepting, finish what was received within serve.stop_timeout, answer it, and end worker_run. */
void worker_stop(struct worker *w);
/* NULL is fine. */
void worker_free(struct worker *w);

#endif
