/* receipt.h -- owns one request while it is received, shared by the files receive*.c. */
#ifndef ENGINE_RECEIPT_H
#define ENGINE_RECEIPT_H

#include "base/id.h"
#include "engine/dummy_work.h"
#include "engine/receive.h"

enum receipt_state { RECEIPT_FREE, RECEIPT_READING, RECEIPT_ASKING, RECEIPT_QUEUED, RECEIPT__COUNT };

/* One request while it is received. */
struct receipt {
    struct receiver *r;
    struct receipt *next_free, *next_all;
    enum receipt_state state;
    struct http_exchange *x; /* NULL when the sender left */
    struct live_source *live;
    struct sources_wait wait;
    bool asking;                          /* wait is running */
    bool fresh;                           /* the source is as it was after the request came */
    enum err ask_err;                     /* of the question, when the key is unknown */
    const struct source_signing *signing; /* NULL: no way to sign that the request names */
    const struct verify_key *keys[VERIFY_KEYS_MAX];
    const struct source_secret *secrets[VERIFY_KEYS_MAX];
    size_t n_keys;
    enum err refused; /* what speaks against its signature so far */
    struct verifier *verifier;
    struct buf url;                     /* of the endpoint, which the verifier borrows until its end */
    int64_t started_us, received_at_us; /* monotonic, wall */
    size_t body_bytes;
    struct id id;
    char topic[64];                     /* for the log */
    struct handshake_answer *handshake; /* what is answered once the captured secret is durable; owned */
    struct receipt_late *late;          /* the wait for a secret that was captured a moment ago; owned */
};

struct receiver {
    struct receiver_parts parts;
    struct dummy_work *dummy;
    struct receipt *free, *all;
    struct arena check; /* scratch of check mode */
    size_t n_late;      /* receipts that wait for a captured secret */
};

/* receive.c: gives the receipt back to the pool; its verifier stays for the next one. The exchange is no longer its own. */
void receipt_end(struct receipt *p);

/* receive_answer.c: each ends the receipt, except receipt_count. */
/* Adds `by` to the counter "<what><name>" of the source, if it is known. */
void receipt_count(const struct receipt *p, const char *what, const char *name, int64_t by);
/* Refuses with the status of `err`; the reason goes to the log and the source's counters only (I2). */
void receipt_refuse(struct receipt *p, enum err err);
/* 200 with the delivery's id, or what the platform wants to hear instead. */
void receipt_accept(struct receipt *p);

/* Answers with `status` and a body of JSON. */
void receipt_answer_json(struct receipt *p, struct str body);

/* receive.c: the request as a verifier sees it. */
struct verify_request receipt_request(struct receipt *p);
/* Makes the entry of the delivery, without id, source and times. A signed GET has no body: its query, a form, stands for it.
 * Borrows from the request and `kept`. */
void receipt_entry(const struct receipt *p, struct field kept[ENTRY_FIELDS_MAX], struct entry *out);
/* Hands an entry with a new id to the queue; what becomes of it is heard in receive.c. The receipt is queued then. */
enum err receipt_append(struct receipt *p, struct entry *entry) MUST_CHECK;
/* The receipt waits; receipt_judge_again goes on. */
void receipt_wait(struct receipt *p);
/* Looks the source up again in the newest snapshot, and judges the request anew. */
void receipt_judge_again(struct receipt *p);

/*
 * receive_handshake.c: I4, I5: answers a question of the platform exactly as the route file says, and ends the receipt; or hands
 * the secret that it brings to the queue, and receipt_handshake_kept answers. `verified` is the verdict on the request's own
 * signature. Errors: ERR_NOT_FOUND when the request is no question; else why it is refused.
 */
enum err receipt_handshake(struct receipt *p, enum err verified) MUST_CHECK;
void receipt_handshake_kept(struct receipt *p);
/* Wipes what is held. */
void receipt_handshake_end(struct receipt *p);

/* receive_check.c: true when a plugin's author asks what the delivery would mean, instead of delivering it. */
bool receipt_is_check(const struct receipt *p);
/* Answers what the delivery, which is verified, would mean, and ends the receipt. ERR_RATE, ERR_MEMORY; ERR_SYNTAX when the header
 * says anything but "1". */
enum err receipt_check(struct receipt *p) MUST_CHECK;

/* receive_late.c: true when the refused request may be signed with a secret that was captured a moment ago: then it waits for a
 * newer snapshot and is judged again. */
bool receipt_late(struct receipt *p, enum err refused);
/* The wait ends with the receipt. */
void receipt_late_end(struct receipt *p);

#endif
