/* limit_watch.h -- owns what a drainer does about accounts at their limit of contacts: puts back who has room, tells what happened. */
#ifndef ENGINE_LIMIT_WATCH_H
#define ENGINE_LIMIT_WATCH_H

#include "queue/stream.h"
#include "store/parked.h"

enum { LETTER_ID_BYTES = 64 };

/* A walk through the dead letters, for those that were called in. */
struct limit_watch {
    struct arena arena; /* of the letters that are looked for */
    struct parked_letter *letters;
    size_t n, n_found;
    char at[LETTER_ID_BYTES];    /* where the walk stands; empty = at the start */
    char start[LETTER_ID_BYTES]; /* no letter up to here waits for room: where the next walk begins */
    bool is_clear;               /* this walk has met no such letter yet */
};
void limit_watch_init(struct limit_watch *w);
void limit_watch_release(struct limit_watch *w);
/* Begins anew: the queue may be another one now. */
void limit_watch_reset(struct limit_watch *w);

/*
 * One turn: tells in the log what happened at limits, once whatever the number of drainers; goes on with the walk, some hundred letters
 * at a time (N9), or calls in the next (parked.h). A letter is put back once; whether it is applied is decided by the drainer that takes
 * it. *more: there is work for another turn at once.
 * Errors: those of the queue and of the database: what was not done is done in a later turn.
 */
enum err limit_watch_turn(struct limit_watch *w, struct store *store, struct stream *stream, bool *more) MUST_CHECK;

#endif
