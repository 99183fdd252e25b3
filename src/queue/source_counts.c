/* source_counts.c -- owns what was counted for sources and is not yet in Redis: added up by source and field, bounded. */
#include "queue/source_counts.h"

#include <stdlib.h>

enum { SLOTS = 2 * SOURCE_COUNTS_MAX, NAME_CHARS = 63 };

struct count {
    char source[NAME_CHARS + 1], field[NAME_CHARS + 1];
    int64_t value;
};

/* `slot` is an open-addressing table of places in `at`, plus one; 0 is empty. */
struct source_counts {
    struct count at[SOURCE_COUNTS_MAX];
    size_t n;
    uint16_t slot[SLOTS];
};

/* "last_at_us" and "last_at_us:<of what>": set, not added. */
static const struct str set_prefix = {"last_at_us", 10};

enum err source_counts_new(struct source_counts **out)
{
    *out = calloc(1, sizeof(**out));
    return *out ? OK : ERR_MEMORY;
}

void source_counts_free(struct source_counts *c)
{
    free(c);
}

/* FNV-1a. */
static uint32_t hash_add(uint32_t hash, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.p[i]) * 16777619u;
    return hash;
}

/* The slot where the pair is, or would be; the table is at most half full. */
static size_t find_slot(const struct source_counts *c, struct str source, struct str field)
{
    size_t i = hash_add(hash_add(2166136261u, source) * 16777619u, field) % SLOTS;

    while (c->slot[i]) {
        const struct count *at = &c->at[c->slot[i] - 1];

        if (str_eq(str_of(at->source), source) && str_eq(str_of(at->field), field))
            break;
        i = (i + 1) % SLOTS;
    }
    return i;
}

static void copy_name(char *to, struct str from)
{
    memcpy(to, from.p, from.len);
    to[from.len] = '\0';
}

bool source_counts_add(struct source_counts *c, struct str source_id, struct str field, int64_t by)
{
    size_t slot;
    struct count *at;

    if (source_id.len == 0 || source_id.len > NAME_CHARS || field.len == 0 || field.len > NAME_CHARS)
        return false;
    slot = find_slot(c, source_id, field);
    if (!c->slot[slot]) {
        if (c->n == SOURCE_COUNTS_MAX)
            return false;
        at = &c->at[c->n++];
        copy_name(at->source, source_id);
        copy_name(at->field, field);
        at->value = 0;
        c->slot[slot] = (uint16_t)c->n;
    }
    at = &c->at[c->slot[slot] - 1];
    at->value = str_starts(field, set_prefix) ? by : at->value + by;
    return true;
}

size_t source_counts_n(const struct source_counts *c)
{
    return c->n;
}

void source_counts_flush(struct source_counts *c,
                         bool (*send)(void *arg, struct str source_id, struct str field, int64_t value, bool set), void *arg)
{
    bool ok = true;

    while (c->n && ok) {
        const struct count *at = &c->at[c->n - 1];

        ok = send(arg, str_of(at->source), str_of(at->field), at->value, str_starts(str_of(at->field), set_prefix));
        if (ok)
            c->n--;
    }
    memset(c->slot, 0, sizeof(c->slot));
    for (size_t i = 0; i < c->n; i++)
        c->slot[find_slot(c, str_of(c->at[i].source), str_of(c->at[i].field))] = (uint16_t)(i + 1);
}
