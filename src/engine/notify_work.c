/* notify_work.c -- owns the attempts under way: notices claimed for their targets, sent, judged, settled. */
#include "engine/notify_work.h"

#include "base/counters.h"
#include "base/id.h"
#include "base/log.h"
#include "engine/notify_message.h"
#include "engine/notify_retry.h"
#include "store/account.h"

enum {
    LEASE_MARGIN_S = 15, /* for the answer to be settled */
    CLAIM_ARENA_BYTES = 128 << 20,
    TARGETS_A_TURN = 1000,
    ERROR_BYTES = 300,
    PAUSES = 10 /* the longest pause, in first pauses */
};

/*  claimed --begin--> SENT --replied--> ENDED --settled--> freed
 *                       └──give_back──────────────────────► freed */
struct attempt {
    struct notify_work *work;
    struct attempt *next;
    struct http_call *call; /* NULL once it ended */
    bool ended;
    struct notice_task task; /* its texts are below; no body */
    struct notice_outcome outcome;
    char notice_id[NOTICE_ID_CHARS + 1], claim[ID_CHARS + 1], target[NOTICE_TARGET_NAME_MAX + 1], error[ERROR_BYTES];
};

struct notify_work {
    const struct clock *clock;
    const struct seal *seal;
    struct http_agent *agent;
    struct notify_signer *signer;
    struct notify_schedule schedule;
    struct notice_pauses pauses;
    int64_t timeout_ms;
    size_t most, most_a_target;
    struct attempt *attempts;
    size_t n_attempts;
    size_t first_target; /* where the next turn begins, so that none is always last */
    struct arena arena;
    void (*ended)(void *arg);
    void *arg;
};

enum err notify_work_new(const struct config *cfg, const struct clock *clock, struct loop *loop, const struct seal *seal,
                         void (*ended)(void *arg), void *arg, struct notify_work **out, struct buf *why)
{
    struct notify_work *work = calloc(1, sizeof(*work));
    struct http_agent_options options;
    struct address_guard guard;
    int64_t pause_us = config_int(cfg, SET_NOTIFY_PAUSE) * US_PER_MS;
    enum err err;

    if (!work)
        return ERR_MEMORY;
    work->clock = clock;
    work->seal = seal;
    work->ended = ended;
    work->arg = arg;
    work->timeout_ms = config_int(cfg, SET_NOTIFY_TIMEOUT);
    work->most = (size_t)config_int(cfg, SET_NOTIFY_CONNECTIONS);
    work->most_a_target = (size_t)config_int(cfg, SET_NOTIFY_PER_TARGET);
    work->pauses = (struct notice_pauses){.first_us = pause_us, .most_us = PAUSES * pause_us};
    arena_init(&work->arena, CLAIM_ARENA_BYTES);
    err = notify_schedule_parse(str_of(config_text(cfg, SET_NOTIFY_RETRIES)), &work->schedule, why);
    if (!err)
        err = notify_rules(cfg, &guard, &options, why);
    if (!err)
        err = notify_signer_new(&work->signer);
    if (!err)
        err = http_agent_new(loop, &options, &work->agent);
    if (err)
        notify_work_free(work);
    else
        *out = work;
    return err;
}

static void drop_attempts(struct notify_work *work)
{
    while (work->attempts) {
        struct attempt *a = work->attempts;

        work->attempts = a->next;
        free(a);
    }
    work->n_attempts = 0;
}

void notify_work_free(struct notify_work *work)
{
    if (!work)
        return;
    http_agent_free(work->agent);
    drop_attempts(work);
    notify_signer_free(work->signer);
    arena_release(&work->arena);
    free(work);
}

size_t notify_work_under_way(const struct notify_work *work)
{
    return work->n_attempts;
}

/* --- what came of an attempt -------------------------------------------------------------------------------------------- */

static void explain(struct attempt *a, enum err err, int status, struct str why)
{
    if (err && err != ERR_TOO_LARGE)
        snprintf(a->error, sizeof(a->error), "%.*s", STR_ARG(str_upto(why, ERROR_BYTES - 1)));
    else if (status >= 300 && status < 400)
        snprintf(a->error, sizeof(a->error), "HTTP %d; redirects are not followed", status);
    else
        snprintf(a->error, sizeof(a->error), "HTTP %d", status);
    a->outcome.error = str_of(a->error);
}

