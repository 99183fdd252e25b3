/* rejects.c -- owns the sampling of rejected deliveries in one worker: how many are looked at, and when they go to the queue. */
#include "engine/rejects.h"

#include "base/log.h"
#include "engine/rate.h"
#include "engine/rejected.h"

#include <stdlib.h>

enum { WAITING_MAX = 8, WINDOW_US = 1000000 };

struct waiting {
    char source_id[24];
    struct buf sample;
};

struct rejects {
    struct rejects_parts parts;
    struct rate *rate; /* of each source */
    struct loop_timer *timer;
    struct waiting waiting[WAITING_MAX];
    size_t n;
    const struct live_source *live; /* while a sample of it is taken */
    int64_t window_us;              /* monotonic, since when `taken` is counted */
    size_t taken;
};

static void send_waiting(void *arg)
{
    struct rejects *r = arg;

    for (size_t i = 0; i < r->n; i++) {
        struct waiting *w = &r->waiting[i];

        if (!queue_keep_rejected(r->parts.queue, str_of(w->source_id), buf_str(&w->sample)))
            LOG(LOG_DEBUG, "sample dropped", KV_TEXT("source", w->source_id));
        buf_release(&w->sample);
    }
    r->n = 0;
}

enum err rejects_new(const struct rejects_parts *parts, struct rejects **out)
{
    struct rejects *r = calloc(1, sizeof(*r));
    enum err err;

    if (!r)
        return ERR_MEMORY;
    r->parts = *parts;
    err = rate_new(1, &r->rate);
    if (!err)
        err = loop_timer_new(parts->loop, send_waiting, r, &r->timer);
    if (err) {
        rejects_free(r);
        return err;
    }
    *out = r;
    return OK;
}

void rejects_free(struct rejects *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++)
        buf_release(&r->waiting[i].sample);
    loop_timer_free(r->timer);
    rate_free(r->rate);
    free(r);
}

/* What the doctor has something to say about. */
static bool is_explained(enum err why)
{
    return err_http_status(why) == 401 || why == ERR_METHOD;
}

static bool may_take(struct rejects *r, const struct live_source *live)
{
    int64_t now_us = clock_mono_us(r->parts.clock);

    if (now_us - r->window_us >= WINDOW_US) {
        r->window_us = now_us;
        r->taken = 0;
    }
    if (r->taken == WAITING_MAX || r->n == WAITING_MAX || !rate_take(r->rate, live->source.id, now_us))
        return false;
    r->taken++;
    return true;
}

/* Where the source's config names the header. */
static bool is_own_secret_header(const struct live_source *live, struct str name)
{
    struct str header;

    for (size_t i = 0; i < SOURCE_SPECS_MAX && live->signing[i].spec; i++)
        if (verify_spec_sends_secret(live->signing[i].spec, &header) && str_eq_nocase(header, name))
            return true;
    return false;
}

static bool has_secret_body(const struct live_source *live)
{
    return is_own_secret_header(live, STR(""));
}

/* A header that carries the secret of any platform: a delivery may come to the wrong source. */
static bool is_secret_header(void *arg, struct str name)
{
    struct rejects *r = arg;
    const struct route *route;
    const struct verify_spec *spec;
    struct str header;

    for (size_t i = 0; (route = routes_at(r->parts.routes, i)); i++)
        for (size_t k = 0; (spec = route_verify_at(route, k)); k++)
            if (verify_spec_sends_secret(spec, &header) && str_eq_nocase(header, name))
                return true;
    return is_own_secret_header(r->live, name);
}

void rejects_take(struct rejects *r, const struct live_source *live, struct http_exchange *x, int64_t received_at_us, enum err why)
{
    struct rejected sample;
    struct waiting *w;
    enum err err;

    if (!r || !live || !x || !is_explained(why) || !may_take(r, live))
        return;
    r->live = live;
    w = &r->waiting[r->n];
    w->sample = BUF_INIT(REJECTED_TEXT_BYTES_MAX);
    snprintf(w->source_id, sizeof(w->source_id), "%s", live->id_text);
    sample = (struct rejected){.at_us = received_at_us,
                               .reason = str_of(err_name(why)),
                               .method = http_method_text(x),
                               .query = http_query(x),
                               .headers = http_fields(x),
                               .body = http_body(x),
                               .body_bytes = http_body(x).len,
                               .old_url = !str_ends(http_path(x), str_of(live->source.key))};
    if (has_secret_body(live))
        sample.body = STR_NONE;
    err = rejected_write(&sample, r->parts.seal, is_secret_header, r, &w->sample);
    if (err) {
        LOG(LOG_DEBUG, "no sample taken", KV_ERR(err));
        buf_release(&w->sample);
        return;
    }
    r->n++;
    loop_timer_start(r->timer, 0);
}
