/* happening.h -- owns what an event did, as triggers see it: read off the facts before and after, not off the payload (T4, T5). */
#ifndef MODEL_HAPPENING_H
#define MODEL_HAPPENING_H

#include "model/view.h"

/*
 * Kind, its name, when it happens. This is the only list of them. Two sorts: what was done (a registration, a form, a visit) is
 * known by its event; all others are a change of what is known, so a repetition or an older statement is none.
 */
#define HAPPENINGS(X)                                                                                        \
    X(SIGNUP, "signup", "somebody registered an account in a store")                                         \
    X(FORM_SIGNUP, "form_signup", "somebody sent in a form")                                                 \
    X(CONTACT_ADDED, "contact_added", "an address that was not known made a contact")                        \
    X(CONTACT_UPDATED, "contact_updated", "a field or the address of a known contact changed")               \
    X(PAGE_VISIT, "page_visit", "a known contact visited a page")                                            \
    X(PRODUCT_VIEWED, "product_viewed", "a known contact looked at a product")                               \
    X(PURCHASE, "purchase", "an order counted for the first time: it was paid or completed, and is no test") \
    X(ORDER_REFUNDED, "order_refunded", "money of an order was given back")                                  \
    X(ORDER_CANCELLED, "order_cancelled", "an order was cancelled")                                          \
    X(CART_ABANDONED, "cart_abandoned", "a cart was left alone for its time, outside of the cool-down")      \
    X(CART_RECOVERED, "cart_recovered", "an order came for a cart whose abandonment was told")               \
    X(SUBSCRIBED, "subscribed", "consent to mails became \"subscribed\", for a list or for all")             \
    X(OPT_IN_PENDING, "opt_in_pending", "consent to mails became \"pending\": a confirmation is waited for") \
    X(UNSUBSCRIBED, "unsubscribed", "consent to mails became \"unsubscribed\"")                              \
    X(TAG_ADDED, "tag_added", "a source gave one of its customers a tag")                                    \
    X(TAG_REMOVED, "tag_removed", "a source took a tag away from one of its customers")                      \
    X(DELETED, "deleted", "a store deleted the customer")

enum happening_kind {
#define X(name, text, help) HAPPENING_##name,
    HAPPENINGS(X)
#undef X
        HAPPENING__COUNT
};
const char *happening_name(enum happening_kind kind);
const char *happening_help(enum happening_kind kind);
/* All names, NULL-terminated. */
const char *const *happening_names(void);
/* ERR_NOT_FOUND. */
enum err happening_parse(struct str name, enum happening_kind *out) MUST_CHECK;
/* For sets of kinds. */
#define HAPPENING_BIT(kind) (1u << (kind))

enum { HAPPENING_LISTS_MAX = 16 };
struct happening {
    enum happening_kind kind;
    struct str key; /* effect key: the same whenever this is told again (D7, T4) */
    int64_t source_id;
    struct str contact_id;
    int64_t at_us;                         /* when it happened, as the source says */
    struct str lists[HAPPENING_LISTS_MAX]; /* that it is about; none: consent for all lists, or no list */
    size_t n_lists;
    struct str url; /* of the page, product, cart or order */
    struct str order_id, cart_id, visit_id;
    struct str product_id, variant_id; /* of a product that was viewed */
    struct str items;                  /* of order or cart: JSON array as in struct order */
    struct str tag;
    int64_t amount;      /* minor units of `currency`: order, refund, cart, price */
    struct str currency; /* empty: no amount is known */
    bool mailable;       /* cart_abandoned, cart_recovered: the contact at that moment (CA13) */
};

enum { HAPPENINGS_MAX = 64 };
/* What one event did. */
struct happenings {
    struct happening *at;
    size_t n;
    size_t left_out; /* beyond HAPPENINGS_MAX (N9) */
};

/*
 * True when the event starts nothing, whatever it changes: history (K9: `backfill`), an import, a replay (T1), a merge (M9).
 * `asked`: the operator said for this run that triggers are to fire; it lifts all but the merge.
 */
bool event_is_quiet(const struct event *event, bool replay, bool asked);

/* What is to be remembered of the facts before contact_apply changes them. Opaque outside of happening.c. */
struct facts_before;
/* Everything lives in the scope's arena; `purchase_states` (struct view_input) is borrowed. ERR_MEMORY. */
enum err happenings_before(const struct scope *scope, const struct event_refs *refs, const struct event_context *ctx,
                           const char *purchase_states, struct facts_before **out) MUST_CHECK;
/*
 * After contact_apply: what it did, of the kinds in the set `wanted`. Nothing when no contact is concerned; `contact_id` is for a visit, whose
 * visitor's contact the scope does not hold. Pure. ERR_MEMORY.
 */
enum err happenings_find(const struct facts_before *before, const struct scope *scope, const struct event_refs *refs,
                         const struct event_context *ctx, const struct outcome *outcome, struct str visitor_contact,
                         unsigned wanted, struct happenings *out) MUST_CHECK;

/* What the sweep recorded of a cart, unless it is to start nothing (quiet): then *out stays as it is and false is returned. The key
 * lives in the arena; ERR_MEMORY leaves it empty. */
bool happening_of_cart(const struct cart_firing *firing, const struct cart *cart, struct arena *arena, struct happening *out);

#endif
