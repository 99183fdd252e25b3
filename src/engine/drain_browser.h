/* drain_browser.h -- owns the way from what a browser said to events: of low trust, whatever stands in the entry. */
#ifndef ENGINE_DRAIN_BROWSER_H
#define ENGINE_DRAIN_BROWSER_H

#include "engine/drain.h"
#include "model/source.h"

/*
 * Reads an entry of low trust by the allow-list of model/browser.h once more, so that a forged entry says no more than a browser
 * may. A token that is ours and was valid at receipt adds an identify event, which ties the visitor to the token's contact.
 * Errors: ERR_SYNTAX with `failure` filled; ERR_MEMORY; those of the database.
 */
enum err drain_browser_map(const struct drain_parts *parts, const struct source *source, const struct entry *entry,
                           struct arena *arena, struct mapped *out, struct map_failure *failure) MUST_CHECK;

#endif
