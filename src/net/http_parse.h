/* http_parse.h -- owns the strict reading of an HTTP/1.x request head: bytes in, offsets out; no lenient mode, no allocation. */
#ifndef NET_HTTP_PARSE_H
#define NET_HTTP_PARSE_H

#include "net/http_method.h"

enum {
    HTTP_FIELDS_MAX = 100,
    HTTP_REQUEST_LINE_MAX = 8192, /* bytes without CRLF */
    HTTP_BLANK_LINES_MAX = 2,     /* CRLF before the request line that are ignored */
};

/* Bytes of the head, counted from its first. */
struct http_span {
    uint32_t at, len;
};

struct http_field_span {
    struct http_span name, value; /* value without surrounding blanks */
};

/* What a request head says, once complete; before that also how far it has been read. */
struct http_head {
    enum http_method method;
    int minor;                          /* HTTP/1.<minor>: 0 or 1 */
    struct http_span path, query, host; /* query without "?"; host of the target or the Host field */
    bool keep_alive;                    /* the sender wants to go on with this connection */
    bool expect_continue;               /* Expect: 100-continue, HTTP/1.1 only */
    bool chunked, has_length;           /* at most one of them */
    uint64_t content_length;
    size_t bytes; /* of the head with its blank line, when complete */
    size_t n_fields;

    size_t line_at, scanned; /* start of the line being read; bytes searched for its end */
    unsigned blank_lines, hosts, codings;
    bool has_request_line, absolute, close, asked_keep_alive;
    enum err coding_err, expect_err, encoding_err; /* found in fields, told when the head is complete */
    struct http_field_span fields[HTTP_FIELDS_MAX];
};

void http_head_init(struct http_head *h);
/*
 * Reads on. `bytes` is all that has come since the first byte of the head; earlier bytes must not change between calls, and
 * how the bytes were split over the calls never changes the result. At most max_bytes belong to the head.
 * Errors (each is answered with its status and ends the connection): ERR_SYNTAX, ERR_URI_TOO_LONG, ERR_HEAD_TOO_LARGE,
 * ERR_HTTP_VERSION, ERR_NOT_IMPLEMENTED (method, transfer coding), ERR_LENGTH_REQUIRED, ERR_EXPECTATION, ERR_MEDIA_TYPE.
 */
enum err http_head_read(struct http_head *h, struct str bytes, size_t max_bytes, bool *complete) MUST_CHECK;
/* True when a body follows the head. */
bool http_head_has_body(const struct http_head *h);

static inline struct str http_span_str(struct str bytes, struct http_span span)
{
    return str_n(bytes.p + span.at, span.len);
}

#endif
