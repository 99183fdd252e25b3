/* rate.h -- owns the token buckets of sources: how many deliveries a second, over all workers of the process. */
#ifndef ENGINE_RATE_H
#define ENGINE_RATE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct rate;

/* `per_second` deliveries, and as many at once. Returns owned. */
enum err rate_new(int64_t per_second, struct rate **out) MUST_CHECK;
void rate_free(struct rate *r);
/* Takes one token of a source (its id is positive); false when there is none. From any thread. `now_us` is monotonic. */
bool rate_take(struct rate *r, int64_t source_id, int64_t now_us) MUST_CHECK;

#endif
