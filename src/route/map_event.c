/* map_event.c -- owns one event: its members filled by a rule, and what it cannot do without. */
#include "route/map_parts.h"

enum { DETAIL_MAX_BYTES = 600 };

/* Events about the customer; in all others the contact's members are a copy of what the platform knew at that moment. */
static bool is_about_customer(enum event_type type)
{
    static const bool about[EVENT__COUNT] = {
        [EVENT_SIGNUP] = true,   [EVENT_FORM_SIGNUP] = true, [EVENT_CUSTOMER_UPDATED] = true,
        [EVENT_IDENTIFY] = true, [EVENT_SUBSCRIBE] = true,   [EVENT_CONSENT_UPDATED] = true,
    };

    return about[type];
}

static void keep_what_a_copy_says(struct event *event)
{
    for (size_t i = 0; i < M__COUNT; i++)
        if (event->m[i].is == CLEARED && event_member_is_contact((enum member)i))
            event->m[i].is = ABSENT;
    if (event->tags_are == CLEARED)
        event->tags_are = ABSENT;
    for (size_t i = 0; i < event->n_fields; i++)
        if (event->fields[i].value.is == CLEARED)
            event->fields[i].value.is = ABSENT;
}

/* Without this member an event of the type can be tied to nothing; returns its name, or NULL when all is there. */
static const char *missing_member(const struct event *event)
{
    static const struct {
        enum event_type type;
        enum member member;
    } needed[] = {
        {EVENT_ORDER_CREATED, M_ORDER_ID},
        {EVENT_ORDER_UPDATED, M_ORDER_ID},
        {EVENT_ORDER_REFUNDED, M_ORDER_ID},
        {EVENT_CUSTOMER_MERGED, M_CONTACT_MERGED_ID},
    };

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (needed[i].type == event->type && event->m[needed[i].member].is != PRESENT)
            return event_member_name(needed[i].member);
    return NULL;
}

enum err map_event(const struct topic_rule *rule, enum event_type type, struct str topic, const struct scope *scope,
                   struct event *event, struct str *detail)
{
    struct map_problem problem = {STR_NONE};
    const char *missing;
    char line[DETAIL_MAX_BYTES];
    enum err err = OK;

    *event = (struct event){.type = type};
    for (size_t i = 0; i < rule->n && !err; i++)
        err = object_fill(rule->objects[i], scope, event, &problem);
    *detail = problem.detail;
    if (err)
        return err;
    if (!is_about_customer(type))
        keep_what_a_copy_says(event);
    if (type == EVENT_ACTIVITY && event->m[M_ACTIVITY_NAME].is != PRESENT)
        event->m[M_ACTIVITY_NAME] = (struct value){.is = PRESENT, .text = topic};
    missing = missing_member(event);
    if (!missing)
        return OK;
    snprintf(line, sizeof(line), "%s: missing, %s needs it", missing, event_type_name(type));
    *detail = arena_str(scope->arena, str_of(line));
    return detail->p ? ERR_TYPE : ERR_MEMORY;
}

enum err map_fetch(const struct topic_rule *rule, const struct scope *scope, struct map_fetch *fetch, struct str *detail)
{
    struct refusal refusal = {.wanted = "an id"};
    struct found found = {.kind = FOUND_NOTHING};
    char line[DETAIL_MAX_BYTES];
    enum err err = value_find(&rule->id, scope, &found, &refusal);

    *fetch = (struct map_fetch){.object = rule->objects[0]->name, .id = found.text};
    if (err && err != ERR_TYPE)
        return err;
    if (!err && found.kind == FOUND_TEXT && found.text.len <= FETCH_ID_MAX)
        return OK;
    snprintf(line, sizeof(line), "fetch %s: the id must be a text of 1 to %d bytes, not %s", fetch->object, FETCH_ID_MAX,
             err                        ? "a list or an object"
             : found.kind == FOUND_TEXT ? "a longer one"
                                        : "nothing");
    *detail = arena_str(scope->arena, str_of(line));
    return detail->p ? ERR_TYPE : ERR_MEMORY;
}
