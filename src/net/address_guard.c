/* address_guard.c -- owns the judgment of addresses that a URL of somebody else leads to: public ones only, unless allowed. */
#include "net/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

enum { V4_BITS = 96, PART_CHARS = 64 };

static const unsigned char v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* What is not public. The first row that holds an address says what it is. */
static const struct {
    const char *network;
    int bits;
    const char *what;
} special[] = {
    {"0.0.0.0", 8, "an address of this host"},
    {"10.0.0.0", 8, "a private address"},
    {"100.64.0.0", 10, "an address behind a provider's NAT"},
    {"127.0.0.0", 8, "a loopback address"},
    {"168.63.129.16", 32, "a metadata service"},
    {"169.254.169.254", 32, "a metadata service"},
    {"169.254.0.0", 16, "a link-local address"},
    {"172.16.0.0", 12, "a private address"},
    {"192.0.0.0", 24, "a reserved address"},
    {"192.0.2.0", 24, "an address for documentation"},
    {"192.88.99.0", 24, "a relay's address"},
    {"192.168.0.0", 16, "a private address"},
    {"198.18.0.0", 15, "an address for benchmarks"},
    {"198.51.100.0", 24, "an address for documentation"},
    {"203.0.113.0", 24, "an address for documentation"},
    {"224.0.0.0", 4, "a multicast address"},
    {"240.0.0.0", 4, "a reserved address"},
    {"::", 128, "an address of this host"},
    {"::1", 128, "a loopback address"},
    {"::", 96, "a reserved address"},
    {"::ffff:0:0:0", 96, "a translated IPv4 address"},
    {"64:ff9b::", 96, "a NAT64 address"},
    {"64:ff9b:1::", 48, "a NAT64 address"},
    {"100::", 64, "a reserved address"},
    {"2001::", 23, "a reserved address"},
    {"2001:db8::", 32, "an address for documentation"},
    {"2002::", 16, "a 6to4 address"},
    {"3fff::", 20, "an address for documentation"},
    {"5f00::", 16, "a reserved address"},
    {"fd00:ec2::254", 128, "a metadata service"},
    {"fc00::", 7, "a private address"},
    {"fe80::", 10, "a link-local address"},
    {"fec0::", 10, "a private address"},
    {"ff00::", 8, "a multicast address"},
};

/* As 16 bytes; an IPv4 address as IPv4-mapped. False for what is no address. */
static bool parse_address(const char *text, unsigned char out[16])
{
    memcpy(out, v4_prefix, sizeof(v4_prefix));
    return inet_pton(AF_INET, text, out + sizeof(v4_prefix)) == 1 || inet_pton(AF_INET6, text, out) == 1;
}

