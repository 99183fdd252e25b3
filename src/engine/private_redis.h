/* private_redis.h -- owns the Redis server of `storehook up`: its settings, its socket, and the one that may still be there. */
#ifndef ENGINE_PRIVATE_REDIS_H
#define ENGINE_PRIVATE_REDIS_H

#include "base/config.h"
#include "engine/supervise.h"

struct private_redis {
    char *argv[3];
    struct buf directory; /* it runs in */
    struct buf link;      /* the directory of a short name for the socket; empty when its own name is short enough */
    struct role role;
};

/* True when redis.url is a unix socket below the directory of state: then the server is ours to run. */
bool private_redis_wanted(const struct config *cfg);
/*
 * Writes DIR/redis.conf (unix socket only, appendfsync always, noeviction) and fills the role. Where the name of the socket is
 * too long for the kernel it makes a short one, notes it for commands (STATE_REDIS_URL) and sets redis.url to it.
 * `why` says what failed. The caller releases it, also after an error.
 */
enum err private_redis_prepare(struct config *cfg, struct private_redis *out, struct buf *why) MUST_CHECK;
void private_redis_release(struct private_redis *r, const struct config *cfg);
/* True while somebody answers on the socket: the server of an `up` that was killed, and that is still ending. */
bool private_redis_answers(const struct config *cfg);

#endif
