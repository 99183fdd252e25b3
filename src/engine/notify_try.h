/* notify_try.h -- owns the test of a target: one signed notice of type "test", sent now, and what came back. */
#ifndef ENGINE_NOTIFY_TRY_H
#define ENGINE_NOTIFY_TRY_H

#include "engine/notify_message.h"
#include "store/notice.h"

enum { NOTIFY_TRY_ANSWER_BYTES = 2000 };

struct notify_trial {
    char id[NOTICE_ID_CHARS + 1]; /* of the notice */
    enum err err;                 /* as in struct http_reply */
    int status;
    int64_t took_us;
    bool taken;             /* a notice would count as delivered */
    struct buf why, answer; /* released by the caller */
};
/* Sends it to the target, also one that is disabled; nothing is stored. Errors: those before anything was sent. */
enum err notify_try(const struct config *cfg, const struct http_agent_options *rules, const struct store *store,
                    const struct notice_target *target, const struct notify_secrets *secrets, struct notify_trial *out) MUST_CHECK;

#endif
