/* map.c -- owns the way from an entry to events: parse, elements, topic, dedupe key, then one event a rule or a batch element. Pure. */
#include "route/map_parts.h"

enum { DETAIL_MAX_BYTES = 600, TOPIC_SHOWN = 100, EVENTS_MAX = 5000 };

static const char reason_too_large[] = "too_large", reason_mapping[] = "mapping", reason_unknown[] = "unknown_topic";

/* One call's work. */
struct mapping {
    const struct route *route;
    const struct entry *entry;
    struct scope body; /* the whole */
    struct mapped *out;
    struct map_failure *failure; /* of the entry, or of the element in hand */
    size_t events_max, fetches_max, rejects_max;
};

/* With an arena as large as ROUTE_MAP_ARENA_BYTES only the machine can be out of memory; a smaller one that is mostly used up by
 * this entry would be used up again at every try, so the entry is too large for it. */
static enum err memory_or_too_large(struct mapping *m, size_t used_before)
{
    const struct arena *arena = m->body.arena;

    if (arena->max_bytes >= ROUTE_MAP_ARENA_BYTES || used_before > arena->max_bytes / 2)
        return ERR_MEMORY;
    m->failure->reason = reason_too_large;
    m->failure->detail = STR("the entry needs more memory than mapping may take");
    return ERR_SYNTAX;
}

#define fail(m, ...) map_fail((m)->failure, (m)->body.arena, __VA_ARGS__)

/* Makes room for `more` in a list of the whole; grows by doubling, so that 500 elements do not copy 500 times. */
static enum err make_room(struct arena *arena, void *list, size_t n, size_t more, size_t size, size_t *max)
{
    void **at = list, *grown;
    size_t wanted = n + more > 2 * *max ? n + more : 2 * *max;

    if (n + more <= *max)
        return OK;
    grown = arena_array(arena, wanted, size);
    if (!grown)
        return ERR_MEMORY;
    if (n)
        memcpy(grown, *at, n * size);
    *at = grown;
    *max = wanted;
    return OK;
}

static enum err room_for_events(struct mapping *m, size_t more)
{
    struct mapped *out = m->out;
    size_t places_max = m->events_max;
    enum err err = make_room(m->body.arena, &out->places, out->n, more, sizeof(*out->places), &places_max);

    if (!err)
        err = make_room(m->body.arena, &out->events, out->n, more, sizeof(*out->events), &m->events_max);
    return err;
}

static enum err add_reject(struct mapping *m, struct map_part *part, size_t index, const char *reason, struct str detail)
{
    struct mapped *out = m->out;
    enum err err = make_room(m->body.arena, &out->rejects, out->n_rejects, 1, sizeof(*out->rejects), &m->rejects_max);

    if (err)
        return err;
    out->rejects[out->n_rejects++] = (struct map_reject){.index = index, .reason = reason, .detail = detail};
    part->n_rejects++;
    return OK;
}

static void count_event(struct mapping *m, struct map_part *part, size_t place)
{
    m->out->places[m->out->n++] = place;
    part->n_events++;
}

/* Topic, dedupe key and time of one element, with what is known of the body. */
static enum err read_part(struct mapping *m, const struct scope *scope, struct element_place place, struct map_part *part)
{
    const struct delivery_form *form = &m->route->delivery;
    enum err err = OK;

    part->index = place.index;
    part->topic = m->entry->topic;
    if (part->topic.len == 0)
        err = delivery_topic(form, scope, &part->topic);
    if (!err)
        err = delivery_dedupe_key(form, scope, part->topic, m->entry, place, &part->dedupe_key);
    if (!err)
        err = delivery_time(form, scope, &part->provider_at_us);
    return err;
}

/* What one rule gives: an event, or an object to fetch. */
static enum err apply_rule(struct mapping *m, const struct topic_rule *rule, const struct scope *scope, struct map_part *part,
                           size_t number, struct str *detail)
{
    struct mapped *out = m->out;
    enum err err;

    if (!rule->is_fetch) {
        err = map_event(rule, rule->event, part->topic, scope, &out->events[out->n], detail);
        if (!err)
            count_event(m, part, part->index * TOPIC_RULES_MAX + number);
        return err;
    }
    err = make_room(m->body.arena, &out->fetches, out->n_fetches, 1, sizeof(*out->fetches), &m->fetches_max);
    if (!err)
        err = map_fetch(rule, scope, &out->fetches[out->n_fetches], detail);
    if (!err) {
        out->n_fetches++;
        part->n_fetches++;
    }
    return err;
}

static enum err map_rules(struct mapping *m, const struct topic *topic, const struct scope *scope, struct map_part *part)
{
    enum err err = room_for_events(m, topic->n);

