/* extend.h -- owns "extends": a route file that starts as a built-in one and says only what differs. */
#ifndef ROUTE_EXTEND_H
#define ROUTE_EXTEND_H

#include "base/json.h"
#include "base/problems.h"

/*
 * When `*file` names a built-in route in "extends", replaces it by that route's members with the file's own over them: members of
 * config, push and topics one by one, those of objects target by target, all others whole; null takes away. A base may extend another.
 * Errors: ERR_CONFIG with a problem added (no such route, a circle), ERR_MEMORY. `*file` is the caller's in every case.
 */
enum err route_extend(json_t **file, struct problems *problems) MUST_CHECK;

#endif
