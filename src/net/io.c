/* io.c -- owns one client socket's bytes, with or without TLS on it; never waits. */
#include "net/io.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

enum err io_open(struct io *io, int fd, struct tls_context *tls)
{
    enum err err;

    *io = (struct io){.fd = fd, .ssl = NULL, .broken = false};
    if (!tls)
        return OK;
    err = tls_session_new(tls, fd, &io->ssl);
    if (err)
        io->fd = -1;
    return err;
}

/* What a TLS call that did not succeed means. */
static enum io_result tls_result(struct io *io, int returned)
{
    switch (SSL_get_error(io->ssl, returned)) {
    case SSL_ERROR_WANT_READ:
        return IO_WAIT_READ;
    case SSL_ERROR_WANT_WRITE:
        return IO_WAIT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return IO_END;
    default:
        io->broken = true;
        return IO_FAILED;
    }
}

static enum io_result socket_result(enum io_result wait)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? wait : IO_FAILED;
}

enum io_result io_handshake(struct io *io)
{
    int returned;

    if (!io->ssl)
        return IO_DONE;
    ERR_clear_error();
    returned = SSL_do_handshake(io->ssl);
    return returned == 1 ? IO_DONE : tls_result(io, returned);
}

enum io_result io_read(struct io *io, void *p, size_t room, size_t *n)
{
    ssize_t got;

    *n = 0;
    if (io->ssl) {
        ERR_clear_error();
        return SSL_read_ex(io->ssl, p, room, n) == 1 ? IO_DONE : tls_result(io, 0);
    }
    got = recv(io->fd, p, room, 0);
    if (got < 0)
        return socket_result(IO_WAIT_READ);
    *n = (size_t)got;
    return got ? IO_DONE : IO_END;
}

enum io_result io_write(struct io *io, const void *p, size_t len, size_t *n)
{
    ssize_t put;

    *n = 0;
    if (io->ssl) {
        ERR_clear_error();
        return SSL_write_ex(io->ssl, p, len, n) == 1 ? IO_DONE : tls_result(io, 0);
    }
    put = send(io->fd, p, len, MSG_NOSIGNAL);
    if (put < 0)
        return socket_result(IO_WAIT_WRITE);
    *n = (size_t)put;
    return IO_DONE;
}

bool io_pending(const struct io *io)
{
    return io->ssl && SSL_has_pending(io->ssl);
}

/* One try: the farewell is a courtesy, so a full socket may swallow it. */
static void say_farewell(struct io *io)
{
    if (!io->ssl || io->broken || !SSL_is_init_finished(io->ssl) || (SSL_get_shutdown(io->ssl) & SSL_SENT_SHUTDOWN))
        return;
    ERR_clear_error();
    if (SSL_shutdown(io->ssl) < 0)
        io->broken = true;
}

void io_finish(struct io *io)
{
    say_farewell(io);
    shutdown(io->fd, SHUT_WR);
}

enum io_result io_discard(struct io *io)
{
    char bytes[4096];
    ssize_t got = recv(io->fd, bytes, sizeof(bytes), 0);

    if (got < 0)
        return socket_result(IO_WAIT_READ);
    return got ? IO_DONE : IO_END;
}

void io_close(struct io *io)
{
    say_farewell(io);
    SSL_free(io->ssl);
    io->ssl = NULL;
    if (io->fd >= 0)
        close(io->fd);
    io->fd = -1;
}
