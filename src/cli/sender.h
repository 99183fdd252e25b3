/* sender.h -- owns the making of deliveries as a platform signs them: the mirror of receiving. */
#ifndef CLI_SENDER_H
#define CLI_SENDER_H

#include "base/secret.h"
#include "route/route.h"

struct sender; /* a route, a secret and the way to sign that fits them */

/*
 * Returns owned. Borrows route, secret (NULL where the platform signs nothing), the config member that it is (empty: any), url
 * (where the delivery goes: some platforms sign it; the member "url" of config stands for it, as at the source) and what config
 * gives: the members that ways to sign name. ERR_CONFIG with `problems`, ERR_MEMORY.
 */
enum err sender_new(const struct route *route, const struct secret *secret, struct str secret_name, struct str url,
                    const struct verify_config *config, struct problems *problems, struct sender **out) MUST_CHECK;
/* NULL is fine. */
void sender_free(struct sender *s);

enum { DRAFT_FIELDS_MAX = ROUTE_SEND_FIELDS_MAX + SIGN_FIELDS_MAX + 2 }; /* and the content type, and one of the command's */
/* One delivery: fields and body, ready for the client. The fields borrow from `values` and `signature`. */
struct draft {
    struct field fields[DRAFT_FIELDS_MAX];
    size_t n;
    struct buf values, id, signature, body; /* the fields point into them */
    struct buf query;                       /* of the URL, with a signature that stands there */
    struct buf unsigned_body;               /* as it was before a signature went into it */
};
void draft_init(struct draft *d);
void draft_release(struct draft *d);

/*
 * Makes the delivery: `body` as it is, or the route's example for the topic when body.p is NULL; signed as of `signed_at_us`
 * with the route's first way to sign under which the receiver would accept it.
 * Errors, with `why` in words: ERR_NOT_FOUND (no example for the topic), ERR_SYNTAX (the secret has not the platform's form),
 * ERR_NOT_IMPLEMENTED (we hold no key that signs so), ERR_MEMORY, ERR_TOO_LARGE.
 */
enum err sender_make(struct sender *s, const struct route_send *what, struct str body, int64_t signed_at_us, struct draft *out,
                     struct buf *why) MUST_CHECK;
/* After the first sender_make: true when the platform signs a time. */
bool sender_is_timed(const struct sender *s);

#endif
