/* figures_notices.c -- owns the figures of notices: what waits and what is dead, in all and for each target. */
#include "engine/figures_notices.h"

#include "store/account.h"
#include "store/notice_list.h"
#include "store/notice_target.h"

enum { ARENA_BYTES = 64 << 20 };

struct sums {
    struct notice_counts all;
    json_t *targets;
    int64_t now_us;
};

static int64_t age_ms(int64_t oldest_at_us, int64_t now_us)
{
    return oldest_at_us && oldest_at_us < now_us ? (now_us - oldest_at_us) / US_PER_MS : 0;
}

static enum err add_target(struct store *store, const struct notice_target *t, struct sums *sums)
{
    struct notice_counts counts;
    json_t *row;
    enum err err = notice_count(store, t->id, &counts);

    if (err)
        return err;
    row = json_pack("{sI so sb sb sI sI sI sI}", "account", (json_int_t)store->account_id, "name", json_str(t->name), "enabled",
                    (int)t->enabled, "paused", (int)(t->paused_until_us > sums->now_us), "waiting", (json_int_t)counts.waiting,
                    "failing", (json_int_t)counts.failing, "dead", (json_int_t)counts.dead, "oldest_age_ms",
                    (json_int_t)age_ms(counts.oldest_at_us, sums->now_us));
    if (json_array_append_new(sums->targets, row))
        return ERR_MEMORY;
    sums->all.waiting += counts.waiting;
    sums->all.failing += counts.failing;
    sums->all.dead += counts.dead;
    if (counts.oldest_at_us && (!sums->all.oldest_at_us || counts.oldest_at_us < sums->all.oldest_at_us))
        sums->all.oldest_at_us = counts.oldest_at_us;
    return OK;
}

static enum err add_account(struct store *store, void *arg)
{
    struct sums *sums = arg;
    struct notice_target *targets = NULL;
    struct arena arena;
    size_t n = 0;
    enum err err;

    arena_init(&arena, ARENA_BYTES);
    err = notice_target_list(store, &arena, &targets, &n);
    for (size_t i = 0; i < n && !err; i++)
        err = add_target(store, &targets[i], sums);
    arena_release(&arena);
    return err;
}

enum err figures_notices(struct store *store, json_t **out)
{
    struct sums sums = {.targets = json_array(), .now_us = clock_wall_us(store->clock)};
    enum err err = sums.targets ? account_each(store, add_account, &sums) : ERR_MEMORY;

    *out = err ? NULL
               : json_pack("{sI sI sI sI sO}", "waiting", (json_int_t)sums.all.waiting, "failing", (json_int_t)sums.all.failing,
                           "dead", (json_int_t)sums.all.dead, "oldest_age_ms",
                           (json_int_t)age_ms(sums.all.oldest_at_us, sums.now_us), "targets", sums.targets);
    json_decref(sums.targets);
    return err || *out ? err : ERR_MEMORY;
}
