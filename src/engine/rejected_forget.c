/* rejected_forget.c -- owns the removal of samples of rejected deliveries that speak of an erased person (X2). */
#include "engine/rejected_forget.h"

#include "engine/rejected.h"

enum { SAMPLE_ARENA_BYTES = 4 << 20 };

struct search {
    const struct seal *seal;
    const struct str *addresses;
    size_t n;
};

/* What cannot be read might hold the address. */
static bool speaks_of(void *arg, struct str text)
{
    const struct search *search = arg;
    struct rejected sample;
    struct arena arena;
    bool holds;

    arena_init(&arena, SAMPLE_ARENA_BYTES);
    holds = rejected_read(search->seal, text, &arena, &sample) != OK;
    for (size_t i = 0; i < search->n && !holds; i++)
        holds = rejected_holds(&sample, search->addresses[i]);
    arena_release(&arena);
    return holds;
}

enum err rejected_forget(struct stream *stream, const struct seal *seal, const struct str *addresses, size_t n, size_t *removed)
{
    struct search search = {.seal = seal, .addresses = addresses, .n = n};

    return stream_rejected_all(stream, speaks_of, &search, removed);
}
