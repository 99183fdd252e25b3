/* notify_try.c -- owns the test of a target: one signed notice of type "test", sent now, and what came back. */
#include "engine/notify_try.h"

#include "base/id.h"
#include "base/timefmt.h"
#include "engine/notify_retry.h"
#include "net/loop.h"

#include <stdio.h>

enum { BODY_BYTES = 512, CALLS = 1 };

/* The request under way. */
struct trying {
    struct loop *loop;
    struct notify_trial *trial;
    enum err failed; /* of our own */
};

static void replied(void *arg, const struct http_reply *reply)
{
    struct trying *t = arg;

    t->trial->err = reply->err;
    t->trial->status = reply->status;
    t->trial->took_us = reply->took_us;
    t->trial->taken = notify_judge(reply->err, reply->status) == NOTIFY_TAKEN;
    t->failed = buf_append(&t->trial->why, reply->why);
    if (!t->failed)
        t->failed = buf_append(&t->trial->answer, str_upto(reply->body, NOTIFY_TRY_ANSWER_BYTES));
    loop_stop(t->loop);
}

static enum err post(struct trying *t, const struct config *cfg, const struct http_agent_options *rules,
                     const struct notice_target *target, const struct notify_head *head, struct str body)
{
    struct http_agent_options options = *rules;
    struct http_agent_request request = {.method = "POST",
                                         .url = target->url,
                                         .fields = {head->fields, NOTIFY_FIELDS},
                                         .body = body,
                                         .body_max_bytes = NOTIFY_ANSWER_MAX,
                                         .timeout_ms = config_int(cfg, SET_NOTIFY_TIMEOUT)};
    struct http_agent *agent = NULL;
    enum err err;

    options.calls_max = CALLS;
    err = http_agent_new(t->loop, &options, &agent);
    if (!err)
        err = http_agent_send(agent, &request, replied, t, NULL);
    if (!err)
        err = loop_run(t->loop);
    http_agent_free(agent);
    return err ? err : t->failed;
}

static enum err write_body(int64_t now_us, struct buf *out)
{
    char when[TIME_ISO_CHARS + 1];

    return buf_printf(out, "{\"type\":\"test\",\"timestamp\":\"%s\",\"data\":{\"message\":\"a test of storehook\"}}",
                      time_iso(now_us, when));
}

enum err notify_try(const struct config *cfg, const struct http_agent_options *rules, const struct store *store,
                    const struct notice_target *target, const struct notify_secrets *secrets, struct notify_trial *out)
{
    int64_t now_us = clock_wall_us(store->clock);
    struct id id = id_new(now_us);
    struct trying t = {.trial = out};
    struct buf body = BUF_INIT(BODY_BYTES);
    struct notify_signer *signer = NULL;
    struct notify_head head = {.signature = {.p = NULL}, .timestamp = {.p = NULL}};
    enum err err = loop_new(&t.loop);

    snprintf(out->id, sizeof(out->id), "msg_%s", id.text);
    if (!err)
        err = notify_signer_new(&signer);
    if (!err)
        err = write_body(now_us, &body);
    if (!err)
        err = notify_head_make(signer, secrets, str_of(out->id), buf_str(&body), now_us, &head);
    if (!err)
        err = post(&t, cfg, rules, target, &head, buf_str(&body));
    notify_head_release(&head);
    notify_signer_free(signer);
    buf_release(&body);
    loop_free(t.loop);
    return err;
}
