/* consent.c -- owns consent: what was stated for one address, channel and list, and the state that follows (C1-C5, C7, C8). */
#include "model/consent.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const state_names[CONSENT__COUNT] = {
    [CONSENT_NONE] = "none",
    [CONSENT_PENDING] = "pending",
    [CONSENT_SUBSCRIBED] = "subscribed",
    [CONSENT_UNSUBSCRIBED] = "unsubscribed",
};

const char *consent_state_name(enum consent_state state)
{
    return state_names[state];
}

enum err consent_state_parse(struct str name, enum consent_state *out)
{
    for (size_t i = 0; i < CONSENT__COUNT; i++)
        if (str_eq(name, str_of(state_names[i]))) {
            *out = (enum consent_state)i;
            return OK;
        }
    return ERR_NOT_FOUND;
}

/* C2, C3, C5: an opt-in counts unless a restriction of its time or a later one is on file. */
static bool stands(const struct consent_register *opt_in, const struct consent_register *restrict_)
{
    return opt_in->set && !(restrict_->set && opt_in->at_us <= restrict_->at_us);
}

struct consent_verdict consent_resolve(const struct consent_register is[CONSENT_KIND__COUNT])
{
    const struct consent_register *restrict_ = &is[CONSENT_RESTRICT], *opt_in = &is[CONSENT_OPT_IN], *weak = &is[CONSENT_WEAK],
                                  *asked = &is[CONSENT_ASKED];

    if (stands(opt_in, restrict_))
        return (struct consent_verdict){.state = opt_in->state, .by = opt_in};
    if (stands(asked, restrict_)) /* C8 */
        return (struct consent_verdict){.state = CONSENT_PENDING, .by = asked};
    if (restrict_->set)
        return (struct consent_verdict){.state = CONSENT_UNSUBSCRIBED, .by = restrict_};
    if (weak->set) /* C4, N6: never over anything that was said before or after */
        return (struct consent_verdict){.state = weak->state, .by = weak};
    return (struct consent_verdict){.state = CONSENT_NONE, .by = NULL};
}

/* The later one; at equal times the more restrictive (pending under subscribed), then by what readers see of it, and only
 * then the later receipt: a total order that no order of arrival changes (N5). */
static bool is_later(const struct consent_register *a, const struct consent_register *b)
{
    if (a->at_us != b->at_us)
        return a->at_us > b->at_us;
    if (a->state != b->state)
        return a->state < b->state;
    if (a->confirmed != b->confirmed)
        return a->confirmed;
    if (a->source_id != b->source_id)
        return a->source_id < b->source_id;
    if (!str_eq(a->basis, b->basis))
        return str_cmp(a->basis, b->basis) < 0;
    return str_cmp(a->receipt, b->receipt) > 0;
}

bool consent_take(struct consent_register *reg, const struct consent_register *said)
{
    if (!said->set || (reg->set && !is_later(said, reg)))
        return false;
    *reg = *said;
    return true;
}

void consent_join(struct consent_register into[CONSENT_KIND__COUNT], const struct consent_register from[CONSENT_KIND__COUNT])
{
    for (size_t i = 0; i < CONSENT_KIND__COUNT; i++)
        consent_take(&into[i], &from[i]);
}

struct str consent_subject_address(struct arena *arena, int64_t source_id, struct str subject)
{
    char number[24];
    size_t n = (size_t)snprintf(number, sizeof(number), "#%" PRId64 ":", source_id);
    char *p = arena_alloc(arena, n + subject.len + 1);

    if (!p)
        return STR_NONE;
    memcpy(p, number, n);
    if (subject.len)
        memcpy(p + n, subject.p, subject.len);
    return str_n(p, n + subject.len);
}