static void tell(const struct attempt *a, enum log_level level, const char *event, int64_t took_us)
{
    LOG(level, event, KV_TEXT("notice", a->notice_id), KV_TEXT("target", a->target), KV_INT("attempt", a->task.attempts + 1),
        KV_INT("status", a->outcome.status), KV_INT("took_us", took_us), KV_TEXT("why", a->error));
}

static void plan_again(struct attempt *a, struct str retry_after)
{
    int64_t now_us = clock_wall_us(a->work->clock), wait_us = 0;
    uint32_t random;

    random_bytes(&random, sizeof(random));
    if (notify_schedule_wait(&a->work->schedule, a->task.attempts + 1, random, notify_retry_after_us(retry_after, now_us),
                             &wait_us)) {
        a->outcome.state = NOTICE_WAITING;
        a->outcome.due_us = now_us + wait_us;
    } else {
        a->outcome.state = NOTICE_DEAD;
    }
}

static void failed(struct attempt *a, enum notify_verdict verdict, struct str retry_after, int64_t took_us)
{
    plan_again(a, retry_after);
    counter_add(COUNTER_NOTICES_FAILED, 1);
    if (verdict == NOTIFY_GONE) { /* it waits for the target to be enabled again */
        a->outcome.disable = STR("it answered 410 Gone");
        a->outcome.state = NOTICE_WAITING;
        tell(a, LOG_WARN, "target disabled, as it answered 410 Gone", took_us);
    } else if (a->outcome.state == NOTICE_DEAD) {
        counter_add(COUNTER_NOTICES_DEAD, 1);
        tell(a, LOG_WARN, "notice dead after its last attempt", took_us);
    } else {
        tell(a, LOG_WARN, "notice not delivered, trying again", took_us);
    }
}

static void end(struct attempt *a, const struct http_reply *reply)
{
    enum notify_verdict verdict = notify_judge(reply->err, reply->status);
    struct str retry_after = STR_NONE;

    a->ended = true;
    a->call = NULL;
    a->outcome = (struct notice_outcome){.task = &a->task, .state = NOTICE_DELIVERED, .status = reply->status};
    fields_get(reply->fields, STR("retry-after"), &retry_after);
    if (verdict == NOTIFY_TAKEN) {
        counter_add(COUNTER_NOTICES_DELIVERED, 1);
        tell(a, LOG_INFO, "notice delivered", reply->took_us);
    } else {
        explain(a, reply->err, reply->status, reply->why);
        failed(a, verdict, retry_after, reply->took_us);
    }
    a->work->ended(a->work->arg);
}

static void replied(void *arg, const struct http_reply *reply)
{
    end(arg, reply);
}

/* Before a request was made. */
static void end_unsent(struct attempt *a, enum err err, struct str why)
{
    struct http_reply reply = {.err = err, .why = why.len ? why : str_of(err_text(err))};

    end(a, &reply);
}

/* --- the start of an attempt -------------------------------------------------------------------------------------------- */

static struct attempt *new_attempt(struct notify_work *work, const struct notice_due *at, const struct notice_task *task)
{
    struct attempt *a = calloc(1, sizeof(*a));

    if (!a)
        return NULL;
    a->work = work;
    a->task = *task;
    snprintf(a->notice_id, sizeof(a->notice_id), "%.*s", STR_ARG(task->notice_id));
    snprintf(a->claim, sizeof(a->claim), "%.*s", STR_ARG(task->claim));
    snprintf(a->target, sizeof(a->target), "%.*s", STR_ARG(at->target.name));
    a->task.notice_id = str_of(a->notice_id);
    a->task.claim = str_of(a->claim);
    a->task.body = STR_NONE;
    a->next = work->attempts;
    work->attempts = a;
    work->n_attempts++;
    return a;
}

static enum err post(struct attempt *a, const struct notice_due *at, const struct notify_secrets *secrets, struct str body)
{
    struct notify_work *work = a->work;
    struct notify_head head;
    enum err err = notify_head_make(work->signer, secrets, a->task.notice_id, body, clock_wall_us(work->clock), &head);
    struct http_agent_request request = {.method = "POST",
                                         .url = at->target.url,
                                         .fields = {head.fields, NOTIFY_FIELDS},
                                         .body = body,
                                         .body_max_bytes = NOTIFY_ANSWER_MAX,
                                         .timeout_ms = work->timeout_ms};

