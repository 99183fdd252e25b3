/* visit_js.h -- owns the script visit.js compiled into the program; generated from src/engine/visit.js. */
#ifndef ENGINE_VISIT_JS_H
#define ENGINE_VISIT_JS_H

#include <stddef.h>

/* One row, and one without a path at the end. */
struct visit_js {
    const char *path, *text;
    size_t len;
};
extern const struct visit_js visit_js[];

#endif
