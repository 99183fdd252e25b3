/* drain.h -- owns the drainer: entries out of the queue, events into contacts, one transaction a batch. */
#ifndef ENGINE_DRAIN_H
#define ENGINE_DRAIN_H

#include "base/config.h"
#include "base/secret.h"
#include "queue/stream.h"
#include "route/route.h"
#include "store/store.h"

/* The role: claims and applies until SIGTERM or SIGINT, finishing what is claimed. Writes the line "ready" (engine/ready.h) to stdout
 * once the queue and the database answer. Returns the exit code. */
int drain_main(const struct config *cfg, const struct clock *clock, bool as_json);

struct happening;
struct trigger;
/* A dry run: nothing is kept. `tell` is told of all that would happen (`t` NULL), and of each trigger that would fire for it. */
struct drain_trial {
    void (*tell)(void *arg, const struct happening *h, const struct trigger *t);
    void *arg;
};

/* What a drainer works with. Borrowed. */
struct drain_parts {
    struct store *store;
    const struct routes *routes;
    const struct seal *seal;
    const struct clock *clock;
    struct str query_members;        /* struct page_rules */
    int64_t cart_delay_us;           /* of sources without their own (CA3) */
    int64_t trigger_age_us;          /* what happened longer ago when it was received fires nothing (K9); 0 = no limit */
    const struct drain_trial *trial; /* NULL: for real */
    int64_t tries;                   /* times an entry may be handed out before it is poison */
};

/* What is to be done with an entry after the commit. */
struct drain_verdict {
    bool publish;              /* the sources have changed: tell the receivers before it is acknowledged */
    bool keep;                 /* leave it pending: it failed in a way that may pass */
    struct str reason, detail; /* not empty: bury it as a dead letter */
};

/*
 * Applies `n` claimed entries in one transaction (N4): seen keys, facts, ledger. A poison entry never fails its batch: what it
 * wrote is undone by a savepoint, and `verdicts[i]` says what becomes of it. Nothing is acknowledged here (N3). A trial is rolled back,
 * and nothing that was seen before stops it.
 * Errors: ERR_DB_BUSY, ERR_DB_DOWN: nothing was applied, try again later.
 */
enum err drain_batch(const struct drain_parts *parts, const struct claimed *const *entries, size_t n, struct arena *arena,
                     struct drain_verdict *verdicts) MUST_CHECK;

#endif
