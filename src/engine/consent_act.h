/* consent_act.h -- owns the operator's and triggers' acts of consent: what they say of a person and a list, or of an address. */
#ifndef ENGINE_CONSENT_ACT_H
#define ENGINE_CONSENT_ACT_H

#include "base/arena.h"
#include "base/secret.h"
#include "store/store.h"

enum consent_act_kind { ACT_SUBSCRIBE, ACT_UNSUBSCRIBE, ACT_CONFIRM, ACT_SUPPRESS, ACT_UNSUPPRESS };

/*
 * An act is an event of the account's own source (SOURCE_OPERATOR) and follows the rules of every event. Borrowed.
 *   subscribe    with a proof it is an opt-in of its time (C3); without one it counts only where nothing else was said (C4, N6)
 *   unsubscribe  from one list, or from all when no list is named (C10)
 *   confirm      what waits on a double opt-in list (C8)
 *   suppress     C6: no mail whatever the consent, until the operator lifts it
 */
struct consent_act {
    enum consent_act_kind kind;
    struct str email, list;
    int64_t at_us;    /* when the person said it; 0 = now */
    bool confirmed;   /* subscribe: the person has confirmed it already (C8) */
    struct str proof; /* how one knows; of suppress and unsuppress the reason; may be empty */
    struct str by;    /* who acts: "ada", "trigger welcome" */
};

struct consent_act_result {
    bool changed;          /* false: it was so before, or the rules refuse it */
    bool refused;          /* C2, C3, C4: what is on file counts more */
    bool erased;           /* X3: the person was erased, and this brings nobody back */
    struct str asks_list;  /* C8: waits for a confirmation now, and nobody has asked the person yet; empty: none */
    struct str contact_id; /* in the caller's arena; empty: nobody has the address */
};

/*
 * Acts inside the caller's transaction. `seal` finds erased persons (X3); NULL: no contact is made, ERR_NOT_FOUND when none has it.
 * `delivery_id`: of what caused it, for the ledger; empty for none. Nothing of `arena` is needed afterwards but the result.
 * Errors: ERR_SYNTAX (no e-mail address), ERR_RANGE (no name for a list), ERR_NOT_FOUND (confirm: nothing waits), those of the database
 * (roll back), ERR_MEMORY.
 */
enum err consent_act_apply(struct store *store, const struct seal *seal, const struct consent_act *act, struct str delivery_id,
                           struct arena *arena, struct consent_act_result *out) MUST_CHECK;
/* As consent_act_apply in a transaction of its own, repeated while others are in the way. Not inside a transaction. */
enum err consent_act_commit(struct store *store, const struct seal *seal, const struct consent_act *act, struct arena *arena,
                            struct consent_act_result *out) MUST_CHECK;

#endif
