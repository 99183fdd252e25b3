/* address_guard.h -- owns the judgment of addresses that a URL of somebody else leads to: public ones only, unless allowed. */
#ifndef NET_ADDRESS_GUARD_H
#define NET_ADDRESS_GUARD_H

#include "base/buf.h"
#include "base/str.h"

struct sockaddr;

enum { GUARD_NETWORKS_MAX = 64, GUARD_PORTS_MAX = 32, GUARD_ADDRESS_CHARS = 45 };

/* An IPv6 network; one of IPv4 stands as ::ffff:a.b.c.d/(96 + n). */
struct network {
    unsigned char bytes[16];
    int bits;
};

/* What is allowed. Empty: every public address, every port. */
struct address_guard {
    struct network allowed[GUARD_NETWORKS_MAX]; /* networks that may be reached although they are not public */
    size_t n_allowed;
    uint16_t ports[GUARD_PORTS_MAX]; /* no others, when there is one */
    size_t n_ports;
};

/* Reads "10.0.0.0/8, fd12::/16, 192.0.2.7": separated by commas or blanks; without a length one address. Adds to the guard.
 * ERR_CONFIG; `why` says which part is wrong, and what would be right. */
enum err address_guard_allow(struct address_guard *guard, struct str text, struct buf *why) MUST_CHECK;
/* Reads "443, 8443". ERR_CONFIG as above. */
enum err address_guard_set_ports(struct address_guard *guard, struct str text, struct buf *why) MUST_CHECK;

/*
 * NULL when a connection to the address may be made; else what it is: "a loopback address".
 * Sources: the IANA special-purpose address registries (RFC 6890 and what updates it), read as of 2024; RFC 6052 for NAT64.
 */
const char *address_guard_refuses(const struct address_guard *guard, const struct sockaddr *address);
/* The same for a text, such as the host of a URL: an IPv4 or IPv6 address without brackets. NULL for anything else, too: a name is
 * judged by the addresses that it leads to. */
const char *address_guard_refuses_text(const struct address_guard *guard, struct str host);
bool address_guard_takes_port(const struct address_guard *guard, uint16_t port);
/* Writes the address without its port, for messages; returns `out`. */
const char *address_text(const struct sockaddr *address, char out[GUARD_ADDRESS_CHARS + 1]);

#endif
