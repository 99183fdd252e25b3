/* drain_limit.c -- owns the drainer's side of an account's limit of contacts: who is parked, and who needs to wait no longer (P13). */
#include "engine/drain_job.h"

#include "base/counters.h"
#include "store/account.h"
#include "store/account_limit.h"
#include "store/parked.h"
#include "store/scope.h"

/* In the batch's transaction, so that no other can change the limit meanwhile. */
static enum err load_account(struct store *store, int64_t id, struct batch_account *out)
{
    struct account_limit limit;
    enum err err = account_limit_get(store, &limit);

    if (err)
        return err;
    *out = (struct batch_account){.id = id, .removed = limit.removed, .limited = limit.limit > 0};
    return parked_any(store, &out->parks);
}

/* Limits change rarely; a batch asks for each account once. */
enum err job_enter_account(struct job *job)
{
    struct batch *b = job->batch;
    struct store *store = b->parts->store;
    int64_t id = job->source->account_id;
    size_t i = 0;
    enum err err;

    store_enter(store, id);
    while (i < b->n_accounts && b->accounts[i].id != id)
        i++;
    if (i == b->n_accounts) {
        i = i < LIMITS_KEPT ? i : LIMITS_KEPT - 1;
        err = load_account(store, id, &b->accounts[i]);
        if (err)
            return err;
        b->n_accounts = i + 1;
    }
    job->account = &b->accounts[i];
    store->is_unlimited = !job->account->limited;
    return OK;
}

static enum err park(struct job *job, size_t place, const struct parked_key *key)
{
    enum err err = parked_put(job->batch->parts->store, key, job->entry->id, job->entry->received_at_us);

    job_refuse(job, place, REASON_LIMIT,
               STR("the account has as many contacts as it may have; the letter is applied by itself when there is room"
                   " (`storehook account set NAME --contact-limit N`)"));
    job->account->parks = true;
    counter_add(COUNTER_PARKED, 1);
    return err;
}

enum err job_park(struct job *job, size_t place, const struct event_refs *refs, const struct scope *scope, bool *parks)
{
    const struct drain_parts *p = job->batch->parts;
    struct parked_key key;
    bool room = true;
    int64_t growth = 0;
    enum err err = job->account->limited ? scope_growth(p->store, scope, &growth) : OK;

    *parks = false;
    if (err || growth <= 0)
        return err;
    err = parked_key(p->seal, refs, job->source->id, &job->batch->work, &key);
    if (!err)
        err = contact_room(p->store, growth, str_of(key.person), &room);
    *parks = !err && !room;
    return *parks ? park(job, place, &key) : err;
}

enum err job_unpark(struct job *job, const struct event_refs *refs)
{
    const struct drain_parts *p = job->batch->parts;
    struct parked_key key;
    enum err err;

    if (!job->account->parks)
        return OK;
    err = parked_key(p->seal, refs, job->source->id, &job->batch->work, &key);
    return err ? err : parked_call_known(p->store, &key);
}
