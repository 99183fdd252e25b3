/* drain_batch.c -- owns one batch: entries to events to facts, in one transaction (N3, N4, N5, N8). */
#include "engine/drain.h"

#include "base/counters.h"
#include "base/log.h"
#include "engine/drain_browser.h"
#include "engine/row_verdict.h"
#include "model/contact.h"
#include "store/erase.h"
#include "store/fetch.h"
#include "store/scope.h"
#include "store/seen.h"
#include "store/source.h"

enum { ENTRY_ARENA_BYTES = 64 << 20, REASON_BYTES = 2048, SOURCES_KEPT = 32 };

/* One batch at work. */
struct batch {
    const struct drain_parts *parts;
    struct arena *arena; /* what lives as long as the verdicts */
    struct arena work;   /* one entry's */
    struct source sources[SOURCES_KEPT];
    size_t n_sources;
};

/* One entry at work. */
struct job {
    struct batch *batch;
    const struct entry *entry;
    const struct source *source;
    const struct route *route;
    struct mapped mapped;
    const struct map_part *part; /* in hand: one element of the body */
    struct str part_reason;      /* the first refusal of the part; empty while there is none */
    struct drain_verdict *verdict;
    size_t ids_made;    /* contacts that the event in hand made */
    struct buf trouble; /* sentences of the events that were refused */
};

/* The account's sources change rarely; a batch asks for each one once. */
static enum err batch_source(struct batch *b, int64_t id, const struct source **out)
{
    struct source *s;
    enum err err;

    for (size_t i = 0; i < b->n_sources; i++)
        if (b->sources[i].id == id) {
            *out = &b->sources[i];
            return OK;
        }
    if (b->n_sources == SOURCES_KEPT)
        source_release(&b->sources[--b->n_sources]);
    s = &b->sources[b->n_sources];
    *s = (struct source){.id = 0};
    err = source_get(b->parts->store, id, s);
    if (err) {
        source_release(s);
        return err;
    }
    b->n_sources++;
    *out = s;
    return OK;
}

static void bury(struct job *job, const char *reason, struct str detail)
{
    job->verdict->reason = str_of(reason);
    job->verdict->detail = arena_str(job->batch->arena, str_upto(detail, REASON_BYTES));
}

/* The first refusal is the letter's reason, all of them are its detail. */
static void refuse_event(struct job *job, size_t place, const char *reason, struct str detail)
{
    bool elements = job->mapped.n_parts > 1, several = elements || job->mapped.n + job->mapped.n_rejects > 1;
    size_t number = elements ? job->part->index : place;
    enum err err = several ? buf_printf(&job->trouble, "%s%s %zu: %s: ", job->trouble.len ? "; " : "",
                                        elements ? "element" : "event", number, reason)
                           : OK;

    if (job->verdict->reason.len == 0)
        job->verdict->reason = str_of(reason);
    if (job->part_reason.len == 0)
        job->part_reason = str_of(reason);
    if (!err)
        err = buf_append(&job->trouble, str_upto(detail, job->trouble.max - job->trouble.len));
    if (err)
        LOG(LOG_DEBUG, "detail of a dead letter cut", KV_STR("id", job->entry->id), KV_TEXT("reason", reason));
}

static struct id fresh_id(void *arg)
{
    struct job *job = arg;

    job->ids_made++;
    return id_new(clock_wall_us(job->batch->parts->clock));
}

/* An event of our own push protocol has an id: the first one with it wins (D3). Taken before its effects, in their transaction. */
static enum err take_event_id(struct job *job, const struct event *event, struct str receipt, bool *before)
{
    struct batch *b = job->batch;
    struct buf key = BUF_INIT(1024);
    struct seen seen = {.before = false};
    struct str id = event->m[M_ID].is == PRESENT ? event->m[M_ID].text : STR_NONE;
    enum err err;

    *before = false;
    if (id.len == 0)
        return OK;
    err = buf_printf(&key, "event|%.*s", STR_ARG(str_upto(id, 512)));
    if (!err)
        err = seen_take(b->parts->store, job->source->id, buf_str(&key), receipt, &b->work, &seen);
    *before = seen.before && !str_eq(seen.delivery_id, receipt);
    buf_release(&key);
    return err;
}

static enum err erase(struct job *job, const struct event_refs *refs, const struct event_context *ctx, enum effect effect)
{
    const struct drain_parts *p = job->batch->parts;
    int64_t at = ctx->provider_at_us ? ctx->provider_at_us : ctx->received_at_us;

