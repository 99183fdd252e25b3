/* sources.c -- owns a worker's table of sources: the snapshot in Redis, looked up by key, with secrets ready to verify. */
#include "engine/sources.h"

#include "base/log.h"
#include "engine/source_table.h"

#include <stdlib.h>

enum { POLL_MS = 1000, FIRST_POLL_MS = 20 /* until Redis has answered once */ };

struct sources {
    struct sources_parts parts;
    struct source_table *table; /* NULL before the first snapshot */
    int64_t version;            /* of the last snapshot that was read, also one that could not be used */
    bool loaded;
    bool asking; /* a question is out */
    struct loop_timer *poll;
    struct sources_wait *waits;
};

static void ask_now(struct sources *s);

static void poll_later(struct sources *s)
{
    loop_timer_start(s->poll, s->loaded ? POLL_MS : FIRST_POLL_MS);
}

/* Replaces the table; requests that hold the old one keep it until they are done. */
static enum err take_snapshot(struct sources *s, int64_t version, struct str json)
{
    struct source_table *table = NULL;
    enum err err;

    s->version = version;
    err = source_table_new(json, s->parts.routes, s->parts.seal, &table);
    if (err) {
        LOG(LOG_ERROR, "snapshot of sources not readable", KV_INT("version", version), KV_ERR(err));
        return err;
    }
    source_table_release(s->table);
    s->table = table;
    LOG(LOG_INFO, "sources loaded", KV_UINT("sources", source_table_n(table)), KV_INT("version", version));
    return OK;
}

void sources_forget(struct sources_wait *wait)
{
    if (!wait->at)
        return;
    *wait->at = wait->next;
    if (wait->next)
        wait->next->at = wait->at;
    *wait = (struct sources_wait){.next = NULL};
}

static bool has_wait(const struct sources *s, bool asked)
{
    for (const struct sources_wait *w = s->waits; w; w = w->next)
        if (w->asked == asked)
            return true;
    return false;
}

/* Calls those back that waited for this question; each is off the list before it is called. */
static void end_waits(struct sources *s, enum err err)
{
    while (has_wait(s, true))
        for (struct sources_wait *w = s->waits; w; w = w->next)
            if (w->asked) {
                struct sources_wait copy = *w;

                sources_forget(w);
                copy.done(copy.arg, err);
                break; /* the list may have changed */
            }
}

static void snapshot_came(void *arg, enum err err, int64_t version, struct str json)
{
    struct sources *s = arg;

    s->asking = false;
    if (!err)
        s->loaded = true;
    if (!err && version != 0 && version != s->version)
        err = take_snapshot(s, version, json);
    /* a queue that lost the snapshot does not know who is unknown, until a drainer publishes it again */
    end_waits(s, !err && version == 0 ? ERR_QUEUE_DOWN : err);
    if (!s->asking && has_wait(s, false))
        ask_now(s);
    else if (!s->asking)
        poll_later(s);
}

static void ask_now(struct sources *s)
{
    enum err err = queue_snapshot(s->parts.queue, s->version, snapshot_came, s);

    for (struct sources_wait *w = s->waits; w; w = w->next)
        w->asked = true;
    s->asking = !err;
    if (!err)
        return;
    poll_later(s);
    end_waits(s, err);
}

static void poll_fired(void *arg)
{
    struct sources *s = arg;

    if (!s->asking)
        ask_now(s);
}

enum err sources_open(const struct sources_parts *parts, struct sources **out)
{
    struct sources *s = calloc(1, sizeof(*s));
    enum err err;

    if (!s)
        return ERR_MEMORY;
    s->parts = *parts;
    err = loop_timer_new(parts->loop, poll_fired, s, &s->poll);
    if (err) {
        sources_close(s);
        return err;
    }
    loop_timer_start(s->poll, 0);
    *out = s;
    return OK;
}

void sources_close(struct sources *s)
{
    if (!s)
        return;
    queue_forget(s->parts.queue, s);
    while (s->waits)
        sources_forget(s->waits);
    source_table_release(s->table);
    loop_timer_free(s->poll);
    free(s);
}

bool sources_loaded(const struct sources *s)
{
    return s->loaded;
}

bool sources_known(const struct sources *s)
{
    return s->table != NULL;
}

struct live_source *sources_hold(struct sources *s, struct str key)
{
    struct live_source *live = s->table ? source_table_find(s->table, key, false, clock_wall_us(s->parts.clock)) : NULL;

    if (!live)
        return NULL;
    source_table_use(s->table);
    live_source_prepare(live);
    return live;
}

struct live_source *sources_hold_visits(struct sources *s, struct str key)
{
    struct live_source *live = s->table ? source_table_find(s->table, key, true, clock_wall_us(s->parts.clock)) : NULL;

    if (live)
        source_table_use(s->table);
    return live;
}

void sources_release(struct live_source *live)
{
    if (live)
        source_table_release(live->table);
}

enum err sources_ask(struct sources *s, struct sources_wait *wait, void (*done)(void *arg, enum err err), void *arg)
{
    bool first = !s->asking;
    enum err err = first ? queue_snapshot(s->parts.queue, s->version, snapshot_came, s) : OK;

    if (err)
        return err;
    s->asking = true;
    *wait = (struct sources_wait){.next = s->waits, .at = &s->waits, .done = done, .arg = arg, .asked = first};
    if (s->waits)
        s->waits->at = &wait->next;
    s->waits = wait;
    return OK;
}