    if (!err)
        err = http_agent_send(work->agent, &request, replied, a, &a->call);
    notify_head_release(&head);
    return err;
}

static void begin(struct notify_work *work, const struct notice_due *at, const struct notify_secrets *secrets, enum err opened,
                  const struct notice_task *task)
{
    struct attempt *a = new_attempt(work, at, task);
    enum err err;

    if (!a)
        return; /* its lease ends by itself */
    err = opened ? opened : post(a, at, secrets, task->body);
    if (err)
        end_unsent(a, err,
                   opened                                     ? STR("its secret does not open")
                   : err == ERR_FORBIDDEN || err == ERR_USAGE ? STR("the settings do not allow its URL")
                                                              : STR_NONE);
}

/* Attempts at one target may be as many as the settings say; one while it fails. */
static size_t room_for(const struct notify_work *work, const struct notice_due *at)
{
    size_t most = at->target.failures >= NOTICE_FAILURES_BEFORE_PAUSE ? 1 : work->most_a_target, taken = 0;

    for (const struct attempt *a = work->attempts; a; a = a->next)
        taken += a->task.target_id == at->target.id && a->task.account_id == at->account_id;
    most = taken < most ? most - taken : 0;
    return most < work->most - work->n_attempts ? most : work->most - work->n_attempts;
}

static enum err start_at(struct notify_work *work, struct store *store, const struct notice_due *at, size_t room)
{
    int64_t lease_us = work->timeout_ms * US_PER_MS + LEASE_MARGIN_S * US_PER_S, account_id = store->account_id;
    struct notify_secrets secrets = {.n = 0};
    struct notice_task *tasks = NULL;
    enum err opened = OK, err;
    size_t n = 0;

    err = notice_claim(store, at, room, lease_us, &work->arena, &tasks, &n);
    if (err || n == 0)
        return err;
    store_enter(store, at->account_id);
    opened = notify_secrets_load(store, work->seal, at->target.id, &secrets);
    store_enter(store, account_id);
    for (size_t i = 0; i < n; i++)
        begin(work, at, &secrets, opened, &tasks[i]);
    notify_secrets_release(&secrets);
    return OK;
}

enum err notify_work_start(struct notify_work *work, struct store *store)
{
    struct notice_due *due = NULL;
    size_t n = 0;
    enum err err = OK;

    arena_reset(&work->arena);
    if (work->n_attempts < work->most)
        err = notice_due_targets(store, TARGETS_A_TURN, &work->arena, &due, &n);
    for (size_t i = 0; i < n && !err && work->n_attempts < work->most; i++) {
        const struct notice_due *at = &due[(work->first_target + i) % n];
        size_t room = room_for(work, at);

        if (room)
            err = start_at(work, store, at, room);
    }
    work->first_target++;
    return err == ERR_DB_BUSY ? OK : err; /* another one claims the same; the next turn finds what is left */
}

/* --- the end ------------------------------------------------------------------------------------------------------------ */

static void free_ended(struct notify_work *work)
{
    for (struct attempt **at = &work->attempts; *at;) {
        struct attempt *a = *at;

        if (!a->ended) {
            at = &a->next;
            continue;
        }
        *at = a->next;
        work->n_attempts--;
        free(a);
    }
}

enum err notify_work_settle(struct notify_work *work, struct store *store)
{
    struct notice_outcome *outcomes;
    size_t n = 0;
    enum err err;

    arena_reset(&work->arena);
    outcomes = arena_array(&work->arena, work->n_attempts + 1, sizeof(*outcomes));
    if (!outcomes)
        return ERR_MEMORY;
    for (const struct attempt *a = work->attempts; a; a = a->next)
        if (a->ended)
            outcomes[n++] = a->outcome;
    err = notice_settle(store, &work->pauses, outcomes, n);
    if (!err)
        free_ended(work);
    return err;
}

void notify_work_give_back(struct notify_work *work, struct store *store)
{
    for (struct attempt *a = work->attempts; a; a = a->next) {
        enum err err = OK;

        if (a->call)
            http_agent_cancel(a->call);
        if (store && !a->ended)
            err = notice_release(store, &a->task);
        if (err)
            LOG(LOG_WARN, "notice not given back; it is due again when its lease ends", KV_TEXT("notice", a->notice_id),
                KV_ERR(err));
    }
    drop_attempts(work);
}
