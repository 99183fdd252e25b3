/* notify_retry.c -- owns when a notice is tried again, and what an answer means (pure). */
#include "engine/notify_retry.h"

#include "base/clock.h"
#include "base/setting.h"
#include "base/timefmt.h"

enum { JITTER_PARTS = 5, WAIT_MS_MAX = 7 * 86400 * 1000 };

static enum err wrong(struct buf *why, struct str part, const char *what)
{
    enum err err = buf_printf(why, "notify.retries: \"%.*s\" %s", STR_ARG(part), what);

    return err ? err : ERR_CONFIG;
}

enum err notify_schedule_parse(struct str text, struct notify_schedule *out, struct buf *why)
{
    struct str part;

    out->n = 0;
    while (str_split(&text, ' ', &part)) {
        int64_t ms = 0;

        if (part.len == 0)
            continue;
        if (out->n == NOTIFY_RETRIES_MAX)
            return wrong(why, part, "is one wait too many; 32 are the most");
        if (setting_parse_ms(part, &ms) || ms < 1 || ms > WAIT_MS_MAX)
            return wrong(why, part, "is no wait between 1ms and 7d; write it as 5s, 5m or 2h");
        out->waits_us[out->n++] = ms * US_PER_MS;
    }
    return OK;
}

bool notify_schedule_wait(const struct notify_schedule *schedule, int64_t failed, uint32_t random, int64_t retry_after_us,
                          int64_t *wait_us)
{
    int64_t wait;

    if (failed < 1 || (uint64_t)failed > schedule->n)
        return false;
    wait = schedule->waits_us[failed - 1];
    wait += (int64_t)((double)wait / JITTER_PARTS * ((double)random / UINT32_MAX));
    *wait_us = wait > retry_after_us ? wait : retry_after_us;
    return true;
}

int64_t notify_retry_after_us(struct str value, int64_t now_us)
{
    uint64_t seconds = 0;
    int64_t at_us = 0, us = 0;

    if (!str_to_u64(value, &seconds))
        us = (int64_t)(seconds < NOTIFY_RETRY_AFTER_MAX_S ? seconds : NOTIFY_RETRY_AFTER_MAX_S) * US_PER_S;
    else if (!time_parse(value, TIME_HTTP_DATE, &at_us) && at_us > now_us)
        us = at_us - now_us;
    return us < NOTIFY_RETRY_AFTER_MAX_S * US_PER_S ? us : NOTIFY_RETRY_AFTER_MAX_S * US_PER_S;
}

enum notify_verdict notify_judge(enum err err, int status)
{
    if (err && err != ERR_TOO_LARGE)
        return NOTIFY_AGAIN;
    if (status >= 200 && status < 300)
        return NOTIFY_TAKEN;
    return status == 410 ? NOTIFY_GONE : NOTIFY_AGAIN;
}
