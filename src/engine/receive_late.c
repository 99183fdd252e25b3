/* receive_late.c -- owns the wait of a request whose secret a handshake brought a moment ago: the drainer may not have published it. */
/*
 * A platform that hands over its secret goes on at once with a request signed by it (Shopware's confirmation). So one that does not
 * verify is judged again with newer snapshots for a moment, on sources where a handshake makes the secret. Bounded by time and
 * number (N9); past either it is refused as any other.
 */
#include "engine/receipt.h"

#include <stdlib.h>

enum { LATE_MAX = 16, LATE_MS = 2000, AGAIN_MS = 50 };

struct receipt_late {
    struct loop_timer *timer;
    int64_t until_us; /* monotonic */
};

static void fired(void *arg)
{
    receipt_judge_again(arg);
}

static enum err start(struct receipt *p)
{
    struct receipt_late *late = p->r->n_late < LATE_MAX ? calloc(1, sizeof(*late)) : NULL;
    enum err err = late ? loop_timer_new(p->r->parts.loop, fired, p, &late->timer) : ERR_MEMORY;

    if (err) {
        free(late);
        return err;
    }
    late->until_us = clock_mono_us(p->r->parts.clock) + LATE_MS * US_PER_MS;
    p->late = late;
    p->r->n_late++;
    return OK;
}

bool receipt_late(struct receipt *p, enum err refused)
{
    if (refused != ERR_SIGNATURE || !p->signing || !route_captures(p->live->route, verify_spec_secret_name(p->signing->spec)))
        return false;
    if (!p->late && start(p))
        return false;
    if (clock_mono_us(p->r->parts.clock) >= p->late->until_us)
        return false;
    receipt_wait(p);
    loop_timer_start(p->late->timer, AGAIN_MS);
    return true;
}

void receipt_late_end(struct receipt *p)
{
    if (!p->late)
        return;
    loop_timer_free(p->late->timer);
    free(p->late);
    p->late = NULL;
    p->r->n_late--;
}
