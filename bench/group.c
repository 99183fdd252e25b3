/* group.c -- owns the measurement of grouping: milliseconds until it is known who is one contact, by the size and shape of the group. */
#include "base/clock.h"
#include "model/contact.h"

#include <stdio.h>

enum { ROUNDS = 20, ARENA_BYTES = 64 << 20 };

static struct id no_id(void *arg)
{
    (void)arg;
    return id_new(0);
}

static struct str numbered(struct arena *arena, const char *before, size_t n)
{
    char text[64];

    snprintf(text, sizeof(text), "%s%zu", before, n);
    return arena_str(arena, str_of(text));
}

static void add_claim(struct scope *s, size_t customer, size_t address)
{
    struct claim *claim = scope_add(s, &s->claims, sizeof(*claim));

    if (!claim)
        return;
    claim->source_id = 1;
    claim->subject = numbered(s->arena, "c:", customer);
    claim->address = numbered(s->arena, "a", address);
    claim->class = CLAIM_STRONG;
    claim->first_us = (int64_t)(customer + address);
}

/* `n` customers with one address, or each with one of its own and that of the next. */
static void fill(struct scope *s, size_t n, bool chain)
{
    for (size_t i = 0; i < n; i++) {
        struct customer *c = scope_add(s, &s->customers, sizeof(*c));
        struct address *a = chain || i == 0 ? scope_add(s, &s->addresses, sizeof(*a)) : NULL;

        if (c) {
            c->source_id = 1;
            c->subject = numbered(s->arena, "c:", i);
            c->external_id = str_from(c->subject, 2);
            c->email = STR("a0");
        }
        if (a)
            a->key = numbered(s->arena, "a", i);
        add_claim(s, i, chain ? i : 0);
        if (chain && i + 1 < n)
            add_claim(s, i, i + 1);
    }
}

/* Milliseconds, the best of ROUNDS; negative without memory. */
static double measure(struct arena *arena, size_t n, bool chain)
{
    static const struct event nothing;
    struct event_context ctx = {.event = &nothing, .new_id = no_id, .received_at_us = INT64_C(1714557600000000)};
    double best = -1;

    for (int i = 0; i < ROUNDS; i++) {
        struct scope s = {.arena = arena};
        int64_t start;
        double ms;

        fill(&s, n, chain);
        start = clock_mono_us(&clock_system);
        scope_group(&s, &ctx);
        ms = (double)(clock_mono_us(&clock_system) - start) / 1000;
        if (s.err)
            return -1;
        best = best < 0 || ms < best ? ms : best;
        arena_reset(arena);
    }
    return best;
}

int main(void)
{
    static const size_t sizes[] = {600, 1500, 2000, GROUP_NODES_MAX};
    struct arena arena;

    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        printf("%5zu customers: of one address %.2f ms, in a chain %.2f ms\n", sizes[i], measure(&arena, sizes[i], false),
               measure(&arena, sizes[i], true));
    arena_release(&arena);
    return 0;
}
