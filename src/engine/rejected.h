/* rejected.h -- owns the sample of a rejected delivery: what is kept of it, what is masked, and its sealed text in the queue. */
#ifndef ENGINE_REJECTED_H
#define ENGINE_REJECTED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fields.h"
#include "base/secret.h"

enum { REJECTED_BODY_BYTES_MAX = 64 << 10, REJECTED_FIELDS_MAX = 100, REJECTED_TEXT_BYTES_MAX = 256 << 10 };

/* All is borrowed, from the request or from the arena. */
struct rejected {
    int64_t at_us;
    struct str reason; /* err_name of why it was rejected */
    struct str method;
    struct str query; /* as sent, without "?"; members that look like a secret are masked */
    struct fields headers;
    struct str body;   /* the first REJECTED_BODY_BYTES_MAX of it */
    size_t body_bytes; /* of the whole */
    bool old_url;      /* it came by a key that was replaced */
};

/*
 * Appends the sample, sealed, for queue_keep_rejected: a sender may put a secret anywhere (N10). Besides, the values of headers and
 * query members that are secrets themselves (Authorization, cookies, tokens; `is_secret`, which may be NULL, knows more of them) become
 * "masked:" and a keyed digest, by which the doctor knows them again and nobody else does.
 */
enum err rejected_write(const struct rejected *r, const struct seal *seal, bool (*is_secret)(void *arg, struct str header),
                        void *arg, struct buf *out) MUST_CHECK;
/* Reads it. The texts live in the arena. ERR_SEAL, ERR_SYNTAX, ERR_MEMORY. */
enum err rejected_read(const struct seal *seal, struct str sealed, struct arena *arena, struct rejected *out) MUST_CHECK;

/* What stands for `value` when it is masked. */
enum { REJECTED_MASK_CHARS = 7 + 64 };
enum err rejected_mask(const struct seal *seal, struct str value, char out[REJECTED_MASK_CHARS + 1]) MUST_CHECK;
/* True when the sample holds the text anywhere, in any spelling of URLs and JSON, or when it cannot be searched. Letters' case is
 * passed over. */
bool rejected_holds(const struct rejected *r, struct str text);

#endif
