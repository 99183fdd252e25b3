/* problems.h -- owns the list of what is wrong with a file: place, reason, and what would be right. */
#ifndef BASE_PROBLEMS_H
#define BASE_PROBLEMS_H

#include "base/buf.h"
#include "base/str.h"

enum { PROBLEMS_MAX = 20 };

/* Collects the first 20 problems of one file as lines "file#/pointer: reason". */
struct problems {
    struct str file; /* borrowed */
    struct buf text; /* the lines */
    size_t n;        /* found, also those past the 20th */
};

void problems_init(struct problems *p, struct str file);
void problems_release(struct problems *p);
/* Adds one line. `pointer` is a JSON pointer, or STR_NONE for the file as a whole. */
void problems_add(struct problems *p, struct str pointer, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Returns the name among `names` (NULL-terminated) that is nearest to `s` (at most 3 edits), or NULL. */
const char *nearest_name(struct str s, const char *const *names);

#endif
