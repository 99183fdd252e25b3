/* apply_erased.c -- owns the question whether an event may be applied to a person that was erased (X3, C13). */
#include "model/apply.h"

static bool says(const struct event *event, const char *state)
{
    const struct value *v = &event->m[M_CONSENT_EMAIL_STATE];

    return v->is == PRESENT && str_eq(v->text, str_of(state));
}

bool event_erases(const struct event *event)
{
    return event->type == EVENT_ERASE ||
           (event->type != EVENT_ACTIVITY && event->type != EVENT_IMPORTED && says(event, "redacted"));
}

/* An explicit opt-in that is later than the erasure; no row of an import is one. */
static bool starts_again(const struct apply *a, bool of_customer)
{
    const struct event *e = a->event;

    if (e->type == EVENT_IMPORTED)
        return false;
    if (e->type == EVENT_SUBSCRIBE)
        return event_time(a->ctx) > a->ctx->erased_at_us;
    return (of_customer || e->type == EVENT_CONSENT_UPDATED) && says(e, "subscribed") &&
           member_time(a, M_CONSENT_EMAIL_AT) > a->ctx->erased_at_us;
}

/* The erasure left nothing of the person, so who is known was started again by such an opt-in. */
static bool was_started_again(const struct apply *a)
{
    return scope_customer(a->scope, a->ctx->source_id, a->refs->subject) || scope_address(a->scope, a->refs->email);
}

bool apply_is_erased(const struct apply *a, bool of_customer)
{
    if (a->ctx->erased_at_us == 0 || event_erases(a->event) || starts_again(a, of_customer))
        return false;
    return !(was_started_again(a) && event_time(a->ctx) > a->ctx->erased_at_us);
}
