/* queue_impl.h -- owns what the files behind queue.h share: the links, and how a command goes out on them. */
#ifndef QUEUE_QUEUE_IMPL_H
#define QUEUE_QUEUE_IMPL_H

#include "queue/queue.h"
#include "queue/redis_link.h"

enum { QUEUE_LINKS_MAX = 32 };

struct queue {
    const struct clock *clock;
    struct redis_options options;
    struct redis_link *links[QUEUE_LINKS_MAX];
    size_t n_links, turn;
    int partition_turn;
    struct queue_call *calls; /* unanswered */
    struct queue_call *spare; /* answered, kept for the next ones */
    size_t pending;
    struct source_counts *counts;
    struct loop_timer *counts_timer;
    int64_t refusal_logged_us;
    enum err state_logged; /* OK, ERR_QUEUE_DOWN, ERR_QUEUE_UNSAFE */
    void (*watch)(void *arg, enum err state);
    void *watch_arg;
};

/* Unsafe when any link says so (they speak to one server), else OK when one is ready, else ERR_QUEUE_DOWN. */
enum err queue_state(const struct queue *q) MUST_CHECK;
/* The next link that is ready, in turn. Only while queue_state is OK. */
struct redis_link *queue_next_link(struct queue *q);
/* Sends on the next link that is ready. Errors: queue_state, ERR_QUEUE_FULL. */
enum err queue_send(struct queue *q, const struct str *args, size_t n, redis_reply_fn *fn, void *arg) MUST_CHECK;
/* N9: bounds what waits for Redis over all links; one entry may always go. */
bool queue_is_full(const struct queue *q, size_t more);
/* For commands that nobody waits for; `arg` is the queue. A refusal is logged, at most once a second. */
void queue_ignore_reply(void *arg, enum err err, const redisReply *reply);

#endif
