/* redis_conn.c -- owns one connection to Redis: commands out, replies in, in order; no event loop, never blocks. */
#include "queue/redis_conn.h"

#include "queue/redis_check.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    READ_BYTES = 64 * 1024,
    READ_TURNS = 16,              /* reads a call, so that one busy connection does not hold the loop */
    OUT_KEEP_BYTES = 1024 * 1024, /* an emptied buffer larger than this is given back */
    REPLY_MAX_BYTES = 1 << 30     /* the reader's buffer (N9) */
};

/* One unanswered command. */
struct waiting {
    redis_reply_fn *fn;
    void *arg;
    int64_t deadline_us;
    size_t bytes;
};

struct redis_conn {
    int fd;
    bool broken; /* the protocol is out of step: close */
    redisReader *reader;
    redisReply *reply; /* the one that a callback is looking at */
    struct buf out;
    size_t written;       /* of out */
    struct waiting *ring; /* unanswered commands, oldest at `first` */
    size_t first, n, cap;
    size_t waiting_bytes;
    const char **argv; /* scratch of the formatter */
    size_t *lens;
    size_t args_cap;
};

enum err redis_conn_new(size_t out_max_bytes, struct redis_conn **out)
{
    struct redis_conn *c = calloc(1, sizeof(*c));

    if (!c)
        return ERR_MEMORY;
    c->fd = -1;
    buf_init(&c->out, out_max_bytes);
    *out = c;
    return OK;
}

void redis_conn_free(struct redis_conn *c)
{
    if (!c)
        return;
    redis_conn_close(c);
    buf_release(&c->out);
    free(c->ring);
    free(c->argv);
    free(c->lens);
    free(c);
}

enum err redis_conn_connect(struct redis_conn *c, const struct redis_address *address)
{
    int family = address->socket.ss_family, on = 1;

    redis_conn_close(c);
    c->broken = false;
    c->reader = redisReaderCreate();
    c->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (!c->reader || c->fd < 0)
        goto fail;
    /* replies are awaited by senders: do not let the kernel collect small writes; without it it is only slower */
    if (family != AF_UNIX)
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(c->fd, (const struct sockaddr *)&address->socket, address->socket_len) && errno != EINPROGRESS)
        goto fail;
    return OK;
fail:
    redis_conn_close(c);
    return ERR_QUEUE_DOWN;
}

static struct waiting pop_waiting(struct redis_conn *c)
{
    struct waiting w = c->ring[c->first];

    c->first = (c->first + 1) % c->cap;
    c->n--;
    c->waiting_bytes -= w.bytes;
    return w;
}

void redis_conn_close(struct redis_conn *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    if (c->reader)
        redisReaderFree(c->reader);
    c->reader = NULL;
    buf_release(&c->out);
    c->written = 0;
    while (c->n) {
        struct waiting w = pop_waiting(c);

        w.fn(w.arg, ERR_QUEUE_DOWN, NULL);
    }
}

void redis_conn_break(struct redis_conn *c)
{
    c->broken = true;
}

int redis_conn_fd(const struct redis_conn *c)
{
    return c->fd;
}

static enum err grow_ring(struct redis_conn *c)
{
    size_t cap = c->cap ? c->cap * 2 : 64;
    struct waiting *ring;

    if (c->n < c->cap)
        return OK;
    ring = malloc(cap * sizeof(*ring));
    if (!ring)
        return ERR_MEMORY;
    for (size_t i = 0; i < c->n; i++)
        ring[i] = c->ring[(c->first + i) % c->cap];
    free(c->ring);
    c->ring = ring;
    c->cap = cap;
    c->first = 0;
    return OK;
}

static enum err grow_args(struct redis_conn *c, size_t n)
{
    const char **argv;
    size_t *lens;

    if (n <= c->args_cap)
        return OK;
    argv = realloc(c->argv, n * sizeof(*argv));
    if (argv)
        c->argv = argv;
    lens = realloc(c->lens, n * sizeof(*lens));
    if (lens)
        c->lens = lens;
    if (!argv || !lens)
        return ERR_MEMORY;
    c->args_cap = n;
    return OK;
}

static enum err write_command(struct redis_conn *c, const struct str *args, size_t n, size_t *bytes)
{
    char *text = NULL;
    enum err err = grow_args(c, n);
    int len;

