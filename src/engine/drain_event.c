/* drain_event.c -- owns the way of one event of an entry to the facts: its names, its effects, what is refused. */
#include "engine/drain_job.h"

#include "base/counters.h"
#include "base/log.h"
#include "engine/row_verdict.h"
#include "model/contact.h"
#include "store/erase.h"
#include "store/scope.h"
#include "store/seen.h"

static struct id fresh_id(void *arg)
{
    struct job *job = arg;

    job->ids_made++;
    return id_new(clock_wall_us(job->batch->parts->clock));
}

/* The key of an event that has an id of its own, as those of our push protocol have; else empty. */
static enum err event_key(struct job *job, const struct event *event, struct str *out)
{
    struct buf key = BUF_INIT(1024);
    struct str id = event->m[M_ID].is == PRESENT ? event->m[M_ID].text : STR_NONE;
    enum err err;

    *out = STR_NONE;
    if (id.len == 0)
        return OK;
    err = buf_printf(&key, "event|%.*s", STR_ARG(str_upto(id, 512)));
    if (!err)
        *out = arena_str(&job->batch->work, buf_str(&key));
    buf_release(&key);
    return err ? err : out->p ? OK : ERR_MEMORY;
}

/* The first one with an id wins (D3). Taken before its effects, in their transaction. */
static enum err take_event_id(struct job *job, const struct event *event, struct str receipt, bool *before)
{
    struct batch *b = job->batch;
    struct seen seen = {.before = false};
    struct str key;
    enum err err = event_key(job, event, &key);

    *before = false;
    if (err || key.len == 0)
        return err;
    err = seen_take(b->parts->store, job->source->id, key, receipt, &b->work, &seen);
    *before = seen.before && !str_eq(seen.delivery_id, receipt);
    return err;
}

/* The fields of the account, when the event has any that are not built in; else *fields stays as it is. */
static enum err know_fields(struct job *job, const struct event *event, struct field_register **fields)
{
    return event->n_fields || event->n_form_fields ? job_fields(job, fields) : OK;
}

static enum err want_event(struct job *job, const struct event *event, const struct event_refs *refs)
{
    struct batch *b = job->batch;
    struct field_register *fields;
    struct str key;
    enum err err = event_key(job, event, &key);

    if (!err)
        err = know_fields(job, event, &fields); /* before anything is applied, so that nothing has to be written for it */
    if (!err)
        err = seen_want(b->parts->store, job->source->id, key);
    if (!err)
        err = erase_want(b->parts->store, b->parts->seal, refs, job->source->id);
    return err ? err : scope_want(b->parts->store, event, refs, job->source->id, &b->work);
}

enum err job_want(struct job *job)
{
    struct batch *b = job->batch;
    enum err err = OK;

    job->refs = arena_array(&b->work, job->mapped.n, sizeof(*job->refs));
    if (!job->refs)
        return ERR_MEMORY;
    for (size_t i = 0; i < job->mapped.n_parts && !err; i++)
        err = seen_want(b->parts->store, job->source->id, job->mapped.parts[i].dedupe_key);
    for (size_t i = 0; i < job->mapped.n && !err; i++) {
        err = event_refs(&job->mapped.events[i], &b->work, &job->refs[i]);
        if (!err)
            err = want_event(job, &job->mapped.events[i], &job->refs[i]);
    }
    return err;
}

static struct privacy_ask asked(const struct job *job, const struct event_context *ctx)
{
    return (struct privacy_ask){.source_id = job->source->id,
                                .delivery_id = job->entry->id,
                                .asked_us = ctx->provider_at_us ? ctx->provider_at_us : ctx->received_at_us};
}

static enum err erase(struct job *job, const struct event_refs *refs, const struct event_context *ctx, enum effect effect)
{
    const struct drain_parts *p = job->batch->parts;
    struct privacy_ask ask = asked(job, ctx);

    if (effect == EFFECT_SOURCE_ERASE)
        return erase_source(p->store, &ask);
    return erase_person(p->store, p->seal, refs, &ask, ask.asked_us, &job->batch->work, NULL);
}

/* X5: noted, so that the operator sees what is to be answered; of who is not known, the tombstone tells them apart. */
static enum err note_data_request(struct job *job, const struct scope *scope, const struct event_refs *refs,
                                  const struct event_context *ctx)
{
    struct privacy_ask ask = asked(job, ctx);
    const struct customer *c = scope_customer(scope, ctx->source_id, refs->subject);
    const struct address *a = scope_address(scope, refs->email);
    char tombstone[65] = "";
    enum err err = refs->email.len ? seal_tombstone(job->batch->parts->seal, refs->email, tombstone) : OK;

    if (err)
        return err;
    return privacy_data_asked(job->batch->parts->store, &ask,
                              c && c->contact_id.len ? c->contact_id
                              : a                    ? a->contact_id
                                                     : STR_NONE,
                              str_of(tombstone));
}

/* Whoever imported the row learns from the seen key what became of it. */
static enum err note_row(struct job *job, const struct scope *scope, const struct outcome *outcome)
{
    char text[ROW_VERDICT_CHARS + 1];
    struct row_verdict verdict = row_judge(scope, outcome, job->ids_made > 0);

    return seen_set_reason(job->batch->parts->store, job->source->id, job->part->dedupe_key, STR_NONE,
                           row_verdict_text(verdict, text));
}

