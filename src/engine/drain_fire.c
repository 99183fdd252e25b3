/* drain_fire.c -- owns the way from an event of an entry to the triggers that it sets off (T1, T4, K9, M9). */
#include "engine/drain_job.h"

#include "base/log.h"
#include "engine/fire.h"
#include "store/row.h"

enum { WHY_BYTES = 1000 };

#define VISIT_KINDS (HAPPENING_BIT(HAPPENING_PAGE_VISIT) | HAPPENING_BIT(HAPPENING_PRODUCT_VIEWED))

/* Read once a batch for each account: what is changed counts from the next one on. */
static enum err find_triggers(struct batch *b, const struct trigger_set **out)
{
    struct store *store = b->parts->store;
    enum err err;

    for (size_t i = 0; i < b->n_triggers; i++)
        if (b->triggers[i].account_id == store->account_id) {
            *out = &b->triggers[i];
            return OK;
        }
    if (b->n_triggers == TRIGGER_SETS_KEPT)
        b->n_triggers--;
    err = trigger_load_set(store, b->arena, &b->triggers[b->n_triggers]);
    if (!err)
        *out = &b->triggers[b->n_triggers++];
    return err;
}

enum err job_watch(struct job *job, const struct scope *scope, const struct event_refs *refs, const struct event_context *ctx)
{
    struct batch *b = job->batch;
    enum err err = find_triggers(b, &job->triggers);

    job->before = NULL;
    job->visit_known = false;
    if (err || (job->triggers->n == 0 && !b->parts->trial) ||
        event_is_quiet(ctx->event, job->entry->replay && !b->parts->trial, job->entry->fire))
        return err;
    return happenings_before(scope, refs, ctx, b->parts->store->purchase_states, &job->before);
}

/* A visit that is told again, after its key was forgotten, is no visit. */
enum err job_watch_visit(struct job *job, const struct scope *scope)
{
    struct store *store = job->batch->parts->store;
    const struct visit *v = scope->visits;
    struct db_stmt *st = NULL;
    enum err err;

    if (!job->before || !v || !(job->triggers->kinds & VISIT_KINDS))
        return OK;
    err = db_query(store->db, &st, "SELECT 1 FROM visit WHERE account_id = $1 AND source_id = $2 AND id = $3", "iis",
                   store->account_id, v->source_id, v->id);
    if (!err)
        err = db_step(st, &job->visit_known);
    db_done(st);
    return err;
}

/* The contact that an unnamed visitor turned out to be; empty when nobody knows. */
static enum err visitor_contact(struct job *job, const struct scope *scope, const struct event_refs *refs, struct str *out)
{
    struct store *store = job->batch->parts->store;
    const struct visitor *v = scope->visitors;
    struct db_stmt *st = NULL;
    bool row = false;
    enum err err;

    *out = STR_NONE;
    if (!scope->visits || refs->subject.len || !v || v->subject.len == 0)
        return OK;
    err = db_query(store->db, &st, "SELECT contact_id FROM customer WHERE account_id = $1 AND source_id = $2 AND subject = $3",
                   "iis", store->account_id, v->source_id, v->subject);
    if (!err)
        err = db_step(st, &row);
    if (!err && row) {
        struct row r = {.st = st, .arena = scope->arena, .column = 0, .err = OK};

        *out = row_str(&r);
        err = r.err;
    }
    db_done(st);
    return err;
}

/* K9: what was old when it came is history, unless the operator asked. */
static bool is_history(const struct job *job, const struct happening *h)
{
    int64_t age = job->batch->parts->trigger_age_us;

    return age && !job->entry->fire && h->at_us < job->entry->received_at_us - age;
}

static enum err fire_or_tell(struct fire *f, const struct drain_trial *trial, const struct happening *h)
{
    if (trial)
        trial->tell(trial->arg, h, NULL);
    return fire_happening(f, h);
}

static enum err fire_all(struct job *job, const struct happenings *found, struct arena *arena)
{
    const struct drain_parts *p = job->batch->parts;
    struct fire f = {.store = p->store,
                     .arena = arena,
                     .triggers = job->triggers,
                     .delivery_id = job->entry->id,
                     .cart_delay_us = p->cart_delay_us,
                     .tell = p->trial ? p->trial->tell : NULL,
                     .arg = p->trial ? p->trial->arg : NULL};
    enum err err = OK;

    for (size_t i = 0; i < found->n && !err; i++)
        if (!is_history(job, &found->at[i]))
            err = fire_or_tell(&f, p->trial, &found->at[i]);
    if (found->left_out)
        LOG(LOG_WARN, "event did more than triggers are held against", KV_STR("id", job->entry->id),
            KV_UINT("left_out", found->left_out));
    return err;
}

/* T3: only whom the row added. What is done is no trigger's deed, so it needs none and fires none. */
static enum err start_on_add(struct job *job, struct arena *arena, const struct outcome *outcome, int64_t at_us)
{
    const struct drain_parts *p = job->batch->parts;
    struct fire f = {.store = p->store, .arena = arena, .delivery_id = job->entry->id, .cart_delay_us = p->cart_delay_us};
    struct happening h = {.kind = HAPPENING_CONTACT_ADDED,
                          .key = job->part->dedupe_key,
                          .source_id = job->source->id,
                          .contact_id = outcome->contact_id,
                          .at_us = at_us};
    struct buf why = BUF_INIT(WHY_BYTES);
    struct trigger_action action;
    const char *told = NULL;
    enum err err = trigger_action_read(job->entry->on_add, arena, &action, &why);

    if (!err && action.act == DO_CYCLE)
        err = fire_cycle(&f, &h, &action, STR("import"), &told);
    if (err == ERR_CONFIG || told)
        LOG(LOG_INFO, "no cycle started", KV_STR("id", job->entry->id), KV_STR("contact", outcome->contact_id),
            KV_TEXT("why", told ? told : buf_text(&why)));
    buf_release(&why);
    return err == ERR_CONFIG ? OK : err;
}

enum err job_fire(struct job *job, const struct scope *scope, const struct event_refs *refs, const struct event_context *ctx,
                  const struct outcome *outcome)
{
    unsigned kinds = job->batch->parts->trial ? ~0u : job->triggers->kinds, wanted = kinds & ~(job->visit_known ? VISIT_KINDS : 0);
    struct happenings found;
    struct str visitor = STR_NONE;
    enum err err;

    if (ctx->event->type == EVENT_IMPORTED && job->entry->on_add.len && job->ids_made && outcome->contact_id.len) {
        err = start_on_add(job, scope->arena, outcome, ctx->received_at_us);
        if (err)
            return err;
    }
    if (!job->before)
        return OK;
    err = visitor_contact(job, scope, refs, &visitor);
    if (!err)
        err = happenings_find(job->before, scope, refs, ctx, outcome, visitor, wanted, &found);
    return err || found.n == 0 ? err : fire_all(job, &found, scope->arena);
}