    if (err)
        return err;
    for (size_t i = 0; i < n; i++) {
        c->argv[i] = args[i].p ? args[i].p : "";
        c->lens[i] = args[i].len;
    }
    len = redisFormatCommandArgv(&text, (int)n, c->argv, c->lens);
    if (len < 0)
        return ERR_MEMORY;
    err = buf_append(&c->out, str_n(text, (size_t)len));
    redisFreeCommand(text);
    *bytes = (size_t)len;
    return err;
}

enum err redis_conn_command(struct redis_conn *c, const struct str *args, size_t n, int64_t deadline_us, redis_reply_fn *fn,
                            void *arg)
{
    size_t bytes = 0;
    enum err err;

    if (c->fd < 0 || c->broken)
        return ERR_QUEUE_DOWN;
    err = grow_ring(c);
    if (!err)
        err = write_command(c, args, n, &bytes);
    if (err)
        return err;
    c->ring[(c->first + c->n++) % c->cap] = (struct waiting){.fn = fn, .arg = arg, .deadline_us = deadline_us, .bytes = bytes};
    c->waiting_bytes += bytes;
    return OK;
}

/* Forgets what was written: all of it, or, when that is most of the buffer, the part that was. */
static void trim_out(struct redis_conn *c)
{
    if (c->written == c->out.len) {
        if (c->out.cap > OUT_KEEP_BYTES)
            buf_release(&c->out);
        else
            buf_clear(&c->out);
        c->written = 0;
    } else if (c->written > c->out.len / 2) {
        buf_drop(&c->out, c->written);
        c->written = 0;
    }
}

enum err redis_conn_write(struct redis_conn *c)
{
    if (c->fd < 0)
        return ERR_QUEUE_DOWN;
    while (c->written < c->out.len) {
        ssize_t n = send(c->fd, c->out.p + c->written, c->out.len - c->written, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0)
            return ERR_QUEUE_DOWN;
        c->written += (size_t)n;
    }
    trim_out(c);
    return OK;
}

bool redis_conn_wants_write(const struct redis_conn *c)
{
    return c->written < c->out.len;
}

static void deliver(struct redis_conn *c, redisReply *reply)
{
    struct waiting w = pop_waiting(c);

    c->reply = reply;
    w.fn(w.arg, reply->type == REDIS_REPLY_ERROR ? redis_error(str_n(reply->str, (size_t)reply->len)) : OK, reply);
    freeReplyObject(c->reply);
    c->reply = NULL;
}

/* Gives every complete reply in the reader to its command. */
static enum err deliver_all(struct redis_conn *c)
{
    while (!c->broken) {
        void *reply = NULL;

        if (redisReaderGetReply(c->reader, &reply) != REDIS_OK)
            return ERR_QUEUE_DOWN;
        if (!reply)
            return c->reader->len > REPLY_MAX_BYTES ? ERR_QUEUE_DOWN : OK;
        if (c->n == 0) { /* an answer that nobody asked for: out of step */
            freeReplyObject(reply);
            return ERR_QUEUE_DOWN;
        }
        deliver(c, reply);
    }
    return ERR_QUEUE_DOWN;
}

enum err redis_conn_read(struct redis_conn *c)
{
    char bytes[READ_BYTES];
    enum err err = OK;

    for (int turn = 0; turn < READ_TURNS && !err; turn++) {
        ssize_t n = c->fd < 0 ? 0 : recv(c->fd, bytes, sizeof(bytes), 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return OK;
        if (n <= 0 || redisReaderFeed(c->reader, bytes, (size_t)n) != REDIS_OK)
            return ERR_QUEUE_DOWN;
        err = deliver_all(c);
        if ((size_t)n < sizeof(bytes))
            break;
    }
    return err;
}

redisReply *redis_conn_take_reply(struct redis_conn *c)
{
    redisReply *reply = c->reply;

    c->reply = NULL;
    return reply;
}

int64_t redis_conn_deadline(const struct redis_conn *c)
{
    return c->n ? c->ring[c->first].deadline_us : INT64_MAX;
}

size_t redis_conn_unanswered(const struct redis_conn *c)
{
    return c->n;
}

size_t redis_conn_unanswered_bytes(const struct redis_conn *c)
{
    return c->waiting_bytes;
}