/* G5: nothing of it is kept; the counter says how many there were. */
static void count_skipped(const struct job *job, enum skip_reason reason)
{
    static const enum counter counters[SKIP__COUNT] = {[SKIP_RELAY] = COUNTER_SKIPPED_RELAY,
                                                       [SKIP_DRAFT] = COUNTER_SKIPPED_DRAFT,
                                                       [SKIP_PRIVATE] = COUNTER_SKIPPED_PRIVATE,
                                                       [SKIP_STAFF] = COUNTER_SKIPPED_STAFF};

    counter_add(counters[reason], 1);
    LOG(LOG_INFO, "event skipped", KV_STR("id", job->entry->id), KV_TEXT("source", job->source->name),
        KV_TEXT("reason", skip_reason_name(reason)));
}

/* True when no more than the refusal is kept of the event. */
static bool is_hopeless(const struct outcome *outcome)
{
    static const char *const reasons[] = {"mapping", "bad_time", "group_too_large"};

    for (size_t i = 0; outcome->effect == EFFECT_DEAD && i < sizeof(reasons) / sizeof(*reasons); i++)
        if (strcmp(outcome->reason, reasons[i]) == 0)
            return true;
    return false;
}

static enum err apply_to_facts(struct job *job, size_t place, const struct event_refs *refs, struct event_context *ctx)
{
    struct batch *b = job->batch;
    struct field_register *fields = NULL;
    struct outcome outcome;
    struct scope scope;
    bool parked = false;
    enum err err;

    job->ids_made = 0;
    err = erase_when(b->parts->store, b->parts->seal, refs, job->source->id, &ctx->erased_at_us);
    if (!err)
        err = know_fields(job, ctx->event, &fields);
    ctx->field_types = fields ? &fields->types : NULL;
    if (!err)
        err = scope_load(b->parts->store, ctx->event, refs, job->source->id, &b->work, &scope);
    if (!err)
        err = job_watch(job, &scope, refs, ctx);
    if (!err)
        err = contact_apply(&scope, refs, ctx, &b->policy, &outcome);
    if (err)
        return err;
    if (outcome.effect == EFFECT_ERASE || outcome.effect == EFFECT_SOURCE_ERASE)
        return erase(job, refs, ctx, outcome.effect);
    if (!is_hopeless(&outcome))
        err = job_park(job, place, refs, &scope, &parked);
    if (err || parked)
        return err;
    if (outcome.effect == EFFECT_DEAD)
        job_refuse(job, place, outcome.reason, outcome.detail);
    if (is_hopeless(&outcome))
        return OK; /* nothing of it is kept */
    if (outcome.effect == EFFECT_SKIPPED)
        count_skipped(job, outcome.skipped);
    counter_add(COUNTER_ORDERS_ANONYMOUS, outcome.anonymous);
    if (outcome.effect == EFFECT_STALE)
        counter_add(COUNTER_STALE, 1);
    if (ctx->event->type == EVENT_DATA_REQUEST)
        err = note_data_request(job, &scope, refs, ctx);
    counter_add(COUNTER_FIELDS_ASIDE, outcome.asides);
    if (ctx->event->type == EVENT_IMPORTED && outcome.effect != EFFECT_DEAD)
        err = note_row(job, &scope, &outcome);
    if (!err && fields)
        err = field_register_note(fields, b->parts->store, &scope, job->source->id);
    if (!err)
        err = job_watch_visit(job, &scope);
    if (!err)
        err = scope_save(b->parts->store, &scope, ctx, job->entry->id);
    if (!err && outcome.contact_id.len)
        err = job_unpark(job, refs);
    return err ? err : job_fire(job, &scope, refs, ctx, &outcome);
}

/* Names the event: its receipt orders it (O2), its effect key makes effects without an id of their own happen once (D7). */
static enum err name_event(struct job *job, size_t place, struct event_context *ctx)
{
    struct arena *work = &job->batch->work;
    struct buf text = BUF_INIT(16 << 10);
    enum err err = buf_printf(&text, "%.*s%04zx", STR_ARG(job->entry->id), place);

    if (!err) {
        ctx->receipt = arena_str(work, buf_str(&text));
        buf_clear(&text);
        err = buf_printf(&text, "d:%.*s:%zu", STR_ARG(job->part->dedupe_key), place);
    }
    if (!err)
        ctx->effect_key = arena_str(work, buf_str(&text));
    buf_release(&text);
    return err ? err : ctx->receipt.p && ctx->effect_key.p ? OK : ERR_MEMORY;
}

enum err job_apply_event(struct job *job, size_t index)
{
    size_t place = job->mapped.places[index];
    const struct event *event = &job->mapped.events[index];
    struct event_context ctx = {
        .event = event,
        .source_id = job->source->id,
        .rank = job->source->rank,
        .platform = str_of(job->source->platform),
        .list = job->entry->kind == ENTRY_VISIT ? STR_NONE : str_of(job->source->list), /* nobody joins by a visit */
        .received_at_us = job->entry->received_at_us,
        .cart_delay_us = job->source->cart_delay_ms ? job->source->cart_delay_ms * US_PER_MS : job->batch->parts->cart_delay_us,
        .provider_at_us = job->part->provider_at_us,
        .field_map = str_of(job->source->field_map),
        .new_id = fresh_id,
        .arg = job};
    bool before = false;
    enum err err = name_event(job, place, &ctx);

    if (!err)
        err = take_event_id(job, event, ctx.receipt, &before);
    if (err || before) {
        counter_add(COUNTER_DUPLICATES, before);
        return err;
    }
    return apply_to_facts(job, place, &job->refs[index], &ctx);
}
