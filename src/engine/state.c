/* state.c -- owns the directory of state: what is made in it at the first start, and what running roles leave in it for others. */
#include "engine/state.h"

#include "base/secret.h"
#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, NOTE_BYTES_MAX = 4096 };

static enum err say(struct buf *why, enum err err, const char *what, const char *reason)
{
    enum err full = buf_printf(why, "%s: %s", what, reason);

    return full ? full : err;
}

enum err state_path(const struct config *cfg, const char *name, struct buf *out)
{
    return buf_printf(out, "%s/%s", config_text(cfg, SET_DIR), name);
}

/* A directory that is there already is left as it is. */
static enum err make_directory(const struct config *cfg, const char *name, struct buf *why)
{
    struct buf path = BUF_INIT(PATH_BYTES);
    enum err err = *name ? state_path(cfg, name, &path) : buf_append(&path, str_of(config_text(cfg, SET_DIR)));

    if (!err && mkdir(buf_text(&path), 0700) && errno != EEXIST)
        err = say(why, ERR_IO, buf_text(&path), strerror(errno));
    buf_release(&path);
    return err;
}

enum err state_lock(const struct config *cfg, int *fd, struct buf *why)
{
    struct buf path = BUF_INIT(PATH_BYTES);
    enum err err = make_directory(cfg, "", why);

    *fd = -1;
    if (!err)
        err = state_path(cfg, "up.lock", &path);
    if (!err)
        *fd = open(buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (!err && *fd < 0)
        err = say(why, ERR_IO, buf_text(&path), strerror(errno));
    if (!err && flock(*fd, LOCK_EX | LOCK_NB))
        err = say(why, ERR_EXISTS, config_text(cfg, SET_DIR), "another `storehook up` runs here; stop it, or choose another --dir");
    if (err && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    buf_release(&path);
    return err;
}

static enum err make_key(const struct config *cfg, struct buf *why)
{
    const char *path = config_text(cfg, SET_MASTER_KEY_FILE);
    enum err err;

    if (*config_text(cfg, SET_MASTER_KEY))
        return OK;
    err = seal_create(path);
    if (!err || err == ERR_EXISTS)
        return OK;
    return say(why, err, path, "the master key cannot be made here; check the rights of the directory");
}

void state_explain_key(const struct config *cfg, struct buf *why)
{
    const char *file = config_text(cfg, SET_MASTER_KEY_FILE);

    buf_clear(why);
    if (buf_printf(why,
                   "%s: this is not the master key that the secrets of the sources are sealed with; put the right one back "
                   "(docs/operations.md says what to do when it is lost)",
                   *config_text(cfg, SET_MASTER_KEY) ? "storehook.master_key" : file))
        buf_clear(why); /* the error's own text says the same */
}

static enum err make_certificate(const struct config *cfg, struct buf *why)
{
    struct buf dir = BUF_INIT(PATH_BYTES);
    enum err err;

    if (access(config_text(cfg, SET_SERVE_CERT), F_OK) == 0)
        return OK;
    err = state_path(cfg, "certs", &dir);
    if (!err)
        err = tls_self_made(buf_text(&dir), STR(""), why);
    buf_release(&dir);
    return err == ERR_EXISTS ? OK : err;
}

enum err state_prepare(const struct config *cfg, struct buf *why)
{
    static const char *const parts[] = {"", "run", "redis", "certs"};
    enum err err = OK;

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && !err; i++)
        err = make_directory(cfg, parts[i], why);
    if (!err)
        err = make_key(cfg, why);
    return err ? err : make_certificate(cfg, why);
}

static enum err note_path(const struct config *cfg, const char *note, const char *suffix, struct buf *out)
{
    return buf_printf(out, "%s/run/%s%s", config_text(cfg, SET_DIR), note, suffix);
}

static enum err write_file(const char *path, struct str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text.p, text.len) == (ssize_t)text.len;

    if (fd >= 0 && close(fd))
        written = false;
    return written ? OK : ERR_IO;
}

enum err state_write(const struct config *cfg, const char *note, struct str text)
{
    struct buf path = BUF_INIT(PATH_BYTES), fresh = BUF_INIT(PATH_BYTES);
    enum err err = note_path(cfg, note, "", &path);

    if (!err)
        err = note_path(cfg, note, ".new", &fresh);
    if (!err)
        err = write_file(buf_text(&fresh), text);
    if (!err && rename(buf_text(&fresh), buf_text(&path)))
        err = ERR_IO;
    buf_release(&path);
    buf_release(&fresh);
    return err;
}

enum err state_read(const struct config *cfg, const char *note, struct buf *out)
{
    struct buf path = BUF_INIT(PATH_BYTES);
    char text[NOTE_BYTES_MAX];
    enum err err = note_path(cfg, note, "", &path);
    int fd = err ? -1 : open(buf_text(&path), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;

    if (!err && fd < 0)
        err = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
    if (!err)
        err = n >= 0 ? buf_append(out, str_n(text, (size_t)n)) : ERR_IO;
    if (fd >= 0)
        close(fd);
    buf_release(&path);
    return err;
}

void state_forget(const struct config *cfg, const char *note)
{
    struct buf path = BUF_INIT(PATH_BYTES);

    if (!note_path(cfg, note, "", &path))
        unlink(buf_text(&path)); /* may not be there */
    buf_release(&path);
}
