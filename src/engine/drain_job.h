/* drain_job.h -- owns what the parts of one batch share; not for use outside of the drainer. */
#ifndef ENGINE_DRAIN_JOB_H
#define ENGINE_DRAIN_JOB_H

#include "engine/drain.h"
#include "model/contact.h"
#include "model/source.h"
#include "store/field.h"
#include "store/trigger.h"

enum { REASON_BYTES = 2048, ACCOUNTS_KEPT = 4, TRIGGER_SETS_KEPT = 32, LIMITS_KEPT = 32 };

/* What a batch asks of an account once. */
struct batch_account {
    int64_t id;
    bool removed, limited;
    bool parks; /* somebody waits for room in it */
};

/* A source that the batch met. */
struct batch_source {
    struct batch_source *next;
    struct source source;
};

/* One batch at work. */
struct batch {
    const struct drain_parts *parts;
    struct arena *arena; /* what lives as long as the verdicts */
    struct arena work;   /* of the entries that are mapped and applied together */
    struct batch_source *sources;
    struct policy policy;                        /* as of the start of the batch */
    struct field_register fields[ACCOUNTS_KEPT]; /* of the accounts met last */
    size_t next_fields;
    struct trigger_set triggers[TRIGGER_SETS_KEPT]; /* each read at the first event of its account */
    size_t n_triggers;
    struct batch_account accounts[LIMITS_KEPT];
    size_t n_accounts;
};

/* One entry at work. */
struct job {
    struct batch *batch;
    const struct claimed *claimed;
    const struct entry *entry; /* of it */
    const struct source *source;
    struct batch_account *account;
    const struct route *route;
    bool go;     /* it has a route and was mapped: its parts are to be applied */
    bool secret; /* a handshake brought it */
    struct mapped mapped;
    struct event_refs *refs;     /* of each mapped event */
    const struct map_part *part; /* in hand: one element of the body */
    struct str part_reason;      /* the first refusal of the part; empty while there is none */
    struct drain_verdict *verdict;
    size_t ids_made;    /* contacts that the event in hand made */
    enum err failed;    /* it stays pending */
    struct buf trouble; /* sentences of the events that were refused */
    const struct trigger_set *triggers;
    struct facts_before *before; /* of the event in hand; NULL: no trigger could fire for it */
    bool visit_known;            /* the visit in hand was told before */
};

/* Notes the refusal of an event: the first one is the letter's reason, unless one of them will pass (REASON_LIMIT); all of them are its
 * detail. `place`: which event. */
void job_refuse(struct job *job, size_t place, const char *reason, struct str detail);

/* D2, D3, D5: takes the key of the part in hand, in the transaction of its effects. False in *go when there is nothing more to do.
 * Errors: those of db_step. */
enum err job_take_part(struct job *job, bool *go) MUST_CHECK;
/* Puts what was refused of the part beside its key. `said`: how much of the trouble was there before this part. */
enum err job_remember(struct job *job, size_t said) MUST_CHECK;

/* What the events of the mapped body will need is loaded with that of the other entries (store/facts.h). Errors: those of db_step. */
enum err job_want(struct job *job) MUST_CHECK;
/* Applies one event of the mapped body to the facts. Errors: those of scope_load and scope_save; a refusal is none. */
enum err job_apply_event(struct job *job, size_t index) MUST_CHECK;

/* The reason of a letter that enters again by itself when its account has room. */
#define REASON_LIMIT "contact_limit"
/* Finds what the batch knows of the account of the job's source, and has the store work in it. */
enum err job_enter_account(struct job *job) MUST_CHECK;
/* True in *park when the event would make a contact more than the account may have (P13): then nothing of it is kept, its letter
 * waits for room. Inside the entry's transaction. */
enum err job_park(struct job *job, size_t place, const struct event_refs *refs, const struct scope *scope, bool *park) MUST_CHECK;
/* The event was applied to a contact: what waits of the same person needs no room now. */
enum err job_unpark(struct job *job, const struct event_refs *refs) MUST_CHECK;

/* Borrows what is known of the fields of the entry's account (F3, F4). Errors: those of the database. */
enum err job_fields(struct job *job, struct field_register **out) MUST_CHECK;

/* Before contact_apply: keeps what triggers are judged by; nothing when none could fire (T1, K9, M9). */
enum err job_watch(struct job *job, const struct scope *scope, const struct event_refs *refs,
                   const struct event_context *ctx) MUST_CHECK;
/* After it, before the facts are written: whether a visit is new. */
enum err job_watch_visit(struct job *job, const struct scope *scope) MUST_CHECK;
/* After they are written: fires what the event set off, in the transaction of its effects (N4, T4). */
enum err job_fire(struct job *job, const struct scope *scope, const struct event_refs *refs, const struct event_context *ctx,
                  const struct outcome *outcome) MUST_CHECK;

/* True for an entry that a handshake made: its body is a sealed secret. */
bool entry_brings_secret(const struct entry *entry);
/* Keeps the secret that the entry brings, once (N4). A refusal is no error. */
enum err job_keep_secret(struct job *job) MUST_CHECK;

#endif
