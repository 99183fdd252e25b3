/* redis_options.c -- owns the settings of connections to Redis, read once. */
#include "queue/redis_options.h"

/* What one command takes past its body: field names, headers, a list of ids. */
enum { COMMAND_SLACK_BYTES = 1 << 20 };

static enum err read_fsync(const struct config *cfg, struct redis_options *out, struct buf *why)
{
    struct str fsync = str_of(config_text(cfg, SET_REDIS_REQUIRE_FSYNC));

    out->fsync_everysec_ok = str_eq(fsync, STR("everysec"));
    if (out->fsync_everysec_ok || str_eq(fsync, STR("always")))
        return OK;
    /* words that do not fit are lost, the error is not */
    if (buf_printf(why, "redis.require_fsync: write always or everysec, not %.*s", STR_ARG(fsync)))
        buf_clear(why);
    return ERR_CONFIG;
}

enum err redis_options_load(const struct config *cfg, struct redis_options *out, struct buf *why)
{
    enum err err;

    memset(out, 0, sizeof(*out));
    out->timeout_ms = config_int(cfg, SET_REDIS_TIMEOUT);
    out->pipeline_max_bytes = (size_t)config_int(cfg, SET_REDIS_PIPELINE_MAX);
    out->out_max_bytes = out->pipeline_max_bytes + (size_t)config_int(cfg, SET_SERVE_BODY_MAX) + COMMAND_SLACK_BYTES;
    out->partitions = (int)config_int(cfg, SET_REDIS_PARTITIONS);
    err = read_fsync(cfg, out, why);
    return err ? err : redis_address_parse(str_of(config_text(cfg, SET_REDIS_URL)), config_text(cfg, SET_DIR), &out->address, why);
}

void redis_options_release(struct redis_options *options)
{
    redis_address_release(&options->address);
}
