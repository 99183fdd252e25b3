/* listen.h -- owns socket addresses as text, for src/net. Opening listeners is declared in net/server.h. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <stddef.h>
#include <sys/socket.h>

enum { NET_ADDRESS_CHARS = 56 };
/* Writes "203.0.113.9:51234", "[2001:db8::1]:51234" or "unix" and a NUL. */
void net_peer_text(const struct sockaddr_storage *address, char *out, size_t cap);

#endif
