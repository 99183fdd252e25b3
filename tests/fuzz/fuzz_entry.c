/* fuzz_entry.c -- feeds the entry decoder: the input is "name NUL value NUL" pairs; what is read must be written back alike. */
#include "queue/entry_codec.h"

#include <stdlib.h>

enum { PAIRS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t cut_pairs(struct str rest, struct field *pairs)
{
    struct str name, value;
    size_t n = 0;

    while (n < PAIRS && str_split(&rest, '\0', &name) && str_split(&rest, '\0', &value))
        pairs[n++] = (struct field){.name = name, .value = value};
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct field pairs[PAIRS];
    struct entry_pairs again;
    struct entry first, second;
    struct arena arena;

    arena_init(&arena, 1 << 20);
    if (!entry_decode(pairs, cut_pairs(str_n(data, size), pairs), &arena, &first) && !entry_encode(&first, &again) &&
        (entry_decode(again.at, again.n, &arena, &second) || !str_eq(first.id, second.id) || !str_eq(first.body, second.body) ||
         first.headers.n != second.headers.n || first.received_at_us != second.received_at_us || first.replay != second.replay))
        abort();
    arena_release(&arena);
    return 0;
}
