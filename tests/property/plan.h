/* plan.h -- owns the orders of arrival: as it happened, and shuffled with repetitions and losses made good. */
#ifndef TESTS_PROPERTY_PLAN_H
#define TESTS_PROPERTY_PLAN_H

#include "replay.h"

/* Ids grow with the receipt, as the receiver's do. */
static inline void plan_add(struct plan *p, size_t delivery, int64_t received_us)
{
    struct step *step = &p->at[p->n];

    *step = (struct step){.delivery = delivery, .received_us = received_us};
    snprintf(step->id, sizeof(step->id), "%016llx%016llx", (unsigned long long)received_us, (unsigned long long)p->n);
    p->n++;
}

static inline void plan_in_order(struct plan *p, const struct script *s)
{
    *p = (struct plan){.n = 0};
    for (size_t i = 0; i < s->n; i++)
        plan_add(p, i, s->d[i].at_us + 2 * US_PER_S);
}

static inline void shuffle(size_t *at, size_t n, struct script *dice)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)pick(dice, (int)i), kept_value = at[i - 1];

        at[i - 1] = at[j];
        at[j] = kept_value;
    }
}

/* Every delivery arrives, one in five twice; one in ten is lost at its turn, and sent again in the second half. All come after
 * the last provider time, so that none is from the future (O7). */
static inline void plan_shuffled(struct plan *p, const struct script *s, uint64_t seed)
{
    struct script dice = {.random = seed ^ UINT64_C(0x5157a1)};
    size_t order[STEPS_MAX], late[DELIVERIES], n = 0, n_late = 0;
    int64_t at = s->now_us + INT64_C(86400) * US_PER_S;

    *p = (struct plan){.rough = true, .random = seed};
    for (size_t i = 0; i < s->n; i++) {
        if (chance(&dice, 10))
            late[n_late++] = i;
        else
            order[n++] = i;
        if (chance(&dice, 20))
            order[n++] = i;
    }
    shuffle(order, n, &dice);
    for (size_t i = 0; i < n_late; i++)
        order[n++] = late[i];
    shuffle(order + n / 2, n - n / 2, &dice);
    for (size_t i = 0; i < n; i++)
        plan_add(p, order[i], at += (1 + pick(&dice, 500)) * US_PER_MS);
}

#endif
