/* http_answer.h -- owns the text of an answer: status line, fields, body. */
#ifndef NET_HTTP_ANSWER_H
#define NET_HTTP_ANSWER_H

#include "net/server.h"

/* What the connection knows about an answer, beside what the handler says. */
struct http_answer_frame {
    struct str date;       /* of the Date field */
    const char *allow;     /* of the Allow field of a 405 answer, or NULL */
    bool head_only;        /* the request was HEAD: no body, but its length */
    bool close;            /* this is the last answer */
    bool keep_alive_asked; /* an HTTP/1.0 sender asked to go on, and is told */
};

/* Appends the whole answer to `out`. Errors of buf_append. */
enum err http_answer_write(struct buf *out, const struct http_answer *a, const struct http_answer_frame *frame) MUST_CHECK;
/* The answer to a refused request: the status of `err`, and no reason beyond it (SPEC I2). */
struct http_answer http_answer_refusal(enum err err);
/* Writes "Thu, 02 May 2024 09:11:08 GMT" and a NUL. */
enum { HTTP_DATE_CHARS = 29 };
void http_date(int64_t wall_s, char out[HTTP_DATE_CHARS + 1]);

#endif
