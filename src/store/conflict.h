/* conflict.h -- owns the list of addresses that a customer named and another contact has (M3, H2). */
#ifndef STORE_CONFLICT_H
#define STORE_CONFLICT_H

#include "model/contact.h"
#include "store/store.h"

/* One of them. It ends by itself when the contacts are merged, or when the customer or the holder goes. */
struct conflict {
    struct str address;
    struct str holder_id; /* the contact that has the address */
    int64_t source_id;    /* and the customer that named it, too */
    struct str external_id, contact_id;
    enum claim_apart why; /* APART_SAME_SOURCE or APART_TAKEN */
    int64_t first_us;     /* when it was named first */
};

/* Up to `max` conflicts with addresses after `after` (empty: from the start), by address, source and customer; in the arena. */
enum err conflict_list(struct store *store, struct str after, size_t max, struct arena *arena, struct conflict **out,
                       size_t *n) MUST_CHECK;

#endif
