/* notify.h -- owns the role notify: notices that wait are delivered, tried again, and given up. */
#ifndef ENGINE_NOTIFY_H
#define ENGINE_NOTIFY_H

#include "base/clock.h"
#include "base/config.h"

/* Runs until SIGTERM or SIGINT; says that it is ready in a line of text or JSON. Returns the exit code. */
int notify_main(const struct config *cfg, const struct clock *clock, bool as_json);

#endif
