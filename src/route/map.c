/* map.c -- owns the way from an entry to events: parse, topic, dedupe key, then one event a rule or a batch element. Pure. */
#include "route/load.h"

#include <stdarg.h>

enum { DETAIL_MAX_BYTES = 600, TOPIC_SHOWN = 100 };

static const char reason_not_json[] = "not_json", reason_too_large[] = "too_large", reason_mapping[] = "mapping",
                  reason_unknown[] = "unknown_topic";

/* One call's work. */
struct mapping {
    const struct route *route;
    const struct entry *entry;
    struct scope scope;
    struct mapped *out;
    struct map_failure *failure;
};

/* Fills the failure; returns ERR_SYNTAX. */
static enum err fail(struct mapping *m, const char *reason, const char *format, ...) __attribute__((format(printf, 3, 4)));
static enum err fail(struct mapping *m, const char *reason, const char *format, ...)
{
    char line[DETAIL_MAX_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    m->failure->reason = reason;
    m->failure->detail = arena_str(m->scope.arena, str_of(line));
    return m->failure->detail.p ? ERR_SYNTAX : ERR_MEMORY;
}

/* With an arena as large as ROUTE_MAP_ARENA_BYTES only the machine can be out of memory; a smaller one that is mostly used up by
 * this entry would be used up again at every try, so the entry is too large for it. */
static enum err memory_or_too_large(struct mapping *m, size_t used_before)
{
    const struct arena *arena = m->scope.arena;

    if (arena->max_bytes >= ROUTE_MAP_ARENA_BYTES || used_before > arena->max_bytes / 2)
        return ERR_MEMORY;
    m->failure->reason = reason_too_large;
    m->failure->detail = STR("the entry needs more memory than mapping may take");
    return ERR_SYNTAX;
}

static enum err parse_body(struct mapping *m)
{
    struct jdoc_error why = {0, ""};
    const struct jnode *root = NULL;
    enum err err = jdoc_parse(m->scope.arena, m->entry->body, &jdoc_limits_default, &root, &why);

    if (!err)
        m->scope.node = root;
    if (!err || err == ERR_MEMORY)
        return err;
    return fail(m, err == ERR_TOO_LARGE ? reason_too_large : reason_not_json, "at byte %zu: %s", why.at, why.why);
}

/* Topic, dedupe key and time, with what is known of the body. */
static enum err read_delivery(struct mapping *m)
{
    const struct delivery_form *form = &m->route->delivery;
    struct str topic = m->entry->topic;
    enum err err = OK;

    if (topic.len == 0)
        err = delivery_topic(form, &m->scope, &topic);
    m->out->topic = topic;
    if (!err)
        err = delivery_dedupe_key(form, &m->scope, topic, m->entry, &m->out->dedupe_key);
    if (!err)
        err = delivery_time(form, &m->scope, &m->out->provider_at_us);
    return err;
}

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

/* Fills one event by its rule. ERR_TYPE with the reason in *detail. */
static enum err fill_event(const struct topic_rule *rule, enum event_type type, const struct scope *scope, struct event *event,
                           struct str *detail)
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
    missing = missing_member(event);
    if (!missing)
        return OK;
    snprintf(line, sizeof(line), "%s: missing, %s needs it", missing, event_type_name(type));
    *detail = arena_str(scope->arena, str_of(line));
    return detail->p ? ERR_TYPE : ERR_MEMORY;
}

static enum err map_rules(struct mapping *m, const struct topic *topic)
{
    struct event *events = arena_array(m->scope.arena, topic->n ? topic->n : 1, sizeof(*events));

    if (!events)
        return ERR_MEMORY;
    m->out->events = events;
    for (size_t i = 0; i < topic->n; i++) {
        const struct topic_rule *rule = &topic->rules[i];
        struct str detail;
        enum err err;

        if (!conditions_hold(&rule->when, m->scope.node))
            continue;
        for (size_t c = 0; c < rule->needs.n; c++)
            if (!condition_holds(&rule->needs.at[c], m->scope.node))
                return fail(m, reason_mapping, "the body is none of this topic: see %.*s",
                            STR_ARG(str_upto(rule->needs.at[c].at.text, 200)));
        err = fill_event(rule, rule->event, &m->scope, &events[m->out->n], &detail);
        if (err == ERR_TYPE)
            return fail(m, reason_mapping, "%.*s", STR_ARG(detail));
        if (err)
            return err;
        m->out->n++;
    }
    return OK;
}

