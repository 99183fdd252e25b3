/* drain_batch.c -- owns one batch: entries to events to facts, in one transaction (N3, N4, N5, N8). */
#include "engine/drain_job.h"

#include "base/counters.h"
#include "base/log.h"
#include "engine/drain_browser.h"
#include "store/account.h"
#include "store/fetch.h"
#include "store/list.h"
#include "store/parked.h"
#include "store/seen.h"
#include "store/source.h"

enum { ENTRY_ARENA_BYTES = 64 << 20 };

/* Sources change rarely; a batch asks for each one once. */
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

enum err job_fields(struct job *job, struct field_register **out)
{
    struct batch *b = job->batch;

    for (size_t i = 0; i < ACCOUNTS_KEPT; i++)
        if (b->fields[i].account_id == job->source->account_id) {
            *out = &b->fields[i];
            return OK;
        }
    *out = &b->fields[b->next_fields++ % ACCOUNTS_KEPT];
    return field_register_open(*out, b->parts->store);
}

static void bury(struct job *job, const char *reason, struct str detail)
{
    job->verdict->reason = str_of(reason);
    job->verdict->detail = arena_str(job->batch->arena, str_upto(detail, REASON_BYTES));
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
    enum err err = job_take_part(job, &go);

    job->part_reason = STR_NONE;
    for (size_t i = 0; go && i < part->n_events && !err; i++)
        err = job_apply_event(job, from.event + i);
    for (size_t i = 0; go && i < part->n_rejects && !err; i++) {
        const struct map_reject *reject = &job->mapped.rejects[from.reject + i];

        job_refuse(job, reject->index, reject->reason, reject->detail);
    }
    for (size_t i = 0; go && i < part->n_fetches && !err; i++) {
        const struct map_fetch *fetch = &job->mapped.fetches[from.fetch + i];

        err = fetch_put(job->batch->parts->store, job->source->id, str_of(fetch->object), fetch->id); /* N4 */
    }
    return err || !go ? err : job_remember(job, said);
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

/* The entry is its source's account's, and nobody else's. ERR_NOT_FOUND. */
static enum err find_source(struct job *job)
{
    int64_t id = 0;
    enum err err = str_to_i64(job->entry->source_id, &id) ? ERR_NOT_FOUND : batch_source(job->batch, id, &job->source);

    return err ? err : job_enter_account(job);
}

/* Finds source and route; a missing one makes a dead letter. */
static enum err prepare(struct job *job, bool *go)
{
    enum err err;

    *go = false;
    if (job->entry->id.len == 0) {
        bury(job, "not_an_entry", STR("the stream held something that storehook did not write"));
        return OK;
    }
    err = find_source(job);
    if (err == ERR_NOT_FOUND) {
        bury(job, "unknown_source", STR("no such source in the database"));
        return OK;
    }
    if (err)
        return err;
    if (job->entry->replay && job->account->parks)
        err = parked_forget(job->batch->parts->store, job->entry->id);
    if (err)
        return err;
    if (job->account->removed) {
        bury(job, "unknown_source", STR("the account of the source was removed"));
        return OK;
    }
    job->route = routes_find(job->batch->parts->routes, str_of(job->source->platform));
    if (!job->route)
        bury(job, "unknown_platform", STR("there is no route file for the source's platform; put it into routes_dir and replay"));
    *go = job->route != NULL;
    return OK;
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
    if (entry_brings_secret(job->entry))
        return job_keep_secret(job);
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
    enum err err = find_source(job);

    if (!err)
        err = seen_delivery(job->batch->parts->store, job->entry->id, &applied);
    else if (err == ERR_NOT_FOUND)
        err = OK;

    job->verdict->publish = applied && entry_brings_secret(job->entry);
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
        for (size_t i = 0; i < ACCOUNTS_KEPT; i++)
            field_register_forget(&b->fields[i]); /* what the entry added is not there */
        err = db_savepoint_rollback(b->parts->store->db);
    }
    if (!err && !verdict->keep)
        report(&job, OK);
    buf_release(&job.trouble);
    return err;
}

/* A trial is undone. */
static enum err end_batch(const struct drain_parts *parts, enum err err)
{
    if (!parts->trial || err)
        return store_end(parts->store, err);
    db_rollback(parts->store->db);
    return OK;
}

enum err drain_batch(const struct drain_parts *parts, const struct claimed *const *entries, size_t n, struct arena *arena,
                     struct drain_verdict *verdicts)
{
    struct batch b = {.parts = parts, .arena = arena, .n_sources = 0};
    int64_t account_id = parts->store->account_id;
    enum err err = db_begin(parts->store->db);

    if (err)
        return is_trouble(err) ? err : ERR_DB_DOWN;
    arena_init(&b.work, ENTRY_ARENA_BYTES);
    err = policy_load(parts->store, arena, &b.policy);
    for (size_t i = 0; i < ACCOUNTS_KEPT; i++)
        field_register_init(&b.fields[i]);
    for (size_t i = 0; i < n && !err; i++)
        err = batch_entry(&b, entries[i], &verdicts[i]);
    store_enter(parts->store, account_id);
    err = end_batch(parts, err);
    for (size_t i = 0; i < b.n_sources; i++)
        source_release(&b.sources[i]);
    for (size_t i = 0; i < ACCOUNTS_KEPT; i++)
        field_register_release(&b.fields[i]);
    arena_release(&b.work);
    return err && !is_trouble(err) ? ERR_DB_DOWN : err;
}
