/* source_counts.h -- owns what was counted for sources and is not yet in Redis: added up by source and field, bounded. */
#ifndef QUEUE_SOURCE_COUNTS_H
#define QUEUE_SOURCE_COUNTS_H

#include "base/str.h"

enum { SOURCE_COUNTS_MAX = 1024 };

struct source_counts;

enum err source_counts_new(struct source_counts **out) MUST_CHECK;
void source_counts_free(struct source_counts *c);
/* Adds `by`; the field "last_at_us" is set instead. False when the table is full, or a name is too long: flush and try again. */
bool source_counts_add(struct source_counts *c, struct str source_id, struct str field, int64_t by) MUST_CHECK;
size_t source_counts_n(const struct source_counts *c);
/* Gives each sum to `send` and forgets it; stops, keeping the rest, when `send` says no. `set`: the value is to be set, not added.
 */
void source_counts_flush(struct source_counts *c,
                         bool (*send)(void *arg, struct str source_id, struct str field, int64_t value, bool set), void *arg);

#endif
