/* drain_part.c -- owns what is remembered of one element of an entry: that it was seen, and what of it was refused. */
#include "engine/drain_job.h"

#include "base/counters.h"
#include "base/log.h"
#include "store/seen.h"

/* The one for which the letter enters again goes before the first. */
static void take_reason(struct str *slot, struct str reason)
{
    if (slot->len == 0 || str_eq(reason, STR(REASON_LIMIT)))
        *slot = reason;
}

void job_refuse(struct job *job, size_t place, const char *reason, struct str detail)
{
    bool elements = job->mapped.n_parts > 1, several = elements || job->mapped.n + job->mapped.n_rejects > 1;
    size_t number = elements ? job->part->index : place;
    enum err err = several ? buf_printf(&job->trouble, "%s%s %zu: %s: ", job->trouble.len ? "; " : "",
                                        elements ? "element" : "event", number, reason)
                           : OK;

    take_reason(&job->verdict->reason, str_of(reason));
    take_reason(&job->part_reason, str_of(reason));
    if (!err)
        err = buf_append(&job->trouble, str_upto(detail, job->trouble.max - job->trouble.len));
    if (err)
        LOG(LOG_DEBUG, "detail of a dead letter cut", KV_STR("id", job->entry->id), KV_TEXT("reason", reason));
}

enum err job_take_part(struct job *job, bool *go)
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
        take_reason(&job->verdict->reason, seen.reason);
        err = buf_printf(&job->trouble, "%s%.*s", job->trouble.len ? "; " : "", STR_ARG(str_upto(seen.detail, REASON_BYTES / 2)));
        if (err == ERR_TOO_LARGE)
            err = OK; /* the letter says the first ones */
    }
    return err;
}

enum err job_remember(struct job *job, size_t said)
{
    struct str detail = str_from(buf_str(&job->trouble), said);

    if (job->part_reason.len == 0 && !job->entry->replay)
        return OK;
    if (said && str_starts(detail, STR("; ")))
        detail = str_from(detail, 2);
    return seen_set_reason(job->batch->parts->store, job->source->id, job->part->dedupe_key, job->part_reason,
                           str_upto(detail, REASON_BYTES));
}
