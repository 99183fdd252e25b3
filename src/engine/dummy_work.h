/* dummy_work.h -- owns the work that is done for an unknown source, so that the time of the answer does not tell it apart. */
#ifndef ENGINE_DUMMY_WORK_H
#define ENGINE_DUMMY_WORK_H

#include "base/str.h"

struct dummy_work;

/* Makes a key that nobody knows. Returns owned. */
enum err dummy_work_new(struct dummy_work **out) MUST_CHECK;
void dummy_work_free(struct dummy_work *d);
/* Verifies `body` against a signature that never matches. */
void dummy_work_do(struct dummy_work *d, struct str body);

#endif
