/* http_chunked.h -- owns the strict reading of a chunked body, in whatever pieces it comes. */
#ifndef NET_HTTP_CHUNKED_H
#define NET_HTTP_CHUNKED_H

#include "base/err.h"
#include "base/str.h"

enum {
    HTTP_CHUNK_EXT_MAX = 256,      /* bytes of one chunk's extensions, which are ignored */
    HTTP_CHUNK_EXT_TOTAL = 8192,   /* and of all of one body */
    HTTP_CHUNK_TRAILER_MAX = 8192, /* bytes of trailers, which are checked, then dropped */
};

struct http_chunked {
    int state; /* in http_chunked.c */
    unsigned digits;
    uint64_t left;                  /* data bytes of this chunk still to come */
    uint64_t total, max;            /* data bytes announced so far, and allowed (I6) */
    size_t ext, ext_total, trailer; /* bytes so far */
};

void http_chunked_init(struct http_chunked *c, uint64_t max_bytes);
/*
 * Takes bytes from `in` up to the end of the next piece of data. `*used` of them are done with, the last of which are `*data`
 * (empty when there was only framing). Call again with the rest until nothing is used.
 * Errors: ERR_SYNTAX, ERR_TOO_LARGE as soon as a chunk's size passes the maximum.
 */
enum err http_chunked_read(struct http_chunked *c, struct str in, size_t *used, struct str *data) MUST_CHECK;
bool http_chunked_done(const struct http_chunked *c);

#endif
