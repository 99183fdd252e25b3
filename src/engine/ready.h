/* ready.h -- owns the line that a role writes to standard output once it works. */
#ifndef ENGINE_READY_H
#define ENGINE_READY_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Where the role is reached: "https" and its URL. One without a URL is left out. */
struct ready_part {
    const char *name;
    struct str url;
};
/* Writes "ready https=URL admin=URL", or as JSON {"ready":true,"https":"URL","admin":"URL"}; in both cases one line. Nobody has to
 * listen: a line that cannot be written is lost. */
void ready_print(bool as_json, const struct ready_part *parts, size_t n);

#endif
