/* role_presence.h -- owns the command that shows a role as there: a key that lives for a while and holds the process's counters. */
#ifndef QUEUE_ROLE_PRESENCE_H
#define QUEUE_ROLE_PRESENCE_H

#include "base/counters.h"
#include "queue/keys.h"

enum { ROLE_PRESENCE_ARGS = 5 };

/* SET key counters PX ttl. `args` point into the struct, which must not move. */
struct role_presence {
    struct key key;
    char counters[COUNTERS_TEXT_BYTES], ttl[24];
    struct str args[ROLE_PRESENCE_ARGS];
};
/* For this process, with its counters as they stand now. */
void role_presence_init(struct role_presence *p, struct str role, int64_t ttl_ms);

#endif
