/* replay.h -- owns the replay of a script: steps in, applied by the drainer's own batches to a database of their own, contacts out. */
#ifndef ENGINE_REPLAY_H
#define ENGINE_REPLAY_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "model/entry.h"
#include "route/route.h"

/* One run of a script. docs/replay.md says what a step may be. */
struct replay;

/* All is borrowed. */
struct replay_setting {
    const struct routes *routes;
    const struct clock *clock; /* says when the first step is received that does not say so itself */
    const char *url;           /* a database, several runs may share it; NULL: an SQLite file below `dir`, gone at the end */
    const char *dir;           /* where that is made; NULL: TMPDIR, else /tmp */
    int64_t cart_delay_us, cart_cooldown_us;
};

struct replay_figures {
    uint64_t deliveries; /* handed to the drainer, repetitions included */
    uint64_t batches, crashes, acts, refused_acts;
};

enum { REPLAY_STEP_BYTES_MAX = 4 << 20, REPLAY_BATCH_MAX = 64, REPLAY_SOURCES_MAX = 64 };

/* Makes the database. Errors: ERR_IO, those of the database; `why` says. Returns owned. */
enum err replay_open(const struct replay_setting *setting, struct replay **out, struct buf *why) MUST_CHECK;
/* Takes one step. ERR_SYNTAX for one that is none, with its reason in `why`; else what went wrong is no fault of the script. */
enum err replay_take(struct replay *r, json_t *step, struct buf *why) MUST_CHECK;
/*
 * Applies what waits for its batch to be full, and reads the end: {"contacts": [...], "dead": [...], "refused": [...]}: the
 * last are acts that could not be done. Contacts are as `contacts show
 * --json` prints them, without their ids, in the order of their text, so that two ends compare. Returns owned through `out`.
 */
enum err replay_end(struct replay *r, json_t **out, struct buf *why) MUST_CHECK;
const struct replay_figures *replay_figures_of(const struct replay *r);
/* NULL is fine. */
void replay_close(struct replay *r);

/*
 * Reads what a delivery step says of its entry: topic, body, headers; the source, the id and the time are the caller's. `name` is what
 * a delivery of our own protocol is known by when it comes again. In the arena. ERR_SYNTAX, ERR_MEMORY.
 */
enum err replay_entry_read(json_t *step, struct str name, struct arena *arena, struct entry *out, struct buf *why) MUST_CHECK;
/* True when the step is a delivery. */
bool replay_is_delivery(json_t *step);
/* Reads step[name] as a time; leaves *us when it is absent. ERR_SYNTAX. */
enum err replay_time(json_t *step, const char *name, int64_t *us, struct buf *why) MUST_CHECK;
/* Says what is wrong with a step: ERR_SYNTAX. */
enum err replay_wrong(struct buf *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends where two ends first part: a path and both values. False when they are equal. */
bool replay_difference(json_t *left, json_t *right, struct buf *out);

#endif
