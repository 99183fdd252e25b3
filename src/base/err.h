/* err.h -- owns the list of errors: code, text, and the HTTP status a sender is told. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

/* One row an error: code, what it means in words, HTTP status. 500 = never shown to a sender as such. */
#define ERROR_LIST(X)                                                   \
    X(OK, "ok", 200)                                                    \
    X(SYNTAX, "malformed input", 400)                                   \
    X(UTF8, "invalid UTF-8", 400)                                       \
    X(DEPTH, "nested too deeply", 400)                                  \
    X(DUPLICATE, "duplicate member", 400)                               \
    X(RANGE, "value out of range", 400)                                 \
    X(TYPE, "wrong type", 400)                                          \
    X(SIGNATURE, "signature does not match", 401)                       \
    X(SIGNATURE_MISSING, "signature header missing", 401)               \
    X(SIGNATURE_MALFORMED, "signature header malformed", 401)           \
    X(SIGNATURE_REPEATED, "signature header sent more than once", 401)  \
    X(TIMESTAMP_MALFORMED, "timestamp malformed", 401)                  \
    X(TIMESTAMP_STALE, "timestamp outside the tolerance", 401)          \
    X(RECIPIENT, "meant for another recipient", 401)                    \
    X(FORBIDDEN, "not permitted", 403)                                  \
    X(NOT_FOUND, "not found", 404)                                      \
    X(METHOD, "method not allowed", 405)                                \
    X(TIMEOUT, "deadline passed", 408)                                  \
    X(EXISTS, "exists already", 409)                                    \
    X(LENGTH_REQUIRED, "length required", 411)                          \
    X(TOO_LARGE, "too large", 413)                                      \
    X(URI_TOO_LONG, "request target too long", 414)                     \
    X(MEDIA_TYPE, "unsupported media type", 415)                        \
    X(EXPECTATION, "expectation not supported", 417)                    \
    X(RATE, "too many requests", 429)                                   \
    X(HEAD_TOO_LARGE, "request head too large", 431)                    \
    X(NOT_IMPLEMENTED, "not implemented", 501)                          \
    X(HTTP_VERSION, "HTTP version not supported", 505)                  \
    X(TOO_MANY, "too many", 400)                                        \
    X(QUEUE_DOWN, "queue not reachable", 503)                           \
    X(QUEUE_UNSAFE, "queue is not set up to keep what it accepts", 503) \
    X(QUEUE_FULL, "queue is full", 503)                                 \
    X(DB_DOWN, "database not reachable", 503)                           \
    X(DB_BUSY, "database is locked", 503)                               \
    X(DB, "database error", 500)                                        \
    X(MEMORY, "out of memory", 503)                                     \
    X(IO, "input or output failed", 500)                                \
    X(TLS, "TLS failed", 500)                                           \
    X(CLOSED, "connection closed", 500)                                 \
    X(CONFIG, "configuration is not usable", 500)                       \
    X(USAGE, "wrong usage", 400)                                        \
    X(SEAL, "sealed text does not open with this master key", 500)      \
    X(INTERNAL, "internal error", 500)

enum err {
#define X(code, text, status) ERR_##code,
    ERROR_LIST(X)
#undef X
        ERR__COUNT
};
#define OK ERR_OK

/* Returns a static text; never NULL. */
const char *err_text(enum err err);
/* Returns the code in lower case, e.g. "signature_missing"; static, never NULL. For logs and --json. */
const char *err_name(enum err err);
/* Returns the HTTP status of the error's row. */
int err_http_status(enum err err);

#endif
