/* topic.c -- owns the table of topics. */
#include "route/topic.h"

enum { BATCH_MAX = 1000, BATCH_DEFAULT = 500 };

static const char *const lanes[] = {"urgent", "live", "bulk", NULL};

static void unknown_object(struct reader *r, const struct place *p, struct str name, const struct object_forms *objects)
{
    const char *near = NULL;
    size_t best = 4;

    for (size_t i = 0; i < objects->n; i++) {
        size_t distance = str_distance(name, str_of(objects->at[i].name), 3);

        if (distance < best) {
            best = distance;
            near = objects->at[i].name;
        }
    }
    if (near)
        read_problem(r, p, "no object \"%.*s\" in objects (did you mean %s?)", STR_ARG(str_upto(name, 80)), near);
    else
        read_problem(r, p, "no object \"%.*s\" in objects", STR_ARG(str_upto(name, 80)));
}

/* Reads the name of an object, or a list of names that are filled in turn. */
static bool read_objects(struct reader *r, const struct place *p, const struct object_forms *objects, struct topic_rule *out)
{
    bool list = json_is_array(p->json), good = true;
    size_t n = list ? json_array_size(p->json) : 1;

    if (n == 0 || n > TOPIC_OBJECTS_MAX) {
        read_problem(r, p, "a list of objects has 1 to %d names", TOPIC_OBJECTS_MAX);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct place element = list ? place_element(p, i) : *p;
        struct str name = read_text(r, &element);

        out->objects[i] = name.len ? objects_find(objects, name) : NULL;
        if (name.len && !out->objects[i])
            unknown_object(r, &element, name, objects);
        good &= out->objects[i] != NULL;
    }
    out->n = n;
    return good;
}

static bool read_lane(struct reader *r, const struct place *p, enum lane *lane)
{
    size_t index;

    if (!place_given(p))
        return true;
    if (!read_choice(r, p, lanes, &index))
        return false;
    *lane = (enum lane)index < *lane ? (enum lane)index : *lane; /* the most urgent of a topic's events decides */
    return true;
}

static bool read_event(struct reader *r, const struct place *p, enum event_type *out)
{
    struct str name = read_text(r, p);
    const char *near;

    if (name.len == 0)
        return false;
    if (event_type_parse(name, out) == OK)
        return true;
    near = nearest_name(name, event_type_names());
    if (near)
        read_problem(r, p, "\"%.*s\" is no event type (did you mean %s?)", STR_ARG(str_upto(name, 80)), near);
    else
        read_problem(r, p, "\"%.*s\" is no event type", STR_ARG(str_upto(name, 80)));
    return false;
}

/* The object that is fetched, its id, and the event that the document will be. */
static bool read_fetch(struct reader *r, const struct place *p, const struct object_forms *objects, struct topic_rule *out)
{
    struct place fetch = place_member(p, "fetch"), id = place_member(p, "id"), object = place_member(p, "object");
    bool good;

    out->is_fetch = true;
    if (place_given(&object)) {
        read_problem(r, &object, "\"fetch\" names the object");
        return false;
    }
    if (json_is_array(fetch.json)) {
        read_unexpected(r, &fetch, "the name of one object");
        return false;
    }
    good = read_objects(r, &fetch, objects, out);
    if (!place_given(&id)) {
        read_unexpected(r, &id, "a value");
        return false;
    }
    return value_read(r, &id, &out->id) && good;
}

/* Events that may say nothing but that they were: they need no object. */
static bool needs_object(enum event_type event)
{
    return event != EVENT_PING && event != EVENT_SOURCE_ERASE && event != EVENT_ACTIVITY;
}

static bool read_rule(struct reader *r, const struct place *p, const struct object_forms *objects, struct topic_rule *out,
                      enum lane *lane)
{
    static const char *const known[] = {"event", "object", "fetch", "id", "lane", "when", "needs", NULL};
    struct place event = place_member(p, "event"), object = place_member(p, "object"), fetch = place_member(p, "fetch"),
                 id = place_member(p, "id"), urgency = place_member(p, "lane"), when = place_member(p, "when"),
                 needs = place_member(p, "needs");
    bool good;

    if (!read_members(r, p, known))
        return false;
    good = read_event(r, &event, &out->event);
    if (place_given(&fetch))
        good &= read_fetch(r, p, objects, out);
    else if (place_given(&object) || needs_object(out->event))
        good &= read_objects(r, &object, objects, out);
    if (place_given(&id) && !place_given(&fetch)) {
        read_problem(r, &id, "needs \"fetch\"");
        good = false;
    }
    good &= read_lane(r, &urgency, lane);
    if (place_given(&when))
        good &= conditions_read(r, &when, &out->when);
    if (place_given(&needs))
        good &= conditions_read(r, &needs, &out->needs);
    return good;
}

static bool read_batch(struct reader *r, const struct place *p, const struct object_forms *objects, struct topic *out)
{
    static const char *const known[] = {"batch", "type", "object", "lane", "max", NULL};
    struct topic_rule *rule = read_array(r, 1, sizeof(*rule));
    struct place batch, type, object, lane, max;
    bool good;

    if (!rule || !read_members(r, p, known))
        return false;
    batch = place_member(p, "batch");
    type = place_member(p, "type");
    object = place_member(p, "object");
    lane = place_member(p, "lane");
    max = place_member(p, "max");
    out->is_batch = true;
    out->batch_max = (size_t)read_int(r, &max, 1, BATCH_MAX, BATCH_DEFAULT);
    good = pointer_read(r, &batch, &out->batch);
    good &= place_given(&type) ? pointer_read(r, &type, &out->type) : read_text(r, &type).len > 0;
    good &= read_objects(r, &object, objects, rule);
    good &= read_lane(r, &lane, &out->lane);
    out->rules = rule;
    out->n = 1;
    return good;
}

