/* state.h -- owns the directory of state: what is made in it at the first start, and what running roles leave in it for others. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "base/config.h"

/* Notes that `up` leaves in DIR/run while it runs, so that commands find the roles. */
#define STATE_HTTPS_URL "https.url"
#define STATE_ADMIN_URL "admin.url"
#define STATE_REDIS_URL "redis.url"

/* Makes the directory (0700) when it is missing, and takes its lock, which the kernel gives back when this process ends.
 * ERR_EXISTS when another process has it. *fd stays open for as long as the lock is held. */
enum err state_lock(const struct config *cfg, int *fd, struct buf *why) MUST_CHECK;
/* Makes what is missing: the directory (0700), its parts, the master key, the certificate. `why` names what failed. */
enum err state_prepare(const struct config *cfg, struct buf *why) MUST_CHECK;
/* Says in `why` that the master key is not the one which the secrets are sealed with, and what to do. */
void state_explain_key(const struct config *cfg, struct buf *why);
/* Writes a note so that a reader sees the old text or the new one, never a part. */
enum err state_write(const struct config *cfg, const char *note, struct str text) MUST_CHECK;
/* Appends the note's text. ERR_NOT_FOUND when there is none. */
enum err state_read(const struct config *cfg, const char *note, struct buf *out) MUST_CHECK;
void state_forget(const struct config *cfg, const char *note);
/* Appends DIR/name. */
enum err state_path(const struct config *cfg, const char *name, struct buf *out) MUST_CHECK;

#endif
