/* health.c -- owns /healthz and /readyz: does the loop turn, and would a delivery be kept now. */
#include "engine/health.h"

#include <stdlib.h>

enum { CACHE_US = 1000000 };

/* One request that waits for the probe. */
struct waiting {
    struct waiting *next;
    struct http_exchange *x;
};

struct health {
    const struct clock *clock;
    struct queue *queue;
    const struct sources *sources;
    const atomic_uint *queues_away;
    struct waiting *waiting;
    bool probing, stopping, judged;
    enum err result; /* of the last probe */
    int64_t judged_us;
};

enum err health_new(const struct clock *clock, struct queue *queue, const struct sources *sources, const atomic_uint *queues_away,
                    struct health **out)
{
    struct health *h = calloc(1, sizeof(*h));

    if (!h)
        return ERR_MEMORY;
    h->clock = clock;
    h->queue = queue;
    h->sources = sources;
    h->queues_away = queues_away;
    *out = h;
    return OK;
}

void health_free(struct health *h)
{
    if (!h)
        return;
    while (h->waiting) {
        struct waiting *w = h->waiting;

        h->waiting = w->next;
        free(w);
    }
    free(h);
}

void health_stop(struct health *h)
{
    h->stopping = true;
}

enum err health_head(void *arg, struct http_exchange *x)
{
    (void)arg;
    if (http_method(x) == HTTP_GET || http_method(x) == HTTP_HEAD)
        return OK;
    http_set_allow(x, "GET, HEAD");
    return ERR_METHOD;
}

void health_live_end(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_answer(x, &(struct http_answer){.status = 200, .content_type = "text/plain", .body = STR("ok\n")});
}

/* What keeps the process from being ready, in one word; NULL when nothing does. */
static const char *trouble(const struct health *h)
{
    if (h->stopping)
        return "stopping";
    if (h->result)
        return err_name(h->result);
    if (atomic_load(h->queues_away))
        return err_name(ERR_QUEUE_DOWN); /* another worker's */
    return sources_loaded(h->sources) ? NULL : "sources";
}

/* 200 ok, or 503 and why not. */
static void answer_ready(const struct health *h, struct http_exchange *x)
{
    const char *word = trouble(h);
    bool ready = !word;

    http_answer(x, &(struct http_answer){.status = ready ? 200 : 503,
                                         .content_type = "text/plain",
                                         .body = str_of(ready ? "ok" : word),
                                         .extra = ready ? NULL : "Retry-After: 1\r\n"});
}

static void probe_done(void *arg, enum err err)
{
    struct health *h = arg;
    struct waiting *list = h->waiting;

    h->probing = false;
    h->judged = true;
    h->result = err;
    h->judged_us = clock_mono_us(h->clock);
    h->waiting = NULL;
    while (list) {
        struct waiting *w = list;

        list = w->next;
        answer_ready(h, w->x);
        free(w);
    }
}

/* Writes to Redis and waits for the answer; at most once a second, however many ask. */
void health_ready_end(void *arg, struct http_exchange *x)
{
    struct health *h = arg;
    struct waiting *w;
    enum err err = OK;

    if (h->judged && clock_mono_us(h->clock) - h->judged_us < CACHE_US && !h->probing) {
        answer_ready(h, x);
        return;
    }
    w = malloc(sizeof(*w));
    if (!w) {
        http_answer(x, &(struct http_answer){.status = 503, .content_type = "text/plain", .body = str_of(err_name(ERR_MEMORY))});
        return;
    }
    *w = (struct waiting){.next = h->waiting, .x = x};
    h->waiting = w;
    if (h->probing)
        return;
    err = queue_probe(h->queue, probe_done, h);
    h->probing = !err;
    if (err)
        probe_done(h, err);
}

void health_gone(void *arg, struct http_exchange *x)
{
    struct health *h = arg;

    for (struct waiting **at = &h->waiting; *at; at = &(*at)->next)
        if ((*at)->x == x) {
            struct waiting *w = *at;

            *at = w->next;
            free(w);
            return;
        }
}
