/* figures.h -- owns the figures of the running system, gathered once for the command, the admin page and /metrics. */
#ifndef ENGINE_FIGURES_H
#define ENGINE_FIGURES_H

#include "base/json.h"
#include "queue/stream.h"
#include "store/store.h"

/*
 * Returns owned, in *out:
 * {"lanes": {"urgent": {"waiting", "pending", "oldest_age_ms"}, "live": ..., "bulk": ...}, "dead", "queue_memory_bytes", "contacts",
 *  "roles": [{"role", "pid", "counters": {...}}], "sources": [{"id", "name", "platform", "enabled", "counts": {...}}]}.
 * Errors: those of the queue and the database.
 */
enum err figures_load(struct stream *stream, struct store *store, json_t **out) MUST_CHECK;
/* Adds the counters of one source to an object: name -> number. */
enum err figures_counts(struct stream *stream, int64_t source_id, json_t *object) MUST_CHECK;
/* Appends the figures in the text format of Prometheus. */
enum err figures_metrics(const json_t *figures, struct buf *out) MUST_CHECK;

#endif
