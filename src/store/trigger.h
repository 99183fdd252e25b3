/* trigger.h -- owns the triggers in the database: added, listed, read by the drainer, counted. */
#ifndef STORE_TRIGGER_H
#define STORE_TRIGGER_H

#include "model/trigger.h"
#include "store/store.h"

enum { TRIGGERS_MAX = 200 }; /* an account: each batch of the drainer reads those that are enabled */

/* What is stored of one. In the arena. */
struct trigger_row {
    int64_t id, created_us;
    struct str name, kind;
    struct str conditions, actions; /* JSON */
    bool enabled;
    uint64_t fired;        /* how often, ever */
    int64_t last_fired_us; /* 0 = never, or too long ago */
};

/* Adds one, enabled. ERR_EXISTS (name), ERR_TOO_MANY, those of the database. */
enum err trigger_add(struct store *store, struct str name, enum happening_kind on, struct str conditions,
                     struct str actions) MUST_CHECK;
/* All that are not removed, by name, at most TRIGGERS_MAX, with their counts. */
enum err trigger_list(struct store *store, struct arena *arena, struct trigger_row **out, size_t *n) MUST_CHECK;
/* By name. ERR_NOT_FOUND. */
enum err trigger_find(struct store *store, struct str name, struct arena *arena, struct trigger_row *out) MUST_CHECK;
/* Both ERR_NOT_FOUND. */
enum err trigger_set_enabled(struct store *store, struct str name, bool enabled) MUST_CHECK;
enum err trigger_remove(struct store *store, struct str name) MUST_CHECK;

/* The enabled triggers of one account, read once for many events. */
struct trigger_set {
    int64_t account_id; /* 0 = not loaded */
    struct trigger *at;
    size_t n;
    unsigned kinds; /* set of HAPPENING_BIT */
};
/* One that cannot be read, written by a newer program, does not fire; the log says so. In the arena. */
enum err trigger_load_set(struct store *store, struct arena *arena, struct trigger_set *out) MUST_CHECK;

/* One firing. In the arena. */
struct trigger_firing {
    int64_t trigger_id, source_id;
    struct str effect, contact_id;
    struct str did; /* what its actions did, for people */
    int64_t at_us;  /* of what happened */
    int64_t fired_us;
};
/* Notes it, with a line in the ledger under `kind`, in the caller's transaction (N4); *first is false when it fired for the effect before:
 * then nothing is to be done (T4, D7). */
enum err trigger_fire(struct store *store, const struct trigger *t, const struct happening *h, struct str delivery_id,
                      bool *first) MUST_CHECK;
/* What its actions did. */
enum err trigger_did(struct store *store, int64_t trigger_id, struct str effect, struct str did) MUST_CHECK;
/* The latest `max` of a trigger, the latest first. */
enum err trigger_firings(struct store *store, int64_t trigger_id, size_t max, struct arena *arena, struct trigger_firing **out,
                         size_t *n) MUST_CHECK;

/* A contact that is to be taken into an autoresponder cycle. In the arena. */
struct cycle_start {
    struct str id, contact_id, address, cycle;
    struct str because; /* "trigger welcome", "import" */
    int64_t day, source_id, at_us;
};
/* Notes it in the caller's transaction; `id` and `at_us` are made here. */
enum err cycle_start_put(struct store *store, const struct cycle_start *start) MUST_CHECK;
/* Up to `max`, those after the id `after` (empty: from the start), in the order of their making. */
enum err cycle_start_list(struct store *store, struct str after, size_t max, struct arena *arena, struct cycle_start **out,
                          size_t *n) MUST_CHECK;

enum { TRIGGER_FORGET_MAX = 5000 };
/* Forgets firings and cycle starts of before `before_us`, TRIGGER_FORGET_MAX of each at most (N9); how many is kept with the trigger. */
enum err trigger_forget(struct store *store, int64_t before_us, bool *more) MUST_CHECK;

#endif
