/* fetch.c -- owns what becomes of a fetch: its document goes the way of a delivery, through the queue to the drainer. */
#include "engine/fetch.h"

#include "base/id.h"
#include "base/log.h"
#include "route/route.h"

enum { TOPIC_BYTES_MAX = 300 };

static enum err append_document(struct store *store, struct stream *stream, const struct fetch_task *task, struct str document)
{
    int64_t now = clock_wall_us(store->clock);
    struct buf topic = BUF_INIT(TOPIC_BYTES_MAX);
    struct id id = id_new(now);
    char source[24];
    struct entry entry = {
        .id = id_str(&id), .received_at_us = now, .content_type = STR("application/json"), .body = document, .lane = LANE_BULK};
    enum err err = buf_printf(&topic, "%s%.*s", ROUTE_TOPIC_FETCH, STR_ARG(task->object));

    snprintf(source, sizeof(source), "%lld", (long long)task->source_id);
    entry.source_id = str_of(source);
    entry.topic = buf_str(&topic);
    if (!err)
        err = stream_append(stream, &entry);
    if (!err)
        LOG(LOG_DEBUG, "fetched document queued", KV_STR("id", entry.id), KV_STR("source", entry.source_id),
            KV_STR("object", task->object), KV_STR("object_id", task->id));
    buf_release(&topic);
    return err;
}

static enum err settle_document(struct store *store, struct stream *stream, const struct fetch_task *task, struct str document)
{
    enum err err;

    if (document.len > FETCH_DOCUMENT_MAX_BYTES)
        return fetch_failed(store, task, STR("the document is larger than 2 MiB"), 0);
    err = append_document(store, stream, task, document);
    return err ? err : fetch_done(store, task);
}

static void log_end(const struct fetch_task *task, enum log_level level, const char *what, struct str why)
{
    LOG(level, what, KV_UINT("source", task->source_id), KV_STR("object", task->object), KV_STR("object_id", task->id),
        KV_UINT("attempts", task->attempts), KV_STR("why", why));
}

enum err fetch_deliver(struct store *store, struct stream *stream, const struct fetch_task *task, const struct fetch_answer *answer)
{
    switch (answer->outcome) {
    case FETCH_CAME:
        return settle_document(store, stream, task, answer->document);
    case FETCH_IS_GONE:
        log_end(task, LOG_INFO, "fetch: the platform has no such object", STR_NONE);
        return fetch_gone(store, task);
    case FETCH_FAILED:
        log_end(task, LOG_WARN, "fetch failed, tried again later", answer->why);
        return fetch_failed(store, task, answer->why, answer->retry_after_s);
    }
    return ERR_INTERNAL;
}
