/* cart_find.c -- owns the decision at a cart's due moment: record it, look again later, or let it be (CA3, CA5, CA8, CA9, CA12, CA14). */
#include "model/view.h"

#include "base/clock.h"

static const int64_t late_us = INT64_C(24) * 3600 * US_PER_S; /* CA5 */

/* CA5: what was heard of a day after it was due is history. */
static bool is_late(const struct view_cart *v)
{
    const struct cart *c = v->cart;
    bool told = c->abandoned_us && c->abandoned_us >= c->active_us;

    return (told ? c->abandoned_received_us : c->active_received_us) > v->fire_us + late_us;
}

/* CA9: one of the contact's carts started something less than the cool-down ago. */
static bool is_cooling(const struct cart_firing *firings, int64_t cooldown_us, int64_t now_us)
{
    for (const struct cart_firing *f = firings; f; f = f->next)
        if (f->kind == FIRING_ABANDONED && f->quiet == NOT_QUIET && now_us - f->fired_us < cooldown_us)
            return true;
    return false;
}

static enum firing_quiet quiet_of(const struct view_cart *v, const struct view_source *source, const struct cart_firing *firings,
                                  int64_t now_us)
{
    if (v->fire_us < source->cart_first_us)
        return QUIET_OLD;
    if (is_late(v))
        return QUIET_LATE;
    return is_cooling(firings, source->cart_cooldown_us, now_us) ? QUIET_COOL_DOWN : NOT_QUIET;
}

struct cart_finding cart_find(const struct view_cart *v, const struct view_source *source, const struct cart_firing *firings,
                              int64_t look_us, int64_t now_us)
{
    if (!source || !source->enabled)
        return (struct cart_finding){.action = CART_SLEEP};
    if (v->of)
        return (struct cart_finding){.action = CART_RECORD_RECOVERED};
    if (v->fire_us == 0)
        return (struct cart_finding){.action = CART_SLEEP};
    if (v->fire_us > now_us || v->fire_us != look_us)
        return (struct cart_finding){.action = CART_LOOK_LATER, .look_us = v->fire_us};
    return (struct cart_finding){.action = CART_RECORD_ABANDONED, .quiet = quiet_of(v, source, firings, now_us)};
}
