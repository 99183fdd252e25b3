/* apply.h -- owns what the parts of contact_apply share; not for use outside src/model. */
#ifndef MODEL_APPLY_H
#define MODEL_APPLY_H

#include "model/contact.h"

/* One application in progress. */
struct apply {
    struct scope *scope;
    const struct event_refs *refs;
    const struct event_context *ctx;
    const struct policy *policy;
    const struct event *event;
    struct outcome *out;
    struct version v;          /* of this event */
    struct customer *customer; /* the event's customer or guest; NULL when it names none */
};

/* Longest text that is kept of one value, bytes (F6). */
enum { TEXT_MAX = FIELD_VALUE_BYTES_MAX };

/* The provider's time of the event, else the time of receipt (O3), clamped to the time of receipt when it is more than five
 * minutes ahead (O7). */
int64_t event_time(const struct event_context *ctx);
/* The same clamp for any other time that the event gives. */
int64_t clamp_time(const struct event_context *ctx, int64_t at_us);
/* A time member, clamped; 0 when absent, and when it is before 1990. */
int64_t member_time(const struct apply *a, enum member m);
/* O7: flags times that are not believed; true when the event is refused for one that it depends on. */
bool apply_refuses_times(struct apply *a);
/* The text of a member; empty unless present. */
struct str member_text(const struct apply *a, enum member m);
/* s cut to TEXT_MAX bytes at a character's end. */
struct str text_limit(struct str s);
/* Concatenates in the scope's arena. */
struct str scope_join(struct scope *s, struct str a, struct str b);

/* True when the event asks for an erasure: by its type, or by the consent word "redacted" (C13). */
bool event_erases(const struct event *event);
/* True when the event is about a person that was erased and may not come back by it (X3). `of_customer`: it speaks for the
 * customer record. */
bool apply_is_erased(const struct apply *a, bool of_customer);

/* Why nothing of the event is kept (G5). */
enum skip_reason apply_skips(const struct apply *a);

/* Refuses the event with a reason; later calls do not overwrite the first. */
void apply_refuse(struct apply *a, const char *reason, struct str detail);

/* O1: an older statement about an object changes nothing that a newer one said; the ledger says so. */
void apply_stale(struct apply *a, const char *what, struct str name);

/* O5, O6: a deletion is a tombstone with a version; it may come before anything else is known. */
void apply_deleted(struct apply *a);
/* M5: the store's own merge is followed; both customers stay, as one person. */
void apply_merged(struct apply *a);
/* The customer of that subject in the event's source, made when it is not there; NULL without memory. */
struct customer *customer_ensure(struct apply *a, struct str subject);

/* The customer's field of that name, made unset when it is not there; NULL without memory. */
struct contact_field *field_ensure(struct apply *a, struct str name);
/* What the event says of the customer's fields and tags. */
void apply_fields(struct apply *a);
/* Records that the customer had the event's address: the stronger class, then the earlier time, whatever arrives first. */
void customer_claim(struct apply *a, struct customer *c, enum claim_class class);
/* What the operator or a trigger sets, as facts of the account's own source. */
void apply_edit(struct apply *a);

void apply_consents(struct apply *a);
/* Suppresses the address when the word for consent is one that does (C6, C13); true when it is. */
bool apply_suppression(struct apply *a, struct str channel, struct str address, struct str word, int64_t at_us);
/* Keeps the latest time of each reason, of equal times one source whatever came first (N5); true when the reason is new. */
bool suppression_take(struct scope *s, int64_t source_id, struct str channel, struct str address, struct str reason, int64_t at_us);
/* Adds the contact to the source's list, without consent, if it has one. */
void apply_membership(struct apply *a);
void apply_order(struct apply *a);
/* G4: notes since when the event's order is without a contact; after the grouping. */
void apply_anonymous_order(struct apply *a);
void apply_refund(struct apply *a);
void apply_cart(struct apply *a);
void apply_visit(struct apply *a);
void apply_identify(struct apply *a);
void apply_activity(struct apply *a);

/* order.items or cart.items as a JSON array in the arena; empty on ERR_MEMORY. */
struct str items_json(struct scope *s, const struct event *event);

#endif
