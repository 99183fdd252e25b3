/* telling.h -- owns the ways in which a story is told: in order, and in any order with repetitions and crashes; as lines of a script. */
#ifndef TESTS_PROPERTY_TELLING_H
#define TESTS_PROPERTY_TELLING_H

#include "tale_make.h"

#include "engine/replay.h"

enum { PLAN_MAX = TALE_STEPS * 2, WHY_BYTES = 1 << 20, RUNS = 2 };

/* One line of a run. */
struct item {
    size_t step;
    bool again;
    int64_t received_us; /* 0: as the story says */
    bool opens_batch;
    int crash_at;
};
struct plan {
    struct item at[PLAN_MAX];
    size_t n;
};

struct trial {
    uint64_t seed;
    struct tale tale;
    struct plan plans[RUNS]; /* as it happened; shuffled */
    bool left_out[TALE_STEPS];
    bool plain; /* the shuffled run repeats nothing and dies nowhere */
};

/* -- orders of arrival ----------------------------------------------------------------------------------------------------- */

static inline void plan_add(struct plan *p, size_t step, bool again)
{
    p->at[p->n++] = (struct item){.step = step, .again = again};
}

static inline void plan_in_order(struct plan *p, const struct tale *t)
{
    *p = (struct plan){.n = 0};
    for (size_t i = 0; i < t->n; i++)
        plan_add(p, i, false);
}

static inline void shuffle(size_t *at, size_t n, struct tale *dice)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)one_of(dice, (int)i), kept = at[i - 1];

        at[i - 1] = at[j];
        at[j] = kept;
    }
}

static inline size_t place_in(const struct plan *p, size_t step)
{
    size_t i = 0;

    while (i < p->n && p->at[i].step != step)
        i++;
    return i;
}

static inline void insert(struct plan *p, size_t at, struct item item)
{
    memmove(&p->at[at + 1], &p->at[at], (p->n - at) * sizeof(*p->at));
    p->at[at] = item;
    p->n++;
}

/* Everything else in any order, and some of it again; an act anywhere after what it is about was heard of. */
static inline void plan_shuffled(struct plan *p, const struct tale *t, struct tale *dice)
{
    size_t order[TALE_STEPS], n = 0, acts[TALE_STEPS], n_acts = 0;

    *p = (struct plan){.n = 0};
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i].is_act)
            acts[n_acts++] = i;
        else
            order[n++] = i;
    shuffle(order, n, dice);
    shuffle(acts, n_acts, dice); /* the order of merges does not matter */
    for (size_t i = 0; i < n; i++)
        plan_add(p, order[i], false);
    for (size_t i = 0; i < n_acts; i++) {
        size_t first = 0;

        for (size_t k = 0; k < NEEDS; k++)
            if (t->at[acts[i]].needs[k] < TALE_STEPS && place_in(p, t->at[acts[i]].needs[k]) + 1 > first)
                first = place_in(p, t->at[acts[i]].needs[k]) + 1;
        insert(p, first + (size_t)one_of(dice, (int)(p->n - first) + 1), (struct item){.step = acts[i]});
    }
    for (size_t i = 0; i < n / 5; i++) {
        size_t step = order[one_of(dice, (int)n)], first = place_in(p, step) + 1;

        insert(p, first + (size_t)one_of(dice, (int)(p->n - first) + 1), (struct item){.step = step, .again = true});
    }
}

/* The retold story is received as it arrives, after all that it tells of; the fixed one always at the same times. */
static inline void plan_times(struct plan *p, const struct tale *t, struct tale *dice)
{
    int64_t at = t->now_us + INT64_C(86400) * US_PER_S;

    for (size_t i = 0; i < p->n; i++) {
        if (!t->fixed)
            p->at[i].received_us = at += (1 + one_of(dice, 500)) * US_PER_MS;
        p->at[i].opens_batch = perhaps(dice, 30);
        if (p->at[i].opens_batch && perhaps(dice, 6))
            p->at[i].crash_at = 1 + one_of(dice, 12);
    }
}

/* -- lines ----------------------------------------------------------------------------------------------------------------- */

static inline void line_of(const struct trial *t, const struct item *item, json_t *lines)
{
    const struct tale_step *s = &t->tale.at[item->step];
    int64_t received = item->received_us ? item->received_us : s->received_us;
    json_t *line;

    if (s->is_act) {
        json_array_append(lines, s->step);
        return;
    }
    line = item->again ? json_pack("{so}", "again", words("d%zu", item->step)) : json_copy(s->step);
    if (!item->again || item->received_us) /* without a time the queue hands out the same entry once more */
        member(line, "received_at", time_json(received));
    json_array_append_new(lines, line);
}

static inline size_t batch_length(const struct trial *t, const struct plan *p, size_t from)
{
    size_t n = 0;

    for (size_t i = from; i < p->n && n < REPLAY_BATCH_MAX; i++) {
        if (t->left_out[p->at[i].step] || (t->plain && p->at[i].again))
            continue;
        if (t->tale.at[p->at[i].step].is_act || (n && p->at[i].opens_batch))
            break;
        n++;
    }
    return n;
}

/* Returns owned: the script of one run. */
static inline json_t *lines_of(const struct trial *t, size_t run)
{
    const struct plan *p = &t->plans[run];
    json_t *lines = json_array();
    size_t in_batch = 0;

    json_array_append_new(lines, json_pack("{ss}", "run", run ? "shuffled" : "in order"));
    for (size_t i = 0; i < PLACES; i++)
        json_array_append_new(lines, json_pack("{s:s,s:s,s:s,s:i}", "define", places[i].name, "platform", places[i].platform,
                                               "list", places[i].list, "rank", places[i].rank));
    for (size_t i = 0; i < p->n; i++) {
        if (t->left_out[p->at[i].step] || (t->plain && p->at[i].again))
            continue;
        if (in_batch == 0 && !t->plain && (in_batch = batch_length(t, p, i)) > 0) {
            json_t *batch = json_pack("{sI}", "batch", (json_int_t)in_batch);

            if (p->at[i].crash_at)
                member(batch, "crash", json_integer(p->at[i].crash_at));
            json_array_append_new(lines, batch);
        }
        line_of(t, &p->at[i], lines);
        in_batch -= in_batch > 0;
    }
    return lines;
}

#endif
