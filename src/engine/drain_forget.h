/* drain_forget.h -- owns what has had its time: rows that a drainer forgets, some at a time (D4, N9). */
#ifndef ENGINE_DRAIN_FORGET_H
#define ENGINE_DRAIN_FORGET_H

#include "base/config.h"
#include "store/store.h"
#include "store/visit.h"

/* How far one drainer has come. */
struct drain_forget {
    int64_t visits_until_us; /* visits up to then were looked at */
    struct visit_walk walk;  /* through the visits of those who are known */
};
void drain_forget_init(struct drain_forget *f);
void drain_forget_release(struct drain_forget *f);

/* Forgets some of what is too old, in every account; true when some of it is left for the next turn. Trouble is logged: what is
 * not forgotten now is later. */
bool drain_forget(struct drain_forget *f, struct store *store, const struct config *cfg, const struct clock *clock);

#endif
