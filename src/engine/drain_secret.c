/* drain_secret.c -- owns the entry that brings a secret of a handshake: it is kept with its source, once. */
#include "engine/drain_job.h"

#include "store/source.h"

bool entry_brings_secret(const struct entry *entry)
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

/* The receivers are told before the entry is acknowledged, also when it was kept before. */
enum err job_keep_secret(struct job *job)
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
        err = job_take_part(job, &go);
    }
    if (!err && go) {
        err = source_keep_secret(job->batch->parts->store, job->source->id, &brought);
        if (secret_refusal(err)) {
            job_refuse(job, 0, "secret_refused", str_of(secret_refusal(err)));
            err = OK;
        }
        if (!err)
            err = job_remember(job, 0);
    }
    if (job->trouble.len)
        job->verdict->detail = arena_str(job->batch->arena, buf_str(&job->trouble));
    job->verdict->publish = !err;
    return err;
}
