/* redis_address.h -- owns the place of a Redis server: redis.url, read and resolved. */
#ifndef QUEUE_REDIS_ADDRESS_H
#define QUEUE_REDIS_ADDRESS_H

#include "base/buf.h"
#include "base/str.h"

#include <sys/socket.h>

/* Owns its text; the password is wiped on release (N10). */
struct redis_address {
    struct sockaddr_storage socket; /* resolved once, so that connecting never waits for a name server */
    socklen_t socket_len;
    char *user, *password; /* NULL = none */
    int db;
    char db_text[12];
};

/*
 * Reads "unix:path" (relative paths are below `dir`) or "redis://[[user]:password@]host[:port][/db]"; user and password may be
 * percent-encoded, [::1] is an IPv6 host, the port is 6379 by default. Resolves the host now, which may wait for a name server.
 * On ERR_CONFIG or ERR_QUEUE_DOWN (name not found) `why` says what is wrong, without the password.
 */
enum err redis_address_parse(struct str url, const char *dir, struct redis_address *out, struct buf *why) MUST_CHECK;
/* What to send first on a connection: AUTH and SELECT, as far as they are needed. Returns how many commands (0 to 2), the words
 * of each and their number. Borrows from `a`. */
size_t redis_address_greeting(const struct redis_address *a, struct str words[2][3], size_t n[2]);
/* NULL is fine. */
void redis_address_release(struct redis_address *a);

#endif
