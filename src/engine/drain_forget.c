/* drain_forget.c -- owns what has had its time: rows that a drainer forgets, some at a time (D4, N9). */
#include "engine/drain_forget.h"

#include "base/log.h"
#include "store/account.h"
#include "store/activity.h"
#include "store/cart.h"
#include "store/fetch.h"
#include "store/merge.h"
#include "store/order.h"
#include "store/seen.h"
#include "store/trigger.h"

/* One turn through the accounts. */
struct forgetting {
    const struct drain_forget *forget;
    const struct config *cfg;
    int64_t now_us;
    bool more, more_visits; /* some of it is left for the next turn */
};

void drain_forget_init(struct drain_forget *f)
{
    *f = (struct drain_forget){.visits_until_us = 0};
    visit_walk_init(&f->walk);
}

void drain_forget_release(struct drain_forget *f)
{
    visit_walk_release(&f->walk);
}

static void told(struct store *store, enum err err, const char *what)
{
    if (err)
        LOG(LOG_WARN, "old rows not forgotten", KV_TEXT("of", what), KV_ERR(err), KV_TEXT("why", db_trouble(store->db)));
}

static int64_t days_ago(const struct forgetting *f, enum setting days)
{
    return f->now_us - config_int(f->cfg, days) * INT64_C(86400) * US_PER_S;
}

/* Visits of unknown visitors, each looked at once when it has become old. */
static void forget_visits(struct store *store, struct forgetting *f)
{
    bool more = false;
    enum err err = visit_forget(store, f->forget->visits_until_us, days_ago(f, SET_VISITS_DAYS), &more);

    told(store, err, "visits");
    f->more_visits |= err || more;
}

static enum err forget_in_account(struct store *store, void *arg)
{
    struct forgetting *f = arg;
    bool more = false, more_carts = false, more_firings = false, more_orders = false;

    told(store, seen_forget(store, days_ago(f, SET_DRAIN_SEEN_DAYS), &more), "dedupe keys");
    told(store, activity_forget(store), "activities");
    told(store, fetch_forget(store), "fetch tasks");
    told(store, merge_forget(store), "merges");
    told(store, cart_forget(store, &more_carts), "carts");
    told(store, order_forget(store, days_ago(f, SET_CONTACTS_ANONYMOUS_DAYS), &more_orders), "orders");
    told(store, trigger_forget(store, days_ago(f, SET_DRAIN_TRIGGER_DAYS), &more_firings), "firings");
    forget_visits(store, f);
    f->more |= more || more_carts || more_firings || more_orders;
    return OK;
}

bool drain_forget(struct drain_forget *forget, struct store *store, const struct config *cfg, const struct clock *clock)
{
    struct forgetting f = {.forget = forget, .cfg = cfg, .now_us = clock_wall_us(clock)};
    struct visit_keep keep = {.before_us = days_ago(&f, SET_VISITS_KNOWN_DAYS), .most = config_int(cfg, SET_VISITS_KNOWN_MAX)};
    enum err err = account_each(store, forget_in_account, &f);

    told(store, err, "accounts");
    told(store, visit_forget_known(store, &forget->walk, &keep), "visits of contacts");
    if (!err && !f.more_visits)
        forget->visits_until_us = days_ago(&f, SET_VISITS_DAYS);
    return f.more;
}
