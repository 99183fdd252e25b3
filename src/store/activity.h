/* activity.h -- owns the activities: lines of a timeline that change nothing, kept with who they name. */
#ifndef STORE_ACTIVITY_H
#define STORE_ACTIVITY_H

#include "model/contact.h"
#include "store/store.h"

/* Of those that no contact is behind: so many a source, so old (N9). What names a contact is kept as long as its ledger. */
enum { ACTIVITIES_KEPT = 1000, ACTIVITY_DAYS = 90 };

/* One line as it is read. Texts are in the arena. */
struct activity_line {
    struct str name, text, url, delivery_id;
    int64_t source_id, at_us, received_at_us, applied_at_us;
};

/* They are written with the event that tells of them (store/scope_save.c). */
/* The latest `max` of a source, the newest first. */
enum err activity_of_source(struct store *store, int64_t source_id, size_t max, struct arena *arena, struct activity_line **out,
                            size_t *n) MUST_CHECK;
/* The `max` applied last that name a customer or an address of the contact, the last one first. */
enum err activity_of_contact(struct store *store, struct str contact_id, size_t max, struct arena *arena,
                             struct activity_line **out, size_t *n) MUST_CHECK;
/* Forgets those of nobody past ACTIVITIES_KEPT or ACTIVITY_DAYS. */
enum err activity_forget(struct store *store) MUST_CHECK;

#endif
