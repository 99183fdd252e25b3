/* keys.h -- owns the names of Redis keys, in one place. */
#ifndef QUEUE_KEYS_H
#define QUEUE_KEYS_H

#include "base/str.h"
#include "model/entry.h"

/* The consumer group of every lane, the snapshot of sources and its version. */
#define KEY_GROUP STR("drain")
#define KEY_SOURCES STR("storehook:sources")
#define KEY_SOURCES_VERSION STR("storehook:sources:version")
#define KEY_REJECTED STR("storehook:rejected")

enum { KEY_MAX = 128 };

/* One name; too long a part is cut, as none of ours can be. */
struct key {
    char text[KEY_MAX];
    size_t len;
};

static inline struct str key_str(const struct key *k)
{
    return (struct str){.p = k->text, .len = k->len};
}

/* The braces make the partition the slot on a Redis Cluster: "storehook:{0}:live". */
struct key key_lane(int partition, enum lane lane);
struct key key_dead(int partition);
/* Watched while the dead letter of this stream id is replayed; never left behind. */
struct key key_moving(int partition, struct str stream_id);
/* A copy in the making that will take the place of the dead letters; `own` tells it from others' copies. */
struct key key_dead_copy(int partition, struct str own);
struct key key_source_counts(struct str source_id);
/* Samples of rejected deliveries of a source; KEY_REJECTED says which sources have some, and since when. */
struct key key_rejected(struct str source_id);
/* What /readyz writes. */
struct key key_probe(long pid);
struct key key_role(struct str role, long pid);

#endif
