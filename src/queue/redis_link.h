/* redis_link.h -- owns one connection to Redis on an event loop: flush once a turn, deadlines, checks, reconnecting. */
#ifndef QUEUE_REDIS_LINK_H
#define QUEUE_REDIS_LINK_H

#include "base/clock.h"
#include "net/loop.h"
#include "queue/redis_conn.h"
#include "queue/redis_options.h"

struct redis_link;

/* How often a live server is asked again whether it keeps what it accepts; also the longest back-off between connects. */
enum { REDIS_CHECK_MS = 2000, REDIS_BACKOFF_MAX_MS = 2000 };

/* Starts to connect, and goes on for ever. `changed` is called when its state or trouble may be another. Borrows options and
 * clock. Returns owned. */
enum err redis_link_new(struct loop *loop, const struct clock *clock, const struct redis_options *options,
                        void (*changed)(void *arg), void *arg, struct redis_link **out) MUST_CHECK;
/* Unanswered commands get ERR_QUEUE_DOWN. NULL is fine. */
void redis_link_free(struct redis_link *l);

/* OK when it is up and the last checks were good; else ERR_QUEUE_DOWN or ERR_QUEUE_UNSAFE. */
enum err redis_link_state(const struct redis_link *l);
/* Why it is not OK, in words; "" when it is. */
const char *redis_link_trouble(const struct redis_link *l);

/* Sends one command with the next flush. Its answer comes later, from the loop. Errors: redis_link_state, ERR_TOO_LARGE,
 * ERR_MEMORY. */
enum err redis_link_command(struct redis_link *l, const struct str *args, size_t n, redis_reply_fn *fn, void *arg) MUST_CHECK;
size_t redis_link_unanswered_bytes(const struct redis_link *l);

#endif
