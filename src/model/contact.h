/* contact.h -- owns what one event can read and change: the facts about a person, as they are loaded and written back. */
#ifndef MODEL_CONTACT_H
#define MODEL_CONTACT_H

#include "base/arena.h"
#include "base/id.h"
#include "model/consent.h"
#include "model/event.h"
#include "model/list.h"
#include "model/field.h"
#include "model/skip.h"
#include "model/version.h"

/*
 * A contact is not stored as one record that events overwrite. Stored are facts, each of which takes any event in any order and
 * ends the same (N5); the contact is the group of customers and addresses that belong together, and its state is derived:
 *
 *   customer   what one source says of one person: "c:<external id>", or a guest "g:<address>"
 *   claim      "this customer had this address, first at"; the group of a contact follows from the claims (group.c)
 *   field      one value of one customer with its version (F1, F2)
 *   consent    registers for one address, channel and list (C1)
 *   order, refund, cart, visit   state by version, keyed in their source
 *
 * The scope holds those facts that one event touches: loaded by store/scope.c, changed by contact_apply, written back where
 * `changed` is set. Everything lives in the scope's arena.
 */

struct customer;
/* False while the latest that its source said of it is a deletion (O5). */
bool customer_is_living(const struct customer *c);

/* How strongly an address belongs to a customer: what a customer event says outranks what an order mentions. CLAIM_JOIN is the
 * operator's: it joins whole contacts (M10). */
enum claim_class { CLAIM_WEAK = 0, CLAIM_STRONG = 1, CLAIM_JOIN = 2 };
/* Why an address is not its customer's though the customer named it: it is another customer's of the same source (M3), or it was
 * another contact's before (H2). */
enum claim_apart { APART_NOT = 0, APART_SAME_SOURCE = 1, APART_TAKEN = 2 };

/* Subjects of an operator's merges: "m:" and an id. Such a customer is nobody; its claims join contacts. */
#define SUBJECT_MERGE "m:"
/* A customer that owns no address stands among the addresses as "#<source>:<subject>" (consent_subject_address). */
static inline bool address_is_real(struct str key)
{
    return key.len && key.p[0] != '#';
}

struct customer {
    struct customer *next;
    int64_t source_id;
    struct str subject;     /* "c:<external id>" or "g:<address key>" */
    struct str external_id; /* empty for a guest */
    struct str contact_id;  /* empty while no address is known */
    struct str email;       /* key of the address named last; empty = none known; view.c says whether it is the customer's */
    struct str email_shown;
    enum claim_class email_class;
    struct version email_v;
    struct version seen_v;     /* latest statement about the customer that is no deletion (O5) */
    struct version deleted_v;  /* latest deletion */
    struct str merged_into;    /* subject in the same source that the store merged this one into (M5); empty = none */
    int64_t first_us, last_us; /* earliest and latest provider time; created_at and updated_at follow from them (O4) */
    bool changed;
    struct str loaded_contact_id; /* the loader's: contact_id before the event */
};

struct address {
    struct address *next;
    struct str key;
    struct str contact_id; /* the contact that owns it: the answer to a look-up by e-mail (M1) */
    bool changed;
};

struct claim {
    struct claim *next;
    int64_t source_id;
    struct str subject, address;
    enum claim_class class;
    int64_t first_us;
    struct version said_v; /* latest statement of its class; kept up only while another address is the customer's latest */
    struct str shown;      /* as that statement spelled it */
    enum claim_apart apart;
    bool changed;
};

struct contact_field {
    struct contact_field *next;
    int64_t source_id;
    struct str subject;
    struct str name; /* "first_name", "<platform>_note", or FIELD_TAGS */
    enum presence is;
    struct str value;
    struct version v;
    bool changed;
};
/* The customer's tags as the source last said them, one a line (F5: each source owns its own). */
#define FIELD_TAGS ".tags"
/* Before the name of a field: the latest text of another type than the field's, which leaves the value as it is (F4). */
#define FIELD_ASIDE ".aside:"
/* Before the name of a tag that the operator or a trigger set: a fact of its own. */
#define FIELD_TAG ".tag:"

/*
 * The account's own source: what the operator or a trigger sets (model/edit.h). Its facts hang on guests that have no e-mail; a
 * field of it goes before what any other source says, unless it is ABSENT: then it was released (F2).
 */
enum { SOURCE_OPERATOR = 0 };

/* Reasons that keep an address from being mailed whatever its consent. Of each the latest is kept (N5). Two are no such reasons but lift
 * one, of an earlier time (C6): SUPPRESSION_CONFIRMED, the latest confirmed opt-in, a hard bounce; SUPPRESSION_LIFTED, an operator's
 * word, what an operator suppressed. */
#define SUPPRESSION_HARD_BOUNCE "hard_bounce"
#define SUPPRESSION_CONFIRMED "confirmed"
#define SUPPRESSION_MANUAL "manual"
#define SUPPRESSION_LIFTED "lifted"
struct suppression {
    struct suppression *next;
    struct str channel, address, reason;
    int64_t at_us, source_id;
    bool changed;
};