    if (effect == EFFECT_SOURCE_ERASE)
        return erase_source(p->store, job->source->id);
    return erase_person(p->store, p->seal, refs, job->source->id, at, &job->batch->work);
}

/* Whoever imported the row learns from the seen key what became of it. */
static enum err note_row(struct job *job, const struct scope *scope, const struct outcome *outcome)
{
    char text[ROW_VERDICT_CHARS + 1];
    struct row_verdict verdict = row_judge(scope, outcome, job->ids_made > 0);

    return seen_set_reason(job->batch->parts->store, job->source->id, job->part->dedupe_key, STR_NONE,
                           row_verdict_text(verdict, text));
}

static enum err apply_to_facts(struct job *job, size_t place, const struct event_refs *refs, struct event_context *ctx)
{
    struct batch *b = job->batch;
    struct outcome outcome;
    struct scope scope;
    enum err err;

    job->ids_made = 0;
    err = erase_when(b->parts->store, b->parts->seal, refs, job->source->id, &ctx->erased_at_us);

    if (!err)
        err = scope_load(b->parts->store, ctx->event, refs, job->source->id, &b->work, &scope);
    if (!err)
        err = contact_apply(&scope, refs, ctx, &policy_default, &outcome);
    if (err)
        return err;
    if (outcome.effect == EFFECT_ERASE || outcome.effect == EFFECT_SOURCE_ERASE)
        return erase(job, refs, ctx, outcome.effect);
    if (outcome.effect == EFFECT_DEAD) {
        refuse_event(job, place, outcome.reason, outcome.detail);
        if (strcmp(outcome.reason, "mapping") == 0)
            return OK; /* nothing of it is kept */
    }
    if (outcome.effect == EFFECT_STALE)
        counter_add(COUNTER_STALE, 1);
    if (ctx->event->type == EVENT_IMPORTED && outcome.effect != EFFECT_DEAD)
        err = note_row(job, &scope, &outcome);
    return err ? err : scope_save(b->parts->store, &scope, ctx, job->entry->id);
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

static enum err apply_event(struct job *job, size_t index)
{
    size_t place = job->mapped.places[index];
    const struct event *event = &job->mapped.events[index];
    struct event_refs refs;
    struct event_context ctx = {
        .event = event,
        .source_id = job->source->id,
        .rank = job->source->rank,
        .platform = str_of(job->source->platform),
        .list = job->entry->kind == ENTRY_VISIT ? STR_NONE : str_of(job->source->list), /* nobody joins by a visit */
        .received_at_us = job->entry->received_at_us,
        .cart_delay_us = job->source->cart_delay_ms ? job->source->cart_delay_ms * US_PER_MS : job->batch->parts->cart_delay_us,
        .provider_at_us = job->part->provider_at_us,
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
    err = event_refs(event, &job->batch->work, &refs);
    return err ? err : apply_to_facts(job, place, &refs, &ctx);
}

/* D2, D3, D5: the part's key is taken in the transaction of its effects. False in *go when there is nothing more to do. */
static enum err take_part(struct job *job, bool *go)
{
    struct batch *b = job->batch;
    struct seen seen;
    enum err err = seen_take(b->parts->store, job->source->id, job->part->dedupe_key, job->entry->id, b->arena, &seen);

    *go = !err;
    if (err || !seen.before || job->entry->replay)
        return err;
    *go = false;
    if (!str_eq(seen.delivery_id, job->entry->id)) {
        counter_add(COUNTER_DUPLICATES, 1);
        LOG(LOG_INFO, "delivery seen before", KV_STR("id", job->entry->id), KV_TEXT("source", job->source->name),
            KV_STR("first", seen.delivery_id));
    } else if (seen.reason.len) { /* committed, but the letter may not have been written: write it now */
        job->verdict->reason = job->verdict->reason.len ? job->verdict->reason : seen.reason;
        err = buf_printf(&job->trouble, "%s%.*s", job->trouble.len ? "; " : "", STR_ARG(str_upto(seen.detail, REASON_BYTES / 2)));
        if (err == ERR_TOO_LARGE)
            err = OK; /* the letter says the first ones */
    }
    return err;
}

/* `said`: how much of the trouble was there before this part. */
static enum err remember_refusal(struct job *job, size_t said)
{
    struct str detail = str_from(buf_str(&job->trouble), said);

