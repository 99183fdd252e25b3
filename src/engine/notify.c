/* notify.c -- owns the role notify: notices that wait are delivered, tried again, and given up. */
#include "engine/notify.h"

#include "base/counters.h"
#include "base/id.h"
#include "base/log.h"
#include "engine/notify_work.h"
#include "engine/ready.h"
#include "engine/state.h"
#include "queue/stream.h"
#include "store/account.h"
#include "store/master_key.h"

#include <signal.h>
#include <stdio.h>

/*
 *   START --database there--> WORK: settle what ended, claim what is due, send; every POLL_MS, and after each answer
 *   any error of the database: it is opened again after a wait; what is under way stays so, what ended is settled then
 *   SIGTERM --> STOP: nothing is claimed; what is under way may end for STOP_MS, the rest is given back
 * The queue is needed for `stats` alone: without it notices go out all the same.
 */
enum {
    POLL_MS = 200,
    SOON_MS = 5, /* answers that come together are settled together */
    STOP_MS = 5000,
    RETRY_FIRST_MS = 100,
    RETRY_LAST_MS = 5000,
    HOUSEKEEPING_S = 60,
    PRESENCE_S = 5,
    PRESENCE_AGAIN_S = 30, /* the queue is away */
    PRESENCE_TTL_MS = 15000,
    WHY_BYTES = 4096,
    N_SIGNALS = 2
};

struct notifier {
    const struct config *cfg;
    const struct clock *clock;
    bool as_json, announced, stopping;
    int code;
    struct loop *loop;
    struct loop_timer *tick, *stop_timer;
    struct loop_signal *signals[N_SIGNALS];
    struct store *store;
    struct stream *stream;
    struct seal *seal;
    struct notify_work *work;
    struct notice_keep keep;
    int64_t retry_ms;
    int64_t presence_us, housekeeping_us; /* monotonic time of the next one */
};

static void plan_tick(struct notifier *n, int64_t after_ms)
{
    loop_timer_start(n->tick, after_ms);
}

static void something_ended(void *arg)
{
    plan_tick(arg, SOON_MS);
}

/* --- what it works with ------------------------------------------------------------------------------------------------- */

static enum err open_store(struct notifier *n, struct buf *why)
{
    enum err err = store_open(n->cfg, n->clock, &n->store, why);

    if (!err)
        err = master_key_check(n->store, n->seal);
    if (err == ERR_SEAL) {
        state_explain_key(n->cfg, why);
        fprintf(stderr, "storehook: notify: %s\n", buf_text(why));
        n->code = 1;
        loop_stop(n->loop);
    }
    if (err) {
        store_close(n->store);
        n->store = NULL;
    }
    return err;
}

static bool has_store(struct notifier *n)
{
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = n->store ? OK : open_store(n, &why);

    if (err)
        LOG(LOG_ERROR, "database not usable, waiting", KV_ERR(err), KV_STR("why", buf_str(&why)));
    else if (!n->announced)
        ready_print(n->as_json, NULL, 0);
    n->announced |= err == OK;
    buf_release(&why);
    return err == OK;
}

/* Waits longer each time; a connection that is gone is opened anew. */
static void after_trouble(struct notifier *n, enum err err)
{
    if (n->store)
        LOG(err == ERR_DB_BUSY ? LOG_DEBUG : LOG_ERROR, "database refuses, waiting", KV_ERR(err),
            KV_TEXT("why", db_trouble(n->store->db)));
    if (err == ERR_DB_DOWN) {
        store_close(n->store);
        n->store = NULL;
    }
    n->retry_ms = n->retry_ms ? n->retry_ms * 2 : RETRY_FIRST_MS;
    n->retry_ms = n->retry_ms > RETRY_LAST_MS ? RETRY_LAST_MS : n->retry_ms;
    plan_tick(n, n->retry_ms);
}

static void show_presence(struct notifier *n)
{
    int64_t now = clock_mono_us(n->clock);
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = OK;

    if (now >= n->presence_us) {
        err = n->stream ? OK : stream_open(n->cfg, n->clock, &n->stream, &why);
        if (!err)
            err = stream_role_ready(n->stream, STR("notify"), PRESENCE_TTL_MS);
        n->presence_us = clock_mono_us(n->clock) + (err ? PRESENCE_AGAIN_S : PRESENCE_S) * US_PER_S;
    }
    if (err) {
        LOG(LOG_WARN, "presence not shown", KV_ERR(err), KV_STR("why", buf_str(&why)));
        stream_close(n->stream);
        n->stream = NULL;
    }
    buf_release(&why);
}

/* What one round of forgetting did in all accounts. */
struct forgetting {
    const struct notice_keep *keep;
    struct notice_forgotten sum;
};

static enum err forget_in_account(struct store *store, void *arg)
{
    struct forgetting *f = arg;
    struct notice_forgotten gone;
    enum err err = notice_forget(store, f->keep, &gone);

    f->sum.given_up += gone.given_up;
    f->sum.dead += gone.dead;
    f->sum.more |= gone.more;
    return err;
}

