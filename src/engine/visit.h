/* visit.h -- owns the endpoint /visit/<public key>: what browsers tell of visits, unsigned and of low trust. */
#ifndef ENGINE_VISIT_H
#define ENGINE_VISIT_H

#include "engine/sources.h"
#include "engine/visit_limits.h"
#include "net/server.h"

struct visits; /* one a worker */

/* Borrows all. */
struct visits_parts {
    const struct clock *clock;
    struct queue *queue;
    struct sources *sources;
    struct visit_limits *limits;
    const struct seal *seal;
    struct str query_members; /* struct page_rules */
};
/* Returns owned. ERR_MEMORY. */
enum err visits_new(const struct visits_parts *parts, struct visits **out) MUST_CHECK;
/* After the server and the queue were freed. NULL is fine. */
void visits_free(struct visits *v);

/*
 * What http_handler calls for paths that begin with "/visit/"; `arg` is the visits. A visit is answered 204 at once, kept or not:
 * the answer promises nothing and tells nothing.
 */
enum err visits_head(void *arg, struct http_exchange *x) MUST_CHECK;
void visits_end(void *arg, struct http_exchange *x);
void visits_gone(void *arg, struct http_exchange *x);

#endif
