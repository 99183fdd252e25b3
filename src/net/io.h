/* io.h -- owns one client socket's bytes, with or without TLS on it; never waits. */
#ifndef NET_IO_H
#define NET_IO_H

#include "net/tls.h"

struct ssl_st; /* OpenSSL's SSL */

struct io {
    int fd;
    struct ssl_st *ssl; /* NULL = plain */
    bool broken;        /* nothing more can be said through TLS */
};

enum io_result {
    IO_DONE,       /* something was done */
    IO_WAIT_READ,  /* again when the socket is readable */
    IO_WAIT_WRITE, /* again when it is writable */
    IO_END,        /* the peer has sent its last byte */
    IO_FAILED,     /* the connection is of no more use */
};

/* Takes the non-blocking socket. tls NULL = plain. ERR_TLS, ERR_MEMORY; then the caller still owns fd. */
enum err io_open(struct io *io, int fd, struct tls_context *tls) MUST_CHECK;
enum io_result io_handshake(struct io *io) MUST_CHECK;
enum io_result io_read(struct io *io, void *p, size_t room, size_t *n) MUST_CHECK;
/* `*n` bytes of p were taken, 0 unless IO_DONE. */
enum io_result io_write(struct io *io, const void *p, size_t len, size_t *n) MUST_CHECK;
/* True when bytes wait inside TLS for which the socket will not become readable again (DESIGN 5a): read before waiting. */
bool io_pending(const struct io *io);
/* Says that no more will be sent; reading goes on. */
void io_finish(struct io *io);
/* Reads and forgets raw bytes. */
enum io_result io_discard(struct io *io) MUST_CHECK;
/* Closes the socket, after a TLS farewell when that is still possible. */
void io_close(struct io *io);

#endif
