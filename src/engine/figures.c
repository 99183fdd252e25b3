/* figures.c -- owns the figures of the running system, gathered once for the command, the admin page and /metrics. */
#include "engine/figures.h"

#include "engine/figures_account.h"
#include "engine/figures_notices.h"
#include "store/account.h"
#include "store/source.h"

/* What a callback fills; `failed` when memory is out. */
struct gather {
    json_t *into;
    bool failed;
};

static void add_count(void *arg, struct str field, int64_t value)
{
    struct gather *g = arg;
    char *name = str_dup(field);

    if (!name || json_object_set_new(g->into, name, json_integer(value)))
        g->failed = true;
    free(name);
}

/* "name=value name=value" as an object. */
static json_t *counters(struct str text)
{
    struct gather g = {.into = json_object()};
    struct str word;
    int64_t value;

    while (g.into && str_split(&text, ' ', &word)) {
        size_t is = str_find(word, '=');

        if (!str_to_i64(str_from(word, is + 1), &value))
            add_count(&g, str_upto(word, is), value);
    }
    if (!g.failed)
        return g.into;
    json_decref(g.into);
    return NULL;
}

static void add_role(void *arg, const struct role_seen *seen)
{
    struct gather *g = arg;
    json_t *row =
        json_pack("{so sI so}", "role", json_str(seen->role), "pid", (json_int_t)seen->pid, "counters", counters(seen->counters));

    if (json_array_append_new(g->into, row))
        g->failed = true;
}

static json_t *lanes(const struct stream_stats *stats, int64_t now_us)
{
    json_t *object = json_object();

    for (int lane = 0; lane < LANE__COUNT && object; lane++) {
        const struct lane_stats *l = &stats->lanes[lane];
        int64_t age_us = l->oldest_at_us && l->oldest_at_us < now_us ? now_us - l->oldest_at_us : 0;
        json_t *row = json_pack("{sI sI sI}", "waiting", (json_int_t)l->waiting, "pending", (json_int_t)l->pending, "oldest_age_ms",
                                (json_int_t)(age_us / US_PER_MS));

        if (json_object_set_new(object, lane_name((enum lane)lane), row)) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static enum err load_roles(struct stream *stream, json_t *array)
{
    struct gather g = {.into = array};
    enum err err = stream_roles(stream, add_role, &g);

    return err || !g.failed ? err : ERR_MEMORY;
}

enum err figures_counts(struct stream *stream, int64_t source_id, json_t *object)
{
    struct gather g = {.into = object};
    char id[24];
    enum err err;

    snprintf(id, sizeof(id), "%lld", (long long)source_id);
    err = stream_source_counts(stream, str_of(id), add_count, &g);
    return err || !g.failed ? err : ERR_MEMORY;
}

struct figures_use figures_use(const json_t *counts, const char *id)
{
    char times[64], last[64];

    snprintf(times, sizeof(times), "secret:%s", id);
    snprintf(last, sizeof(last), "last_at_us:%s", id);
    return (struct figures_use){.times = json_integer_value(json_object_get(counts, times)),
                                .last_us = json_integer_value(json_object_get(counts, last))};
}

/* Returns owned; NULL when memory is out. */
static json_t *fetches_json(const struct fetch_counts *counts, int64_t now_us)
{
    int64_t age_us = counts->oldest_at_us && counts->oldest_at_us < now_us ? now_us - counts->oldest_at_us : 0;

    return json_pack("{sI sI sI sI}", "waiting", (json_int_t)counts->waiting, "failing", (json_int_t)counts->failing, "gone",
                     (json_int_t)counts->gone, "oldest_age_ms", (json_int_t)(age_us / US_PER_MS));
}

enum err figures_fetches(struct store *store, int64_t source_id, json_t **out)
{
    struct fetch_counts counts;
    enum err err = fetch_count(store, source_id, &counts);

    *out = err ? NULL : fetches_json(&counts, clock_wall_us(store->clock));
    return err ? err : *out ? OK : ERR_MEMORY;
}

static enum err add_source(struct stream *stream, struct store *store, const struct source *s, json_t *array)
{
    json_t *counts = json_object(), *fetches = NULL;
    enum err err = counts ? figures_counts(stream, s->id, counts) : ERR_MEMORY;

    if (!err)
        err = figures_fetches(store, s->id, &fetches);
    if (!err &&
        json_array_append_new(array, json_pack("{sI ss ss sb sO sO}", "id", (json_int_t)s->id, "name", s->name, "platform",
                                               s->platform, "enabled", (int)s->enabled, "counts", counts, "fetches", fetches)))
        err = ERR_MEMORY;
    json_decref(counts);
    json_decref(fetches);
    return err;
}

/* Those of all accounts. */
static enum err load_sources(struct stream *stream, struct store *store, json_t *array)
{
    int64_t account_id = store->account_id;
    struct source_list list;
    enum err err = source_list_load_all(store, &list);

    for (size_t i = 0; i < list.n && !err; i++) {
        store_enter(store, list.at[i].account_id);
        err = add_source(stream, store, &list.at[i], array);
    }
    store_enter(store, account_id);
    source_list_release(&list);
    return err;
}

enum err figures_load(struct stream *stream, struct store *store, json_t **out)
{
    json_t *roles = json_array(), *sources = json_array(), *notices = NULL;
    struct figures_accounts sums = {.limits = NULL};
    struct stream_stats stats;
    enum err err = stream_stats(stream, &stats);

    if (!err)
        err = figures_accounts(store, &sums);
    if (!err)
        err = load_roles(stream, roles);
    if (!err)
        err = load_sources(stream, store, sources);
    if (!err)
        err = figures_notices(store, &notices);
    if (!err) {
        *out = json_pack("{so sI sI sI sO so sO sO sO}", "lanes", lanes(&stats, clock_wall_us(store->clock)), "dead",
                         (json_int_t)stats.dead, "queue_memory_bytes", (json_int_t)stats.memory_bytes, "contacts",
                         (json_int_t)sums.contacts, "roles", roles, "fetches",
                         fetches_json(&sums.fetches, clock_wall_us(store->clock)), "notices", notices, "limits", sums.limits,
                         "sources", sources);
        err = *out ? OK : ERR_MEMORY;
    }
    json_decref(roles);
    json_decref(sources);
    json_decref(notices);
    json_decref(sums.limits);
    return err;
}
