/* erase.h -- owns the erasure of a person or of a source's data, and the tombstones that keep it so (X2-X4). */
#ifndef STORE_ERASE_H
#define STORE_ERASE_H

#include "base/arena.h"
#include "base/secret.h"
#include "model/contact.h"
#include "store/privacy.h"
#include "store/store.h"

/* Inside of facts_begin and facts_end: says beforehand that erase_when will be asked. Errors: those of db_step, ERR_MEMORY. */
enum err erase_want(struct store *store, const struct seal *seal, const struct event_refs *refs, int64_t source_id) MUST_CHECK;
/* When the person that the event refers to was erased; 0 = never. */
enum err erase_when(struct store *store, const struct seal *seal, const struct event_refs *refs, int64_t source_id,
                    int64_t *at_us) MUST_CHECK;
/* Erases the contact that the event refers to: facts, ledger, visits of all its customers and addresses; leaves HMAC tombstones
 * with the time `at_us`, erase tasks (erase_task.h) for what the queue holds, and a note of what was done (privacy.h), whose id is
 * `request` (may be NULL). Fine when nothing is known: those stay. In the caller's transaction. */
enum err erase_person(struct store *store, const struct seal *seal, const struct event_refs *refs, const struct privacy_ask *ask,
                      int64_t at_us, struct arena *arena, struct id *request) MUST_CHECK;
/* Erases all that the asking source said (X4), and the contacts that nothing else speaks of; leaves an erase task and a note. In the
 * caller's transaction. */
enum err erase_source(struct store *store, const struct privacy_ask *ask) MUST_CHECK;

#endif
