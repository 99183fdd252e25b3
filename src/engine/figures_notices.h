/* figures_notices.h -- owns the figures of notices: what waits and what is dead, in all and for each target. */
#ifndef ENGINE_FIGURES_NOTICES_H
#define ENGINE_FIGURES_NOTICES_H

#include "base/json.h"
#include "store/store.h"

/*
 * Returns owned, in *out, over all accounts: {"waiting", "failing", "dead", "oldest_age_ms", "targets": [{"account", "name",
 * "enabled", "paused", "waiting", "failing", "dead", "oldest_age_ms"}]}. Failing ones are among those waiting.
 */
enum err figures_notices(struct store *store, json_t **out) MUST_CHECK;

#endif