/* A source's order: state replaced as a whole by version (K4, O9). */
struct order {
    struct order *next;
    int64_t source_id;
    struct str id;
    struct version v;       /* unset while only a refund or a deletion is known */
    struct str subject;     /* whose it is, as the latest statement that named a customer said; empty = not known (G4) */
    struct version owner_v; /* of that statement */
    int64_t anonymous_us;   /* latest receipt of a statement that left it without a contact; 0 = it had one */
    struct str number, status, currency, shown_currency, cart_id, checkout_id, url, items; /* items: JSON array */
    int64_t total, tax, shipping, discount, refunded;                                      /* minor units of `currency` (K1, K2) */
    struct str shown_total;                                                                /* decimal text in shown_currency */
    bool test;
    int64_t created_us;    /* lowest ever said (O4); 0 = unknown */
    struct version late_v; /* a status without the order's state, such as a deletion */
    struct str late_status;
    struct str loaded_subject, loaded_cart_id, loaded_checkout_id; /* the loader's: before the event */
    bool changed;
};

/* What one refund took back; id empty: the total refunded so far, as push events say it (K5). */
struct refund {
    struct refund *next;
    int64_t source_id;
    struct str order_id, id;
    struct str amount; /* decimal text, in the order's currency */
    struct version v;
    bool changed;
};

struct cart {
    struct cart *next;
    int64_t source_id;
    struct str id;
    struct version v;       /* unset while nothing but its end is known */
    struct str subject;     /* whose it is, as the latest statement that named a customer said; empty = not known */
    struct version owner_v; /* of that statement */
    struct str visitor_id;
    struct str cart_id; /* the cart's own token when `id` is the checkout's (CA1) */
    struct str currency, url, items;
    int64_t total; /* minor units; 0 when unknown */
    size_t n_items;
    int64_t first_us, active_us;                       /* first and last shopper activity (CA4) */
    int64_t completed_us, abandoned_us;                /* latest said; 0 = never */
    int64_t active_received_us, abandoned_received_us; /* when we first received what says so (CA5) */
    int64_t heard_us;                                  /* latest receipt of anything about the cart (CA16) */
    bool changed;
};

/*
 * A cart's quiet time after one activity is an episode: it can be abandoned once, and that abandonment recovered once (CA9). What
 * was recorded of it is kept, so that nothing fires twice (D7), also after the cart's row is gone.
 */
enum firing_kind { FIRING_ABANDONED = 0, FIRING_RECOVERED = 1 };
/* Why nothing is started by it; NOT_QUIET is an event for triggers. */
enum firing_quiet { NOT_QUIET = 0, QUIET_COOL_DOWN = 1, QUIET_LATE = 2, QUIET_OLD = 3 };

struct cart_firing {
    struct cart_firing *next;
    int64_t source_id;
    struct str cart_id;
    enum firing_kind kind;
    int64_t episode_us; /* cart_episode */
    struct str subject, contact_id;
    int64_t due_us, fired_us; /* when it should have, when it did */
    enum firing_quiet quiet;
    bool mailable;       /* the contact, at that moment (CA13) */
    struct str order_id; /* that recovered it; else empty */
};

struct visit {
    struct visit *next;
    int64_t source_id;
    struct str id; /* effect key: the event's own id, or the delivery's key (D6, D7) */
    enum event_type type;
    int64_t at_us;
    struct str subject, visitor_id, url, title, referrer, product_id, product_name;
};

/* Something that happened on the platform and changes nothing here: a line of the timeline. */
struct activity {
    struct activity *next;
    int64_t source_id;
    struct str id; /* effect key, as of a visit */
    int64_t at_us;
    struct str subject, address; /* whom it names; empty = nobody */
    struct str name, text, url;
};

/* Who a visitor turned out to be; the latest statement wins. */
struct visitor {
    struct visitor *next;
    int64_t source_id;
    struct str id, subject;
    struct version v;
    bool changed;
};

/* A line of the ledger: what was applied or refused, by which rule, and why (C12). */
struct ledger_row {
    struct ledger_row *next;
    struct str contact_id; /* empty when no contact is known */
    const char *rule;      /* "O1", "C3", ... */
    const char *what;      /* "field first_name", "consent email", "order", ... or the outcome */
    struct str name;       /* the field, order, cart or list concerned; may be empty */
    struct str old, new;
    int64_t at_us; /* the time that the event gives; of consent, its own */
};

/* A contact id that was merged away, and the survivor (M6). */
struct dropped_contact {
    struct dropped_contact *next;
    struct str id, into;
};

/* Customers and addresses that claims may connect, directly or over others, when an event comes (N9). */
enum { GROUP_NODES_MAX = 5000 };

