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

static bool read_rule(struct reader *r, const struct place *p, const struct object_forms *objects, struct topic_rule *out,
                      enum lane *lane)
{
    static const char *const known[] = {"event", "object", "lane", "when", "needs", NULL};
    struct place event, object, urgency, when, needs;
    bool good;

    if (!read_members(r, p, known))
        return false;
    event = place_member(p, "event");
    object = place_member(p, "object");
    urgency = place_member(p, "lane");
    when = place_member(p, "when");
    needs = place_member(p, "needs");
    good = read_event(r, &event, &out->event);
    good &= read_objects(r, &object, objects, out);
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

static bool read_topic(struct reader *r, const struct place *p, const struct object_forms *objects, struct topic *out)
{
    bool list = json_is_array(p->json), good = true;
    size_t n = list ? json_array_size(p->json) : 1;
    struct topic_rule *rules;

    out->name = p->name;
    out->lane = LANE__COUNT;
    if (json_object_get(p->json, "batch")) {
        good = read_batch(r, p, objects, out);
    } else {
        rules = read_array(r, n, sizeof(*rules));
        if (!rules)
            return false;
        for (size_t i = 0; i < n; i++) {
            struct place element = list ? place_element(p, i) : *p;

            good &= read_rule(r, &element, objects, &rules[i], &out->lane);
        }
        out->rules = rules;
        out->n = n;
    }
    if (out->lane == LANE__COUNT)
        out->lane = LANE_LIVE;
    return good;
}

bool topics_read(struct reader *r, const struct place *p, const struct object_forms *objects, struct topics *out)
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

        good &= read_topic(r, &member, objects, &topics[out->n++]);
    }
    return good;
}

const struct topic *topics_find(const struct topics *topics, struct str name)
{
    for (size_t i = 0; i < topics->n; i++)
        if (str_eq(name, str_of(topics->at[i].name)))
            return &topics->at[i];
    return NULL;
}
