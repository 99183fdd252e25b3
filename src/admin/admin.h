/* admin.h -- owns the role admin: the page, the figures as JSON, and the metrics, on loopback. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "base/clock.h"
#include "base/config.h"

/* Runs the role until SIGTERM or SIGINT. When it listens it writes one line "ready admin=<url>" (engine/ready.h) to
 * standard output. Returns the
 * exit code: 0 after an orderly stop, 1 when it cannot start (one line on standard error says why). */
int admin_main(const struct config *cfg, const struct clock *clock, bool as_json) MUST_CHECK;

#endif
