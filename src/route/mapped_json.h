/* mapped_json.h -- owns what a mapped entry means as JSON, for people: `storehook route try` and the receiver's check mode. */
#ifndef ROUTE_MAPPED_JSON_H
#define ROUTE_MAPPED_JSON_H

#include "base/json.h"
#include "route/route.h"

/* Returns owned: {topic, lane, dedupe_key, time, events, rejected, fetches, elements}, members named as in route files; NULL when memory is out. */
json_t *mapped_json(const struct route *route, const struct mapped *mapped);

#endif
