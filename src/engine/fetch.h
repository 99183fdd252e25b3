/* fetch.h -- owns what becomes of a fetch: its document goes the way of a delivery, through the queue to the drainer. */
#ifndef ENGINE_FETCH_H
#define ENGINE_FETCH_H

#include "queue/stream.h"
#include "store/fetch.h"

/*
 * For the one that fetches, such as a poller: claim tasks (store/fetch.h), ask the platform for each, and hand in what came of it here.
 *
 * The document is the object itself, as JSON, as the mapping of that name in the route file reads it. It becomes an entry of the
 * lane bulk with the topic "fetch:<object>"; the drainer maps it to the event that the route file's rule names. The task ends
 * only when the queue has the entry (N7): a crash in between fetches once more, and the same document twice ends the same (N5).
 */

/* What the platform answered. */
enum fetch_outcome {
    FETCH_CAME,    /* the document */
    FETCH_IS_GONE, /* 404 or 410: there is no such object, a customer was deleted */
    FETCH_FAILED   /* anything else */
};
struct fetch_answer {
    enum fetch_outcome outcome;
    struct str document;   /* CAME */
    struct str why;        /* FAILED: for the operator; no secret, no body */
    int64_t retry_after_s; /* FAILED: as the platform asks; 0 = it does not */
};

/* Documents are as large as deliveries may be; a larger one is a failure that says so. */
enum { FETCH_DOCUMENT_MAX_BYTES = 2 << 20 };

/* Settles one task. Errors: those of the queue (the task stays claimed and comes back by itself) and of the database. */
enum err fetch_deliver(struct store *store, struct stream *stream, const struct fetch_task *task,
                       const struct fetch_answer *answer) MUST_CHECK;

#endif
