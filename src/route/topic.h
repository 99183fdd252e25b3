/* topic.h -- owns the table of topics: which events a topic means, of which objects, in which lane. */
#ifndef ROUTE_TOPIC_H
#define ROUTE_TOPIC_H

#include "model/entry.h"
#include "route/object.h"
#include "route/route.h"

enum { TOPIC_OBJECTS_MAX = 8, TOPIC_RULES_MAX = 16 };

/* One event that a topic gives, or one object that it tells to fetch. */
struct topic_rule {
    enum event_type event; /* of a batch: the body says it; FETCH: what the fetched document will be */
    bool is_fetch;         /* no event now: objects[0] is to be fetched */
    struct value_form id;  /* FETCH: of the object */
    const struct object_form *objects[TOPIC_OBJECTS_MAX];
    size_t n;
    struct conditions when;  /* else the topic does not give this event */
    struct conditions needs; /* else the entry is a dead letter: the body is none of this topic */
};

struct topic {
    const char *name;
    bool is_pattern; /* the name ends with "*" and stands for every topic that begins as it does */
    enum lane lane;
    const struct topic_rule *rules;
    size_t n; /* 0: known, says nothing */
    bool is_batch;
    struct pointer batch, type; /* the list of events, and the event's type in each */
    size_t batch_max;
};

struct topics {
    const struct topic *at;
    size_t n;
    bool has_patterns;
};

/* Reads the section "topics"; the objects are those of the same file. `has_each`: a body holds several deliveries, so that no topic
 * may be a batch. */
bool topics_read(struct reader *r, const struct place *p, const struct object_forms *objects, bool has_each, struct topics *out);
/* Borrows; the topic of that name, else the longest pattern that fits; NULL for a topic that is not in the file. */
const struct topic *topics_find(const struct topics *topics, struct str name);
/* Calls back with the name of every header that a rule reads. */
void topics_headers(const struct topics *topics, void (*each)(void *arg, struct str header), void *arg);

/* True for the topic of a fetched document. */
static inline bool topic_is_fetch(struct str topic)
{
    return str_starts(topic, STR(ROUTE_TOPIC_FETCH));
}
/* The rule by which a fetched document is mapped; NULL when no rule fetches that object. Borrows. */
const struct topic_rule *topics_find_fetch(const struct topics *topics, struct str object);

#endif
