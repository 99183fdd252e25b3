/* figures.h -- owns the figures of the running system, gathered once for the command, the admin page and /metrics. */
#ifndef ENGINE_FIGURES_H
#define ENGINE_FIGURES_H

#include "base/json.h"
#include "queue/stream.h"
#include "store/store.h"

/*
 * Returns owned, in *out:
 * {"lanes": {"urgent": {"waiting", "pending", "oldest_age_ms"}, "live": ..., "bulk": ...}, "dead", "queue_memory_bytes", "contacts",
 *  "roles": [{"role", "pid", "counters": {...}}], "fetches": {"waiting", "failing", "gone", "oldest_age_ms"},
 *  "notices": {...} (figures_notices.h), "limits": [as of figures_accounts],
 *  "sources": [{"id", "name", "platform", "enabled", "counts": {...}, "fetches": {...}}]}.
 * Errors: those of the queue and the database.
 */
enum err figures_load(struct stream *stream, struct store *store, json_t **out) MUST_CHECK;
/* Adds the counters of one source to an object: name -> number. */
enum err figures_counts(struct stream *stream, int64_t source_id, json_t *object) MUST_CHECK;
/* How often one secret was used, and when last; 0 = never. */
struct figures_use {
    int64_t times, last_us;
};
/* What the receivers count for the old URLs of a source, and for each of its secrets: "secret:<id>" and "last_at_us:<id>". */
#define FIGURES_OLD_URL "old_url"
/* Reads it for the secret `id`, or FIGURES_OLD_URL, out of what figures_counts gave; counts may be NULL. */
struct figures_use figures_use(const json_t *counts, const char *id);
/* What of a source (0: of all of the store's account) is to be fetched, as above. */
enum err figures_fetches(struct store *store, int64_t source_id, json_t **out) MUST_CHECK;
/* Appends the figures in the text format of Prometheus. */
enum err figures_metrics(const json_t *figures, struct buf *out) MUST_CHECK;

#endif
