/* redis_conn.h -- owns one connection to Redis: commands out, replies in, in order; no event loop, never blocks. */
#ifndef QUEUE_REDIS_CONN_H
#define QUEUE_REDIS_CONN_H

#include "queue/redis_address.h"

#include <hiredis/hiredis.h>

struct redis_conn;

/*
 * Called once a command. err OK: `reply` is its answer. An error reply of Redis arrives with its error (redis_check.h) and the
 * reply, whose text is for the log. A connection that ends gives ERR_QUEUE_DOWN and NULL. The reply lives in the callback only,
 * unless it is taken.
 */
typedef void redis_reply_fn(void *arg, enum err err, const redisReply *reply);

/* `out_max_bytes` bounds what waits to be written (N9). Returns owned, not connected. */
enum err redis_conn_new(size_t out_max_bytes, struct redis_conn **out) MUST_CHECK;
void redis_conn_free(struct redis_conn *c);

/* Starts to connect; commands may be given at once. ERR_QUEUE_DOWN when that fails at once. */
enum err redis_conn_connect(struct redis_conn *c, const struct redis_address *address) MUST_CHECK;
/* Ends the connection: every unanswered command gets ERR_QUEUE_DOWN. Not from within a reply: there, redis_conn_break. */
void redis_conn_close(struct redis_conn *c);
/* From within a reply: no further reply is delivered, and redis_conn_read returns an error. */
void redis_conn_break(struct redis_conn *c);
/* -1 when not connected. */
int redis_conn_fd(const struct redis_conn *c);

/*
 * Adds one command to what is to be written. Its reply must come before `deadline_us`
 * (monotonic): the caller watches redis_conn_deadline and closes the connection when it has passed, so that a late reply can
 * never be taken for another command's.
 * Errors: ERR_QUEUE_DOWN when not connected, ERR_TOO_LARGE past the maximum, ERR_MEMORY.
 */
enum err redis_conn_command(struct redis_conn *c, const struct str *args, size_t n, int64_t deadline_us, redis_reply_fn *fn,
                            void *arg) MUST_CHECK;
/* Writes what the socket takes. ERR_QUEUE_DOWN: close it. */
enum err redis_conn_write(struct redis_conn *c) MUST_CHECK;
bool redis_conn_wants_write(const struct redis_conn *c);
/* Reads what is there and calls back. ERR_QUEUE_DOWN at the end, at an error, and for what is not the protocol: close it. */
enum err redis_conn_read(struct redis_conn *c) MUST_CHECK;
/* From within a reply: moves it to the caller. Returns owned: freeReplyObject. */
redisReply *redis_conn_take_reply(struct redis_conn *c);

/* The deadline of the oldest unanswered command; INT64_MAX when there is none. */
int64_t redis_conn_deadline(const struct redis_conn *c);
/* Commands not yet answered, and the bytes of them. */
size_t redis_conn_unanswered(const struct redis_conn *c);
size_t redis_conn_unanswered_bytes(const struct redis_conn *c);

#endif
