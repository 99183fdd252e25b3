/* fire.h -- owns the firing of triggers: what happened is held against them, and each that fits acts once (N4, T4). */
#ifndef ENGINE_FIRE_H
#define ENGINE_FIRE_H

#include "base/arena.h"
#include "store/trigger.h"

/* What the firing of one event or cart works with, inside a transaction. Borrowed but for the last ones, which are filled when needed. */
struct fire {
    struct store *store;
    struct arena *arena; /* of the event's work */
    const struct trigger_set *triggers;
    struct str delivery_id; /* for the ledger; empty: a timer */
    int64_t cart_delay_us;  /* struct drain_parts */
    /* A dry run: told of each happening and trigger that would fire, instead of firing it. NULL otherwise. */
    void (*tell)(void *arg, const struct happening *h, const struct trigger *t);
    void *arg;

    const struct view_source *sources; /* NULL: not loaded yet */
    size_t n_sources;
    const struct contact_view *contact; /* the one that the happening is about; NULL: not loaded yet */
    const struct scope *facts;
    uint64_t fired;
};

/*
 * Holds one happening against the triggers. Each that fits and did not fire for its key before is noted (trigger_fire), then acts: tags and
 * lists by edits, cycles and notices by rows of their own, all in the caller's transaction. What actions change is no happening: a
 * trigger starts no other. An action that cannot be done (no address, no such target) is told in the firing, and the others are done.
 * Errors: those of the database, ERR_MEMORY: roll back.
 */
enum err fire_happening(struct fire *f, const struct happening *h) MUST_CHECK;

/* Starts a cycle for a contact, with its notice; nothing and *told what is in the way when the contact may not be mailed (N6). */
enum err fire_cycle(struct fire *f, const struct happening *h, const struct trigger_action *a, struct str because,
                    const char **told) MUST_CHECK;

#endif
