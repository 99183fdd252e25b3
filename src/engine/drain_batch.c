/* drain_batch.c -- owns one batch: entries to events to facts, in one transaction (N3, N4, N5, N8). */
#include "engine/drain_job.h"

#include "base/counters.h"
#include "base/log.h"
#include "engine/drain_browser.h"
#include "store/account.h"
#include "store/facts.h"
#include "store/fetch.h"
#include "store/list.h"
#include "store/parked.h"
#include "store/seen.h"
#include "store/source.h"

/* Entries are mapped and applied together up to so many bytes of memory; one alone may take the maximum. */
enum { WORK_ARENA_BYTES = 96 << 20, TOGETHER_BYTES = 32 << 20, APPLIED_BYTES = 64 << 20 };

/* Sources change rarely; a batch asks for each one once. */
static enum err batch_source(struct batch *b, int64_t id, const struct source **out)
{
    struct batch_source *s;
    enum err err;

    for (s = b->sources; s; s = s->next)
        if (s->source.id == id) {
            *out = &s->source;
            return OK;
        }
    s = arena_alloc(b->arena, sizeof(*s));
    err = s ? source_get(b->parts->store, id, &s->source) : ERR_MEMORY;
    if (err) {
        if (s)
            source_release(&s->source);
        return err;
    }
    s->next = b->sources;
    b->sources = s;
    *out = &s->source;
    return OK;
}

