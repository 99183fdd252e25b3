/* rejected_forget.h -- owns the removal of samples of rejected deliveries that speak of an erased person (X2). */
#ifndef ENGINE_REJECTED_FORGET_H
#define ENGINE_REJECTED_FORGET_H

#include "base/secret.h"
#include "queue/stream.h"

/* Removes, for all sources, the samples that hold one of the addresses, and those that cannot be searched; *removed says how many.
 * Errors: those of the queue. */
enum err rejected_forget(struct stream *stream, const struct seal *seal, const struct str *addresses, size_t n,
                         size_t *removed) MUST_CHECK;

#endif
