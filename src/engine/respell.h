/* respell.h -- owns the ways in which programs write the same JSON: white space and escapes differ, the tokens stay. */
#ifndef ENGINE_RESPELL_H
#define ENGINE_RESPELL_H

#include "base/buf.h"

/* How many ways respell knows. */
size_t respell_ways(void);
/* Appends `json` in the i-th way. ERR_SYNTAX when it is no JSON, ERR_TOO_LARGE. */
enum err respell(struct str json, size_t way, struct buf *out) MUST_CHECK;
/* Words for the i-th way, for people; static. */
const char *respell_name(size_t way);

#endif
