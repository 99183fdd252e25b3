/* role_presence.c -- owns the command that shows a role as there: a key that lives for a while and holds the process's counters. */
#include "queue/role_presence.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

void role_presence_init(struct role_presence *p, struct str role, int64_t ttl_ms)
{
    p->key = key_role(role, (long)getpid());
    counters_write(p->counters);
    snprintf(p->ttl, sizeof(p->ttl), "%" PRId64, ttl_ms);
    p->args[0] = STR("SET");
    p->args[1] = key_str(&p->key);
    p->args[2] = str_of(p->counters);
    p->args[3] = STR("PX");
    p->args[4] = str_of(p->ttl);
}
