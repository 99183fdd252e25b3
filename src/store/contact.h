/* contact.h -- owns reading contacts: found by address or id, listed, with all that their view needs. */
#ifndef STORE_CONTACT_H
#define STORE_CONTACT_H

#include "model/view.h"
#include "store/store.h"

/* The sources that facts can name, removed ones included; in the arena. `cart_delay_us` is the setting's; cart_cooldown_us is -1
 * where the source has none of its own. */
enum err contact_sources(struct store *store, int64_t cart_delay_us, struct arena *arena, struct view_source **out,
                         size_t *n) MUST_CHECK;

/* Finds a contact by an address (any of its addresses), a contact id or an id that was merged away (M6). ERR_NOT_FOUND. */
enum err contact_find(struct store *store, struct str text, struct arena *arena, struct str *id) MUST_CHECK;

/* One of the addresses of a contact, by its id or an id that was merged away; in the arena. ERR_NOT_FOUND. */
enum err contact_address(struct store *store, struct str id, struct arena *arena, struct str *address) MUST_CHECK;

/* Loads and derives one contact. Everything lives in the arena. ERR_NOT_FOUND. */
enum err contact_load(struct store *store, struct str id, const struct view_source *sources, size_t n_sources, struct arena *arena,
                      struct contact_view *out) MUST_CHECK;

/* As contact_load, without visits, and with the facts that it was derived from. */
enum err contact_load_facts(struct store *store, struct str id, const struct view_source *sources, size_t n_sources,
                            struct arena *arena, struct scope *facts, struct contact_view *out) MUST_CHECK;

/* Up to `max` contact ids after `after` (empty: from the start), in order of id, which is the order of their making. */
enum err contact_ids(struct store *store, struct str after, size_t max, struct arena *arena, struct str *out, size_t *n) MUST_CHECK;
/* How many there are. */
enum err contact_count(struct store *store, uint64_t *out) MUST_CHECK;

/* One line of the ledger, or an activity: then `what` is "activity", `new` its text, and there is no rule. */
struct ledger_line {
    struct str delivery_id, type, rule, what, name, old, new;
    struct str url; /* of an activity */
    int64_t source_id, event_at_us, received_at_us, applied_at_us;
};
/* True when the line is about consent, a list or a suppression: its rule is one of C1 to C13, or it says who joined a list. */
bool ledger_is_of_consent(const struct ledger_line *line);
/* The latest `max` lines about a contact, activities among them, oldest first, those of ids that were merged into it included. */
enum err contact_ledger(struct store *store, struct str id, size_t max, struct arena *arena, struct ledger_line **out,
                        size_t *n) MUST_CHECK;

#endif
