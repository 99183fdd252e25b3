/* loop.h -- owns the event loop (libevent): descriptors, timers, deferred calls, signals. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct loop_fd;
struct loop_timer;
struct loop_defer;
struct loop_signal;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* Returns owned. A loop belongs to one thread; only loop_wake may be called from another. */
enum err loop_new(struct loop **out) MUST_CHECK;
void loop_free(struct loop *loop);
/* Runs until loop_stop. */
enum err loop_run(struct loop *loop) MUST_CHECK;
/* Ends loop_run after the current turn. */
void loop_stop(struct loop *loop);
/* From any thread: calls `fn` with `arg` once in the loop's thread. */
void loop_wake(struct loop *loop, void (*fn)(void *arg), void *arg);

/* Watches a descriptor; LOOP_READ is persistent from the start. Does not own fd. Returns owned. */
enum err loop_fd_new(struct loop *loop, int fd, void (*ready)(void *arg, int events), void *arg, struct loop_fd **out) MUST_CHECK;
/* Changes what is watched: a mask of LOOP_READ and LOOP_WRITE, each persistent. Cheap when nothing changes. */
enum err loop_fd_watch(struct loop_fd *w, int events) MUST_CHECK;
void loop_fd_free(struct loop_fd *w);

/* One-shot timers on monotonic time; not running after new. */
enum err loop_timer_new(struct loop *loop, void (*fire)(void *arg), void *arg, struct loop_timer **out) MUST_CHECK;
/* (Re)starts it: fires once, `after_ms` from now. */
void loop_timer_start(struct loop_timer *t, int64_t after_ms);
void loop_timer_stop(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* A call at the end of the current loop turn, after every descriptor that is ready has been served; scheduling twice calls once. */
enum err loop_defer_new(struct loop *loop, void (*fn)(void *arg), void *arg, struct loop_defer **out) MUST_CHECK;
void loop_defer_schedule(struct loop_defer *d);
void loop_defer_free(struct loop_defer *d);

enum err loop_signal_new(struct loop *loop, int signal_number, void (*fn)(void *arg), void *arg,
                         struct loop_signal **out) MUST_CHECK;
void loop_signal_free(struct loop_signal *s);

#endif
