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
    enum err ask_err;                     /* of the question, when the key is unknown */
    const struct source_signing *signing; /* NULL: no way to sign that the request names */
    const struct verify_key *keys[VERIFY_KEYS_MAX];
    const struct source_secret *secrets[VERIFY_KEYS_MAX];
    size_t n_keys;
    struct verifier *verifier;
    struct buf url;                     /* of the endpoint, which the verifier borrows until its end */
    int64_t started_us, received_at_us; /* monotonic, wall */
    size_t body_bytes;
    struct id id;
    char topic[64]; /* for the log */
};

struct receiver {
    struct receiver_parts parts;
    struct dummy_work *dummy;
    struct receipt *free, *all;
    struct buf answer; /* scratch of handshakes */
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

/* receive_handshake.c: answers a question of the platform, exactly as the route file says, and ends the receipt. False when the
 * request is none. */
bool receipt_handshake(struct receipt *p);

#endif
