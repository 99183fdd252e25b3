/* edit.h -- owns the edits of operator and triggers: one change to one contact, in the caller's transaction. */
#ifndef ENGINE_EDIT_H
#define ENGINE_EDIT_H

#include "model/edit.h"
#include "store/store.h"

#include "base/arena.h"

/*
 * An edit is one more fact, of the account's own source (id 0, shown as "operator", subject "g:<address>"), and goes through
 * contact_apply like every other: it commutes and repeats (N5), joins when contacts merge (M7), and an erasure takes it.
 *   tags    F5: a removal takes back only what operator or triggers added; a source's tag stays until its source drops it
 *   fields  F2: what is set outranks every source until it is released
 *   lists   N6: a subscription counts only where nothing else was ever said of the address; on a double opt-in list it waits (C8)
 */
struct edit_result {
    bool changed;          /* false: it was so before, or a later edit says otherwise */
    struct str contact_id; /* in the caller's arena */
    struct str asks_list;  /* C8: a list whose confirmation nobody has asked for yet; empty: none */
};

/*
 * Applies one edit inside the caller's transaction; `delivery_id` is the delivery that caused it, for the ledger, empty for none.
 * No contact is ever made by an edit. Nothing of `arena` is needed afterwards but the result.
 * Errors: ERR_NOT_FOUND (no contact has the address), ERR_SYNTAX (no e-mail address), ERR_RANGE (a tag or a name that cannot be kept),
 * ERR_TOO_LARGE (a value above FIELD_VALUE_BYTES_MAX bytes), ERR_UTF8, those of the database (roll back), ERR_MEMORY.
 */
enum err edit_apply(struct store *store, const struct edit *edit, struct str delivery_id, struct arena *arena,
                    struct edit_result *out) MUST_CHECK;

/* As edit_apply in a transaction of its own, repeated while others are in the way. Not inside a transaction. */
enum err edit_commit(struct store *store, const struct edit *edit, struct arena *arena, struct edit_result *out) MUST_CHECK;

#endif