/* Nothing disappears without a word (N8). */
static enum err forget(struct notifier *n)
{
    int64_t now = clock_mono_us(n->clock);
    struct forgetting f = {.keep = &n->keep};
    enum err err;

    if (now < n->housekeeping_us)
        return OK;
    err = account_each(n->store, forget_in_account, &f);
    n->housekeeping_us = now + (f.sum.more ? 1 : HOUSEKEEPING_S) * US_PER_S;
    if (f.sum.given_up)
        LOG(LOG_WARN, "notices dead, as they waited too long", KV_UINT("notices", f.sum.given_up));
    if (f.sum.dead)
        LOG(LOG_WARN, "dead notices forgotten", KV_UINT("notices", f.sum.dead), KV_TEXT("by", "notify.keep_days, notify.keep"));
    counter_add(COUNTER_NOTICES_DEAD, f.sum.given_up);
    return err;
}

/* --- the work ----------------------------------------------------------------------------------------------------------- */

static void finish_when_idle(struct notifier *n)
{
    if (notify_work_under_way(n->work) == 0)
        loop_stop(n->loop);
}

static void turn(void *arg)
{
    struct notifier *n = arg;
    enum err err;

    if (!has_store(n)) {
        after_trouble(n, ERR_DB_DOWN);
        return;
    }
    err = notify_work_settle(n->work, n->store);
    if (!err && !n->stopping)
        err = forget(n);
    if (!err && !n->stopping)
        err = notify_work_start(n->work, n->store);
    if (err) {
        after_trouble(n, err);
        return;
    }
    n->retry_ms = 0;
    if (n->stopping)
        finish_when_idle(n);
    else
        show_presence(n);
    plan_tick(n, POLL_MS);
}

/* What has not ended by now is given back; the receiver may hear of it twice, under one id. */
static void stop_late(void *arg)
{
    struct notifier *n = arg;

    notify_work_give_back(n->work, n->store);
    loop_stop(n->loop);
}

static void stop(void *arg)
{
    struct notifier *n = arg;

    LOG(LOG_INFO, "stopping", KV_UINT("under_way", notify_work_under_way(n->work)));
    n->stopping = true;
    loop_timer_start(n->stop_timer, STOP_MS);
    plan_tick(n, 0);
}

static enum err make_loop(struct notifier *n)
{
    static const int signals[N_SIGNALS] = {SIGTERM, SIGINT};
    enum err err = loop_new(&n->loop);

    for (size_t i = 0; i < N_SIGNALS && !err; i++)
        err = loop_signal_new(n->loop, signals[i], stop, n, &n->signals[i]);
    if (!err)
        err = loop_timer_new(n->loop, turn, n, &n->tick);
    return err ? err : loop_timer_new(n->loop, stop_late, n, &n->stop_timer);
}

static enum err load_seal(struct notifier *n, struct buf *why)
{
    const char *file = config_text(n->cfg, SET_MASTER_KEY_FILE);
    enum err err = seal_load(str_of(config_text(n->cfg, SET_MASTER_KEY)), file, &n->seal), said;

    if (!err)
        return OK;
    said = buf_printf(why, "the master key in %s is not usable: %s; `storehook up` makes one", file, err_text(err));
    return said ? said : err;
}

static enum err start(struct notifier *n, struct buf *why)
{
    const struct config *cfg = n->cfg;
    enum err err = make_loop(n);

    n->keep = (struct notice_keep){.give_up_us = config_int(cfg, SET_NOTIFY_GIVE_UP) * US_PER_MS,
                                   .keep_us = config_int(cfg, SET_NOTIFY_KEEP_DAYS) * 86400 * US_PER_S,
                                   .keep_n = config_int(cfg, SET_NOTIFY_KEEP)};
    if (!err)
        err = load_seal(n, why);
    if (!err)
        err = notify_work_new(cfg, n->clock, n->loop, n->seal, something_ended, n, &n->work, why);
    if (!err)
        plan_tick(n, 0);
    return err;
}

static void release(struct notifier *n)
{
    notify_work_free(n->work);
    stream_close(n->stream);
    store_close(n->store);
    seal_free(n->seal);
    loop_timer_free(n->tick);
    loop_timer_free(n->stop_timer);
    for (size_t i = 0; i < N_SIGNALS; i++)
        loop_signal_free(n->signals[i]);
    loop_free(n->loop);
}

int notify_main(const struct config *cfg, const struct clock *clock, bool as_json)
{
    struct notifier n = {.cfg = cfg, .clock = clock, .as_json = as_json};
    struct buf why = BUF_INIT(WHY_BYTES);
    enum err err = start(&n, &why);

    if (err) {
        fprintf(stderr, "storehook: notify: %s\n", why.len ? buf_text(&why) : err_text(err));
        n.code = 1;
    } else {
        err = loop_run(n.loop);
        LOG(LOG_INFO, "notifier stopped", KV_UINT("delivered", counter_get(COUNTER_NOTICES_DELIVERED)),
            KV_UINT("failed", counter_get(COUNTER_NOTICES_FAILED)), KV_UINT("dead", counter_get(COUNTER_NOTICES_DEAD)));
    }
    release(&n);
    buf_release(&why);
    return err ? 1 : n.code;
}
