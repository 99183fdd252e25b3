/* arena.h -- owns memory that is given out piece by piece and freed all at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used_bytes; /* given out since the last reset */
    size_t max_bytes;  /* more than this is refused (N9) */
};

/* Allocates nothing yet. */
void arena_init(struct arena *a, size_t max_bytes);
/* Frees everything. NULL is fine. */
void arena_release(struct arena *a);
/* Takes back everything at once, keeps one block for the next round. */
void arena_reset(struct arena *a);
/* Returns zeroed memory aligned for any type, living until reset or release; NULL when the maximum or memory is reached. */
void *arena_alloc(struct arena *a, size_t bytes) MUST_CHECK;
/* As arena_alloc for n elements, checked against overflow. */
void *arena_array(struct arena *a, size_t n, size_t size) MUST_CHECK;
/* Copies s (and a NUL after it) into the arena; .p is NULL when it does not fit. */
struct str arena_str(struct arena *a, struct str s);

#endif
