/* map_parts.h -- owns what map.c and map_event.c share; not for use elsewhere. */
#ifndef ROUTE_MAP_PARTS_H
#define ROUTE_MAP_PARTS_H

#include "route/load.h"

enum { FETCH_ID_MAX = 256 };

/* Fills one event by its rule; an activity without a name has the topic's. ERR_TYPE with the reason in *detail. */
enum err map_event(const struct topic_rule *rule, enum event_type type, struct str topic, const struct scope *scope,
                   struct event *event, struct str *detail) MUST_CHECK;
/* Fills what a rule tells to fetch. ERR_TYPE with the reason in *detail. */
enum err map_fetch(const struct topic_rule *rule, const struct scope *scope, struct map_fetch *fetch,
                   struct str *detail) MUST_CHECK;

#endif