    if (job->part_reason.len == 0 && !job->entry->replay)
        return OK;
    if (said && str_starts(detail, STR("; ")))
        detail = str_from(detail, 2);
    return seen_set_reason(job->batch->parts->store, job->source->id, job->part->dedupe_key, job->part_reason,
                           str_upto(detail, REASON_BYTES));
}

/* Where the part in hand begins in the lists of the whole. */
struct part_start {
    size_t event, reject, fetch;
};

static enum err apply_part(struct job *job, struct part_start from)
{
    const struct map_part *part = job->part;
    size_t said = job->trouble.len;
    bool go = false;
    enum err err = take_part(job, &go);

    job->part_reason = STR_NONE;
    for (size_t i = 0; go && i < part->n_events && !err; i++)
        err = apply_event(job, from.event + i);
    for (size_t i = 0; go && i < part->n_rejects && !err; i++) {
        const struct map_reject *reject = &job->mapped.rejects[from.reject + i];

        refuse_event(job, reject->index, reject->reason, reject->detail);
    }
    for (size_t i = 0; go && i < part->n_fetches && !err; i++) {
        const struct map_fetch *fetch = &job->mapped.fetches[from.fetch + i];

        err = fetch_put(job->batch->parts->store, job->source->id, str_of(fetch->object), fetch->id); /* N4 */
    }
    return err || !go ? err : remember_refusal(job, said);
}

static enum err apply_mapped(struct job *job)
{
    struct part_start from = {0, 0, 0};
    enum err err = OK;

    for (size_t i = 0; i < job->mapped.n_parts && !err; i++) {
        job->part = &job->mapped.parts[i];
        err = apply_part(job, from);
        from.event += job->part->n_events;
        from.reject += job->part->n_rejects;
        from.fetch += job->part->n_fetches;
    }
    if (job->trouble.len)
        job->verdict->detail = arena_str(job->batch->arena, str_upto(buf_str(&job->trouble), REASON_BYTES));
    return err;
}

/* Finds source and route; a missing one makes a dead letter. */
static enum err prepare(struct job *job, bool *go)
{
    int64_t id = 0;
    enum err err;

    *go = false;
    if (job->entry->id.len == 0) {
        bury(job, "not_an_entry", STR("the stream held something that storehook did not write"));
        return OK;
    }
    err = str_to_i64(job->entry->source_id, &id) ? ERR_NOT_FOUND : batch_source(job->batch, id, &job->source);
    if (err == ERR_NOT_FOUND) {
        bury(job, "unknown_source", STR("no such source in the database"));
        return OK;
    }
    if (err)
        return err;
    job->route = routes_find(job->batch->parts->routes, str_of(job->source->platform));
    if (!job->route)
        bury(job, "unknown_platform", STR("there is no route file for the source's platform; put it into routes_dir and replay"));
    *go = job->route != NULL;
    return OK;
}

static bool brings_secret(const struct entry *entry)
{
    return entry->kind == ENTRY_SECRET || entry->kind == ENTRY_FIRST_SECRET;
}

/* Why a secret that a handshake brought is not kept; NULL when that may pass. */
static const char *secret_refusal(enum err err)
{
    switch (err) {
    case ERR_EXISTS:
        return "the source has this secret already; if the platform now uses another, remove the source and add it again";
    case ERR_TOO_MANY:
        return "the source has too many valid secrets; wait until older ones are over, then replay";
    case ERR_NOT_FOUND:
        return "the source was removed";
    default:
        return NULL;
    }
}

/* Keeps the secret, once (N4). The receivers are told before the entry is acknowledged, also when it was kept before. */
static enum err keep_secret(struct job *job)
{
    const struct entry *entry = job->entry;
    struct brought_secret brought = {.name = entry->topic,
                                     .sealed = entry->body,
                                     .from_us = entry->received_at_us,
                                     .first_only = entry->kind == ENTRY_FIRST_SECRET};
    struct map_part *part = arena_alloc(&job->batch->work, sizeof(*part));
    char key[64];
    bool go = false;
    enum err err = part ? OK : ERR_MEMORY;

    if (!err) {
        snprintf(key, sizeof(key), "secret|%.*s", STR_ARG(entry->id));
        part->dedupe_key = arena_str(&job->batch->work, str_of(key));
        job->part = part;
        err = take_part(job, &go);
    }
    if (!err && go) {
        err = source_keep_secret(job->batch->parts->store, job->source->id, &brought);
        if (secret_refusal(err)) {
            refuse_event(job, 0, "secret_refused", str_of(secret_refusal(err)));
            err = OK;
        }
        if (!err)
            err = remember_refusal(job, 0);
    }
    if (job->trouble.len)
        job->verdict->detail = arena_str(job->batch->arena, buf_str(&job->trouble));
    job->verdict->publish = !err;
    return err;
}

static enum err map_entry(struct job *job, struct map_failure *failure)
{
    struct arena *work = &job->batch->work;

