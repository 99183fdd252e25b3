/* rate.c -- owns the token buckets of sources: how many deliveries a second, over all workers of the process. */
#include "engine/rate.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 16, USED_MAX = SLOTS / 4 * 3 };

struct bucket {
    int64_t source_id; /* 0 = empty */
    int64_t filled_us; /* the moment when it was, or will be, empty of debt: tokens = (now - filled) * rate */
};

struct rate {
    pthread_mutex_t lock;
    int64_t token_us; /* time that makes one token */
    size_t used;
    struct bucket slot[SLOTS];
};

enum err rate_new(int64_t per_second, struct rate **out)
{
    struct rate *r = calloc(1, sizeof(*r));

    if (!r)
        return ERR_MEMORY;
    r->token_us = US_PER_S / (per_second > 0 ? per_second : 1);
    if (r->token_us == 0)
        r->token_us = 1;
    pthread_mutex_init(&r->lock, NULL);
    *out = r;
    return OK;
}

void rate_free(struct rate *r)
{
    if (!r)
        return;
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* When too many sources were seen, all start with full buckets again: memory stays bounded (N9), nobody is refused wrongly. */
static struct bucket *find_bucket(struct rate *r, int64_t source_id, int64_t now_us)
{
    size_t i = (size_t)((uint64_t)source_id * UINT64_C(0x9E3779B97F4A7C15) >> 48) % SLOTS;

    while (r->slot[i].source_id && r->slot[i].source_id != source_id)
        i = (i + 1) % SLOTS;
    if (r->slot[i].source_id == 0 && r->used == USED_MAX) {
        memset(r->slot, 0, sizeof(r->slot));
        r->used = 0;
    }
    if (r->slot[i].source_id == 0) {
        r->slot[i] = (struct bucket){.source_id = source_id, .filled_us = now_us - US_PER_S};
        r->used++;
    }
    return &r->slot[i];
}

bool rate_take(struct rate *r, int64_t source_id, int64_t now_us)
{
    struct bucket *b;
    bool ok;

    pthread_mutex_lock(&r->lock);
    b = find_bucket(r, source_id, now_us);
    if (b->filled_us < now_us - US_PER_S) /* full: a second's worth */
        b->filled_us = now_us - US_PER_S;
    ok = b->filled_us + r->token_us <= now_us;
    if (ok)
        b->filled_us += r->token_us;
    pthread_mutex_unlock(&r->lock);
    return ok;
}
