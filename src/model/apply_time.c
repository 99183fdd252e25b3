/* apply_time.c -- owns the times that an event gives: which one orders it, and which are believed (O3, O7). */
#include "model/apply.h"

#include "base/clock.h"
#include "base/timefmt.h"

enum { FUTURE_S_MAX = 300 };                                    /* seconds ahead of receipt that are believed (O7) */
static const int64_t oldest_us = INT64_C(631152000) * US_PER_S; /* 1990-01-01; what is older is a clock that was never set */

static int64_t latest(const struct event_context *ctx)
{
    return ctx->received_at_us + FUTURE_S_MAX * US_PER_S;
}

int64_t clamp_time(const struct event_context *ctx, int64_t at_us)
{
    return at_us > latest(ctx) ? ctx->received_at_us : at_us;
}

/* Which member carries the modification time of what the event is about. */
static enum member time_member(enum event_type type)
{
    switch (type) {
    case EVENT_ORDER_CREATED:
    case EVENT_ORDER_UPDATED:
    case EVENT_ORDER_REFUNDED:
        return M_ORDER_UPDATED_AT;
    case EVENT_CART_UPDATED:
    case EVENT_CART_ABANDONED:
        return M_CART_UPDATED_AT;
    case EVENT_SUBSCRIBE:
    case EVENT_UNSUBSCRIBE:
        return M_AT;
    case EVENT_ACTIVITY:
        return M_OCCURRED_AT;
    default:
        return M_CONTACT_UPDATED_AT;
    }
}

int64_t event_time(const struct event_context *ctx)
{
    const struct event *e = ctx->event;
    const struct value *own = &e->m[time_member(e->type)], *occurred = &e->m[M_OCCURRED_AT];
    int64_t at = ctx->received_at_us;

    if (own->is == PRESENT)
        at = own->number;
    else if (occurred->is == PRESENT)
        at = occurred->number;
    else if (ctx->provider_at_us) /* O3: the trigger header */
        at = ctx->provider_at_us;
    return clamp_time(ctx, at);
}

int64_t member_time(const struct apply *a, enum member m)
{
    const struct value *v = &a->event->m[m];

    return v->is == PRESENT && v->number >= oldest_us ? clamp_time(a->ctx, v->number) : 0;
}

/* The times on which it depends what counts: an event with a wrong one of these is not to be believed at all. */
static bool decides(const struct event *event, enum member m)
{
    return m == time_member(event->type) || m == M_OCCURRED_AT || m == M_CONSENT_EMAIL_AT || m == M_CONSENT_SMS_AT;
}

static void note(struct apply *a, enum member m, const char *what, int64_t old_us, int64_t new_us)
{
    char text[TIME_ISO_CHARS + 1];
    struct str old = scope_join(a->scope, str_of(time_iso(old_us, text)), STR_NONE), new = STR_NONE;

    if (new_us)
        new = scope_join(a->scope, str_of(time_iso(new_us, text)), STR_NONE);
    scope_note(a->scope, a->ctx, STR_NONE, "O7", what, str_of(event_member_name(m)), old, new);
}

bool apply_refuses_times(struct apply *a)
{
    for (enum member m = 0; m < M__COUNT; m++) {
        const struct value *v = &a->event->m[m];

        if (v->is != PRESENT || event_member_type(m) != MEMBER_TIME)
            continue;
        if (v->number > latest(a->ctx)) {
            note(a, m, "time in the future counts as received", v->number, a->ctx->received_at_us);
        } else if (v->number < oldest_us && decides(a->event, m)) {
            apply_refuse(a, "bad_time", scope_join(a->scope, str_of(event_member_name(m)), STR(" is before 1990")));
            return true;
        } else if (v->number < oldest_us) {
            note(a, m, "time before 1990 ignored", v->number, 0);
        }
    }
    return false;
}
