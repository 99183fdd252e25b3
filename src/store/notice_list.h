/* notice_list.h -- owns what a person sees of notices and does with them: listed, shown, counted, replayed, dropped. */
#ifndef STORE_NOTICE_LIST_H
#define STORE_NOTICE_LIST_H

#include "store/notice.h"

/* One delivery of a notice, with what is known of the notice. Texts are in the arena. */
struct notice_row {
    struct str id, type, target, contact_id, address;
    struct str body; /* empty in a list */
    int64_t target_id;
    enum notice_state state;
    int64_t attempts; /* failed ones, since it was made or replayed */
    int64_t due_us;   /* of the next attempt, when it waits; of one under way: when it is tried again if nothing is heard */
    bool in_work;
    int64_t last_status; /* 0 = no answer, or no attempt yet */
    struct str last_error;
    int64_t made_at_us, ended_at_us; /* made or replayed; delivered or dead, 0 = neither */
};

/* Which ones. */
struct notice_choice {
    int state;         /* enum notice_state; -1 = any */
    int64_t target_id; /* 0 = any */
    struct str id;     /* empty = any */
};
/* Up to `max`, the oldest first. */
enum err notice_list(struct store *store, const struct notice_choice *choice, size_t max, struct arena *arena,
                     struct notice_row **out, size_t *n) MUST_CHECK;
/* The deliveries of one notice, with its body. ERR_NOT_FOUND. */
enum err notice_get(struct store *store, struct str id, struct arena *arena, struct notice_row **out, size_t *n) MUST_CHECK;

/* Puts the dead ones of the choice back: they wait from now on, with all their attempts before them. *n = how many. */
enum err notice_replay(struct store *store, const struct notice_choice *choice, int64_t *n) MUST_CHECK;
/* Forgets those of the choice, whatever their state. *n = how many deliveries. */
enum err notice_drop(struct store *store, const struct notice_choice *choice, int64_t *n) MUST_CHECK;

struct notice_counts {
    int64_t waiting, failing, dead; /* failing: of those waiting, the last attempt failed */
    int64_t oldest_at_us;           /* the longest waiting was made then; 0 = none waits */
};
/* Of one target, or of all for 0. */
enum err notice_count(struct store *store, int64_t target_id, struct notice_counts *out) MUST_CHECK;

#endif