    for (size_t i = 0; i < topic->n && !err; i++) {
        const struct topic_rule *rule = &topic->rules[i];
        struct str detail = STR_NONE;

        if (!conditions_hold(&rule->when, scope))
            continue;
        for (size_t c = 0; c < rule->needs.n; c++)
            if (!condition_holds(&rule->needs.at[c], scope))
                return fail(m, reason_mapping, "the body is none of this topic: see %.*s",
                            STR_ARG(str_upto(rule->needs.at[c].at.text, 200)));
        err = apply_rule(m, rule, scope, part, i, &detail);
        if (err == ERR_TYPE)
            return fail(m, reason_mapping, "%.*s", STR_ARG(detail));
    }
    return err;
}

/* Maps one event of a batch. On ERR_TYPE *reason and *detail say why. */
static enum err map_batch_event(struct mapping *m, const struct topic *topic, const struct scope *scope, struct map_part *part,
                                size_t index, const char **reason, struct str *detail)
{
    const struct jnode *type = pointer_follow(&topic->type, scope->node);
    struct str name = type && type->type == J_STRING ? type->text : STR_NONE;
    enum event_type event;
    char line[DETAIL_MAX_BYTES];
    enum err err;

    *reason = reason_unknown;
    if (!name.len || event_type_parse(name, &event)) {
        if (name.len)
            snprintf(line, sizeof(line), "no event type \"%.*s\"", STR_ARG(str_upto(name, TOPIC_SHOWN)));
        else
            snprintf(line, sizeof(line), "%.*s: the event's type is missing", STR_ARG(str_upto(topic->type.text, 200)));
        *detail = arena_str(scope->arena, str_of(line));
        return detail->p ? ERR_TYPE : ERR_MEMORY;
    }
    *reason = reason_mapping;
    err = map_event(&topic->rules[0], event, part->topic, scope, &m->out->events[m->out->n], detail);
    if (!err)
        count_event(m, part, index);
    return err;
}

static enum err map_batch_events(struct mapping *m, const struct topic *topic, const struct jnode *list, struct map_part *part)
{
    enum err err = room_for_events(m, list->n);
    size_t index = 0;

    for (const struct jnode *e = list->child; e && !err; e = e->next, index++) {
        struct scope *scope = arena_alloc(m->body.arena, sizeof(*scope));
        const char *reason = NULL;
        struct str detail;

        if (!scope)
            return ERR_MEMORY;
        *scope = scope_inner(&m->body, e);
        err = map_batch_event(m, topic, scope, part, index, &reason, &detail);
        if (err == ERR_TYPE) /* it alone; the others apply */
            err = add_reject(m, part, index, reason, detail);
    }
    return err;
}

static enum err map_batch(struct mapping *m, const struct topic *topic, struct map_part *part)
{
    const struct jnode *list = pointer_follow(&topic->batch, m->body.node);
    const char *reason;
    struct str detail;
    enum err err;

    if (list && list->type == J_ARRAY && list->n > topic->batch_max)
        return fail(m, reason_too_large, "%zu events, at most %zu in one delivery", list->n, topic->batch_max);
    if (list && list->type == J_ARRAY)
        return list->n ? map_batch_events(m, topic, list, part)
                       : fail(m, reason_mapping, "%.*s: no events", STR_ARG(topic->batch.text));
    err = room_for_events(m, 1);
    if (!err)
        err = map_batch_event(m, topic, &m->body, part, 0, &reason, &detail);
    return err == ERR_TYPE ? fail(m, reason, "%.*s", STR_ARG(detail)) : err;
}

static enum err map_topic(struct mapping *m, const struct scope *scope, struct map_part *part)
{
    const struct topic *topic = topics_find(&m->route->topics, part->topic);

    if (!part->topic.len)
        return fail(m, reason_unknown, "the delivery names no topic");
    if (!topic)
        return fail(m, reason_unknown, "topic \"%.*s\" is not in the route file", STR_ARG(str_upto(part->topic, TOPIC_SHOWN)));
    return topic->is_batch ? map_batch(m, topic, part) : map_rules(m, topic, scope, part);
}

/* Maps one element; what it gave is taken back when it cannot be mapped as a whole: it becomes a reject, the others apply. */
static enum err map_element(struct mapping *m, const struct scope *scope, struct map_part *part)
{
    size_t events = m->out->n, fetches = m->out->n_fetches;
    enum err err = map_topic(m, scope, part);

    if (err != ERR_SYNTAX)
        return err;
    m->out->n = events;
    m->out->n_fetches = fetches;
    part->n_events = part->n_fetches = 0;
    return add_reject(m, part, part->index, m->failure->reason, m->failure->detail);
}