    if (job->entry->kind == ENTRY_VISIT)
        return drain_browser_map(job->batch->parts, job->source, job->entry, work, &job->mapped, failure);
    return route_map(job->route, job->entry, job->source->config, work, &job->mapped, failure);
}

static enum err apply_entry(struct job *job)
{
    struct map_failure failure = {0};
    bool go = false;
    enum err err = prepare(job, &go);

    if (err || !go)
        return err;
    if (brings_secret(job->entry))
        return keep_secret(job);
    err = map_entry(job, &failure);
    if (err && err != ERR_MEMORY && failure.reason[0]) {
        bury(job, failure.reason, failure.detail);
        return OK;
    }
    return err ? err : apply_mapped(job);
}

/* Trouble of the database as a whole, which fails the batch; anything else is the entry's own. */
static bool is_trouble(enum err err)
{
    return err == ERR_DB_BUSY || err == ERR_DB_DOWN;
}

static void report(const struct job *job, enum err err)
{
    const char *source = job->source && job->source->name ? job->source->name : "";

    if (err) {
        LOG(LOG_ERROR, "entry failed, stays pending", KV_STR("id", job->entry->id), KV_TEXT("source", source), KV_ERR(err),
            KV_TEXT("why", db_trouble(job->batch->parts->store->db)));
    } else if (job->verdict->reason.len) {
        counter_add(COUNTER_DEAD, 1);
        LOG(LOG_WARN, "dead letter", KV_STR("id", job->entry->id), KV_TEXT("source", source), KV_STR("topic", job->entry->topic),
            KV_STR("reason", job->verdict->reason), KV_STR("detail", job->verdict->detail));
    } else {
        counter_add(COUNTER_APPLIED, 1);
        LOG(LOG_DEBUG, "entry applied", KV_STR("id", job->entry->id), KV_TEXT("source", source), KV_UINT("events", job->mapped.n));
    }
}

/* An entry that was handed out too often is poison, unless it was applied and only its acknowledgement got lost (N8). */
static enum err give_up(struct job *job)
{
    bool applied = false;
    enum err err = seen_delivery(job->batch->parts->store, job->entry->id, &applied);

    job->verdict->publish = applied && brings_secret(job->entry);
    if (err || applied)
        return err;
    bury(job, "poison", STR("handed out too often without success; see the log for its failures"));
    report(job, OK);
    return OK;
}

static enum err batch_entry(struct batch *b, const struct claimed *claimed, struct drain_verdict *verdict)
{
    struct job job = {.batch = b, .entry = &claimed->entry, .verdict = verdict, .trouble = BUF_INIT(REASON_BYTES * 2)};
    enum err err;

    arena_reset(&b->work);
    *verdict = (struct drain_verdict){.keep = false};
    if (claimed->deliveries > b->parts->tries)
        return give_up(&job);
    err = db_savepoint(b->parts->store->db);
    if (!err)
        err = apply_entry(&job);
    if (!err) {
        err = db_savepoint_release(b->parts->store->db);
    } else if (!is_trouble(err)) {
        report(&job, err);
        *verdict = (struct drain_verdict){.keep = true};
        err = db_savepoint_rollback(b->parts->store->db);
    }
    if (!err && !verdict->keep)
        report(&job, OK);
    buf_release(&job.trouble);
    return err;
}

enum err drain_batch(const struct drain_parts *parts, const struct claimed *const *entries, size_t n, struct arena *arena,
                     struct drain_verdict *verdicts)
{
    struct batch b = {.parts = parts, .arena = arena, .n_sources = 0};
    enum err err = db_begin(parts->store->db);

    if (err)
        return is_trouble(err) ? err : ERR_DB_DOWN;
    arena_init(&b.work, ENTRY_ARENA_BYTES);
    for (size_t i = 0; i < n && !err; i++)
        err = batch_entry(&b, entries[i], &verdicts[i]);
    err = store_end(parts->store, err);
    for (size_t i = 0; i < b.n_sources; i++)
        source_release(&b.sources[i]);
    arena_release(&b.work);
    return err && !is_trouble(err) ? ERR_DB_DOWN : err;
}
