/* visit_limits.h -- owns how many visits are taken a second: of one public key, one address, one visitor; over all workers. */
#ifndef ENGINE_VISIT_LIMITS_H
#define ENGINE_VISIT_LIMITS_H

#include "base/config.h"
#include "base/fields.h"
#include "base/secret.h"

struct visit_limits; /* of a process; from any thread */

/* Reads the rates of section [visits]; 0 = no limit. Borrows seal: what is counted is kept as a keyed hash only. Returns owned. */
enum err visit_limits_new(const struct config *cfg, const struct seal *seal, struct visit_limits **out) MUST_CHECK;
/* NULL is fine. */
void visit_limits_free(struct visit_limits *l);

/* Takes one visit from each; false when one has none left. `now_us` is monotonic. */
bool visit_limits_take_address(struct visit_limits *l, struct str peer, struct fields headers, int64_t now_us) MUST_CHECK;
bool visit_limits_take_key(struct visit_limits *l, int64_t source_id, int64_t now_us) MUST_CHECK;
bool visit_limits_take_visitor(struct visit_limits *l, int64_t source_id, struct str visitor_id, int64_t now_us) MUST_CHECK;

enum { VISIT_ADDRESS_CHARS = 64 };
/*
 * Writes what counts as one address: the peer's without its port, an IPv6 address as its network of 64 bits. Of a proxy on this
 * machine it is the last address of X-Forwarded-For, which the proxy itself wrote. Returns `out` as text.
 */
struct str visit_address(struct str peer, struct fields headers, char out[VISIT_ADDRESS_CHARS]);

#endif
