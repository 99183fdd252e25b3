/* arena.c -- owns memory that is given out piece by piece and freed all at once. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 16 << 10 };

struct arena_block {
    struct arena_block *next;
    size_t used, cap;
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t max_bytes)
{
    *a = (struct arena){.head = NULL, .used_bytes = 0, .max_bytes = max_bytes};
}

void arena_release(struct arena *a)
{
    if (!a)
        return;
    for (struct arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    arena_init(a, a->max_bytes);
}

void arena_reset(struct arena *a)
{
    struct arena_block *keep = a->head;

    if (keep) {
        a->head = keep->next;
        arena_release(a);
        keep->next = NULL;
        keep->used = 0;
        a->head = keep;
    }
    a->used_bytes = 0;
}

static struct arena_block *block_new(size_t need)
{
    size_t cap = need > BLOCK_BYTES ? need : BLOCK_BYTES;
    struct arena_block *b = cap <= SIZE_MAX - sizeof(*b) ? malloc(sizeof(*b) + cap) : NULL;

    if (b)
        *b = (struct arena_block){.next = NULL, .used = 0, .cap = cap};
    return b;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    size_t align = alignof(max_align_t);
    struct arena_block *b = a->head;
    void *p;

    if (bytes > a->max_bytes || bytes > SIZE_MAX - align)
        return NULL;
    bytes = bytes ? (bytes + align - 1) / align * align : align;
    if (a->max_bytes - a->used_bytes < bytes)
        return NULL;
    if (!b || b->cap - b->used < bytes) {
        b = block_new(bytes);
        if (!b)
            return NULL;
        b->next = a->head;
        a->head = b;
    }
    p = b->bytes + b->used;
    b->used += bytes;
    a->used_bytes += bytes;
    memset(p, 0, bytes);
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        return NULL;
    return arena_alloc(a, n * size);
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;

    if (!p)
        return STR_NONE;
    if (s.len)
        memcpy(p, s.p, s.len);
    return (struct str){.p = p, .len = s.len};
}
