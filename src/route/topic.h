/* topic.h -- owns the table of topics: which events a topic means, of which objects, in which lane. */
#ifndef ROUTE_TOPIC_H
#define ROUTE_TOPIC_H

#include "model/entry.h"
#include "route/object.h"

enum { TOPIC_OBJECTS_MAX = 8 };

/* One event that a topic gives. */
struct topic_rule {
    enum event_type event; /* of a batch: the body says it */
    const struct object_form *objects[TOPIC_OBJECTS_MAX];
    size_t n;
    struct conditions when;  /* else the topic does not give this event */
    struct conditions needs; /* else the entry is a dead letter: the body is none of this topic */
};

struct topic {
    const char *name;
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
};

/* Reads the section "topics"; the objects are those of the same file. */
bool topics_read(struct reader *r, const struct place *p, const struct object_forms *objects, struct topics *out);
/* Borrows; NULL for a topic that is not in the file. */
const struct topic *topics_find(const struct topics *topics, struct str name);

#endif
