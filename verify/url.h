/* url.h -- owns the endpoint's URL as a platform signs it: with the request's query, with and without port. */
#ifndef VERIFY_URL_H
#define VERIFY_URL_H

#include "base/buf.h"

/* Writes `url`, "?" and the query, when there is one. `out` is empty for an empty `url`. */
enum err url_with_query(struct str url, struct str query, struct buf *out) MUST_CHECK;
/* Writes the URL without its port, or with the default port of its scheme when it has none. */
enum err url_other_port(struct str url, struct buf *out) MUST_CHECK;
/* Writes the query without the members of that name, as sent. */
enum err url_query_rest(struct str query, struct str name, struct buf *out) MUST_CHECK;

#endif
