/* notify_retry.h -- owns when a notice is tried again, and what an answer means (pure). */
#ifndef ENGINE_NOTIFY_RETRY_H
#define ENGINE_NOTIFY_RETRY_H

#include "base/buf.h"
#include "base/str.h"

enum { NOTIFY_RETRIES_MAX = 32, NOTIFY_RETRY_AFTER_MAX_S = 86400 };

/* The waits before each further attempt. */
struct notify_schedule {
    int64_t waits_us[NOTIFY_RETRIES_MAX];
    size_t n;
};
/* Reads "5s 30s 5m". ERR_CONFIG; `why` says which part is wrong. */
enum err notify_schedule_parse(struct str text, struct notify_schedule *out, struct buf *why) MUST_CHECK;
/*
 * False when `failed` attempts were the last. Else *wait_us is the wait before the next: as scheduled and up to a fifth more, by
 * `random`, so that what failed together does not come back together; at least `retry_after_us`.
 */
bool notify_schedule_wait(const struct notify_schedule *schedule, int64_t failed, uint32_t random, int64_t retry_after_us,
                          int64_t *wait_us);
/* The value of a Retry-After header, seconds or a date, from now on; 0 for anything else, NOTIFY_RETRY_AFTER_MAX_S at most. */
int64_t notify_retry_after_us(struct str value, int64_t now_us);

/* What an answer means. GONE: the receiver wants nothing more, for ever (410, as Standard Webhooks says). */
enum notify_verdict { NOTIFY_TAKEN, NOTIFY_AGAIN, NOTIFY_GONE };
/* `err` and `status` as in struct http_reply: a good answer that was too long to be read is a good answer. */
enum notify_verdict notify_judge(enum err err, int status);

#endif
