/* apply_activity.c -- owns what an activity leaves: a line of the timeline, and nothing else. */
#include "model/apply.h"

/*
 * It makes no customer, no contact and no consent. Whose it is follows from the customer or address that it names, whenever that
 * becomes known (N5); it is known by its event's id, else by its delivery's key (D6, D7).
 */
void apply_activity(struct apply *a)
{
    struct str id = member_text(a, M_ID);
    struct activity *activity = scope_add(a->scope, &a->scope->activities, sizeof(*activity));

    if (!activity)
        return;
    activity->source_id = a->ctx->source_id;
    activity->id = id.len ? scope_join(a->scope, STR("e:"), id) : a->ctx->effect_key;
    activity->at_us = a->v.at_us;
    activity->subject = a->refs->subject;
    activity->address = a->refs->email;
    activity->name = member_text(a, M_ACTIVITY_NAME);
    activity->text = member_text(a, M_ACTIVITY_TEXT);
    activity->url = member_text(a, M_ACTIVITY_URL);
}