/* Maps one element of a batch. On ERR_TYPE *reason and *detail say why. */
static enum err map_element(struct mapping *m, const struct topic *topic, const struct jnode *element, const char **reason,
                            struct str *detail)
{
    const struct jnode *type = pointer_follow(&topic->type, element);
    struct str name = type && type->type == J_STRING ? type->text : STR_NONE;
    struct scope scope = m->scope;
    enum event_type event;
    char line[DETAIL_MAX_BYTES];
    enum err err;

    *reason = reason_unknown;
    if (!name.len || event_type_parse(name, &event)) {
        if (name.len)
            snprintf(line, sizeof(line), "no event type \"%.*s\"", STR_ARG(str_upto(name, TOPIC_SHOWN)));
        else
            snprintf(line, sizeof(line), "%.*s: the event's type is missing", STR_ARG(str_upto(topic->type.text, 200)));
        *detail = arena_str(scope.arena, str_of(line));
        return detail->p ? ERR_TYPE : ERR_MEMORY;
    }
    *reason = reason_mapping;
    scope.node = element;
    err = fill_event(&topic->rules[0], event, &scope, &m->out->events[m->out->n], detail);
    if (!err)
        m->out->n++;
    return err;
}

static enum err map_elements(struct mapping *m, const struct topic *topic, const struct jnode *list)
{
    size_t index = 0;

    m->out->events = arena_array(m->scope.arena, list->n, sizeof(*m->out->events));
    m->out->rejects = arena_array(m->scope.arena, list->n, sizeof(*m->out->rejects));
    if (!m->out->events || !m->out->rejects)
        return ERR_MEMORY;
    for (const struct jnode *e = list->child; e; e = e->next, index++) {
        struct map_reject reject = {.index = index};
        enum err err = map_element(m, topic, e, &reject.reason, &reject.detail);

        if (err == ERR_TYPE)
            m->out->rejects[m->out->n_rejects++] = reject; /* it alone; the others apply */
        else if (err)
            return err;
    }
    return OK;
}

static enum err map_batch(struct mapping *m, const struct topic *topic)
{
    const struct jnode *list = pointer_follow(&topic->batch, m->scope.node);
    const char *reason;
    struct str detail;
    enum err err;

    if (list && list->type == J_ARRAY && list->n > topic->batch_max)
        return fail(m, reason_too_large, "%zu events, at most %zu in one delivery", list->n, topic->batch_max);
    if (list && list->type == J_ARRAY)
        return list->n ? map_elements(m, topic, list) : fail(m, reason_mapping, "%.*s: no events", STR_ARG(topic->batch.text));
    m->out->events = arena_array(m->scope.arena, 1, sizeof(*m->out->events));
    if (!m->out->events)
        return ERR_MEMORY;
    err = map_element(m, topic, m->scope.node, &reason, &detail);
    return err == ERR_TYPE ? fail(m, reason, "%.*s", STR_ARG(detail)) : err;
}

static enum err map_topic(struct mapping *m)
{
    const struct topic *topic = topics_find(&m->route->topics, m->out->topic);

    if (!m->out->topic.len)
        return fail(m, reason_unknown, "the delivery names no topic");
    if (!topic)
        return fail(m, reason_unknown, "topic \"%.*s\" is not in the route file", STR_ARG(str_upto(m->out->topic, TOPIC_SHOWN)));
    return topic->is_batch ? map_batch(m, topic) : map_rules(m, topic);
}

enum err route_map(const struct route *route, const struct entry *entry, struct arena *arena, struct mapped *out,
                   struct map_failure *failure)
{
    size_t used_before = arena->used_bytes;
    struct mapping m = {
        .route = route,
        .entry = entry,
        .scope = {.node = NULL, .headers = entry->headers, .arena = arena},
        .out = out,
        .failure = failure,
    };
    enum err parsed, err;

    *out = (struct mapped){.topic = STR_NONE};
    *failure = (struct map_failure){.reason = ""};
    parsed = parse_body(&m);
    err = parsed == ERR_MEMORY ? parsed : read_delivery(&m);
    if (!err)
        err = parsed;
    if (!err)
        err = map_topic(&m);
    if (err == ERR_MEMORY)
        err = memory_or_too_large(&m, used_before);
    if (err)
        out->n = out->n_rejects = 0;
    return err;
}