static enum err map_elements(struct mapping *m, const struct elements *elements)
{
    enum err err = OK;

    m->out->parts = arena_array(m->body.arena, elements->n ? elements->n : 1, sizeof(*m->out->parts));
    if (!m->out->parts)
        return ERR_MEMORY;
    for (size_t i = 0; i < elements->n && !err; i++) {
        struct map_part *part = &m->out->parts[m->out->n_parts++];

        err = read_part(m, &elements->at[i], (struct element_place){.is_one_of = true, .index = i}, part);
        if (!err)
            err = map_element(m, &elements->at[i], part);
        if (!err && m->out->n > EVENTS_MAX)
            return fail(m, reason_too_large, "more than %d events in one delivery", EVENTS_MAX);
    }
    *m->failure = (struct map_failure){.reason = ""};
    return err;
}

/* The body is the one element: what it cannot say makes a dead letter of the entry. */
static enum err map_whole(struct mapping *m, enum err parsed)
{
    struct map_part *part = arena_alloc(m->body.arena, sizeof(*part));
    enum err err = part ? read_part(m, &m->body, (struct element_place){.is_one_of = false}, part) : ERR_MEMORY;

    if (!part)
        return err;
    m->out->parts = part;
    m->out->n_parts = 1;
    if (!err)
        err = parsed;
    return err ? err : map_topic(m, &m->body, part);
}

static enum err map_delivery(struct mapping *m)
{
    enum err parsed = body_parse(&m->route->body, m->entry, m->body.arena, &m->body.node, m->failure);
    struct elements elements = {.is_body = true};
    enum err err = parsed == ERR_MEMORY ? parsed : OK;

    if (!parsed)
        err = each_find(&m->route->each, &m->body, &elements);
    if (err == ERR_TOO_MANY)
        parsed = fail(m, reason_too_large, "more than %zu elements in one delivery", m->route->each.max);
    else if (err)
        return err;
    return parsed || (elements.is_body && elements.n == 1) ? map_whole(m, parsed) : map_elements(m, &elements);
}

/* A document that was fetched: its topic says the object, which says the mapping. Each fetch is a statement of its own. */
static enum err map_fetched(struct mapping *m)
{
    static const struct body_form json = {.kind = BODY_JSON};
    struct str object = str_from(m->entry->topic, strlen(ROUTE_TOPIC_FETCH));
    const struct topic_rule *rule = topics_find_fetch(&m->route->topics, object);
    struct map_part *part = arena_alloc(m->body.arena, sizeof(*part));
    static const struct delivery_form no_key = {.n_dedupe = 0};
    struct topic_rule event;
    struct topic topic = {.rules = &event, .n = 1};
    enum err err;

    if (!part)
        return ERR_MEMORY;
    m->out->parts = part;
    m->out->n_parts = 1;
    part->topic = m->entry->topic;
    err = delivery_dedupe_key(&no_key, &m->body, part->topic, m->entry, (struct element_place){.is_one_of = false},
                              &part->dedupe_key);
    if (err)
        return err;
    if (!rule)
        return fail(m, reason_unknown, "no topic of the route file fetches \"%.*s\"", STR_ARG(str_upto(object, TOPIC_SHOWN)));
    err = body_parse(&json, m->entry, m->body.arena, &m->body.node, m->failure);
    event = (struct topic_rule){.event = rule->event, .objects = {rule->objects[0]}, .n = 1};
    return err ? err : map_rules(m, &topic, &m->body, part);
}

enum err route_map(const struct route *route, const struct entry *entry, const json_t *config, struct arena *arena,
                   struct mapped *out, struct map_failure *failure)
{
    size_t used_before = arena->used_bytes;
    struct mapping m = {
        .route = route,
        .entry = entry,
        .body = {.node = NULL, .headers = entry->headers, .config = config, .arena = arena},
        .out = out,
        .failure = failure,
    };
    enum err err;

    *out = (struct mapped){.topic = STR_NONE};
    *failure = (struct map_failure){.reason = ""};
    err = topic_is_fetch(entry->topic) ? map_fetched(&m) : map_delivery(&m);
    out->topic = entry->topic;
    if (out->n_parts) {
        out->topic = out->parts[0].topic;
        out->dedupe_key = out->parts[0].dedupe_key;
        out->provider_at_us = out->parts[0].provider_at_us;
    }
    if (err == ERR_MEMORY)
        err = memory_or_too_large(&m, used_before);
    if (err)
        out->n = out->n_rejects = out->n_fetches = out->n_parts = 0;
    return err;
}
