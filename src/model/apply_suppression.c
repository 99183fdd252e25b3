/* apply_suppression.c -- owns what keeps an address from being mailed whatever its consent, and what lifts it (C6, C9, C13). */
#include "model/apply.h"

static struct suppression *suppression_ensure(struct scope *s, struct str channel, struct str address, struct str reason)
{
    struct suppression *p;

    for (p = s->suppressions; p; p = p->next)
        if (str_eq(p->channel, channel) && str_eq(p->address, address) && str_eq(p->reason, reason))
            return p;
    p = scope_add(s, &s->suppressions, sizeof(*p));
    if (p)
        *p = (struct suppression){.next = p->next, .channel = channel, .address = address, .reason = reason, .at_us = INT64_MIN};
    return p;
}

bool suppression_take(struct scope *s, int64_t source_id, struct str channel, struct str address, struct str reason, int64_t at_us)
{
    struct suppression *p = suppression_ensure(s, channel, address, reason);
    bool is_new = p && p->at_us == INT64_MIN;

    if (!p || at_us < p->at_us || (at_us == p->at_us && source_id >= p->source_id))
        return false;
    p->at_us = at_us;
    p->source_id = source_id;
    p->changed = true;
    return is_new;
}

/* The words for consent that suppress the address, each with its rule. */
static const struct {
    struct str word;
    const char *rule;
} suppressing[] = {{{"invalid", 7}, "C13"}, {{"complaint", 9}, "C6"}, {{SUPPRESSION_HARD_BOUNCE, 11}, "C6"}};

bool apply_suppression(struct apply *a, struct str channel, struct str address, struct str word, int64_t at_us)
{
    for (size_t i = 0; i < sizeof(suppressing) / sizeof(*suppressing); i++) {
        if (!str_eq(word, suppressing[i].word))
            continue;
        if (address.len && suppression_take(a->scope, a->ctx->source_id, channel, address, suppressing[i].word, at_us))
            scope_note(a->scope, a->ctx, STR_NONE, suppressing[i].rule, "suppression", suppressing[i].word, STR_NONE, STR_NONE);
        return true;
    }
    return false;
}

static int64_t time_of(const struct scope *s, const struct suppression *of, struct str reason)
{
    for (const struct suppression *p = s->suppressions; p; p = p->next)
        if (str_eq(p->reason, reason) && str_eq(p->channel, of->channel) && str_eq(p->address, of->address))
            return p->at_us;
    return INT64_MIN;
}

/* What lifts a reason; of equal times the suppression stays. */
static const struct {
    struct str reason, lifted_by;
} lifting[] = {{{SUPPRESSION_HARD_BOUNCE, 11}, {SUPPRESSION_CONFIRMED, 9}}, {{SUPPRESSION_MANUAL, 6}, {SUPPRESSION_LIFTED, 6}}};

bool suppression_counts(const struct scope *s, const struct suppression *p)
{
    for (size_t i = 0; i < sizeof(lifting) / sizeof(*lifting); i++) {
        if (str_eq(p->reason, lifting[i].lifted_by))
            return false;
        if (str_eq(p->reason, lifting[i].reason))
            return time_of(s, p, lifting[i].lifted_by) <= p->at_us;
    }
    return true;
}

bool contact_suppress(struct scope *s, const struct event_context *ctx, struct str address, bool lift, struct str why)
{
    struct str reason = lift ? STR(SUPPRESSION_LIFTED) : STR(SUPPRESSION_MANUAL), channel = STR("email");
    struct suppression *manual = suppression_ensure(s, channel, address, STR(SUPPRESSION_MANUAL));
    int64_t at_us = ctx->received_at_us;
    bool was = manual && manual->at_us != INT64_MIN && suppression_counts(s, manual);

    if (!manual || was != lift)
        return false;
    if (lift && at_us <= manual->at_us) /* a clock that was set back */
        at_us = manual->at_us + 1;
    suppression_take(s, ctx->source_id, channel, address, reason, at_us);
    scope_note(s, ctx, STR_NONE, "C6", lift ? "suppression lifted" : "suppression", STR(SUPPRESSION_MANUAL), STR_NONE, why);
    return true;
}
