/* builtin.h -- owns the table of route files compiled into the binary; its content is generated from routes/. */
#ifndef ROUTE_BUILTIN_H
#define ROUTE_BUILTIN_H

#include <stddef.h>

struct builtin_route {
    const char *path; /* "routes/<platform>.json"; NULL ends the table */
    const char *text;
    size_t len;
};
extern const struct builtin_route builtin_routes[];

#endif