static bool read_rules(struct reader *r, const struct place *p, const struct object_forms *objects, struct topic *out)
{
    bool list = json_is_array(p->json), good = true;
    size_t n = list ? json_array_size(p->json) : 1;
    struct topic_rule *rules;

    if (n > TOPIC_RULES_MAX) {
        read_problem(r, p, "a topic has at most %d rules", TOPIC_RULES_MAX);
        return false;
    }
    rules = read_array(r, n, sizeof(*rules));
    if (!rules)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct place element = list ? place_element(p, i) : *p;

        good &= read_rule(r, &element, objects, &rules[i], &out->lane);
    }
    out->rules = rules;
    out->n = n;
    return good;
}

/* A "*" stands at the end of a name only. */
static bool read_name(struct reader *r, const struct place *p, struct topic *out)
{
    struct str name = str_of(p->name);
    size_t star = str_find(name, '*');

    out->name = p->name;
    out->is_pattern = star + 1 == name.len;
    if (star + 1 < name.len) {
        read_problem(r, p, "\"*\" stands at the end of a topic's name only");
        return false;
    }
    if (topic_is_fetch(name)) {
        read_problem(r, p, "\"" ROUTE_TOPIC_FETCH "\" begins the topics of fetched documents");
        return false;
    }
    return true;
}

static bool read_topic(struct reader *r, const struct place *p, const struct object_forms *objects, bool has_each,
                       struct topic *out)
{
    bool is_batch = json_object_get(p->json, "batch") != NULL, good = read_name(r, p, out);

    out->lane = LANE__COUNT;
    if (is_batch && has_each) {
        read_problem(r, p, "a batch and \"each\" of push do the same: one of them");
        good = false;
    }
    good &= is_batch ? read_batch(r, p, objects, out) : read_rules(r, p, objects, out);
    if (out->lane == LANE__COUNT)
        out->lane = LANE_LIVE;
    return good;
}

/* An object is fetched once, whichever topics ask for it, so that they agree on what it will be. */
static bool check_fetches(struct reader *r, const struct place *p, const struct topics *topics)
{
    bool good = true;

    for (size_t t = 0; t < topics->n; t++)
        for (size_t i = 0; i < topics->at[t].n; i++) {
            const struct topic_rule *rule = &topics->at[t].rules[i], *first;
            struct place topic = place_member(p, topics->at[t].name);

            if (!rule->is_fetch || !rule->objects[0])
                continue;
            first = topics_find_fetch(topics, str_of(rule->objects[0]->name));
            if (first->event == rule->event)
                continue;
            read_problem(r, &topic, "another topic fetches %s as %s: an object is one event", rule->objects[0]->name,
                         event_type_name(first->event));
            good = false;
        }
    return good;
}

bool topics_read(struct reader *r, const struct place *p, const struct object_forms *objects, bool has_each, struct topics *out)
{
    struct topic *topics;
    const char *name;
    json_t *value;
    bool good = true;

    if (!read_object(r, p))
        return false;
    topics = read_array(r, json_object_size(p->json), sizeof(*topics));
    if (!topics)
        return false;
    out->at = topics;
    json_object_foreach((json_t *)p->json, name, value)
    {
        struct place member = {.up = p, .name = name, .json = value};

        good &= read_topic(r, &member, objects, has_each, &topics[out->n]);
        out->has_patterns |= topics[out->n++].is_pattern;
    }
    return good && check_fetches(r, p, out);
}

/* How much of the name the pattern says; 0 when it does not fit, so that "*" fits by 1. */
static size_t fits_by(const struct topic *pattern, struct str name)
{
    struct str says = str_of(pattern->name);

    return pattern->is_pattern && str_starts(name, str_upto(says, says.len - 1)) ? says.len : 0;
}

const struct topic *topics_find(const struct topics *topics, struct str name)
{
    const struct topic *best = NULL;
    size_t best_by = 0;

    for (size_t i = 0; i < topics->n; i++) {
        const struct topic *topic = &topics->at[i];
        size_t by = fits_by(topic, name);

        if (!topic->is_pattern && str_eq(name, str_of(topic->name)))
            return topic;
        if (by > best_by) {
            best = topic;
            best_by = by;
        }
    }
    return best;
}

void topics_headers(const struct topics *topics, void (*each)(void *arg, struct str header), void *arg)
{
    for (size_t t = 0; t < topics->n; t++)
        for (size_t i = 0; i < topics->at[t].n; i++)
            value_headers(&topics->at[t].rules[i].id, each, arg);
}

const struct topic_rule *topics_find_fetch(const struct topics *topics, struct str object)
{
    for (size_t t = 0; t < topics->n; t++)
        for (size_t i = 0; i < topics->at[t].n; i++) {
            const struct topic_rule *rule = &topics->at[t].rules[i];

            if (rule->is_fetch && rule->objects[0] && str_eq(object, str_of(rule->objects[0]->name)))
                return rule;
        }
    return NULL;
}
