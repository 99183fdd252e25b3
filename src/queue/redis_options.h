/* redis_options.h -- owns the settings of connections to Redis, read once. */
#ifndef QUEUE_REDIS_OPTIONS_H
#define QUEUE_REDIS_OPTIONS_H

#include "base/config.h"
#include "queue/redis_address.h"

struct redis_options {
    struct redis_address address;
    int64_t timeout_ms;        /* of one command */
    size_t pipeline_max_bytes; /* waiting for Redis */
    size_t out_max_bytes;      /* waiting to be written on one connection: the pipeline, and one entry more */
    bool fsync_everysec_ok;    /* redis.require_fsync is everysec */
    int partitions;
};

/* Reads the redis section; resolves the host. On ERR_CONFIG or ERR_QUEUE_DOWN `why` says what is wrong. */
enum err redis_options_load(const struct config *cfg, struct redis_options *out, struct buf *why) MUST_CHECK;
void redis_options_release(struct redis_options *options);

#endif
