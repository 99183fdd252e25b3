/* supervise.h -- owns the supervision of role processes: started, started again with back-off, stopped in order. */
#ifndef ENGINE_SUPERVISE_H
#define ENGINE_SUPERVISE_H

#include "engine/child.h"
#include "net/loop.h"

enum { SUPERVISED_MAX = 80 };

/* One role. Borrowed while the supervisor lives. */
struct role {
    const char *name;
    struct child_plan plan;
    int copies;
    int stop_rank;           /* lower ranks are stopped, and have ended, before higher ones are told */
    int64_t stop_timeout_ms; /* from SIGTERM to SIGKILL */
};

/*
 *   reported  a process printed "ready ..."; `line` is what stands after "ready". Comes again when it was started again.
 *   failed    a process ended by itself, with an exit code that is not 0, before it was ever ready: starting it again is no use.
 *             It is not started again; the reason stands on standard error.
 */
struct supervisor_handler {
    void (*reported)(void *arg, const struct role *role, struct str line);
    void (*failed)(void *arg, const struct role *role);
};

struct supervisor;
/* Borrows loop, clock and handler. Returns owned. */
enum err supervisor_new(struct loop *loop, const struct clock *clock, const struct supervisor_handler *handler, void *arg,
                        struct supervisor **out) MUST_CHECK;
/* Frees it; processes must have ended (supervisor_stop) or are killed. */
void supervisor_free(struct supervisor *s);
/* Starts the role's processes. A process that ends is started again after 100 ms, then twice as long each time up to 10 s; 30 s
 * of life start the count anew. ERR_NOT_FOUND, ERR_IO with `why`; ERR_TOO_MANY. */
enum err supervisor_start(struct supervisor *s, const struct role *role, struct buf *why) MUST_CHECK;
/* A role that does not report is ready when its user says so. */
void supervisor_mark_ready(struct supervisor *s, const struct role *role);
/* True when every process started so far is ready. */
bool supervisor_all_ready(const struct supervisor *s);
/* Stops rank after rank; calls `stopped` once, when the last has ended. May be called again, without effect. */
void supervisor_stop(struct supervisor *s, void (*stopped)(void *arg), void *arg);

#endif
