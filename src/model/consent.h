/* consent.h -- owns consent: what was stated for one address, channel and list, and the state that follows (C1-C5, C7, C8). */
#ifndef MODEL_CONSENT_H
#define MODEL_CONSENT_H

#include "base/arena.h"
#include "base/str.h"

/*
 * Statements are kept as four registers, each the latest of its kind, so that any order of arrival gives the same state (N5):
 *   restrict  unsubscribed
 *   opt_in    an explicit opt-in: a consent topic, a form, a signup with consent (C3)
 *   weak      what orders and imports say: counts only where nothing else was ever said (C4)
 *   asked     an explicit opt-in that its list wants confirmed first (C8): never more than pending
 * restrict wins over an opt_in or asked of the same time or an earlier one (C2, C5), opt_in over asked: once confirmed is enough.
 */
enum consent_state { CONSENT_NONE, CONSENT_PENDING, CONSENT_SUBSCRIBED, CONSENT_UNSUBSCRIBED, CONSENT__COUNT };
enum consent_kind { CONSENT_RESTRICT, CONSENT_OPT_IN, CONSENT_WEAK, CONSENT_ASKED, CONSENT_KIND__COUNT };

struct consent_register {
    bool set;
    enum consent_state state;
    int64_t at_us; /* consent time; CONSENT_OLDEST when a relaxing statement has none (C5) */
    int64_t source_id;
    bool confirmed;     /* double opt-in */
    struct str basis;   /* what the sender calls the place: "checkout", "footer form"; may be empty */
    struct str receipt; /* which event said it */
};
#define CONSENT_OLDEST INT64_C(0)

struct consent {
    struct consent *next;
    struct str channel; /* "email", "sms" */
    struct str address; /* the address' key, or "#<source>:<subject>" for what was said of a customer without naming an address */
    struct str list;    /* empty = global (C10) */
    int64_t since_us;   /* first statement or membership */
    struct consent_register is[CONSENT_KIND__COUNT];
    bool changed;
};

/* The state that a set of registers gives, the register that decided it (NULL for none). Pure. */
struct consent_verdict {
    enum consent_state state;
    const struct consent_register *by;
};
struct consent_verdict consent_resolve(const struct consent_register is[CONSENT_KIND__COUNT]);

/* Takes `said` into `reg` if it is the later one of its kind; true when the register changed. Commutes and repeats (N5). */
bool consent_take(struct consent_register *reg, const struct consent_register *said);
/* As consent_take for each kind. */
void consent_join(struct consent_register into[CONSENT_KIND__COUNT], const struct consent_register from[CONSENT_KIND__COUNT]);

/* Where statements about a customer that name no address are kept: "#<source>:<subject>", in the arena; .p NULL without memory. */
struct str consent_subject_address(struct arena *arena, int64_t source_id, struct str subject);

const char *consent_state_name(enum consent_state state);
/* Parses "none", "pending", "subscribed", "unsubscribed". ERR_NOT_FOUND. */
enum err consent_state_parse(struct str name, enum consent_state *out) MUST_CHECK;

#endif
