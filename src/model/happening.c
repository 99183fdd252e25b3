/* happening.c -- owns the names of what can happen, which events start nothing, and what the sweep of carts finds (T1, K9, M9). */
#include "model/happening.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    const char *name, *help;
} kinds[HAPPENING__COUNT] = {
#define X(suffix, text, words) [HAPPENING_##suffix] = {.name = text, .help = words},
    HAPPENINGS(X)
#undef X
};

const char *happening_name(enum happening_kind kind)
{
    return kinds[kind].name;
}

const char *happening_help(enum happening_kind kind)
{
    return kinds[kind].help;
}

const char *const *happening_names(void)
{
    static const char *const list[] = {
#define X(suffix, text, words) text,
        HAPPENINGS(X)
#undef X
            NULL,
    };

    return list;
}

enum err happening_parse(struct str name, enum happening_kind *out)
{
    for (size_t i = 0; i < HAPPENING__COUNT; i++)
        if (str_eq(name, str_of(kinds[i].name))) {
            *out = (enum happening_kind)i;
            return OK;
        }
    return ERR_NOT_FOUND;
}

bool event_is_quiet(const struct event *event, bool replay, bool asked)
{
    const struct value *backfill = &event->m[M_BACKFILL];

    if (event->type == EVENT_CUSTOMER_MERGED) /* M9 */
        return true;
    if (asked)
        return false;
    return replay || event->type == EVENT_IMPORTED || (backfill->is == PRESENT && backfill->number);
}

static struct str cart_key(const struct cart_firing *f, struct arena *arena)
{
    const char *what = f->kind == FIRING_RECOVERED ? "recovered" : "abandoned";
    size_t size = f->cart_id.len + 80;
    char *p = arena_alloc(arena, size);
    int n =
        p ? snprintf(p, size, "cart:%" PRId64 ":%.*s:%" PRId64 ":%s", f->source_id, STR_ARG(f->cart_id), f->episode_us, what) : 0;

    return str_n(p, (size_t)n);
}

bool happening_of_cart(const struct cart_firing *f, const struct cart *cart, struct arena *arena, struct happening *out)
{
    if (f->quiet != NOT_QUIET)
        return false;
    *out = (struct happening){.kind = f->kind == FIRING_RECOVERED ? HAPPENING_CART_RECOVERED : HAPPENING_CART_ABANDONED,
                              .key = cart_key(f, arena),
                              .source_id = f->source_id,
                              .contact_id = f->contact_id,
                              .at_us = f->due_us,
                              .url = cart->url,
                              .order_id = f->order_id,
                              .cart_id = f->cart_id,
                              .items = cart->items,
                              .amount = cart->total,
                              .currency = cart->currency,
                              .mailable = f->mailable};
    return true;
}
