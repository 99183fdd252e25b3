/* erasure.h -- owns the end of an erasure: what the queue and the files still hold of the person or the source (X2, X4). */
#ifndef ENGINE_ERASURE_H
#define ENGINE_ERASURE_H

#include "base/secret.h"
#include "queue/stream.h"
#include "store/store.h"

struct erasure_removed {
    size_t samples, letters;
};
/*
 * Finishes the erasures that the database has committed: removes the dead letters and the samples of rejected deliveries that hold
 * an address in any spelling, and those of an erased source; samples that cannot be searched go as well. Entries that wait are left
 * alone: applying them drops what they say of the person (X3). May be repeated.
 * Errors: those of the queue and of the database; what was not done is done the next time.
 */
enum err erasure_finish(struct store *store, struct stream *stream, const struct seal *seal,
                        struct erasure_removed *removed) MUST_CHECK;
/* When something was erased since the last time (*done): lets the database and Redis write their files anew, without what was
 * deleted. Redis goes on in the background. Errors: those of the queue and of the database, ERR_EXISTS while Redis is at it already. */
enum err erasure_clean_files(struct store *store, struct stream *stream, bool *done) MUST_CHECK;

#endif