struct scope {
    struct arena *arena;
    int64_t account_id;
    struct customer *customers;
    struct address *addresses;
    struct claim *claims;
    struct contact_field *fields;
    struct consent *consents;
    struct suppression *suppressions;
    struct order *orders;
    struct refund *refunds;
    struct cart *carts;
    struct cart_firing *firings; /* of those carts and customers; loaded for reading */
    struct visit *visits;        /* to be added */
    struct activity *activities; /* to be added */
    struct visitor *visitors;
    struct ledger_row *ledger, *ledger_last; /* in order of writing */
    struct dropped_contact *dropped;
    size_t made;    /* ids that were given to new contacts */
    bool too_large; /* more than GROUP_NODES_MAX belong together: not all of them are here */
    enum err err;   /* ERR_MEMORY once something did not fit */
};

/* What surrounds an event. Borrowed. */
struct event_context {
    const struct event *event;
    int64_t source_id;
    int rank;
    struct str platform;                   /* route name: prefix of the fields it creates (F3) */
    struct str list;                       /* the source's list; empty = none */
    struct str receipt;                    /* delivery id and place in it */
    struct str effect_key;                 /* for effects without an id of their own (D7) */
    const struct field_types *field_types; /* NULL: every field takes any text */
    struct str field_map;                  /* the source's (model/field.h); empty: every field is kept under its own name */
    int64_t received_at_us, provider_at_us;
    int64_t cart_delay_us; /* the source's quiet time until a cart is abandoned (CA3) */
    int64_t erased_at_us;  /* the person was erased then (X3); 0 = never */
    struct id (*new_id)(void *arg);
    void *arg;
};

/* What the operator decided. */
struct policy {
    bool sources_may_relax;        /* C3: "source allowed to" */
    const struct list_kind *lists; /* C8; borrowed */
    const struct skip_rule *skips; /* G5; borrowed */
};
extern const struct policy policy_default;

enum effect { EFFECT_APPLIED, EFFECT_STALE, EFFECT_NONE, EFFECT_SKIPPED, EFFECT_DEAD, EFFECT_ERASE, EFFECT_SOURCE_ERASE };

struct outcome {
    enum effect effect;
    const char *reason;       /* for EFFECT_DEAD: no_email, invalid_email, mapping, bad_time, group_too_large */
    enum skip_reason skipped; /* for EFFECT_SKIPPED (G5): nothing of the event is kept */
    struct str detail;
    struct str contact_id; /* the contact concerned; empty when none */
    bool anonymous;        /* an order that nobody is known of yet: kept for a time, no dead letter (G4) */
    struct str asks_list;  /* C8: an opt-in to that list waits for its confirmation now, and nobody has asked for it; empty: none */
    size_t asides;         /* texts of another type than their field's (F4) */
};

/* What an event refers to, for the loader: which customer, address, order, cart, visitor. */
struct event_refs {
    struct str subject; /* "c:..." or "g:..." or empty */
    struct str merged;  /* the customer that a merge takes away */
    struct str email;   /* key; empty when none or invalid */
    struct str email_shown;
    enum err email_err; /* OK, ERR_NOT_FOUND (none), ERR_SYNTAX (invalid) */
    struct str order_id, cart_id, visitor_id;
};
/* Reads an event's references. ERR_MEMORY. */
enum err event_refs(const struct event *event, struct arena *arena, struct event_refs *out) MUST_CHECK;

/*
 * Applies one event to the loaded facts: pure, the same for any order and repetition of the same events (N5). Regroups contacts
 * when a claim is new. Imports, orders, carts, visits and merges never relax consent (N6).
 * Errors: ERR_MEMORY. A refused event is no error: `out` says so.
 */
enum err contact_apply(struct scope *scope, const struct event_refs *refs, const struct event_context *ctx,
                       const struct policy *policy, struct outcome *out) MUST_CHECK;

/* True when the reason keeps the address from being mailed: it is one, and nothing in the scope lifts it (C6). */
bool suppression_counts(const struct scope *s, const struct suppression *p);
/*
 * An operator suppresses an address, or lifts that again, now (ctx->received_at_us); `why` is kept in the ledger. False when it was so
 * before, or memory is out (scope->err). Nothing else lifts it, and it lifts nothing else (C6).
 */
bool contact_suppress(struct scope *s, const struct event_context *ctx, struct str address, bool lift, struct str why);

/* Finds in the scope; NULL when absent. */
struct customer *scope_customer(const struct scope *s, int64_t source_id, struct str subject);
struct address *scope_address(const struct scope *s, struct str key);
/* Adds (not yet changed). NULL sets scope->err. */
void *scope_add(struct scope *s, void *list_head, size_t size);
/* Assigns contacts to customers and addresses by their claims (M1, M3-M6); only when something is new. */
void scope_group(struct scope *s, const struct event_context *ctx);
/* Adds a ledger row with the event's time; NULL without memory, then scope->err is set. */
struct ledger_row *scope_note(struct scope *s, const struct event_context *ctx, struct str contact_id, const char *rule,
                              const char *what, struct str name, struct str old, struct str new);

#endif
