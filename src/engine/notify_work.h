/* notify_work.h -- owns the attempts under way: notices claimed for their targets, sent, judged, settled. */
#ifndef ENGINE_NOTIFY_WORK_H
#define ENGINE_NOTIFY_WORK_H

#include "base/config.h"
#include "base/secret.h"
#include "net/loop.h"
#include "store/notice_work.h"

struct notify_work; /* belongs to the loop's thread */

/* Borrows all but the settings that it reads. `ended` is called when an answer waits to be settled. Returns owned. ERR_CONFIG; `why`
 * says which setting is wrong. */
enum err notify_work_new(const struct config *cfg, const struct clock *clock, struct loop *loop, const struct seal *seal,
                         void (*ended)(void *arg), void *arg, struct notify_work **out, struct buf *why) MUST_CHECK;
/* Drops what is under way: their leases end by themselves. NULL is fine. */
void notify_work_free(struct notify_work *work);

/* Claims what is due, as far as there is room in all and for each target, and sends it. Errors: those of the database; what was
 * claimed before is under way. */
enum err notify_work_start(struct notify_work *work, struct store *store) MUST_CHECK;
/* Records what ended since the last time; after an error it is there for the next. */
enum err notify_work_settle(struct notify_work *work, struct store *store) MUST_CHECK;
/* Ends what is under way and has the notices due at once. `store` NULL: when their leases end. */
void notify_work_give_back(struct notify_work *work, struct store *store);
/* Attempts that are not settled. */
size_t notify_work_under_way(const struct notify_work *work);

#endif
