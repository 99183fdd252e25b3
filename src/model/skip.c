/* skip.c -- owns which events are about nobody to write to: relays of marketplaces, drafts, private orders, staff (G5). */
#include "model/skip.h"

#include "model/apply.h"

static const char *const names[SKIP__COUNT] = {[SKIP_NOTHING] = "",
#define X(suffix, name, meaning) [SKIP_##suffix] = name,
                                               SKIP_REASONS(X)
#undef X
};

const char *skip_reason_name(enum skip_reason reason)
{
    return names[reason];
}

enum skip_reason skip_reason_parse(struct str name)
{
    for (enum skip_reason r = SKIP_NOTHING + 1; r < SKIP__COUNT; r++)
        if (str_eq(name, str_of(names[r])))
            return r;
    return SKIP_NOTHING;
}

/* True when `domain` is the pattern's, or below it. */
static bool is_within(struct str domain, struct str pattern)
{
    bool open = str_ends(pattern, STR(".*"));

    if (open)
        pattern.len--; /* the dot stays: what follows it may be anything */
    while (domain.len >= pattern.len) {
        if (open ? str_starts(domain, pattern) : str_eq(domain, pattern))
            return true;
        if (str_find(domain, '.') == domain.len)
            break;
        domain = str_from(domain, str_find(domain, '.') + 1);
    }
    return false;
}

enum skip_reason skip_find(const struct skip_rule *rules, struct str email)
{
    size_t at = email.len;
    struct str domain;

    while (at && email.p[at - 1] != '@')
        at--;
    domain = str_from(email, at);
    for (const struct skip_rule *r = rules; r && at; r = r->next)
        if (str_find(r->pattern, '@') < r->pattern.len ? str_eq(r->pattern, email) : is_within(domain, r->pattern))
            return r->reason;
    return SKIP_NOTHING;
}

/* Types that make or change a contact, an order or a cart. What takes back, as an unsubscription does, is never skipped. */
static bool can_be_skipped(enum event_type type)
{
    static const bool can[EVENT__COUNT] = {
        [EVENT_SIGNUP] = true,        [EVENT_FORM_SIGNUP] = true,  [EVENT_CUSTOMER_UPDATED] = true, [EVENT_ORDER_CREATED] = true,
        [EVENT_ORDER_UPDATED] = true, [EVENT_CART_UPDATED] = true, [EVENT_CART_ABANDONED] = true,   [EVENT_IDENTIFY] = true,
        [EVENT_SUBSCRIBE] = true,     [EVENT_IMPORTED] = true,     [EVENT_CONSENT_UPDATED] = true,
    };

    return can[type];
}

/* A refusal counts whoever says it (C2). */
static bool restricts(const struct event *event, enum member state)
{
    struct str word = event->m[state].is == PRESENT ? event->m[state].text : STR_NONE;

    return word.len && !str_eq(word, STR("subscribed")) && !str_eq(word, STR("pending")) && !str_eq(word, STR("none"));
}

enum skip_reason apply_skips(const struct apply *a)
{
    const struct event *e = a->event;
    const struct value *said = &e->m[M_SKIP], *status = &e->m[M_ORDER_STATUS];
    bool order = e->type == EVENT_ORDER_CREATED || e->type == EVENT_ORDER_UPDATED;

    if (!can_be_skipped(e->type) || restricts(e, M_CONSENT_EMAIL_STATE) || restricts(e, M_CONSENT_SMS_STATE))
        return SKIP_NOTHING;
    if (said->is == PRESENT)
        return skip_reason_parse(said->text);
    if (order && status->is == PRESENT && str_eq(status->text, STR("draft")))
        return SKIP_DRAFT;
    return a->ctx->source_id == SOURCE_OPERATOR ? SKIP_NOTHING : skip_find(a->policy->skips, a->refs->email);
}
