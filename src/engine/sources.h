/* sources.h -- owns a worker's table of sources: the snapshot in Redis, looked up by key, with secrets ready to verify. */
#ifndef ENGINE_SOURCES_H
#define ENGINE_SOURCES_H

#include "base/clock.h"
#include "base/secret.h"
#include "model/source.h"
#include "queue/queue.h"
#include "route/route.h"

struct sources;

enum { SOURCE_SPECS_MAX = 8 };

/* One way to sign of the source's platform, with the source's secrets prepared for it. */
struct source_signing {
    const struct verify_spec *spec;
    struct verify_spec *own; /* the same, when the source's config is part of it; else NULL: it is the route's */
    struct {
        const struct source_secret *secret;
        struct verify_key *key;
    } keys[SOURCE_SECRETS_MAX];
    size_t n_keys;
};

/* A source as serve uses it. Unchanged as long as it is held. */
struct live_source {
    struct source source;
    char id_text[24];
    const struct route *route; /* NULL when this program has no such route */
    enum err err;              /* why it cannot be used: ERR_CONFIG (no route), ERR_SEAL...; then we cannot judge a sender */
    bool prepared;
    struct source_signing signing[SOURCE_SPECS_MAX]; /* by the index of route_verify_at */
    struct source_table *table;
};

/* Asks for the version every second. Borrows all. Returns owned. */
struct sources_parts {
    struct loop *loop;
    struct queue *queue;
    const struct clock *clock;
    const struct routes *routes;
    const struct seal *seal;
};
enum err sources_open(const struct sources_parts *parts, struct sources **out) MUST_CHECK;
/* Before queue_close. Sources that are still held stay until they are released. NULL is fine. */
void sources_close(struct sources *s);

/* True when Redis has answered once, with or without a snapshot. */
bool sources_loaded(const struct sources *s);
/* True when there is a snapshot: only then does an unknown key mean that there is no such source. */
bool sources_known(const struct sources *s);

/* Finds an enabled source and holds it; NULL when there is none. Opens its secrets at the first use. */
struct live_source *sources_hold(struct sources *s, struct str key);
/* The same by the public key of its visits; its secrets stay closed. NULL also when it takes no visits. */
struct live_source *sources_hold_visits(struct sources *s, struct str key);
/* NULL is fine. The table it came from is freed when it is an old one that nobody holds any more. */
void sources_release(struct live_source *live);

/* Opens one of its secrets. Returns owned. ERR_SEAL, ERR_MEMORY. */
enum err live_source_open(const struct live_source *live, const struct source_secret *of, struct secret **out) MUST_CHECK;
/* Appends the text sealed as a secret of this source (N10). */
enum err live_source_seal(const struct live_source *live, struct str text, struct buf *out) MUST_CHECK;

/* One who waits for a newer snapshot; lives in the asker. */
struct sources_wait {
    struct sources_wait *next, **at;
    void (*done)(void *arg, enum err err);
    void *arg;
    bool asked; /* the question that is out began after this one came */
};
/*
 * Asks for a newer snapshot; at most one question is out at a time. `done` is called from the loop: OK when the table is that
 * of a moment after this call, else the error. An error at once means that `done` is never called.
 */
enum err sources_ask(struct sources *s, struct sources_wait *wait, void (*done)(void *arg, enum err err), void *arg) MUST_CHECK;
/* Ends the wait, if it is one. */
void sources_forget(struct sources_wait *wait);

#endif
