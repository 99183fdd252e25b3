/* redis_check.h -- owns the question whether a Redis server keeps what it accepts: live checks, and the meaning of its errors. */
#ifndef QUEUE_REDIS_CHECK_H
#define QUEUE_REDIS_CHECK_H

#include "base/str.h"

#include <hiredis/hiredis.h>

/*
 * The error of an error reply: -OOM is ERR_QUEUE_FULL; -MISCONF, -READONLY and -NOREPLICAS are ERR_QUEUE_UNSAFE; all others
 * (-LOADING, -NOAUTH, -NOGROUP, -WRONGTYPE...) are ERR_QUEUE_DOWN. Never OK: what Redis refused is not durable (N1).
 */
enum err redis_error(struct str text);
/* True when the text starts with that code, as in "NOGROUP No such key ...". */
bool redis_error_is(const redisReply *reply, struct str code);

enum { REDIS_CHECKS = 4, REDIS_CHECK_WORDS = 3, REDIS_WHY_CHARS = 159 };

/* The state of the checks of one connection. Zeroed, with fsync_everysec_ok set, is the start. */
struct redis_check {
    bool fsync_everysec_ok;        /* redis.require_fsync is everysec */
    bool aof_was_off;              /* after appendonly was off, its first rewrite must end before the file is whole */
    enum err verdict;              /* of the round: OK, ERR_QUEUE_UNSAFE, ERR_QUEUE_DOWN */
    char why[REDIS_WHY_CHARS + 1]; /* what is wrong and what to do; "" when OK */
};

/* Starts a round: send redis_check_command 0 to REDIS_CHECKS - 1, and give each reply back. */
void redis_check_begin(struct redis_check *check);
/* The words of the i-th command, in *n how many. Static. */
const struct str *redis_check_command(size_t i, size_t *n);
/* Judges the reply to the i-th command; the first thing found wrong stays the verdict. */
void redis_check_reply(struct redis_check *check, size_t i, const redisReply *reply);

#endif
