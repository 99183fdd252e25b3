/* private_redis.c -- owns the Redis server of `storehook up`: its settings, its socket, and the one that may still be there. */
#include "engine/private_redis.h"

#include "engine/state.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, CONF_BYTES = 4096, SOCKET_PATH_MAX = 100, STOP_TIMEOUT_MS = 60000, STOP_RANK_LAST = 100 };

static struct str socket_name(const struct config *cfg)
{
    return str_from(str_of(config_text(cfg, SET_REDIS_URL)), STR("unix:").len);
}

bool private_redis_wanted(const struct config *cfg)
{
    struct str name = socket_name(cfg);

    return str_starts(str_of(config_text(cfg, SET_REDIS_URL)), STR("unix:")) && name.len && *name.p != '/';
}

/* The server runs in DIR/redis, so every path is short and relative; persistence is what the queue demands (N1). */
static enum err write_conf(const struct config *cfg, struct buf *why)
{
    struct buf path = BUF_INIT(PATH_BYTES), text = BUF_INIT(CONF_BYTES);
    enum err err = state_path(cfg, "redis.conf", &path);
    FILE *out = NULL;
    bool written;

    if (!err)
        err = buf_printf(&text,
                         "# made by storehook up at every start\nport 0\nunixsocket ../%.*s\nunixsocketperm 700\n"
                         "appendonly yes\nappendfsync always\nno-appendfsync-on-rewrite no\nsave \"\"\n"
                         "maxmemory-policy noeviction\ndatabases 1\ndaemonize no\nlogfile ../redis.log\n",
                         STR_ARG(socket_name(cfg)));
    if (err)
        goto done;
    out = fopen(buf_text(&path), "we");
    written = out && fwrite(text.p, 1, text.len, out) == text.len;
    if (out && fclose(out))
        written = false;
    if (!written) {
        err = buf_printf(why, "%s: %s", buf_text(&path), strerror(errno));
        err = err ? err : ERR_IO;
    }
done:
    buf_release(&path);
    buf_release(&text);
    return err;
}

static enum err make_link(const struct config *cfg, struct buf *link)
{
    const char *tmp = getenv("TMPDIR");
    struct buf name = BUF_INIT(PATH_BYTES);
    char *target = realpath(config_text(cfg, SET_DIR), NULL);
    enum err err = target ? buf_printf(link, "%s/storehook-XXXXXX", tmp && *tmp ? tmp : "/tmp") : ERR_IO;

    if (!err && !mkdtemp(link->p))
        err = ERR_IO;
    if (!err)
        err = buf_printf(&name, "%s/d", buf_text(link));
    if (!err && symlink(target, buf_text(&name)))
        err = ERR_IO;
    buf_release(&name);
    free(target);
    return err;
}

/* Makes the short name and tells those who look for it. */
static enum err shorten(struct config *cfg, struct private_redis *r, struct buf *why)
{
    struct buf url = BUF_INIT(PATH_BYTES);
    enum err err = make_link(cfg, &r->link);

    if (err) {
        enum err full = buf_printf(why, "%s: a short name for the queue's socket cannot be made; choose a shorter --dir",
                                   config_text(cfg, SET_DIR));

        return full ? full : err;
    }
    err = buf_printf(&url, "unix:%s/d/%.*s", buf_text(&r->link), STR_ARG(socket_name(cfg)));
    if (!err)
        err = config_set(cfg, SET_REDIS_URL, buf_str(&url), why);
    if (!err)
        err = state_write(cfg, STATE_REDIS_URL, buf_str(&url));
    buf_release(&url);
    return err;
}

enum err private_redis_prepare(struct config *cfg, struct private_redis *out, struct buf *why)
{
    size_t path_len = strlen(config_text(cfg, SET_DIR)) + 1 + socket_name(cfg).len;
    enum err err;

    *out = (struct private_redis){.directory = BUF_INIT(PATH_BYTES), .link = BUF_INIT(PATH_BYTES)};
    state_forget(cfg, STATE_REDIS_URL);
    err = write_conf(cfg, why);
    if (!err)
        err = state_path(cfg, "redis", &out->directory);
    if (!err && path_len > SOCKET_PATH_MAX)
        err = shorten(cfg, out, why);
    out->argv[0] = str_dup(str_of(config_text(cfg, SET_UP_REDIS_SERVER)));
    out->argv[1] = str_dup(STR("../redis.conf"));
    if (!err && (!out->argv[0] || !out->argv[1]))
        err = ERR_MEMORY;
    out->role = (struct role){.name = "redis",
                              .plan = {.argv = out->argv, .directory = buf_text(&out->directory)},
                              .copies = 1,
                              .stop_rank = STOP_RANK_LAST,
                              .stop_timeout_ms = STOP_TIMEOUT_MS};
    return err;
}

void private_redis_release(struct private_redis *r, const struct config *cfg)
{
    if (r->link.len) {
        state_forget(cfg, STATE_REDIS_URL);
        if (!buf_append(&r->link, STR("/d")))
            unlink(buf_text(&r->link));
        r->link.p[r->link.len - 2] = '\0';
        rmdir(r->link.p);
    }
    free(r->argv[0]);
    free(r->argv[1]);
    buf_release(&r->directory);
    buf_release(&r->link);
}

bool private_redis_answers(const struct config *cfg)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct str name = socket_name(cfg);
    int n = *name.p == '/'
                ? snprintf(address.sun_path, sizeof(address.sun_path), "%.*s", STR_ARG(name))
                : snprintf(address.sun_path, sizeof(address.sun_path), "%s/%.*s", config_text(cfg, SET_DIR), STR_ARG(name));
    int fd = n > 0 && (size_t)n < sizeof(address.sun_path) ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    bool answers = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

    if (fd >= 0)
        close(fd);
    return answers;
}
