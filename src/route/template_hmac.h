/* template_hmac.h -- owns the piece {{hmac.HASH.ENCODING(SECRET, PIECE, ...)}} of a template: a digest that proves a secret. */
#ifndef ROUTE_TEMPLATE_HMAC_H
#define ROUTE_TEMPLATE_HMAC_H

#include "route/templates.h"

/* The text under the digest is the pieces, one after the other: names, or literals in single quotes. */
struct template_hmac {
    int hash; /* enum mac_hash */
    bool base64;
    struct str secret; /* config member */
    const struct template_part *pieces;
    size_t n;
};

/* Reads "hmac.sha256.hex(secret, query.a, 'text')": the inside of the braces. Pieces are among `names`. */
bool template_hmac_read(struct reader *r, const struct place *p, struct str inner, const char *const *names,
                        const struct template_hmac **out);
/* Appends the digest. The key is what `lookup` says "secret.SECRET" stands for. ERR_NOT_FOUND, ERR_TOO_LARGE, ERR_MEMORY. */
enum err template_hmac_fill(const struct template_hmac *h, template_lookup *lookup, void *arg, struct buf *out) MUST_CHECK;

#endif
