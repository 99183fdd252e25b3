/* sent.h -- owns what triggers set off for one contact, for reading: firings, cycle starts, notices. */
#ifndef STORE_SENT_H
#define STORE_SENT_H

#include "base/arena.h"
#include "store/store.h"

enum sent_kind { SENT_TRIGGER, SENT_CYCLE, SENT_NOTICE, SENT__COUNT };
/* "trigger", "cycle", "notice" */
const char *sent_kind_name(enum sent_kind kind);

/* One of them. Texts are in the arena. */
struct sent {
    enum sent_kind kind;
    struct str name; /* of the trigger, the cycle, or the notice's type */
    struct str text; /* what the trigger did, what the cycle was started by, the notice's body */
    int64_t at_us;
};

/* The latest `max` of each kind, those of ids that were merged into it included, in no order. */
enum err sent_of_contact(struct store *store, struct str contact_id, size_t max, struct arena *arena, struct sent **out,
                         size_t *n) MUST_CHECK;

#endif
