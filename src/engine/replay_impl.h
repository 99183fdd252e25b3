/* replay_impl.h -- owns what the parts of a replay share; not for use outside of src/engine/replay*.c. */
#ifndef ENGINE_REPLAY_IMPL_H
#define ENGINE_REPLAY_IMPL_H

#include "base/arena.h"
#include "base/secret.h"
#include "engine/drain.h"
#include "engine/replay.h"

/* A delivery of the script; it may come again. */
struct replay_delivery {
    struct replay_delivery *next;
    struct str name;
    struct entry entry; /* without its id and time */
    char entry_id[33];  /* of the last time that it came */
    int64_t received_us;
    size_t times;
};

struct replay_source {
    struct str name;
    int64_t id;
};

struct replay {
    struct replay_setting setting;
    char dir[256], url[4096]; /* dir: made for this run, empty: none was */
    struct store *store;
    struct seal *seal;
    int64_t now_us;
    struct clock clock;
    struct arena arena; /* lives as long as the run */
    struct replay_source sources[REPLAY_SOURCES_MAX];
    size_t n_sources, n_steps;
    struct replay_delivery *deliveries;
    struct claimed pending[REPLAY_BATCH_MAX];
    size_t n_pending, batch_size;
    int64_t crash_at; /* the process that applies the batch dies at this look at its clock; 0: it does not */
    json_t *dead, *refused;
    struct replay_figures figures;
};

/* Hands the pending entries to the drainer. */
enum err replay_flush(struct replay *r, struct buf *why) MUST_CHECK;
/* Does what an operator or a timer does: merge, unmerge, edit, sweep, forget. True when the step is one of them. */
bool replay_is_act(json_t *step);
enum err replay_act(struct replay *r, json_t *step, struct buf *why) MUST_CHECK;

#endif
