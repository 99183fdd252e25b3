/* name_table.c -- owns finding a name's number at once. */
#include "model/name_table.h"

#include <assert.h>

enum { SLOTS_MIN = 16 };

enum err name_table_init(struct name_table *t, struct arena *arena, size_t max)
{
    t->n_slots = SLOTS_MIN;
    while (t->n_slots / 2 < max)
        t->n_slots *= 2;
    t->slots = arena_array(arena, t->n_slots, sizeof(*t->slots));
    return t->slots ? OK : ERR_MEMORY;
}

/* The name's slot, or the free one where it would be. */
static struct name *slot_of(const struct name_table *t, int64_t source_id, struct str text)
{
    uint64_t h = str_hash(STR_HASH ^ (uint64_t)source_id, text);
    size_t i = (size_t)(h ^ (h >> 29)) & (t->n_slots - 1), probes = 0;

    while (t->slots[i].used && !(t->slots[i].source_id == source_id && str_eq(t->slots[i].text, text))) {
        i = (i + 1) & (t->n_slots - 1);
        probes++;
        assert(probes < t->n_slots);
    }
    return &t->slots[i];
}

bool name_table_add(struct name_table *t, int64_t source_id, struct str text, size_t number)
{
    struct name *slot = slot_of(t, source_id, text);

    if (slot->used)
        return false;
    *slot = (struct name){.source_id = source_id, .text = text, .number = number, .used = true};
    return true;
}

bool name_table_find(const struct name_table *t, int64_t source_id, struct str text, size_t *number)
{
    const struct name *slot = slot_of(t, source_id, text);

    if (slot->used && number)
        *number = slot->number;
    return slot->used;
}