static bool is_within(const unsigned char address[16], const unsigned char network[16], int bits)
{
    int whole = bits / 8, rest = bits % 8;

    if (memcmp(address, network, (size_t)whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ network[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
}

static bool is_v4(const unsigned char bytes[16])
{
    return memcmp(bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

static const char *judge(const struct address_guard *guard, const unsigned char address[16])
{
    for (size_t i = 0; i < guard->n_allowed; i++)
        if (is_within(address, guard->allowed[i].bytes, guard->allowed[i].bits))
            return NULL;
    for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++) {
        unsigned char network[16];
        bool known = parse_address(special[i].network, network);

        if (known && is_within(address, network, special[i].bits + (is_v4(network) ? V4_BITS : 0)))
            return special[i].what;
    }
    /* Global unicast addresses are handed out of 2000::/3 only. */
    return is_v4(address) || (address[0] & 0xe0) == 0x20 ? NULL : "a reserved address";
}

/* The 16 bytes of a socket's address; false for other families. */
static bool bytes_of(const struct sockaddr *address, unsigned char out[16])
{
    if (address->sa_family == AF_INET6) {
        memcpy(out, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
        return true;
    }
    memcpy(out, v4_prefix, sizeof(v4_prefix));
    if (address->sa_family == AF_INET)
        memcpy(out + sizeof(v4_prefix), &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    return address->sa_family == AF_INET;
}

const char *address_guard_refuses(const struct address_guard *guard, const struct sockaddr *address)
{
    unsigned char bytes[16];

    return bytes_of(address, bytes) ? judge(guard, bytes) : "no IP address";
}

const char *address_guard_refuses_text(const struct address_guard *guard, struct str host)
{
    char text[PART_CHARS];
    unsigned char bytes[16];

    if (host.len >= sizeof(text))
        return NULL;
    snprintf(text, sizeof(text), "%.*s", STR_ARG(host));
    return parse_address(text, bytes) ? judge(guard, bytes) : NULL;
}

bool address_guard_takes_port(const struct address_guard *guard, uint16_t port)
{
    for (size_t i = 0; i < guard->n_ports; i++)
        if (guard->ports[i] == port)
            return true;
    return guard->n_ports == 0;
}

const char *address_text(const struct sockaddr *address, char out[GUARD_ADDRESS_CHARS + 1])
{
    unsigned char bytes[16];

    snprintf(out, GUARD_ADDRESS_CHARS + 1, "an unknown address");
    if (bytes_of(address, bytes) && !inet_ntop(is_v4(bytes) ? AF_INET : AF_INET6, is_v4(bytes) ? bytes + sizeof(v4_prefix) : bytes,
                                               out, GUARD_ADDRESS_CHARS + 1))
        snprintf(out, GUARD_ADDRESS_CHARS + 1, "an unknown address");
    return out;
}

/* --- settings ----------------------------------------------------------------------------------------------------------- */

static enum err wrong(struct buf *why, const char *what, struct str part, const char *advice)
{
    enum err err = buf_printf(why, "\"%.*s\" %s; %s", STR_ARG(part), what, advice);

    return err ? err : ERR_CONFIG;
}

/* The next part of a list, without commas and blanks around it; false at the end. */
static bool next_part(struct str *rest, struct str *part)
{
    size_t from = 0, to;

    while (from < rest->len && strchr(", \t", rest->p[from]))
        from++;
    for (to = from; to < rest->len && !strchr(", \t", rest->p[to]);)
        to++;
    *part = (struct str){.p = rest->p + from, .len = to - from};
    *rest = str_from(*rest, to);
    return part->len > 0;
}

/* "address/bits" or "address". ERR_SYNTAX; ERR_RANGE when bits behind the length are set. */
static enum err parse_network(struct str part, struct network *out)
{
    size_t slash = str_find(part, '/');
    char text[PART_CHARS];
    uint64_t bits = 0;
    int own = 0, width;

    if (slash >= sizeof(text) || memchr(part.p, '\0', part.len))
        return ERR_SYNTAX;
    snprintf(text, sizeof(text), "%.*s", (int)slash, part.p);
    if (!parse_address(text, out->bytes))
        return ERR_SYNTAX;
    width = strchr(text, ':') ? 128 : 32;
    own = 128 - width;
    if (slash < part.len && (str_to_u64(str_from(part, slash + 1), &bits) || bits > (uint64_t)width))
        return ERR_SYNTAX;
    out->bits = slash < part.len ? own + (int)bits : 128;
    for (int i = out->bits; i < 128; i++)
        if (out->bytes[i / 8] & (0x80 >> i % 8))
            return ERR_RANGE;
    return OK;
}

enum err address_guard_allow(struct address_guard *guard, struct str text, struct buf *why)
{
    struct str part;

    while (next_part(&text, &part)) {
        enum err err =
            guard->n_allowed < GUARD_NETWORKS_MAX ? parse_network(part, &guard->allowed[guard->n_allowed]) : ERR_TOO_MANY;

        if (err == ERR_TOO_MANY)
            return wrong(why, "is one network too many", part, "put them together to larger ones");
        if (err == ERR_RANGE)
            return wrong(why, "has bits behind its length", part, "write the network's first address");
        if (err)
            return wrong(why, "is no network", part, "write it as 10.0.0.0/8 or fd12::/16");
        guard->n_allowed++;
    }
    return OK;
}

enum err address_guard_set_ports(struct address_guard *guard, struct str text, struct buf *why)
{
    struct str part;

    while (next_part(&text, &part)) {
        uint64_t port = 0;

        if (str_to_u64(part, &port) || port < 1 || port > 65535)
            return wrong(why, "is no port", part, "write a number between 1 and 65535");
        if (guard->n_ports == GUARD_PORTS_MAX)
            return wrong(why, "is one port too many", part, "allow every port by leaving the setting empty");
        guard->ports[guard->n_ports++] = (uint16_t)port;
    }
    return OK;
}
