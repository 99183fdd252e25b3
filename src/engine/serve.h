/* serve.h -- owns the role serve: from the settings to N workers that receive deliveries, until a signal ends it. */
#ifndef ENGINE_SERVE_H
#define ENGINE_SERVE_H

#include "base/config.h"

/*
 * Runs the role until SIGTERM or SIGINT. When every worker is ready it writes one line "ready https=<url>[ http=<url>]" to
 * standard output, or the same as JSON (engine/ready.h). Returns the exit code: 0 after an orderly stop, 1 when it cannot start (one line on standard error says why).
 */
int serve_main(const struct config *cfg, bool as_json) MUST_CHECK;

#endif