/* What was read in one transaction counts for that one. */
static void forget_read(struct batch *b)
{
    for (struct batch_source *s = b->sources; s; s = s->next)
        source_release(&s->source);
    for (size_t i = 0; i < ACCOUNTS_KEPT; i++)
        field_register_release(&b->fields[i]);
    b->sources = NULL;
    b->n_triggers = b->n_accounts = 0;
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

/* What can be said of the entry without its effects: source, route, events, and what these will need. */
static enum err read_entry(struct job *job)
{
    struct map_failure failure = {0};
    bool go = false;
    enum err err = prepare(job, &go);

    if (err || !go)
        return err;
    job->secret = entry_brings_secret(job->entry);
    if (job->secret)
        return OK;
    err = map_entry(job, &failure);
    if (err && err != ERR_MEMORY && failure.reason[0]) {
        bury(job, failure.reason, failure.detail);
        return OK;
    }
    job->go = !err;
    return err ? err : job_want(job);
}

/* Trouble of the database as a whole, which fails the batch; anything else is the entry's own. */
static bool is_trouble(enum err err)
{
    return err == ERR_DB_BUSY || err == ERR_DB_DOWN;
}

static bool is_handed_out_too_often(const struct job *job)
{
    return job->claimed->deliveries > job->batch->parts->tries;
}

static const char *source_name(const struct job *job)
{
    return job->source && job->source->name ? job->source->name : "";
}

static void report_failure(const struct job *job, enum err err)
{
    LOG(LOG_ERROR, "entry failed, stays pending", KV_STR("id", job->entry->id), KV_TEXT("source", source_name(job)), KV_ERR(err),
        KV_TEXT("why", db_trouble(job->batch->parts->store->db)));
}

/* Of what was committed. */
static void report(const struct job *job)
{
    if (job->verdict->reason.len) {
        counter_add(COUNTER_DEAD, 1);
        LOG(LOG_WARN, "dead letter", KV_STR("id", job->entry->id), KV_TEXT("source", source_name(job)),
            KV_STR("topic", job->entry->topic), KV_STR("reason", job->verdict->reason), KV_STR("detail", job->verdict->detail));
    } else if (!is_handed_out_too_often(job)) {
        counter_add(COUNTER_APPLIED, 1);
        LOG(LOG_DEBUG, "entry applied", KV_STR("id", job->entry->id), KV_TEXT("source", source_name(job)),
            KV_UINT("events", job->mapped.n));
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
    return OK;
}

static enum err apply_entry(struct job *job)
{
    enum err err;

    if (is_handed_out_too_often(job))
        return give_up(job);
    err = job->source ? job_enter_account(job) : OK;
    if (err)
        return err;
    if (job->secret)
        return job_keep_secret(job);
    return job->go ? apply_mapped(job) : OK;
}

static void start_job(struct batch *b, struct job *job, const struct claimed *claimed, struct drain_verdict *verdict)
{
    *verdict = (struct drain_verdict){.keep = false};
    *job = (struct job){
        .batch = b, .claimed = claimed, .entry = &claimed->entry, .verdict = verdict, .trouble = BUF_INIT(REASON_BYTES * 2)};
}

/* Reads entries until their memory is enough, and loads what they need. *n: how many. */
static enum err read_some(struct batch *b, struct job *jobs, size_t max, size_t *n)
{
    enum err err = OK;

    for (*n = 0; *n < max && !err && (*n == 0 || b->work.used_bytes < TOGETHER_BYTES); ++*n)
        if (!is_handed_out_too_often(&jobs[*n]))
            err = read_entry(&jobs[*n]);
    return err ? err : facts_load_wanted(b->parts->store);
}

/* One after the other in memory, until the groups of their contacts fill it; what they changed is written at once. Those that are left
 * are read again. */
static enum err apply_together(struct batch *b, struct job *jobs, size_t max, size_t *n)
{
    enum err err = read_some(b, jobs, max, n);

    for (size_t i = 0; i < *n && !err; i++) {
        err = apply_entry(&jobs[i]);
        if (b->work.used_bytes >= APPLIED_BYTES)
            *n = i + 1;
    }
    return err ? err : facts_flush(b->parts->store);
}

/* The failure of an entry is its own: what it wrote is undone, and it stays pending. */
static enum err apply_alone(struct batch *b, struct job *job)
{
    struct db *db = b->parts->store->db;
    size_t n = 0;
    enum err err = db_savepoint(db);

    if (err)
        return err;
    err = apply_together(b, job, 1, &n);
    if (!err)
        return db_savepoint_release(db);
    if (is_trouble(err))
        return err;
    job->failed = err;
    report_failure(job, err);
    *job->verdict = (struct drain_verdict){.keep = true};
    facts_forget(b->parts->store);
    for (size_t i = 0; i < ACCOUNTS_KEPT; i++)
        field_register_forget(&b->fields[i]); /* what the entry added is not there */
    return db_savepoint_rollback(db);
}

/* In one transaction. `alone`: each entry by itself. */
static enum err apply_all(struct batch *b, struct job *jobs, size_t n, bool alone)
{
    enum err err = OK;

    for (size_t i = 0, done = 1; i < n && !err; i += done) {
        err = alone ? apply_alone(b, &jobs[i]) : apply_together(b, &jobs[i], n - i, &done);
        facts_forget(b->parts->store);
        arena_reset(&b->work);
    }
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

static enum err run_transaction(struct batch *b, struct job *jobs, size_t n, bool alone)
{
    struct store *store = b->parts->store;
    int64_t account_id = store->account_id;
    enum err err = db_begin(store->db);

    if (err)
        return is_trouble(err) ? err : ERR_DB_DOWN;
    err = policy_load(store, b->arena, &b->policy);
    if (!err)
        err = facts_begin(store, &b->work);
    if (!err) {
        err = apply_all(b, jobs, n, alone);
        facts_end(store);
    }
    store_enter(store, account_id);
    return end_batch(b->parts, err);
}

static enum err run_batch(struct batch *b, const struct claimed *const *entries, size_t n, struct drain_verdict *verdicts,
                          bool alone)
{
    struct job *jobs = arena_array(b->arena, n, sizeof(*jobs));
    enum err err = jobs ? OK : ERR_MEMORY;

    for (size_t i = 0; i < n && !err; i++)
        start_job(b, &jobs[i], entries[i], &verdicts[i]);
    for (size_t i = 0; i < ACCOUNTS_KEPT; i++)
        field_register_init(&b->fields[i]);
    if (!err)
        err = run_transaction(b, jobs, n, alone);
    for (size_t i = 0; i < n && jobs; i++) {
        if (!err && !jobs[i].failed)
            report(&jobs[i]);
        buf_release(&jobs[i].trouble);
    }
    forget_read(b);
    arena_reset(&b->work);
    return err;
}

/* All together first: an entry that fails then fails the rest, and each has a try of its own. */
enum err drain_batch(const struct drain_parts *parts, const struct claimed *const *entries, size_t n, struct arena *arena,
                     struct drain_verdict *verdicts)
{
    struct batch b = {.parts = parts, .arena = arena};
    enum err err;

    arena_init(&b.work, WORK_ARENA_BYTES);
    err = run_batch(&b, entries, n, verdicts, false);
    if (err && !is_trouble(err))
        err = run_batch(&b, entries, n, verdicts, true);
    arena_release(&b.work);
    return err && !is_trouble(err) ? ERR_DB_DOWN : err;
}
